# Under other names: a link called timeout, tini or dumb-init takes that tool's command line.
# shellcheck disable=SC2013,SC2016,SC2030,SC2031,SC2154,SC2317 # text for other shells; variables set by bats' run; functions that wait_for calls
load common
bats_require_minimum_version 1.5.0

setup_file() {
  export NAMES=$BATS_FILE_TMPDIR/names
  mkdir "$NAMES"
  local name
  for name in timeout tini tini-static docker-init dumb-init; do ln -s "$(realpath "${TINY:-$BATS_TEST_DIRNAME/../tiny-reaper}")" "$NAMES/$name"; done
}

setup() {
  own_folder || return
  unset TINI_SUBREAPER TINI_KILL_PROCESS_GROUP TINI_VERBOSITY DUMB_INIT_SETSID DUMB_INIT_DEBUG
}

teardown() {
  end_started
  local pid
  for pid in $(cat leftovers 2>/dev/null); do kill -s KILL "$pid" 2>/dev/null || :; done
}

# refused STATUS NAME NAMED ARG...: one line of NAME's on standard error that holds NAMED, that exit status, and nothing was started.
refused() {
  local wanted=$1 name=$2 named=$3
  shift 3
  run "-$wanted" --separate-stderr "$NAMES/$name" "$@" touch "$T/was-started"
  echo "$name $*: $output ${stderr:-}"
  [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == "$name: "* && $stderr == *"$named"* ]]
  [[ ! -e $T/was-started ]]
}

# accepted NAME ARG...: the command runs, and nothing else is written.
accepted() {
  local name=$1
  shift
  run -0 --separate-stderr "$NAMES/$name" "$@" echo ran
  echo "$name $*: $output ${stderr:-}"
  [[ $output == ran && -z $stderr ]]
}

# start NAME ARG...: in the background, writing to the file log; P is its pid.
start() {
  "$H/with" -d all "$NAMES/$1" "${@:2}" >>log 2>&1 3>&- &
  P=$!
  started+=("$P")
}

# A command that leaves a process in a session of its own, whose pid stands in the file leftovers, and then does as its argument says.
LEAVES='setsid sh -c "echo \$\$ >>leftovers; echo >in-place; exec sleep 1000" >/dev/null 2>&1 </dev/null & read -r x <in-place; eval "$1"'
lives() { ! gone "$(cat leftovers)"; }
pid_of() { sed -n "s/^$1 ready \([0-9]*\) .*/\1/p" log; }
state_is() { [[ $(sed 's/.*) //; s/ .*//' "/proc/$1/stat") == "$2" ]]; }

# ---------------------------------------------------------------- timeout

@test "timeout: its options, in every form that getopt_long takes" {
  local words
  for words in '5' '-k 1 5' '-k1 5' '-vk1 5' '--kill-after=1 5' '--kill-after 1 5' '--kill=1 5' '-s INT 5' '-sINT 5' '-s9 5' '--signal=INT 5' '--sig INT 5' \
    '-v 5' '--verbose 5' '--verb 5' '-f 5' '--foreground 5' '-p 5' '--preserve-status 5' '-fpv 5' '-fvk1 5' '-- 5' '-v -- 5' '--f --p --k 1 --s=1 5'; do
    # shellcheck disable=SC2086 # words
    accepted timeout $words
  done
}

@test "timeout: a duration as strtod takes it, with one of s, m, h, d" {
  local duration
  for duration in 5 .5m 5. 1e3 1E+3 1e-2h 0x10 0x1p6 0X1P+6s 0x.8p7 0x1d inf INFINITY infd +5 -0 0 0s 0.0 ' 5' 1e9999 99999999999999999999d; do
    accepted timeout -- "$duration"
    accepted timeout -k "$duration" 5
  done
  # It means what it says.
  run -124 "$NAMES/timeout" 0x1p-6 sleep 1000
  run -124 "$NAMES/timeout" 2e-2 sleep 1000
  run -124 "$NAMES/timeout" .0000002d sleep 1000
  run -124 "$NAMES/timeout" 1e-9999 sleep 1000
}

@test "timeout: a duration is the same in a locale with a decimal comma" {
  localedef -i de_DE -f UTF-8 "$T/de_DE.UTF-8"
  LOCPATH=$T LC_ALL=de_DE.UTF-8 run -124 "$NAMES/timeout" 0.02 sleep 1000
  LOCPATH=$T LC_ALL=de_DE.UTF-8 refused 125 timeout 1,5 1,5
}

@test "timeout: a bad duration is refused" {
  local duration
  for duration in 1ms 1h30m 5ss '5 s' '5 ' '' ' ' . e5 1e 1e+ 0x 0x1p -1 -0.1 -inf nan 1,5 5S x 5µ; do
    refused 125 timeout "'$duration'" -- "$duration"
    refused 125 timeout "'$duration'" -k "$duration" 5
  done
}

@test "timeout: a signal by any name and number, 0 and EXIT" {
  local signal
  for signal in TERM term SIGTERM sigterm 15 9 64 0 EXIT SIGEXIT 143 271 128 RTMIN RTMAX RTMIN+3 RTMAX-3 CLD IOT POLL SIG15 sig0; do
    accepted timeout -s "$signal" 5
  done
  for signal in FOO TERM,KILL 'TERM,' '' ' TERM' SIG SIGSIGTERM -1 65 255 1x 0x9 RTMIN+31 SIG65 SIG143; do
    refused 125 timeout "'$signal'" -s "$signal" 5
  done
  # As a shell's $? of a killed command has it.
  run -124 --separate-stderr "$NAMES/timeout" -v -s 130 .02 sleep 1000
  [[ $stderr == "timeout: sending signal INT to command 'sleep'" ]]
}

@test "timeout: what is wrong with the command line is said in one line, and 125" {
  refused 125 timeout "'-t'" -t 5
  refused 125 timeout "'-w'" -w 5
  refused 125 timeout "'-x' in '-vx'" -vx 5
  refused 125 timeout "'--frob'" --frob 5
  refused 125 timeout --verbose --ver 5
  refused 125 timeout --verbose --verbose=1 5
  refused 125 timeout "'-h'" -h
  local words
  for words in '' 5 -k -s --signal '-k 5' '-v --'; do
    # shellcheck disable=SC2086 # words
    run -125 --separate-stderr "$NAMES/timeout" $words
    echo "$words: $output $stderr"
    [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'timeout: '* ]]
  done
}

@test "timeout: 124 at the limit, 137 where KILL was needed, 126, 127, or the command's status" {
  run -124 "$NAMES/timeout" .02 sleep 1000
  run -137 "$NAMES/timeout" -s KILL .02 sleep 1000
  ignores() { run "$NAMES/timeout" -k "$TIME" "$TIME" "$H/with" -i 15 sleep 1000 && [[ $status == 137 ]]; }
  in_time ignores
  run -126 "$NAMES/timeout" 5 /
  run -127 "$NAMES/timeout" 5 no-such-command
  [[ $output == "timeout: "*"'no-such-command'"* ]]
  run -7 "$NAMES/timeout" 5 sh -c 'exit 7'
  run -143 "$NAMES/timeout" 5 sh -c 'kill -s TERM $$'
  run -143 "$NAMES/timeout" -p .02 sleep 1000
  run -3 "$NAMES/timeout" --preserve-status .2 sh -c 'trap "exit 3" TERM; while :; do sleep .05; done'
}

@test "timeout: the limit's signal is at its default in the command, as POSIX has it; what else is ignored stays so" {
  local sig
  # A script's `&` ignores INT, nohup HUP.
  for sig in INT HUP TERM RTMIN; do
    run -124 timeout -s KILL 60 "$H/with" -d all -i 1,2,15,34 "$NAMES/timeout" -s "$sig" .02 sleep 1000
  done
  # 0x80004203: HUP, INT, USR1, TERM and 32
  run -0 "$H/with" -d all -i 1,2,10,15,32 "$NAMES/timeout" 100 sed -n 's/^SigIgn:.//p' /proc/self/status
  [ "$output" = 0000000080000203 ]
  run -0 "$H/with" -d all -i 1,2,10,15,32 "$NAMES/timeout" -s INT 100 sed -n 's/^SigIgn:.//p' /proc/self/status
  [ "$output" = 0000000080004201 ]
  run -0 "$H/with" -d all -i 1,2,10,15,32 "$NAMES/timeout" 0 sed -n 's/^SigIgn:.//p' /proc/self/status
  [ "$output" = 0000000080004203 ]
}

@test "timeout: without -k the command never gets KILL, and -k 0 is as without" {
  local words number=0 pids=()
  for words in '' '-k 0'; do
    number=$((number + 1))
    mkfifo "go$number"
    # shellcheck disable=SC2086 # words
    start timeout -s CONT $words .02 sh -c 'echo "cmd ready $$ 0"; read -r x <"$1"; echo "went on"; exit 9' sh "go$number"
    pids+=("$P")
  done
  logged 'cmd ready .*' 2
  # Were there a grace of 5 s it would be over by then.
  sleep 6
  for number in 1 2; do
    echo >"go$number"
    P=${pids[number - 1]}
    ends 124
  done
  logged 'went on' 2
}

@test "timeout: with -k any first forwarded signal that ends a process starts the clock" {
  local signal
  for signal in TERM INT QUIT HUP USR1; do
    : >log
    start timeout -k .05 100 "$H/siglog" cmd
    logged 'cmd ready .*'
    kill -s "$signal" "$P"
    ends 137
    logged "cmd $(kill -l "$signal")"
  done
  : >log
  start timeout -k .05 100 "$H/siglog" cmd 12 7
  logged 'cmd ready .*'
  kill -s WINCH "$P"
  kill -s CONT "$P"
  sleep .3
  kill -s USR2 "$P"
  ends 7
}

@test "timeout: what a command that ends in time left behind is left alone" {
  local how
  mkfifo in-place
  for how in 'exit 5' 'kill -s USR1 $$'; do
    : >leftovers
    run "$NAMES/timeout" 100 sh -c "$LEAVES" sh "$how"
    [[ $status == 5 || $status == 138 ]]
    lives
    kill -s KILL "$(cat leftovers)"
  done
}

@test "timeout: at the limit, at a forwarded end and after kill -9 nothing is left" {
  mkfifo in-place
  run -124 "$NAMES/timeout" 1 sh -c "$LEAVES" sh 'exec sleep 1000'
  run ! lives
  local signal
  for signal in TERM INT HUP USR1 PIPE KILL; do
    : >leftovers
    : >log
    start timeout 100 sh -c "$LEAVES" sh 'echo "cmd ready $$ 0"; exec sleep 1000'
    logged 'cmd ready .*'
    lives
    kill -s "$signal" "$P"
    ends $((128 + $(kill -l "$signal")))
    wait_for 20 gone "$(cat leftovers)"
  done
}

@test "timeout: what a command that ends in time left behind is left alone after a HUP that it handles, too" {
  mkfifo in-place
  start timeout 100 sh -c "trap 'echo again' HUP; $LEAVES" sh 'echo "cmd ready $$ 0"; until grep -qx again log; do sleep 0.01; done; exit 3'
  logged 'cmd ready .*'
  kill -s HUP "$P"
  ends 3
  lives
}

@test "timeout: after a signal of the limit that the command survives, what it leaves is ended all the same" {
  mkfifo in-place
  run -124 "$NAMES/timeout" -s CONT .5 sh -c "$LEAVES" sh 'sleep 2; exit 0'
  run ! lives
}

@test "timeout: an ALRM that somebody sends is the limit" {
  start timeout -v 100 "$H/siglog" cmd 15 0
  logged 'cmd ready .*'
  kill -s ALRM "$P"
  logged "timeout: sending signal TERM to command '.*siglog'"
  ends 124
  run ! has_lines 'cmd 14' 1
}

@test "timeout: -v speaks of each signal of the limit, and of nothing else" {
  run -0 --separate-stderr "$NAMES/timeout" -v 5 sh -c 'setsid sleep 0 & exit 0'
  [[ -z $stderr ]]
  run -124 --separate-stderr "$NAMES/timeout" -v .02 sleep 1000
  [[ $stderr == "timeout: sending signal TERM to command 'sleep'" ]]
  run -137 --separate-stderr "$NAMES/timeout" -v -s CONT -k .02 .02 sleep 1000
  [[ $stderr == "timeout: sending signal CONT to command 'sleep'
timeout: sending signal KILL to command 'sleep'" ]]
  run -137 --separate-stderr "$NAMES/timeout" -v -s 9 .02 sleep 1000
  [[ $stderr == "timeout: sending signal KILL to command 'sleep'" ]]
}

@test "timeout: -s 0 sends nothing at the limit, and the status is 124" {
  run -124 --separate-stderr "$NAMES/timeout" -v -s 0 .02 sh -c 'trap "echo got TERM" TERM; sleep .5; echo to its end'
  [[ $output == 'to its end' && $stderr == "timeout: sending signal EXIT to command 'sh'" ]]
}

@test "timeout: 0 is no limit" {
  run -5 "$NAMES/timeout" 0 sh -c 'sleep .1; exit 5'
}

# ---------------------------------------------------------------- tini

@test "tini: its options" {
  local name words
  for name in tini tini-static docker-init; do
    for words in '' -- -s '-s --' -g -w '-p SIGKILL' -pSIGTERM '-e 3' -e143 '-e 3 -e 4' -v -vv '-gv' '-sgwe3 --'; do
      # shellcheck disable=SC2086 # words
      run -0 --separate-stderr "$NAMES/$name" $words echo ran
      echo "$name $words: $output $stderr"
      [[ $output == ran && -z $stderr ]]
    done
  done
}

@test "tini: PROGRAM -- ARGS, as its usage has it; behind an end of options the program's own -- is the program's" {
  local tool
  for tool in "$NAMES/tini" tini; do
    command -v "$tool" >/dev/null || continue
    [[ $("$tool" -s sh -- -c 'echo "$*"' a b c) == 'b c' ]]
    [[ $("$tool" -s -- sh -c 'echo "$*"' a -- c) == '-- c' ]]
    [[ $("$tool" -s -- echo -- x) == '-- x' ]]
  done
  [[ $(TINY_REAPER=-l "$NAMES/tini" sh -- -c 'echo "$*"' a b c) == 'b c' ]]
}

@test "tini: what is wrong with the command line is said in one line, and 1" {
  refused 1 tini "'-t'" -t 5
  refused 1 tini "'-k'" -k 5
  refused 1 tini "'-x' in '-sx'" -sx
  refused 1 tini "'--help'" --help
  refused 1 tini "'--verbose'" --verbose
  local value
  for value in KILL sigkill SIGkill 9 SIGFOO '' SIG SIGKILL,SIGTERM; do refused 1 tini "'$value'" -p "$value"; done
  for value in 256 -1 TERM 3,4 x; do refused 1 tini "'$value'" -e "$value"; done
  for value in '' -- -s -p -e '-s --'; do
    # shellcheck disable=SC2086 # words
    run -1 --separate-stderr "$NAMES/tini" $value
    [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'tini: '* ]]
  done
}

@test "tini: without -g signals go to the command alone, with it to the group" {
  local words variable
  for words in '' -g TINI_KILL_PROCESS_GROUP=1 TINI_KILL_PROCESS_GROUP=; do
    : >log
    variable=A=1
    [[ $words != TINI* ]] || variable=$words words=
    export "${variable?}"
    # shellcheck disable=SC2086 # words
    start tini $words -- sh -c '"$0" mate 15 & exec "$0" cmd 15' "$H/siglog"
    unset "${variable%%=*}"
    logged 'mate ready .*'
    logged 'cmd ready .*'
    kill -s USR1 "$P"
    logged 'cmd 10'
    if [[ -n $words || $variable != A=1 ]]; then
      logged 'mate 10'
    else
      kill -s USR2 "$P"
      logged 'cmd 12'
      run ! has_lines 'mate 1.' 1
    fi
    kill -s TERM "$P"
    ends 0
  done
}

@test "tini: -p: when the parent ends, the command gets that signal" {
  sh -c '"$0" -p SIGUSR1 "$1" cmd 10 </dev/null >>log 2>&1 3>&- & while ! grep -q ready log; do sleep .01; done' "$NAMES/tini" "$H/siglog"
  wait_for 20 gone "$(pid_of cmd)"
  logged 'cmd 10'
  run ! has_lines 'cmd 15' 1
}

@test "tini: -w says which orphans are reaped, one line each" {
  run -0 --separate-stderr "$NAMES/tini" -w sh -c '(sleep .05 & sleep .06 & :); sleep .5'
  echo "$stderr"
  [[ ${#stderr_lines[@]} == 2 && ${stderr_lines[0]} == "tini: reaped orphan "[0-9]* && ${stderr_lines[1]} == "tini: reaped orphan "[0-9]* ]]
}

@test "tini: -e turns a status into 0, a death by signal N counting as 128 + N" {
  run -0 "$NAMES/tini" -e 7 sh -c 'exit 7'
  run -8 "$NAMES/tini" -e 7 sh -c 'exit 8'
  run -0 "$NAMES/tini" -e 7 -e 143 sh -c 'kill -s TERM $$'
}

@test "tini: the third -v is our -vv; TINI_VERBOSITY replaces what -v gave" {
  local words
  for words in '' -v -vv; do
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr "$NAMES/tini" $words true
    [[ -z $stderr ]]
  done
  run -0 --separate-stderr "$NAMES/tini" -vvv true
  [[ $stderr == 'tini: '* ]]
  TINI_VERBOSITY=3 run -0 --separate-stderr "$NAMES/tini" true
  [[ $stderr == 'tini: '* ]]
  TINI_VERBOSITY=0 run -0 --separate-stderr "$NAMES/tini" -vvv true
  [[ -z $stderr ]]
  TINI_VERBOSITY='' run -0 --separate-stderr "$NAMES/tini" -vvvv true
  [[ -z $stderr ]]
}

@test "tini: its version line is one that dockerd can read" {
  local name
  for name in tini docker-init; do
    run -0 --separate-stderr "$NAMES/$name" --version
    # Up to the first " - " there is `tini version X`; a commit would have to stand behind it, as git.COMMIT.
    [[ $output =~ ^tini\ version\ [0-9]+\.[0-9]+\.[0-9]+ && $output != *' - '* && ${#lines[@]} == 1 && -z $stderr ]]
  done
}

@test "tini: nothing that the program left is running, in a session of its own too" {
  mkfifo in-place
  run -5 "$NAMES/tini" -- sh -c "$LEAVES" sh 'exit 5'
  run ! lives
}

# ---------------------------------------------------------------- dumb-init

@test "dumb-init: its options" {
  local words
  for words in '' -- -c --single-child '-r 15:2' -r15:0 '--rewrite=15:2' '--rewrite 15:2 -r 9:15' --rew=1:31 '-cr1:2 --'; do
    # shellcheck disable=SC2086 # words
    accepted dumb-init $words
  done
}

@test "dumb-init: what is wrong with the command line is said in one line, and 1" {
  refused 1 dumb-init "'-t'" -t 5
  refused 1 dumb-init "'-s'" -s
  refused 1 dumb-init "'-x' in '-cx'" -cx
  refused 1 dumb-init "--single-child takes no value" --single=1
  local value
  for value in '' herp herp:derp 15 15: 15::12 15:derp TERM:INT 1:32 32:1 0:15 15:-1; do refused 1 dumb-init "'$value'" -r "$value"; done
  for value in '' -- -c -r '-c --'; do
    # shellcheck disable=SC2086 # words
    run -1 --separate-stderr "$NAMES/dumb-init" $value
    [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'dumb-init: '* ]]
  done
}

@test "dumb-init: signals go to the group, rewritten, and nothing is left" {
  mkfifo in-place
  start dumb-init -r 10:12 -r 1:0 sh -c '"$0" mate & exec "$0" cmd 15 3' "$H/siglog"
  logged 'mate ready .*'
  logged 'cmd ready .*'
  kill -s HUP "$P"
  kill -s USR1 "$P"
  logged 'mate 12'
  kill -s TERM "$P"
  ends 3
  run ! has_lines '.* 1\|.* 10' 1
  gone "$(pid_of mate)"
}

@test "dumb-init: -c and DUMB_INIT_SETSID=0 signal the command alone, and leave the rest alone" {
  local words
  for words in -c DUMB_INIT_SETSID=0; do
    : >log
    : >mate
    if [[ $words == -c ]]; then start dumb-init -c sh -c '"$0" mate >mate & exec "$0" cmd 15 3' "$H/siglog"
    else DUMB_INIT_SETSID=0 start dumb-init sh -c '"$0" mate >mate & exec "$0" cmd 15 3' "$H/siglog"; fi
    logged 'cmd ready .*'
    wait_for 20 grep ready mate
    sed -n 's/^mate ready \([0-9]*\) .*/\1/p' mate >leftovers
    kill -s TERM "$P"
    ends 3
    lives
    [[ $(wc -l <mate) == 1 ]]
    kill -s KILL "$(cat leftovers)"
  done
}

@test "dumb-init: TSTP, TTIN and TTOU stop the group, whatever handles them; not with -c, and -r has the last word" {
  local signal
  for signal in TSTP TTIN TTOU; do
    : >log
    start dumb-init "$H/siglog" cmd 15 4
    logged 'cmd ready .*'
    kill -s "$signal" "$P"
    wait_for 20 state_is "$(pid_of cmd)" T
    kill -s CONT "$P"
    logged 'cmd 18'
    kill -s TERM "$P"
    ends 4
    run ! has_lines "cmd $(kill -l "$signal")" 1
    : >log
    start dumb-init -c "$H/siglog" cmd "$(kill -l "$signal")" 5
    logged 'cmd ready .*'
    kill -s "$signal" "$P"
    ends 5
  done
  : >log
  start dumb-init -r "$(kill -l TSTP):12" "$H/siglog" cmd 12 6
  logged 'cmd ready .*'
  kill -s TSTP "$P"
  ends 6
}

@test "dumb-init: -v and DUMB_INIT_DEBUG=1 are our -vv" {
  run -0 --separate-stderr "$NAMES/dumb-init" true
  [[ -z $stderr ]]
  run -0 --separate-stderr "$NAMES/dumb-init" -v true
  [[ $stderr == 'dumb-init: '* ]]
  DUMB_INIT_DEBUG=1 run -0 --separate-stderr "$NAMES/dumb-init" true
  [[ $stderr == 'dumb-init: '* ]]
  DUMB_INIT_DEBUG=0 run -0 --separate-stderr "$NAMES/dumb-init" true
  [[ -z $stderr ]]
}

# ---------------------------------------------------------------- all of them

@test "help and version: on standard output, 80 columns, one screen, in that tool's words" {
  local words name
  for words in 'timeout --help' 'timeout --hel' 'tini -h' 'docker-init -h' 'dumb-init -h' 'dumb-init --help'; do
    name=${words%% *} name=${name/docker-init/tini}
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr "$NAMES"/$words
    [[ -z $stderr && ${lines[0]} == "Usage: $name "* && $(wc -l <<<"$output") -le 24 && $(wc -L <<<"$output") -le 80 ]]
    [[ $output != *--die-with-parent* && $output != *--no-guard* ]]
  done
  for words in 'timeout --version' 'tini --version' 'dumb-init -V' 'dumb-init --version' 'tini -l'; do
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr "$NAMES"/$words
    [[ -z $stderr && ${#lines[@]} == 1 && $output == *tiny-reaper* ]]
  done
  for words in 'timeout --help' 'tini -h' 'dumb-init -V'; do
    # shellcheck disable=SC2086 # words
    run ! sh -c '"$@" >/dev/full' sh "$NAMES"/$words
  done
}

@test "the name is the last part of argv[0]: with any folder before it, without one, and no other name" {
  mkdir -p timeout
  ln -s "$(realpath "$TINY")" timeout/tini
  PATH=$T/timeout:$PATH run -0 tini -g -- echo ran
  [[ $output == ran ]]
  run -0 "$T/timeout/tini" -g echo ran
  local name
  # A login shell's dash, other cases, longer and shorter names are ours.
  for name in -timeout Timeout timeout.sh xtimeout time tini- ''; do
    run -0 --separate-stderr bash -c 'exec -a "$1" "$2" -t 5 echo ran' bash "$name" "$TINY"
    [[ $output == ran ]]
  done
  run -124 bash -c 'exec -a timeout "$1" .02 sleep 1000' bash "$TINY"
}

@test "options of ours come to it by TINY_REAPER, and its command line wins" {
  TINY_REAPER="-o $T/report -t 100" run -124 "$NAMES/timeout" .02 sleep 1000
  [[ $(jq -r .outcome report) == timed-out ]]
  TINY_REAPER='-t .02' run -5 "$NAMES/timeout" 0 sh -c 'sleep .2; exit 5'
  TINY_REAPER='-t .02' run -124 "$NAMES/tini" sleep 1000
  ignores() { TINY_REAPER="-k $TIME" run "$NAMES/timeout" "$TIME" "$H/with" -i 15 sleep 1000 && [[ $status == 137 ]]; }
  in_time ignores
  # One signal stands for a list: KILL follows it, and not USR1.
  TINY_REAPER='-s QUIT,USR1 -k .02' run -137 "$NAMES/timeout" -s CONT .02 sleep 1000
  TINY_REAPER='-vv' TINI_VERBOSITY=0 run -0 --separate-stderr "$NAMES/tini" true
  [[ $stderr == 'tini: '* ]]
  # What is wrong in it: 125, whatever the name, and the variable is named.
  TINY_REAPER='-t 1ms -k' refused 125 timeout TINY_REAPER 5
  TINY_REAPER='-g' refused 125 tini TINY_REAPER
}

# Side by side with the real tools: what they did with the same command line, and where it was decided otherwise, is in test/names/compare.
side_by_side() {
  local tool=$1 real
  real=$(type -P "$tool") || skip "$tool is not installed"
  run -0 "$BATS_TEST_DIRNAME/names/compare" "$tool" "$real" "$NAMES/$tool" "${NAMES_VECTORS:-700}" "${NAMES_SEED:-$RANDOM}"
  echo "$output" >&3
}

@test "timeout: random command lines end as with coreutils" {
  side_by_side timeout
}

@test "tini: random command lines end as with tini" {
  side_by_side tini
}

@test "dumb-init: random command lines end as with dumb-init" {
  side_by_side dumb-init
}
