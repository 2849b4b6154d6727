# Transparent: what a command may do without tiny-reaper it may do behind it; and where something cannot be run, it is said what is wrong.
# shellcheck disable=SC2013,SC2016,SC2030,SC2031,SC2094,SC2153,SC2154,SC2317 # text for other shells; bats' variables; functions that wait_for calls
load common
bats_require_minimum_version 1.5.0

setup() { own_folder; }
teardown() { end_started; }

# ---- sessions (finding 13)

@test "setsid(1) does not fork behind tiny-reaper, so that its command is waited for" {
  run -4 sh -c '"$0" setsid sh -c "echo up; sleep 0.3; echo done; exit 4"' "$TINY"
  [[ $output == $'up\ndone' ]]
  run -0 --separate-stderr sh -c '"$0" -v setsid sh -c "sleep 0.2"' "$TINY"
  [[ -z $stderr ]]
}

@test "setsid(2) works behind tiny-reaper, as it does in a script" {
  run -0 "$TINY" python3 -c 'import os; os.setsid(); print(os.getsid(0) == os.getpid() == os.getpgrp())'
  [[ $output == True ]]
  # And what is in its own session then still gets its signals, once, and its end.
  start "$TINY" setsid "$H/siglog" cmd 15 6
  logged 'cmd ready .*'
  kill -s USR1 "$P"
  logged 'cmd 10'
  kill -s TERM "$P"
  ends 6
  log_is 'cmd 10' 'cmd 15'
}

@test "the command leads no group, and so may make one of its own, as an interactive shell does" {
  run -0 "$TINY" python3 -c 'import os; assert os.getpgrp() != os.getpid(); os.setpgid(0, 0); print(os.getpgrp() == os.getpid())'
  [[ $output == True ]]
}

# ---- where it is started

# Finding 14: after unshare(2) of the PID namespace the first child is its PID 1, and with its end nothing more can be forked.
@test "unshare --pid without --fork: it works, or it is said what is wrong" {
  local guard
  ((EUID == 0)) || skip "needs root: with a user namespace unshare would fork"
  for guard in -- -G; do
    run --separate-stderr unshare --pid "$TINY" "$guard" true
    echo "$guard: $status $stderr"
    [[ $status == 0 || ($status == 125 && $stderr == 'tiny-reaper: '*'namespace'*) ]]
  done
}

# Finding 24: inner still has the caller's folder when the command runs. The delay makes sure of it.
@test "the caller's folder is let go before the command runs, and the descriptors too" {
  local call guard
  exec 7<"$T/log"
  for guard in -- -G; do
    for call in chdir close_range; do
      run -0 --separate-stderr strace -f -qq -o /dev/null -e trace="$call" -e inject="$call":delay_enter=200000 "$TINY" "$guard" sh -c '
        tiny=$PPID
        while [ "$(cat /proc/$tiny/comm)" != strace ]; do
          readlink /proc/$tiny/cwd
          for fd in /proc/$tiny/fd/*; do echo "${fd##*/}"; done
          tiny=$(sed -n "s/^PPid:.//p" /proc/$tiny/status)
        done'
      echo "$guard $call: $output"
      [[ $guard == -G ]] || [[ ${#lines[@]} == 4 ]]
      [[ $(sort -u <<<"$output") == $'/\n2' ]]
    done
  done
  exec 7<&-
}

# Finding 33: cron jobs in a container log there.
@test "as PID 1 its standard output is there as /proc/1/fd/1, and its standard input as /proc/1/fd/0" {
  run -0 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child "$TINY" sh -c 'echo text >/proc/1/fd/1; echo more >>/proc/1/fd/1' </dev/null
  [[ $output == $'text\nmore' ]]
  run -0 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child "$TINY" sh -c 'exec 0</dev/null; read -r x </proc/1/fd/0; echo "$x"' <<<input
  [[ $output == input ]]
}

# Outside PID 1 a reader sees end-of-file (start.bats); as PID 1 nothing else than 0, 1 and 2 is kept.
@test "as PID 1 no other descriptor is kept" {
  exec 7<"$T/log" 8>>"$T/log"
  run -0 "${UNSHARE[@]}" --pid --fork --mount-proc --kill-child "$TINY" sh -c 'cd /proc/1/fd; echo *' 3>&-
  exec 7<&- 8>&-
  [[ $output == '0 1 2' ]]
}

# ---- what cannot be run (finding 34)

# in_chroot STATUS COMMAND: tiny-reaper where there is nothing else but the files of the folder root.
in_chroot() {
  mkdir -p root
  cp "$TINY" root/tiny-reaper
  run "-$1" --separate-stderr "${UNSHARE[@]}" --mount chroot root /tiny-reaper "$2"
  echo "$*: $status ${stderr:-}"
}

# An ELF file of a machine that nobody has.
other_machine() {
  cp "$TINY" "$1"
  printf '\xfe\xfe' | dd of="$1" bs=1 seek=18 conv=notrunc status=none
}

@test "in a chroot without /bin/sh a script without #!, or another machine's executable, is 126, not 'No such file or directory'" {
  mkdir root
  echo 'exit 0' >root/script
  other_machine root/other
  chmod 755 root/*
  in_chroot 126 /script
  [[ $stderr == 'tiny-reaper: '*'/script'* && $stderr != *'No such file'* && ${#stderr_lines[@]} == 1 ]]
  in_chroot 126 /other
  [[ $stderr == 'tiny-reaper: '*'/other'* && $stderr != *'No such file'* && ${#stderr_lines[@]} == 1 ]]
  in_chroot 127 /none
}

@test "another machine's executable is not run by /bin/sh: 126; nor is any file with a NUL in its first line" {
  other_machine other
  printf '\x7f\0\necho ran >&2\nexit 0\n' >nul
  printf 'MZ\0 PE\necho ran\nexit 0\n' >windows
  chmod 755 other nul windows
  for file in other nul windows; do
    run -126 --separate-stderr "$TINY" "./$file"
    echo "$file: $stderr"
    [[ ${#stderr_lines[@]} == 1 && $stderr == "tiny-reaper: "*"./$file"* && -z $output ]]
    PATH=$T:$PATH run -126 --separate-stderr "$TINY" "$file"
    [[ ${#stderr_lines[@]} == 1 ]]
  done
}

@test "a text without #! is run by /bin/sh; a NUL in its second line does not matter" {
  printf 'echo text "$1"\nexit 3\n' >script
  printf 'echo text "$1"; exit 3\n\0\0' >nul
  : >empty
  chmod 755 script nul empty
  run -3 "$TINY" ./script arg
  [[ $output == 'text arg' ]]
  run -3 "$TINY" ./nul arg
  [[ $output == 'text arg' ]]
  run -0 "$TINY" ./empty
}

@test "an interpreter that is missing is named, and one that is misspelt by a CR, without the raw CR: 126" {
  printf '#!/no/such/interpreter -x\necho no\n' >missing
  printf '#!/bin/sh\r\necho no\r\n' >dos
  cp "$TINY" dynamic
  chmod 755 missing dos
  run -126 --separate-stderr "$TINY" ./missing
  echo "$stderr"
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*./missing*/no/such/interpreter* ]]
  run -126 --separate-stderr "$TINY" ./dos
  echo "$stderr"
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*./dos* && $stderr == */bin/sh* && $stderr != *$'\r'* ]]
  PATH=$T:$PATH run -126 --separate-stderr "$TINY" dos
  [[ $stderr == 'tiny-reaper: '*dos* && $stderr != *$'\r'* ]]
}

@test "an executable whose loader is missing: 126, and it is named" {
  echo 'int main(void) { return 0; }' >prog.c
  cc -o prog prog.c -Wl,--dynamic-linker=/no/such/loader.so
  run -126 --separate-stderr "$TINY" ./prog
  echo "$stderr"
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*./prog*/no/such/loader.so* ]]
}

@test "each of the reasons has words of its own: no permission, a directory, an interpreter that may not be run" {
  : >plain
  printf '#!%s/plain\n' "$T" >refused
  chmod 755 refused
  chmod 644 plain
  run -126 --separate-stderr "$TINY" ./plain
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*./plain* ]]
  run -126 --separate-stderr "$TINY" .
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*irectory* ]]
  run -126 --separate-stderr "$TINY" ./refused
  [[ ${#stderr_lines[@]} == 1 && $stderr == 'tiny-reaper: '*./refused* ]]
}

# ---- the environment (finding 36)

# pids_with NAME...: what the command sees of these, each set to the pid that tiny-reaper has, with the command's own pid.
pids_with() {
  env -u LISTEN_PID -u WATCHDOG_PID -u SYSTEMD_EXEC_PID bash -c '
    for name in $2; do export "$name=$$"; done; exec "$1" $3 sh -c "echo \$\$; env" ' bash "$TINY" "$1" "${2:-}"
}

@test "LISTEN_PID, WATCHDOG_PID and SYSTEMD_EXEC_PID, where they name tiny-reaper, name the command" {
  local guard name pid
  for guard in '' -G '-v -t 100'; do
    pids_with 'LISTEN_PID WATCHDOG_PID SYSTEMD_EXEC_PID' "$guard" >seen
    read -r pid <seen
    for name in LISTEN_PID WATCHDOG_PID SYSTEMD_EXEC_PID; do
      [[ $(grep -c "^$name=" seen) == 1 ]]
      grep -qx "$name=$pid" seen || { grep PID= seen; false; }
    done
  done
}

@test "LISTEN_PID and the like that name somebody else, or nobody, are the command's own business" {
  local value
  for value in 1 '' 0 -1 99999999999999999999 12x ' 1' "$$ "; do
    run -0 env LISTEN_PID="$value" WATCHDOG_PID="$value" SYSTEMD_EXEC_PID="$value" LISTEN_FDS=3 LISTEN_PIDFDID=5 LISTEN_FDNAMES=a:b "$TINY" env
    for name in LISTEN_PID WATCHDOG_PID SYSTEMD_EXEC_PID; do [[ $'\n'$output$'\n' == *$'\n'"$name=$value"$'\n'* ]]; done
    [[ $output == *LISTEN_FDS=3* && $output == *LISTEN_PIDFDID=5* && $output == *LISTEN_FDNAMES=a:b* ]]
  done
  # A number with something behind it is not tiny-reaper's.
  run -0 bash -c 'WATCHDOG_PID=${$}9 exec "$0" env' "$TINY"
  [[ $output =~ WATCHDOG_PID=[0-9]+9 ]]
}

@test "LISTEN_PIDFDID goes where LISTEN_PID was changed, and nothing else of the environment does" {
  run -0 bash -c 'export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_PIDFDID=1234 LISTEN_FDNAMES=a:b A=1; exec "$0" env' "$TINY"
  [[ $output != *LISTEN_PIDFDID* && $output == *LISTEN_FDS=2* && $output == *LISTEN_FDNAMES=a:b* && $output == *A=1* ]]
  # Not for the others' sake.
  run -0 bash -c 'export WATCHDOG_PID=$$ LISTEN_PIDFDID=1234; exec "$0" env' "$TINY"
  [[ $output == *LISTEN_PIDFDID=1234* ]]
}

@test "the environment keeps its order, its strings without =, and its doubles" {
  run -0 python3 - "$TINY" "$H" <<'PYTHON'
import ctypes, os, subprocess, sys
libc = ctypes.CDLL(None)
strings = [b"Z=1", b"LISTEN_PID=%d", b"noequals", b"=x", b"A=2", b"A=3", b"WATCHDOG_PID=%d", b"LISTEN_PID=%d", b"", b"Y=\xff\n"]
def environment_of(arguments):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        mine = [s % os.getpid() if b"%d" in s else s for s in strings]
        env = (ctypes.c_char_p * (len(mine) + 1))(*mine, None)
        argv = (ctypes.c_char_p * (len(arguments) + 1))(*[a.encode() for a in arguments], None)
        libc.execve(arguments[0].encode(), argv, env)
        os._exit(99)
    os.close(write)
    data = b""
    while block := os.read(read, 65536):
        data += block
    assert os.wait()[1] == 0
    number, rest = data.split(b" ", 1)
    return rest.replace(number, b"%d")
show = [sys.executable, "-S", "-E", "-c", "import os,sys; sys.stdout.buffer.write(b'%d ' % os.getpid() + open('/proc/self/environ','rb').read())"]
without, behind = environment_of(show), environment_of([sys.argv[1], "--"] + show)
assert without == behind, (without, behind)
PYTHON
}

# Socket activation as systemd does it.
@test "socket activation works through tiny-reaper" {
  run -0 python3 - "$TINY" <<'PYTHON'
import os, socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
os.dup2(server.fileno(), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[1], [sys.argv[1], sys.executable, "-c", """
import os, socket
assert int(os.environ["LISTEN_PID"]) == os.getpid() and os.environ["LISTEN_FDS"] == "1"
assert socket.socket(fileno=3).getsockname()[0] == "127.0.0.1"
"""])
PYTHON
}

# ---- names (finding 37)

@test "the inner process shows no argument of the command: pgrep -f and pkill -f hit outer and command alone" {
  local inner
  start "$TINY" -o "$T/report-unheard-of" sh -c 'echo "inner $PPID"; sleep 1000; : some-word-unheard-of'
  logged 'inner .*'
  inner=$(sed -n 's/^inner //p' log)
  run -0 tr '\0' ' ' <"/proc/$inner/cmdline"
  echo "cmdline: $output"
  [[ $output != *unheard* && $output != *' sh '* && $output == *tiny-superv* ]]
  grep -qx tiny-supervisor "/proc/$inner/comm"
  # The outer one and the command are as they were started.
  run -0 tr '\0' ' ' <"/proc/$P/cmdline"
  [[ $output == "$TINY -o $T/report-unheard-of sh -c "*' some-word-unheard-of ' ]]
}

# A promise that no test would miss: argv[0].
@test "inner is not found by the program's name, whatever the path is: pkill -9 -f tiny-reaper hits the outer one and the command's arguments alone" {
  local inner path
  mkdir -p sub
  cp "$TINY" tiny-reaper
  cp "$TINY" sub/tiny-reaper
  for path in ./tiny-reaper sub/tiny-reaper "$T/tiny-reaper"; do
    : >log
    start "$path" sh -c 'echo "inner $PPID"; exec sleep 1000'
    logged 'inner .*'
    inner=$(sed -n 's/^inner //p' log)
    run ! grep -q tiny-reaper "/proc/$inner/cmdline"
    run ! grep -q tiny-reaper "/proc/$inner/comm"
    kill -s TERM "$P"
    ends 143
  done
}

# ---- other things that a command would notice

@test "the command's process is no leader, has tiny-supervisor's group, and its parent is of it (-G and PID 1: it leads)" {
  run -0 "$TINY" sh -c 'set -- $(sed "s/.*) //" /proc/$$/stat); echo "$3 $4 $PPID"'
  [[ $output =~ ^([0-9]+)\ [0-9]+\ ([0-9]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]
  run -0 "$TINY" -G sh -c 'set -- $(sed "s/.*) //" /proc/$$/stat) $$; shift 2; echo "$1"; echo $$'
  [[ ${lines[0]} == "${lines[1]}" ]]
}

@test "an alarm that was set before is the command's, to see and to take back; so is the attribute of a subreaper" {
  cat >program.py <<'END'
import ctypes, os, signal, sys
timers = signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF
if sys.argv[1] == "set":
    for timer in timers:
        signal.setitimer(timer, 5000 + timer, 7000 + timer)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    os.execvp(sys.argv[2], sys.argv[2:])
reaper = ctypes.c_int(-1)
ctypes.CDLL(None).prctl(37, ctypes.byref(reaper), 0, 0, 0)
print([tuple(round(seconds, -1) for seconds in signal.setitimer(timer, 0)) for timer in timers], reaper.value)
END
  local python guard
  python=$(python3 -c 'import sys; print(sys.executable)')
  for guard in "" "$TINY" "$TINY -G" "$TINY -t 100"; do
    run -0 "$python" program.py set $guard "$python" program.py show
    [[ $output == '[(5000.0, 7000.0), (5000.0, 7000.0), (5000.0, 7000.0)] 1' ]]
  done
  run -0 "$TINY" "$python" program.py show
  [[ $output == '[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)] 0' ]]
}
