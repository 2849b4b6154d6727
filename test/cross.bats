#!/usr/bin/env bats
# `make dist`: reproducible static binaries for seven architectures, each run under qemu-user through the part of the suite that qemu-user can run.
# What it cannot run, with Debian's qemu 7.2:
#   - what rests on being a subreaper: qemu refuses that prctl, and tiny-reaper says so of every run, in a line that test/cross/run.bash takes out of
#     what the tests compare. As PID 1 orphans and leftovers are looked at all the same.
#   - real-time signals: qemu keeps some of the host's for itself and shifts the numbers of the others.
#   - a signal that is ignored on entry: qemu takes a handler for each that ends a process, and the exec of the command makes its default of it.
#   - deaths by a signal that dumps core: qemu takes those itself, and says so on standard error.
#   - what kills tiny-reaper and looks closely: qemu has a second thread, so the parent-death signal comes twice, and a pid is taken.
#   - what depends on how soon the command is up.
# The commands that are run are the host's own.
# shellcheck disable=SC2016,SC2154 # variables of the commands' shells; bats sets status and output

bats_require_minimum_version 1.5.0
load common

# By their full names: one that was renamed is missed.
part=(
  # cli.bats
  'options end at the first non-option'
  '--help and --version: on standard output, exit 0, and the help names every option'
  'an unknown option is named'
  # run.bats
  'a shell sees 128+N'
  '127: not found, in PATH or by path'
  '126: found, and cannot be run'
  'a script without #! is run by /bin/sh, with its arguments, by path and through PATH'
  "-e never turns tiny-reaper's own 124 to 127 into 0, but the command's"
  'with standard error closed, messages go into no other file'
  # limit.bats
  'at the limit TERM ends the command: 124'
  'a duration too long for the kernel is the longest, and ends nothing early'
  "--preserve-status: the command's own"
  '137, as an exit, when KILL was needed'
  'at the limit the whole group gets the signal'
  'a stopped command is continued to be ended, and the limit counts while it is stopped'
  'with an explicit --kill-after a forwarded TERM, INT or QUIT escalates to KILL'
  # signals.bats
  "a command that moved, and its old group's mate: each gets each signal once"
  'merely forwarding continues nobody: a TERM to a stopped command waits until it is continued'
  '-vv names the signal, its sender, and what was done with it'
  # pid1.bats
  '126, 127, 125, and success statuses'
  'it is one process, and joins no group with its child'
  'the time limit: 124, 137, and 128+9 under --preserve-status'
)

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

setup_file() {
  local tool suite missing=()
  for tool in git readelf qemu-{x86_64,aarch64,arm,riscv64,ppc64le,s390x,i386}-static \
    {aarch64,riscv64,powerpc64le,s390x,i686}-linux-gnu-gcc arm-linux-gnueabihf-gcc; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  if ((${#missing[@]})); then
    [[ ${CI:-} ]] || skip "the other architectures are left out: this needs ${missing[*]}"
    echo "missing: ${missing[*]}" >&2
    return 1
  fi

  export NO_SUBREAPER='tiny-reaper: cannot become a subreaper: Invalid argument: what the command leaves behind goes to init'
  export PART=$BATS_FILE_TMPDIR/part
  mkdir "$PART"
  for suite in cli run limit signals pid1; do cp "$BATS_TEST_DIRNAME/$suite.bats" "$PART"; done
  cat "$BATS_TEST_DIRNAME"/{common,cross/run}.bash >"$PART/common.bash"

  # A commit of what is in this tree now, and a clone of it.
  export FIRST=$BATS_FILE_TMPDIR/first SECOND=$BATS_FILE_TMPDIR/a/second/folder LOG=$BATS_FILE_TMPDIR/log
  mkdir -p "$FIRST" "$(dirname "$SECOND")"
  cd "$BATS_TEST_DIRNAME/.." || return
  git ls-files -coz --exclude-standard | while read -rd '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
    tar -c --null -T - | tar -x -C "$FIRST"
  export GIT_AUTHOR_NAME=me GIT_AUTHOR_EMAIL=me@example.org GIT_COMMITTER_NAME=me GIT_COMMITTER_EMAIL=me@example.org
  git init -q "$FIRST" && git -C "$FIRST" add -A && git -C "$FIRST" commit -qm commit
  git clone -q "$FIRST" "$SECOND"
  make -C "$FIRST" dist >"$LOG" 2>&1 || { cat "$LOG"; return 1; }
}

binary() { echo "$FIRST"/dist/tiny-reaper-*-"$1"; }

# under ARCH QEMU COMMAND...: with the binary for ARCH, run by qemu-QEMU, as $TINY.
under() {
  TINY=$BATS_FILE_TMPDIR/tiny-reaper-$1
  printf '#!/bin/sh\nexec %s %s "$@"\n' "$(command -v "qemu-$2-static")" "$(binary "$1")" >"$TINY"
  chmod +x "$TINY"
  export TINY
  shift 2
  "$@"
}

# Runs `part` of the suite, in a bats of its own.
part_of_the_suite() {
  local names variable unset=()
  names=$(printf '%s\n' "${part[@]}" | sed 's/[][().*+?^$|\\{}]/\\&/g' | paste -sd'|')
  while read -r variable; do unset+=(-u "$variable"); done < <(compgen -e BATS_)
  run -0 env "${unset[@]}" TINY_HELPERS="$H" BATS_TEST_TIMEOUT=60 timeout -k 5 250 \
    bats --tap -f "^($names)\$" "$PART"
  [ "$(grep -c '^ok ' <<<"$output")" = ${#part[@]} ]
  without_subreaper
  as_pid_1
  nothing_left
}

# Without a subreaper a promise is missing: that is said, without -v too, in one line, and nothing else is.
without_subreaper() {
  run -3 --separate-stderr "$TINY" sh -c 'exit 3'
  [[ -z $output && $stderr == "$NO_SUBREAPER" ]]
  run -3 --separate-stderr "$TINY" --no-guard sh -c 'exit 3'
  [[ -z $output && $stderr == "$NO_SUBREAPER" ]]
}

# As PID 1 there is no need of being a subreaper, and nothing is said of it: orphans are reaped, and what is left behind gets TERM.
as_pid_1() {
  run -3 unshare --pid --fork --mount-proc "$TINY" -vv --report "$BATS_TEST_TMPDIR/report" -- sh -c '
    mkfifo "$0" "$0.2"
    setsid sh -c "trap \"echo left got TERM; exit 0\" TERM; exec 3<>\"$0.2\"; echo >\"$0\"; while :; do read x <&3; done" &
    sh -c "true &"
    read x <"$0"; exit 3' "$BATS_TEST_TMPDIR/fifo"
  [[ $output == *'left got TERM'* && $output == *'reaped orphan'* && $output != *subreaper* ]]
  # The structures that the kernel fills in: times, resources, signals' senders.
  jq -e '.outcome == "exited" and .status == 3 and .reaped >= 2 and .ended >= 1 and .wall_s < 60 and .max_rss_kb > 100 and .max_rss_kb < 1e6
    and .user_s + .sys_s < 60 and (.started | startswith("20"))' "$BATS_TEST_TMPDIR/report"
}

# kill -9 of the outer process ends the command and its group.
nothing_left() {
  local outer left pipe=$BATS_TEST_TMPDIR/pipe
  mkfifo "$pipe"
  "$TINY" sh -c 'sleep 1000 & echo $$ $!; wait' >"$pipe" 3>&- &
  outer=$!
  read -rt 20 -a left <"$pipe"
  [ "${#left[@]}" = 2 ]
  kill -s KILL "$outer"
  wait_for 20 gone "${left[0]}"
  wait_for 20 gone "${left[1]}"
}

@test "two builds of one commit, in different folders, are the same byte for byte" {
  TZ=Asia/Tokyo LC_ALL=C.UTF-8 CFLAGS=-O0 make -C "$SECOND" dist
  diff -r "$FIRST/dist" "$SECOND/dist"
  [ "$(find "$FIRST/dist" -type f | wc -l)" = 9 ]
}

@test "the checksums are those of the files" {
  cd "$FIRST/dist"
  sha256sum --check --strict SHA256SUMS
  [ "$(wc -l <SHA256SUMS)" = 8 ]
}

@test "the source tarball is the commit, and builds" {
  mkdir source
  tar -xzf "$FIRST"/dist/*.tar.gz -C source
  diff -r --exclude=.git --exclude=dist "$FIRST" source/tiny-reaper-*
  make -C source/tiny-reaper-*
  cd source/tiny-reaper-*
  [ "tiny-reaper-${PWD##*-}" = "$(./tiny-reaper --version | tr ' ' -)" ]
}

@test "no compiler has a warning, and every binary is static and stripped, small, with musl, for its own architecture" {
  run ! grep -i warning "$LOG"
  local pair
  for pair in 'amd64 X86-64' 'arm64 AArch64' 'armhf ARM' 'riscv64 RISC-V' 'ppc64el PowerPC64' 's390x S/390' 'i386 Intel 80386'; do
    readelf -h "$(binary "${pair%% *}")" | grep -q "Machine:.*${pair#* }"
    run ! grep -E 'INTERP|\.symtab|build-id' <(readelf -lS "$(binary "${pair%% *}")")
    run ! grep -iq 'glibc\|GNU C Library' "$(binary "${pair%% *}")"
    [ "$(stat -c %s "$(binary "${pair%% *}")")" -lt 120000 ]
  done
}

@test "amd64 under qemu" {
  under amd64 x86_64 part_of_the_suite
}

@test "arm64 under qemu" {
  under arm64 aarch64 part_of_the_suite
}

@test "armhf under qemu" {
  under armhf arm part_of_the_suite
}

@test "riscv64 under qemu" {
  under riscv64 riscv64 part_of_the_suite
}

@test "ppc64el under qemu" {
  under ppc64el ppc64le part_of_the_suite
}

@test "s390x under qemu, the one whose bytes are in the other order" {
  under s390x s390x part_of_the_suite
}

@test "i386 under qemu" {
  under i386 i386 part_of_the_suite
}
