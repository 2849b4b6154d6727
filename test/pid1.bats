# As PID 1 of a namespace of its own, which is what a container's entrypoint is.
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154,SC2317
# (text for other shells; each test is a subshell; options that are words; bats' variables; functions that wait_for calls)
load common
bats_require_minimum_version 1.5.0

setup() {
  own_folder || return
  NEW=(unshare --pid --fork --mount-proc --kill-child)
  ((EUID == 0)) || NEW=(unshare --user --map-root-user --pid --fork --mount-proc --kill-child)
  "${NEW[@]}" true 2>/dev/null || skip "no namespaces for this user here"
}

teardown() {
  end_started
}

# start ARG...: tiny-reaper ARG... as PID 1, in the background, writing to the file log. U is unshare, P is PID 1 seen from outside.
start() {
  "${NEW[@]}" "$TINY" "$@" >>log 3>&- &
  U=$!
  started+=("$U")
  has_child() { P=$(cat "/proc/$U/task/$U/children") && P=${P%% *} && [[ $P ]]; }
  wait_for 20 has_child
}

@test "the exit status is the command's, and 128+N where it died by signal N" {
  local signal
  run -0 "${NEW[@]}" "$TINY" true
  run -42 "${NEW[@]}" "$TINY" sh -c 'exit 42'
  for signal in 1 2 6 9 11 15 34 64; do
    run "-$((128 + signal))" "${NEW[@]}" "$TINY" "$H/die" "$signal"
    run "-$((128 + signal))" "${NEW[@]}" "$TINY" --no-guard "$H/die" "$signal"
  done
}

@test "126, 127, 125, and success statuses" {
  run -126 --separate-stderr "${NEW[@]}" "$TINY" /tmp
  run -127 --separate-stderr "${NEW[@]}" "$TINY" no-such-command
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*no-such-command* ]]
  run -125 --separate-stderr "${NEW[@]}" "$TINY" -t x true
  run -0 "${NEW[@]}" "$TINY" -e 143 "$H/die" 15
  run -0 "${NEW[@]}" "$TINY" --success-status=TERM "$H/die" 15
}

@test "it is one process, and joins no group with its child" {
  local options
  for options in '' -G; do
    run -0 "${NEW[@]}" "$TINY" $options sh -c 'echo $PPID; cd /proc; echo [0-9]*; for p in 1 $$; do read -r s <$p/stat; set -- ${s##*) }; echo $3; done'
    echo "$output"
    # The parent is 1; there are 1 and the command; the groups differ, and the command leads its own.
    [[ ${lines[0]} == 1 && ${lines[1]} =~ ^1\ [0-9]+$ && ${lines[2]} != "${lines[3]}" && ${lines[3]} == "${lines[1]#1 }" ]]
  done
}

@test "each signal from outside the namespace reaches the command and its group exactly once" {
  local signal expected=()
  start -t 100 sh -c '"$0" mate & exec "$0" cmd' "$H/siglog"
  logged 'mate ready .*'
  logged 'cmd ready .*'
  for signal in $(seq 1 64 | grep -vx -e 9 -e "$(kill -l STOP)"); do
    "$H/send" kill "$P" "$signal"
    logged "cmd $signal"
    logged "mate $signal"
    expected+=("cmd $signal" "mate $signal")
  done
  "$H/send" kill "$P" 64
  logged 'cmd 64' 2
  logged 'mate 64' 2
  log_is "${expected[@]}" 'cmd 64' 'mate 64'
}

@test "who sends from outside the namespace has no number here, and -vv and the report say so" {
  start -vv -o report sh -c 'trap "exit 4" USR1; echo ready; while :; do sleep 1; done' 2>err
  logged ready
  kill -s USR1 "$P"
  U=$U ends 4
  grep -q '^tiny-reaper: USR1 from pid 0 (of another PID namespace) forwarded$' err
  [ "$(jq -c '.senders | map([.signal, .pid, .command])' report)" = '[["USR1",null,null]]' ]
}

@test "a signal that a process of the namespace sends to PID 1 is forwarded, ALRM, CHLD and faults included" {
  local how
  for how in kill queue thread; do
    : >log
    start -t 100 sh -c 'setsid sh -c "until grep -q ready log; do sleep 0.01; done; \"\$0\" $2 1 14 17 11 40 64" "$1" & exec "$0" cmd 15 6' "$H/siglog" "$H/send" "$how"
    for signal in 14 17 11 40 64; do
      logged "cmd $signal"
    done
    kill -s TERM "$P"
    ends 6
    # The end of the sender is a CHLD of its own, for it is the command's child.
    diff <(grep -v -e ready -e 'cmd 17' log | sort) <(printf 'cmd %s\n' 14 11 40 64 15 | sort)
  done
}

@test "from the moment that its signals are blocked, a TERM is never lost, 50 times" {
  for _ in {1..50}; do
    start sleep 1000
    # Before that the kernel itself spares a PID 1 without a handler. In its wait the mask does not show, but it has a child.
    blocked() { grep -qx tiny-reaper "/proc/$P/comm" && { grep -q . "/proc/$P/task/$P/children" || grep -q '^SigBlk:.*[4-7c-f]...$' "/proc/$P/status"; }; }
    wait_for 20 blocked
    kill -s TERM "$P"
    ends 143
  done
}

@test "the time limit: 124, 137, and 128+9 under --preserve-status" {
  run -124 "${NEW[@]}" "$TINY" -t 0.1 sleep 100
  run -137 "$H/with" -b 15 "${NEW[@]}" "$TINY" -t 0.1 -k 0.1 sleep 100
  run -137 "$H/with" -b 15 "${NEW[@]}" "$TINY" -p -t 0.1 -k 0.1 sleep 100
  run -143 "${NEW[@]}" "$TINY" --preserve-status --timeout=0.1 sleep 100
  run -124 "${NEW[@]}" "$TINY" -t 0.2 sh -c 'kill -STOP $$; exec sleep 100'
}

@test "a TERM that was ignored on entry is so for the command from the first instant: the time limit needs KILL" {
  run -137 "$H/with" -i 15 "${NEW[@]}" "$TINY" -t 0.1 -k 0.1 sleep 100
  run -137 "$H/with" -i 15 "${NEW[@]}" "$TINY" -p -t 0.1 -k 0.1 sleep 100
}

@test "a command that stops is not left stopped, for nobody could continue it; one that is stopped by STOP is" {
  local signal
  # ends_in_job STATUS TEXT: in a job of its own, so that wait ends, too, where that job is stopped.
  ends_in_job() {
    set -m
    "${NEW[@]}" "$TINY" sh -c "$2" >>log 3>&- &
    U=$!
    started+=("$U")
    ends "$1"
    set +m
  }
  for signal in TSTP TTIN TTOU; do
    ends_in_job 3 "trap '' HUP; kill -$signal "'$$; exit 3'
  done
  # HUP, then CONT, is the kernel's own word to an orphaned group that asks for a terminal (terminal.bats). Here is none.
  run -3 timeout -s KILL 100 setsid -w "${NEW[@]}" "$TINY" sh -c 'kill -TTIN $$; exit 3'
  run -124 "${NEW[@]}" "$TINY" -t 0.3 sh -c 'kill -STOP $$; exit 3'
}

@test "a stop that somebody blocks is looked after for a while, and not for ever" {
  start "$H/with" -b 20 sh -c 'echo ready; exec sleep 1000'
  logged ready
  kill -s TSTP "$P"
  switches() { grep _ctxt_switches "/proc/$P/status"; }
  at_rest() {
    local before
    before=$(switches)
    read -rt 1 <> <(:) || :
    [[ $(switches) == "$before" ]]
  }
  wait_for 20 at_rest
}

@test "20,000 orphans are reaped, and no zombie lasts" {
  [[ $("${NEW[@]}" "$TINY" "$H/orphans" 20000) == '20000 orphans, 0 zombies' ]]
}

@test "a process put into the namespace from outside is reaped when it is orphaned" {
  local inside=()
  start sh -c 'echo up; exec sleep 1000'
  logged up
  local enter=(nsenter --target "$P" --pid)
  ((EUID == 0)) || enter+=(--user --preserve-credentials)
  "${enter[@]}" sh -c '(sleep 0 & sleep 0.05 &)'
  # Nothing but PID 1 and the command is left in the namespace.
  alone() { inside=("/proc/$P/root/proc/"[0-9]*) && ((${#inside[@]} == 2)); }
  wait_for 20 alone
  kill -s TERM "$P"
  ends 143
}

@test "what the command leaves behind gets TERM, in every session and group, then KILL" {
  # b ignores TERM, and has to write it down before its KILL.
  terms() {
    run "${NEW[@]}" "$TINY" -k "$TIME" sh -c 'setsid "$0" a 15 >a & (setsid "$0" b >b &); "$0" -m c 15 >c & until grep -q ready a && grep -q ready b && grep -q ready c; do :; done; exit 3' "$H/siglog"
    grep -qx 'a 15' a && grep -qx 'b 15' b && grep -qx 'c 15' c
  }
  in_time terms
  [[ $status == 3 ]]
}

@test "--wait and --leave" {
  run -3 "${NEW[@]}" "$TINY" --wait sh -c '(sleep 0.1; echo done >left) & exit 3'
  [[ $(<left) == 'done' ]]
  run -3 "${NEW[@]}" "$TINY" --leave sh -c 'sleep 1000 & exit 3'
}

@test "with another namespace's /proc, or none, everything is still ended" {
  local new=()
  for word in "${NEW[@]}"; do
    [[ $word == --mount-proc ]] || new+=("$word")
  done
  # PREFIX...: of two leftovers one ignores TERM, and has to write it down before its KILL.
  terms() {
    run "${new[@]}" "$@" "$TINY" -k "$TIME" sh -c 'setsid "$0" a 15 >a & setsid "$0" b >b & until grep -q ready a && grep -q ready b; do :; done; exit 3' "$H/siglog"
    grep -qx 'a 15' a && grep -qx 'b 15' b
  }
  in_time terms
  [[ $status == 3 ]]
  rm a b
  in_time terms --mount sh -c 'mount -t tmpfs none /proc && exec "$0" "$@"'
  [[ $status == 3 ]]
  [[ $("${new[@]}" --mount sh -c 'mount -t tmpfs none /proc && exec "$0" -t 0.1 sleep 100; exit $?' "$TINY"; echo $?) == 124 ]]
}

@test "with another namespace's /proc nothing is said of that namespace's processes" {
  local new=()
  for word in "${NEW[@]}"; do
    [[ $word == --mount-proc ]] || new+=("$word")
  done
  # As PID 1, and as an ordinary process: its own numbers mean others there.
  run "${new[@]}" "$TINY" -v -o one -t 0.5 sleep 100
  run "${new[@]}" sh -c '"$0" -v -o two -t 0.5 sleep 100; exit' "$TINY"
  for report in one two; do
    jq -e '(.running | length == 1) and .running[0].pid == .pid and .running[0].command == "[?]"' "$report"
  done
  run -3 "${new[@]}" "$TINY" -vv sh -c 'trap "exit 3" USR1; kill -s USR1 1; while :; do :; done'
  [[ $output == *'USR1 from pid 2 (?) forwarded'* ]]
  # How many are left nobody can tell.
  run -3 "${new[@]}" "$TINY" -v -k 0.1 sh -c 'trap "" TERM; sleep 100 & exit 3'
  [[ $output == *'sending KILL to all that is left' && $output != *'0 process'* ]]
}

@test "what the command inherits is the same as without" {
  local descriptors='^fd\|^Sig\|^environment\|^directory\|^umask\|^limit'
  "${NEW[@]}" "$H/with" -i 1,17 -b 10,33 "$H/inherit" without
  "${NEW[@]}" "$H/with" -i 1,17 -b 10,33 "$TINY" "$H/inherit" with
  diff <(grep "$descriptors" without) <(grep "$descriptors" with)
}

@test "as PID 1 a member of the group that takes a forwarded TSTP only seconds later is not left stopped" {
  start python3 -c '
import os, signal, time
def until(name):
    while not os.path.exists(name):
        time.sleep(0.01)
if os.fork() == 0:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP])
    print("blocked", flush=True)
    while signal.SIGTSTP not in signal.sigpending():
        time.sleep(0.01)
    print("waits", flush=True)
    until("take")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTSTP])
    print("went on", flush=True)
else:
    # Or the stop is undone, and with it what waits at the other one.
    signal.signal(signal.SIGTSTP, lambda *_: None)
    print("handles", flush=True)
until("end")
'
  logged blocked
  logged handles
  kill -s TSTP "$P"
  logged waits
  # Longer than a process needs that does not block it.
  sleep 3
  touch take
  logged 'went on'
  touch end
  ends 0
}
