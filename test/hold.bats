#!/usr/bin/env bats
# Either process is held at each system-call boundary while everything else runs until it is quiet, and then something
# happens: a signal, a key, a stop and its continuation, a death. When it goes on the outcome is what it is without
# any holding (helper/hold-boundaries.c, which names the one gap that nothing can close). Every interleaving that a comment in the program names has its case here.
# shellcheck disable=SC2154 # variables set by bats' run
load common
bats_require_minimum_version 1.5.0

# Namespaces of our own, as root or as anybody.
UNSHARE=(unshare --pid --fork --mount-proc --kill-child)
((EUID == 0)) || UNSHARE+=(--map-root-user)

# held EVENT HELD LEAST [-s STRIDE] [OPTION]...: at each boundary (or each STRIDEth) nothing goes wrong, and there are
# at least LEAST boundaries. OPTIONs are tiny-reaper's.
held() {
  local event=$1 held=$2 least=$3 stride=1
  shift 3
  if [[ ${1-} == -s ]]; then
    stride=$2
    shift 2
  fi
  run -0 "${UNSHARE[@]}" "$H/hold-boundaries" -s "$stride" "$event" "$held" "$TINY" "$@"
  echo "$output"
  echo "# ${*:+$* }${lines[-1]}" >&3
  [[ ${lines[-1]} =~ :\ ([0-9]+)\ boundaries,\ [0-9]+\ runs,\ 0\ wrong,\ ([0-9]+)\ in\ the\ gap$ ]]
  # Two boundaries each time that a stop is raised.
  ((BASH_REMATCH[2] <= 16))
  ((BASH_REMATCH[1] >= least))
}

@test "a TERM sent to tiny-reaper reaches the command once, whoever is held where" {
  held term outer 30
  held term inner 30
  held term outer 30 -s 2 -G
}

@test "a TERM sent to the whole job reaches the command once, whoever is held where" {
  held job-term outer 30 -s 2
  held job-term inner 30 -s 2
}

@test "Ctrl-C reaches the command and the rest of the job once, whoever is held where" {
  held ctrl-c outer 30
  held ctrl-c inner 30
}

@test "Ctrl-C that the command ends by reaches the rest of the job all the same, whoever is held where" {
  held ctrl-c-ends outer 30
  held ctrl-c-ends inner 30
}

@test "Ctrl-Z, fg and both again: command and job are stopped or go on together, whoever is held where" {
  held ctrl-z outer 60
  held ctrl-z inner 60
  held ctrl-z outer 60 -s 2 -G
}

@test "a job that was stopped by Ctrl-Z and continued by bg leaves the shell its terminal, whoever is held where" {
  held bg outer 40 -s 2
  held bg inner 40 -s 2
}

@test "a command that stops itself, and again as soon as it goes on, stops the job twice, whoever is held where" {
  held stops-twice outer 60 -s 3
  held stops-twice inner 60 -s 2
  held stops-twice outer 60 -s 5 -G
  held stops-twice-by-tstp outer 60 -s 3
  held stops-twice-by-tstp inner 60 -s 3
}

@test "a job that was stopped in its first instants has the terminal only after fg, whoever is held where" {
  held stop-bg outer 30 -s 3
  held stop-bg inner 30 -s 3
  held stop-fg outer 30 -s 2
  held stop-fg inner 30 -s 2
}

@test "a TSTP and the CONT after it leave nobody stopped, whoever is held where" {
  held tstp-cont outer 40 -s 3
  held tstp-cont inner 40 -s 3
  held foreground-tstp-cont outer 40 -s 3
  held foreground-tstp-cont inner 40 -s 3
  held tstp-cont outer 40 -s 3 -G
}

@test "a TSTP with a CONT at once leaves nobody stopped, whoever is held where" {
  held tstp+cont outer 30 -s 3
  held tstp+cont inner 30 -s 3
  held tstp+cont outer 30 -s 2 -G
}

@test "the command asks for the terminal in the background, and has it after fg, whoever is held where" {
  held ask outer 40 -s 3
  held ask inner 40 -s 3
  held ask outer 40 -s 3 -G
}

@test "another member of the job asks for the terminal, and reads, whoever is held where" {
  held member outer 30
  held member inner 30
}

@test "the limit ends everything with 124, and the terminal goes back, whoever is held where" {
  held expiry outer 30 -s 4
  held expiry inner 30 -s 4
}

@test "the command ends by itself: its status, nothing is left, and the terminal goes back, whoever is held where" {
  held end outer 30
  held end inner 30
  held end outer 30 -s 3 -G
}

@test "either process is killed while the other one is held: nothing is left, and the terminal goes back" {
  held kill outer 30 -s 2
  held kill inner 60 -s 2
}

@test "with -d the parent dies: nothing is left, whoever is held where" {
  held parent outer 30 -s 2
  held parent inner 30 -s 2
}
