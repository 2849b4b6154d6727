# The time limit, and how a command is ended: -t, -s, -k, -p, and the escalation of a forwarded signal.
# shellcheck disable=SC2013,SC2016,SC2094,SC2154,SC2317 # text for other shells; variables set by bats' run; functions that wait_for calls
load common
bats_require_minimum_version 1.5.0

setup() { own_folder; }
teardown() { end_started; }

# signals_are NAME LINE...: the signals that NAME took, in this order.
signals_are() {
  local name=$1
  shift
  diff <(sed -n "s/^$name \([0-9]*\)$/\1/p" log | tr '\n' ' ') <(echo -n "$* ")
}

@test "at the limit TERM ends the command: 124" {
  [[ $("$H/ended" "$TINY" -t 0.05 sleep 100) == 'exited 124' ]]
  [[ $("$H/ended" "$TINY" --no-guard --timeout=50ms sleep 100) == 'exited 124' ]]
}

@test "every unit means what it says" {
  local duration
  for duration in 60ms 0.06 0.06s 0.001m 0.00001h 0.000001d 0h0m60ms 0.0005m30ms; do
    run -124 "$TINY" -t "$duration" sleep 100
  done
  for duration in .06 .06s .001m; do
    run -124 "$TINY" -t "$duration" sleep 100
  done
  # And the larger ones do not end it early: each of them would, were it taken for a smaller unit.
  for duration in 60 60. 1m 0.01h 0.001d 1h1ms; do
    run -0 "$TINY" -t "$duration" sleep 0.1
  done
}

@test "0 and infinity switch the limit off" {
  local duration
  for duration in 0 0s 0h0m 0.000 0. .0 infinity; do
    run -3 "$TINY" -t "$duration" sh -c 'sleep 0.05; exit 3'
  done
}

@test "a duration too short for the kernel is the shortest, never none" {
  run -124 "$TINY" -t 0.0000000000001 sleep 100
  run -124 "$TINY" -t "0.$(printf '0%.0s' {1..400})1s" sleep 100
  # As a grace, too: KILL follows at once, and not never.
  run -137 "$H/with" -i 15 "$TINY" -t 0.0000000001ms -k 0.0000000001ms "$H/siglog"
}

@test "a duration too long for the kernel is the longest, and ends nothing early" {
  local duration
  for duration in 999999999999999d 9223372036854775808 18446744073709551616 18446744073.709551616 4294967296 4294967296ms 1000000000d; do
    run -0 "$TINY" -t "$duration" sleep 0.05
    run -0 "$TINY" -t "$duration" -k "$duration" sleep 0.02
  done
}

@test "a command that ends in time keeps its status" {
  [[ $("$H/ended" "$TINY" -t 100 sh -c 'exit 7') == 'exited 7' ]]
  [[ $("$H/ended" "$TINY" -t 100 "$H/die" 15) == 'killed 15' ]]
}

@test "at the limit the status is 124, whatever the command makes of it" {
  run -124 "$TINY" -t 0.1 sh -c 'trap "exit 0" TERM; while :; do sleep 0.02; done'
  run -124 "$TINY" -t 0.1 sh -c 'trap "exit 9" TERM; while :; do sleep 0.02; done'
}

@test "--preserve-status: the command's own" {
  traps() { run "$TINY" "$@" -t "$TIME" sh -c 'trap "exit 9" TERM; while :; do sleep 0.02; done' && true; }
  exits_with() { local expected=$1; shift; traps "$@"; ((status == expected)); }
  in_time exits_with 9 -p
  in_time exits_with 0 -p -e 9
  [[ $("$H/ended" "$TINY" --preserve-status -t 0.05 sleep 100) == 'killed 15' ]]
  [[ $("$H/ended" "$TINY" -p -s INT -t 0.05 sleep 100) == 'killed 2' ]]
  # A blocked TERM, for it is blocked from the first instant on.
  [[ $("$H/with" -b 15 "$H/ended" "$TINY" -p -t 0.05 -k 0.05 sleep 100) == 'killed 9' ]]
}

@test "137, as an exit, when KILL was needed" {
  [[ $("$H/with" -b 15 "$H/ended" "$TINY" -t 0.05 -k 0.05 sleep 100) == 'exited 137' ]]
  [[ $("$H/ended" "$TINY" -G -t 0.05 -s KILL sleep 100) == 'exited 137' ]]
}

@test "a TERM that was ignored on entry is so for the command from the first instant: KILL is needed" {
  [[ $("$H/with" -i 15 "$H/ended" "$TINY" -t 0.05 -k 0.05 sleep 100) == 'exited 137' ]]
  [[ $("$H/with" -i 15 "$H/ended" "$TINY" -p -t 0.05 -k 0.05 sleep 100) == 'killed 9' ]]
}

@test "at the limit the whole group gets the signal" {
  mate_is_ready() {
    run "$TINY" -t "$TIME" -k 100 sh -c '"$0" mate 15 >mate & exec "$0" cmd 15' "$H/siglog"
    grep -q ready mate
  }
  in_time mate_is_ready
  [[ $status == 124 ]]
  grep -qx 'mate 15' mate
}

@test "--signal: the signals in turn, each given its time, then KILL" {
  takes_in_turn() {
    : >log
    start "$TINY" -s QUIT,HUP,34,TERM -k "$TIME" -t "$TIME" "$H/siglog" cmd
    ends 137 && in_turn '3 1 34 15 '
  }
  in_time takes_in_turn
}

# in_turn TEXT: the signals that cmd took, but for CONT, which follows each, so that a stopped group gets it.
in_turn() {
  [[ $(sed -n 's/^cmd \([0-9]*\)$/\1/p' log | grep -vx 18 | tr '\n' ' ') == "$1" ]]
}

@test "--signal: a signal that ends it is the last" {
  ends_at_the_second() {
    : >log
    start "$TINY" --signal=QUIT,SIGINT,TERM --kill-after="${TIME}s" -t "$TIME" "$H/siglog" cmd 2
    ends 124 && in_turn '3 2 '
  }
  in_time ends_at_the_second
}

@test "a stopped command is continued to be ended, and the limit counts while it is stopped" {
  run -124 "$TINY" -t 0.2 sh -c 'kill -STOP $$; exec sleep 100'
  traps() {
    run "$TINY" -p -t "$TIME" sh -c 'trap "exit 5" TERM; kill -STOP $$; while :; do sleep 0.02; done'
    ((status == 5))
  }
  in_time traps
}

@test "a stopped group: each member gets the signal" {
  stopped_in_time() {
    run "$TINY" -t "$TIME" -k 100 sh -c 'sh -c "trap \"echo got >mate; exit\" TERM; kill -STOP \$\$; while :; do sleep 0.02; done" & kill -STOP $$; exec sleep 100'
    ((status == 124)) && grep -qx got mate # not $(<mate): without the file bash ends there, also in a condition
  }
  in_time stopped_in_time
}

@test "KILL goes to every descendant, wherever it hides" {
  local pid guard
  # Another session, another group, a double fork, a stopped one: all immune to TERM, each with its pid in a file.
  for guard in '' -G; do
    in_time all_hide
    [[ $status == 137 ]]
    for name in session orphan group stopped command; do
      pid=$(sed -n "s/^$name ready \([0-9]*\) .*/\1/p" "$name")
      [[ ! -e /proc/$pid ]]
    done
  done
}
all_hide() {
  rm -f session orphan group stopped command
  # shellcheck disable=SC2086 # an option, or none
  run "$TINY" $guard -t "$TIME" -k 0.1 sh -c '
    setsid "$0" session >session &
    (setsid "$0" orphan >orphan &)
    "$0" -m group >group &
    sh -c "trap \"\" TERM; echo stopped ready \$\$ 0 >stopped; kill -STOP \$\$; exec sleep 100" &
    exec "$0" command >command' "$H/siglog"
  (($(cat session orphan group stopped command | grep -c ready) == 5))
}

@test "the default grace is 5 s, --kill-after=0 means never, and a forwarded TERM does not escalate by itself" {
  local never forwarded
  : >never
  : >forwarded
  "$H/with" -i 15 "$TINY" -t 0.1 --kill-after=0 "$H/siglog" never 10 >never 3>&- &
  never=$!
  "$TINY" "$H/siglog" forwarded 10 >forwarded 3>&- &
  forwarded=$!
  wait_for 20 grep -q ready forwarded
  kill -s TERM "$forwarded"
  started+=("$never" "$forwarded")
  local before=${EPOCHREALTIME/./}
  start "$H/with" -i 15 "$TINY" -t 0.1 sleep 100
  ends 137
  # Not before its time.
  ((${EPOCHREALTIME/./} - before >= 5000000))
  # The other two have had as long, and live: neither USR1 nor the limit's 124 comes from one that was killed.
  wait_for 20 grep -qx 'never ready .*' never
  grep -qx 'forwarded 15' forwarded
  kill -s USR1 "$never" "$forwarded"
  P=$never ends 124
  P=$forwarded ends 0
}

@test "with an explicit --kill-after a forwarded TERM, INT or QUIT escalates to KILL" {
  local signal
  escalates() {
    : >log
    start "$TINY" -k "$TIME" "$H/siglog" cmd
    logged 'cmd ready .*'
    kill -s "$signal" "$P"
    ends 137 && signals_are cmd "$(kill -l "$signal")"
  }
  for signal in TERM INT QUIT; do in_time escalates; done
}

@test "other forwarded signals do not escalate" {
  start "$TINY" -k 0.05 "$H/siglog" cmd 12 3
  logged 'cmd ready .*'
  kill -s HUP "$P"
  kill -s USR1 "$P"
  logged 'cmd 1'
  logged 'cmd 10'
  # Ten times the grace, in which nothing may happen.
  run -0 "$TINY" -t 0.5 -e TERM -p sleep 100
  kill -s USR2 "$P"
  ends 3
}

@test "a command that ends within the grace of a forwarded TERM keeps its status" {
  start "$TINY" --kill-after=20 sh -c 'trap "exit 6" TERM; echo up; while :; do sleep 0.02; done'
  logged up
  kill -s TERM "$P"
  ends 6
}

@test "a limit that ends what --wait was waiting for gives 124" {
  run -124 "$TINY" --wait -t 0.3 sh -c 'sleep 100 & exit 3'
  run -3 "$TINY" --wait -t 100 sh -c 'sleep 0.1 & exit 3'
}

@test "a limit that is over when the command ends by itself does not change its status" {
  # The leftover has the grace of its TERM; the limit passes meanwhile.
  ends_in_time() {
    run "$TINY" -t "$TIME" -k "$(jq -n "2 * $TIME")" sh -c '"$0" left >left & while ! grep -q ready left; do sleep 0.01; done; exit 3' "$H/siglog"
    ((status == 3))
  }
  in_time ends_in_time
}

@test "-vv: the limit, what was still running, and each step" {
  hangs() {
    run --separate-stderr "$H/with" -i 2,15 "$TINY" -vv -t "$TIME" -k 0.1 -s INT,TERM "$H/siglog" cmd
    [[ $output == *ready* ]]
  }
  in_time hangs
  echo "$stderr"
  [[ $status == 137 ]]
  [[ $stderr == *'limit'*'siglog'*'INT'*'TERM'*'KILL'* ]]
}
