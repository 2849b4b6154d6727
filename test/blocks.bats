# What blocks or starves the supervisor: it sleeps nowhere but in its one wait, and sees everything before every sleep.
# Each test is one way in which something that hangs, floods or is full could take limit, TERM and guard away at once.
# `stuck` (test/helper) is a file system that does not answer, `lease` a file that cannot be opened, `flood` sends signals.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154,SC2317 # text for other shells; bats' variables; functions that wait_for calls
load common
bats_require_minimum_version 1.5.0

teardown() { end_started; }

setup() {
  own_folder || return
  mkdir mnt
}

# boxed COMMAND...: runs it in a PID namespace, not as PID 1, and says "status N" for it; where that is not said, it took more than 30 s, and
# was ended with all that it had.
boxed() {
  timeout -s KILL 30 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child sh -c '"$@"; echo "status $?"' sh "$@" 3>&-
}

# stuck COMMAND...: with the file system that does not answer on mnt; a minute at most, and nothing of it stays.
stuck() {
  ((EUID == 0)) || skip "needs root to mount a file system"
  [[ -c /dev/fuse ]] || skip "needs /dev/fuse"
  run -0 --separate-stderr "$H/stuck" mnt "$@"
  echo "stuck $*: $output ${stderr:-}"
}

inner_of() {
  local list
  read -r list <"/proc/$1/task/$1/children"
  echo "${list%% *}"
}

# Shell text: until the process $p can no longer be looked at without being held, by its state or its stat file.
UNTIL_D='until grep -q "^State:.D" /proc/$p/status; do sleep 0.01; done'
UNTIL_HELD='while timeout -s KILL 0.3 cat /proc/$p/stat >/dev/null 2>&1; do sleep 0.01; done'

# ---- standard error

# Finding 1: EFBIG raises XFSZ, which was told on the same file, and forwarded, for ever.
@test "a standard error at its RLIMIT_FSIZE costs messages and nothing else: not the status, no signal for the command" {
  local guard
  head -c 65536 /dev/zero >err
  for guard in '' -G; do
    run -0 boxed sh -c 'ulimit -f 1; exec "$@" 2>>err' sh "$TINY" ${guard:+"$guard"} -vv sh -c 'exit 7'
    echo "$output"
    [[ $output == 'status 7' ]]
    run -0 boxed sh -c 'ulimit -f 1; exec "$@" 2>>err' sh "$TINY" ${guard:+"$guard"} -vv sh -c '
      trap "echo XFSZ" XFSZ; "$0" -l child session & wait; kill -USR2 $PPID; sleep 0.1; exit 7' "$H/leftovers"
    echo "$output"
    [[ $output != *XFSZ* && $output == *'status '* ]]
  done
}

@test "a standard error that is a socket has the messages; full, or broken, it costs them and nothing else" {
  timeout 60 python3 - "$TINY" <<'END'
import socket, subprocess, sys
def run(stderr):
    return subprocess.run([sys.argv[1], "-vv", "sh", "-c", "exit 5"], stderr=stderr).returncode
ours, theirs = socket.socketpair()
assert run(theirs) == 5
text = ours.recv(65536)
assert b"started sh" in text and b"exited with status 5" in text, text
theirs.setblocking(False)
try:
    while True:
        theirs.send(b"x" * 4096)
except BlockingIOError:
    theirs.setblocking(True)
assert run(theirs) == 5
ours.close()
assert run(theirs) == 5
END
}

@test "a mistake on the command line is no reason to wait for a reader of a full pipe" {
  mkfifo full
  exec 5<>full
  dd if=/dev/zero of=full bs=65536 count=1 oflag=nonblock 2>/dev/null
  # In a shell of its own: `run` gives its command another standard error. By KILL: what hangs there has all blocked.
  run -125 timeout -s KILL 60 bash -c 'exec "$@" 2>&5' - "$TINY" -t soon touch started
  [[ ! -e started ]]
}

# Finding 1
@test "a command that fills its standard error, a file with a limit, is ended at its own limit all the same" {
  run -0 boxed sh -c 'ulimit -f 64; exec "$@" 2>err' sh "$TINY" -vv -t 0.5 -k 0.5 sh -c 'trap "" XFSZ TERM; head -c 1000000 /dev/zero >&2; while :; do sleep 1; done'
  echo "$output"
  [[ $output == 'status 137' ]]
}

# Finding 1
@test "kill -9 of the outer process ends everything, with a standard error at its RLIMIT_FSIZE too" {
  head -c 65536 /dev/zero >err
  run -0 "$H/aftermath" -r -k outer sh -c 'ulimit -f 1; exec "$@" 2>>err' sh "$TINY" -vv "$H/leftovers" -w child session '!daemon'
  [[ $output == 'killed 9, 0 left, 0 zombies' ]]
}

# Finding 5: poll says writable, and write waits for the rest of the line.
@test "a terminal as standard error whose reader has stalled costs messages and nothing else" {
  local guard
  for guard in -v -G; do
    run -0 boxed python3 - "$TINY" -v "$guard" <<'PYTHON'
import os, pty, select, subprocess, sys
master, slave = pty.openpty()
# Full to the last byte, then just enough room for poll() to say so: less than the long name of the command needs.
os.set_blocking(slave, False)
try:
    while True:
        os.write(slave, b"x")
except BlockingIOError:
    pass
writable = select.poll()
writable.register(slave, select.POLLOUT)
while not writable.poll(0):
    os.read(master, 1)
os.set_blocking(slave, True)
child = subprocess.Popen(sys.argv[1:] + ["-t", "0.3", "-k", "0.3", "/" + "./" * 450 + "bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"], stderr=slave, stdin=subprocess.DEVNULL, start_new_session=True)
sys.exit(child.wait())
PYTHON
    echo "$guard: $output"
    [[ $output == *'status 137' ]]
  done
}

# ---- what hangs

# Finding 2: who reads the command line of a process that holds its memory map waits as it does, in state D.
@test "a command in state D that nobody may look at is ended at the limit, as far as that can be, with -v and -o too" {
  stuck "$TINY" -v -o report -t 0.5 -k 0.5 "$H/stuck" -c map mnt/write
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
  jq -e '.outcome == "timed-out" and .escalated' report
  stuck "$TINY" -t 0.5 -k 0.5 "$H/stuck" -c map mnt/write
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
}

@test "a command that nothing can end is not said to have died: 137 is an exit status, and signal is null" {
  stuck "$TINY" -k 0.5 -o report sh -c 'outer=$(ps -o ppid= -p $PPID); p=$$
    (trap "" TERM; '"$UNTIL_D"'; kill -s TERM $outer) & exec "$0" -c map mnt/write' "$H/stuck"
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
  jq -e '.outcome == "signaled" and .status == 137 and .signal == null and .escalated' report
}

@test "each process that even KILL cannot end is named, those below the first too" {
  stuck "$TINY" -t 0.5 -k 0.5 "$H/stuck" -c both mnt/write
  [[ $output == 'exited 137' && $(grep -c 'cannot end stuck (pid [0-9]*, state D): left behind' <<<"$stderr") == 2 ]]
}

# Finding 2: the same for stat, wchan, syscall and the links of a process that hangs inside execve, in state S.
@test "a command that hangs inside its exec, state S, is ended at the limit, as far as that can be, with -v and -o too" {
  stuck "$TINY" -v -o report -t 0.5 -k 0.5 "$H/stuck" -c exec mnt/flush
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
  jq -e '.outcome == "timed-out" and .escalated' report
  stuck "$TINY" -t 0.5 -k 0.5 "$H/stuck" -c exec mnt/flush
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
}

# Finding 2: the same where it is left behind: in the command's group, and out of it; and beside one that has to hear its TERM.
@test "a leftover that nobody may look at keeps nobody else from being ended, and not the command's status" {
  local how setsid
  for how in 'map write' 'exec flush'; do
    read -r how file <<<"$how"
    for setsid in '' setsid; do
      : >log
      stuck "$TINY" -v -k 0.5 sh -c '
        '"$setsid"' "$0/stuck" -c '"$how"' mnt/'"$file"' & p=$!
        '"$([[ $how == map ]] && echo "$UNTIL_D" || echo "$UNTIL_HELD")"'
        "$0/leftovers" -o log session child; exit 3' "$H"
      [[ $output == 'exited 3' && $stderr == *'cannot end'* ]]
      [[ $(sort log) == $'child CONT\nchild TERM\nsession CONT\nsession TERM' || $(grep -v CONT log | sort) == $'child TERM\nsession TERM' ]]
    done
  done
}

# Finding 2: the guard looks no more than the supervisor does.
@test "kill -9 of the inner process, of the outer one: what can be ended is, beside a process that nobody may look at" {
  local victim how
  for how in 'map write' 'exec flush'; do
    read -r how file <<<"$how"
    for victim in outer inner; do
      rm -f pids
      stuck sh -c '
        "$0" -v sh -c "\"\$0/stuck\" -c '"$how mnt/$file"' & p=\$!; '"$([[ $how == map ]] && echo "${UNTIL_D//\$/\\\$}" || echo "${UNTIL_HELD//\$/\\\$}")"'
          setsid sh -c \"trap : TERM; echo \\\$\\\$ >pids; while :; do sleep 1; done\" & echo \$PPID >inner; while :; do sleep 1; done" "$1" & outer=$!
        until [ -s pids ] && [ -s inner ]; do sleep 0.01; done
        [ '$victim' = inner ] && kill -9 $(cat inner) || kill -9 $outer
        p=$(cat pids); i=0
        while [ -e /proc/$p ] && [ $i -lt 2000 ]; do sleep 0.01; i=$((i + 1)); done
        [ ! -e /proc/$p ]' "$TINY" "$H"
      [[ $output == 'exited 0' ]]
    done
  done
}

# Finding 3: with vfork an exec that hangs held the supervisor.
@test "an exec that hangs is ended at the limit, by a signal, with outer or inner killed" {
  local guard
  cp /bin/true program
  for guard in '' -G; do
    run -0 timeout -s KILL 20 "$H/lease" program sh -c '"$@"; echo "status $?"' sh "$TINY" ${guard:+"$guard"} -t 0.5 -k 0.5 ./program 3>&-
    echo "$guard $output"
    [[ $output == 'status 124' ]]
    : >log
    start "$H/lease" program sh -c 'echo "P $$"; exec "$@"' sh "$TINY" ${guard:+"$guard"} ./program
    logged 'P .*'
    P=$(sed -n 's/^P //p' log)
    hangs() {
      local pid
      pid=$(inner_of "$P")
      [[ $guard ]] || pid=$(inner_of "$pid")
      grep -q lease "/proc/$pid/wchan"
    }
    wait_for 20 hangs
    "$H/send" kill "$P" 15
    wait_for 20 gone "$P"
  done
}

# Finding 3: kill -9 of outer
@test "an exec that hangs does not outlive tiny-reaper, whichever of its processes is killed" {
  local victim
  cp /bin/true program
  for victim in outer inner; do
    run -0 timeout -s KILL 30 "$H/lease" program sh -c '
      "$1" ./program & outer=$!
      inner= command=
      until [ "$inner" ]; do inner=$(cat /proc/$outer/task/$outer/children); inner=${inner%% *}; done
      until [ "$command" ]; do command=$(cat /proc/$inner/task/$inner/children); command=${command%% *}; done
      until grep -q lease /proc/$command/wchan; do sleep 0.01; done
      kill -9 "$'$victim'"
      until [ ! -e /proc/$command ]; do sleep 0.01; done
      echo gone' sh "$TINY" 3>&-
    echo "$victim: $output"
    [[ $output == gone ]]
  done
}

# Finding 3: where the file system does not even let go of a killed process.
@test "an exec that hangs in a file system that does not answer: 137 at the limit, and it is named" {
  local file
  for file in open read; do
    stuck "$TINY" -v -t 0.5 -k 0.5 "mnt/$file"
    [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
  done
}

@test "the same after a forwarded TERM with -k, and with -p, for there is no status to be had" {
  # Not before it waits for the file system: until then TERM would end it.
  stuck sh -c '"$0" -G -k 0.5 mnt/read & until p=$(cat /proc/$!/task/$!/children) && grep -q request_wait_answer "/proc/${p% }/wchan" 2>/dev/null; do sleep 0.01; done
    kill -s TERM $!; wait $!' "$TINY"
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
  stuck "$TINY" -p -t 0.5 -k 0.5 mnt/read
  [[ $output == 'exited 137' && $stderr == *'cannot end'* ]]
}

# ---- floods

# Signals that wait are counted by user: without a limit for those of the flood nobody else would get a timer.
FEW=(prlimit --sigpending=20000)

# Finding 4: signals of the thread's own are taken before those of the process, real-time ones without end.
@test "a flood of signals from the command starves neither the limit nor the death of the command" {
  local guard
  for guard in '' -G; do
    run -0 boxed "${FEW[@]}" "$TINY" ${guard:+"$guard"} -r 40:0 -t 0.5 -k 0.5 "$H/flood" 4 40
    echo "$guard: $output"
    [[ $output == *'status 124' ]]
    run -0 boxed "${FEW[@]}" "$TINY" ${guard:+"$guard"} -r 40:0 -k 0.5 sh -c '"$0" 4 40 $PPID >log & until grep -q flood log; do sleep 0.01; done; exit 3' "$H/flood"
    echo "$guard: $output"
    [[ $output == *'status 3' ]]
  done
}

# Finding 4: a flood to outer
@test "a flood of signals to the outer process starves neither the limit nor a TERM, and the guard not at all" {
  start "${FEW[@]}" "$TINY" -r 40:0 -t 1000 "$H/siglog" cmd 15 5
  logged 'cmd ready .*'
  "$H/flood" 2 40 "$P" >>log 3>&- &
  started+=("$!")
  logged flood
  kill -s TERM "$P"
  wait_for 20 gone "$P"
  ends 5
}

# Finding 40: what inner got beside outer, in its first instants, was drained without bound.
@test "a flood of signals to the job does not keep the command from starting" {
  local i
  for i in 1 2 3; do
    run -0 boxed "${FEW[@]}" setsid -w "$H/with" -i 40 sh -c '"$0" 4 40 0 >log & until grep -q flood log; do sleep 0.01; done; "$1" -r 40:0 sh -c "echo up"' "$H/flood" "$TINY"
    echo "$i: $output"
    [[ $output == $'up\nstatus 0' ]]
  done
}

# ---- stops, clocks, parents

# Finding 6: a stopped supervisor heard of nothing. (The kernel continues it where its group becomes an orphaned one thereby: not where
# its new parent is of the same session, as in a container, or below another tiny-reaper.)
@test "outer stopped, inner stopped, outer killed: nothing is left" {
  run -0 boxed python3 - "$TINY" <<'PYTHON'
import ctypes, os, signal, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
outer = subprocess.Popen([sys.argv[1], "sh", "-c", "setsid sleep 1000 & echo $PPID $$ $!; wait"], stdout=subprocess.PIPE, text=True)
inner, *rest = map(int, outer.stdout.readline().split())
for pid in outer.pid, inner:
    os.kill(pid, signal.SIGSTOP)
    while "State:\tT" not in open(f"/proc/{pid}/status").read():
        time.sleep(0.005)
outer.kill()
outer.wait()
try:
    while True:
        os.waitpid(-1, 0)
except ChildProcessError:
    print("all gone")
PYTHON
  echo "$output"
  [[ $output == $'all gone\nstatus 0' ]]
}

# Finding 8: of the two signals that wait the alarm has the lower number.
@test "a command that ended in time has ended in time, whatever held tiny-reaper until after the limit" {
  mkfifo go
  start "$TINY" -G -t 0.7 -k 0.5 sh -c 'echo up; read -r x <go; exit 3'
  logged up
  kill -s STOP "$P"
  wait_for 20 state_is "$P" T
  # In a moment, if not already, the alarm waits as well: the bit of 14 (and that of 17 for the child).
  echo >go
  both_wait() { (($((16#$(sed -n 's/^ShdPnd:.*\(.....\)$/\1/p' "/proc/$P/status"))) & 0x2000)) && (($((16#$(sed -n 's/^ShdPnd:.*\(.....\)$/\1/p' "/proc/$P/status"))) & 0x10000)); }
  wait_for 20 both_wait
  kill -s CONT "$P"
  ends 3
}
