#!/usr/bin/env bats
# Old kernels: what they lack is done in another way, or not at all, and -v says so. The missing call is made to fail: by seccomp, or by
# strace where it depends on a path.
# shellcheck disable=SC2016,SC2154 # variables of the commands' shells; bats sets output and lines

bats_require_minimum_version 1.5.0
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# What a failed test has left behind: it would hold bats' own descriptors.
teardown() {
  local pid
  for pid in $(cat left 2>/dev/null); do kill -s KILL "$pid" 2>/dev/null || :; done
}

# Namespaces of our own, as root or as anybody.
UNSHARE=(unshare)
((EUID == 0)) || UNSHARE+=(--map-root-user)

# A command that leaves a process in its group behind and one in a session of its own, with their pids in `left`.
leaves_two='sleep 1000 >/dev/null 2>&1 & echo $! >left; mkfifo ready; setsid sh -c "echo \$\$ >ready; exec sleep 1000 >/dev/null 2>&1" & cat ready >>left; exit 3'

left_in_group() { sed -n 1p left; }
left_in_session() { sed -n 2p left; }

# COMMAND...: nothing on standard error without -v.
silent() {
  "$@" 2>stderr >&2
  [ ! -s stderr ]
}

@test "without close_range: every inherited descriptor is let go of all the same, and -vv says how" {
  local guard
  for guard in '' --no-guard; do
    # Descriptors of the one process or of the two, seen by the command once they are idle.
    # shellcheck disable=SC2086
    run -0 "$H/lacking" close_range "$TINY" -vv $guard bash -c 'for p in $PPID $(awk "{ print \$4 }" /proc/$PPID/stat); do
        [[ $(cat /proc/$p/comm) == tiny-* ]] || continue
        until [ "$(ls /proc/$p/fd | xargs)" = 2 ]; do ((SECONDS < 100)) || exit; done
        echo "$p has let go"
      done' 5<. 77</dev/null
    [ "$(grep -c 'has let go' <<<"$output")" = $((2 - ${#guard} / 10)) ]
    [[ $output == *'tiny-reaper: close_range: Function not implemented'* ]]
    # shellcheck disable=SC2086
    silent "$H/lacking" close_range "$TINY" $guard true
  done
}

@test "without close_range and /proc: the same" {
  run -0 "${UNSHARE[@]}" --mount sh -c 'mount -t tmpfs none /proc && exec "$@"' - "$H/lacking" close_range "$TINY" -vv sh -c 'exec 5<&-; echo done' 5<.
  [[ $output == *'tiny-reaper: close_range: '* ]]
  [[ $output == *done* ]]
}

@test "without subreapers: nothing hangs, and one line says, without -v too, that what is left behind goes to init" {
  run -3 "$H/lacking" subreaper "$TINY" bash -c "$leaves_two"
  [[ $output == *'tiny-reaper: cannot become a subreaper: '*init* ]]
  kill -s KILL "$(left_in_session)"
  kill -s KILL "$(left_in_group)" || :    # there is no way to it but its group's id, once the command is gone
  run -0 --separate-stderr "$H/lacking" subreaper "$TINY" true
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: cannot become a subreaper: '* ]]
}

@test "without subreapers: the time limit ends the command and its group" {
  in_place() {
    rm -f left
    run "$H/lacking" subreaper "$TINY" --timeout "$TIME" sh -c 'sleep 1000 & echo $! >left; wait'
    [[ -s left ]]
  }
  in_time in_place
  [[ $status == 124 ]]
  wait_for 20 gone "$(left_in_group)"
}

# unlisted COMMAND...: there is no file of a process's children, as without CONFIG_PROC_CHILDREN.
unlisted() {
  strace -fqq -o trace -e trace=open,openat -P /proc/thread-self/children -e inject=open,openat:error=ENOENT "$@"
}

@test "without /proc/.../children: everything is found by a look at all processes, and -vv says so" {
  local status=0
  unlisted "$TINY" -vv bash -c "$leaves_two" 2>stderr || status=$?
  cat stderr
  [ "$status" = 3 ]
  grep -q '(INJECTED)' trace
  gone "$(left_in_group)"
  gone "$(left_in_session)"
  grep -q '^tiny-reaper: .*children.*No such file' stderr
}

@test "without pwritev2, or without its flag for pipes: messages arrive, and a full pipe holds nothing up" {
  local what
  for what in pwritev2 nowait; do
    # Through a pipe that is read, and through one that is full and is not.
    "$H/lacking" "$what" "$TINY" -vv true 2>&1 | grep -q '^tiny-reaper: .*exited with status 0'
    mkfifo full
    exec 4<>full
    dd if=/dev/zero of=full bs=65536 count=1 oflag=nonblock 2>/dev/null
    run -5 timeout -s KILL 60 bash -c 'exec "$@" 2>&4' - "$H/lacking" "$what" "$TINY" -vv sh -c 'exit 5'
    exec 4>&-
    rm full
  done
}

@test "where getpid is refused nothing is started, and nobody is signalled" {
  # In a namespace of its own: number -1 is everybody.
  run -125 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child sh -c '
    sleep 1000 3>&- & strace -qq -o trace -e trace=getpid,kill -e inject=getpid:error=EPERM "$@"
    status=$?; kill -0 $! && exit $status' sh "$TINY" touch started
  [[ $output == "tiny-reaper: cannot get the own process ID: "* && ! -e started ]]
  grep -q '(INJECTED)' trace
  [ "$(grep -c '^kill(' trace)" = 0 ]
}

@test "where wait4 is refused, as by seccomp, nothing is started, and that is said" {
  for options in '' -G; do
    run -125 timeout -s KILL 60 strace -f -qq -o trace -e trace=wait4 -e inject=wait4:error=EPERM "$TINY" $options touch started
    [[ $output == "tiny-reaper: cannot start 'touch': wait4: Operation not permitted" && ! -e started ]]
    grep -q '(INJECTED)' trace
  done
}

@test "where waitid is refused what the command leaves behind is ended all the same" {
  for options in '' -G; do
    rm -f left
    run -3 timeout -s KILL 60 strace -f -qq -o trace -e trace=waitid -e inject=waitid:error=EPERM "$TINY" $options bash -c "$leaves_two"
    grep -q '(INJECTED)' trace
    gone "$(left_in_group)"
    gone "$(left_in_session)"
  done
}

# Each fork of tiny-reaper's but that of the command fails.
forkless() {
  strace -qq -o trace -e trace='?fork,clone' -e inject='?fork,clone:error=EAGAIN:when=2+' "$@"
}

@test "without a process to be had for a look: pid, state and name are said and reported all the same" {
  hangs() {
    rm -f report left
    run forkless "$TINY" -G -v -t "$TIME" -o report bash -c 'sleep 1000 & echo $! >left; wait'
    [[ -s left ]]
  }
  in_time hangs
  [ "$status" = 124 ]
  grep -q '(INJECTED)' trace
  grep -Eq "^tiny-reaper: *$(cat left) S +- +- +\[sleep\]$" <<<"$output"
  [[ $output == *"cannot fork to look closer: "* ]]
  [ "$(jq -c '.running[0] | [.elapsed_s, .cpu_s]' report)" = '[null,null]' ]
  [ "$(jq '.running | map(.pid) | index('"$(cat left)"') != null' report)" = true ]
  rm report
  run -3 --separate-stderr forkless "$TINY" -G -v -o report bash -c "$leaves_two"
  [[ $stderr == *"left behind: [sleep] (pid $(left_in_group))"* ]]
  [ "$(jq -c '.left | map(.pid) | sort' report)" = "$(jq -sc sort left)" ]
  gone "$(left_in_group)"
  gone "$(left_in_session)"
}

@test "without a timer to be had the limit and the grace hold all the same" {
  run -124 "$H/lacking" timer "$TINY" -t 0.2 sleep 1000
  run -137 "$H/lacking" timer "$TINY" -t 0.2 -k 0.2 "$H/with" -i 15 sleep 1000
  run -3 "$H/lacking" timer "$TINY" -k 0.2 sh -c 'trap "" TERM; sleep 1000 >/dev/null 2>&1 & echo $! >left; exit 3'
  gone "$(cat left)"
}
