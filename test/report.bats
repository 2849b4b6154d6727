#!/usr/bin/env bats
# The report: its fields, its validity, and what stands in it, whatever happened.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of other shells; bats runs each test in a subshell, and sets status and output

bats_require_minimum_version 1.5.0
load common

setup() {
  T=$BATS_TEST_TMPDIR
  started=()
  R=$T/report
}

# What a failed test has left in the background; the end of tiny-reaper ends all below it. (Not all of `jobs -p`: bats has jobs of its own.)
teardown() {
  local pid
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || :; done
}

# reports EXPRESSION...: FILE has one line, one object, for which each jq expression is true.
reports() {
  local expression
  (($(wc -l <"$R") == 1)) || { echo "not one line:"; cat "$R"; return 1; }
  for expression; do
    jq -es "length == 1 and (.[0] | $expression)" "$R" >"$T/verdict" && continue
    echo "not true: $expression"
    cat "$R"
    return 1
  done
}

lines() { (($(wc -l <"$1") == $2)); }
child() { cat "/proc/$1/task/$1/children"; }
has_child() { [[ $(child "$1") ]]; }

@test "the report has all fields, in their types; none is renamed or dropped" {
  "$TINY" --report="$R" sh -c 'sleep 1000 & exit 3' || :
  # The first fifteen in this order; those that came later stand anywhere.
  reports 'keys_unsorted - ["oom_killed", "core_dumped", "senders", "left"] == ["version", "command", "pid", "started", "wall_s", "user_s", "sys_s",
    "max_rss_kb", "outcome", "status", "signal", "escalated", "forwarded", "reaped", "ended"]' \
    '[.version, .command, .pid, .started, .wall_s, .user_s, .sys_s, .max_rss_kb, .outcome, .status, .signal, .escalated, .forwarded, .reaped, .ended | type]
    == ["string", "array", "number", "string", "number", "number", "number", "number", "string", "number", "null", "boolean", "array", "number", "number"]' \
    '[.core_dumped, .senders, .left | type] == ["boolean", "array", "array"]' \
    'has("oom_killed") and (.oom_killed == null or .oom_killed == false)' \
    '.core_dumped == false and .senders == [] and (.left | length == 1 and all(keys_unsorted == ["pid", "command"]))' \
    '.command == ["sh", "-c", "sleep 1000 & exit 3"]' \
    '"tiny-reaper " + .version == "'"$("$TINY" -V)"'"' \
    '[.pid, .max_rss_kb, .status, .reaped, .ended] | all(. == floor)' \
    '.pid > 1 and .max_rss_kb > 100' \
    '.outcome == "exited" and .status == 3 and .escalated == false and .reaped == 1 and .ended == 1 and .forwarded == []'
}

@test "pid is the command's; started and wall_s are the run's" {
  local before after
  before=$(date +%s.%N)
  [[ $("$TINY" -o "$R" sh -c 'sleep 0.3; echo $$') == "$(jq .pid "$R")" ]]
  after=$(date +%s.%N)
  reports '.started | test("^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9][.][0-9]{3}Z$")'
  TZ=Asia/Kathmandu python3 - "$R" "$before" "$after" <<'END'
import datetime, json, sys
report, before, after = json.load(open(sys.argv[1])), float(sys.argv[2]), float(sys.argv[3])
started = datetime.datetime.fromisoformat(report["started"].replace("Z", "+00:00")).timestamp()
assert before - 0.001 <= started <= after - 0.3, (before, started, after)
assert 0.3 <= report["wall_s"] <= after - before, report["wall_s"]
END
}

# The status in the report is the one that the caller saw.
@test "outcome, status and signal for every way to end" {
  local status outcome expected signal escalated options command
  # TIME is that in which the command has to get somewhere.
  ends_so() {
    rm -f "$R"
    status=0
    # shellcheck disable=SC2086 # options are words
    "$TINY" --report "$R" ${options/TIME/"$TIME"} bash -c "$command" || status=$?
    echo "$options / $command: $status"
    ((status == expected)) && reports ".outcome == \"$outcome\" and .status == $expected and .signal == $signal and .escalated == $escalated"
  }
  while IFS='|' read -r outcome expected signal escalated options command; do
    if [[ $options == *TIME* ]]; then in_time ends_so; else ends_so; fi
  done <<'END'
exited|0|null|false||:
exited|7|null|false||exit 7
exited|255|null|false|-t 100|exit 255
exited|0|null|false|-e 7|exit 7
exited|0|null|true|-k 0.1|trap "" TERM; exec 9<>/dev/null; setsid sleep 1000 & exit 0
signaled|143|"TERM"|false||kill -TERM $$
signaled|139|"SEGV"|false||kill -SEGV $$
signaled|137|"KILL"|false||kill -KILL $$
signaled|165|"RTMIN+3"|false||kill -37 $$
signaled|0|"TERM"|false|-e TERM|kill -TERM $$
timed-out|124|"TERM"|false|-t 0.05|exec sleep 1000
timed-out|124|null|false|-t TIME|trap "exit 4" TERM; while :; do sleep 0.02; done
timed-out|4|null|false|-p -t TIME|trap "exit 4" TERM; while :; do sleep 0.02; done
timed-out|143|"TERM"|false|-p -t 0.05|exec sleep 1000
timed-out|137|"KILL"|true|-t TIME -k 0.05|trap "" TERM; while :; do sleep 0.02; done
timed-out|137|"KILL"|true|-t 0.05 -s KILL|exec sleep 1000
timed-out|124|null|false|-w -t TIME|setsid sleep 1000 & exit 5
END
}

@test "not started: status, and figures of 0" {
  local status
  mkdir "$T/directory"
  : >"$T/not-executable"
  for command in "$T/nowhere" "$T/directory" "$T/not-executable"; do
    rm -f "$R"
    status=0
    # The shell has used time, and a child of its own too; neither is the run's.
    bash -c 'for i in {1..100000}; do :; done & wait; exec "$@"' bash "$TINY" -o "$R" "$command" 2>"$T/err" || status=$?
    [[ $status == 12[67] ]]
    reports '.outcome == "not-started" and .pid == null and .signal == null and .status == '"$status" \
      '[.wall_s, .user_s, .sys_s, .max_rss_kb, .reaped, .ended] | all(. == 0)' '.command == ["'"$command"'"]'
  done
}

@test "the end of the parent: parent-died, with the command's status" {
  mkfifo "$T/fifo"
  bash -c '"$@" & exec sleep 1000' bash "$TINY" -d -o "$R" sh -c 'echo >"$1"; exec sleep 1000' sh "$T/fifo" 3>&- &
  started+=("$!")
  local parent=$!
  read -rt 100 <"$T/fifo"
  kill -KILL "$parent"
  wait_for 20 lines "$R" 1
  reports '.outcome == "parent-died" and .status == 143 and .signal == "TERM"'
}

@test "kill -9 of the outer process: the inner one writes the report" {
  mkfifo "$T/fifo"
  "$TINY" -o "$R" sh -c 'setsid sleep 1000 & echo >"$1"; wait' sh "$T/fifo" 3>&- &
  started+=("$!")
  local outer=$!
  read -rt 100 <"$T/fifo"
  kill -KILL "$outer"
  wait_for 20 lines "$R" 1
  reports '.outcome == "killed" and .status == 137 and .signal == "KILL" and .escalated and .reaped == 1 and .ended == 1' '.pid > 1 and .wall_s > 0'
}

@test "kill -9 of the inner process: the outer one writes the same report" {
  mkfifo "$T/fifo"
  "$TINY" -o "$R" sh -c 'setsid sleep 1000 & echo >"$1"; wait' sh "$T/fifo" 3>&- &
  started+=("$!")
  local outer=$! status=0
  read -rt 100 <"$T/fifo"
  kill -KILL "$(child "$outer")"
  wait "$outer" || status=$?
  ((status == 137))
  reports '.outcome == "killed" and .status == 137 and .signal == "KILL" and .escalated and .reaped == 1 and .ended == 1' '.pid > 1 and .wall_s > 0'
}

@test "process 1 writes the report, with the status that it exits with" {
  local status=0 user=()
  ((EUID == 0)) || user=(--user --map-root-user)
  unshare "${user[@]}" --pid --fork --mount-proc "$TINY" -o "$R" sh -c 'kill -TERM $$' || status=$?
  ((status == 143))
  reports '.outcome == "signaled" and .status == 143 and .signal == "TERM" and .pid == 2'
}

@test "one process (--no-guard) writes the report as two do" {
  # Three processes in time: none of them a shell that is about to become another.
  three_run() {
    rm -f "$R"
    run "$TINY" --no-guard -t "$TIME" -o "$R" sh -c 'setsid sleep 1000 & sleep 1001; :'
    reports '[.running[].command] | length == 3 and any(. == "sleep 1000") and any(. == "sleep 1001")'
  }
  in_time three_run
  [[ $status == 124 ]]
  reports '.outcome == "timed-out" and .status == 124 and .reaped >= 1 and .ended >= 1'
}

@test "valid JSON whatever the command line holds, and the exact bytes can be had" {
  cat >"$T/bytes.py" <<'END'
import base64, json, os, random, subprocess, sys
tiny, path = os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2])
random.seed(5)
lines = [
    [bytes([i]) for i in range(1, 256)],
    [b"", b'"', b"\\", b'\\"', b"\n", b"\t\r\x0b\x1b[1m", b"\x7f", b"</script>", "ä€𝄞".encode(), "\ufffd".encode(), "\u2028\ufeff\u0080".encode()],
    [b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf"],               # overlong
    [b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe\xff"],   # surrogates, beyond U+10FFFF
    [b"\xc3", b"\xe2\x82", b"\xf0\x9d\x84", b"\xe2\x82x", b"\xf0\x9d\x84\xf0\x9d\x84\x9e", b"\x80", b"a\xffb"],           # cut, continued by something else
    [b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbf", b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbf", b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80"],  # valid, at the edges
    [b"x" * 100000 + b"\xff"], [b"\x01" * 100000], [b"\xff" * 100000], ["ä".encode() * 50000],
]
for i in range(150):
    pool = random.choice([range(1, 256), range(0x20, 0x7f), range(0x80, 0x100), [0xe2, 0x82, 0xac, 0xc3, 0xa4, 0x22], [0xf0, 0x9d, 0x84, 0x9e, 0xf4, 0x8f, 0xbf]])
    lines.append([bytes(random.choice(pool) for _ in range(random.randrange(12))) for _ in range(random.randrange(1, 8))])
for arguments in lines:
    command = [b"true", *arguments]
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run([tiny, b"-o", path, *command], check=True)
    text = open(path, "rb").read()
    assert text.count(b"\n") == 1 and text.endswith(b"\n"), arguments
    assert all(byte >= 0x20 and byte != 0x7f for byte in text[:-1]), arguments
    report = json.loads(text.decode("utf-8", "strict"))
    try:
        exact = [argument.decode("utf-8", "strict") for argument in command]
    except UnicodeDecodeError:
        exact = None
    if exact is not None:
        assert report["command"] == exact, (arguments, report)
        assert "command_base64" not in report, arguments
    else:
        assert [base64.b64decode(b, validate=True) for b in report["command_base64"]] == command, arguments
        for shown, argument in zip(report["command"], command, strict=True):
            # Valid sequences are left as they are, and at least one U+FFFD stands for each run of other bytes.
            def plain(text): return [piece for piece in text.split("\ufffd") if piece]
            assert plain(shown) == plain(argument.decode("utf-8", "replace")), (argument, shown)
print(len(lines), "command lines")
END
  python3 "$T/bytes.py" "$TINY" "$R"
}

@test "the names of the processes that were running are valid JSON too" {
  cp "$(command -v sleep)" "$T/"$'a"\\\xff\n)b'
  runs() {
    rm -f "$R"
    run "$TINY" -t "$TIME" -o "$R" "$T/"$'a"\\\xff\n)b' 1000
    reports '.running[0].command | test(" 1000$")'
  }
  in_time runs
  [[ $status == 124 ]]
  reports '.running | length == 1' '.running[0].command | test("a\"\\\\\ufffd\n[)]b 1000$")' '.command_base64 | length == 2'
  # A process without a command line, such as a zombie, is named in brackets.
  zombie() {
    rm -f "$R"
    run "$TINY" -t "$TIME" -o "$R" python3 -c "$1"
    reports '.running | length == 2 and .[1].state == "Z"'
  }
  in_time zombie 'import os, time
if os.fork() == 0:
    open("/proc/self/comm", "wb").write(b"b\"a) R\xff\\\n")
    os._exit(0)
time.sleep(1000)'
  [[ $status == 124 ]]
  reports '.running | length == 2' '.running[1] | .command == "[b\"a) R\ufffd\\\n]" and .state == "Z"'
}

@test "twenty at once, with command lines of 64 KiB: twenty good lines" {
  local i letters=ABCDEFGHIJKLMNOPQRST
  for i in {1..20}; do
    "$TINY" -o "$R" sh -c "exit $i" "$(head -c 65536 /dev/zero | tr '\0' "${letters:i-1:1}")" 3>&- &
    started+=("$!")
  done
  wait "${started[@]}" || : # the last one's status
  (($(wc -l <"$R") == 20))
  jq -es 'length == 20 and ([.[].status] | sort) == [range(1; 21)]
    and all(.[]; .status as $i | .command[3] | length == 65536 and test("^" + ([64 + $i] | implode) + "+$"))' "$R" >"$T/verdict"
}

@test "one write(2), to a file opened to append" {
  local i long
  printf -v long '%100000s' ''
  strace -f -y -e 'trace=write,writev,pwrite64,pwritev,pwritev2,open,openat' -o "$T/trace" "$TINY" -t 0.2 -o "$R" sh -c 'sleep 1000; :' "$long" $'\377' || :
  reports '.outcome == "timed-out"'
  grep -E "open.*\"$R\".*O_APPEND" "$T/trace"
  (($(grep -cE "(write|writev|pwrite64|pwritev2?)\([0-9]+<$R>" "$T/trace") == 1))
  grep -E "write\([0-9]+<$R>" "$T/trace" | grep -q " = $(wc -c <"$R")\$"
}

@test "FILE is found from where the caller is, is appended to, and is not handed down" {
  cd "$T" || return
  echo '{"status": "old"}' >report
  "$TINY" -o report sh -c 'cd /; ls -l /proc/self/fd' >fds 2>&1
  jq -es '[.[].status] == ["old", 0]' report >verdict
  ! grep report fds || false
  mkdir other
  (cd other && "$TINY" -o ../report sh -c 'rm -r ../other')
  lines report 3
}

@test "a disk that is full: one warning, and the exit status is the command's" {
  run -7 --separate-stderr "$TINY" -o /dev/full sh -c 'exit 7'
  [[ $stderr == 'tiny-reaper: '*'report'* && ${#stderr_lines[@]} == 1 && -z $output ]]
  run -143 --separate-stderr "$TINY" -o /dev/full sh -c 'kill $$'
  [[ $stderr == 'tiny-reaper: '*'report'* && ${#stderr_lines[@]} == 1 ]]
  run -124 --separate-stderr "$TINY" -t 0.05 -o /dev/full sleep 1000
  [[ $stderr == 'tiny-reaper: '*'report'* && ${#stderr_lines[@]} == 1 ]]
  run -127 --separate-stderr "$TINY" -o /dev/full "$T/nowhere"
  [[ ${#stderr_lines[@]} == 2 ]]
  # A limit on the size of files: the warning is all, not a death by XFSZ.
  run -7 --separate-stderr bash -c 'ulimit -f 1; exec "$@"' bash "$TINY" -o "$R" sh -c 'exit 7' "$(printf %3000s '')"
  [[ $stderr == 'tiny-reaper: '*'report'* && ${#stderr_lines[@]} == 1 ]]
  # With standard error closed, too.
  run -7 bash -c 'exec "$@" 2>&-' bash "$TINY" -o /dev/full sh -c 'exit 7'
  [[ -z $output ]]
}

# refused FILE [PREFIX...]: 125, one line that names FILE, and nothing was started.
refused() {
  local file=$1
  shift
  run -125 --separate-stderr "$@" "$TINY" -o "$file" touch "$T/started"
  echo "$stderr"
  [[ $stderr == "tiny-reaper: "*"'$file'"* && ${#stderr_lines[@]} == 1 && -z $output && ! -e $T/started ]]
}

@test "a FILE that cannot be opened: 125, one line that names it, and nothing was started" {
  local weak=()
  refused "$T/nowhere/report"
  refused "$T"
  refused ''
  : >"$T/file"
  refused "$T/file/report"
  chmod 444 "$T/file"
  ((EUID == 0)) && weak=(setpriv '--bounding-set=-dac_override,-dac_read_search')
  refused "$T/file" "${weak[@]}"
  ln -s loop "$T/loop"
  refused "$T/loop"
  mkfifo "$T/fifo"
  refused "$T/fifo" timeout -s KILL 100 # nobody reads: this must not wait for a reader
  run -125 bash -c 'exec "$@" 2>&-' bash "$TINY" -o "$T/nowhere/report" touch "$T/started"
  [[ -z $output && ! -e $T/started ]]
}

@test "closed standard descriptors: the report goes to FILE, and nothing else does" {
  local closed
  for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    rm -f "$R"
    bash -c '"$@" '"$closed" bash "$TINY" -vv -t 100 -o "$R" sh -c 'echo out; echo err >&2
      for file in /proc/$$/fd/*; do [ "$(readlink "$file")" != "$0" ] || exit 9; done' "$R" >/dev/null 2>&1
    reports '.outcome == "exited" and .status == 0'
  done
}

@test "a pipe as FILE: its reader gets the line, and a reader that is gone costs a warning only" {
  "$TINY" -o >(cat >"$T/copy") true
  wait_for 20 lines "$T/copy" 1
  jq -e '.outcome == "exited"' "$T/copy"
  run -3 --separate-stderr bash -c 'exec 9> >(:); wait $!; exec "$@"' bash "$TINY" -o /dev/fd/9 sh -c 'exit 3'
  [[ ${#stderr_lines[@]} == 1 ]]
}

@test "processor time and largest resident set cover the orphans" {
  # An orphan that has a session of its own uses time and memory; the command itself nearly none.
  cat >"$T/orphan.py" <<'END'
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        memory = bytearray(b"x") * (150 << 20)
        while sum(os.times()[:2]) < 0.4:
            sum(range(10000))
    os._exit(0)
END
  "$TINY" --wait -o "$R" sh -c 'exec python3 "$1"' sh "$T/orphan.py"
  reports '.reaped >= 1 and .ended == 0 and .user_s + .sys_s >= 0.4 and .max_rss_kb > (150 * 1024)'
}

@test "processor time covers what was killed, and what was reaped before the inner process was" {
  mkfifo "$T/fifo"
  "$TINY" -o "$R" sh -c 'python3 -c "import os
while sum(os.times()[:2]) < 0.3: pass"; echo >"$1"; exec sleep 1000' sh "$T/fifo" 3>&- &
  started+=("$!")
  local outer=$!
  read -rt 100 <"$T/fifo"
  kill -KILL "$(child "$outer")"
  wait "$outer" || :
  reports '.outcome == "killed" and .user_s + .sys_s >= 0.3'
  # At the limit, by the command itself: how much a limit gives it, is the machine's business, but it says when it has used as much.
  used_in_time() {
    rm -f "$R" "$T/used"
    run "$TINY" -t "$TIME" -o "$R" python3 -c 'import os, sys
while sum(os.times()[:2]) < 0.1: pass
open(sys.argv[1], "w")
while True: pass' "$T/used"
    [[ -e $T/used ]]
  }
  in_time used_in_time
  [[ $status == 124 ]]
  reports '.user_s + .sys_s >= 0.1 and .user_s + .sys_s <= .wall_s + 0.1'
}

@test "children from before the start are nobody's figures" {
  bash -c 'python3 -c "import os
while sum(os.times()[:2]) < 0.3: pass"; sh -c "exit 9" & exec "$@"' bash "$TINY" -o "$R" true
  reports '.user_s + .sys_s < 0.25 and .reaped == 0 and .ended == 0 and .status == 0'
  rm "$R"
  bash -c 'python3 -c "import os
while sum(os.times()[:2]) < 0.3: pass"; exec "$@"' bash "$TINY" -G -o "$R" true
  reports '.user_s + .sys_s < 0.25'
}

@test "forwarded: each name once, in order of first arrival, as they were sent" {
  mkfifo "$T/fifo"
  "$TINY" -r USR2:WINCH -r URG:0 -o "$R" bash -c 'trap "echo hup >$0" HUP; trap "echo usr1 >$0" USR1; trap "echo winch >$0" WINCH
    trap "echo rt >$0" RTMIN+4; trap "echo term >$0; exit 0" TERM; echo ready >$0; while :; do sleep 0.01; done' "$T/fifo" 3>&- &
  started+=("$!")
  local pid=$! signal answer fifo
  exec {fifo}<>"$T/fifo" # open all the time: a reader that comes before the last writer has closed would see an end
  read -rt 100 <&"$fifo"
  for signal in USR1 URG HUP USR2 38 USR1 HUP TERM; do
    kill -s "$signal" "$pid"
    [[ $signal == URG ]] || read -rt 100 answer <&"$fifo"
  done
  [[ $answer == term ]]
  wait "$pid"
  reports '.forwarded == ["USR1", "HUP", "WINCH", "RTMIN+4", "TERM"]'
}

@test "what -s sends at the limit was not forwarded" {
  run -124 "$TINY" -t 0.05 -s USR1,TERM -o "$R" sleep 1000
  reports '.forwarded == [] and .signal == "USR1"'
}

@test "reaped counts all orphans, ended those that had to be ended" {
  # Three orphans end while the command runs, two are left behind, one of these ignores TERM.
  mkfifo "$T/fifo"
  cat >"$T/orphan" <<'END'
until [[ $(sed -n 's/^PPid:.//p' /proc/$$/status) == "$1" ]]; do sleep 0.01; done # else its own parent could reap it
exit "$2"
END
  "$TINY" -k 0.2 -o "$R" bash -c 'for i in 1 2 3; do (bash "$1" $PPID $i &); done
    until [[ $(cat /proc/$PPID/task/$PPID/children) == "$$ " ]]; do sleep 0.01; done
    setsid sleep 1000 & (trap "" TERM; echo >$0; exec sleep 1001) & read -rt 100 <$0' "$T/fifo" "$T/orphan"
  reports '.reaped == 5 and .ended == 2 and .escalated and .outcome == "exited" and .status == 0'
}

@test "running: at the limit, each process with its state and what it waits in" {
  mkfifo "$T/never"
  exec {never}<>"$T/never" # so that cat waits for data
  settled_in_time() {
    rm -f "$R"
    "$TINY" -t "$TIME" -o "$R" bash -c 'setsid sleep 1000 & cat <"$0" & sh -c "kill -STOP \$\$" & wait' "$T/never" || :
    reports '[.running[].command] | sort | .[1:] == ["cat", "sh -c kill -STOP $$", "sleep 1000"]' '[.running[].state] | sort == ["S", "S", "S", "T"]'
  }
  local TIME
  for TIME in 2 10 50; do ! settled_in_time || break; done
  exec {never}>&-
  reports '.running | length == 4' \
    '.running | all([.pid, .ppid | type] == ["number", "number"])' \
    '.running | all(keys_unsorted - ["cpu_s", "threads"] == ["pid", "ppid", "state", "elapsed_s", "wchan", "command"])' \
    '.running | all([.cpu_s, .threads | type] == ["number", "array"])' \
    '.running | all([.state, .wchan, .command | type] == ["string", "string", "string"])' \
    '.pid as $pid | .running[0].pid == $pid and (.running[1:] | all(.ppid == $pid))' \
    '[.running[].command] | .[0][0:14] == "bash -c setsid" and (.[1:] | sort == ["cat", "sh -c kill -STOP $$", "sleep 1000"])' \
    '.running | map(select(.command == "sh -c kill -STOP $$"))[0].state == "T"' \
    '.running | map(select(.command == "cat"))[0] | .state == "S" and (.wchan | test("pipe|^-$"))' \
    '.wall_s as $wall | .running | all(.elapsed_s > 0 and .elapsed_s <= $wall + 0.05)' '.wall_s >= 2 and .running[0].elapsed_s > 1'
}

@test "running: only where the limit was hit, and a thousand processes do not break it" {
  "$TINY" -t 100 -o "$R" sh -c 'sleep 1000 &'
  reports 'has("running") | not'
  rm "$R"
  many_run() {
    rm -f "$R"
    run "$TINY" -t "$TIME" -k 60 -o "$R" bash -c 'for i in {1..400}; do sleep "1$i" "$1" 2>/dev/null & done; wait' bash "$(printf '0.%0400d' 0)"
    reports '.running | length > 50'
  }
  in_time many_run
  [[ $status == 124 ]]
  reports '.running | all(.command | length <= 511)'
}
