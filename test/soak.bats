#!/usr/bin/env bats
# A long life as PID 1: nothing grows, nothing is lost, and quiet is quiet. SOAK=N divides all numbers by N.

load common
# A slow machine takes its time; test/check allows a file 900 s.
export BATS_TEST_TIMEOUT=880

@test "200,000 orphans, 200,000 signals, 1,000 stops as PID 1: each once, no memory, no descriptor, no wake-up more than before" {
  local n=$((200000 / ${SOAK:-1}))
  sync "$TINY"                      # a file that was just built has pages that are still to be written
  run unshare --pid --fork --kill-child --mount-proc "$TINY" --report="$BATS_TEST_TMPDIR/report" -- "$H/soak" "$n" "$n" "$((1000 / ${SOAK:-1}))"
  echo "$output"
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 3 ]
  [ "${lines[0]}" = "${lines[1]}" ]
  [ "${lines[2]}" = "0 wake-ups" ]
  [ "$(jq .reaped "$BATS_TEST_TMPDIR/report")" -eq "$((n + 100))" ]
}
