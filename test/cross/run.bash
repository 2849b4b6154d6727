# For the part of the suite that cross.bats runs under qemu-user: bats' run, whose result is without the line that is said there of every run.
#
# qemu-user knows no PR_SET_CHILD_SUBREAPER: it answers EINVAL without asking the kernel. A promise is missing then, and tiny-reaper says so, also
# without -v. That it does, and once, cross.bats asserts with bats' own run. Here one such line, $NO_SUBREAPER, is taken out of what was read: from
# standard error where that was read apart. A second one stays, and so does a line that has anything else in it. Only what is compared afterwards is
# changed: the program is run as ever, with its own standard error, and with its own pid.
# shellcheck shell=bash disable=SC2034,SC2154 # variables that bats sets, and the tests read

: "${NO_SUBREAPER:?}"
eval "bats_own_$(declare -f run)"

# without_the_line TEXT LINES: the names of a variable and of an array, as run has set them.
without_the_line() {
  local -n text=$1 rows=$2
  local number around=$'\n'$text$'\n'
  [[ $around == *$'\n'"$NO_SUBREAPER"$'\n'* ]] || return 0
  around=${around/$'\n'"$NO_SUBREAPER"$'\n'/$'\n'}
  around=${around#$'\n'}
  text=${around%$'\n'}
  for number in "${!rows[@]}"; do
    [[ ${rows[number]} == "$NO_SUBREAPER" ]] || continue
    unset 'rows[number]'
    rows=("${rows[@]}")
    return
  done
}

run() {
  local result=0
  unset stderr stderr_lines
  bats_own_run "$@" || result=$?
  if [[ ${stderr+set} ]]; then without_the_line stderr stderr_lines; else without_the_line output lines; fi
  return "$result"
}
