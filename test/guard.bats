# tiny-reaper itself is killed: kill -9 of the outer or the inner process, at any instant, leaves nothing; and the parent's death with -d.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # text for other shells; variables set by bats' run
load common
bats_require_minimum_version 1.5.0

setup() {
  T=$BATS_TEST_TMPDIR
  LOG=$T/log
  : >"$LOG"
}

teardown() {
  pkill -9 -f -- "$LOG" || :
}

# What the command has: a child in the background, one in another session, and a daemon that ignores TERM.
TREE=(child session '!daemon')

# Namespaces of our own, as root or as anybody.
UNSHARE=(unshare)
((EUID == 0)) || UNSHARE+=(--map-root-user)

# at_each_boundary UP_TO VICTIM CLOCK ARG...: kills VICTIM at each system-call boundary of CLOCK, up to its rest or its end. (How many these are is
# the machine's business.)
at_each_boundary() {
  local up_to=$1 victim=$2 clock=$3
  shift 3
  # In a PID namespace of its own: the number of boundaries must not depend on that of the machine's processes.
  run -0 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child "$H/kill-boundaries" "$victim" "$clock" "$TINY" "$@"
  echo "$output"
  echo "# ${lines[-1]}" >&3
  [[ ${lines[-1]} =~ \ up\ to\ its\ $up_to:\ [1-9][0-9]*\ boundaries,\ [0-9]+\ runs,\ 0\ left,\ 0\ zombies,\ 0\ hung$ ]]
}

@test "kill -9 of the outer process at each system-call boundary, up to idle, leaves nothing" {
  at_each_boundary rest outer outer "$H/leftovers" -w "${TREE[@]}"
  at_each_boundary rest outer inner "$H/leftovers" -w "${TREE[@]}"
  at_each_boundary end outer command "$H/leftovers" -w "${TREE[@]}"
}

@test "kill -9 of the inner process at each system-call boundary, up to idle, leaves nothing" {
  at_each_boundary rest inner inner "$H/leftovers" -w "${TREE[@]}"
  at_each_boundary rest inner outer "$H/leftovers" -w "${TREE[@]}"
  at_each_boundary end inner command "$H/leftovers" -w "${TREE[@]}"
}

@test "kill -9 at each system-call boundary of a run that ends by itself, up to the last, leaves nothing" {
  for victim in outer inner; do
    for clock in outer inner; do
      at_each_boundary end "$victim" "$clock" -k 1ms "$H/leftovers" "${TREE[@]}"
    done
  done
}

@test "kill -9 of the outer process within the first 3 ms, 500 times, leaves nothing" {
  run -0 "$H/aftermath" -n 500 -k outer "$TINY" "$H/leftovers" -w "${TREE[@]}"
  [[ $output == '500 runs, 500 killed 9, 0 left, 0 zombies' ]]
}

@test "kill -9 of the inner process within the first 3 ms, 500 times, leaves nothing" {
  run -0 "$H/aftermath" -n 500 -k inner "$TINY" "$H/leftovers" -w "${TREE[@]}"
  [[ $output == '500 runs, 500 killed 9, 0 left, 0 zombies' ]]
}

@test "when either is killed everything is ended by KILL, at once and without TERM" {
  for victim in outer inner; do
    run -0 "$H/aftermath" -r -k "$victim" "$TINY" -k 20 "$H/leftovers" -w -o "$LOG" child group session daemon stopped
    [[ $output == 'killed 9, 0 left, 0 zombies' && ! -s $LOG ]]
    run -0 "$H/aftermath" -r -k "$victim" "$TINY" "$H/leftovers" -w nested:50 '!many:100' '!stopped'
    [[ $output == 'killed 9, 0 left, 0 zombies' ]]
    run -0 "$H/aftermath" -r -k "$victim" "$TINY" "$H/leftovers" -w bomb:2000
    [[ $output == 'killed 9, 0 left, 0 zombies' ]]
  done
}

@test "when either is killed while -w waits, or while leftovers have their grace, nothing is left" {
  for victim in outer inner; do
    run -0 "$H/aftermath" -n 20 -r -k "$victim" "$TINY" -w "$H/leftovers" "${TREE[@]}"
    [[ $output == '20 runs, 20 killed 9, 0 left, 0 zombies' ]]
    run -0 "$H/aftermath" -n 20 -r -k "$victim" "$TINY" -k 20 "$H/leftovers" '!session' '!daemon' '!child'
    [[ $output == '20 runs, 20 killed 9, 0 left, 0 zombies' ]]
  done
}

@test "the report says killed, 137, whichever was killed" {
  for victim in outer inner; do
    run -0 "$H/aftermath" -r -k "$victim" "$TINY" --report="$T/$victim" "$H/leftovers" -w "${TREE[@]}"
    [[ $output == 'killed 9, 0 left, 0 zombies' && $(wc -l <"$T/$victim") == 1 ]]
    jq -e '.outcome == "killed" and .status == 137' "$T/$victim"
  done
}

@test "children from before the start are spared when the inner process is killed" {
  run -0 "$H/aftermath" -r -k inner sh -c 'sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; exec "$@"' sh "$TINY" "$H/leftovers" -w "${TREE[@]}"
  [[ $output == 'killed 9, 1 left (sleep), 0 zombies' ]]
}

@test "a tiny-reaper that is stopped, and then killed, leaves nothing" {
  "$TINY" "$H/leftovers" -w -o "$LOG" "${TREE[@]}" stopped 3>&- &
  pid=$!
  wait_for 20 pgrep -f -- "leftovers .*$LOG"
  kill -s STOP -- "$pid"
  wait_for 20 grep -q '^State:.T' "/proc/$pid/status"
  kill -s KILL -- "$pid"
  wait_for 20 eval '! pgrep -f -- "$LOG"'
}

@test "tiny-reaper under tiny-reaper under tiny-reaper: whichever is killed, nothing is left" {
  for victim in outer inner; do
    run -0 "$H/aftermath" -n 20 -r -k "$victim" "$TINY" "$TINY" "$TINY" "$H/leftovers" -w "${TREE[@]}"
    [[ $output == '20 runs, 20 killed 9, 0 left, 0 zombies' ]]
  done
  run -0 "$H/aftermath" "$TINY" "$TINY" -k 0.1 "$TINY" -l "$H/leftovers" -x 3 "${TREE[@]}"
  [[ $output == 'exited 3, 0 left, 0 zombies' ]]
}

@test "both killed at once: the command itself dies" {
  run -0 "$H/aftermath" -n 200 -r -k both "$TINY" "$H/leftovers" -w "${TREE[@]}"
  echo "# both killed at once, of 3 that the command had started each time: ${lines[-1]}" >&3
  [[ $output != *'left leftovers'* && $output != *' leftovers'* && ${lines[-1]} == '200 runs, 200 killed 9, '* ]]
}

@test "both killed at each system-call boundary of the command's start: it never gets away" {
  for clock in inner command; do
    run -0 "$H/kill-boundaries" both "$clock" "$TINY" "$H/leftovers" -w
    echo "$output"
    [[ ${lines[-1]} =~ :\ [1-9][0-9]*\ boundaries,\ [0-9]+\ runs,\ 0\ left,\ [0-9]+\ zombies,\ 0\ hung$ ]]
  done
}

@test "a STOP to the command's group as the supervisor leaves it, in a job without a number, holds nothing up" {
  # The helper that it needs for that is held in its setpgid, and stopped; 3: it was not seen in that time.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    run timeout -s KILL 100 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child bash -c '
    strace -f -qqq -o /dev/null -e trace=setpgid -e inject=setpgid:delay_enter=300000 "$0" -t 0.5 -s KILL sleep 1000 & run=$!
    child_of() { read -r list <"/proc/$1/task/$1/children"; for pid in $list; do [[ $(cat "/proc/$pid/comm") == "$2" ]] && return; done; false; }
    until child_of $run tiny-reaper; do :; done; outer=$pid
    until child_of $outer tiny-supervisor; do :; done; inner=$pid
    until child_of $inner tiny-supervisor; do [[ -e /proc/$inner ]] || exit 3; done
    kill -s STOP -- -$inner
    wait $run
    [[ $? == 137 && ! -e /proc/$pid ]]' "$TINY"
    [[ $status == 3 ]] || break
  done
  echo "$output"
  [[ $status == 0 ]]
}

@test "killall -9 tiny-reaper and pkill -9 tiny-reaper leave nothing" {
  for killer in 'killall -9' 'pkill -9' 'pkill -9 -x'; do
    run -0 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child sh -c '
      "$1/aftermath" "$2" "$1/leftovers" -w -o "$3" child session "!daemon" &
      until [ "$(pgrep -fc "^[^ ]*/leftovers")" -ge 4 ]; do sleep 0.01; done
      '"$killer"' tiny-reaper
      wait $!' sh "$H" "$TINY" "$LOG"
    echo "$killer: $output"
    [[ $output == 'killed 9, 0 left, 0 zombies' ]]
  done
}

@test "the inner process goes by another name" {
  "$TINY" sh -c 'cat /proc/$PPID/comm >"$0"; cat "/proc/$(sed "s/.*) . \([0-9]*\) .*/\1/" /proc/$PPID/stat)/comm" >>"$0"' "$LOG"
  [[ $(cat "$LOG") == $'tiny-supervisor\ntiny-reaper' ]]
}

@test "-G: one process, which ends what is left as well; killed with -9, the command dies with it" {
  "$TINY" --no-guard sh -c 'echo $PPID >"$0"' "$LOG" &
  wait "$!"
  [[ $(cat "$LOG") == "$!" ]]
  run -0 "$H/aftermath" "$TINY" -G -k 0.1 "$H/leftovers" -x 3 "${TREE[@]}"
  [[ $output == 'exited 3, 0 left, 0 zombies' ]]
  run -0 "$H/aftermath" -n 50 -r -k both "$TINY" -G "$H/leftovers" -w "${TREE[@]}"
  [[ $output != *'left leftovers'* && ${lines[-1]} == '50 runs, 50 killed 9, '* ]]
  run -0 "$TINY" --help
  [[ $output == *'--no-guard '*'kill -9'* ]]
}

# until_ready: shell text that waits until the command with this log has its leftovers in place.
until_ready='until grep -q ready "$LOG.ready" 2>/dev/null; do sleep 0.01; done'

# with_parent SCRIPT ARG...: runs a shell script as tiny-reaper's parent; "$@" in it is tiny-reaper and what it runs. Nothing may be left.
with_parent() {
  local script=$1
  shift
  rm -f "$LOG.ready"
  export LOG
  run -0 "$H/aftermath" sh -c "$script" sh "$TINY" "$@" sh -c '"$0" -o "$1" child session "!daemon" && echo ready >"$1.ready"; sleep 1000' "$H/leftovers" "$LOG"
  echo "$output"
}

@test "-d: everything is ended when the parent ends, with TERM, then KILL" {
  each_is_told() {
    : >"$LOG"
    with_parent '"$@" & '"$until_ready" ${guard:+"$guard"} --die-with-parent -k "$TIME" -o "$T/report$guard" && [[ $output == 'exited 0, 0 left, '* ]] &&
      [[ $(grep -cx 'session TERM' "$LOG") == 1 && $(grep -cx 'child TERM' "$LOG") == 1 && $(grep -cx 'daemon TERM' "$LOG") == 1 ]]
  }
  for guard in '' -G; do
    in_time each_is_told
    tail -n 1 "$T/report$guard" |
      jq -e '.outcome == "parent-died"'
  done
}

@test "-d: everything is ended when the parent is killed" {
  with_parent '"$@" & '"$until_ready"'; kill -9 $$' -d -k 0.2
  [[ $output == 'killed 9, 0 left, '* ]]
}

@test "-d: the parent is killed at each system-call boundary of the start: everything is ended" {
  for clock in outer inner command; do
    at_each_boundary "$([[ $clock == command ]] && echo end || echo rest)" parent "$clock" -d -k 5ms "$H/leftovers" -w "${TREE[@]}"
  done
}

@test "-d: a thread of the parent that ends, ends nothing" {
  run -0 python3 - "$TINY" "$H/siglog" <<'PYTHON'
import os, signal, subprocess, sys, threading
tiny, siglog = sys.argv[1:]
child = []
def start():
    child.append(subprocess.Popen([tiny, "-d", siglog, "it"], stdout=subprocess.PIPE, text=True))
    child[0].stdout.readline()
thread = threading.Thread(target=start)
thread.start()
thread.join()
# Its task is gone as well, not only Python's idea of it, and so the signal was sent.
while len(os.listdir("/proc/self/task")) > 1:
    pass
tiny = child[0]
# Of all pending signals the lower number is taken first: when WINCH (28) arrives, the CHLD (17) of the thread's death has been looked at.
tiny.send_signal(signal.SIGWINCH)
assert tiny.stdout.readline() == "it 28\n"
tiny.send_signal(signal.SIGWINCH)
assert tiny.stdout.readline() == "it 28\n"
assert tiny.poll() is None
tiny.kill()
tiny.wait()
PYTHON
}

@test "-d: a parent that is gone already counts" {
  # `run` waits for the last one that holds standard output.
  run -0 python3 - "$TINY" <<'PYTHON'
import os, sys, time
os.setsid()
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.005)
    os.execv(sys.argv[1], [sys.argv[1], "-d", "-k", "0.1", "sh", "-c", "sleep 20; echo survived"])
PYTHON
  echo "$output"
  [[ $output != *survived* ]]
}
