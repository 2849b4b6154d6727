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
# This and what follows fail at once where tiny-reaper has ended.
begin() {
  rm -f "$LATE"/* order
  mkfifo order
  : >log
  start "$BATS_FILE_TMPDIR/bin/tiny-reaper" -o "$T/report" "$@" sh -c 'trap "echo TERM" TERM; exec 9<>order; echo "command $$"; until read -r line <&9; do :; done; exit 7'
  or_over has_lines 'command .*' 1
  command=$(sed -n 's/^command //p' log)
}
or_over() {
  wait_for 20 so_or_over "$@" && "$@"
}
so_or_over() { gone "$P" || "$@"; }
tell_command() {
  echo <>order >&0
  wait_for 20 gone "$command"
}
# The supervisor looks next, and stands.
stands_next() { touch "$LATE/late"; }
stands() { or_over test -e "$LATE/standing" && ! gone "$command"; }
goes_on() { touch "$LATE/go"; }

@test "a command that ends within its limit has ended in time, also if that is seen only after it" {
  late_look() {
    local start=$EPOCHREALTIME status=0
    # Is it sure that it has ended in time?
    begin -t "$TIME" && stands_next && kill -s URG "$P" && stands && tell_command && jq -en "$EPOCHREALTIME - $start < $TIME" || status=1
    wait_for "$((${TIME%.*} + 20))" eval "jq -en \"\$EPOCHREALTIME - $start > 2 * $TIME\""
    goes_on
    wait "$P" || reported=$?
    return "$status"
  }
  in_time late_look
  echo "status $reported"
  ((reported == 7))
}

@test "a command that ends by itself before its KILL comes has not been killed: 124, not 137" {
  killed_late() {
    local status=0
    begin -t "$TIME" -k "$TIME" && or_over has_lines TERM 1 && stands_next && stands && tell_command || status=1
    goes_on
    wait "$P" || reported=$?
    return "$status"
  }
  in_time killed_late
  echo "status $reported"
  ((reported == 124))
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
