# Exit status, what cannot be run, -e, -p, and what is said on standard error.
# shellcheck disable=SC2016,SC2154 # text for other shells; variables set by bats' run
load common
bats_require_minimum_version 1.5.0

setup() {
  T=$BATS_TEST_TMPDIR
  cd "$T" || return
}

# Signals whose default is to end a process, but KILL and those that dump core, by the kernel's numbers on this machine.
ending() {
  local signal
  for signal in HUP INT KILL PIPE ALRM TERM USR1 USR2 STKFLT VTALRM PROF IO PWR QUIT ILL TRAP ABRT BUS FPE SEGV XCPU XFSZ SYS; do
    kill -l "$signal" || :
  done
  seq 32 64
}

# script NAME: an executable NAME in $T, its text from standard input.
script() {
  cat >"$T/$1"
  chmod +x "$T/$1"
}

# refused STATUS NAMED ARG...: STATUS, and one line on standard error that holds NAMED.
refused() {
  local status_wanted=$1 named=$2
  shift 2
  run "-$status_wanted" --separate-stderr "$@"
  echo "$stderr"
  [[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '* && $stderr == *"$named"* ]]
}

@test "the exit status is the command's, each of 0 to 255" {
  local guard
  for guard in '' -G; do
    # shellcheck disable=SC2086 # an option, or none
    diff <(seq -f 'exited %g' 0 255) <("$H/ended" -n 256 "$TINY" $guard sh -c 'exit "$1"' sh)
  done
}

@test "a command that dies by a signal: tiny-reaper dies by the same, each that ends a process" {
  local signal
  for signal in $(ending); do
    echo "signal $signal"
    [[ $("$H/ended" "$TINY" "$H/die" "$signal") == "killed $signal" ]]
    [[ $("$H/ended" "$TINY" --no-guard "$H/die" "$signal") == "killed $signal" ]]
  done
}

@test "the same where the signal was ignored and blocked on entry" {
  local signal
  for signal in 1 2 3 11 13 15 32 33 34 64; do
    echo "signal $signal"
    [[ $("$H/ended" "$H/with" -i "$signal" -b "$signal" "$TINY" "$H/die" "$signal") == "killed $signal" ]]
  done
}

@test "tiny-reaper leaves no core of its own" {
  ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -Hc)"
  [[ $("$H/ended" "$TINY" "$H/die" 11) == 'killed 11' ]]
  [[ $("$H/ended" "$TINY" -G "$H/die" 6) == 'killed 6' ]]
}

@test "a shell sees 128+N" {
  run sh -c '"$0" sh -c "kill -TERM \$\$"; echo $?' "$TINY"
  [[ ${lines[-1]} == 143 ]]
}

@test "Python's subprocess sees -15, and the output" {
  run -0 python3 - "$TINY" "$H/die" <<'END'
import subprocess, sys
tiny, die = sys.argv[1:]
print(subprocess.run([tiny, die, "15"]).returncode, subprocess.run([tiny, "-G", die, "9"]).returncode,
      subprocess.run([tiny, "echo", "out"], capture_output=True, text=True).stdout)
END
  [[ ${lines[0]} == '-15 -9 out' ]]
}

@test "127: not found, in PATH or by path" {
  refused 127 no-such-command "$TINY" no-such-command
  refused 127 ./no-such-command "$TINY" --no-guard ./no-such-command
  refused 127 /no/such/folder/x "$TINY" /no/such/folder/x
  run -127 --separate-stderr "$TINY" ''
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '* ]]
}

@test "126: found, and cannot be run" {
  mkdir folder
  : >plain
  ln -s loop loop
  printf '\177ELF garbage' | script garbage
  printf '#!/no/such/interpreter\n' | script lost
  refused 126 ./lost "$TINY" ./lost
  refused 126 ./folder "$TINY" ./folder
  refused 126 /tmp "$TINY" -G /tmp
  refused 126 ./plain "$TINY" ./plain
  refused 126 ./plain/x "$TINY" ./plain/x
  refused 126 ./loop "$TINY" ./loop
  refused 126 "$(printf 'n%.0s' {1..300})" "$TINY" "./$(printf 'n%.0s' {1..300})"
}

@test "126 and 127 say why, however long the name is" {
  local folder
  folder=$BATS_TEST_TMPDIR/$(printf '%0100d/' 1 2 3 4 5 6 7)
  mkdir -p "$folder"
  run -126 "$TINY" "$folder"
  [[ $output == *"...': it is a directory" && ${#lines[@]} == 1 ]]
  run -127 "$TINY" "$folder/none"
  [[ $output == *"...': No such file or directory" && ${#lines[@]} == 1 ]]
}

@test "a script without #! is run by /bin/sh, with its arguments, by path and through PATH" {
  # shellcheck disable=SC2016 # for the script
  echo 'echo "$0 ran with $# arguments: $*"' | script bare
  run -0 "$TINY" ./bare 'a b' c
  [[ $output == './bare ran with 2 arguments: a b c' ]]
  run -0 env PATH="$T:$PATH" "$TINY" -G bare
  [[ $output == "$T/bare ran with 0 arguments: " ]]
  # It keeps the name that it was given in what is said and reported about it.
  run -0 --separate-stderr env PATH="$T" "$TINY" -vv -o "$T/report" bare
  [[ ${stderr_lines[-1]} == 'tiny-reaper: bare (pid '* && $(<report) == *'"command":["bare"]'* ]]
  : | script empty
  run -0 "$TINY" ./empty
}

@test "PATH is walked as by POSIX's execvp" {
  mkdir closed folder open
  mkdir folder/tool
  : >closed/tool
  echo 'echo found' | script open/tool
  # Neither a file without permission nor a folder hides a later one.
  run -0 env PATH="$T/none:$T/closed:$T/folder:$T/open" "$TINY" tool
  [[ $output == found ]]
  # With nothing later, the permission is what is reported.
  refused 126 tool env PATH="$T/closed:$T/none" "$TINY" tool
  refused 127 tool env PATH="$T/none:$T/none/too" "$TINY" tool
  # An empty element is the current folder.
  cd open
  run -0 env PATH="/none:" "$TINY" tool
  [[ $output == found ]]
  run -0 env PATH=":/none" "$TINY" tool
  [[ $output == found ]]
  # Without PATH there is a default.
  run -0 env -u PATH "$TINY" sh -c 'echo by default'
  [[ $output == 'by default' ]]
  # A slash: PATH is not asked.
  cd "$T" || return
  run -0 env PATH="$T" "$TINY" open/tool
  [[ $output == found ]]
}

@test "126 or 127 leave nothing behind, and a limit changes nothing about them" {
  refused 127 no-such-command "$TINY" -t 5 -k 1 no-such-command
  refused 126 /tmp "$TINY" -t 5 -p -w /tmp
}

@test "125: a command line too long for one argument is not a crash" {
  run "$TINY" true "$(head -c 100000 /dev/zero | tr '\0' x)"
  [[ $status == 0 ]]
}

@test "1 MB of arguments arrives unchanged" {
  run -0 --separate-stderr python3 - "$TINY" <<'END'
import os, subprocess, sys
arguments = [os.urandom(997).replace(b"\0", b"x") for i in range(1000)] + [b"", b"y" * 100000]
code = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
for options in [], ["-G"], ["-vv"]:
    run = subprocess.run([sys.argv[1], *options, sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    print(run.returncode, run.stdout == b"\0".join(arguments))
END
  [[ $output == $'0 True\n0 True\n0 True' ]]
}

@test "-e: a status and a death become 0, and only those listed" {
  run -0 "$TINY" -e 3 sh -c 'exit 3'
  run -0 "$TINY" --success-status=7,3 sh -c 'exit 3'
  run -0 "$TINY" -e 7 -e 3 sh -c 'exit 7'
  run -4 "$TINY" -e 3,5 sh -c 'exit 4'
  run -0 "$TINY" -e 255 sh -c 'exit 255'
  run -0 "$TINY" -e 0 true
}

@test "-e 143 matches an exit with 143 and a death by TERM, -e TERM only the death" {
  [[ $("$H/ended" "$TINY" -e 143 sh -c 'exit 143') == 'exited 0' ]]
  [[ $("$H/ended" "$TINY" -e 143 "$H/die" 15) == 'exited 0' ]]
  [[ $("$H/ended" "$TINY" -e TERM "$H/die" 15) == 'exited 0' ]]
  [[ $("$H/ended" "$TINY" -e sigterm,INT "$H/die" 2) == 'exited 0' ]]
  [[ $("$H/ended" "$TINY" -e TERM sh -c 'exit 143') == 'exited 143' ]]
  [[ $("$H/ended" "$TINY" -e 142,TERM "$H/die" 2) == 'killed 2' ]]
  [[ $("$H/ended" "$TINY" -e 15 "$H/die" 15) == 'killed 15' ]]
  [[ $("$H/ended" "$TINY" -e RTMIN+3 "$H/die" 37) == 'exited 0' ]]
}

@test "-e never turns tiny-reaper's own 124 to 127 into 0, but the command's" {
  run -124 "$TINY" -e 124,143,TERM -t 0.05 sleep 100
  run -127 "$TINY" -e 127 no-such-command
  run -126 "$TINY" -e 126 /tmp
  run -125 "$TINY" -e 125 -t x true
  run -137 "$TINY" -e 137,KILL -s KILL -t 0.05 sleep 100
  for status in 124 125 126 127 137; do
    run -0 "$TINY" -e 124,125,126,127,137 sh -c "exit $status"
  done
}

@test "-vv says on standard error what is done; without it nothing is said" {
  run -0 --separate-stderr "$TINY" sh -c 'echo out; (sleep 0 &)'
  [[ $output == out && -z $stderr ]]
  run -3 --separate-stderr "$TINY" --verbose --verbose sh -c 'echo out; exit 3'
  [[ $output == out ]]
  [[ ${stderr_lines[0]} == 'tiny-reaper: '*started*sh* && ${stderr_lines[-1]} == 'tiny-reaper: sh '*'status 3'* ]]
  run --separate-stderr "$TINY" -v "$H/die" 11
  [[ ${stderr_lines[-1]} == 'tiny-reaper: '*SIGSEGV* ]]
}

@test "-vv changes neither status nor output, whatever standard error is" {
  local guard flags
  mkfifo full
  for guard in -vv -vvG; do
    [[ $("$H/ended" "$TINY" $guard "$H/die" 15 2>/dev/full) == 'killed 15' ]]
    [[ $("$H/ended" "$TINY" $guard "$H/die" 15 2>&-) == 'killed 15' ]]
    # Nobody reads: EPIPE, and no death by PIPE.
    [[ $("$H/ended" "$TINY" $guard "$H/die" 15 2> >(:)) == 'killed 15' ]]
    # A pipe that is full, and that nobody empties: nothing may wait for it, nor change its flags.
    exec 7<>full
    dd if=/dev/zero bs=64k count=64 oflag=nonblock conv=notrunc 2>/dev/null >&7 || :
    dd if=/dev/zero bs=1 count=4096 oflag=nonblock conv=notrunc 2>/dev/null >&7 || :
    exec 8>full
    flags=$(grep flags: "/proc/$BASHPID/fdinfo/8")
    [[ $("$H/ended" "$TINY" $guard "$H/die" 15 2>&8) == 'killed 15' ]]
    [[ $(grep flags: "/proc/$BASHPID/fdinfo/8") == "$flags" ]]
    exec 7>&- 8>&-
  done
}

@test "with standard error closed, messages go into no other file" {
  run -0 sh -c '"$1" -vv -t 50 --report="$2" sh -c "(sleep 0 &)" 2>&-' sh "$TINY" "$T/report"
  [[ $(wc -l <report) == 1 && $(<report) == '{'*'}' ]]
  "$TINY" -vv sh -c 'echo a; echo b' 0<&- 2>&- >output
  [[ $(<output) == $'a\nb' ]]
}

@test "standard output full or broken: nothing of tiny-reaper's own changes" {
  run -5 sh -c '"$0" sh -c "exit 5" >/dev/full' "$TINY"
  # The command gets PIPE as it would without.
  { yes || echo $? >without; } 2>/dev/null | :
  { "$TINY" yes || echo $? >with; } 2>/dev/null | :
  [[ -s with && $(<with) == "$(<without)" ]]
}

@test "nested: tiny-reaper under tiny-reaper, with limits of their own" {
  [[ $("$H/ended" "$TINY" "$TINY" -G "$TINY" "$H/die" 15) == 'killed 15' ]]
  run -124 "$TINY" -t 50 "$TINY" -t 0.05 sleep 100
  run -124 "$TINY" -t 0.05 "$TINY" -t 50 sleep 100
}
