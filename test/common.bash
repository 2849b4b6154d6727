# Shared by all bats files: where the program and the compiled helpers are, and how to wait for an event.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests
TINY=${TINY_REAPER:-$BATS_TEST_DIRNAME/../tiny-reaper}
H=${TINY_HELPERS:-$BATS_TEST_DIRNAME/helper/build}

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds; fails after SECONDS.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { echo "waited in vain for: $*" >&2; return 1; }
    read -rt 0.01 <> <(:) || :
  done
}

# gone PID: PID is no longer there, or only as a zombie.
gone() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  [[ ${stat##*) } == [ZX]* ]]
}
