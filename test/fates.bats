# How a run ended, and who was at it: statuses, escalation, the report's later fields, what -v says, and promises that no other test would miss.
# Findings 20 to 22, 31 and 41 (42 is measured by bench/run look); oom_killed, core_dumped, senders and left of the report.
# shellcheck disable=SC2013,SC2016,SC2030,SC2031,SC2086,SC2094,SC2153,SC2154,SC2317
# (text for other shells; options and pids that are words; a file open twice; bats' variables; functions that wait_for calls)
load common
bats_require_minimum_version 1.5.0

setup() { own_folder; }
teardown() { end_started; }

# waits_for_it PID SIG...: these signals wait at this process.
waiting() {
  local pid=$1 sig set=0
  set=$((16#$(sed -n 's/^ShdPnd:.*\(........\)$/\1/p' "/proc/$pid/status")))
  shift
  for sig; do ((set >> (sig - 1) & 1)) || return; done
}

# ---- the start and the report (findings 20 and 21)

# Finding 20. The delay stands for a slow machine: the CHLD comes while inner takes its first steps, or waits with inner's own. It is blocked on entry, so that it waits at
# the command: one that is not, and comes before the command has a handler for it, is ignored by default, with tiny-reaper and without.
@test "a CHLD that is sent to tiny-reaper in its first instants reaches the command" {
  local call
  for call in setpgid prctl rt_sigtimedwait; do
    : >log
    start strace -f -qq -o /dev/null -e trace=$call -e inject=$call:delay_enter=300000 "$H/with" -b 17 "$TINY" "$H/siglog" cmd 15 6
    wait_for 20 eval 'grep -qx tiny-reaper "/proc/$(first_child "$P")/comm"'
    outer=$(first_child "$P")
    first_child "$outer"
    kill -s CHLD "$outer"
    logged 'cmd ready .*'
    logged 'cmd 17'
    kill -s TERM "$outer"
    ends 6
    log_is 'cmd 17' 'cmd 15'
  done
}

# one_line_a_run VICTIM CLOCK ARG...: VICTIM is killed at each system-call boundary of CLOCK; the report has one line for each run.
one_line_a_run() {
  local victim=$1 clock=$2 runs
  shift 2
  rm -f report
  run -0 "${PID1[@]}" "$H/kill-boundaries" "$victim" "$clock" "$TINY" -o "$T/report" "$@"
  echo "${lines[-1]}"
  [[ ${lines[-1]} =~ ([0-9]+)\ runs ]]
  runs=${BASH_REMATCH[1]}
  echo "$(wc -l <report) lines of $runs runs"
  jq -s -e "length == $runs" report
}

# Finding 21
@test "the report has one line, whenever the supervisor is killed: after its own write, too" {
  one_line_a_run inner inner "$H/leftovers"
  one_line_a_run inner inner "$H/leftovers"
  one_line_a_run inner outer -k 1ms "$H/leftovers" child
  jq -s -e 'map(select(.outcome == "exited" or .outcome == "killed")) | length == (map(1) | length)' report
}

# Finding 11: what runs has its pid in the report.
@test "a command that ran has its pid in the report, whenever the supervisor is killed" {
  local ran
  one_line_a_run inner inner sh -c 'echo $$ >>pids; exec "$0" -w session' "$H/leftovers"
  ran=$(wc -l <pids)
  jq -s -e "map(select(.pid != null)) | length >= $ran" report
}

# Finding 21: the failed command's side of the fork killed at each of its boundaries.
@test "the status of a command that could not be started is never 0" {
  one_line_a_run command command ./no-such-command
  jq -s -e 'map(select(.status == 0)) | length == 0' report
  one_line_a_run command command -G ./no-such-command
  jq -s -e 'map(select(.status == 0)) | length == 0' report
}

# Finding 21
@test "max_rss_kb is the command's: what ran before the exec of tiny-reaper does not count" {
  local guard
  for guard in -- -G; do
    run -0 bash -c 'perl -e "\$x = q(x) x 2e8" && exec "$@"' bash "$TINY" -o "$T/report" "$guard" true
    jq -e '.max_rss_kb < 100000' report
    rm report
  done
}

# Finding 21
@test "a report FIFO that is full, with a reader that does not read, costs the report and nothing else" {
  local guard
  mkfifo pipe
  exec 8<>pipe
  # To the last byte, so that nothing of the line would go.
  python3 -c 'import os
os.set_blocking(8, False)
for size in (65536, 1):
    try:
        while True: os.write(8, b"x" * size)
    except BlockingIOError: pass
os.set_blocking(8, True)'
  for guard in -- -G; do
    run -0 --separate-stderr timeout -s KILL 20 sh -c '"$@"; echo "status $?"' sh "$TINY" -o pipe "$guard" sh -c 'exit 3' 8>&- 3>&-
    echo "$guard: $output $stderr"
    [[ $output == 'status 3' && $stderr == 'tiny-reaper: '*report* ]]
  done
  exec 8>&-
}

# ---- what is printed (findings 22 and 41)

# No control character in what tiny-reaper has said, C1 included, and no stray byte that a terminal takes for one.
harmless() {
  python3 - "$1" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
text = data.decode("utf-8", "surrogateescape")
bad = [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) <= 0x9f or 0xdc80 <= ord(c) <= 0xdc9f]
assert data and not bad, (bad, data)
PYTHON
}

@test "control characters of the upper half, U+0080 to U+009F and raw bytes, are not printed" {
  local name
  for name in $'a\x9b31mb' $'a\xc2\x9b31mb' $'\x90x' $'x\xc2\x85' $'\xc3\xa9\xc3\x80\x9b' $'\x1b[31m\x7f'; do
    cp "$H/siglog" "./$name"
    "$TINY" -vv -t 0.3 -k 0.1 "./$name" 2>err >/dev/null || :
    harmless err
    "$TINY" -v "./no$name" 2>err || :
    harmless err
    "$TINY" -t "$name" true 2>err || :
    harmless err
    "$TINY" -v -o "$T/report" -t 0.3 -k 0.3 sh -c '"$0" left >/dev/null & sleep 1000' "./$name" 2>err || :
    harmless err
    jq -e . report >/dev/null
    rm -f "./$name"
  done
  # What is text stays text.
  cp /bin/true ./größe-尺寸
  "$TINY" -vv ./größe-尺寸 2>err
  grep -q größe-尺寸 err
}

@test "real-time signals are named from the nearer end, as a user would type them" {
  start "$TINY" -o "$T/report" -vv "$H/siglog" cmd 15
  logged 'cmd ready .*'
  for signal in 34 35 49 50 63 64; do
    kill -s $signal "$P"
    logged "cmd $signal"
  done
  kill -s TERM "$P"
  ends 0
  jq -e '.forwarded == ["RTMIN", "RTMIN+1", "RTMIN+15", "RTMAX-14", "RTMAX-1", "RTMAX", "TERM"]' report
  "$TINY" -v -s RTMAX -t 0.3 -k 0.3 "$H/die" 64 2>err || :
  grep -q 'RTMAX' err
}

# ---- finding 31

@test "a signal that may not be passed on is said, once per signal, without -v" {
  local pid1
  ((EUID == 0)) || skip "needs root, to drop it"
  chmod 755 "$T"
  # Without CAP_KILL, as PID 1, and the command another user's.
  start "${PID1[@]}" setpriv --bounding-set=-kill --inh-caps=-kill "$TINY" setpriv --reuid=65534 --regid=65534 --clear-groups "$H/siglog" cmd
  logged 'cmd ready .*'
  pid1=$(first_child "$P")
  kill -s TERM "$pid1"
  kill -s USR1 "$pid1"
  wait_for 20 grep -q '^tiny-reaper: .*TERM' err
  wait_for 20 grep -q '^tiny-reaper: .*USR1' err
  # CONT may be sent to anybody in the session.
  kill -s CONT "$pid1"
  logged 'cmd 18'
  kill -s TERM "$pid1"
  kill -s USR2 "$pid1"
  wait_for 20 grep -q '^tiny-reaper: .*USR2' err
  [[ $(grep -c TERM err) == 1 && $(grep -c . err) == 3 && $(grep -vc ready log) == 1 ]]
  # Of the limit's signals, too; and the command is not said to have died.
  refused() {
    : >err
    start "${PID1[@]}" setpriv --bounding-set=-kill --inh-caps=-kill "$TINY" -t "$TIME" -k 0.2 setpriv --reuid=65534 --regid=65534 --clear-groups "$H/siglog" other
    ends 137
  }
  in_time refused
  grep -q '^tiny-reaper: TERM cannot be passed on to setpriv ' err
  grep -q '^tiny-reaper: cannot end siglog .* left behind' err
}

# ---- the report's later fields

@test "core_dumped is what wait(2) says of the command" {
  local limit
  for limit in unlimited 0; do
    rm -f report
    ulimit -S -c $limit 2>/dev/null || continue
    run -0 python3 -c 'import os, signal
if os.fork() == 0:
    os.kill(os.getpid(), signal.SIGQUIT)
print(str(os.WCOREDUMP(os.wait()[1])).lower())'
    expected=$output
    run --separate-stderr -131 "$TINY" -o "$T/report" sh -c 'kill -QUIT $$'
    jq -e ".core_dumped == $expected" report
    # tiny-reaper's own death dumps none.
    [[ ! -e core.$! ]]
  done
  rm -f report core*
  "$TINY" -o "$T/report" true
  jq -e '.core_dumped == false' report
}

@test "senders: who sent what was forwarded or dropped, as it arrived, each pair once, in order" {
  start "$TINY" -o "$T/report" -r USR1:USR2 -r WINCH:0 "$H/siglog" cmd 15
  logged 'cmd ready .*'
  for signal in USR1 WINCH USR1; do
    # A program with a name of its own that lives until it has been looked at.
    bash -c 'kill -s "$0" -- "$1"; sleep 0.2; :' $signal "$P" &
    sender=$!
    echo "$sender" >>senders
    wait "$sender"
  done
  "$H/send" kill "$P" 15
  ends 0
  jq -c .senders report
  jq -e '.forwarded == ["USR2", "TERM"]' report
  jq -e '[.senders[].signal] == ["USR1", "WINCH", "USR1", "TERM"]' report
  jq -e --slurpfile pids senders '[.senders[:3][].pid] == $pids and all(.senders[:3][]; .command == "bash")' report
  # The same one twice is one.
  rm report
  : >log
  start "$TINY" -o "$T/report" "$H/siglog" cmd 15
  logged 'cmd ready .*'
  for signal in USR1 USR1 USR1 TERM; do
    kill -s $signal "$P"
    [[ $signal == TERM ]] || logged 'cmd 10' "$(grep -c 'cmd 10' log || :)"
  done
  ends 0
  jq -e "[.senders[] | [.signal, .pid]] == [[\"USR1\", $$], [\"TERM\", $$]] or ([.senders[] | .signal] == [\"USR1\", \"TERM\"])" report
}

@test "senders: 32 at most; from outside the namespace, pid null" {
  local i
  start "$TINY" -o "$T/report" "$H/siglog" cmd 15
  logged 'cmd ready .*'
  for i in $(seq 40); do
    sh -c 'kill -s USR1 -- "$0"' "$P"
    logged 'cmd 10' "$i"
  done
  kill -s TERM "$P"
  ends 0
  jq -e '.senders | length == 32' report
  rm report
  : >log
  start "${PID1[@]}" "$TINY" -o "$T/report" "$H/siglog" cmd 15
  logged 'cmd ready .*'
  kill -s TERM "$(first_child "$P")"
  ends 0
  jq -e '.senders == [{"signal": "TERM", "pid": null, "command": null}]' report
}

@test "left: what the command had left behind when it ended, with -l and -w too, and no zombies" {
  local option
  for option in -v -w -l; do
    rm -f report pids
    "$TINY" $option -k 5 -o "$T/report" sh -c 'sleep 1.1 & echo $! >>pids; setsid sleep 1.1 & echo $! >>pids; (exit 1) & until [ "$(cat /proc/$!/comm 2>/dev/null)" != sh ]; do [ -e /proc/$! ] || break; grep -q "^State:.Z" /proc/$!/status && break; done
      until [ "$(cat /proc/$(tail -n 1 pids)/comm)" = sleep ]; do :; done; exit 3' >/dev/null 2>err 3>&- || :
    jq -c .left report
    jq -e --slurpfile pids pids '([.left[].pid] | sort) == ($pids | sort) and all(.left[]; .command | test("sleep 1.1"))' report
    [[ $option != -v ]] || [[ $(grep -c "sleep 1.1" err) -ge 1 ]]
    for pid in $(cat pids); do kill -s KILL "$pid" 2>/dev/null || :; done
  done
  rm report
  "$TINY" -o "$T/report" true
  jq -e '.left == []' report
}

@test "left: what does not go into 8 KiB is left out whole, and the line stays valid" {
  "$TINY" -k 5 -o "$T/report" sh -c 'for i in $(seq 200); do "$0" xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx$i 15 >>log & done; until [ "$(grep -c ready log)" = 200 ]; do sleep 0.01; done' "$H/siglog"
  jq -e '(.left | length) > 20 and (.left | length) < 200 and (.left | tostring | length) <= 8192 and all(.left[]; .pid > 0 and (.command | length) > 0)' report
}

@test "oom_killed: true where the kernel's OOM killer was at work, said under -v; false where not" {
  local group limit=memory.limit_in_bytes
  ((EUID == 0)) || skip "needs root to make a cgroup"
  group=/sys/fs/cgroup/memory/tiny-reaper-test.$$
  if ! mkdir "$group" 2>/dev/null || ! echo 40000000 >"$group/$limit"; then
    group=/sys/fs/cgroup/tiny-reaper-test.$$ limit=memory.max
    echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || :
    mkdir "$group" 2>/dev/null && echo 40000000 >"$group/memory.max" || skip "needs a memory cgroup of its own"
  fi
  : >"$T/err"
  run --separate-stderr sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$TINY" -v -o "$T/report" perl -e '$x = q(x) x 3e8'
  first="$status $stderr"
  # A path as long as Kubernetes has them, and a container within one of its.
  local parent child
  parent=$group/$(printf %0180d 1) child=$(printf %0180d 2)
  mkdir -p "$parent/$child"
  run --separate-stderr sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$parent/$child" "$TINY" -v -o "$T/report" true
  # So little that the supervisor may be the victim, and the command with it: nobody has ended its own group.
  # (A group of its own: what was in the other one may still be charged to it, and then it takes no lower limit.)
  mkdir "$group.small"
  echo 786432 >"$group.small/$limit"
  for _ in 1 2 3 4; do
    sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group.small" "$TINY" -v -k 0.2 sh -c 'setsid sleep 99 & x=a; while :; do x=$x$x; done' 2>>"$T/err" || :
  done
  local folder
  for folder in "$parent/$child" "$parent" "$group" "$group.small"; do wait_for 20 rmdir "$folder"; done
  echo "$first"
  [[ $first == '137 '*'out of memory: the kernel killed a process of this cgroup'* && $first == *'was killed by SIGKILL: out of memory'* ]]
  cat "$T/err"
  grep -q 'out of memory' "$T/err"
  ! grep 'ended its own process group' "$T/err" || false
  jq -s -e '.[0].oom_killed == true and .[1].oom_killed == false' report
}

@test "oom_killed is null where it cannot be known" {
  run -0 "${UNSHARE[@]}" --mount sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$TINY" -o "$T/report" true
  jq -e 'has("oom_killed") and .oom_killed == null' report
}

# ---- -v is silent when nothing happened

@test "-v is silent about a run that went as planned: a status, signals that are handled, orphans that end, readers that end" {
  local guard
  for guard in -p -G; do
    run -0 --separate-stderr "$TINY" -v $guard true
    [[ -z $stderr ]]
    run -7 --separate-stderr "$TINY" -v $guard -t 1000 -k 20 -s INT,TERM sh -c 'exit 7'
    [[ -z $stderr ]]
    run -0 --separate-stderr "$TINY" -v $guard sh -c '(sh -c "exit 1" &); (setsid true &); sleep 0.3'
    [[ -z $stderr ]]
    run -0 --separate-stderr "$TINY" -v $guard sh -c 'trap : USR1; kill -USR1 $PPID; kill -CONT $$; true'
    [[ -z $stderr ]]
  done
  run -3 --separate-stderr "${PID1[@]}" "$TINY" -v sh -c '(sleep 0.1 &); sleep 0.3; exit 3'
  [[ -z $stderr ]]
}

@test "-vv says start and end, each forwarded signal, stop, continuation and orphan" {
  mkfifo go
  start "$TINY" -vv sh -c 'trap "echo got" USR1; (sh -c "exit 4" &); echo up; until read -r x <go; do :; done; exit 3'
  logged up
  kill -s USR1 "$P"
  wait_for 20 grep -q 'USR1' err
  logged got
  exec 8<>go
  echo >&8
  wait_for 20 gone "$P"
  exec 8>&-
  ends 3
  grep -q 'started' err
  grep -q 'exited with status 3' err
  grep -q 'orphan' err
}

# ---- promises that no test would miss

@test "-s TERM,KILL at the limit gives 137" {
  local guard
  for guard in -- -G; do
    run -137 "$TINY" -t 0.3 -k 0.3 -s TERM,KILL "$guard" "$H/siglog"
    [[ $output == *'siglog 15'* ]]
  done
  "$TINY" -o "$T/report" -t 0.3 -k 0.3 -s TERM,KILL "$H/siglog" >log || :
  jq -e '.outcome == "timed-out" and .status == 137 and .escalated' report
}

@test "a forwarded TERM escalates by -k with -w and with -c as well, and is no time limit" {
  local option
  for option in -w -c -G; do
    rm -f report
    : >log
    start "$TINY" $option -t 1000 -k 0.3 -o "$T/report" "$H/siglog" cmd
    logged 'cmd ready .*'
    kill -s TERM "$P"
    ends 137
    logged 'cmd 15'
    jq -e '.outcome == "signaled" and .signal == "KILL" and .escalated and .status == 137' report
  done
}

@test "a limit that passes while a forwarded TERM has its time does not matter any more" {
  # The TERM has to come before the limit, and KILL after it.
  asked_before() {
    : >log
    rm -f report
    start "$TINY" -t "$TIME" -k "$(awk "BEGIN { print 2 * $TIME }")" -o "$T/report" "$H/siglog" cmd
    logged 'cmd ready .*' && kill -s TERM "$P" && ends 137 && log_is 'cmd 15' &&
      jq -e '.outcome == "signaled" and .escalated' report
  }
  in_time asked_before
}

@test "whether a forwarded signal escalates is judged by what it was rewritten to" {
  start "$TINY" -k 0.3 -r USR1:TERM "$H/siglog" cmd
  logged 'cmd ready .*'
  kill -s USR1 "$P"
  ends 137
  log_is 'cmd 15'
  : >log
  start "$TINY" -k 0.3 -r TERM:USR1 "$H/siglog" cmd 12 5
  logged 'cmd ready .*'
  kill -s TERM "$P"
  logged 'cmd 10'
  # Time enough for what must not come.
  run -124 "$TINY" -t 1 sleep 100
  kill -s USR2 "$P"
  ends 5
  log_is 'cmd 10' 'cmd 12'
}

# The limit's alarm waits when a forwarded INT arms another one: it is not that one's.
@test "an alarm that comes late is not taken for another's" {
  start "$TINY" -G -t 0.7 -k 1000 "$H/siglog" cmd 12 5
  logged 'cmd ready .*'
  kill -s STOP "$P"
  wait_for 20 state_is "$P" T
  kill -s INT "$P"
  wait_for 20 waiting "$P" 2 14
  kill -s CONT "$P"
  logged 'cmd 2'
  run -124 "$TINY" -t 0.3 sleep 100
  kill -s USR2 "$P"
  logged 'cmd 12'
  ends 5 || ends 124
}

@test "a supervisor that is stopped is continued by the guard" {
  local inner i
  start "$TINY" "$H/siglog" cmd 15 5
  logged 'cmd ready .*'
  inner=$(first_child "$P")
  for i in 1 2 3; do
    kill -s STOP "$inner"
    kill -s USR1 "$P"
    logged 'cmd 10' "$i"
  done
  kill -s TERM "$P"
  ends 5
}

@test "a child from before the start is not in the table of what runs, nor in the report's" {
  local guard
  for guard in -p -G; do
    rm -f report
    run --separate-stderr bash -c 'sleep 1234 >/dev/null 2>&1 & echo $! >old; exec "$@"' bash "$TINY" -v $guard -e TERM -o "$T/report" -t 0.5 sleep 1000 3>&-
    kill -s KILL "$(cat old)"
    echo "$status $stderr"
    [[ $stderr == *'sleep 1000'* && $stderr != *'sleep 1234'* ]]
    jq -e '(.running | length) == 1 and (.left == [])' report
  done
}

@test "-w: what is forwarded does not reach a child from before the start" {
  start bash -c '"$1" job >>job & while ! grep -q ready job; do :; done; exec "$0" -w sh -c "setsid \"\$0\" left 15 >>log & until grep -q ready log; do sleep 0.01; done; echo first \$\$ >>log; exit 5" "$1"' "$TINY" "$H/siglog"
  logged 'first .*'
  reaped() { [[ ! -e /proc/$(sed -n 's/^first //p' log) ]]; }
  wait_for 20 reaped
  kill -s USR1 "$P"
  logged 'left 10'
  kill -s TERM "$P"
  ends 5
  run -1 grep -v ready job
  kill -s KILL "$(sed -n 's/^job ready \([0-9]*\) .*/\1/p' job)"
}

@test "-c: nothing is signalled by a number that was the command's" {
  ((EUID == 0)) || skip "needs root to choose a process id"
  run -0 "${PID1[@]}" python3 - "$TINY" "$H/siglog" "$T" <<'PYTHON'
import os, signal, subprocess, sys, time
tiny, siglog, folder = sys.argv[1:]
def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited in vain")
        time.sleep(0.005)
log = os.path.join(folder, "left")
script = 'setsid "$0" left 15 >"$1" & until grep -q ready "$1"; do sleep 0.01; done; echo $$; exit 5'
run = subprocess.Popen([tiny, "-c", "-w", "sh", "-c", script, siglog, log], stdout=subprocess.PIPE, text=True)
command = int(run.stdout.readline())
wait_for(lambda: not os.path.exists(f"/proc/{command}"))
with open("/proc/sys/kernel/ns_last_pid", "w") as last:
    last.write(str(command - 1))
stranger = subprocess.Popen([siglog, "stranger"], stdout=subprocess.PIPE, text=True, process_group=0)
assert stranger.pid == command, (stranger.pid, command)
stranger.stdout.readline()
run.send_signal(signal.SIGUSR1)
wait_for(lambda: "left 10" in open(log).read())
run.send_signal(signal.SIGTERM)
assert run.wait() == 5
stranger.send_signal(signal.SIGHUP)
assert stranger.stdout.readline() == "stranger 1\n"
stranger.kill()
PYTHON
}
