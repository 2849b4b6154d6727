#!/usr/bin/env bats
# The manual: clean, complete, and each of its examples run as it stands there.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of other shells; bats runs each test in a subshell, and sets status and output

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

# What a failed test has left in the background; the end of tiny-reaper ends all below it. (Not all of `jobs -p`: bats has jobs of its own.)
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
  read -rt 100 server <"$T/ready"
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
  for section in NAME SYNOPSIS DESCRIPTION SIGNALS 'THE TERMINAL' 'THE REPORT' 'EXIT STATUS' EXAMPLES CAVEATS 'SEE ALSO'; do
    grep -qx ".Sh $section" "$MANUAL" || { echo "no $section"; return 1; }
  done
}

@test "the manual describes each option of --help by both its names, and no other" {
  local described offered
  described=$(sed -nE 's/^\.It Fl (.) , Fl -([a-z-]+)( Ns = Ns Ar ([A-Z]+).*)?$/-\1 --\2 \4/p' "$MANUAL")
  offered=$("$TINY" --help | sed -nE 's/^  (-.), (--[a-z-]+)=?([A-Z]*).*/\1 \2 \3/p')
  diff <(echo "$described") <(echo "$offered")
  (($(wc -l <<<"$offered") == 15))
}

@test "the manual describes the fields of the report, in their order" {
  local described offered
  described=$(sed -n '/^\.Sh THE REPORT/,/^\.Sh ENV/s/^\.It Cm \([a-z_0-9]*\) Pq .*/\1/p' "$MANUAL")
  offered=$("$TINY" -t 0.1 -o "$T/report" sh -c 'sleep 1000' $'\377'; jq -r 'keys_unsorted[]' "$T/report")
  diff <(sort <<<"$described") <(sort <<<"$offered")
  # `running` is described in words.
  jq -r '.running[0] | keys[]' "$T/report" | while read -r field; do
    sed -n '/^\.It Cm running/,/^\.El/p' "$MANUAL" | grep -qx "\.Cm $field" || { echo "running: $field"; exit 1; }
  done
}

@test "the manual names each signal, exit status and outcome that has a meaning of its own" {
  local word
  for word in 124 125 126 127 137; do grep -qx ".It $word" "$MANUAL"; done
  for word in exited signaled timed-out parent-died killed not-started; do grep -qx ".It Li $word" "$MANUAL"; done
  for word in ALRM CHLD CONT TSTP STOP SEGV KILL; do grep -q "^\.It Dv $word" "$MANUAL"; done
}

# example LINE: runs an example and says whether it did what the manual says. One that is not known here fails.
example() {
  local line=$1 status=0 pid
  case $line in
  'tiny-reaper -t 10m make test')
    [[ $(bash -c "$line") == 'made test' ]]
    ;;
  "tiny-reaper -v -t 0.5 -k 2 sh -c 'sleep 1000 | cat'")
    # On a slow machine the limit may come before the two.
    both_run() { status=0; bash -c "${line/-t 0.5/-t $TIME}" 2>err || status=$?; grep -A9 'still running' err | grep -qw cat; }
    in_time both_run
    ((status == 124))
    grep -A9 'still running' err | grep -q 'sleep 1000'
    grep -A9 'still running' err | grep -qw cat
    ;;
  'tiny-reaper -t 1 -s QUIT,TERM -k 1 java -jar server.jar')
    dumps() { status=0; bash -c "${line/-t 1/-t $TIME}" >out || status=$?; grep -q dump out; }
    in_time dumps
    ((status == 124))
    [[ $(<out) == $'dump of -jar server.jar\nterminated' ]]
    ;;
  'tiny-reaper -r TERM:QUIT -e QUIT server')
    env --default-signal=INT,QUIT bash -c "exec $line" 3>&- & pid=$! started+=("$!") # the shell has a background job ignore them
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
    bash -c "$line"
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
  'jq -rs '*' runs.jsonl')
    tiny-reaper -t 0.1 -o runs.jsonl sleep 1001 || :
    tiny-reaper -t 0.3 -o runs.jsonl sleep 1002 || :
    [[ $(bash -c "$line" | sed 's/^0\.[0-9]* //') == $'["sleep","1002"]\n["sleep","1001"]' ]]
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
  stub java <<<'trap "echo dump of $*" QUIT; trap "echo terminated; kill %1; exit" TERM; sleep 1000 & while :; do wait; done'
  stub_server
  # Goes into the background; ends after 0.2 s if somebody waits for it (-w), else when it is told.
  stub daemon <<<'if [[ $(tr "\0" " " </proc/$PPID/cmdline) == *-w* ]]; then setsid sh -c "sleep 0.2; : >daemon-done" &
    else setsid sh -c "until [ -e go ]; do sleep 0.1; done; : >daemon-done" & fi'
  local line count=0
  while read -r line; do
    echo "$line"
    example "$line"
    ((count += 1))
  done < <(mandoc -Tutf8 -O width=300 "$MANUAL" | sed 's/.\x08//g' | sed -nE '/^EXAMPLES/,/^SEE/s/^ +\$ //p')
  echo "$count examples"
  ((count == 10))
}
