# -d: the command ends with the process that started tiny-reaper (finding 7), whoever and wherever that is, and at whatever moment it ends.
# shellcheck disable=SC2013,SC2016,SC2030,SC2031,SC2153,SC2154,SC2317 # text for other shells; bats' variables; functions that wait_for calls
load common
bats_require_minimum_version 1.5.0

setup() { own_folder; }

teardown() {
  local pid
  for pid in $(cat pids 2>/dev/null); do kill -s KILL "$pid" 2>/dev/null || :; done
  end_started
}

# Finding 7: the parent is outside, getppid() is 0 before and after, and the CHLD with sender 0 is the only word there is.
@test "-d as PID 1: the parent is outside of the namespace, and ends" {
  local pid
  start "${UNSHARE[@]}" --pid --fork --mount-proc "$TINY" -d -k 0.5 -o "$T/report" sh -c 'setsid sleep 1000 & echo up; wait'
  logged up
  pid=$(first_child "$P")
  echo "$pid" >pids
  kill -s KILL "$P"
  wait_for 20 gone "$pid"
  wait_for 20 test -s report
  jq -e '.outcome == "parent-died"' report
}

# Finding 7
@test "-d within a namespace, with a parent outside of it: nsenter, docker exec" {
  local guard pid top inside
  # The namespace, which is to stay.
  start "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child sleep 1000
  top=$(first_child "$P")
  for guard in '' -G; do
    : >log
    nsenter -t "$top" ${UNSHARE[1]:+--user --preserve-credentials} --pid --mount "$TINY" -d ${guard:+"$guard"} -k 0.5 sh -c 'echo up; while :; do sleep 1; done' >>log 3>&- &
    inside=$!
    started+=("$inside")
    logged up
    pid=$(first_child "$inside")
    echo "$pid" >>pids
    kill -s KILL "$inside"
    wait_for 20 gone "$pid"
  done
}

@test "-d within a namespace, with a parent outside of it: after a stop of the command, and while somebody's CHLD waits" {
  local pid top stops inside in_namespace
  start "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child sleep 1000
  top=$(first_child "$P")
  within() { nsenter -t "$top" ${UNSHARE[1]:+--user --preserve-credentials} --pid --mount "$@"; }
  for stops in 'kill -s TSTP $$;' ''; do
    : >log
    # In a session of its own nobody could continue it: the stop is undone.
    setsid nsenter -t "$top" ${UNSHARE[1]:+--user --preserve-credentials} --pid --mount "$TINY" -d -k 0.5 sh -c "$stops echo up; while :; do sleep 1; done" >>log 3>&- &
    inside=$!
    started+=("$inside")
    logged up
    pid=$(first_child "$inside")
    echo "$pid" >>pids
    if [[ ! $stops ]]; then
      in_namespace=$(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status")
      kill -s STOP "$pid"
      wait_for 20 state_is "$pid" T
      within sh -c "kill -s CHLD $in_namespace"
    fi
    kill -s KILL "$inside"
    wait_for 20 gone "$inside"
    kill -s CONT "$pid" || :
    wait_for 20 gone "$pid"
  done
}

# Finding 7: such a parent's word is refused by the kernel.
@test "-d under a parent that has dropped root: one line says that its end will not be noticed, or it is noticed" {
  ((EUID == 0)) || skip "needs root, to drop it"
  # It has dropped it before, and so tiny-reaper can see it.
  run -0 --separate-stderr python3 - "$TINY" <<'PYTHON'
import os, sys
go, ready = os.pipe()
if os.fork() == 0:
    os.close(ready)
    os.read(go, 1)
    os.execv(sys.argv[1], [sys.argv[1], "-d", "-k", "0.5", "sh", "-c", "echo up >&2; exit 3"])
os.setresuid(65534, 65534, 65534)
os.close(ready)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]) - 3)
PYTHON
  echo "$output $stderr"
  [[ $stderr == *'tiny-reaper: '* ]]
}

# Finding 7
@test "-d starts the command where the living parent has called setsid since the fork" {
  local guard
  for guard in -d -G; do
    run -0 --separate-stderr python3 - "$TINY" -d "$guard" <<'PYTHON'
import os, sys
if os.fork() == 0:
    go, ready = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        os.read(go, 1)
        os.execv(sys.argv[1], sys.argv[1:] + ["sh", "-c", "exit 3"])
    os.setsid()
    os.close(ready)
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]) - 3)
PYTHON
    [[ -z $stderr ]]
  done
}

# below_a_parent ARG...: tiny-reaper -d ARG... below a shell that waits; P is that shell, and $command, from the log, the command.
below_a_parent() {
  : >log
  start sh -c '"$@" & wait' sh "$TINY" -d -o "$T/report" "$@"
  logged 'command .*'
  command=$(sed -n 's/^command //p' log)
  echo "$command" >>pids
}

# A promise that no test would miss.
@test "-d ends what -w is waiting for" {
  local command guard
  # With -v it is looked who is left as the parent ends, for one that has just started and runs.
  for guard in -d -G -v; do
    rm -f report
    below_a_parent "$guard" -w -k 0.5 sh -c 'setsid sh -c "echo command \$\$; while :; do :; done" & until grep -q command log; do sleep 0.01; done; echo "first $$"; exit 3'
    logged 'first .*'
    # The command's own end.
    reaped() { [[ ! -e /proc/$(sed -n 's/^first //p' log) ]]; }
    wait_for 20 reaped
    kill -s KILL "$P"
    wait_for 20 gone "$command"
    wait_for 20 test -s report
    jq -e '.outcome == "parent-died"' report
  done
}

@test "-d asks a reader last among what -w was waiting for, with -v and without" {
  local guard
  # (With a report it would be looked as with -v.)
  for guard in -d -G -v; do
    rm -f out
    : >log
    start sh -c '"$@" & wait' sh "$TINY" -d "$guard" -w -k 1000 bash -c 'exec 8> >(cat >/dev/null; sleep 1; echo complete >out); sh -c "echo command \$\$; exec sleep 1000" & until grep -q command log; do sleep 0.01; done; echo "first $$"; exit 3'
    logged 'first .*'
    reaped() { [[ ! -e /proc/$(sed -n 's/^first //p' log) ]]; }
    wait_for 20 reaped
    kill -s KILL "$P"
    wait_for 20 gone "$(sed -n 's/^command //p' log)"
    wait_for 20 test -s out
    [[ $(<out) == complete ]]
  done
}

# A promise that no test would miss.
@test "-d holds after a forwarded TERM, too: with -k, and without" {
  local command grace
  for grace in '' '-k 1000'; do
    rm -f report
    # shellcheck disable=SC2086 # two words
    below_a_parent $grace "$H/siglog" command
    command=$(sed -n 's/^command ready \([0-9]*\) .*/\1/p' log)
    echo "$command" >>pids
    kill -s TERM "$(first_child "$P")"
    logged 'command 15'
    kill -s KILL "$P"
    logged 'command 15' 2
    kill -s KILL "$command"
    wait_for 20 test -s report
    jq -e '.outcome == "parent-died" and .forwarded == ["TERM"]' report
  done
}
