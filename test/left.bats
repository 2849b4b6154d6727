# Nothing is left: what the command leaves behind is ended, wherever it hides.
# `aftermath` (test/helper) says how tiny-reaper ended and what lives at that instant; `leftovers` is the command that leaves things behind.
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

# left_of ARG...: runs tiny-reaper with these arguments, and $output says what was left of it.
left_of() {
  run -0 --separate-stderr "$H/aftermath" "$TINY" "$@"
  echo "tiny-reaper $*: $output ${stderr:-}"
}

# told KIND SIG: how often a leftover of this kind got the signal.
told() { grep -cx "$1 $2" "$LOG" || :; }

# each_told KIND...: each of these got TERM once, and could write so before its KILL.
each_told() {
  local kind
  for kind; do [[ $(told "$kind" TERM) == 1 ]] || return; done
}

# ended_with STATUS PID: our child PID ends, with STATUS.
ended_with() {
  local status=0
  wait "$2" || status=$?
  echo "status $status"
  ((status == $1))
}

KINDS=(child group session daemon stopped)

# Namespaces of our own, as root or as anybody.
UNSHARE=(unshare)
((EUID == 0)) || UNSHARE+=(--map-root-user)

@test "a leftover is gone when tiny-reaper is: in the group, in another, in another session, forked twice, stopped" {
  for kind in "${KINDS[@]}"; do
    left_of -k 20 "$H/leftovers" -x 7 "$kind"
    [[ $output == 'exited 7, 0 left, 0 zombies' ]]
  done
}

@test "a leftover that ignores TERM is killed, wherever it is" {
  for kind in "${KINDS[@]}"; do
    left_of --kill-after=100ms "$H/leftovers" -x 7 "!$kind"
    [[ $output == 'exited 7, 0 left, 0 zombies' ]]
  done
  left_of -G -k 0.1 "$H/leftovers" -x 7 "${KINDS[@]/#/!}" "${KINDS[@]}"
  [[ $output == 'exited 7, 0 left, 0 zombies' ]]
}

@test "the command's death by a signal is not lost by the cleanup" {
  left_of -k 0.1 sh -c '"$0" session "!daemon"; kill -USR1 $$' "$H/leftovers"
  [[ $output == 'killed 10, 0 left, 0 zombies' ]]
}

@test "each leftover gets TERM once, a stopped one is continued for it, and nothing is killed that ends by that" {
  left_of -k 20 -o "$T/report" "$H/leftovers" -o "$LOG" "${KINDS[@]}"
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
  for kind in "${KINDS[@]}"; do [[ $(told "$kind" TERM) == 1 ]]; done
  jq -e '.escalated == false and .ended == 5 and .reaped >= 5' "$T/report"
}

@test "TERM comes before KILL, and only once" {
  terms() { : >"$LOG" && left_of -k "$TIME" "$H/leftovers" -o "$LOG" "${KINDS[@]/#/!}" && each_told "${KINDS[@]}"; }
  in_time terms
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
  for kind in "${KINDS[@]}"; do [[ $(told "$kind" CONT) == 1 ]]; done
  left_of -k 0.3 -o "$T/report" "$H/leftovers" "${KINDS[@]/#/!}"
  jq -e '.escalated and .ended == 5' "$T/report"
}

@test "what has got TERM with the command's group is not told again when the command has ended" {
  group_is_told() {
    : >"$LOG" && rm -f "$LOG.ready"
    "$TINY" -k "$TIME" sh -c '"$0" -o "$1" "!child" "!session" && echo ready >"$1.ready"; sleep 1000' "$H/leftovers" "$LOG" 3>&- &
    pid=$!
    wait_for 20 grep ready "$LOG.ready"
    sleep 0.1 # who is younger than a clock tick or two counts as a newcomer, since it may have been forked after the TERM
    kill -s TERM -- "$pid"
    ended_with 143 "$pid" && each_told child session
  }
  in_time group_is_told
}

@test "what was forked into the command's group after its TERM, is told by itself" {
  newcomer_is_told() {
    : >"$LOG" && rm -f "$LOG.ready"
    "$TINY" -k "$TIME" sh -c 'trap : TERM; sleep 1000 & echo ready >"$1.ready"; wait; "$0" -o "$1" "!child"; exit 3' "$H/leftovers" "$LOG" 3>&- &
    pid=$!
    wait_for 20 grep ready "$LOG.ready"
    kill -s TERM -- "$pid"
    ended_with 3 "$pid" && each_told child
  }
  in_time newcomer_is_told
}

@test "a newcomer gets TERM too, when it becomes tiny-reaper's child" {
  left_of -k 60 "$H/leftovers" -o "$LOG" heir
  [[ $output == 'exited 0, 0 left, 0 zombies' && $(told newcomer TERM) == 1 ]]
}

@test "a newcomer gets TERM while others ignore theirs" {
  terms() {
    : >"$LOG" && left_of -k "$TIME" "$H/leftovers" -o "$LOG" '!session' '!daemon' '!group' '!child' heir &&
      each_told newcomer session daemon group child
  }
  in_time terms
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
}

# takes_its_time ARG...: a leftover that is busy after its TERM gets to its end.
takes_its_time() {
  : >"$LOG" && rm -f "$LOG.go"
  "$TINY" "$@" "$H/leftovers" -x 3 -o "$LOG" slow 3>&- &
  pid=$!
  wait_for 20 grep -x 'slow TERM' "$LOG"
  touch "$LOG.go"
  ended_with 3 "$pid" && [[ $(told slow 'done') == 1 ]]
}

@test "a leftover has the time of -k after its TERM" {
  takes_its_time -k 20
}

@test "a leftover has five seconds without -k" {
  in_time takes_its_time # -k is not TIME here; who is late has another chance
  left_of -o "$T/report" "$H/leftovers" '!session'
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
  jq -e '.wall_s >= 5 ' "$T/report"
}

@test "-k 0 gives it all the time it needs" {
  takes_its_time -k 0
}

@test "a very short -k leaves nothing behind either" {
  for _ in 1 2 3 4 5; do
    left_of -k 1ms "$H/leftovers" '!many:300' '!session'
    [[ $output == 'exited 0, 0 left, 0 zombies' && -z ${stderr:-} ]]
  done
}

@test "at the limit everything is ended, wherever it is: 124, and 137 if it took KILL" {
  left_of -t 0.3 -k 20 "$H/leftovers" -w "${KINDS[@]}"
  [[ $output == 'exited 124, 0 left, 0 zombies' ]]
  run -0 "$H/aftermath" "$H/with" -i 15 "$TINY" -t 0.3 -k 0.1 sh -c '"$0" "$@" & wait; wait' "$H/leftovers" -w "${KINDS[@]/#/!}" nested:5
  [[ $output == 'exited 137, 0 left, 0 zombies' ]]
}

@test "-w waits for what the command left behind, and signals nothing" {
  mkfifo "$T/fifo"
  "$TINY" --wait -vv sh -c '"$0" -o "$1" child session & setsid sh -c "read -r x; echo done >>$1" <"$2" & wait $!; exit 3' "$H/leftovers" "$LOG" "$T/fifo" 2>"$T/err" 3>&- &
  pid=$!
  exec 7>"$T/fifo"
  run ! grep -q 'exited with status 3' "$T/err"
  echo >&7
  exec 7>&-
  wait_for 20 grep 'exited with status 3' "$T/err"
  [[ $(cat "$LOG") == 'done' ]]
  run ! gone "$pid"
  pkill -f -- "leftovers .*$LOG"
  ended_with 3 "$pid"
}

@test "-w: a signal is forwarded to what the command left behind, once, and continues nobody" {
  "$TINY" -w -vv "$H/leftovers" -x 3 -o "$LOG" child session stopped 2>"$T/err" 3>&- &
  pid=$!
  wait_for 20 grep 'exited with status 3' "$T/err"
  kill -s 40 -- "$pid"
  wait_for 20 grep -x 'session 40' "$LOG"
  wait_for 20 grep -x 'child 40' "$LOG"       # before TERM, which a process takes first and ends by
  kill -s TERM -- "$pid"
  wait_for 20 grep -x 'session TERM' "$LOG"
  wait_for 20 grep -x 'child TERM' "$LOG"
  [[ $(told child 40) == 1 && $(told session 40) == 1 ]] # it would be queued twice
  run ! gone "$pid"
  [[ $(told stopped TERM) == 0 && $(told stopped CONT) == 0 ]]
  pkill -CONT -f -- "leftovers .*$LOG"
  ended_with 3 "$pid"
  [[ $(told child TERM) == 1 && $(told session TERM) == 1 && $(told stopped TERM) == 1 ]]
}

@test "-w: the limit holds for what the command left behind" {
  terms() { : >"$LOG" && left_of -w -t "$TIME" -k 20 "$H/leftovers" -x 3 -o "$LOG" "${KINDS[@]}" && each_told "${KINDS[@]}"; }
  in_time terms
  [[ $output == 'exited 124, 0 left, 0 zombies' ]]
}

@test "-l leaves alone what the command left behind" {
  left_of --leave "$H/leftovers" -x 3 -o "$LOG" child session '!daemon'
  [[ $output == 'exited 3, 3 left ('*'), 0 zombies' && ! -s $LOG ]]
}

@test "a fork chain is caught" {
  for _ in 1 2 3; do
    left_of -k 0.1 "$H/leftovers" -o "$LOG" chain:300000
    [[ $output == 'exited 0, 0 left, 0 zombies' && $(told chain 'ran out') == 0 ]]
  done
}

@test "a fork bomb is caught while it grows" {
  for guard in '' -G; do
    left_of ${guard:+"$guard"} -k 0.01 "$H/leftovers" bomb:3000
    [[ $output == 'exited 0, 0 left, 0 zombies' ]]
    left_of ${guard:+"$guard"} -t 0.01 -s KILL "$H/leftovers" -w bomb:3000
    [[ $output == 'exited 137, 0 left, 0 zombies' ]]
  done
}

@test "200 nested processes that ignore TERM, each in a group of its own" {
  left_of -k 0.1 "$H/leftovers" nested:200
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
}

@test "4,000 leftovers, no zombie among them" {
  left_of -k 20 "$H/leftovers" many:4000
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
  left_of -k 0.1 "$H/leftovers" '!many:4000'
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
}

@test "what cannot be killed is named, and not waited for for ever; the rest is ended" {
  ((EUID == 0)) || skip "needs root to make a process that another user cannot kill"
  dir=$(mktemp -d)
  cp "$TINY" "$dir/tiny-reaper"
  cp "$H/leftovers" "$H/untouchable" "$dir"
  chmod 755 "$dir" "$dir"/*
  chmod u+s "$dir/untouchable"
  PATH=$dir:$PATH run -0 --separate-stderr "$H/aftermath" setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/tiny-reaper" -k 0.2 sh -c 'untouchable >&-; exec leftovers -x 3 nested:6 "!session"'
  rm -r "$dir"
  echo "$output $stderr"
  [[ $output == 'exited 3, 1 left (untouchable), 0 zombies' ]]
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*'untouchable'* ]]
}

# spares ARG...: tiny-reaper, with a child from before the start, leaves that alone; $output is as of left_of.
spares() {
  run -0 --separate-stderr "$H/aftermath" sh -c 'sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; exec "$@"' sh "$TINY" "$@"
  echo "tiny-reaper $*: $output ${stderr:-}"
}

@test "children from before the start are neither signalled nor waited for" {
  at_limit() { spares ${guard:+"$guard"} -k "$TIME" -t "$TIME" "$H/leftovers" -w '!session' group; [[ $output == 'exited 124, '* ]]; }
  for guard in '' -G; do
    spares ${guard:+"$guard"} -k 0.1 "$H/leftovers" -x 5 '!session' group nested:3
    [[ $output == 'exited 5, 1 left (sleep), 0 zombies' ]]
    in_time at_limit
    [[ $output == 'exited 124, 1 left (sleep), 0 zombies' ]]
    spares ${guard:+"$guard"} -k 0.1 "$H/leftovers" many:300 '!many:100' nested:20
    [[ $output == 'exited 0, 1 left (sleep), 0 zombies' ]]
    spares ${guard:+"$guard"} -w sh -c 'sleep 0.1 & exit 5'
    [[ $output == 'exited 5, 1 left (sleep), 0 zombies' ]]
    spares ${guard:+"$guard"} true
    [[ $output == 'exited 0, 1 left (sleep), 0 zombies' ]]
  done
}

@test "children from before the start are reaped, and their status is nobody's" {
  for guard in '' -G; do
    run -0 --separate-stderr "$H/aftermath" sh -c 'sh -c "exit 9" & old=$!; exec "$@" $old' sh "$TINY" ${guard:+"$guard"} sh -c '
      for i in $(seq 10000); do [ -e /proc/$1 ] || exit 4; sleep 0.01; done' sh
    [[ $output == 'exited 4, 0 left, 0 zombies' && -z ${stderr:-} ]]
  done
}

@test "a child from before the start is spared as PID 1 too" {
  run -0 "$H/aftermath" strace -f -e trace=kill -o "$T/trace" "${UNSHARE[@]}" --pid --fork --mount-proc \
    sh -c '"$0" before >"$1" & until grep -q ready "$1"; do sleep 0.01; done; shift; exec "$@"' \
    "$H/siglog" "$LOG" "$TINY" -k 0.1 "$H/leftovers" -x 5 '!session' child
  [[ $output == 'exited 5, 0 left, 0 zombies' && $(wc -l <"$LOG") == 1 ]]
  # The end of the namespace kills it all the same: so what counts is that it was not tiny-reaper.
  grep -q 'kill([0-9]*, SIGKILL)' "$T/trace"
  run -1 grep 'kill(-1,' "$T/trace"
}

@test "as PID 1: TERM once, then KILL, then the command's status" {
  terms() {
    : >"$LOG" && rm -f "$T/report"
    run -0 "$H/aftermath" "${UNSHARE[@]}" --pid --fork --mount-proc "$TINY" -k "$TIME" -o "$T/report" "$H/leftovers" -x 3 -o "$LOG" "${KINDS[@]}" '!session'
    each_told child group daemon stopped && [[ $(told session TERM) == 2 ]]
  }
  in_time terms
  [[ $output == 'exited 3, 0 left, 0 zombies' ]]
  jq -e '.escalated and .ended == 6 and .status == 3' "$T/report"
}

@test "as PID 1 without a /proc of its own everything is ended as well" {
  terms() {
    : >"$LOG" && rm -f "$T/report"
    run -0 --separate-stderr "$H/aftermath" "${UNSHARE[@]}" --pid --fork "$TINY" -k "$TIME" -o "$T/report" "$H/leftovers" -x 3 -o "$LOG" "${KINDS[@]}" '!session' nested:3
    [[ $(told session TERM) == 2 ]]
  }
  in_time terms
  [[ $output == 'exited 3, 0 left, 0 zombies' && -z ${stderr:-} ]]
  jq -e '.escalated and .ended == 9' "$T/report"
}

# without_proc ARG...: tiny-reaper where /proc is empty; $output is as of left_of.
without_proc() {
  run -0 --separate-stderr "$H/aftermath" "${UNSHARE[@]}" --mount sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$TINY" "$@"
  echo "tiny-reaper $*: $output ${stderr:-}"
}

@test "without /proc the group is ended, nothing hangs, and -v says so" {
  without_proc -v -k 0.1 "$H/leftovers" -x 3 child '!child' stopped
  [[ $output == 'exited 3, 0 left, 0 zombies' && $stderr == *'no /proc'* ]]
  without_proc -k 0.1 "$H/leftovers" -x 3 child '!child' stopped
  [[ $output == 'exited 3, 0 left, 0 zombies' && -z ${stderr:-} ]]
  without_proc -v -k 0.1 "$H/leftovers" -x 3 '!session' child
  [[ $output == 'exited 3, 1 left (left-session), 0 zombies' && $stderr == *'no /proc'* ]]
  at_limit() { without_proc -v -t "$TIME" -k "$TIME" "$H/leftovers" -w '!child' session; [[ $output == 'exited 124, 1 left '* ]]; }
  in_time at_limit
  [[ $output == 'exited 124, 1 left (left-session), 0 zombies' ]]
  # What could not be found is said without -v, too.
  without_proc -k 0 "$H/leftovers" -x 3 child session
  [[ $output == 'exited 3, 1 left (left-session), 0 zombies' && $stderr == 'tiny-reaper: no /proc: what '*' left outside its group cannot be found: left behind' ]]
  without_proc true
  [[ $output == 'exited 0, 0 left, 0 zombies' && -z ${stderr:-} ]]
}

@test "with a /proc of another PID namespace nobody else is signalled, and nothing hangs" {
  run -0 --separate-stderr "$H/aftermath" "${UNSHARE[@]}" --pid --fork sh -c '"$@"; exit $?' sh "$TINY" -v -k 0.1 "$H/leftovers" -x 3 child '!child' '!session'
  [[ $output == 'exited 3, 0 left, 0 zombies' && $stderr == *'no /proc'* ]]
}

@test "no signal goes to a recycled group id" {
  run -0 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child python3 - "$TINY" "$H/leftovers" "$H/siglog" "$LOG" <<'PYTHON'
import os, signal, subprocess, sys, time
tiny, leftovers, siglog, log = sys.argv[1:]

def wait_for(condition):
    deadline = time.monotonic() + 100
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited in vain")
        time.sleep(0.005)

run = subprocess.Popen([tiny, "-w", "-vv", "-t", "1000", "-k", "0.2", leftovers, "-x", "3", "-o", log, "!session"], stderr=subprocess.PIPE, text=True)
command = int(run.stderr.readline().split("(pid ")[1].split(",")[0])
for line in run.stderr:
    if "exited with status 3" in line:
        break
# The command is reaped, and nothing of its group is left: its number is free, and goes to a process that is not tiny-reaper's.
wait_for(lambda: not os.path.exists(f"/proc/{command}"))
with open("/proc/sys/kernel/ns_last_pid", "w") as last:
    last.write(str(command - 1))
stranger = subprocess.Popen([siglog, "stranger"], stdout=subprocess.PIPE, text=True, process_group=0)
assert stranger.pid == command, (stranger.pid, command)
stranger.stdout.readline()
run.send_signal(signal.SIGUSR1)
wait_for(lambda: "session USR1" in open(log).read())
# By TERM of ours, and by KILL at the end, when the inner process has been killed: all ways of signalling the group.
inner = int(open(f"/proc/{run.pid}/task/{run.pid}/children").read().split()[0])
os.kill(inner, signal.SIGKILL)
assert run.wait() == -signal.SIGKILL
assert stranger.poll() is None
stranger.send_signal(signal.SIGTERM)
assert stranger.stdout.readline().split()[1] == "15"
stranger.kill()
PYTHON
}
