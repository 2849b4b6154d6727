#!/usr/bin/env bats
# The recipes of README.md, taken from its own code blocks and run: <!-- recipe: NAME --> stands above each.
# What is changed before a block is run is named in its test: durations that a test cannot wait for, and where
# programs are installed. Of files for other programs the command lines are taken out and run, the rest is
# parsed.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# (variables of other shells; bats runs each test in a subshell, and sets status and output)

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

# What a failed test has left in the background; the end of tiny-reaper ends all below it.
# (Not all of `jobs -p`: bats has jobs of its own.)
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

# The server of several recipes: shows what it was called with and which program its parent is, and waits.
stub_server() {
  mkfifo "$T/ready"
  export READY=$T/ready
  stub server <<<'{ echo "$$ $(readlink /proc/$PPID/exe) $*"; } >"$READY"; exec sleep 1000'
}
# stops_with STATUS COMMAND...: COMMAND runs the server with its arguments under tiny-reaper; TERM ends it so.
stops_with() {
  local expected=$1 status=0 pid server parent arguments
  shift
  env --default-signal=INT,QUIT "$@" 3>&- &
  pid=$!
  started+=("$pid")
  read -rt 100 server parent arguments <>"$READY"
  echo "server $server, child of $parent: $arguments"
  [[ $parent == "$(realpath "$TINY")" && $arguments == '--port 8080' ]]
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
  # All but `make check`, and what is no code.
  (($(grep '^```[a-z]' "$README" | grep -vcx '```text') == known + 1))
  grep -qx 'make check' "$README"
}

@test "README and man/CHANGES name the version that the program has" {
  local version
  version=$(sed -n 's/^#define VERSION "\(.*\)"/\1/p' "$BATS_TEST_DIRNAME/../tiny-reaper.c")
  run -0 grep -oE 'tiny-reaper-[0-9]+\.[0-9]+\.[0-9]+' "$README"
  [[ $(sort -u <<<"$output") == "tiny-reaper-$version" ]]
  [[ $(grep -m 1 '^[0-9]' "$BATS_TEST_DIRNAME/../man/CHANGES") == "$version" ]]
}

# release: a folder as `make dist` makes it, for amd64 alone, whose URL is in $URL; curl and sudo are stubs.
release() {
  local name
  name=$(grep -oE 'tiny-reaper-[0-9.]+-amd64' "$README" | head -n 1)
  mkdir "$T/release"
  cp "$TINY" "$T/release/$name"
  (cd "$T/release" && sha256sum -- * >SHA256SUMS && printf '%064d  of-another-machine\n' 0 >>SHA256SUMS)
  SHA256=$(cut -d' ' -f1 "$T/release/SHA256SUMS" | head -n 1)
  export URL=file://$T/release SHA256
  stub curl <<<'[[ $1 == -fsSLO ]] && shift; for word; do [[ $word == -O ]] || cp "${word#file://}" .; done'
  stub sudo <<<'exec "$@"'
  rm "$T/bin/tiny-reaper"
}
# installs SCRIPT: it puts the release into the PATH, but not if the file is not the one of the checksum.
installs() {
  sed -i "s,/usr/local/bin,$T/bin,g" "$1"
  run -0 bash -e "$1"
  [[ -x $T/bin/tiny-reaper ]]
  cmp "$T/bin/tiny-reaper" "$TINY"
  rm "$T/bin/tiny-reaper"
  echo >>"$(echo "$T"/release/tiny-reaper-*)"
  run bash -e "$1"
  ((status != 0))
  [[ ! -e $T/bin/tiny-reaper ]]
  ln -s "$(realpath "$TINY")" "$T/bin/tiny-reaper"
}

@test "README: a release is installed, and not if its checksum is wrong" {
  release
  recipe release >script
  installs script
}

@test "README: the packages that it names are those of the image's first stage, and in test/packages" {
  local package packages
  packages=$(recipe packages | sed -n 's/^apt-get install --no-install-recommends //p')
  [[ -n $packages ]]
  for package in $packages; do
    grep -qE "^$package( |\$)" "$BATS_TEST_DIRNAME/packages" ||
      { echo "$package is no package of ours"; return 1; }
  done
  recipe multistage | grep -q "install -y --no-install-recommends $packages\$"
}

@test "README: an image with two stages builds it from the source" {
  recipe multistage >Dockerfile
  [[ $(grep -v '^$' Dockerfile | cut -d' ' -f1 | xargs) == 'FROM RUN COPY RUN FROM COPY ENTRYPOINT CMD' ]]
  mkdir src
  cp "$BATS_TEST_DIRNAME/../tiny-reaper.c" "$BATS_TEST_DIRNAME/../Makefile" src
  run -0 env -u CC -u CFLAGS -u STATIC sh -c "$(sed -n 's,^RUN \(make .*\)/src$,\1src,p' Dockerfile)"
  run -3 src/tiny-reaper sh -c 'exit 3'
  [[ $(sed -n 's/^ENTRYPOINT//p' Dockerfile) == "$(recipe dockerfile | sed -n 's/^ENTRYPOINT//p')" ]]
}

@test "README: the first command builds, and shows the limit and what has fled" {
  cp "$BATS_TEST_DIRNAME/../tiny-reaper.c" "$BATS_TEST_DIRNAME/../Makefile" .
  recipe first >script
  run -124 --separate-stderr env -u CC -u CFLAGS -u STATIC sh script
  echo "$stderr"
  [[ $output == *waiting ]]
  [[ $stderr == *'sleep 1000'* && $stderr == *'sleep 1001'* ]]
}

@test "README: in front of a command in a shell" {
  stub make <<<'echo "made $*"; exit 3'
  recipe shell >script
  run -3 --separate-stderr sh script
  [[ $output == 'made test' ]]
}

@test "README: a script's helper goes with the script, at its end and by kill -9" {
  local pid server
  mkfifo ready
  export HANGS=
  # A bash that the TERM finds before its exec would die as well; what is to be seen is that of the helper.
  stub server <<<'echo $$ >ready; exec sleep 1000'
  stub run-tests <<<'read -r server <ready; echo $server >at-work; [[ ! $HANGS ]] || read -r never <>forever'
  mkfifo at-work forever
  recipe script >script
  for HANGS in '' yes; do
    sh script 3>&- &
    pid=$!
    started+=("$pid")
    read -rt 20 server <>at-work
    started+=("$server")
    [[ ! $HANGS ]] || kill -KILL "$pid"
    wait "$pid" || [[ $HANGS ]]
    wait_for 20 gone "$server"
  done
  # What the script has started without tiny-reaper goes on.
  echo go >forever
}

# A python3 that is no shell script of somebody's version manager.
real_python() {
  ln -s "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$T/bin/python3"
}

@test "README: a stack dump, of a real Python with faulthandler" {
  real_python
  cat >server.py <<'END'
import faulthandler, signal, time
faulthandler.register(signal.SIGQUIT)
def hangs():
    time.sleep(1000)
hangs()
END
  # A Python that starts slowly is given longer.
  local limit
  for limit in 2 10 50; do
    recipe stack-dump | sed "s/-t 2/-t $limit/" >script
    run -124 sh script
    [[ $output != *'in hangs'* ]] || break
  done
  [[ $output == *QUIT*'line 4 in hangs'* && $output == *TERM* ]]
}

@test "README: the deadlock of Popen(stdout=PIPE).wait() is found, and said in words" {
  real_python
  # A Python that starts slowly is given longer.
  local limit
  for limit in 2 10 50; do
    recipe deadlock | sed "s/-t 2/-t $limit/" >script
    run -124 sh script
    [[ $output != *seq\ 100000* ]] || break
  done
  echo "$output"
  [[ $output =~ python3[0-9.]*\ \(pid\ [0-9]+\)\ and\ seq\ \(pid\ [0-9]+\)\ wait\ for\ each\ other ]]
}

# without_numbers FILE: the lines that say who waits for whom, numbers and markup left out.
without_numbers() {
  sed 's/<[^>]*>//g' "$1" | grep -o '.* wait for each other' | sed 's/[0-9]\+/N/g'
}

@test "README shows what is said today: its picture, and the output below a recipe" {
  local name
  "$BATS_TEST_DIRNAME/picture" --to .
  python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("hang.svg")'
  for name in hang.svg README.md; do grep -q 'wait for each other' "$name"; done
  diff <(without_numbers hang.svg) <(without_numbers "$BATS_TEST_DIRNAME/../.github/hang.svg")
  diff <(without_numbers README.md) <(without_numbers "$README")
  grep -q '](.github/hang.svg)' "$README"
  grep -q 'prefers-color-scheme: dark' "$BATS_TEST_DIRNAME/../.github/hang.svg"
}

@test "README: what each tool leaves behind: tiny-reaper nothing, and the table is as the script prints it" {
  local row
  run -0 "$BATS_TEST_DIRNAME/bench/left" tiny-reaper nothing
  for row in "${lines[@]}"; do grep -qxF -- "$row" "$README"; done
  ((${#lines[@]} == 4))
  [[ ${lines[2]} == *'| **nothing** | **nothing** | **nothing** |' ]]
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
  mapfile -t words < <(yaml compose.yaml 's = y["services"]["server"]
assert set(s) == {"image", "entrypoint", "command", "stop_grace_period"}
print(*s["entrypoint"], *s["command"], sep="\n")')
  stops_with 143 "${words[@]}"
}

@test "README: a Kubernetes manifest" {
  stub nightly <<<'echo "nightly $*"'
  recipe kubernetes >job.yaml
  mapfile -t words < <(yaml job.yaml '
assert (y["apiVersion"], y["kind"]) == ("batch/v1", "Job")
assert set(y) == {"apiVersion", "kind", "metadata", "spec"} and isinstance(y["spec"]["backoffLimit"], int)
pod = y["spec"]["template"]["spec"]
assert pod["restartPolicy"] in ("Never", "OnFailure")
assert isinstance(pod["terminationGracePeriodSeconds"], int)
(c,) = pod["containers"]
assert {"name", "image", "command", "args"} == set(c)
assert all(isinstance(word, str) for word in c["command"] + c["args"])
print(*c["command"], *c["args"], sep="\n")')
  run -0 --separate-stderr "${words[@]}"
  [[ $output == 'nightly --all' && " ${words[*]} " == *' -t 1h '* ]]
}

@test "README: cron" {
  stub nightly <<<'echo "nightly $*"'
  recipe cron >./crontab
  local line
  line=$(grep -v '^#' crontab)
  [[ $line =~ ^[0-9]+\ [0-9]+(\ \*){3}\ ([^%]+)$ ]]
  # As cron runs it, but for where the programs are installed.
  line=${BASH_REMATCH[2]//\/usr\/local\/bin/$T/bin}
  run -0 --separate-stderr env -i HOME="$T" LOGNAME=root SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "$line"
  [[ $output == 'nightly --all' && $(jq -r .outcome "$T/nightly.jsonl") == exited ]]
}

@test "README: a systemd unit" {
  stub_server
  # But for where the programs and the log are.
  recipe systemd | sed "s,/usr/local/bin,$T/bin,g; s,/var/log,$T," >server.service
  run -0 systemd-analyze verify "$PWD/server.service"
  [[ $output != *server.service* ]]
  read -ra words < <(sed -n 's/^ExecStart=//p' server.service)
  [[ " ${words[*]} " == *' -t 12h '* ]]
  stops_with 0 "${words[@]}"
  run -0 jq -c '[.outcome, .signal, .status, .forwarded]' "$T/server.jsonl"
  [[ $output == '["signaled","QUIT",0,["QUIT"]]' ]]
}

@test "README: make, with a limit for each line" {
  # Prints the command line of the guard.
  cat >run-tests <<'END'
#!/bin/bash
pid=$PPID
until [[ $(<"/proc/$pid/comm") == tiny-reaper ]]; do pid=$(sed -n 's/^PPid:.//p' "/proc/$pid/status"); done
tr '\0' ' ' <"/proc/$pid/cmdline"
END
  chmod +x run-tests
  recipe make >Makefile
  run -0 make -s test
  [[ $output == *'tiny-reaper -t 10m /bin/sh -c ./run-tests ' ]]
  sed -i 's/10m/0.1/' Makefile
  echo 'sleep 1000' >>run-tests
  run -2 make -s test
  [[ $output == *'Error 124'* ]]
}

@test "README: xargs -P and find -exec, with a blank in a name" {
  mkdir tests
  printf '#!/bin/sh\necho "$0"; [ "$0" = tests/2 ] && exec sleep 1000; exit 0\n' |
    tee tests/{1,2,'3 4'} >/dev/null
  chmod +x tests/*
  local what            # recipe xargs, recipe find
  for what in xargs find; do
    # The limit that 2 exceeds is shorter here.
    recipe "$what" | sed 's/5m/0.3/' >script
    run sh script
    [[ $what == find || $status == 123 ]]
    [[ $(sort <<<"$output") == $'tests/1\ntests/2\ntests/3 4' ]]
    run -0 jq -sc 'map([.command[0], .status]) | sort' runs.jsonl
    [[ $output == '[["tests/1",0],["tests/2",124],["tests/3 4",0]]' ]]
    rm runs.jsonl
  done
}

@test "README: git bisect run finds the commit that hangs" {
  export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
  export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
  git init -q .
  local i
  for i in {1..6}; do
    # One that hangs has to be killed, which gives 137.
    {
      printf '#!/bin/sh\n# %s\n' "$i"
      ((i < 4)) || echo 'trap "" TERM; setsid sleep 1000 & wait'
    } >run-tests
    chmod +x run-tests
    git add run-tests
    git commit -qm "commit $i"
  done
  git bisect start HEAD HEAD~5
  # A limit and a grace that a test can wait for.
  recipe bisect | sed 's/5m/0.3 -k 0.1/' >"$T/script"
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
  cancelled "$1"
  rm -f runs.jsonl
  stub make <<<'sleep 1000 | cat'
  sed -i 's/10m/0.5/' "$1"
  run -124 bash -e "$1"
  [[ $output == *'sleep 1000'* ]]
  run -0 bash -e "$2"
  jq -e '.outcome == "timed-out" and (.running | length == 3)' <<<"$(grep -v '^```' <<<"$output")"
}

# cancelled SCRIPT: the runner signals the step's shell alone, and all that the step has started ends.
cancelled() {
  local pid one another
  mkfifo at-work
  stub make <<<'sleep 1000 & one=$!; setsid sleep 1001 & echo "$one $!" >at-work; wait'
  bash -e "$1" 3>&- &
  pid=$!
  started+=("$pid")
  read -rt 20 one another <>at-work
  started+=("$one" "$another")
  kill -TERM "$pid"
  wait_for 20 gone "$one"
  wait_for 20 gone "$another"
}

@test "README: GitHub Actions" {
  export GITHUB_STEP_SUMMARY=$T/summary
  recipe github >workflow.yaml
  yaml workflow.yaml '(job,) = y["jobs"].values()
assert job["runs-on"]
checkout, install, test, report = job["steps"]
assert report["if"] == "always()" and checkout["uses"].startswith("actions/checkout@")
assert set(install["env"]) == {"URL", "SHA256"}
open("install.sh", "w").write(install["run"])
open("test.sh", "w").write(test["run"]); open("report.sh", "w").write(report["run"])'
  release
  installs install.sh
  ci_steps test.sh report.sh
  # Fenced, for a summary is Markdown.
  [[ $(head -n 1 "$T/summary") == '```json' && $(tail -n 1 "$T/summary") == '```' ]]
  sed '1d; $d' "$T/summary" | jq -e .
}

@test "README: GitLab CI" {
  recipe gitlab >.gitlab-ci.yml
  yaml .gitlab-ci.yml '(job,) = y.values()
assert set(job) == {"before_script", "script", "after_script", "artifacts"}
assert job["artifacts"]["when"] == "always"
open("install.sh", "w").write("\n".join(job["before_script"]))
open("test.sh", "w").write("\n".join(job["script"]))
open("report.sh", "w").write("\n".join(job["after_script"]))'
  release
  installs install.sh
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
  diff - <(echo "$output") <<'END'
10.5 s exited run 7
9 s exited run 6
7.5 s exited run 5
6 s exited run 4
4.5 s exited run 3
0.5 s timed-out run 8
END
  # And of a real one.
  rm runs.jsonl
  tiny-reaper -t 0.1 -o runs.jsonl sleep 1000 || :
  tiny-reaper -o runs.jsonl echo ran
  run -0 sh script
  [[ $(sed 's/^[0-9.]* s //' <<<"$output" | sort) == $'exited echo ran\ntimed-out sleep 1000' ]]
}

# entry_point RECIPE: the words of its ENTRYPOINT and CMD, a line each; what it copies is put below $T/root.
entry_point() {
  local source target
  read -r _ source target < <(recipe "$1" | grep '^COPY')
  [[ $source == tiny-reaper && $target != */ ]] || return 1
  mkdir -p "$(dirname "$T/root$target")"
  cp "$TINY" "$T/root$target"
  recipe "$1" | sed -nE 's/^(ENTRYPOINT|CMD) //p' | jq -r '.[]' | sed "1s,^,$T/root,"
}

@test "README: under the name timeout" {
  # Where links are that come first in PATH; and a limit that a test can wait for.
  recipe name-timeout | sed "s,/usr/local/bin,$T/bin,; s/10m/1/" >script
  stub make <<<"setsid sleep 1000 & echo \$! >fled; sleep 1000"
  run -124 sh script
  [[ $(readlink "$T/bin/timeout") == tiny-reaper ]]
  gone "$(<fled)"
}

@test "README: under the names tini and dumb-init" {
  local name words      # recipe name-tini, recipe name-dumb-init
  stub_server
  for name in name-tini name-dumb-init; do
    mapfile -t words < <(entry_point "$name")
    echo "${words[*]}"
    TINY=${words[0]} stops_with 143 "${words[@]}"
  done
}

@test "README: options from the environment" {
  printf '#!/bin/sh\nexec tiny-reaper sh -c '\''echo "$TINY_REAPER."; sleep 20'\''\n' >run-tests
  chmod +x run-tests
  # A limit that a test can wait for.
  recipe environment | sed 's/10m/0.5/' >script
  run -124 --separate-stderr sh script
  [[ $output == . && $stderr == *'sleep 20'* ]]
}
