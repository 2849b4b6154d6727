# Shared by all bats files: where the program and the compiled helpers are, and how to wait for an event.
# shellcheck shell=bash disable=SC2013,SC2034,SC2154 # words of a list; variables of the tests and theirs
TINY=${TINY:-$BATS_TEST_DIRNAME/../tiny-reaper}
H=${TINY_HELPERS:-$BATS_TEST_DIRNAME/helper/build}

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds; fails after SECONDS, five times as many on whatever machine this is.
wait_for() {
  local deadline=$((SECONDS + 5 * $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { echo "waited in vain for: $*" >&2; return 1; }
    read -rt 0.01 <> <(:) || :
  done
}

# in_time TRY [ARG]...: TRY with $TIME set to a number of seconds, for a limit or a grace in which something has to be done. As long as TRY fails it
# is tried again with a longer TIME, so that a slow machine costs time, and no failure: what is promised holds with the longest, too. TRY is a
# function whose steps are joined by &&, for in a condition no shell ends at the first failure.
in_time() {
  for TIME in 0.2 1 5 25; do
    if "$@"; then return 0; fi
    echo "not so with $TIME s: $*"
  done
  return 1
}

# gone PID: PID is no longer there, or only as a zombie.
gone() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  [[ ${stat##*) } == [ZX]* ]]
}

# ---- for tests that start something in the background: $P is its pid, the file log what it writes

# own_folder: the test's own, with an empty log. end_started: nothing that the test has started is left.
own_folder() {
  T=$BATS_TEST_TMPDIR
  cd "$T" || return
  : >log
  started=() U=
  # A namespace: as root, or as root of a user namespace; and tiny-reaper as its process 1.
  UNSHARE=(unshare)
  ((EUID == 0)) || UNSHARE+=(--map-root-user)
  PID1=("${UNSHARE[@]}" --pid --fork --mount-proc --kill-child)
}
end_started() {
  local pid
  for pid in "${started[@]}"; do
    kill -s KILL "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
  done
  # With --no-guard a killed tiny-reaper leaves what it had.
  for pid in $(sed -n 's/.* ready \([0-9]*\) .*/\1/p' log); do
    [[ ! -e /proc/$pid/exe || $(readlink "/proc/$pid/exe") != *siglog ]] || kill -s KILL "$pid"
  done
}

# start COMMAND...: in the background, with every signal at its default (a shell's `&` ignores INT and QUIT); the log has what it writes, the file
# err its standard error.
start() {
  "$H/with" -d all "$@" >>log 2>>err 3>&- &
  P=$!
  started+=("$P")
}

# first_child PID: waits until it has one.
first_child() {
  local list
  has_child() { read -r list <"/proc/$1/task/$1/children" || [[ $list ]]; }
  wait_for 20 has_child "$1"
  echo "${list%% *}"
}

state_is() {
  [[ $(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status") == "$2" ]]
}

# ends STATUS: what was started ends so; $U is what this shell has started where that is not $P.
ends() {
  local status=0
  { wait "${U:-$P}"; } 2>/dev/null || status=$?
  echo "status $status"
  [[ $status == "$1" ]]
}

# logged LINE [COUNT]: waits until the log has COUNT (1) such lines.
logged() {
  wait_for 20 has_lines "$1" "${2:-1}" || { cat log; false; }
}
has_lines() {
  (($(grep -cx -- "$1" log) >= $2))
}

# log_is LINE...: the log without the "ready" lines, in any order, is this.
log_is() {
  diff <(grep -v ready log | sort) <(printf '%s\n' "$@" | sort)
}
