#!/usr/bin/env bats
# Why it hung: at the limit, what each thread below waits in, on what, and for whom; and who waits for each other.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of other shells; bats runs each test in a subshell

bats_require_minimum_version 1.5.0
load common

setup() {
  own_folder
  PYTHON=$(python3 -c 'import sys; print(sys.executable)')
  mkdir -p "$H"
}
teardown() {
  end_started
}

# look LIMIT COMMAND...: one run that reaches its limit, with what it says in err and report.
look() {
  local limit=$1
  shift
  rm -f report
  "$TINY" -v -k 1 -o report -t "$limit" "$@" >out 2>err 4>&- || :
  jq -e . report >/dev/null || { cat report err; return 1; }
}
# picture FILTER COMMAND...: what was running at the limit has this. On a busy machine the command is not so far at once,
# and a tenth of a second is short for a look at all of it: then it has more time, or one more try.
picture() {
  local filter=$1 limit
  shift
  for limit in ${LIMITS:-0.5 1 2 4 8 8 8 8}; do
    look "$limit" "$@" || return
    ! jq -e "$filter" report >verdict 2>&1 || return 0
  done
  echo "not so: $filter"
  cat verdict
  grep -v 'reaped orphan' err | head -n 40
  head -c 4000 report
  return 1
}
# no_circle FILTER COMMAND...: a picture that has this, and in none that was taken on the way somebody waits in a circle.
no_circle() {
  local filter=$1 limit seen=0
  shift
  for limit in 0.5 1 2 4 4 4; do
    look "$limit" "$@" || return
    jq -e '.cycles == null' report >/dev/null || { echo "a false circle"; cat err report; return 1; }
    ! jq -e "$filter" report >verdict 2>&1 || ((seen += 1))
    ((seen < 3)) || return 0
  done
  echo "not so: $filter"
  cat verdict err report
  ((seen))
}
# Shell text: until what was started last is sleep, and no longer a shell.
until_sleeps='until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done'

python() { # the text of a program: into a file, whose name stands in the table
  cat >program.py
}

@test "a command that waits for a child whose output nobody reads: a circle, in the report and in words" {
  python <<'END'
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "print('x' * 200000)"], stdout=subprocess.PIPE).wait()
END
  picture '.cycles == [[.running[0].pid, .running[1].pid]] and
    (.running[0].threads[0] | .call == "wait4" and .fd == null and .file == null) and
    .running[0].threads[0].waits_for == [.running[1].pid] and
    (.running[1].threads[0] | .call == "write" and .fd == 1 and (.file | test("^pipe:\\[[0-9]+\\]$"))) and
    .running[1].threads[0].waits_for == [.running[0].pid] and .more == 0' "$PYTHON" program.py
  local one other
  one=$(jq '.running[0].pid' report) other=$(jq '.running[1].pid' report)
  grep -qE "\(pid $one\) and [^ ]+ \(pid $other\) wait for each other:$" err
  grep -qE "    [^ ]+ \(pid $one\) in wait4 for $other$" err
  grep -qE "    [^ ]+ \(pid $other\) in write\(1 pipe:.*\) for $one$" err
  grep -qE "^tiny-reaper: +$one S +[0-9]+\.[0-9] s  wait4 for $other +[^ ]+ program.py$" err
}

@test "a multiprocessing Queue that is joined before it is read" {
  python <<'END'
import multiprocessing
def put(queue): queue.put("x" * 10000000)
if __name__ == "__main__":
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=put, args=(queue,))
    process.start()
    process.join()
END
  picture '.cycles == [[.running[0].pid, .running[1].pid]] and
    ([.running[1].threads[].call] | index("futex") != null and index("write") != null)' "$PYTHON" program.py
}

@test "cat whose writer is its own parent, who waits for it" {
  python <<'END'
import subprocess
subprocess.Popen(["cat"], stdin=subprocess.PIPE).wait()
END
  picture '.cycles == [[.running[0].pid, .running[1].pid]] and .running[1].threads[0].call == "read"' "$PYTHON" program.py
  grep -q ' and cat (pid [0-9]*) wait for each other:$' err
}

@test "who waits on a pipe that only it has open is a circle of one" {
  mkfifo fifo
  picture '.cycles == [[.running[0].pid]] and (.running[0].threads[0].file | endswith("/fifo")) and
    .running[0].threads[0].waits_for == [.running[0].pid]' bash -c 'exec cat <>fifo'
  grep -qE 'cat \(pid [0-9]+\) waits for itself:$' err
  grep -qE '    cat \(pid [0-9]+\) in read\(0 .*/fifo\)' err
  # Not where somebody outside has it open: he has it from his fork on.
  exec 7<>fifo
  sleep 1000 3>&- &
  started+=("$!")
  exec 7>&-
  no_circle '.running[0].threads[0].waits_for == [.running[0].pid]' bash -c 'exec cat <>fifo'
}

@test "a process that a handler of its own may free is in no circle" {
  # A child that ends writes into the pipe, by a handler; and the deadlock of Popen under an alarm of its own.
  python <<'END'
import os, signal, subprocess
r, w = os.pipe()
os.set_blocking(w, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(w)
subprocess.Popen(["sleep", "1000"])
os.read(r, 1)
END
  no_circle '.running[0].threads[0].waits_for == [.running[0].pid]' "$PYTHON" program.py
  python <<'END'
import signal, subprocess, sys
signal.signal(signal.SIGALRM, lambda *_: sys.exit(9))
signal.alarm(1000)
subprocess.Popen(["seq", "100000"], stdout=subprocess.PIPE).wait()
END
  no_circle '.running[1].threads[0].waits_for == [.running[0].pid]' "$PYTHON" program.py
}

@test "a user of a thousand groups, which are one long line of /proc/PID/status: circles are found, and where there is none none is" {
  ((EUID == 0)) || skip "needs root to have as many groups"
  local groups
  groups=$(seq -s, 1000000001 1000001000)
  python <<'END'
import subprocess
subprocess.Popen(["seq", "100000"], stdout=subprocess.PIPE).wait()
END
  picture '.cycles == [[.running[0].pid, .running[1].pid]]' setpriv --groups "$groups" "$PYTHON" program.py
  python <<'END'
import os, signal
r, w = os.pipe()
os.set_blocking(w, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(w)
os.read(r, 1)
END
  no_circle '.running[0].threads[0].waits_for == [.running[0].pid]' setpriv --groups "$groups" "$PYTHON" program.py
}

@test "a process whose first thread has ended lives in its others: they wait, hold pipes, and are waited for" {
  # leave(DO): the first thread ends, and another one does it.
  python <<'END'
import ctypes, os, sys, threading, time
def leave(do):
    threading.Thread(target=do).start()
    ctypes.CDLL(None).pthread_exit(None)
r, w = os.pipe()
child = os.fork()
if sys.argv[1] == "holds":      # the other end of the pipe that its child reads
    if child == 0:
        os.read(r, 1)
    leave(lambda: time.sleep(1000))
elif sys.argv[1] == "circle":   # waits for the child that reads from it
    if child == 0:
        os.close(w)
        os.read(r, 1)
    leave(lambda: os.waitpid(child, 0))
elif child == 0:                # is waited for
    leave(lambda: time.sleep(1000))
os.waitpid(child, 0)
END
  no_circle '.running[0].state == "Z" and .running[1].threads[0].waits_for == [.running[0].pid]' "$PYTHON" program.py holds
  picture '.running[0].state == "Z" and .cycles == [[.running[0].pid, .running[1].pid]]' "$PYTHON" program.py circle
  no_circle '.running[1].state == "Z" and .running[0].threads[0].waits_for == [.running[1].pid]' "$PYTHON" program.py waited
}

@test "poll and epoll on a pipe wait for who has its other end" {
  local how
  for how in poll epoll; do
    python <<END
import os, select
down, up = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(down[1]); os.close(up[0])
    os.read(down[0], 1)
os.close(down[0]); os.close(up[1])
look = select.$how()
look.register(up[0], 1)
look.poll()
END
    picture '.cycles == [[.running[0].pid, .running[1].pid]] and (.running[0].threads[0].call | test("poll")) and
      .running[0].threads[0].waits_for == [.running[1].pid]' "$PYTHON" program.py
  done
  [[ $(jq -r '.running[0].threads[0].file' report) == 'anon_inode:[eventpoll]' ]]
}

@test "poll and epoll on a pidfd wait for its process, as an event loop does that has started it" {
  local how
  for how in poll epoll; do
    python <<END
import os, select, time
look = select.$how()
for _ in range(2):
    other = os.fork()
    if other == 0: time.sleep(1000)
look.register(os.pidfd_open(other), 1)
look.poll()
END
    picture '.cycles == null and (.running | length) == 3 and (.running[0].threads[0].call | test("poll")) and
      .running[0].threads[0].waits_for == [.running[2].pid]' "$PYTHON" program.py
  done
  # A circle through it.
  python <<END
import os, select
other = os.fork()
if other == 0:
    select.select([os.pidfd_open(os.getppid())], [], [])
look = select.poll()
look.register(os.pidfd_open(other), 1)
look.poll()
END
  picture '.cycles == [[.running[0].pid, .running[1].pid]]' "$PYTHON" program.py
}

@test "select waits for who has the other ends of the pipes in its sets" {
  # What the command waits in, by a word; its child waits for the command.
  python <<'END'
import fcntl, os, select, sys
down, up, third = os.pipe(), os.pipe(), os.pipe()
full = sys.argv[1] == "write"
if os.fork() == 0:
    os.close(down[1]); os.close(up[full]); os.close(third[0])
    os.read(down[0], 1)
os.close(down[0]); os.close(up[not full]); os.close(third[1])
if full:
    os.set_blocking(up[1], False)
    try:
        while os.write(up[1], bytes(4096)): pass
    except BlockingIOError: pass
high = fcntl.fcntl(up[0], fcntl.F_DUPFD, 64) if sys.argv[1] == "high" else None
{
    "read": lambda: select.select([up[0]], [], []),
    "write": lambda: select.select([], [up[1]], []),
    "two": lambda: select.select([up[0], third[0]], [], []),
    "limit": lambda: select.select([up[0]], [], [], 1000),
    "except": lambda: select.select([up[0]], [], [third[0]]),
    "high": lambda: select.select([up[0], high], [], []),
    "none": lambda: select.select([], [], [], 1000),
}[sys.argv[1]]()
END
  local waits='(.running | length) == 2 and (.running[0].threads[0] | .call | test("select")) and
    .running[1].threads[0].waits_for == [.running[0].pid]' how
  for how in read write; do
    picture "$waits"' and .cycles == [[.running[0].pid, .running[1].pid]] and .running[0].threads[0].waits_for == [.running[1].pid] and
      (.running[0].threads[0] | .fd > 2 and (.file | test("^pipe:")))' "$PYTHON" program.py "$how"
  done
  picture "$waits"' and .cycles == [[.running[0].pid, .running[1].pid]] and (.running[0].threads[0] | .fd == null and .file == null)' \
    "$PYTHON" program.py two
  # A limit of its own, a descriptor that something exceptional may come from, or one beyond the first 64.
  for how in limit except high; do
    no_circle "$waits and .running[0].threads[0].waits_for == [.running[1].pid]" "$PYTHON" program.py "$how"
  done
  no_circle "$waits and .running[0].threads[0].waits_for == []" "$PYTHON" program.py none
}

@test "a Lock that is never released: a futex, and nobody can tell for whom" {
  python <<'END'
import threading
lock = threading.Lock()
lock.acquire()
lock.acquire()
END
  no_circle '.running[0].threads[0] | .call == "futex" and .fd == null and .waits_for == []' "$PYTHON" program.py
}

@test "a thread with a name of its own is shown with it" {
  python <<'END'
import ctypes, os, threading
def wait():
    ctypes.CDLL(None).prctl(15, b"a reader")
    os.read(os.pipe()[0], 1)
threading.Thread(target=wait).start()
threading.Event().wait()
END
  picture '(.running[0].threads | length) == 2 and .running[0].threads[1].call == "read"' "$PYTHON" program.py
  grep -qE '^tiny-reaper: +thread [0-9]+ \(a reader\): read\([0-9]+ pipe:' err
}

@test "a Pool whose worker died" {
  python <<'END'
import multiprocessing, os
if __name__ == "__main__":
    multiprocessing.Pool(1).apply(os._exit, (1,))
END
  # The worker's successor waits for a task, and who would give it one for its result.
  picture '(.running | length) == 2 and (.running[0].threads | length) == 4 and
    ([.running[0].threads[].call] | index("futex") != null and index("read") != null) and
    (.running[1].threads[0] | .call == "read" and .waits_for != [])' "$PYTHON" program.py
}

@test "threads in recv and accept on TCP over IPv4 and IPv6, on UDP and Unix sockets" {
  [[ -e /proc/net/tcp6 ]] && ip6=1 || ip6=
  python <<'END'
import socket, sys, threading
def serve(family, address):
    server = socket.socket(family)
    server.bind((address, 0))
    server.listen()
    client = socket.create_connection(server.getsockname()[:2])
    kept.append((server, client, server.accept()))
    threading.Thread(target=lambda: client.recv(1)).start()
    threading.Thread(target=server.accept).start()
kept = []
serve(socket.AF_INET, "127.0.0.1")
if len(sys.argv) > 1: serve(socket.AF_INET6, "::1")
named = socket.socket(socket.AF_UNIX)
named.bind("socket")
named.listen()
threading.Thread(target=named.accept).start()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
udp.recv(1)
END
  picture '[.running[0].threads[] | select(.waits_for == []) | "\(.call) \(.file)"] as $all |
    ($all | any(test("^recvfrom tcp 127\\.0\\.0\\.1:[0-9]+ 127\\.0\\.0\\.1:[0-9]+ ESTABLISHED$"))) and
    ($all | any(test("^accept4? tcp 127\\.0\\.0\\.1:[0-9]+ 0\\.0\\.0\\.0:0 LISTEN$"))) and
    ('"${ip6:-0}"' == 0 or ($all | any(test("^recvfrom tcp \\[::1\\]:[0-9]+ \\[::1\\]:[0-9]+ ESTABLISHED$")))) and
    ($all | any(test("^accept4? unix socket$"))) and ($all | any(test("^recvfrom udp 127\\.0\\.0\\.1:")))' \
    bash -c 'rm -f socket; exec "$@"' bash "$PYTHON" program.py ${ip6:+6}
}

@test "the path of a FIFO whose open blocks" {
  mkfifo fifo
  no_circle '.running[1].threads[0] | (.call | test("^open")) and .fd == null and .file == "fifo" and .waits_for == []' \
    sh -c 'cat fifo; :'
}

@test "flock, fcntl and OFD locks wait for who has the locked description open" {
  local how
  for how in 'fcntl.flock(f, fcntl.LOCK_EX)' 'fcntl.lockf(f, fcntl.LOCK_EX)' \
    'fcntl.fcntl(f, 38, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))'; do
    python <<END
import fcntl, os, struct, time
f = open("lock", "w")
down = os.pipe()
if os.fork() == 0:
    f = open("lock", "w")
    $how
    os.write(down[1], b"x")
    time.sleep(1000)
os.read(down[0], 1)
$how
END
    picture '.running[0].threads[0] as $t | ($t.call == "flock" or $t.call == "fcntl") and $t.fd >= 3 and
      ($t.file | endswith("/lock")) and $t.waits_for == [.running[1].pid] and .cycles == null' "$PYTHON" program.py
  done
}

@test "a lock whose holder is not below: whom the kernel names" {
  mkfifo held
  flock --no-fork lock sh -c 'echo >held; exec sleep 1000' 3>&- 4>&- &
  started+=("$!")
  read -rt 20 _ <held
  picture '.running[0].threads[0] | .call == "flock" and .waits_for == ['"$!"']' flock lock true
  # Who has locked it is gone, and its descriptor lives on here.
  exec 5>orphaned
  sh -c 'flock 5'
  picture '.running[0].threads[0] | .call == "flock" and .waits_for == []' flock orphaned true 5>&-
  exec 5>&-
}

@test "waitid, and wait4 for one child of several" {
  python <<'END'
import os, sys, time
first = os.fork()
if first == 0: time.sleep(1000)
second = os.fork()
if second == 0: os.waitid(os.P_PID, os.getppid() and os.fork() or time.sleep(1000), os.WEXITED)
os.waitpid(second, 0)
END
  picture '(.running | length) == 4 and .running[0].threads[0].waits_for == [.running[2].pid] and
    (.running[2].threads[0] | .call == "waitid") and .running[2].threads[0].waits_for == [.running[3].pid]' \
    "$PYTHON" program.py
}

@test "waitid for a child by its pidfd, and wait4 for any of five, of whom the table names three" {
  python <<'END'
import os, time
children = []
for _ in range(2):
    children.append(os.fork())
    if children[-1] == 0: time.sleep(1000)
os.waitid(os.P_PIDFD, os.pidfd_open(children[1]), os.WEXITED)
END
  picture '(.running | length) == 3 and .running[0].threads[0].call == "waitid" and
    .running[0].threads[0].waits_for == [.running[2].pid]' "$PYTHON" program.py
  python <<'END'
import os, time
for _ in range(5):
    if os.fork() == 0: time.sleep(1000)
os.wait()
END
  picture '(.running | length) == 6 and .running[0].threads[0].waits_for == [.running[1:][].pid]' "$PYTHON" program.py
  grep -qE "wait4 for $(jq -r '[.running[1:4][].pid] | join(", ")' report) and 2 more( |$)" err
}

@test "a thread that joins another one, which waits on the process's own pipe: a circle of one" {
  # Python's own join waits on a lock; the C library's for the number of a thread to go.
  python <<'END'
import ctypes, os
libc = ctypes.CDLL(None)
r, w = os.pipe()
reader = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: os.read(r, 1) and None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, reader, None)
libc.pthread_join(thread, None)
END
  picture '.cycles == [[.running[0].pid]] and (.running[0].threads | map(.call)) == ["futex", "read"]' "$PYTHON" program.py
}

@test "a loop that spins, with its processor time, and a stopped process" {
  picture '.running[0] | .state == "R" and .cpu_s > 0 and .threads[0].call == null' sh -c 'while :; do :; done'
  grep -qE ' R .* runs, cpu [0-9]+\.[0-9][0-9] s' err
  picture '.running[1] | .state == "T" and .threads[0].call == null' sh -c 'kill -s STOP $(exec sh -c "echo \$PPID") & sleep 0; sh -c "kill -s STOP \$\$"; :'
  grep -qE ' T .* stopped' err
}

@test "300 threads in one place are one line" {
  python <<'END'
import threading
lock = threading.Lock()
lock.acquire()
threads = [threading.Thread(target=lock.acquire) for _ in range(300)]
[thread.start() for thread in threads]
threads[0].join()
END
  picture '(.running[0].threads | length) + .more == 301 and
    ([.running[0].threads[] | select(.call == "futex")] | length) > 20' "$PYTHON" program.py
  local lines
  lines=$(grep -cE '[0-9]+ threads: futex' err)
  echo "$lines lines"
  ((lines == 1))
}

@test "forty threads in different places: sixteen lines, and the rest is counted" {
  python <<'END'
import os, threading
pipes = [os.pipe() for _ in range(40)]
threads = [threading.Thread(target=os.read, args=(r, 1)) for r, _ in pipes]
[thread.start() for thread in threads]
threads[0].join()
END
  picture '([.running[0].threads[] | select(.call == "read")] | length) == 40' "$PYTHON" program.py
  grep -qE '^tiny-reaper: +25 threads more$' err
  [ "$(grep -cE '^tiny-reaper: +thread [0-9]+: read\(' err)" = 15 ]
}

@test "threads that wait in the same place share a line, wherever they stand among the others" {
  cat >program.py <<'END'
import threading, time
event = threading.Event()
for i in range(40):
    threading.Thread(target=event.wait if i % 2 else time.sleep, args=(1000,)).start()
END
  picture '.running[0].threads | length == 41' "$PYTHON" program.py
  [ "$(grep -cE ' 2[01] threads: ' err)" = 2 ]
  ! grep -q 'thread [0-9]' err
}

@test "5,000 processes: all of them are shown or counted, and the run ends as usual" {
  LIMITS='3 10 30 60 60' picture '(.running | length) + .more >= 5001 and (.running | length) >= 64 and (.status == 124 or .status == 137) and
    .running[0].pid == .pid' \
    "$H/crowd" wide 5000
  [[ $(jq .more report) == 0 ]] || grep -qE "no time or no room for $(jq .more report) of the processes and threads" err
}

@test "a chain of 300 processes, on a small stack" {
  (ulimit -s 256; picture '.status == 124 and (.running | length) >= 20 and .running[19].ppid == .running[18].pid' "$H/crowd" deep 300)
}

@test "names with escape sequences and bytes that are no text: harmless on a terminal, and valid JSON" {
  local name=$'evil\033]0;x\a\xff\xc2\x9b\n"\\\u202e\u2066\u061cx'
  cp "$(command -v sleep)" "$name"
  picture '(.running[0].command | test("evil")) and (.running | length) == 2' sh -c '"./$1" 1000; :' sh "$name"
  ! LC_ALL=C grep -q $'[\033\a]' err || false
  ! grep -q $'\u202e\|\u2066\|\u061c' err || false     # the direction of writing
  ! LC_ALL=C grep -q $'[\033\a]' report || false
  ! LC_ALL=C grep -qv '^tiny-reaper: ' err || false
  iconv -f UTF-8 -t UTF-8 report >/dev/null
}

@test "the fields, their names and their types" {
  picture '(.running | length) == 2' sh -c 'sleep 1000; :'
  jq -e '(.running | type) == "array" and (.more | type) == "number" and (has("cycles") | not) and
    ([.running[] | keys_unsorted == ["pid","ppid","state","elapsed_s","cpu_s","wchan","command","threads"]] | all) and
    ([.running[].threads[] | keys_unsorted == ["tid","state","wchan","call","fd","file","waits_for"]] | all) and
    ([.running[] | [.pid, .ppid, .elapsed_s, .cpu_s | type == "number"] + [.state, .wchan, .command | type == "string"]] | flatten | all) and
    .running[1].ppid == .running[0].pid and .running[0].threads[0].tid == .running[0].pid and
    .running[0].elapsed_s > 0.1 and .running[0].command == "sh -c sleep 1000; :"' report
  grep -q 'pid state  elapsed  waits in, and for whom       command' err
}

@test "nobody waits in a circle: a slow pipeline, a shell that waits for a sleep, a server, a ping-pong" {
  no_circle '(.running | length) == 5' sh -c '{ sleep 1000; echo; } | cat | cat'
  no_circle '(.running | length) == 2 and .running[0].threads[0].waits_for == [.running[1].pid]' sh -c 'sleep 1000; :'
  python <<'END'
import os, select, socket
server, pipe, down = socket.socket(), os.pipe(), os.pipe()
server.listen()
if os.fork() == 0:
    os.close(down[1])
    os.read(down[0], 1)
os.close(down[0])
look = select.epoll()
for fd in server.fileno(), pipe[0]: look.register(fd, 1)
look.poll()
END
  no_circle '(.running | length) == 2 and .running[0].threads[0].waits_for != []' "$PYTHON" program.py
  local round
  for ((round = 0; round < 30; round++)); do
    look 0.3 "$H/crowd" pong $((round % 3 * 100))
    jq -e '.cycles == null' report
  done
}

@test "who waits with a limit of its own is in no circle" {
  python <<'END'
import os, select
down, up = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(down[1]); os.close(up[0])
    os.read(down[0], 1)
os.close(down[0]); os.close(up[1])
look = select.poll()
look.register(up[0], 1)
look.poll(1000000)
END
  no_circle '.running[0].threads[0].waits_for == [.running[1].pid] and .running[1].threads[0].waits_for == [.running[0].pid]' \
    "$PYTHON" program.py
}

@test "a pipe that tiny-reaper's caller may hold as well closes no circle" {
  mkfifo fifo
  no_circle '.running[0].threads[0].waits_for == [.running[0].pid]' bash -c 'exec cat <&5' 5<>fifo
}

@test "who has a handler for the end of a child waits for each of them, too" {
  # Waits for a child that waits for it; a second one ends some time, and the handler may do anything.
  python <<'END'
import os, select, signal, sys, time
down, up, own = os.pipe(), os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(down[1]); os.close(up[0]); os.close(own[0]); os.close(own[1])
    os.read(down[0], 1)
os.close(down[0]); os.close(up[1])
for fd in own: os.set_blocking(fd, False)
if sys.argv[1] != "alone" and os.fork() == 0:
    os.close(down[1]); os.close(up[0]); os.close(own[0]); os.close(own[1])
    time.sleep(1000)
if sys.argv[1] == "own": signal.set_wakeup_fd(own[1])
else: os.close(own[0]); os.close(own[1])
signal.signal(signal.SIGUSR1 if sys.argv[1] == "own" else signal.SIGCHLD, lambda *_: None)
if sys.argv[1] == "read": os.read(up[0], 1)
select.select([up[0], own[0]] if sys.argv[1] == "own" else [up[0]], [], [])
END
  no_circle '.running[0].threads[0] | .call == "read" and (.waits_for | length) == 1' "$PYTHON" program.py read
  no_circle '.running[0].threads[0] | (.call | test("select")) and (.waits_for | length) == 2' "$PYTHON" program.py poll
  # Its own pipe is one of those that it watches: any handler may write into it.
  no_circle '.running[0].threads[0] | (.call | test("select")) and (.waits_for | length) == 1' "$PYTHON" program.py own
  picture '.cycles == [[.running[0].pid, .running[1].pid]]' "$PYTHON" program.py alone
}

@test "who has a timer of its own is in no circle, whatever the timer sends" {
  python <<'END'
import ctypes, os, signal, struct
libc, timer = ctypes.CDLL(None, use_errno=True), ctypes.c_void_p()
event = ctypes.create_string_buffer(struct.pack("Pii", 0, signal.SIGUSR1, 0), 64)
assert libc.timer_create(1, event, ctypes.byref(timer)) == 0
assert libc.timer_settime(timer, 0, struct.pack("4l", 0, 0, 1000, 0), None) == 0
down, up = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(down[1]); os.close(up[0])
    os.read(down[0], 1)
os.close(down[0]); os.close(up[1])
os.read(up[0], 1)
END
  no_circle '.running[0].threads[0].waits_for == [.running[1].pid] and .running[1].threads[0].waits_for == [.running[0].pid]' \
    "$PYTHON" program.py
}

@test "one socket that is polled has its name; of several nothing is said, and an own pipe among them is no wait for oneself" {
  python <<'END'
import os, select, socket, sys
server, pipe, look = socket.socket(), os.pipe(), select.poll()
server.bind(("127.0.0.1", 0))
server.listen()
look.register(server)
if sys.argv[1] == "two": look.register(pipe[0])
look.poll()
END
  picture '.running[0].threads[0] | .call == "poll" and .fd > 2 and (.file | test("^tcp 127.0.0.1:[0-9]+ 0.0.0.0:0 LISTEN$"))' "$PYTHON" program.py one
  picture '.running[0].threads[0] | .call == "poll" and .fd == null and .file == null and .waits_for == []' "$PYTHON" program.py two
}

@test "a jobserver make" {
  command -v make || skip "no make"
  printf 'all: a b c d\na b c d:\n\t@sleep 1000\n' >Makefile
  no_circle '(.running | length) >= 3 and .running[0].threads[0].waits_for == [.running[1:][].pid]' make -j2
  # A make below waits for a token that the others have, and for its own children.
  printf 'all: a b\na b:\n\t+$(MAKE) -f sub\n' >Makefile
  printf 'all: x y z\nx y z:\n\t@sleep 1000\n' >sub
  no_circle '[.running[] | select(.command | startswith("sleep"))] | length >= 2' make -s -j2
}

# A look lasts a tenth of a second at most, and in it each of the 400 has its turn to end, and more than once.
@test "processes that end while they are looked at, 10,000 of them" {
  local round
  for ((round = 0; round < 25; round++)); do
    look 0.5 "$H/crowd" churn 400
    jq -e '.cycles == null and .status == 124' report
  done
}

@test "tiny-reaper's own processes are not shown" {
  picture '(.running | length) == 1' sleep 1000
  ! jq -r '.running[].command' report | grep -q tiny- || false
}

@test "another user's process, and a setuid one: what the kernel lets us see" {
  ((EUID == 0)) || skip "needs root"
  chmod 777 "$T" "$T"/..
  picture '(.running[0].threads[0].call | . == "clock_nanosleep" or . == "nanosleep")' \
    setpriv --reuid=65534 --clear-groups sleep 1000
  cp "$(command -v sleep)" setuid-sleep
  chmod 4755 setuid-sleep
  local program=$TINY
  as_user() { setpriv --reuid=65534 --clear-groups "$program" "$@"; }
  # As a user, below whom root's process runs; and whom it leaves behind.
  local limit
  cp "$(command -v setpriv)" setuid-setpriv
  chmod 4755 setuid-setpriv
  run -3 as_user -k 0.1 -o left sh -c './setuid-setpriv --reuid=0 sleep 10 & '"$until_sleeps"'; exit 3'
  [ "$(jq -r '.left[0].command' left)" = 'sleep 10' ]
  [[ $output == *'cannot end sleep (pid '*", state S, another user's): left behind" ]]
  # Nobody can say that it does not hold the other end.
  mkfifo fifo
  chmod 666 fifo
  (TINY=as_user; no_circle '.running[0].threads[0].call == "read"' sh -c 'exec 5<>fifo; ./setuid-sleep 10 & exec cat <&5')
  for limit in 0.5 2 8; do
    rm -f report
    as_user -v -k 1 -o report -t "$limit" sh -c './setuid-sleep 10; :' 2>err || :
    ! jq -e '.running[1] | .command == "./setuid-sleep 10" and .threads[0].call == null and .threads[0].waits_for == []' report || return 0
  done
  cat err report
  false
}

@test "hidepid=2, and no /proc at all: what is known is said, and nothing hangs" {
  ((EUID == 0)) || skip "needs root"
  unshare --mount true 2>/dev/null || skip "no mount namespace to be had"
  chmod 777 "$T" "$T"/..
  cp "$(command -v sleep)" setuid-sleep
  chmod 4755 setuid-sleep
  local status=0
  unshare --mount --pid --fork sh -c 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --clear-groups "$@"' \
    sh "$TINY" -v -k 1 -o report -t 2 sh -c './setuid-sleep 5; :' 2>err || status=$?
  jq -e '.running[0].command == "sh -c ./setuid-sleep 5; :" and .running[1].ppid == .running[0].pid and
    ([.running[1].threads[].call] | all(. == null))' report || { cat err report; false; }
  rm -f report
  unshare --mount sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$TINY" -v -k 1 -o report -t 0.5 sleep 1000 2>err || :
  jq -e '.status == 124 and .running[0].pid == .pid' report || { cat err report; false; }
}

@test "a looker that is killed costs what it would have found, and nothing else" {
  run -124 --separate-stderr strace -f -qqq -o /dev/null -e trace=setpriority -e inject=setpriority:signal=KILL \
    "$TINY" -vv -o report -t 2 sh -c 'sleep 1000; :'
  [[ $stderr == *'the looker has failed'* && $stderr == *'still running:'* ]]
  run -3 --separate-stderr strace -f -qqq -o /dev/null -e trace=setpriority -e inject=setpriority:signal=KILL \
    "$TINY" -vv -o left sh -c 'sleep 1000 & '"$until_sleeps"'; exit 3'
  [[ $stderr == *'the looker has failed'* && $stderr == *'left behind: [sleep] (pid '* && $stderr != *'still running:'* ]]
  [ "$(jq -c '.left | map(.command)' left)" = '["[sleep]"]' ]
  jq -e '(.running | map(select(.command == "[sh]" and .threads == [] and .elapsed_s == null)) | length) == 1 and .status == 124' report
}

@test "a looker that does not come to its end costs nothing that was known before" {
  # It is stopped: each one is lost when its time is over. What was left is known by then, as far as it is seen from here.
  run -3 --separate-stderr strace -f -qqq -o /dev/null -e trace=setpriority -e inject=setpriority:signal=STOP \
    "$TINY" -vv -k 0.2 -o report sh -c 'trap "" TERM; sleep 1000 & '"$until_sleeps"'; exit 3'
  [[ $stderr == *'left behind: [sleep] (pid '* && $stderr == *'still running:'* && $stderr != *'looker'* ]]
  jq -e '(.left | map(.command)) == ["[sleep]"] and .reaped == 1' report
}

@test "what was left behind: pid and command of each, in the report and under -v" {
  local limit
  look 10 bash -c 'sleep 1000 & echo $! >pid; setsid sleep 1001 & exit 0'
  jq -e --argjson pid "$(cat pid)" '.left | length == 2 and any(.pid == $pid) and all(keys_unsorted == ["pid", "command"])' report
  # A zombie, which its parent does not reap, is none of them.
  look 100 bash -c 'bash -c "(until read -r comm </proc/\$\$/comm && [[ \$comm == sleep ]]; do :; done) & echo \$! >dead; exec sleep 1000" &
    until [[ -s dead ]] && grep -q "^State:.Z" "/proc/$(cat dead)/status"; do sleep 0.01; done'
  jq -e '.left | map(.command) == ["sleep 1000"]' report
}
