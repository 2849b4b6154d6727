#!/usr/bin/env bats
# What the Makefile promises whoever builds: when it builds again, what its variables mean, what it lacks.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of other shells; bats sets status and output

bats_require_minimum_version 1.5.0
load common

setup() {
  T=$BATS_TEST_TMPDIR
  ROOT=$(realpath "$BATS_TEST_DIRNAME/..")
  unset MAKEFLAGS MAKELEVEL MFLAGS CC CFLAGS CPPFLAGS LDFLAGS STATIC PREFIX DESTDIR
  cd "$T" || return
  cp "$ROOT/Makefile" .
  # A small program: what is tested is make.
  echo 'int main(void) { return 0; }' >tiny-reaper.c
}

# builds WORD...: `make WORD...` compiles. idles: it does not.
builds() {
  run -0 make "$@"
  [[ $output == *' -o tiny-reaper tiny-reaper.c '* ]] || { echo "make $* did not build"; return 1; }
}
idles() {
  run -0 make "$@"
  [[ $output != *' -o tiny-reaper '* ]] || { echo "make $* built again"; return 1; }
}
is_static() { ! readelf -lW tiny-reaper | grep -q INTERP; }

@test "what is built is built again where flags, STATIC or CC differ from the last time, and only there" {
  builds
  idles
  builds CFLAGS=-O1
  idles CFLAGS=-O1
  builds CFLAGS='-O1 -DTEXT="a  b"'
  idles CFLAGS='-O1 -DTEXT="a  b"'
  builds STATIC=no
  idles STATIC=0
  builds STATIC=no CC=gcc
  builds STATIC=no CC=gcc LDFLAGS=-Wl,-z,nodelete
  # One that failed is not taken for built.
  run make CFLAGS=-no-such-flag
  ((status != 0))
  builds
  idles
}

@test "STATIC means what it says, and what it does not know it refuses" {
  local word
  for word in yes true on 1; do
    make -s STATIC=$word
    is_static
  done
  for word in no false off 0 ''; do
    make -s STATIC=$word
    ! is_static || { echo "STATIC=$word is static"; return 1; }
  done
  run make STATIC=perhaps
  ((status != 0))
  [[ $output == *'STATIC is yes or no, not "perhaps"'* ]]
}

@test "make clean takes away all that make has made" {
  make -s
  make -s clean
  [[ $(ls -A) == $'Makefile\ntiny-reaper.c' ]]
  # And git ignores it.
  for file in tiny-reaper .built-with dist test/helper/build; do
    grep -qE "^/$file/?$" "$ROOT/.gitignore"
  done
}

@test "make test is make check" {
  mkdir test
  printf '#!/bin/sh\necho "checked $*"\n' >test/check
  chmod +x test/check
  run -0 make -s test
  [[ $output == checked* ]]
  run -0 make -s check
  [[ $output == checked* ]]
}

@test "make help names every target, on one screen" {
  local target
  run -0 make help
  ((${#lines[@]} < 20))
  for line in "${lines[@]}"; do ((${#line} <= 80)); done
  for target in $(sed -n 's/^\.PHONY: //p' Makefile); do
    [[ $target == FORCE ]] || grep -qw -- "$target" <<<"$output" || { echo "no $target"; return 1; }
  done
}

@test "a target says which program it lacks, and which package of which list has it" {
  local program
  mkdir bin
  # No more than make and what the script itself needs.
  for program in make bash sh dirname grep head; do ln -s "$(command -v "$program")" bin/; done
  run -2 env PATH="$T/bin" make -C "$ROOT" deb
  [[ $output == *'make deb: dpkg-buildpackage is missing: on Debian it is in dpkg-dev (test/packages.ci)'* ]]
  [[ $output == *'make deb: dh is missing: on Debian it is in debhelper (test/packages.ci)'* ]]
  run -2 env PATH="$T/bin" make -C "$ROOT" dist
  [[ $output == *'make dist: git is missing: on Debian it is in git (test/packages)'* ]]
  run -2 make CC=no-such-compiler
  [[ $output == *'no-such-compiler, or its C library, is missing: on Debian, apt-get install gcc libc6'* ]]
}

@test "fish finds its completion, at PREFIX=/usr/local as at /usr" {
  local folder prefix
  cp -r "$ROOT/man" .
  for prefix in /usr/local /usr; do
    rm -rf root
    make -s install DESTDIR="$T/root" PREFIX=$prefix
    folder=$(dirname "$(find root -name '*.fish' -printf '/%P\n')")
    env -u XDG_DATA_DIRS HOME="$T" fish -c 'printf "%s\n" $fish_complete_path' | grep -qx "$folder"
    make -s uninstall DESTDIR="$T/root" PREFIX=$prefix
    [[ -z $(find root -type f) ]]
  done
}
