# Options from the environment: TINY_REAPER.
# shellcheck disable=SC2016,SC2154 # text for other shells; variables set by bats' run
load common
bats_require_minimum_version 1.5.0

setup() {
  T=$BATS_TEST_TMPDIR
  cd "$T" || return
}

# refused NAMED ARG...: with TINY_REAPER as it is: one line that names the variable and NAMED, 125, and nothing was started.
refused() {
  local named=$1
  shift
  run -125 --separate-stderr "$TINY" "$@" touch "$T/started"
  echo "TINY_REAPER='$TINY_REAPER' $*: $output ${stderr:-}"
  [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*TINY_REAPER* && $stderr == *"$named"* ]]
  [[ ! -e $T/started ]]
}

@test "its words, between blanks, tabs and newlines, are options" {
  local words
  for words in '-t .05' '--timeout=.05' $'\t-p\n\n -t\t.05 ' $'-t\n.05\n' '-pt.05 -k 1' '--time .05'; do
    TINY_REAPER=$words run "$TINY" sleep 1000
    [[ $status == 124 || $status == 143 ]]
  done
  TINY_REAPER="-o report" run -5 "$TINY" sh -c 'exit 5'
  [[ $(jq -r .status report) == 5 ]]
}

@test "nothing is quoted, and a value may begin with anything" {
  TINY_REAPER='-o "re' run -0 "$TINY" true
  [[ -e '"re' ]]
  TINY_REAPER="-o 'a b'" refused "'b''"
  TINY_REAPER='-o --' run -0 "$TINY" true
  [[ -e ./-- ]]
}

@test "empty, or nothing but blanks, is as without it" {
  local words
  for words in '' ' ' $'\n\t '; do
    TINY_REAPER=$words run -0 --separate-stderr "$TINY" echo ran
    [[ $output == ran && -z $stderr ]]
  done
}

@test "neither the command nor what is below it sees it, in no copy" {
  run -0 env TINY_REAPER=-p TINY_REAPER_2=x "$TINY" env
  [[ $output == *TINY_REAPER_2=x* && $output != *TINY_REAPER=* ]]
  # Three copies, as no shell would make them, among others.
  run -0 python3 -c '
import ctypes, sys
def vector(words): return (ctypes.c_char_p * (len(words) + 1))(*words, None)
ctypes.CDLL(None).execve(sys.argv[1].encode(), vector([b"tiny-reaper", b"/usr/bin/env"]),
    vector([b"TINY_REAPER=-e 7", b"A=1", b"TINY_REAPER=-Z", b"B=2", b"TINY_REAPER", b"TINY_REAPERS=3", b"TINY_REAPER="]))' "$TINY"
  echo "$output"
  [[ $output == $'A=1\nB=2\n'*'TINY_REAPERS=3' && $output != *TINY_REAPER=* ]]
  # An option of the outer one does not reach the inner one.
  TINY_REAPER='-t .05' run -0 "$TINY" -t 100 "$TINY" sleep .5
}

@test "the command line wins, also where two exclude each other" {
  TINY_REAPER='-t .05' run -0 "$TINY" -t 100 sleep .5
  TINY_REAPER='-t .05' run -0 "$TINY" -t 0 sleep .5
  TINY_REAPER='-t 100' run -124 "$TINY" -t .05 sleep 1000
  TINY_REAPER='-s KILL -t .05' run -124 "$TINY" -s TERM sleep 1000
  TINY_REAPER=-w run -0 "$TINY" -l sh -c 'sleep 1000 >/dev/null 2>&1 3>&- & echo $! >left'
  run ! gone "$(cat left)"
  kill "$(cat left)"
  TINY_REAPER=-l run -0 "$TINY" -w sh -c '(sleep .3; echo >ended) & echo $! >left'
  [[ -e ended ]]
  TINY_REAPER='-l -w' refused 'exclude each other' -l
  TINY_REAPER=-w run -125 "$TINY" -l -w true
}

@test "-r and -e add up with those of the command line" {
  TINY_REAPER='-e 3' run -0 "$TINY" -e 4 sh -c 'exit 3'
  TINY_REAPER='-e 3' run -0 "$TINY" -e 4 sh -c 'exit 4'
  TINY_REAPER='-e 3' run -5 "$TINY" -e 4 sh -c 'exit 5'
  TINY_REAPER='-r USR1:0 -r USR2:0' run -138 "$TINY" -r USR1:USR1 sh -c 'kill -s USR2 "$PPID"; kill -s USR1 $$'
}

@test "two -v, one here and one there, are -vv" {
  TINY_REAPER=-v run -0 --separate-stderr "$TINY" true
  [[ -z $stderr ]]
  TINY_REAPER=-v run -0 --separate-stderr "$TINY" -v true
  [[ -n $stderr ]]
}

@test "what is wrong in it names it, and starts nothing" {
  local words
  for words in make '-v make' '-v -- make' -- - ; do
    TINY_REAPER=$words refused 'no option'
  done
  TINY_REAPER=-Z refused "'-Z'"
  TINY_REAPER='-pZ' refused "'-Z'"
  TINY_REAPER='--frob' refused "'--frob'"
  TINY_REAPER='--s' refused "'--s'"
  TINY_REAPER='--wait=1' refused --wait
  TINY_REAPER='-t 1h1' refused "'1h1'"
  TINY_REAPER='-t 1h1' refused "'1h1'" -t 5
  TINY_REAPER='-s FOO' refused "'FOO'"
  TINY_REAPER='-r 1' refused "'1'"
  TINY_REAPER='-e x' refused "'x'"
  TINY_REAPER='-o /none/report' refused /none/report
}

@test "a value that is missing at its end is not taken from the command line" {
  local option
  for option in -t -s -k -r -e -o -vt --timeout --signal --kill-after --rewrite --success-status --report; do
    TINY_REAPER="-v $option" refused 'needs a value' 5
  done
}

@test "-h and -V answer, whatever it holds, and a mistake on the command line comes first" {
  local words
  for words in -Z make '-t' '-t x'; do
    TINY_REAPER=$words run -0 --separate-stderr "$TINY" -h
    [[ -z $stderr && $output == Usage:* ]]
    TINY_REAPER=$words run -0 --separate-stderr "$TINY" --version
    [[ -z $stderr && $output == tiny-reaper* ]]
    TINY_REAPER=$words run -125 --separate-stderr "$TINY" -t 1x true
    [[ $stderr == *"'1x'"* && $stderr != *TINY_REAPER* ]]
  done
  TINY_REAPER=-V run -0 "$TINY" echo ran
  [[ $output == tiny-reaper* ]]
}

@test "with more rights than the caller's it is removed and not read" {
  ((EUID == 0)) || skip 'only root can make a set-user-ID file of another user'
  install -o nobody -m 4755 "$TINY" tiny-reaper
  chmod 755 "$T" "$BATS_RUN_TMPDIR" 2>/dev/null || :
  TINY_REAPER='-o report -Z' run -0 ./tiny-reaper env
  [[ $output != *TINY_REAPER* && ! -e report ]]
}

@test "without an environment at all nothing goes wrong" {
  run -0 env -i "$TINY" /bin/echo ran
  [[ $output == ran ]]
  run -0 python3 -c 'import ctypes, sys; ctypes.CDLL(None).execve(sys.argv[1].encode(), (ctypes.c_char_p * 3)(b"tiny-reaper", b"/bin/true", None), None)' "$TINY"
}
