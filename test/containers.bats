#!/usr/bin/env bats
# tiny-reaper as the entry point and as the engine's init of real containers: docker, podman, and runc alone.
# The image is made FROM scratch: the static tiny-reaper, a static busybox, nothing else. The engines are started here, need no network and no
# registry, and keep everything in the tests' temporary folder.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of the containers' shells; bats runs each test in a subshell, and sets status and output

bats_require_minimum_version 1.5.0
load common

setup_file() {
  local engine missing=()
  for engine in docker dockerd runc podman busybox jq python3; do
    command -v "$engine" >/dev/null || missing+=("$engine")
  done
  ((EUID == 0)) || missing+=(root)
  if ((${#missing[@]})); then
    [[ ${CI:-} ]] || skip "containers are left out: this needs ${missing[*]}"
    echo "missing: ${missing[*]}" >&2
    return 1
  fi

  export DIR=$BATS_FILE_TMPDIR TINY
  mkdir "$DIR/config"
  echo '{}' >"$DIR/config/config.json"      # podman looks there, too
  export DOCKER_HOST=unix://$DIR/docker.sock DOCKER_CONFIG=$DIR/config DOCKER_BUILDKIT=0
  cp "$TINY" "$DIR/tiny-reaper"
  ln -s tiny-reaper "$DIR/docker-init"
  mkdir -p "$DIR/image/root/bin" "$DIR/image/root/tmp" "$DIR/image/root/proc"
  chmod 1777 "$DIR/image/root/tmp"
  cp "$DIR/tiny-reaper" "$DIR/image/root/"
  cp "$(command -v busybox)" "$DIR/image/root/bin/"
  busybox --list | grep -vx busybox | xargs -I{} ln -s busybox "$DIR/image/root/bin/{}"

  # No bridge and no iptables: containers get --network none. vfs needs nothing of the file system below.
  dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs --data-root "$DIR/docker" --exec-root "$DIR/exec" \
    -H "$DOCKER_HOST" --pidfile "$DIR/docker.pid" --init-path "$DIR/docker-init" >"$DIR/dockerd.log" 2>&1 </dev/null 3>&- &
  echo $! >"$DIR/dockerd"
  wait_for 60 docker version || { cat "$DIR/dockerd.log" >&2; return 1; }

  printf '%s\n' 'FROM scratch' 'COPY root/ /' 'ENTRYPOINT ["/tiny-reaper"]' >"$DIR/image/Dockerfile"
  docker build -q -t plain "$DIR/image" 2>&1
  printf '%s\n' 'FROM plain' 'ENTRYPOINT ["/tiny-reaper", "--timeout=2", "-vk", "0.5", "--"]' 'CMD ["sleep", "1000"]' |
    docker build -q -t limited - 2>&1
}

teardown_file() {
  [[ -e $DIR/dockerd ]] || return 0
  local containers
  [[ ! -d $DIR/podman ]] || pod rm -af -t 0
  mapfile -t containers < <(docker ps -aq)
  ((${#containers[@]} == 0)) || docker rm -f "${containers[@]}" >/dev/null
  kill "$(cat "$DIR/dockerd")"
  wait_for 30 gone "$(cat "$DIR/dockerd")"
}

teardown() {
  local id
  while read -r id; do docker rm -f "$id" >/dev/null; done < <(docker ps -aq)
  [[ ! -d $DIR/runc ]] || for id in "$DIR"/runc/*/; do
    [[ ! -d $id ]] || runc --root "$DIR/runc" delete -f "$(basename "$id")"
  done
}

# Runs a container in the foreground: OPTION... IMAGE [ARG]...
container() { timeout -k 1 100 docker run --rm --network none "$@" </dev/null; }

# Starts one in the background, under the name `it`, and waits until it has said "ready".
start() {
  docker run -d --name it --network none "$@" >/dev/null
  wait_for 20 says ready
}
says() { docker logs it 2>&1 | grep -q -- "$1"; }
exit_code() { docker inspect -f '{{.State.ExitCode}}' it; }

# Waits for signals, without a child of its own: one that is just being forked could lose its TERM before it is anything else than a shell.
# A signal that comes between busybox's (1.35) look for signals and its poll is taken when the second is over.
idle='[ -p /tmp/never ] || mkfifo /tmp/never; exec 3<>/tmp/never; while :; do read -t 1 x <&3; done'

# A command that leaves behind a process with a session of its own, which says what reaches it; exits with 3 once that one is ready.
leaves_one='mkfifo /tmp/fifo
  setsid sh -c "trap \"echo leftover got TERM; exit 0\" TERM; echo ready >/tmp/fifo; '"$idle"'" &
  read x </tmp/fifo; exit 3'

# A command that makes five orphans, which end; 0 when none of them is left as a zombie. `sleep` ends it if they are never reaped.
makes_orphans='for i in 1 2 3 4 5; do sh -c "sh -c : &"; done
  for i in $(seq 1 1000); do
    zombies=$(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l)
    [ $zombies = 0 ] && exit 0
    usleep 50000
  done; echo "$zombies zombies"; exit 1'

@test "docker: an entry point without options is transparent" {
  run -7 --separate-stderr container -e A='b c' -w /tmp -h box --ulimit nofile=77 plain sh -c 'echo "$A $PWD $(hostname) $(ulimit -n)"; echo error >&2; exit 7'
  [ "$output" = 'b c /tmp box 77' ]
  [ "$stderr" = error ]
  run -127 container plain no-such-command
  [[ $output == "tiny-reaper: "*no-such-command* ]]
  run -126 container plain /tmp
  run -134 container plain sh -c 'kill -ABRT $$'
  run -0 container plain --version
  [[ $output == 'tiny-reaper '* ]]
  echo input | docker run --rm -i --network none plain cat | grep -qx input
}

@test "docker: tiny-reaper is PID 1, and the only process besides the command" {
  run -0 --separate-stderr container plain sh -c 'cat /proc/1/comm; exec ls -d /proc/[0-9]*'
  echo "$output ${stderr:-}"
  [ "${lines[0]}" = tiny-reaper ]
  [ "${#lines[@]}" = 3 ]
}

@test "docker: an entry point with options has a time limit" {
  run -124 --separate-stderr container limited
  [[ $stderr == *'limit of 2s reached'* ]]
  # Each has to get somewhere in that time.
  container_ends() { local expected=$1; shift; run container limited sh -c "$@"; ((status == expected)); }
  in_time container_ends 137 'trap "" TERM; while :; do sleep 1; done'
  in_time container_ends 5 'exit 5'
}

@test "docker: stop sends a TERM that the command gets, and the status is 143" {
  start plain sh -c 'trap "echo got TERM; trap - TERM; kill -TERM \$\$" TERM; echo ready; '"$idle"
  docker stop -t 60 it
  says 'got TERM'
  [ "$(exit_code)" = 143 ]
}

@test "docker: stop ends a command that does nothing about TERM, with 143" {
  # It is no PID 1, for which the kernel would drop the signal; docker sends KILL after 60 seconds, and the status would be 137.
  start --entrypoint /tiny-reaper plain sh -c 'echo ready; exec sleep 1000'
  docker stop -t 60 it
  [ "$(exit_code)" = 143 ]
}

@test "docker: kill -s passes any signal to the command" {
  start plain sh -c 'trap "echo got USR1" USR1; trap "echo got HUP" HUP; trap "echo got 40" 40; trap "echo got QUIT; exit 9" QUIT
    echo ready; '"$idle"
  local name
  for name in USR1 HUP 40; do
    docker kill -s "$name" it
    wait_for 20 says "got $name"
  done
  docker kill -s QUIT it
  [ "$(timeout 100 docker wait it)" = 9 ]
}

@test "docker: a shell on a terminal has job control, and Ctrl-C interrupts the command" {
  # What says "one" is a job of the shell's, and in the foreground: a Ctrl-C that comes while ash still forks one is kept until the job has ended.
  # What says "two" is no longer the shell that handles a Ctrl-C: between its echo and its exec that would be back at its prompt.
  run -130 on_terminal see '# ' type 'sh -c "echo one; exec sleep 1000"\n' see '\none' type '\x03' see '# ' type 'exec sh -c "echo two; exec sleep 1000"\n' \
    see '\ntwo' type '\x03' \
    -- docker run --rm -it --network none plain sh -i
  [[ $output != *'job control'* ]]
}
on_terminal() { "$BATS_TEST_DIRNAME/containers/terminal" "$@"; }

@test "docker: Ctrl-C at a command with a trap reaches it once, and Ctrl-Z leaves nothing stopped" {
  run -4 on_terminal see ready type '\x1a' see '^Z' type '\x03' see 'got INT' type 'end\n' see 'read end' \
    -- docker run --rm -it --network none plain sh -c 'trap "echo got INT" INT; echo ready; read x; read x; echo "read $x"; exit 4'
  [ "$(grep -c 'got INT' <<<"$output")" = 1 ]
}

@test "docker: orphans are reaped" {
  container plain sh -c "$makes_orphans"
}

@test "docker: orphans of what docker exec runs are reaped" {
  start plain sh -c 'echo ready; exec sleep 1000'
  timeout 100 docker exec it sh -c "$makes_orphans"
  timeout 100 docker exec it sh -c 'sh -c "exec sleep 0.2" &'
  wait_for 20 no_other_process
  docker kill -s TERM it
}
no_other_process() { [ "$(docker top it -o pid | wc -l)" = 3 ]; }  # a heading, PID 1, sleep

@test "docker: what the command leaves behind gets TERM before the container ends" {
  run -3 container plain sh -c "$leaves_one"
  [[ $output == *'leftover got TERM'* ]]
}

@test "docker: what comes into being at the end gets TERM, too" {
  # The leftover's answer to TERM is to leave another one behind. One that has got its TERM before it could say so has ended: another one is made.
  run -3 container plain -k 60 sh -c 'mkfifo /tmp/fifo
    echo "trap \"echo newcomer got TERM; exit 0\" TERM; : >/tmp/again; '"$idle"'" >/tmp/newcomer
    setsid sh -c "trap \"until [ -e /tmp/again ]; do setsid sh /tmp/newcomer & usleep 300000; done; exit 0\" TERM
      echo >/tmp/fifo; '"$idle"'" &
    read x </tmp/fifo; exit 3'
  [[ $output == *'newcomer got TERM'* ]]
}

@test "docker: without /proc, what is left behind still gets TERM" {
  run -3 container --cap-add SYS_ADMIN --security-opt apparmor=unconfined --entrypoint /bin/sh plain -c 'umount -l /proc && exec /tiny-reaper sh -c "$0"' "$leaves_one"
  [[ $output == *'leftover got TERM'* ]]
}

@test "docker: what ignores TERM is killed, and does not keep the container" {
  run -3 container --entrypoint /tiny-reaper plain -k 0.5 -v sh -c 'mkfifo /tmp/fifo; setsid sh -c "trap \"\" TERM; echo >/tmp/fifo; exec sleep 1000" & read x </tmp/fifo; exit 3'
  [[ $output == *KILL* ]]
}

# hardened OPTION...: the whole life of a command as PID 1's, and once more under a second tiny-reaper, which is two processes and
# a subreaper, with a limit, a KILL and a leftover.
hardened() {
  run -3 container "$@" plain -vv sh -c '
    (trap "" TERM; exec /tiny-reaper -vv -t 0.2 -k 0.2 sleep 1000); echo "inner $?"
    /tiny-reaper -vv sh -c "setsid sleep 1000 & exit 6"; echo "inner $?"
    '"$leaves_one"
  [[ $output == *'inner 137'* ]]
  [[ $output == *'inner 6'* ]]
  [[ $output == *'leftover got TERM'* ]]
  # Nothing is missing, and nothing had to be done without.
  [[ $output != *annot* && $output != *'not permitted'* && $output != *'not implemented'* && $output != *'no /proc'* ]]
}

@test "docker: the default seccomp profile" {
  run -0 container plain grep Seccomp: /proc/self/status
  [[ $output == *2 ]]
  hardened
}

@test "docker: a read-only root" {
  run -1 container --read-only plain touch /file
  hardened --read-only --tmpfs /tmp
}

@test "docker: a user that is not root" {
  [ "$(container -u 1234:1234 plain id -u)" = 1234 ]
  hardened -u 1234:1234
}

@test "docker: --cap-drop ALL" {
  hardened --cap-drop ALL
}

@test "docker: --security-opt no-new-privileges" {
  [[ $(container --security-opt no-new-privileges plain grep NoNewPrivs /proc/self/status) == *1 ]]
  hardened --security-opt no-new-privileges
}

@test "docker: everything that hardens, at once" {
  hardened --read-only --tmpfs /tmp -u 1234:1234 --cap-drop ALL --security-opt no-new-privileges --pids-limit 16
}

@test "docker: with a memory limit: who was killed for want of memory is said to have been" {
  run -137 container --memory 32m --memory-swap 32m plain -v -o /dev/stdout sh -c 'exec tail /dev/zero'
  [[ $output == *'was killed by SIGKILL: out of memory'* && $output == *'out of memory: the kernel killed a process of this cgroup'* ]]
  [[ $output == *'"oom_killed":true'* ]]
  run -0 container --memory 32m plain -o /dev/stdout true
  [[ $output == *'"oom_killed":false'* ]]
}

@test "docker: --pids-limit: one process more than the command, and 125 where there is not even room for that" {
  run -0 container --pids-limit 2 plain true
  run -125 container --pids-limit 1 plain true
  [[ $output == 'tiny-reaper: '*fork* ]]
}

@test "docker: a fork bomb up to --pids-limit is ended by the time limit" {
  # The shell itself forks but once: where it could not, it would end.
  run -124 container --pids-limit 30 --entrypoint /tiny-reaper plain -t 1 -k 60 sh -c 'mkfifo /tmp/never; exec 3<>/tmp/never 2>/dev/null
    bomb() { bomb & bomb & sleep 1000; }; bomb & while :; do read x <&3; done'
}

@test "docker: --pid host: not PID 1, and what is left behind gets TERM all the same" {
  run -3 container --pid host plain sh -c "$leaves_one"
  [[ $output == *'leftover got TERM'* ]]
  start --pid host plain sh -c 'trap "exit 9" TERM; echo ready; '"$idle"
  docker stop -t 60 it
  [ "$(exit_code)" = 9 ]
}

@test "docker: a container that shares the PID namespace of another" {
  start --entrypoint /tiny-reaper plain sh -c 'echo ready; exec sleep 1000'
  run -3 container --pid container:it plain sh -c "$leaves_one"
  [[ $output == *'leftover got TERM'* ]]
}

@test "docker run --init, with tiny-reaper as the engine's init" {
  run -6 container --init --entrypoint /bin/sh plain -c 'cmp /proc/1/exe /tiny-reaper && exit 6'
  run -0 container --init --entrypoint /bin/sh plain -c "$makes_orphans"
  run -3 container --init --entrypoint /bin/sh plain -c "$leaves_one"
  [[ $output == *'leftover got TERM'* ]]
  start --init --entrypoint /bin/sh plain -c 'echo ready; exec sleep 1000'
  docker stop -t 60 it
  [ "$(exit_code)" = 143 ]
}

@test "dockerd understands the version of docker-init, and has nothing to say about it" {
  run -0 docker version --format '{{range .Server.Components}}{{.Name}} {{.Version}}{{"\n"}}{{end}}'
  [[ $output == *"docker-init 0.19.0 (tiny-reaper "* ]]
  run ! grep -iE 'level=(warning|error).*init' "$DIR/dockerd.log"
}

# podman, with nothing of the user's or of the machine's configuration but the signature policy.
pod() {
  timeout -k 1 100 podman --root "$DIR/podman" --runroot "$DIR/podman-run" --tmpdir "$DIR/podman-tmp" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime runc "$@"
}

# podman's own defaults may be beyond the hard limits of who runs the tests.
ULIMITS=(--ulimit nofile=1000:1000 --ulimit nproc=1000:1000)

@test "podman run --init, with tiny-reaper as --init-path" {
  local run=(pod run --rm "${ULIMITS[@]}" --network none --init --init-path "$DIR/tiny-reaper")
  run -6 "${run[@]}" --rootfs "$DIR/image/root" sh -c 'cmp /proc/1/exe /tiny-reaper && exit 6'
  run -0 "${run[@]}" --rootfs "$DIR/image/root" sh -c "$makes_orphans"
  run -3 "${run[@]}" --tmpfs /tmp --rootfs "$DIR/image/root" sh -c "$leaves_one"
  [[ $output == *'leftover got TERM'* ]]
}

@test "podman: an image's entry point; stop gives 143" {
  docker save plain | pod load -q
  pod run -d --name it "${ULIMITS[@]}" --network none --stop-timeout 60 localhost/plain sh -c 'echo ready; exec sleep 1000'
  wait_for 20 eval 'pod logs it | grep ready'
  pod stop it
  run pod inspect -f '{{.State.ExitCode}}' it
  pod rm -f it
  [ "$output" = 143 ]
}

# bundle FILTER ARG...: an OCI bundle for runc, with runc's own defaults (read-only root, no new privileges, three capabilities), changed by a jq filter.
bundle() {
  local filter=$1
  shift
  mkdir -p "$BATS_TEST_TMPDIR/bundle"
  cd "$BATS_TEST_TMPDIR/bundle" || return
  [[ -e spec.json ]] || { runc spec && mv config.json spec.json; }
  jq ".process.terminal = false | .process.args = \$ARGS.positional | .root.path = env.DIR + \"/image/root\"
    | .mounts += [{destination: \"/tmp\", type: \"tmpfs\", source: \"tmpfs\"}] | $filter" --args -- "$@" <spec.json >config.json
}
alone() { timeout -k 1 100 runc --root "$DIR/runc" "$@"; }

@test "runc alone: status, orphans, leftovers" {
  bundle . /tiny-reaper sh -c 'exit 7'
  run -7 alone run it
  bundle . /tiny-reaper sh -c "$makes_orphans"
  run -0 alone run it
  bundle . /tiny-reaper sh -c "$leaves_one"
  run -3 alone run it
  [[ $output == *'leftover got TERM'* ]]
  bundle . /tiny-reaper -t 1 sleep 1000
  run -124 alone run it
}

@test "runc alone: kill passes a signal, and what runc exec leaves is reaped" {
  bundle . /tiny-reaper sh -c 'trap "echo got TERM; exit 5" TERM; echo ready; '"$idle"
  mkfifo pipe
  alone run it >pipe 2>&1 3>&- &
  local runc=$!
  exec 4<pipe
  read -rt 100 -u 4 line
  [ "$line" = ready ]
  alone exec it sh -c "$makes_orphans"
  alone kill it TERM
  read -rt 100 -u 4 line
  [ "$line" = 'got TERM' ]
  local status=0
  wait "$runc" || status=$?
  cat <&4
  [ "$status" = 5 ]
}

@test "runc alone: Ctrl-C on its terminal" {
  bundle '.process.terminal = true' /tiny-reaper sh -c 'echo up; exec sleep 1000'
  run -130 on_terminal see up type '\x03' -- runc --root "$DIR/runc" run it
}
