# Signals: forwarded to whom, how often, and from when on.
# shellcheck disable=SC2013,SC2016,SC2154,SC2317 # text for other shells; variables set by bats' run; functions that wait_for calls
load common
bats_require_minimum_version 1.5.0

setup() { own_folder; }
teardown() { end_started; }

# The pid of NAME, and of its parent, from its "ready" line.
pid_of() {
  sed -n "s/^$1 ready \([0-9]*\) .*/\1/p" log
}
parent_of() {
  sed -n "s/^$1 ready [0-9]* //p" log
}

# Numbers that can be sent and taken: 1 to 64 but KILL and STOP.
takeable() {
  seq 1 64 | grep -vx -e 9 -e "$(kill -l STOP)"
}

# each_once SENDING OPTION...: every signal reaches the command and a mate in its group, exactly once.
each_once() {
  local how=$1 signal expected=()
  shift
  start "$TINY" "$@" sh -c '"$0" mate & exec "$0" cmd' "$H/siglog"
  logged 'mate ready .*'
  logged 'cmd ready .*'
  for signal in $(takeable); do
    "$H/send" "$how" "$P" "$signal"
    logged "cmd $signal"
    logged "mate $signal"
    expected+=("cmd $signal" "mate $signal")
  done
  # A second copy of one would have come before this one.
  "$H/send" kill "$P" 64
  logged 'cmd 64' 2
  logged 'mate 64' 2
  log_is "${expected[@]}" 'cmd 64' 'mate 64'
}

@test "each signal 1 to 64 reaches the command and its group exactly once, sent by kill" {
  each_once kill
}

@test "the same with --no-guard" {
  each_once kill --no-guard
}

@test "the same sent by sigqueue, and while a time limit runs" {
  each_once queue --timeout=100
}

@test "the same sent to the thread by tgkill" {
  each_once thread
}

@test "signals sent to the whole job arrive once: the inner process is in no group that gets them" {
  set -m
  start "$TINY" sh -c '"$0" mate & exec "$0" cmd' "$H/siglog"
  set +m
  logged 'mate ready .*'
  logged 'cmd ready .*'
  kill -s USR1 -- "-$P"
  logged 'mate 10'
  kill -s TERM -- "-$P"
  logged 'mate 15'
  logged 'cmd 15'
  kill -s 64 -- "-$P"
  logged 'cmd 64'
  logged 'mate 64'
  log_is 'cmd 10' 'mate 10' 'cmd 15' 'mate 15' 'cmd 64' 'mate 64'
}

@test "--single-child: signals go to the command alone" {
  start "$TINY" -c sh -c '"$0" mate & exec "$0" cmd' "$H/siglog"
  logged 'mate ready .*'
  logged 'cmd ready .*'
  for signal in 1 10 15 34 64; do
    kill -s "$signal" "$P"
    logged "cmd $signal"
  done
  kill -s KILL "$P"
  wait "$P" || :
  log_is 'cmd 1' 'cmd 10' 'cmd 15' 'cmd 34' 'cmd 64'
}

@test "--single-child: who was stopped with the command goes on with it" {
  local mate
  set -m
  start "$TINY" -c sh -c '"$0" mate & exec "$0" cmd' "$H/siglog"
  set +m
  logged 'mate ready .*'
  logged 'cmd ready .*'
  mate=$(sed -n 's/^mate ready \([0-9]*\) .*/\1/p' log)
  kill -s STOP -- "-$(first_child "$P")"
  wait_for 20 state_is "$P" T
  wait_for 20 state_is "$mate" T
  kill -s CONT "$P"
  wait_for 20 state_is "$mate" S
}

@test "a STOP for the supervisor alone is none for the job, nor is a later one for the command alone" {
  local command outer
  set -m
  start sh -c '"$@" & wait' - "$TINY" "$H/siglog" cmd
  set +m
  logged 'cmd ready .*'
  command=$(sed -n 's/^cmd ready \([0-9]*\) .*/\1/p' log)
  outer=$(first_child "$P")
  kill -s STOP "$(first_child "$outer")"
  # The guard has continued it before the first can come, and what that was it has looked at before the second.
  kill -s USR1 "$outer"
  logged 'cmd 10'
  kill -s USR2 "$outer"
  logged 'cmd 12'
  kill -s STOP "$command"
  wait_for 20 state_is "$outer" T
  state_is "$P" S
  kill -s KILL "$command"
  ends 0
}

@test "--single-child concerns forwarding only: the time limit ends the group" {
  mate_is_ready() {
    : >log
    start "$TINY" --single-child -t "$TIME" -k 100 sh -c 'sh -c "trap \"echo mate 15; exit\" TERM; echo mate ready 0 0; while :; do sleep 0.02; done" & exec "$0" cmd 15 3' "$H/siglog"
    ends 124 && grep -q 'mate ready' log
  }
  in_time mate_is_ready
  grep -qx 'mate 15' log
}

@test "a command that moved to another group still gets its signals, once" {
  local guard
  for guard in -vv -vvG; do
    : >log
    start "$TINY" $guard "$H/siglog" -m cmd 2>/dev/null
    logged 'cmd ready .*'
    for signal in 1 10 15 34; do
      kill -s "$signal" "$P"
      logged "cmd $signal"
    done
    kill -s 64 "$P"
    logged 'cmd 64'
    log_is 'cmd 1' 'cmd 10' 'cmd 15' 'cmd 34' 'cmd 64'
  done
}

@test "a mate in the group that the command has made for itself: no TERM twice, and not left stopped where nobody could continue it" {
  # A command and its child in a group of their own; the child is older than a tick of the clock when it is ready.
  local own='setpgrp; $| = 1; $SIG{TSTP} = sub { print "stop\n" };
    unless (fork) {
      $SIG{TSTP} = "DEFAULT"; $SIG{$_} = sub { print "mate $_[0]\n" } for "TERM", "CONT";
      select undef, undef, undef, 0.05; print "ready\n"; sleep 1 while 1;
    }
    sleep 1 while 1'
  start setsid "$TINY" -k 1 perl -e "$own"
  logged ready
  kill -s TSTP "$P"
  logged stop
  logged 'mate CONT'
  : >log
  kill -s TERM "$P"
  ends 143
  log_is 'mate TERM'
}

@test "a command that moved, and its old group's mate: each gets each signal once" {
  start "$TINY" sh -c '"$0" mate & exec "$0" -m cmd' "$H/siglog"
  logged 'mate ready .*'
  logged 'cmd ready .*'
  for signal in 1 10 64; do
    kill -s "$signal" "$P"
    logged "cmd $signal"
    logged "mate $signal"
  done
  log_is 'cmd 1' 'cmd 10' 'cmd 64' 'mate 1' 'mate 10' 'mate 64'
}

@test "a TERM sent 0 to 2 ms after the start is never lost, 200 times" {
  run -0 "$H/race" 15 200 "$TINY" sleep 1000
  [[ $output == '200 of 200 died of 15, 0 left something, 0 hung' ]]
  run -0 "$H/race" 15 200 "$TINY" -G sleep 1000
  [[ $output == '200 of 200 died of 15, 0 left something, 0 hung' ]]
}

@test "nor is another signal: HUP, a real-time one, ALRM with a limit" {
  run -0 "$H/race" 1 100 "$TINY" sleep 1000
  run -0 "$H/race" 40 100 "$TINY" -vv sleep 1000
  run -0 "$H/race" 14 100 "$TINY" --timeout=500 sleep 1000
  [[ $output == '100 of 100 died of 14, 0 left something, 0 hung' ]]
}

@test "20,000 real-time signals and 40,000 others in a storm: every real-time one arrives once" {
  local guard
  for guard in '' -G; do
    # shellcheck disable=SC2086 # an option, or none
    run -0 "$H/storm" 20000 "$TINY" $guard "$H/storm"
    [[ $output == '20000 real-time signals sent, 20000 counted, 0 wrong; USR1 came, ALRM came; status 0' ]]
  done
}

@test "an ALRM that somebody sent is forwarded, and is not the limit's" {
  for how in kill queue thread; do
    : >log
    start "$TINY" -t 100 "$H/siglog" cmd
    logged 'cmd ready .*'
    "$H/send" "$how" "$P" 14
    logged 'cmd 14'
    "$H/send" "$how" "$P" 64
    logged 'cmd 64'
    log_is 'cmd 14' 'cmd 64'
  done
}

@test "an alarm set before the exec still reaches the command, with a limit and without" {
  local options
  for options in '' '-t 100' -G '-G -t 100'; do
    # As in perl -e 'alarm 1; exec @ARGV' command: the command dies by ALRM.
    # shellcheck disable=SC2086 # words
    [[ $("$H/ended" "$H/with" -a 100 "$TINY" $options sleep 100) == 'killed 14' ]]
  done
}

@test "signals pending on entry still reach the command" {
  local signals=14,15,10,17,34,64
  [[ $("$H/ended" "$H/with" -p 14 "$TINY" -t 100 "$H/siglog" cmd 14 3 | tail -n 1) == 'exited 3' ]]
  # Sent by another process, or by that which becomes tiny-reaper.
  local how
  for how in -p -q; do
    : >log
    start "$H/with" "$how" "$signals" "$TINY" "$H/siglog" cmd 64 5
    ends 5
    log_is 'cmd 14' 'cmd 15' 'cmd 10' 'cmd 17' 'cmd 34' 'cmd 64'
    # A real-time signal as often as it was sent.
    : >log
    start "$H/with" -n 3 "$how" 40,64 "$TINY" "$H/siglog" cmd 64 5
    ends 5
    log_is 'cmd 40' 'cmd 40' 'cmd 40' 'cmd 64'
  done
}

@test "a fault signal or CHLD that somebody sent is forwarded" {
  local signal
  for signal in SEGV BUS FPE ILL TRAP SYS ABRT; do
    start "$TINY" sh -c 'echo up; exec sleep 100'
    logged up
    : >log
    kill -s "$signal" "$P"
    ends $((128 + $(kill -l "$signal")))
  done
  start "$TINY" "$H/siglog" cmd 17 4
  logged 'cmd ready .*'
  kill -s CHLD "$P"
  ends 4
}

@test "the end of orphans and of tiny-reaper's own children is not forwarded as a CHLD" {
  start sh -c 'sleep 0.1 & exec "$0" -vv sh -c "(sleep 0 &); (sleep 0.1 &); exec \"\$0\" cmd" "$1" 2>err' "$TINY" "$H/siglog"
  logged 'cmd ready .*'
  both_reaped() { (($(grep -c 'reaped orphan' err) == 2)); }
  wait_for 20 both_reaped
  kill -s 64 "$P"
  logged 'cmd 64'
  log_is 'cmd 64'
}

@test "--rewrite: TO instead of FROM, 0 drops it, and it may be repeated" {
  start "$TINY" -r TERM:USR1 --rewrite=USR2:0 -r 1:34 -r RTMIN+6:SIGQUIT "$H/siglog" cmd
  logged 'cmd ready .*'
  for signal in TERM USR2 HUP 40 USR2 INT USR2; do
    kill -s "$signal" "$P"
  done
  logged 'cmd 2'
  logged 'cmd 3'
  logged 'cmd 34'
  kill -s 64 "$P"
  logged 'cmd 64'
  log_is 'cmd 10' 'cmd 34' 'cmd 3' 'cmd 2' 'cmd 64'
}

@test "--rewrite to KILL and STOP does what they do" {
  start "$TINY" -r TERM:KILL sh -c 'trap "" TERM; echo up; exec sleep 100'
  logged up
  kill -s TERM "$P"
  ends 137
}

@test "merely forwarding continues nobody: a TERM to a stopped command waits until it is continued" {
  local command
  start "$TINY" -G sh -c 'echo cmd ready $$ $PPID; exec sleep 100'
  logged 'cmd ready .*'
  command=$(pid_of cmd)
  kill -s STOP "$command"
  wait_for 20 state_is "$command" T
  kill -s TERM "$P"
  # Either it has been forwarded and is pending, or tiny-reaper is stopped, as its command is.
  term_waits() { state_is "$P" T || grep -q '^ShdPnd:.*[4-7c-f]...$' "/proc/$command/status"; }
  wait_for 20 term_waits
  state_is "$command" T
  kill -s CONT "$P"
  ends 143
}

@test "a stopped member of the group stays stopped when a signal is forwarded, and gets it when it is continued" {
  local mate
  start "$TINY" sh -c '"$0" mate & exec "$0" cmd' "$H/siglog"
  logged 'mate ready .*'
  logged 'cmd ready .*'
  mate=$(pid_of mate)
  kill -s STOP "$mate"
  wait_for 20 state_is "$mate" T
  for signal in 10 15 64; do
    kill -s "$signal" "$P"
    logged "cmd $signal"
  done
  state_is "$mate" T
  # (The stop of its child is a CHLD for the command.)
  [[ $(grep -v -e ready -e 'cmd 17' log | sort | tr '\n' ' ') == 'cmd 10 cmd 15 cmd 64 ' ]]
  kill -s CONT "$P"
  logged 'mate 15'
  logged 'mate 64'
}

@test "a TERM to a stopped command waits: the same with the guard" {
  local command
  start "$TINY" sh -c 'echo cmd ready $$ $PPID; exec sleep 100'
  logged 'cmd ready .*'
  command=$(pid_of cmd)
  kill -s STOP "$command"
  wait_for 20 state_is "$command" T
  kill -s TERM "$P"
  term_waits() { state_is "$P" T || grep -q '^ShdPnd:.*[4-7c-f]...$' "/proc/$command/status"; }
  wait_for 20 term_waits
  state_is "$command" T
  kill -s CONT "$P"
  ends 143
}

@test "a TTIN that a command sends to itself where there is no terminal: nobody else of the job is stopped" {
  local job outer
  start setsid bash -c 'set -m; { "$0" sh -c "kill -s TTIN \$\$; exit 3" || echo "status $?"; } & wait' "$TINY"
  job=$(first_child "$P")
  outer=$(first_child "$job")
  wait_for 20 state_is "$outer" T
  state_is "$job" S
  kill -s CONT "$outer"
  logged 'status 3'
  ends 0
}

@test "a TTIN or TTOU where there is no terminal and nobody could continue the job: nobody is stopped, and there is no HUP" {
  local name option
  for option in '' -G; do
    for name in TTIN TTOU; do
      run -3 timeout -s KILL 100 setsid -w "$TINY" ${option:+"$option"} sh -c 'kill -s "$0" $$; kill -s "$0" 0; exit 3' "$name"
    done
  done
  # The guard does not leave its session for that.
  run -0 timeout -s KILL 100 setsid -w sh -c '"$0" sh -c "kill -s TTIN \$\$
    test \$(ps -o sid= -p \$(ps -o ppid= -p \$PPID)) -eq \$(ps -o sid= -p \$\$)"; exit $?' "$TINY"
}

@test "a command that ignores a signal is not ended by it, and one that handles it answers" {
  start "$TINY" sh -c 'trap "" HUP; trap "echo got; exit 9" USR1; echo up; while :; do sleep 0.02; done'
  logged up
  kill -s HUP "$P"
  kill -s USR1 "$P"
  logged got
  ends 9
}

@test "a signal that ends tiny-reaper's command by default ends tiny-reaper the same way" {
  local signal
  for signal in HUP INT QUIT TERM USR1 PIPE ALRM VTALRM 32 33 34 64; do
    start "$TINY" sh -c 'echo up; exec sleep 100'
    logged up
    : >log
    kill -s "$signal" "$P"
    [[ $signal == [0-9]* ]] || signal=$(kill -l "$signal")
    ends $((128 + signal))
  done
}

@test "-vv names the signal, its sender, and what was done with it" {
  start sh -c 'exec "$@" 2>err' sh "$TINY" -vv -r TERM:INT -r USR2:0 "$H/siglog" cmd 2 3
  logged 'cmd ready .*'
  kill -s USR2 "$P"
  kill -s TERM "$P"
  ends 3
  cat err
  grep -q '^tiny-reaper: .*USR2' err
  grep -q "^tiny-reaper: .*TERM from pid $$ " err || grep -q '^tiny-reaper: .*TERM from pid [0-9]* (.*bats' err
}
