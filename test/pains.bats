# The pains that this tool is for, with real python3 multiprocessing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # text for other shells; variables set by bats' run
load common
bats_require_minimum_version 1.5.0

setup() {
  T=$BATS_TEST_TMPDIR
  READY=$T/ready
}

teardown() {
  pkill -9 -f -- "$T/main.py" || :
}

# Each test's program begins so: `at_work()` appends a line to the file that the test waits for.
prelude='
import multiprocessing, os, signal, sys, time
def at_work(number=0):
    with open(sys.argv[-1], "a") as ready:
        ready.write(f"{os.getpid()}\n")
    time.sleep(1000)
'

write_program() { { echo "$prelude"; cat; } >"$T/main.py"; }

workers_ready() { [[ $(wc -l <"$READY") -ge $1 ]]; }

pool='
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(3) as pool:
        pool.map(at_work, range(3), chunksize=1)
'

@test "python3: the main process is killed with -9 while the workers of its Pool work: they are ended" {
  write_program <<<"$pool"
  for method in fork spawn forkserver; do
    : >"$READY"
    # The command ends by -9 when its workers are at work.
    "$H/aftermath" "$TINY" -k 2 sh -c 'echo $$ >"$0.pid"; exec python3 "$@"' "$T/main" "$T/main.py" "$method" "$READY" >"$T/out" 3>&- &
    pid=$!
    wait_for 20 workers_ready 3
    kill -s KILL -- "$(cat "$T/main.pid")"
    wait "$pid"
    echo "$method: $(cat "$T/out")"
    [[ $(cat "$T/out") == 'killed 9, 0 left, 0 zombies' ]]
  done
}

@test "python3: tiny-reaper is killed with -9 while the workers of a Pool work: nothing is left" {
  write_program <<<"$pool"
  for method in fork forkserver; do
    : >"$READY"
    "$TINY" python3 "$T/main.py" "$method" "$READY" 3>&- &
    pid=$!
    wait_for 20 workers_ready 3
    kill -s KILL -- "$pid"
    wait_for 20 eval '! pgrep -f -- "$T/main.py"'
  done
}

@test "python3: a tree of processes with daemon=False is ended by TERM" {
  write_program <<'PYTHON'
def middle():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for _ in range(2):
        multiprocessing.Process(target=at_work, daemon=False).start()
    at_work()
def elsewhere():
    os.setsid()
    at_work()
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    for target in middle, middle, elsewhere:
        multiprocessing.Process(target=target, daemon=False).start()
    for child in multiprocessing.active_children():
        child.join()
PYTHON
  : >"$READY"
  "$TINY" -k 20 python3 "$T/main.py" "$READY" 3>&- &
  pid=$!
  wait_for 20 workers_ready 7
  kill -s TERM -- "$pid"
  status=0
  wait "$pid" || status=$?
  ((status == 143))
  run -1 pgrep -f -- "$T/main.py"
}

@test "python3: a program that hangs in join() after its work is ended by the limit, and -v names what it was waiting in" {
  write_program <<'PYTHON'
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    child = multiprocessing.Process(target=at_work)
    child.start()
    print("the work is done", flush=True)
    child.join()
PYTHON
  # Two processes, the second below the first: one waits for a child, the other in its sleep (where the kernel tells).
  waits=$(cat /proc/$$/wchan)
  in_time names_both
  [[ $status == 124 && $output == 'the work is done' ]]
  [[ $stderr == *'limit of '*reached* ]]
  run -1 pgrep -f -- "$T/main.py"
}
names_both() {
  run --separate-stderr "$TINY" -t "$TIME" -k 60 -v python3 "$T/main.py" "$READY"
  echo "$stderr"
  if [[ $waits == 0 ]]; then
    [[ $stderr == *"python3 $T/main.py"*"python3 $T/main.py"* ]]
  else
    [[ $stderr == *wait*"python3 $T/main.py"*nanosleep*"python3 $T/main.py"* ]]
  fi
}

@test "python3: subprocess.run sees the death by a signal as without tiny-reaper" {
  run -0 python3 - "$TINY" <<'PYTHON'
import subprocess, sys
def code(*command):
    return subprocess.run([sys.argv[1], *command]).returncode
assert code("sh", "-c", "kill -TERM $$") == -15
assert code("sh", "-c", "kill -KILL $$") == -9
assert code("sh", "-c", "exit 15") == 15
PYTHON
}

@test "python3: subprocess.run with a timeout kills tiny-reaper, and with it the whole tree" {
  run -0 "$H/aftermath" python3 - "$TINY" "$H/leftovers" <<'PYTHON'
import subprocess, sys
try:
    subprocess.run([sys.argv[1], sys.argv[2], "-w", "session", "!daemon"], timeout=0.3)
except subprocess.TimeoutExpired:
    sys.exit(0)
sys.exit(1)
PYTHON
  [[ $output == 'exited 0, 0 left, 0 zombies' ]]
}

@test "a pipeline in the background, make's children, a nohup'd server: gone with the shell that started them" {
  run -0 "$H/aftermath" "$TINY" -k 20 sh -c '(sleep 1000 | cat) & nohup sleep 1000 >&- 2>&- & setsid sleep 1000 & exit 6'
  [[ $output == 'exited 6, 0 left, 0 zombies' ]]
}
