#!/usr/bin/env bats
# The manual: clean, complete, and each of its examples run as it stands there.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# (variables of other shells; bats runs each test in a subshell, and sets status and output)

bats_require_minimum_version 1.5.0
load common

setup() {
  T=$BATS_TEST_TMPDIR
  started=()
  MANUAL=$BATS_TEST_DIRNAME/../man/tiny-reaper.1
  mkdir "$T/bin"
  ln -s "$(realpath "$TINY")" "$T/bin/tiny-reaper"
  PATH=$T/bin:$PATH
}

# What a failed test has left in the background; the end of tiny-reaper ends all below it.
# (Not all of `jobs -p`: bats has jobs of its own.)
teardown() {
  local pid
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
}

# stub NAME: a program of the examples, made from standard input.
stub() {
  { echo '#!/bin/bash'; cat; } >"$T/bin/$1"
  chmod +x "$T/bin/$1"
}

# The program `server`: says READY, and waits. `server_pid` is its process once it is ready.
stub_server() {
  mkfifo "$T/ready"
  stub server <<<'echo $$ >ready; exec sleep 1000'
}
server_pid() {
  read -rt 100 server <>"$T/ready"
  # A bash ignores QUIT, and so would the server before its exec.
  wait_for 20 grep -qx sleep "/proc/$server/comm"
}

@test "the manual is clean under mandoc's lint, warnings included" {
  run -0 mandoc -Tlint -W warning "$MANUAL"
  [[ -z $output ]]
  # The lint sees something at all.
  ! mandoc -Tlint -W warning <(sed 's/^\.Sh NAME/.Sh NOMEN/' "$MANUAL") || false
}

@test "the manual has its sections" {
  local section
  for section in NAME SYNOPSIS DESCRIPTION SIGNALS 'THE TERMINAL' 'WHY IT HUNG' 'THE REPORT' \
    'UNDER OTHER NAMES' ENVIRONMENT 'EXIT STATUS' EXAMPLES 'SEE ALSO' STANDARDS HISTORY CAVEATS BUGS; do
    grep -qx ".Sh $section" "$MANUAL" || { echo "no $section"; return 1; }
  done
}

@test "the manual has what each other name changes, and every variable that is read" {
  local name variable
  for name in timeout tini dumb-init; do
    sed -n "/^\.Ss $name$/,/^\.S[sh] /p" "$MANUAL" |
      grep -A1 'What the principles change:' | grep -qx '\.Bl -bullet'
  done
  for variable in PATH TINY_REAPER LISTEN_PID WATCHDOG_PID SYSTEMD_EXEC_PID LISTEN_PIDFDID TINI_SUBREAPER \
    TINI_KILL_PROCESS_GROUP TINI_VERBOSITY DUMB_INIT_SETSID DUMB_INIT_DEBUG; do
    sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh EXIT/p' "$MANUAL" | grep -q "^\.It Ev.* $variable\b" ||
      { echo "no $variable"; return 1; }
  done
}

@test "the manual and the program call the two processes guard and supervisor" {
  ! grep -nE 'inner process|outer process|inner one of|outer one of' "$MANUAL" || false
  grep -qx '\.It guard' "$MANUAL"
  grep -qx '\.It supervisor' "$MANUAL"
  # In what the program says: the strings of its messages.
  ! strings -n 8 "$TINY" | grep -E '\b(inner|outer)\b' || false
}

@test "the manual describes each option of --help by both its names, and no other" {
  local described offered
  described=$(sed -nE 's/^\.It Fl (.) , Fl -([a-z-]+)( Ns = Ns Ar ([A-Z]+).*)?$/-\1 --\2 \4/p' "$MANUAL")
  offered=$("$TINY" --help | sed -nE 's/^  (-.), (--[a-z-]+)=?([A-Z]*).*/\1 \2 \3/p')
  diff <(echo "$described") <(echo "$offered")
  (($(wc -l <<<"$offered") == 15))
}

@test "test/README.md has a row for every suite and every tool" {
  local name
  cd "$BATS_TEST_DIRNAME" || return
  for name in *.bats */run bench/left sanitize mutate busy fresh picture times; do
    grep -qE "^\| ([a-z]+, )*${name%.bats}(, [a-z]+)* \|" README.md || { echo "no row for $name"; return 1; }
  done
}

# described NAME: the fields of the list below .It Cm or .It Va NAME, or the report's own, one a line.
described() {
  python3 - "$MANUAL" "${1:-}" <<'END'
import re, sys
lines = open(sys.argv[1]).read().split(".Sh THE REPORT")[1].split("\n.Sh ")[0].split("\n")
path, last = [], ""         # the names of the lists that are open, the last .It
for line in lines:
    if line.startswith(".Bl"):
        path.append(last)
    elif line.startswith(".El"):
        last = path.pop()
    elif line.startswith(".It"):
        found = re.match(r"\.It (?:Cm|Va) ([a-z_0-9]+) Pq ", line)
        last = found[1] if found else ""
        if last and path[-1] == sys.argv[2]:
            print(last)
END
}

@test "the manual describes the fields of the report, and of the objects in it, and no other" {
  local report=$T/report limit
  # A circle, a signal that somebody sent to the guard, and a command line that is not UTF-8.
  cat >"$T/hangs.py" <<'END'
import os, signal, subprocess
os.kill(int(os.environ["GUARD"]), signal.SIGUSR1)
subprocess.Popen(["seq", "100000"], stdout=subprocess.PIPE).wait()
END
  # Longer for a Python that starts slowly.
  for limit in 2 10 50; do
    rm -f "$report"
    run -124 bash -c 'export GUARD=$$; exec "$@"' - \
      "$TINY" -r USR1:0 -t "$limit" -o "$report" python3 "$T/hangs.py" $'\377'
    ! jq -e '[.running[]?.command] | any(startswith("seq"))' "$report" || break
  done
  # All that can be there is there, but for one.
  diff <(described | sort) <({ jq -r 'keys[]' "$report"; echo more; } | sort -u)
  diff <(described running | sort) <(jq -r '.running[0] | keys[]' "$report")
  diff <(described threads | sort) <(jq -r '.running[0].threads[0] | keys[]' "$report")
  diff <(described senders | sort) <(jq -r '.senders[0] | keys[]' "$report")
  rm "$report"
  "$TINY" -o "$report" sh -c 'sleep 1000 &'
  diff <(described left | sort) <(jq -r '.left[0] | keys[]' "$report")
}

@test "the manual gives the fields of the report the types that they have" {
  local report=$T/report name type test
  "$TINY" -o "$report" sh -c 'sleep 1000 &'
  while read -r name type; do
    case $type in
    string) test='type == "string"' ;;
    'string or null') test='type == "string" or . == null' ;;
    integer) test='type == "number" and . == floor' ;;
    'integer or null') test='. == null or . == floor' ;;
    number) test='type == "number"' ;;
    boolean) test='type == "boolean"' ;;
    'boolean or null') test='type == "boolean" or . == null' ;;
    'array of strings') test='type == "array" and all(type == "string")' ;;
    'array of objects') test='type == "array" and all(type == "object")' ;;
    *) echo "$name: what is $type?"; return 1 ;;
    esac
    jq -e --arg name "$name" "has(\$name) and (.[\$name] | $test)" "$report" ||
      { echo "$name: not $type"; return 1; }
  done < <(sed -n '/^\.Sh THE REPORT/,/^These are there/s/^\.It Cm \([a-z_]*\) Pq \(.*\)/\1 \2/p' "$MANUAL")
}

@test "the manual names each signal, exit status and outcome that has a meaning of its own" {
  local word
  for word in 124 125 126 127 137; do grep -qx ".It $word" "$MANUAL"; done
  for word in exited signaled timed-out parent-died killed not-started; do
    grep -qx ".It Li $word" "$MANUAL"
  done
  for word in ALRM CHLD CONT TSTP STOP SEGV KILL; do grep -q "^\.It Dv $word" "$MANUAL"; done
}

# example LINE: runs an example and says whether it did what the manual says. An unknown one fails.
example() {
  local line=$1 status=0 pid
  case $line in
  'tiny-reaper -t 10m make test')
    [[ $(bash -c "$line") == 'made test' ]]
    ;;
  "tiny-reaper -v -t 0.5 -k 2 sh -c 'sleep 1000 | cat'")
    # On a slow machine the limit may come before the two.
    both_run() {
      status=0
      bash -c "${line/-t 0.5/-t $TIME}" 2>err || status=$?
      grep -q 'sleep 1000$' err && grep -qw 'cat$' err
    }
    in_time both_run
    ((status == 124))
    grep -q 'sleep 1000$' err
    grep -qw 'cat$' err
    ;;
  'tiny-reaper -t 1 -s QUIT,TERM -k 1 java -jar server.jar')
    dumps() { status=0; bash -c "${line/-t 1/-t $TIME}" >out || status=$?; grep -q dump out; }
    in_time dumps
    ((status == 124))
    [[ $(<out) == $'dump of -jar server.jar\nterminated' ]]
    ;;
  'tiny-reaper -r TERM:QUIT -e QUIT server')
    # The shell has a background job ignore these two.
    env --default-signal=INT,QUIT bash -c "exec $line" 3>&- & pid=$! started+=("$!")
    server_pid
    kill "$pid"
    wait "$pid"
    wait_for 20 gone "$server"
    ;;
  'tiny-reaper -k 30 server')
    # Here the patience is 0.3 s, and the server stubborn.
    bash -c 'trap "" TERM; exec '"${line/30/0.3}" 3>&- & pid=$! started+=("$!")
    server_pid
    kill "$pid"
    wait "$pid" || status=$?
    ((status == 137))
    wait_for 20 gone "$server"
    ;;
  'tiny-reaper -d server & wait $!')
    bash -c "$line" 3>&- & pid=$! started+=("$!")
    server_pid
    kill -KILL "$pid"
    wait "$pid" || status=$?
    ((status == 137))
    wait_for 20 gone "$server"
    ;;
  'tiny-reaper -w -t 1h daemon')
    WAITED_FOR=1 bash -c "$line"
    [[ -e daemon-done ]]
    rm daemon-done
    ;;
  'tiny-reaper -l daemon')
    bash -c "$line" 3>&-
    [[ ! -e daemon-done ]]
    : >go
    wait_for 20 test -e daemon-done
    ;;
  'tiny-reaper -t 10m -o runs.jsonl make test')
    bash -c "$line"
    [[ $(jq -r .outcome runs.jsonl) == exited ]]
    ;;
  'TINY_REAPER='*' ./run-tests')
    # A limit that a test can wait for.
    bash -c "${line/10m/0.5}" >out 2>err || status=$?
    ((status == 124))
    [[ $(<out) == . ]]
    grep -q 'sleep 20$' err
    ;;
  'jq -rs '*' runs.jsonl')
    tiny-reaper -t 0.1 -o runs.jsonl sleep 1001 || :
    tiny-reaper -t 0.3 -o runs.jsonl sleep 1002 || :
    # The slowest first; which of the two that is, a busy machine decides.
    bash -c "$line" >out
    sort -rnc out
    [[ $(sed 's/^[0-9.]* //' out | sort) == $'["sleep","1001"]\n["sleep","1002"]' ]]
    ;;
  *)
    echo "no test for: $line"
    return 1
    ;;
  esac
}

@test "each example in the manual does what it says" {
  cd "$T" || return
  stub make <<<'echo "made $*"'
  stub java <<<'trap "echo dump of $*" QUIT; trap "echo terminated; kill %1; exit" TERM
    sleep 1000 & while :; do wait; done'
  stub_server
  # Goes into the background; ends after 0.2 s if somebody waits for it (-w), else when it is told.
  stub daemon <<<'if [[ ${WAITED_FOR:-} ]]; then setsid sh -c "sleep 0.2; : >daemon-done" &
    else setsid sh -c "until [ -e go ]; do sleep 0.1; done; : >daemon-done" & fi'
  # Bounded, in case that nobody reads the variable.
  printf '#!/bin/sh\nexec tiny-reaper sh -c "echo \\$TINY_REAPER.; sleep 20"\n' >"$T/run-tests"
  chmod +x "$T/run-tests"
  local line count=0
  while read -r line; do
    echo "$line"
    example "$line"
    ((count += 1))
  done < <(mandoc -Tutf8 -O width=300 "$MANUAL" | sed 's/.\x08//g' | sed -nE '/^EXAMPLES/,/^SEE/s/^ +\$ //p')
  echo "$count examples"
  ((count == 11))
}
