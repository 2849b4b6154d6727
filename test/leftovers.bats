# What the command leaves behind: nothing is left of it, everybody is asked first and once, and who reads a pipe is asked last, so that no log
# or archive is cut. Findings 9 to 12, 26, 30 and 39.
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2153,SC2154,SC2317
# (text for other shells; options that are words; bats' variables; functions that wait_for calls)
load common
bats_require_minimum_version 1.5.0

teardown() { end_started; }

setup() {
  own_folder || return
  LOG=$T/log
}

# left_of ARG...: runs tiny-reaper with these arguments, and $output says what was left of it.
left_of() {
  run -0 --separate-stderr "$H/aftermath" "$TINY" "$@"
  echo "tiny-reaper $*: $output ${stderr:-}"
}

told() { grep -cx "$1 $2" "$LOG" || :; }

# ---- finding 9: who is told

@test "a hundred processes that are born after the command's TERM get theirs, each once, before KILL" {
  local grace
  for grace in 20 0; do
    : >log
    : >ready
    "$TINY" -k $grace sh -c 'trap "\"\$0\" -o log many:100; exit 3" TERM; echo up >ready; while :; do sleep 0.02; done' "$H/leftovers" 3>&- &
    P=$!
    started+=("$P")
    wait_for 20 grep up ready
    kill -s TERM "$P"
    wait_for 20 gone "$P"
    ends 3
    [[ $(told many TERM) == 100 ]]
  done
}

@test "who is below a leftover that ignores TERM, in a session of its own, gets TERM before KILL" {
  local guard
  for guard in -v -G; do
    : >log
    left_of $guard -k 0.5 sh -c '
      setsid sh -c "trap \"\" TERM; setsid \"\$0\" below >>log & while :; do sleep 1; done" "$0" & until grep -q "^below ready" log; do sleep 0.01; done; exit 3' "$H/siglog"
    [[ $output == 'exited 3, 0 left, 0 zombies' ]]
    [[ $(grep -cx 'below 15' log) == 1 ]]
  done
}

@test "who is below leftovers that ignore TERM gets it once, five deep, at the limit as well" {
  left_of -k 0.5 sh -c '"$0/leftovers" -o log "!session" & "$0/leftovers" nested:5; setsid "$0/siglog" one >>log & until grep -q "^one ready" log; do sleep 0.01; done; exit 3' "$H"
  [[ $output == 'exited 3, 0 left, 0 zombies' && $(grep -cx 'one 15' log) == 1 && $(told session TERM) == 1 ]]
}

# The command's group is told; a process of it, not ours, ends by that and is reaped by its own parent; its number goes to a newcomer.
@test "who has the number of somebody that was told is told itself" {
  ((EUID == 0)) || skip "needs root to choose a process id"
  run -0 --separate-stderr "${PID1[@]}" sh -c '"$@"; echo "status $?"' sh "$TINY" -k 3 -o "$T/report" python3 -c '
import os, signal, sys, time
place = os.pipe()
if os.fork():
    os.read(place[0], 1)
    os._exit(3)
# A leftover in the group that ignores TERM; its child is told with the group, ends, and is born again as somebody else.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
log = open(sys.argv[1], "a")
child = os.fork()
if child == 0:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.write(place[1], b"x")
    while True:
        signal.pause()
os.waitpid(child, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
with open("/proc/sys/kernel/ns_last_pid", "w") as last:
    last.write(str(child - 1))
again = os.fork()
if again:
    print("same" if again == child else "another", file=log, flush=True)
    os._exit(0)
os.setsid()
print("TERM" if signal.sigwait([signal.SIGTERM]) else "", file=log, flush=True)
' "$T/told"
  cat told
  [[ $output == 'status 3' && $(sort told) == $'TERM\nsame' ]]
  jq -e '.escalated == false' report
}

# A promise that no test would miss: the spared bit is cleared.
@test "who has the number of a child from before the start, which has ended, is not spared" {
  local guard
  ((EUID == 0)) || skip "needs root to choose a process id"
  for guard in -v -G; do
    rm -f told
    run -0 --separate-stderr "${PID1[@]}" sh -c '"$@"; echo "status $?"' sh bash -c 'sleep 1000 & exec "$@" $!' bash "$TINY" $guard -k 3 -o "$T/report" python3 -c '
import os, signal, sys, time
old = int(sys.argv[2])
log = open(sys.argv[1], "a")
os.kill(old, signal.SIGKILL)
while os.path.exists(f"/proc/{old}"):
    time.sleep(0.005)
with open("/proc/sys/kernel/ns_last_pid", "w") as last:
    last.write(str(old - 1))
place = os.pipe()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
again = os.fork()
if again:
    print("same" if again == old else "another", file=log, flush=True)
    os.read(place[0], 1)
    os._exit(3)
os.setsid()
os.write(place[1], b"x")
print("TERM" if signal.sigwait([signal.SIGTERM]) else "", file=log, flush=True)
' "$T/told"
    cat told
    echo "$output $stderr"
    [[ $output == 'status 3' && $(sort told) == $'TERM\nsame' ]]
  done
}

# ---- finding 10: KILL has time while something ends

@test "a fork bomb under load is ended, with a very short -k, and nothing is left" {
  for _ in 1 2 3 4; do
    sh -c 'while :; do :; done' 3>&- &
    started+=("$!")
  done
  left_of -k 0.01 "$H/leftovers" bomb:1500
  [[ $output == 'exited 0, 0 left, 0 zombies' && -z $stderr ]]
}

# ---- finding 11: no descriptor to be had

@test "with a soft limit of no descriptor at all nothing is left; with a hard one, nothing is left or -v says why" {
  local guard
  for guard in -v -G; do
    left_of $guard -k 0.5 sh -c 'exit 3'
    # busybox is static: nothing else could be started.
    run -0 --separate-stderr "$H/aftermath" sh -c 'ulimit -S -n 0; exec "$@"' sh "$TINY" $guard -k 0.5 /bin/busybox sh -c '/bin/busybox setsid /bin/busybox sleep 1000 & exit 3'
    echo "soft $guard: $output $stderr"
    [[ $output == 'exited 3, 0 left, 0 zombies' ]]
    run -0 --separate-stderr "$H/aftermath" sh -c 'ulimit -n 0; exec "$@"' sh "$TINY" -v $guard -k 0.5 /bin/busybox sh -c '/bin/busybox setsid /bin/busybox sleep 1000 & exit 3'
    echo "hard $guard: $output $stderr"
    [[ $output == 'exited 3, 0 left, 0 zombies' || ($output == 'exited 3, 1 left'* && $stderr == *'tiny-reaper: '*) ]]
  done
}

# ---- finding 12: what comes from /proc is not trusted

@test "a /proc with any numbers in it makes nobody write out of bounds" {
  # As PID 1 tiny-reaper looks for children in the list of all: here one that somebody has made up.
  run -0 --separate-stderr "${UNSHARE[@]}" --pid --fork --mount --kill-child sh -c '
    mount -t tmpfs none /proc
    for n in 0 1 200000000 4194303 4194304 4194305 2147483647 2147483648 4294967295 4294967297 99999999999999999999 18446744073709551617 -5 007; do
      mkdir -p "/proc/$n/task/$n"
      echo "1 (x) S 1 1 1 0 -1 4194304" >"/proc/$n/stat"
      printf "Name:\tx\nState:\tS (sleeping)\nPPid:\t1\n" >"/proc/$n/status"
      echo "200000000 -1 99999999999 4194304 0" >"/proc/$n/task/$n/children"
    done
    mkdir /proc/self /proc/thread-self
    echo "200000000 4194304 -1 99999999999 0 x" >/proc/thread-self/children
    exec "$@"' sh "$TINY" -k 0.5 -v -t 0.2 -e 124 sh -c '(trap "" TERM; while :; do sleep 1; done) & sleep 1000' || true
  echo "$status $output $stderr"
  [[ $status == 124 || $status == 137 || $status == 0 ]]
}

@test "a tree of 300 levels is listed at the limit, and ended, with a stack of no more than a megabyte" {
  local guard
  for guard in -v -G; do
    run -0 --separate-stderr "$H/aftermath" sh -c 'ulimit -s 1024; exec "$@"' sh "$TINY" -v $guard -o "$T/report" -t 3 -k 0.5 "$H/leftovers" -w nested:300
    echo "$output"
    [[ $output == 'exited 124, 0 left, 0 zombies' ]]
    jq -e '.running | length > 50' report
    rm report
  done
}

# ---- finding 26: what -v says of them

@test "-v counts everybody who needs KILL, not the direct children alone" {
  left_of -v -k 0.3 "$H/leftovers" nested:5 '!session'
  [[ $stderr =~ KILL[^$'\n']*(\ 6\ |below) ]]
}

@test "-v does not say that TERM is sent to a leftover that has had it" {
  : >ready
  start "$TINY" -v -k 0.5 sh -c 'trap "" TERM; "$0" -o log "!child"; trap "exit 3" TERM; echo up >ready; while :; do sleep 0.02; done' "$H/leftovers"
  wait_for 20 grep up ready
  sleep 0.1 # who is younger than a clock tick or two counts as a newcomer
  kill -s TERM "$P"
  wait_for 20 gone "$P"
  ends 3
  [[ $(told child TERM) == 1 ]]
  run ! grep -i 'sending TERM' err
}

# ---- finding 39: KILL goes to the whole tree below

@test "who sits below a process in state D is ended, at the limit and behind the command" {
  local how arguments
  ((EUID == 0)) || skip "needs root to mount a file system"
  [[ -c /dev/fuse ]] || skip "needs /dev/fuse"
  mkdir mnt
  for how in limit behind; do
    : >out
    case $how in
      limit) arguments=(-t 0.5 -k 0.5 sh -c 'exec "$0" -c below mnt/write >out') ;;
      behind) arguments=(-k 0.5 sh -c '"$0" -c below mnt/write >out & until grep -q below out && grep -q "^State:.D" /proc/$!/status; do sleep 0.01; done; exit 3') ;;
    esac
    # The check is made while the file system still hangs. Who is dead stays a zombie: its parent cannot reap it.
    run -0 --separate-stderr "$H/stuck" mnt sh -c '"$@"; s=$?; p=$(sed -n "s/^below //p" out); [ "$p" ] || exit 99; grep -qs "^State:.[^ZX]" /proc/$p/status && exit 98; exit $s' sh "$TINY" "${arguments[@]}" "$H/stuck"
    echo "$how: $output $stderr"
    [[ $output == $([[ $how == limit ]] && echo 'exited 137' || echo 'exited 3') && $stderr == *'cannot end'* ]]
  done
}

# ---- finding 30: readers are asked last

# whole COUNT ARG...: COUNT times, tiny-reaper ARG... exits 0, and the archive a.gz that it leaves holds 300,000 lines.
whole() {
  # Not i: bats' run has its own use for that.
  local round count=$1
  shift
  for ((round = 0; round < count; round++)); do
    rm -f a.gz
    run -0 --separate-stderr "$@"
    [[ $(zcat a.gz | tail -n 1) == 300000 ]] || { echo "run $round: $(zcat a.gz 2>&1 | wc -l) lines"; return 1; }
  done
}

@test "an archive that a leftover compresses is whole" {
  whole 15 "$TINY" bash -c 'seq 1 300000 > >(gzip >a.gz)'
  whole 5 "$TINY" -G bash -c 'seq 1 300000 > >(gzip >a.gz)'
  whole 5 "$TINY" sh -c 'mkfifo f; gzip <f >a.gz & seq 1 300000 >f; rm f'
}

@test "an archive that a leftover compresses is whole, as PID 1" {
  whole 8 "${PID1[@]}" "$TINY" bash -c 'seq 1 300000 > >(gzip >a.gz)'
}

@test "a log's last line is not lost: exec > >(tee log), 2> >(tee log), a coproc, a chain" {
  local script
  for script in 'exec > >(tee -a out >/dev/null); echo first; echo last' \
    'exec 2> >(tee -a out >/dev/null); echo first >&2; echo last >&2' \
    'coproc { cat >out; }; echo first >&"${COPROC[1]}"; echo last >&"${COPROC[1]}"' \
    'seq 1 100000 > >(grep 0 | tee x >/dev/null; echo last >out)' \
    'exec > >(grep -v zzz | tee out >/dev/null); echo first; echo last' \
    '{ echo first; echo last; } | (cat; sleep 0.1) >out &'; do
    for _ in 1 2 3 4 5; do
      rm -f out
      run -0 --separate-stderr "$TINY" bash -c "$script"
      [[ $(tail -n 1 out) == last ]] || { echo "lost by: $script"; return 1; }
    done
  done
}

@test "a FIFO that is removed already is read to its end" {
  run -5 "$TINY" sh -c 'mkfifo f; (sleep 1; cat; echo done) <f >out & echo line >f; rm f; exit 5'
  [[ $(<out) == $'line\ndone' ]]
}

@test "the readers are known on a machine so busy that the look at them takes seconds, too" {
  # Two calls at each of sixteen processes, each late by a tenth of a second.
  run -5 strace -f -qq -o /dev/null -e trace=getsid -e inject=getsid:delay_enter=100000 "$TINY" sh -c '
    mkfifo f
    for i in 1 2 3 4 5 6 7 8; do (echo >>open; cat >/dev/null; sleep 4; echo done >>out) <f & done
    # The first one opens it for us, the others have to be there as well.
    exec 3>f
    until [ "$(grep -c "" open)" = 8 ]; do :; done
    exit 5'
  [[ $(grep -cx "done" out) == 8 ]]
}

@test "a reader that is stopped will not meet its end-of-file: it is asked at once" {
  run -5 timeout -s KILL 100 "$TINY" -k 1000 sh -c '
    mkfifo f
    sh -c "kill -s STOP \$\$; exec cat" <f & exec 3>f
    until grep -q "^State:.T" /proc/$!/status; do :; done
    exit 5'
}

@test "a filter that needs a second after its end-of-file gets it, and did not have to be ended" {
  run -5 "$TINY" -o "$T/report" bash -c 'exec > >(cat >/dev/null; sleep 1; echo done >out); echo text; exit 5'
  [[ $(<out) == 'done' ]]
  jq -e '.reaped >= 1 and .ended == 0' report
}

@test "a reader that is about to meet its end-of-file, and ignores TERM, gets no signal" {
  run -5 "$TINY" -k 20 -o "$T/report" bash -c '
    exec 8> >(exec perl -e "\$SIG{TERM} = sub { open F, q(>>), q(termed) }; 1 while <STDIN>; select undef, undef, undef, 0.2; open F, q(>), q(out); print F qq(done)"); until grep -q perl /proc/$!/comm; do sleep 0.01; done; echo text >&8; exit 5'
  [[ $(<out) == 'done' && ! -e termed ]]
  jq -e '.escalated == false' report
}

@test "a reader's time starts with the end of the last writer, who ignores TERM" {
  # The writer holds the pipe, ignores TERM, and is killed after -k; only then the reader sees its end, and it needs time.
  run -5 "$TINY" -k 1 bash -c 'exec 8> >(cat >/dev/null; sleep 0.6; echo done >out); (trap "" TERM; exec sleep 1000) & exit 5'
  [[ $(<out) == 'done' ]]
}

@test "a reader that does not end by itself gets its TERM, once, and then KILL" {
  # It never ends by itself: its pipe is its own, and so never ends.
  left_of -k 0.4 -o "$T/report" sh -c 'mkfifo p; "$0" reader <p >>log & exec 8>p; until grep -q "^reader ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
  [[ $output == 'exited 5, 0 left, 0 zombies' && $(grep -cx 'reader 15' log) == 1 ]]
  jq -e '.escalated and .ended == 1' report
}

@test "who is no reader is asked at once, though others read" {
  : >ready
  start "$TINY" -k 20 bash -c 'exec 8> >(cat >/dev/null; echo done >>log; until grep -q "^other 15" log; do sleep 0.01; done; echo after >>log); "$0" other 15 >>log & until grep -q "^other ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
  ends 5
  grep -qx after log
  [[ $(grep -cx 'other 15' log) == 1 ]]
}

@test "a child of a reader that was there and is none is asked at once" {
  start "$TINY" -k 1000 bash -c 'exec 8> >("$0" left 15 </dev/null >>log & exec "$0" reader >>log)
    until grep -q "^left ready" log && grep -q "^reader ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
  logged 'left 15'
  kill -s KILL "$(sed -n 's/^reader ready \([0-9]*\) .*/\1/p' log)"
  ends 5
}

# asked_at_once PROGRAM...: with a -k that nobody would wait for, the leftover "left" gets its TERM, and ends by it.
asked_at_once() {
  : >log
  start "$@"
  wait_for 20 gone "$P"
  ends 5
  [[ $(grep -cx 'left 15' log) == 1 ]]
}

@test "a leftover with tiny-reaper's own standard input, a pipe, is asked at once" {
  mkfifo in
  exec 8<>in
  # What is started with & has /dev/null, if nothing else is said.
  asked_at_once sh -c 'exec "$@" <&8' sh "$TINY" -k 1000 sh -c '"$0" left 15 <&8 8<&- & until grep -q "^left ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
  exec 8<&-
}

@test "a leftover that reads a pipe in a session of its own is asked at once" {
  asked_at_once "$TINY" -k 1000 bash -c 'exec 8> >(exec setsid -w "$0" left 15); until grep -q "^left ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
}

@test "a leftover that reads a pipe and has had a forwarded TERM, or the limit's, is not spared" {
  # It does not end at the first TERM, which it has with the group: then KILL follows within -k, and no second TERM.
  : >log
  start "$TINY" -k 0.7 -o "$T/report" bash -c 'exec 8> >(exec "$0" left); trap "exit 5" TERM; until grep -q "^left ready" log; do sleep 0.01; done; echo up >>log; while :; do sleep 0.02; done' "$H/siglog"
  logged up
  sleep 0.1 # who is younger than a clock tick or two counts as a newcomer
  kill -s TERM "$P"
  wait_for 20 gone "$P"
  ends 5
  [[ $(grep -cx 'left 15' log) == 1 ]]
  jq -e '.escalated' report
  : >log
  start "$TINY" -k 0.7 -t 0.5 bash -c 'exec 8> >(exec "$0" left); while :; do sleep 0.02; done' "$H/siglog"
  wait_for 20 gone "$P"
  ends 124 || ends 137
  [[ $(grep -cx 'left 15' log) == 1 ]]
}

@test "readers of sockets are asked last as well: node and ksh93 have them for pipes" {
  run -5 "$TINY" -k 20 python3 -c '
import os, socket, subprocess, sys, time
ours, theirs = socket.socketpair()
subprocess.Popen(["perl", "-e", "$SIG{TERM} = sub { exit 1 }; $| = 1; print qq(up\n); 1 while <STDIN>; select undef, undef, undef, 0.2; open F, q(>), q(out); print F q(done)"], stdin=theirs, stdout=subprocess.PIPE).stdout.readline()
theirs.close()
os._exit(5)'
  [[ $(<out) == 'done' ]]
}

@test "-w, -l and the limit need no readers: -w waits for them, and the limit asks all" {
  run -5 "$TINY" -w bash -c 'exec > >(cat >/dev/null; sleep 0.3; echo done >out); echo text; exit 5'
  [[ $(<out) == 'done' ]]
  left_of -w -t 0.5 -k 0.5 bash -c 'mkfifo p; cat <>p & exit 5'
  [[ $output == 'exited 124, 0 left, 0 zombies' ]]
}

@test "who is below a reader that did not end by itself gets its TERM with it" {
  # Both have a pipe of their own that never ends.
  left_of -k 0.4 sh -c 'mkfifo p; sh -c "\"\$0\" below <&3 >>log & exec \"\$0\" reader >>log" "$0" <p 3<&0 & exec 8>p
    until grep -q "^reader ready" log && grep -q "^below ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
  [[ $output == 'exited 5, 0 left, 0 zombies' && $(told reader 15) == 1 && $(told below 15) == 1 ]]
}

# ---- while it is looked who is left, which takes as long as somebody has just started and runs

# command_ends: the command, whose number is in the file first, has been reaped.
command_ends() {
  command_is_gone() { [[ ! -e /proc/$(<first) ]]; }
  wait_for 20 test -s first && wait_for 20 command_is_gone
}

@test "a signal that is forwarded while -v and -o look who is left starts the clock of -k, as without" {
  local option
  for option in '' -v '-o report'; do
    rm -f first busy
    start "$TINY" $option -w -k 1 sh -c '(trap "" TERM; echo >busy; while :; do :; done) & until [ -e busy ]; do :; done; echo $$ >first; exit 5'
    command_ends
    kill -s TERM "$P"
    wait_for 20 gone "$P"
    ends 5
  done
}

@test "-l leaves alone what is left at the limit, with -v and -o as without" {
  local option
  for option in '' -v '-o report'; do
    leaves_it() {
      rm -f left
      run "$TINY" $option -l -t "$TIME" sh -c 'setsid sh -c "echo \$\$ >left; exec sleep 1000 >/dev/null 2>&1" & exec sleep 1000'
      [[ -s left ]]
    }
    in_time leaves_it
    [[ $status == 124 ]]
    ! gone "$(<left)" || { echo "'$option': it was ended"; return 1; }
    kill -s KILL "$(<left)"
  done
}

@test "with -l a command that has ended in time has, whatever comes while -v looks who is left" {
  # The looker is stopped: the limit comes before its time is over. On a slow machine it may come before the command's end.
  for _ in 1 2 3; do
    rm -f left
    run timeout -s KILL 100 strace -f -b execve -qqq -o /dev/null -e trace=setpriority -e inject=setpriority:signal=STOP \
      "$TINY" -v -l -t 1 sh -c 'setsid sh -c "echo \$\$ >left; exec sleep 1000 >/dev/null 2>&1" & until [ -s left ]; do :; done; exit 5'
    [[ -s left ]] && ! gone "$(<left)"
    kill -s KILL "$(<left)"
    [[ $status != 5 ]] || break
  done
  [[ $status == 5 ]]
}

@test "who has had a forwarded TERM is not asked again: by the limit of -w, with -v and without; nor when it comes while it is looked who is left" {
  local option
  for option in '' -v; do
    asked_once() {
      : >log
      start "$TINY" $option -w -t "$TIME" sh -c '"$0" left & until grep -q "^left ready" log; do :; done; echo up >>log; exit 5' "$H/siglog"
      logged up
      sleep 0.1 # who is younger than a clock tick or two counts as a newcomer
      kill -s TERM "$P"
      wait_for 20 gone "$P"
      ends 124 && [[ $(told left 15) == 1 ]]
    }
    in_time asked_once
  done
  : >log
  # One that has just started and runs keeps the looker waiting.
  start "$TINY" -k 0.5 sh -c '"$0" left & until grep -q "^left ready" log; do :; done; sleep 0.1; (echo >busy; while :; do :; done) & until [ -e busy ]; do :; done; echo $$ >first; exit 5' "$H/siglog"
  command_ends
  kill -s TERM "$P"
  wait_for 20 gone "$P"
  ends 5
  [[ $(told left 15) == 1 ]]
}

@test "a stopped leftover that has had the group's TERM is continued, so that it gets through" {
  start "$TINY" -k 1000 bash -c '"$0" left 15 & until grep -q "^left ready" log; do :; done; kill -s STOP $!; trap "exit 5" TERM; sleep 0.1; echo up >>log; while :; do sleep 0.02; done' "$H/siglog"
  logged up
  kill -s TERM "$P"
  wait_for 20 gone "$P"
  ends 5
  [[ $(told left 15) == 1 ]]
}

@test "a command that ends by itself while it is looked why it hangs leaves readers that are asked last" {
  # The looker is stopped, so that it needs all its time; the command ends as it hears of the limit. On a slow machine its TERM comes first.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -f out heard told
    mkfifo heard
    # In a shell of its own: `run` gives its command another standard error.
    run timeout -s KILL 100 bash -c 'exec "$@" 2<>heard' - strace -f -qqq -o /dev/null -e trace=setpriority -e inject=setpriority:signal=STOP \
      "$TINY" -v -k 20 -t 1 bash -c 'trap "echo >told" TERM; exec 7<heard 9>&1 > >(cat >/dev/null; sleep 0.5; echo complete >out); grep -q "limit of" <&7; exit 5'
    [[ $status == 124 ]]
    [[ -e told || ! -s out ]] || break
  done
  [[ $(<out) == complete ]]
}

@test "kill -9 while a reader is spared leaves nothing" {
  local victim inner
  for victim in outer inner; do
    rm -f p
    : >log
    start "$TINY" -k 1000 sh -c 'mkfifo p; echo "inner $PPID"; "$0" reader <p >>log & exec 8>p; "$0" holder 15 >>log & until grep -q "^reader ready" log && grep -q "^holder ready" log; do sleep 0.01; done; exit 5' "$H/siglog"
    logged 'holder 15'
    inner=$(sed -n 's/^inner //p' log)
    [[ $victim == inner ]] && kill -s KILL "$inner" || kill -s KILL "$P"
    wait_for 20 gone "$(sed -n 's/^reader ready \([0-9]*\) .*/\1/p' log)"
    ends 137
  done
}

@test "where /proc fails for a moment, since the system is out of descriptors, all that is left is ended all the same" {
  local n left
  # Which look that hits changes from run to run.
  for n in {1..30}; do
    rm -f left
    run -3 timeout -s KILL 100 strace -f -b execve -qqq -o /dev/null -e trace=open,openat -e inject=open,openat:error=ENFILE:when=$n..$((n + 1)) \
      "$TINY" -k 0.1 sh -c 'setsid sh -c "trap : TERM; echo \$\$ >left; while :; do sleep 0.02; done" >/dev/null 2>&1 3>&- & until test -s left; do sleep 0.01; done; exit 3'
    left=$(<left)
    gone "$left" || { kill -s KILL "$left"; echo "the failure of open $n and the next"; false; }
  done
}
