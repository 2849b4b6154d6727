# The command line: options, values, and what is said about bad ones.
# shellcheck disable=SC2016,SC2154 # text for other shells; variables set by bats' run
load common
bats_require_minimum_version 1.5.0

setup() {
  T=$BATS_TEST_TMPDIR
}

# refused NAMED ARG...: one line on standard error that holds NAMED, exit 125, nothing on standard output, nothing started.
refused() {
  local named=$1
  shift
  run -125 --separate-stderr "$TINY" "$@" touch "$T/started"
  echo "tiny-reaper $*: ${stderr:-}"
  [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '* && $stderr == *"$named"* ]]
  [[ ! -e $T/started ]]
}

accepted() {
  run -0 --separate-stderr "$TINY" "$@" echo ran
  echo "tiny-reaper $*: $output ${stderr:-}"
  [[ $output == ran && -z $stderr ]]
}

@test "options end at the first non-option" {
  run -0 "$TINY" -t 5 echo -t 1 --help -x
  [[ $output == '-t 1 --help -x' ]]
  run -0 env POSIXLY_CORRECT=1 "$TINY" echo -V
  [[ $output == -V ]]
}

@test "-- ends the options, and a command may be named like one" {
  printf '#!/bin/sh\necho "odd $1"\n' >"$T/-t"
  chmod +x "$T/-t"
  PATH=$T:$PATH run -0 "$TINY" -- -t 5
  [[ $output == 'odd 5' ]]
  run -0 "$TINY" -t 5 -- echo -- x
  [[ $output == '-- x' ]]
}

@test "short options stand together, values with or without a blank, long options with = or a blank" {
  accepted -pct5
  accepted -t5 -k1 -sINT
  accepted --timeout=5 --kill-after=1 --signal=INT,TERM --preserve-status --single-child
  accepted --timeout 5 --kill-after 1 --signal INT --rewrite TERM:INT --success-status 3
  accepted --rewrite=TERM:INT --success-status=3,TERM --no-guard --die-with-parent
  accepted --leave
  accepted --wait
  accepted --report="$T/report"
  [[ -s $T/report ]]
}

@test "--help and --version: on standard output, exit 0, and the help names every option" {
  local option
  for option in -h --help; do
    run -0 --separate-stderr "$TINY" "$option"
    [[ -z $stderr && ${lines[0]} == 'Usage: tiny-reaper [OPTION]... [--] COMMAND [ARG]...' ]]
  done
  for option in '-t, --timeout=DURATION' '-s, --signal=SIG[,SIG]...' '-k, --kill-after=DURATION' '-p, --preserve-status' \
    '-c, --single-child' '-r, --rewrite=FROM:TO' '-e, --success-status=STATUS[,STATUS]...' '-d, --die-with-parent' '-w, --wait' \
    '-l, --leave' '-G, --no-guard' '-o, --report=FILE' '-v, --verbose' '-h, --help' '-V, --version'; do
    echo "missing: $option"
    [[ $output == *"  $option "* ]]
  done
  for option in -V --version; do
    run -0 --separate-stderr "$TINY" "$option"
    [[ -z $stderr && $output == 'tiny-reaper '[0-9]*.[0-9]*.[0-9]* && ${#lines[@]} == 1 ]]
  done
}

@test "--help fits a screen of 80 columns and 24 lines" {
  run -0 "$TINY" --help
  [[ $(wc -L <<<"$output") -le 80 && $(wc -l <<<"$output") -le 24 ]]
}

@test "--help that cannot be written is no success" {
  run -125 sh -c '"$1" --help >/dev/full' sh "$TINY"
  [[ $output == 'tiny-reaper: '*'standard output'* ]]
}

@test "a long option may be shortened as long as only one is meant" {
  accepted --time=5 --kill=1 --sig=INT --pres --sing --no --die --rew=TERM:INT --succ 3 --verb
  accepted --wa
  accepted --le
  refused "'--s=3' may mean --signal or --single-child or --success-status;" --s=3
  refused "'--ver' may mean --verbose or --version" --ver
  refused "'--re=x' may mean --rewrite or --report" --re=x
}

@test "options of the kind that stand together are told apart from a value" {
  accepted -Gpt5
  accepted -Gpt 5
  accepted -k1 -pe143,TERM
  refused "'G5'" -tG5
}

@test "an option mistake says which option and which mistake" {
  refused "unknown option '-x'; see 'tiny-reaper --help'" -x
  refused "unknown option '-x' in '-px'" -px
  refused "unknown option '-:'" -:
  refused "unknown option '--frob'" --frob
  refused "'--=5'" --=5
  refused "--verbose takes no value" --verb=3
  run -125 --separate-stderr "$TINY" -pt
  [[ $stderr == "tiny-reaper: option '-t, --timeout=DURATION' needs a value; see 'tiny-reaper --help'" ]]
  run -125 --separate-stderr "$TINY" --time
  [[ $stderr == "tiny-reaper: option '-t, --timeout=DURATION' needs a value; see 'tiny-reaper --help'" ]]
}

@test "a duration in place of a command is met with a hint, and only then" {
  run -127 --separate-stderr "$TINY" 10m make
  [[ ${#stderr_lines[@]} == 1 && $stderr == *"'10m'"*'-t'* ]]
  local words
  for words in '10m' '10q make' 'no-such-command 10m' '-t 5 10m make'; do
    # shellcheck disable=SC2086 # words
    run -127 --separate-stderr "$TINY" $words
    [[ ${#stderr_lines[@]} == 1 && $stderr != *'-t'* ]]
  done
  # A command may be named like one.
  printf '#!/bin/sh\necho "is a command"\n' >"$T/10m"
  chmod +x "$T/10m"
  PATH=$T:$PATH run -0 "$TINY" 10m make
  [[ $output == 'is a command' ]]
}

@test "a signal is named as one would type it: the nearer end of the real-time ones" {
  local number
  for number in 34:RTMIN 35:RTMIN+1 49:RTMIN+15 50:RTMAX-14 63:RTMAX-1 64:RTMAX 15:TERM 6:ABRT 29:IO; do
    "$TINY" -G -o "$T/report" "$H/die" "${number%:*}" || :
    [[ $(jq -r .signal "$T/report" | tail -n 1) == "${number#*:}" ]]
  done
}

@test "a missing command is refused with one line" {
  local args
  for args in '' '-t 5' '--' '-v --'; do
    # shellcheck disable=SC2086 # words
    run -125 --separate-stderr "$TINY" $args
    echo "$stderr"
    [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '* ]]
  done
}

@test "an unknown option is named" {
  refused x -x
  refused x -px
  refused frobnicate --frobnicate
  refused frobnicate --frobnicate=3
}

@test "an option's missing or superfluous value is named" {
  local option
  for option in -t -s -k -r -e -o --timeout --signal --kill-after --rewrite --success-status --report; do
    run -125 --separate-stderr "$TINY" "$option"
    echo "$stderr"
    [[ ${#stderr_lines[@]} == 1 && $stderr == "tiny-reaper: "*"${option#"${option%%[!-]*}"}"* ]]
  done
  refused verbose --verbose=yes
  refused help --help=me
}

@test "a duration: every unit, fractions, several units, infinity, 0" {
  local duration
  for duration in 5 5s 5000ms 5m 5h 5d 0.5m 1.5h 1h30m 1d2h3m4s5ms 20.25 .5 5. .5h 1h.5m 5.s infinity 0 0s 0.0 00 007; do
    accepted -t "$duration"
    accepted --kill-after="$duration"
  done
}

@test "a bad duration is refused, named, and starts nothing" {
  local duration
  for duration in 1e400 1e4 nan inf NaN -1 -1s +1 1x 1sx x s ms '' ' 5' '5 ' '1 s' 0x10 0x1p3 1,5 . .s 1h. 1..5 1.5.5 .5. 1h30 1.h1 '1h 30m' \
    infinityx '5
' 1µs 5S_ ٣; do
    refused "${duration%$'\n'}" -t "$duration"
    refused "${duration%$'\n'}" "--kill-after=$duration"
  done
}

@test "very many digits mean the longest duration" {
  local nines
  nines=$(printf '9%.0s' {1..5000})
  accepted -t "$nines"
  accepted -t "${nines}d"
  accepted -t "0.${nines}d"
  accepted -t 99999999999999999999d
  accepted -t 9223372036s
  accepted -t 9223372036854775807
  accepted -t 18446744073709551615s
  accepted -t 18446744073709551617ms
}

@test "durations are the same in a locale with a decimal comma" {
  localedef -i de_DE -f UTF-8 "$T/de_DE.UTF-8"
  export LOCPATH=$T LC_ALL=de_DE.UTF-8
  [[ $(locale decimal_point) == , ]]
  run "$TINY" -t 0.05s sleep 100
  [[ $status == 124 ]]
  refused 0,05 -t 0,05
}

@test "a signal: with or without SIG, any case, a number, RTMIN+N, RTMAX-N" {
  local signal
  for signal in TERM term SIGTERM sigTerm 15 1 64 RTMIN RTMAX rtmin+3 SIGRTMIN+30 RTMAX-30 SIGRTMAX-0 RTMIN+0 32 33 34 KILL STOP POLL IO SYS \
    TERM,INT,9 HUP,hup WINCH PWR STKFLT CHLD CLD ABRT IOT; do
    accepted -s "$signal"
  done
}

@test "a bad signal is refused, named, and starts nothing" {
  local signal
  for signal in FOO TERMX SIG SIGSIGTERM 65 -1 +5 0 1x '' ' TERM' 'TERM ' 'TERM,' ,TERM TERM,,INT RTMIN-1 RTMIN+31 RTMAX+1 RTMAX-31 RTMIN+ RTMIN+1x RTMIN+-1 \
    0x1 4294967311 99999999999999999999 TERM,FOO "TERM,$(printf 'T%.0s' {1..400})"; do
    refused "$signal" -s "$signal"
    refused "$signal" "--signal=$signal"
  done
}

@test "a bad rewrite is refused, named, and starts nothing" {
  local rewrite
  for rewrite in TERM TERM: :INT : '' FOO:TERM TERM:FOO TERM:65 0:TERM TERM:INT:HUP KILL:TERM STOP:TERM 9:15 19:0 ' TERM:INT' TERM:-1 TERM,INT:HUP; do
    refused "$rewrite" -r "$rewrite"
    refused "$rewrite" "--rewrite=$rewrite"
  done
}

@test "a bad success status is refused, named, and starts nothing" {
  local status_list
  for status_list in 256 -1 '' '3,' ,3 3,,4 FOO 0x3 ' 3' 3.5 99999999999999999999 3,FOO; do
    refused "$status_list" -e "$status_list"
    refused "$status_list" "--success-status=$status_list"
  done
}

@test "a report that cannot be opened is refused, named, and starts nothing" {
  refused "$T/none/report" -o "$T/none/report"
  refused "$T" --report="$T"
  refused '' -o ''
}

@test "a refused value is shown on one line, whatever bytes it holds" {
  refused tiny-reaper -t $'1\n2'
  refused tiny-reaper -s $'TERM\nINT'
  refused tiny-reaper -e $'\e[31m\r'
  refused tiny-reaper -r $'\001:\377'
}

@test "a message that is too long for one buffer is still one line, and the status is 125" {
  refused tiny-reaper -t "x$(printf 'y%.0s' {1..60000})"
}

@test "--wait and --leave exclude each other" {
  refused tiny-reaper -w -l
  refused tiny-reaper --leave --wait
}

@test "the last of -s counts, and -r and -e add up" {
  run -124 "$TINY" -t .05 -s KILL -s TERM sleep 100
  run -0 "$TINY" -e 3 -e 4 sh -c 'exit 3'
  run -0 "$TINY" -e 3 -e 4 sh -c 'exit 4'
}

@test "the last of a repeated option counts" {
  run "$TINY" -t 0.01 -t 0 sleep 0.1
  [[ $status == 0 ]]
  run "$TINY" --timeout=100 --timeout=0.01 sleep 100
  [[ $status == 124 ]]
}

@test "make builds one static binary, and STATIC=0 one with a distribution's flags" {
  cp "$BATS_TEST_DIRNAME"/../{Makefile,tiny-reaper.c} "$T"
  make -s -C "$T"
  # No interpreter: nothing else is needed to run it.
  run -0 readelf -lW "$T/tiny-reaper"
  [[ $output != *INTERP* ]]
  run -3 "$T/tiny-reaper" sh -c 'exit 3'
  make -s -C "$T" clean
  [[ ! -e $T/tiny-reaper ]]
  make -s -C "$T" STATIC=0 CFLAGS='-O1 -g' LDFLAGS=-Wl,-z,now
  run -0 readelf -lW "$T/tiny-reaper"
  [[ $output == *INTERP* && $output == *GNU_RELRO* && $output == *"DYN "* ]]
  run -3 "$T/tiny-reaper" sh -c 'exit 3'
}

@test "make install and uninstall honour DESTDIR and PREFIX" {
  cp -r "$BATS_TEST_DIRNAME"/../{Makefile,tiny-reaper.c,man} "$T"
  make -s -C "$T" install DESTDIR="$T/root" PREFIX=/usr
  run -0 find "$T/root/usr" -type f -printf '%P\n'
  [[ $(sort <<<"$output") == "bin/tiny-reaper
share/bash-completion/completions/tiny-reaper
share/fish/vendor_completions.d/tiny-reaper.fish
share/man/man1/tiny-reaper.1
share/zsh/site-functions/_tiny-reaper" ]]
  [[ -x $T/root/usr/bin/tiny-reaper && ! -x $T/root/usr/share/man/man1/tiny-reaper.1 ]]
  make -s -C "$T" uninstall DESTDIR="$T/root" PREFIX=/usr
  [[ -z $(find "$T/root" -type f) ]]
}
