#!/usr/bin/env bats
# The supervisor has looked at its children, and found nothing new; before it does the next thing, what it then decides about has changed. A look has an
# order, so that this is right by construction; here it is held at the one place that matters (late/wait4.c).
# shellcheck disable=SC2016,SC2154,SC2317 # text for other shells; variables set by bats' run; functions that in_time calls
load common
bats_require_minimum_version 1.5.0

setup_file() {
  export LATE=$BATS_FILE_TMPDIR/late.d
  # By its own name: what it is called decides what it is.
  mkdir "$LATE" "$BATS_FILE_TMPDIR/bin"
  "${CC:-cc}" -O1 -w -Dwait4=late_wait4 "-DLATE=\"$LATE\"" -o "$BATS_FILE_TMPDIR/bin/tiny-reaper" \
    "$BATS_TEST_DIRNAME/../tiny-reaper.c" "$BATS_TEST_DIRNAME/late/wait4.c"
}

setup() { own_folder; }
teardown() {
  touch "$LATE/go"
  end_started
}

# begin OPTION...: the late tiny-reaper, with a command that ends with 7 as soon as `tell_command` tells it to, whatever TERM it gets; $command is its pid.
begin() {
  rm -f "$LATE"/* order
  mkfifo order
  : >log
  start "$BATS_FILE_TMPDIR/bin/tiny-reaper" -o "$T/report" "$@" sh -c 'trap "echo TERM" TERM; exec 9<>order; echo "command $$"; until read -r line <&9; do :; done; exit 7'
  logged 'command .*'
  command=$(sed -n 's/^command //p' log)
}
tell_command() {
  echo >order
  wait_for 20 gone "$command"
}
# The supervisor looks next, and stands.
stands_next() { touch "$LATE/late"; }
stands() { wait_for 20 test -e "$LATE/standing"; }
goes_on() { touch "$LATE/go"; }

@test "a command that ends within its limit has ended in time, also if that is seen only after it" {
  late_look() {
    local start=$EPOCHREALTIME
    begin -t "$TIME"
    stands_next
    kill -s URG "$P"
    stands
    tell_command
    # Is it sure that it has ended in time?
    jq -en "$EPOCHREALTIME - $start < $TIME" || { goes_on; ends 124 || :; return 1; }
    wait_for 20 eval "jq -en \"\$EPOCHREALTIME - $start > 2 * $TIME\""
    goes_on
    ends 7
  }
  in_time late_look
}

@test "a command that ends by itself before its KILL comes has not been killed: 124, not 137" {
  begin -t 0.1 -k 1
  logged TERM
  stands_next
  # By the grace's end.
  stands
  tell_command
  goes_on
  ends 124
  jq -e '.outcome == "timed-out" and .status == 124 and .signal == null' report
}

@test "-d: of a command that ends before the parent does it is not said that the parent has ended it" {
  : >log
  rm -f "$LATE"/*
  mkfifo order
  start sh -c '"$@" & wait' - "$BATS_FILE_TMPDIR/bin/tiny-reaper" -d -o "$T/report" sh -c 'exec 9<>order; echo "command $$"; read -r line <&9; exit 7'
  logged 'command .*'
  command=$(sed -n 's/^command //p' log)
  stands_next
  kill -s URG "$(first_child "$P")"
  stands
  tell_command
  kill -s KILL "$P"
  # The guard has its signal by then.
  wait_for 20 gone "$P"
  goes_on
  wait_for 20 test -s report
  jq -e '.outcome == "exited" and .status == 7' report
}
