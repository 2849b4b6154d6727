#!/usr/bin/env bats
# The recipes of README.md, taken from its own code blocks and run: <!-- recipe: NAME --> stands above each block.
# What is changed before a block is run is named in its test: durations that a test cannot wait for, and where programs are installed.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of other shells; bats runs each test in a subshell, and sets status and output

bats_require_minimum_version 1.5.0
load common

setup() {
  T=$BATS_TEST_TMPDIR
  started=()
  README=$BATS_TEST_DIRNAME/../README.md
  mkdir "$T/bin" "$T/work"
  ln -s "$(realpath "$TINY")" "$T/bin/tiny-reaper"
  PATH=$T/bin:$PATH
  cd "$T/work" || return
}

# What a failed test has left in the background; the end of tiny-reaper ends all below it. (Not all of `jobs -p`: bats has jobs of its own.)
teardown() {
  local pid
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
}

# recipe NAME [LANGUAGE]: the block's text; fails if there is not exactly one such block.
recipe() {
  (($(grep -cx "<!-- recipe: $1 -->" "$README") == 1)) || { echo "not one recipe $1" >&2; return 1; }
  awk -v head="<!-- recipe: $1 -->" '
    $0 == head { wanted = 1; next }
    wanted && /^```/ { if (inside) exit; inside = 1; next }
    wanted && inside' "$README"
}

# stub NAME: a program for the recipes, made from standard input.
stub() {
  { echo '#!/bin/bash'; cat; } >"$T/bin/$1"
  chmod +x "$T/bin/$1"
}

# yaml FILE PYTHON: evaluates PYTHON with the file's content as `y`.
yaml() { python3 -c 'import sys, yaml, json
y = yaml.safe_load(open(sys.argv[1])); exec(sys.argv[2])' "$@"; }

# The server of several recipes: shows what it was called with and who its parent is, and waits.
stub_server() {
  mkfifo "$T/ready"
  export READY=$T/ready
  stub server <<<'{ echo "$$ $(cat /proc/$PPID/comm) $*"; } >"$READY"; exec sleep 1000'
}
# stops_with STATUS COMMAND...: COMMAND runs the server with its arguments under tiny-reaper, and ends by a TERM so.
stops_with() {
  local expected=$1 status=0 pid server parent arguments
  shift
  env --default-signal=INT,QUIT "$@" 3>&- &
  pid=$!
  started+=("$pid")
  read -rt 100 server parent arguments <"$READY"
  echo "server $server, child of $parent: $arguments"
  [[ $parent == tiny-* && $arguments == '--port 8080' ]]
  # A bash ignores QUIT, and so would the server before its exec.
  wait_for 20 grep -qx sleep "/proc/$server/comm"
  kill -TERM "$pid"
  wait "$pid" || status=$?
  ((status == expected)) || { echo "status $status"; return 1; }
  wait_for 20 gone "$server"
}

@test "every block of code in README.md is known here" {
  local name known=0
  while read -r name; do
    grep -q "recipe $name\b" "$BATS_TEST_DIRNAME/recipes.bats" || { echo "no test for $name"; return 1; }
    ((known += 1))
  done < <(sed -n 's/^<!-- recipe: \(.*\) -->$/\1/p' "$README")
  # All but `make check`.
  (($(grep -c '^```[a-z]' "$README") == known + 1))
  grep -qx 'make check' "$README"
}

@test "README: the first command builds, and shows the limit and what has fled" {
  cp "$BATS_TEST_DIRNAME/../tiny-reaper.c" "$BATS_TEST_DIRNAME/../Makefile" .
  recipe first >script
  run -124 --separate-stderr env -u CC -u CFLAGS -u STATIC sh script
  echo "$stderr"
  [[ $output == *waiting ]]
  [[ $stderr == *'limit of 1s reached'*'sleep 1000'*'reaped orphan'* ]]
}

@test "README: in front of a command in a shell" {
  stub make <<<'echo "made $*"; exit 3'
  recipe shell >script
  run -3 sh script
  [[ $output == 'made test' ]]
}

@test "README: a stack dump, of a real Python with faulthandler" {
  cat >server.py <<'END'
import faulthandler, signal, time
faulthandler.register(signal.SIGQUIT)
def hangs():
    time.sleep(1000)
hangs()
END
  recipe stack-dump >script
  run -124 sh script
  [[ $output == *'sending QUIT'*'line 4 in hangs'* && $output == *'sending TERM'*'killed by SIGTERM'* ]]
}

@test "README: Dockerfile" {
  stub_server
  recipe dockerfile >Dockerfile
  [[ $(cut -d' ' -f1 Dockerfile | xargs) == 'FROM COPY ENTRYPOINT CMD' ]]
  mapfile -t words < <(sed -nE 's/^(ENTRYPOINT|CMD) //p' Dockerfile | jq -r '.[]')
  stops_with 143 "${words[@]}"
}

@test "README: compose" {
  stub_server
  recipe compose >compose.yaml
  mapfile -t words < <(yaml compose.yaml 's = y["services"]["server"]; assert set(s) == {"image", "entrypoint", "command", "stop_grace_period"}
print(*s["entrypoint"], *s["command"], sep="\n")')
  stops_with 143 "${words[@]}"
}

@test "README: a Kubernetes manifest" {
  stub nightly <<<'echo "nightly $*"'
  recipe kubernetes >job.yaml
  mapfile -t words < <(yaml job.yaml '
assert (y["apiVersion"], y["kind"]) == ("batch/v1", "Job") and set(y) == {"apiVersion", "kind", "metadata", "spec"}
pod = y["spec"]["template"]["spec"]
assert pod["restartPolicy"] in ("Never", "OnFailure") and isinstance(pod["terminationGracePeriodSeconds"], int) and isinstance(y["spec"]["backoffLimit"], int)
(c,) = pod["containers"]
assert {"name", "image", "command", "args"} == set(c) and all(isinstance(word, str) for word in c["command"] + c["args"])
print(*c["command"], *c["args"], sep="\n")')
  run -0 --separate-stderr "${words[@]}"
  [[ $output == 'nightly --all' && $stderr == *'limit 1h'* ]]
}

@test "README: cron" {
  stub nightly <<<'echo "nightly $*"'
  recipe cron >./crontab
  local line
  line=$(grep -v '^#' crontab)
  [[ $line =~ ^[0-9]+\ [0-9]+(\ \*){3}\ ([^%]+)$ ]]
  # As cron runs it, but for where the programs are installed.
  run -0 env -i HOME="$T" LOGNAME=root SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "${BASH_REMATCH[2]//\/usr\/local\/bin/$T/bin}"
  [[ $output == 'nightly --all' && $(jq -r .outcome "$T/nightly.jsonl") == exited ]]
}

@test "README: a systemd unit" {
  stub_server
  # But for where the programs and the log are.
  recipe systemd | sed "s,/usr/local/bin,$T/bin,g; s,/var/log,$T," >server.service
  run -0 systemd-analyze verify "$PWD/server.service"
  [[ $output != *server.service* ]]
  read -ra words < <(sed -n 's/^ExecStart=//p' server.service)
  stops_with 0 "${words[@]}"
  [[ $(jq -c '[.outcome, .signal, .status, .forwarded]' "$T/server.jsonl") == '["signaled","QUIT",0,["QUIT"]]' ]]
}

@test "README: make, with a limit for each line" {
  printf '#!/bin/sh\n%s\n' 'tr "\0" " " </proc/$(sed -n "s/^PPid:.//p" /proc/$PPID/status)/cmdline' >run-tests
  chmod +x run-tests
  recipe make >Makefile
  run -0 make -s test
  [[ $output == *'tiny-'*' -t 10m /bin/sh -c ./run-tests ' ]]
  sed -i 's/10m/0.1/' Makefile
  echo 'sleep 1000' >>run-tests
  run -2 make -s test
  [[ $output == *'Error 124'* ]]
}

@test "README: xargs -P and find -exec" {
  mkdir tests
  printf '#!/bin/sh\necho "$0"; [ "$0" = tests/2 ] && exec sleep 1000; exit 0\n' | tee tests/1 tests/2 tests/3 >/dev/null
  chmod +x tests/*
  # The limit that 2 exceeds is shorter here.
  recipe xargs | sed 's/5m/0.3/' >script
  run -123 sh script
  [[ $(sort <<<"$output") == $'tests/1\ntests/2\ntests/3' ]]
  [[ $(jq -sc 'map([.command[0], .status]) | sort' runs.jsonl) == '[["tests/1",0],["tests/2",124],["tests/3",0]]' ]]
  rm runs.jsonl
  recipe find | sed 's/5m/0.3/' >script
  run -0 sh script
  [[ $(jq -sc 'map([.command[0], .status]) | sort' runs.jsonl) == '[["tests/1",0],["tests/2",124],["tests/3",0]]' ]]
}

@test "README: git bisect run finds the commit that hangs" {
  export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
  git init -q .
  local i
  for i in {1..6}; do
    printf '#!/bin/sh\n# %s\n%s\n' "$i" "$( ((i >= 4)) && echo 'setsid sleep 1000 & wait')" >run-tests
    chmod +x run-tests
    git add run-tests
    git commit -qm "commit $i"
  done
  git bisect start HEAD HEAD~5
  recipe bisect | sed 's/5m/0.3/' >"$T/script"
  run -0 sh "$T/script"
  [[ $(git log -1 --format=%s refs/bisect/bad) == 'commit 4' ]]
}

@test "README: Python's subprocess" {
  recipe python >script.py
  run -0 timeout 60 python3 script.py
  [[ $output == SIGKILL ]]
}

# What the three CI systems run: the step fails with 124 and shows what hung, and the report is printed.
ci_steps() { # TEST-SCRIPT REPORT-SCRIPT
  stub make <<<'echo "made $*"'
  run -0 bash -e "$1"
  [[ $output == *'made test'* ]]
  rm runs.jsonl
  stub make <<<'sleep 1000 | cat'
  sed -i 's/10m/0.5/' "$1"
  run -124 bash -e "$1"
  [[ $output == *'still running'*'sleep 1000'* ]]
  run -0 bash -e "$2"
  jq -e '.outcome == "timed-out" and (.running | length == 3)' <<<"$output"
}

@test "README: GitHub Actions" {
  export GITHUB_STEP_SUMMARY=$T/summary
  recipe github >workflow.yaml
  yaml workflow.yaml '(job,) = y["jobs"].values()
assert job["runs-on"]
checkout, test, report = job["steps"]
assert report["if"] == "always()" and checkout["uses"].startswith("actions/checkout@")
open("test.sh", "w").write(test["run"]); open("report.sh", "w").write(report["run"])'
  ci_steps test.sh report.sh
  jq -e . "$T/summary"
}

@test "README: GitLab CI" {
  recipe gitlab >.gitlab-ci.yml
  yaml .gitlab-ci.yml '(job,) = y.values()
assert set(job) == {"script", "after_script", "artifacts"} and job["artifacts"]["when"] == "always"
open("test.sh", "w").write("\n".join(job["script"])); open("report.sh", "w").write("\n".join(job["after_script"]))'
  ci_steps test.sh report.sh
}

@test "README: Jenkins" {
  recipe jenkins >Jenkinsfile
  sed -nE "s/^ *sh '(.*)'$/\1/p" Jenkinsfile >steps
  (($(wc -l <steps) == 2 && $(grep -o '{' Jenkinsfile | wc -l) == $(grep -o '}' Jenkinsfile | wc -l)))
  head -n 1 steps >test.sh
  tail -n 1 steps >report.sh
  grep -B3 -A1 "$(<report.sh)" Jenkinsfile | grep -q always
  ci_steps test.sh report.sh
}

@test "README: jq lists the slowest runs and those that timed out" {
  local i
  for i in {1..7}; do
    jq -nc --argjson i "$i" '{wall_s: ($i * 1.5), pid: $i, outcome: "exited", command: ["run", "\($i)"]}'
  done >runs.jsonl
  jq -nc '{wall_s: 0.5, pid: 8, outcome: "timed-out", command: ["run", "8"]}' >>runs.jsonl
  recipe jq >script
  run -0 sh script
  [[ $output == $'10.5 s exited run 7\n9 s exited run 6\n7.5 s exited run 5\n6 s exited run 4\n4.5 s exited run 3\n0.5 s timed-out run 8' ]]
  # And of a real one.
  rm runs.jsonl
  tiny-reaper -t 0.1 -o runs.jsonl sleep 1000 || :
  tiny-reaper -o runs.jsonl echo ran
  run -0 sh script
  [[ ${lines[0]} == '0.1'*' s timed-out sleep 1000' && ${lines[1]} == *' s exited echo ran' && ${#lines[@]} == 2 ]]
}
