#!/usr/bin/env bats
# What -v says: what went otherwise than planned, and the table of what was running at the limit; what -vv says: each thing that is done, on a line of its
# own, on standard error.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of other shells; bats runs each test in a subshell, and sets status and output

bats_require_minimum_version 1.5.0
load common

setup() {
  T=$BATS_TEST_TMPDIR
  started=()
  E=$T/err
  mkfifo "$T/fifo"
  exec {fifo}<>"$T/fifo" # open all the time: a reader that comes before the last writer has closed would see an end
}

# What a failed test has left in the background; the end of tiny-reaper ends all below it. (Not all of `jobs -p`: bats has jobs of its own.)
teardown() {
  local pid
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
}

children() { cat "/proc/$1/task/$1/children"; }
child() { # its only one
  local list
  read -r list < <(children "$1")
  echo "$list"
}
state() { [[ $(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status") == "$2" ]]; }

# said PATTERN...: standard error has lines that match these, in this order.
said() {
  local from=1 pattern line
  for pattern; do
    line=$(tail -n +"$from" "$E" | grep -nE -m 1 -- "^tiny-reaper: .*$pattern" | cut -d: -f1) || line=
    [[ $line ]] || { echo "not said from line $from on: $pattern"; cat "$E"; return 1; }
    ((from += line))
  done
}
# times N PATTERN: that many lines match.
times() {
  local count
  count=$(grep -cE -- "$2" "$E") || :
  ((count == $1)) || { echo "$count lines, not $1: $2"; cat "$E"; return 1; }
}

# A command that says when it is ready, and then whatever it traps.
ready='echo ready >"$0"; while :; do sleep 1000 & wait $!; done'
start() { # OPTION... -- COMMAND [ARG]...
  "$TINY" "$@" 2>"$E" 3>&- &
  pid=$!
  started+=("$pid")
}
is_ready() { read -rt 100 <&"$fifo"; }

@test "without -v nothing is said, whatever is done" {
  local status=0
  start -r USR1:USR2 -k 0.3 -t 100 -- bash -c 'trap : USR2; trap "" TERM; setsid sleep 1000 & (sleep 0 &); '"$ready" "$T/fifo"
  is_ready
  kill -USR1 "$pid"
  kill -STOP "$(child "$(child "$pid")")"
  wait_for 20 state "$pid" T
  kill -CONT "$pid"
  kill -TERM "$pid"
  wait "$pid" || status=$?
  ((status == 137))
  run -124 --separate-stderr "$TINY" -t 0.1 sh -c 'sleep 1000 | cat'
  [[ -z $stderr && -z $output ]]
  run -139 --separate-stderr "$TINY" sh -c 'kill -SEGV $$'
  [[ -z $stderr && -z $output ]]
  [[ ! -s $E ]]
}

@test "-v says nothing of a run that goes as planned, whatever is forwarded, stopped or reaped" {
  start -v -r USR1:USR2 -k 20 -t 100 -- bash -c 'trap : USR2; trap "exit 3" TERM; (sleep 0 &); '"$ready" "$T/fifo"
  is_ready
  kill -USR1 "$pid"
  kill -STOP "$(child "$(child "$pid")")"
  wait_for 20 state "$pid" T
  kill -CONT "$pid"
  kill -TERM "$pid"
  local status=0
  wait "$pid" || status=$?
  # The sleep of `ready` is left behind, and said; nothing else is.
  ((status == 3))
  ! grep -vE 'left|TERM|sleep 1000' "$E" || false
  times 0 'started|exited|forwarded|stopped|continued|USR1'
  run -3 --separate-stderr "$TINY" -v -t 100 -o "$T/report" sh -c 'true & wait; exit 3'
  [[ -z $stderr && -z $output ]]
  run -0 --separate-stderr "$TINY" -v -G true
  [[ -z $stderr && -z $output ]]
}

@test "-v says what went otherwise: the limit and what was running, what was left behind and how it had to be ended, a death by a signal" {
  run -124 --separate-stderr "$TINY" -v -t 0.2 sleep 1000
  [[ $stderr == 'tiny-reaper: '*'limit of 0.2s reached'*'still running'* && $stderr != *started* ]]
  "$TINY" -v -k 0.2 bash -c '(trap "" TERM; echo >"$0"; exec setsid sleep 1000) & read -rt 100 <"$0"; exit 0' "$T/fifo" 2>"$E"
  said 'left' 'KILL'
  times 0 'started|exited'
  run -139 --separate-stderr "$TINY" -v sh -c 'kill -SEGV $$'
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: sh (pid '*') was killed by SIGSEGV'* ]]
}

@test "every line begins with the program's name, and standard output is the command's alone" {
  "$TINY" --verbose --verbose -t 100 sh -c 'setsid sleep 1000 & echo out' >"$T/out" 2>"$E"
  [[ $(<"$T/out") == out ]]
  (($(wc -l <"$E") >= 4))
  ! grep -v '^tiny-reaper: ' "$E" || false
}

@test "the start: name, process, group and limit" {
  local command group guard
  for guard in '' -G; do
    "$TINY" -vv ${guard:+"$guard"} -t 1h30m sh -c 'read -r stat </proc/$$/stat; set -- ${stat##*) }; echo $$ $3' >"$T/out" 2>"$E"
    read -r command group <"$T/out"
    said "started sh \(pid $command, group $group\), limit 1h30m$"
  done
  "$TINY" -vv -t 90 true 2>"$E"
  said 'started true .* limit 90s$'
  "$TINY" -vv true 2>"$E"
  said 'started true .* limit none$'
}

@test "the end: the reason and the time" {
  run -3 --separate-stderr "$TINY" -vv sh -c 'sleep 0.3; exit 3'
  [[ $stderr =~ sh\ \(pid\ [0-9]+\)\ exited\ with\ status\ 3\ after\ ([0-9]+\.[3-9]|[1-9][0-9]*\.[0-9])\ s ]]
  run -139 --separate-stderr "$TINY" -vv sh -c 'kill -SEGV $$'
  [[ $stderr =~ sh\ \(pid\ [0-9]+\)\ was\ killed\ by\ SIGSEGV\ after\ [0-9]+\.[0-9]\ s ]]
}

@test "each forwarded signal, once, and who sent it" {
  start -vv -r USR2:WINCH -r URG:0 -- bash -c 'trap "echo usr1 >$0" USR1; trap "echo winch >$0" WINCH; trap "echo term >$0; exit 0" TERM; '"$ready" "$T/fifo"
  is_ready
  cp "$(command -v bash)" "$T/a-sender"
  "$T/a-sender" -c 'echo $$; kill -USR1 '"$pid" >"$T/sender"
  is_ready
  said "USR1 from pid $(<"$T/sender") .*forwarded"
  kill -URG "$pid"
  kill -USR2 "$pid"
  is_ready
  kill -TERM "$pid"
  is_ready
  wait "$pid"
  said "URG from pid $$ .*dropped"
  said "USR2 from pid $$ .*forwarded as WINCH" "TERM from pid $$ \(.+\) forwarded" 'exited with status 0'
  times 1 'USR1 from'
  times 1 'USR2 from'
  times 1 'TERM from'
  times 0 'URG.*forwarded'
}

@test "what is said of a signal stands before what the command does by it" {
  # Outer is held when it has woken inner.
  run -3 --separate-stderr strace -qq -o /dev/null -e trace=tgkill -e inject=tgkill:delay_exit=300000 "$TINY" -vv \
    bash -c 'trap "exit 3" TERM; kill -TERM "$(sed -n "s/^PPid:.//p" /proc/$PPID/status)"; while :; do sleep 0.01; done'
  [[ $stderr == *"TERM from "*" forwarded"*" exited with status 3 "* ]]
}

@test "each orphan that is reaped, with its status" {
  # Each ends only when it is an orphan: its own parent could reap it else.
  cat >"$T/orphan" <<'END'
until [[ $(sed -n 's/^PPid:.//p' /proc/$$/status) == "$1" ]]; do sleep 0.01; done
eval "$2"
END
  "$TINY" -vv bash -c '(bash "$1" $PPID "exit 7" & echo $! >"$0"); (bash "$1" $PPID "kill -USR1 \$\$" & echo $! >>"$0")
    until [[ $(cat /proc/$PPID/task/$PPID/children) == "$$ " ]]; do sleep 0.01; done' "$T/pids" "$T/orphan" 2>"$E"
  mapfile -t pids <"$T/pids"
  said "reaped orphan ${pids[0]} .*7"
  said "reaped orphan ${pids[1]} .*USR1"
  times 2 'reaped orphan'
}

@test "what the command leaves behind, and how it is ended" {
  "$TINY" -vv -k 0.2 bash -c '(trap "" TERM; echo >"$0"; exec setsid sleep 1000) & read -rt 100 <"$0"; exit 0' "$T/fifo" 2>"$E"
  said 'exited with status 0' 'left 1 process behind.*TERM' 'KILL.* 1 process' 'reaped orphan [0-9]+ .*KILL'
}

@test "a stop and a continuation of the command" {
  start -vv -- bash -c 'trap "exit 0" TERM; '"$ready" "$T/fifo"
  is_ready
  local command
  command=$(child "$(child "$pid")")
  kill -STOP "$command"
  wait_for 20 state "$pid" T
  kill -CONT "$command"
  wait_for 20 grep -q continued "$E"
  kill -TERM "$pid"
  wait "$pid"
  said "bash \(pid $command\) stopped by STOP" "bash \(pid $command\) continued" 'TERM from'
}

@test "each step at the limit, in order" {
  local status
  hangs() {
    status=0
    "$H/with" -i 2,3,15 "$TINY" -vv -t "$TIME" -s INT,QUIT,TERM -k 0.2 bash -c 'setsid sleep 1000 & while :; do sleep 0.05; done' 2>"$E" || status=$?
    grep -q 'sleep 1000' "$E"
  }
  in_time hangs
  ((status == 137))
  said "limit of ${TIME}s reached" 'still running' "sleep 1000" 'INT to group [0-9]+' 'QUIT to group' 'TERM to group' 'KILL.* process' 'was killed by SIGKILL after [0-9]' 'reaped orphan'
  times 1 'limit of'
}

@test "a forwarded TERM that escalates" {
  start -vv -k 0.2 -- bash -c 'trap "" TERM; '"$ready" "$T/fifo"
  is_ready
  kill -TERM "$pid"
  wait "$pid" || :
  said 'TERM from' 'KILL' 'was killed by SIGKILL'
}

@test "the parent's end, and the end of either process of tiny-reaper" {
  bash -c '"$@" 2>"$0" & exec sleep 1000' "$E" "$TINY" -vvd sh -c 'echo >"$1"; exec sleep 1000' sh "$T/fifo" 3>&- &
  started+=("$!")
  is_ready
  kill -KILL $!
  wait_for 20 grep -q 'was killed by SIGTERM' "$E"
  said 'the process that started tiny-reaper has ended' 'TERM to group'
  start -vv -- sh -c 'echo >"$1"; exec sleep 1000' sh "$T/fifo"
  is_ready
  local inner
  inner=$(child "$pid")
  kill -KILL "$inner"
  wait "$pid" || :
  said "supervisor \(pid $inner\) was killed: ending everything"
  start -vv -- sh -c 'echo >"$1"; exec sleep 1000' sh "$T/fifo"
  is_ready
  kill -KILL "$pid"
  wait_for 20 grep -q 'was killed by SIGKILL' "$E"
  said "guard \(pid $pid\) was killed: ending everything" 'was killed by SIGKILL'
}

@test "a name that holds control characters does not break the line" {
  printf '#!/bin/sh\nexit 0\n' >"$T/"$'odd\nname\033[1m'
  chmod +x "$T/"$'odd\nname\033[1m'
  "$TINY" -vv "$T/"$'odd\nname\033[1m' 2>"$E"
  times 0 '^name'
  ! grep -q $'\033' "$E" || false
  said 'odd.name.* exited with status 0'
}

# What /proc says that process waits in, as the table shows it.
waits_in() {
  local wchan
  wchan=$(cat "/proc/$1/wchan")
  [[ $wchan && $wchan != 0 ]] && echo "$wchan" || echo -
}

@test "the table at the limit: what each process waits in, as a tree" {
  cat >"$T/tree.py" <<'END'
import os, socket, subprocess, sys, threading, time
fifo = sys.argv[1]
def child(*command): subprocess.Popen(command, stdin=subprocess.PIPE)
me = sys.executable
child(me, "-c", "import threading; threading.Lock().acquire(); lock = threading.Lock(); lock.acquire(); lock.acquire()", "a-futex")
child(me, "-c", "import socket; s = socket.socket(); s.listen(); s.accept()", "a-socket")
child("cat")
child("sh", "-c", "setsid sh -c 'sleep 1000; :'; :", "a-child")
open(fifo, "w").write("\n")
time.sleep(1000)
END
  # Before the limit, what they wait in is read independently: two looks, with time to settle in between, see the same.
  local command process seen=0
  declare -A expected
  descendants() { local p; echo "$1"; for p in $(children "$1"); do descendants "$p"; done; }
  look() { for process in $(descendants "$command"); do echo "$process $(waits_in "$process")"; done; }
  settled() { before=$now; sleep 0.3; now=$(look); [[ $now == "$before" && $now == *accept* ]] && (($(wc -l <<<"$now") == 7)); }
  at_limit() { grep -q 'limit of' "$E"; }
  seen_in_time() {
    local before now=
    expected=()
    rm -f "$T/report"
    start -v -t "$TIME" -o "$T/report" -- python3 "$T/tree.py" "$T/fifo"
    is_ready
    { command=$(child "$(child "$pid")"); until settled; do ! at_limit || return; done; } 2>/dev/null
    while read -r process wchan; do expected[$process]=$wchan; done <<<"$now"
    ! at_limit && { wait "$pid" || :; }
  }
  local TIME wchan
  for TIME in 4 20 100; do seen_in_time && break; wait "$pid" || :; done
  ((${#expected[@]} == 7))
  for process in "${!expected[@]}"; do
    said "\\b$process +[SR] +[0-9]+\.[0-9] s +[a-z0-9_]+[ (]"
    [[ $(jq -r ".running[] | select(.pid == $process).wchan" "$T/report") == "${expected[$process]}" ]]
    ((seen += 1))
  done
  ((seen == 7))
  # A tree: below sh the inner sh, and below that sleep, each further to the right.
  column() { grep -E "^tiny-reaper: +[0-9]+ +[A-Z] .* s  .* $1" "$E" | head -n 1 | sed "s/$1.*//" | wc -c; }
  local python outer_sh inner_sh sleeping
  python=$(column '[^ ]*python3 ') outer_sh=$(column 'sh -c setsid') inner_sh=$(column 'sh -c sleep') sleeping=$(column 'sleep 1000$')
  echo "columns $python $outer_sh $inner_sh $sleeping"
  ((python < outer_sh && outer_sh < inner_sh && inner_sh < sleeping))
  said 'python3 .*tree.py' 'sh -c setsid' 'sh -c sleep' '  +sleep 1000$'
}

@test "the table fits the width of the terminal: a command that does not stands below its process" {
  cat >"$T/terminal.py" <<'END'
import fcntl, os, pty, re, struct, sys, termios
tiny, columns = sys.argv[1], int(sys.argv[2])
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
pid = os.fork()
if pid == 0:
    os.close(master)
    os.dup2(slave, 2)
    os.close(slave)
    os.execv(tiny, [tiny, "-v", "-t", sys.argv[3], "sh", "-c", "sh -c 'sh -c \"sleep 1000; :\"; :'; :", "x" * 600])
os.close(slave)
out = b""
while True:
    try:
        chunk = os.read(master, 4096)
    except OSError:
        break
    if not chunk:
        break
    out += chunk
os.waitpid(pid, 0)
lines = out.decode().split("\r\n")
first = next(i for i, line in enumerate(lines) if " pid state " in line) + 1
rows = lines[first:next(i for i, line in enumerate(lines) if " sending " in line)]
heads = [i for i, row in enumerate(rows) if re.match(r"tiny-reaper: +\d+ +[SR] ", row)]
if len(heads) < 4:
    sys.exit(9)     # they were not there in time
assert len(heads) == 4, out
for row in rows:
    print(len(row), row)
    assert len(row) <= columns and row == row.rstrip(), (columns, row)
assert heads[1] == 2 and rows[1].startswith("tiny-reaper:           sh -c "), "the longest has a line of its own"
assert len(rows[1]) == columns and rows[1].endswith("..."), "what is cut says so"
assert rows[-1].endswith(" sleep 1000"), "what fits into a line is whole"
assert len(rows) == heads[3] + (1 if columns >= 80 else 2), "a short one stands behind, where there is room"
END
  local columns
  shown() { python3 "$T/terminal.py" "$TINY" "$columns" "$TIME"; }
  for columns in 60 80 132 300; do in_time shown; done
  # Where there is no terminal, a command line is not cut at 80.
  "$TINY" -v -t 0.2 sh -c 'sleep 1000; :' "$(printf '%0200d' 0)" 2>"$E" || :
  grep -q "0\{200\}" "$E"
}

@test "the stack dump of a real Python comes before the end (-s QUIT,TERM)" {
  dumps() { run "$TINY" -t "$TIME" -s QUIT,TERM -k "$TIME" python3 -c "$1"; [[ $output == *'in hanging'* ]]; }
  in_time dumps '
import faulthandler, signal, time
faulthandler.register(signal.SIGQUIT, all_threads=True)
def hanging():
    time.sleep(1000)
hanging()'
  [[ $status == 124 && $output == *'most recent call first'*'in hanging'* ]]
}
