#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2086 # $P is several words, or none; dollars that are for the script within
# The terminal: as if tiny-reaper were not there.
#
# Each test types at a fresh pseudo-terminal and reads from it, under interactive shells, in scripts, and without any shell (terminal/drive).
# "With" must equal "without": TERMINAL_PREFIX= bats terminal.bats runs the same tests with nothing in front of the commands.
bats_require_minimum_version 1.5.0

setup() {
  load common
  P=${TERMINAL_PREFIX-$TINY}
  SHELLS=(bash dash zsh ash)
  cd "$BATS_TEST_TMPDIR" || exit
  seq -f 'line %g' 100 >file

  # Steps that come often. What is typed after a stop must not come before the reader has noticed it too (see drive).
  READY='see <ready fg=1 pid=(?P<pid>\d+) parent=(?P<parent>\d+) second=(?P<second>\d+)'
  # What is typed at `tty-user talk` reaches it, and a second process of its group, once.
  TALK="
      $READY
      key ^C
      see <INT>
      key ^\\
      see <QUIT>
      size 40 100
      see <WINCH>
      type count
      see <count fg=1 size=40x100 .* INT=1\+1 QUIT=1\+1 WINCH=1\+1
      type quit"
  WAITS='see <wait waits fg=1 pid=(?P<pid>\d+) parent=(?P<parent>\d+)'
  CTRL_Z=$'key ^Z\nsee (Stopped|suspended)\nprompt\nstopped {pid}'
}

# on_terminal COMMAND... <STEPS
on_terminal() {
  env -i PATH="$H:$PATH" HOME="$BATS_TEST_TMPDIR" TERM=vt100 LC_ALL=C DEADLINE="${DEADLINE:-60}" "$BATS_TEST_DIRNAME/terminal/drive" "$@"
}

teardown() {
  [[ ! -e tmux ]] || tmux -S tmux kill-server 2>/dev/null || :
}

# interactive SHELL: sets $shell to the command line of an interactive one.
interactive() {
  case $1 in
  bash) shell=(bash --norc --noprofile --noediting -i) ;;
  zsh) shell=(zsh -f -i -o NO_ZLE -o NO_PROMPT_CR -o NO_PROMPT_SP) ;;
  ash) shell=(busybox ash -i) ;;
  *) shell=("$1" -i) ;;
  esac
}

# at_prompt SHELL <STEPS: at the prompt of an interactive shell with job control. Its end is part of the test.
at_prompt() {
  local shell
  interactive "$1"
  echo "# at the prompt of $1"
  { echo prompt; cat; printf '%s\n' 'type exit 33' 'end 33' alone; } | on_terminal "${shell[@]}"
}

# write_script SHELL TEXT: TEXT as ./script, which says <end> as its last word; sets $shell to what runs it, without job control.
write_script() {
  case $1 in
  zsh) shell=(zsh -f script) ;;
  ash) shell=(busybox ash script) ;;
  *) shell=("$1" script) ;;
  esac
  printf '%s\n' "$2" 'echo "<e""nd>"' >script
  echo "# script of $1: $2"
}

# in_script SHELL TEXT <STEPS: a script that leads the session: no job control anywhere, and its group is orphaned.
in_script() {
  local shell
  write_script "$@"
  { cat; echo alone; } | on_terminal "${shell[@]}"
}

# in_script_at_prompt SHELL TEXT <STEPS: a script below an interactive shell.
in_script_at_prompt() {
  local shell
  write_script "$@"
  { echo "type ${shell[*]}"; cat; printf '%s\n' 'see <end>' prompt; } | at_prompt "$1"
}

# ---- 1. full use of the terminal

@test "the command is in the foreground: at a prompt, in a script, as leader of the session" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user talk
      $READY
      type hello
      see <hello fg=1
      type quit
      prompt
STEPS
    in_script "$shell" "$P tty-user talk" <<STEPS
      $READY
      type quit
      see <end>
      end 0
STEPS
  done
  on_terminal $P tty-user talk <<STEPS
    $READY
    type quit
    end 0
    alone
STEPS
}

@test "pagers, shells with job control, a REPL and password prompts have full use of the terminal" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P less file
      see line 23
      type G
      see line 100
      type q
      prompt
      type $P python3 -i -c 'print("<re" "pl>")'
      see <repl>
      type print("<%d>" % (6*7))
      see <42>
      type quit()
      prompt
      type $P tty-user ask password
      see <password asks fg=1
      type secret
      see <password got secret>
      prompt
      never secret.*<password got
STEPS
  done
  # A shell within: its jobs take the terminal in turn, are stopped and continued, and it ends where it was started.
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type PS1='inner> ' $P bash --norc --noprofile --noediting -i
      see inner> 
      type tty-user talk
      $READY
      key ^Z
      see Stopped
      see inner> 
      state {pid} T
      type fg
      see <CONT>
      type hello
      see <hello fg=1
      key ^C
      see <INT>
      type quit
      see inner> 
      type exit
      prompt
      never (no job control|cannot set terminal)
STEPS
  done
}

# ---- 2. Ctrl-C and Ctrl-\

@test "Ctrl-C, Ctrl-\\ and a new window size reach each process of the command's group once" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user talk
      $TALK
      prompt
STEPS
  done
  on_terminal $P tty-user talk <<STEPS
      $TALK
      end 0
STEPS
}

@test "a command that dies of Ctrl-C makes the loop around it stop, at a prompt and in a script" {
  loop="while :; do $P tty-user wait; echo '<on'ce more'>'; done"
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $loop
      $WAITS
      key ^C
      prompt
      never <once more>
STEPS
    in_script "$shell" "$loop" <<STEPS
      $WAITS
      key ^C
      end 130
      never <once more>
STEPS
  done
}

# shellcheck disable=SC2016
@test "a shell sees that a command died of Ctrl-C or Ctrl-\\" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user wait
      $WAITS
      key ^\\
      see (Quit|quit)
      prompt
      type echo "<status \$?>"
      see <status 131>
      prompt
      type $P tty-user wait
      $WAITS
      key ^C
      prompt
      type echo "<status \$?>"
      see <status 130>
      prompt
STEPS
  done
  # A trap of a script that is not interactive runs: the whole job was meant.
  in_script bash "trap 'echo \"<tr\"\"ap>\"' INT; $P tty-user wait" <<STEPS
      $WAITS
      key ^C
      see <trap>
      see <end>
      end 0
STEPS
}

@test "an INT that was sent to the command alone does not end the script around it" {
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$P tty-user wait; echo \"<sta\"\"tus \$?>\"" <<STEPS
      $WAITS
      find job pgrep -P {shell}
      do kill -INT {job}
      see <status 130>
      see <end>
      end 0
STEPS
  done
}

# ---- 3. Ctrl-Z

@test "Ctrl-Z, fg, bg and kill %1" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user talk
      $READY
      $CTRL_Z
      stopped {second}
      type fg
      see <CONT>
      type hello
      see <hello fg=1 .* CONT=1\\+1
      $CTRL_Z
      type bg
      see <CONT>
      # It reads, and has no terminal: it is stopped again, by TTIN.
      stopped {pid}
      type jobs -l
      see (Stopped|suspended) *\(tty input\)
      prompt
      type fg
      see <CONT>
      type hello again
      see <hello again fg=1
      key ^C
      see <INT>
      $CTRL_Z
      type fg
      see <CONT>
      type quit
      prompt
      type $P tty-user wait
      $WAITS
      $CTRL_Z
      find job pgrep -P {shell}
      # Who continues the command alone continues the job.
      do kill -s CONT {pid}
      state {pid} S
      state {job} S
      type kill %1; kill -CONT %1
      state {pid} gone
      state {job} gone
      type jobs -l
      see [Tt]erminated
STEPS
  done
}

@test "--wait: Ctrl-Z, fg, and a reader of the terminal, after the command's end" {
  [[ $P == "$TINY" ]] || skip "nothing without tiny-reaper"
  local options
  # It reads when the command has ended.
  cat >reader <<'END'
while kill -0 $PPID 2>/dev/null && [ "$(cat /proc/$PPID/comm)" = command ]; do :; done
echo "<as""ks>"
read x </dev/tty
echo "<got $x>"
END
  cp "$(command -v dash)" command
  for options in -w '-G -w'; do
    at_prompt bash <<STEPS
      type $P $options ./command -c 'dash reader & exit 2' | cat
      see <asks>
      type hello
      see <got hello
      prompt
      # What is left in the group stands for the command. (Nothing that forks: a child stopped in a vfork holds its parent in the call.)
      type $P $options ./command -c 'echo "<com""mand=\$\$>"; tty-user wait & exit 2'
      see <command=(?P<command>\d+)
      see <wait waits fg=\d pid=(?P<pid>\d+)
      find job pgrep -P {shell}
      state {command} gone
      $CTRL_Z
      stopped {job}
      type fg
      state {pid} S
      $CTRL_Z
      type fg; echo "<st""atus=\$?>"
      state {pid} S
      do kill -s KILL {pid}
      see <status=2>
      prompt
      state {job} gone
STEPS
  done
}

@test "--wait: Ctrl-Z while -v looks who was left behind stops the job, as without -v" {
  [[ $P == "$TINY" ]] || skip "nothing without tiny-reaper"
  local options
  cp "$(command -v dash)" command
  for options in -w '-w -v' '-w -vv' '-v -w'; do
    # The look takes as long as somebody has just started and runs.
    at_prompt bash <<STEPS
      type $P $options ./command -c 'echo "<com""mand=\$\$>"; { while :; do :; done; } & exit 2'
      see <command=(?P<command>\d+)
      state {command} gone
      key ^Z
      see (Stopped|suspended)
      prompt
      find job pgrep -P {shell}
      type fg
      do kill -s KILL {job}
      see Killed
STEPS
  done
}

@test "Ctrl-C while what KILL cannot end is waited for reaches the job once" {
  [[ $P == "$TINY" ]] || skip "nothing without tiny-reaper"
  ((EUID == 0)) || skip "needs root, for a process of another user's"
  chmod 777 .
  cp "$(command -v setpriv)" setuid-setpriv
  cp "$TINY" "$H/siglog" .
  chmod 4755 setuid-setpriv
  write_script dash "trap : INT
    ./siglog member >log &
    ./tiny-reaper -v -k 0.2 sh -c './setuid-setpriv --reuid=0 sleep 10 & until [ \"\$(cat /proc/\$!/comm)\" = sleep ]; do :; done; exit 5'
    kill -s KILL \$!"
  on_terminal setpriv --reuid=65534 --regid=65534 --clear-groups "${shell[@]}" <<STEPS
      see sending KILL
      key ^C
      see cannot end
      see <end>
      do [ \$(grep -cx 'member 2' log) = 1 ]
      alone
STEPS
}

@test "Ctrl-Z while what was left behind is being ended stops nobody" {
  [[ $P == "$TINY" ]] || skip "nothing without tiny-reaper"
  printf '%s\n' 'echo "<ignorer=""$$>"' 'read x <fifo' 'echo "<re""ad>"' >ignorer
  mkfifo fifo
  cp "$(command -v dash)" command
  local option
  for option in '' -G; do
    at_prompt bash <<STEPS
      type $P $option -k 0 ./command -c 'trap "" TERM; dash ignorer & exit 2'
      see <ignorer=\d+>
      until ! pgrep -x command -s {shell}
      find job pgrep -P {shell}
      key ^Z
      see \^Z
      do timeout 60 sh -c 'echo >fifo'
      see <read>
      prompt
      state {job} gone
STEPS
  done
}

@test "a command that stops its group by itself, as editors do, stops the job; the terminal's modes are the shell's, then its own" {
  for shell in "${SHELLS[@]}"; do
    # Of these bash alone has modes of its own.
    [[ $shell == bash ]] && modes='\sicanon' || modes=icanon
    at_prompt "$shell" <<STEPS
      type $P tty-user talk
      $READY
      type raw
      see <raw fg=1 size=\S+ echo=0 canonical=0
      type stop
      see (Stopped|suspended)
      prompt
      stopped {pid}
      type stty -a
      see $modes
      prompt
      type fg
      see <stop fg=1
      type cooked
      see <cooked fg=1
      type stop
      see (Stopped|suspended)
      prompt
      stopped {pid}
      type fg
      see <stop fg=1
      type quit
      prompt
STEPS
  done
}

@test "Ctrl-Z stops a shell without job control between the prompt and the command too, and fg continues it" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type sh -c '$P tty-user talk; echo "<sta"tus \$?">"'
      $READY
      $CTRL_Z
      type fg
      see <CONT>
      type hello
      see <hello fg=1
      $CTRL_Z
      type fg
      see <CONT>
      type quit
      see <status 0>
      prompt
      type sh -c '$P tty-user read; :'
      see <read reads fg=1 pid=(?P<pid>\d+)
      $CTRL_Z
      type fg
      state {pid} S
      type line
      see <read got line>
      prompt
STEPS
  done
}

# The limit must come while the command is stopped: on a machine that is too slow for that, a later one is tried.
@test "the time limit goes on while the command is stopped" {
  for shell in "${SHELLS[@]}"; do
    for limit in 1.5 6 24; do
      if at_prompt "$shell"; then break; fi <<STEPS
      type $TINY --timeout=${limit}s tty-user wait
      $WAITS
      find outer ps -o ppid= -p {parent}
      $CTRL_Z
      state {outer} T
      state {pid} gone
      state {outer} gone
      type :
      see (Exit |exit |Done\()124
STEPS
      [[ $limit != 24 ]]
    done
  done
}

# ---- 4. in the background

@test "a command in the background never takes the terminal; one that reads is stopped, and fg revives it" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user wait background &
      see <background waits fg=0 pid=(?P<pid>\d+)
      type echo "<sti"ll here">"
      see <still here>
      prompt
      type kill %1
      state {pid} gone
      type wait
      prompt
      type $P tty-user read name &
      see <name reads fg=0 pid=(?P<pid>\d+)
      stopped {pid}
      type jobs -l
      see (Stopped|suspended) *\(tty input\)
      prompt
      type fg
      state {pid} S
      type Jane
      see <name got Jane>
      prompt
STEPS
  done
}

@test "a command in the background of a script leaves the terminal to the script" {
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$P tty-user wait & read x; echo \"<script got \$x>\"; kill \$!; wait" <<STEPS
      see <wait waits
      type word
      see <script got word>
      see <end>
      end 0
STEPS
  done
}

@test "a terminal that stops writers in the background (tostop): stopped, and fg revives it" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type stty tostop; (exec $P sh -c 'echo \$\$ >pid; echo "<writ"ten">"') &
      until test -s pid
      find pid cat pid
      stopped {pid}
      type jobs -l
      see (Stopped|suspended) *\(tty output\)
      prompt
      type fg
      see <written>
      prompt
      type stty -tostop; rm pid
      prompt
      never <written>.*tty output
STEPS
  done
}

# ---- 5. pipelines

# pipelines SHELL
pipelines() {
  local shell=$1 pager pipeline steps
  # busybox ash has a less of its own.
  pager="sh -c 'echo \$\$ >pid; exec $(type -P less)'"
  for pipeline in "$P cat file | $pager" "cat file | $P $pager" "$P cat file | $P $pager"; do
    at_prompt "$shell" <<STEPS
      type $pipeline
      see line 23
      type G
      see line 100
      find pid cat pid
      $CTRL_Z
      type fg
      see line 99
      type q
      prompt
STEPS
  done
  for pipeline in \
    "$P tty-user ask one | $P tty-user after two" \
    "tty-user ask one | $P tty-user after two" \
    "$P $P tty-user ask one | tee log | $P sh -c 'tty-user after two'"; do
    steps='
    see <one asks fg=[01]
    type first
    see <one got first>
    see <two asks fg=[01]
    type second
    see <two got second>\s+second'
    at_prompt "$shell" <<<"type $pipeline $steps"$'\n'prompt
    in_script_at_prompt "$shell" "$pipeline" <<<"$steps"
  done
  # A member without tiny-reaper that asks before the terminal is back is stopped by the kernel, and with it a script's shell, which the shell above may see.
  mkfifo three
  steps="
    see <one asks fg=[01]
    find job ps -o pgid= --ppid {shell} | head -n 1
    type first
    see <one got first>
    until test \$(ps -o tpgid= -p {shell}) -eq {job}
    do : >three
    see <three asks fg=[01]
    type second
    see <three got second>\s+second"
  at_prompt "$shell" <<<"type $P tty-user ask one | tty-user after three $steps"$'\n'prompt
  in_script_at_prompt "$shell" "$P tty-user ask one | tty-user after three" <<<"$steps"
  rm three
  at_prompt "$shell" <<STEPS
      type $P tty-user read one | $P tty-user read one
      see <one reads
      see <one reads
      type first
      see <one got first>
      type second
      see <one got second>
      prompt
STEPS
}

@test "pipelines: each member that reads the terminal gets it, on either side, and at the same time (bash)" {
  pipelines bash
}

@test "pipelines: each member that reads the terminal gets it, on either side, and at the same time (dash)" {
  pipelines dash
}

@test "pipelines: each member that reads the terminal gets it, on either side, and at the same time (zsh)" {
  pipelines zsh
}

@test "pipelines: each member that reads the terminal gets it, on either side, and at the same time (ash)" {
  pipelines ash
}

@test "the terminal that is handed on while a member looks for whose it is: it looks again" {
  [[ $P == "$TINY" ]] || skip "nothing without tiny-reaper"
  # A shell whose job is a neighbour (called tiny-reaper) with two groups below it, and tiny-reaper, which is held in its look:
  # meanwhile the terminal goes from the first group to the second, and the first is gone.
  cat >shell.py <<'END'
import ctypes, os, signal, sys, time
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
tty = os.open("/dev/tty", os.O_RDWR)
ready, go = os.pipe(), os.pipe()
def group():
    pid = os.fork()
    if pid == 0:
        signal.pause()
    os.setpgid(pid, pid)
    return pid
neighbour = os.fork()
if neighbour == 0:
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(15, b"tiny-reaper", 0, 0, 0)
    asked = {signal.SIGTTIN, signal.SIGTTOU}
    signal.pthread_sigmask(signal.SIG_BLOCK, asked)
    first, second = group(), group()
    os.tcsetpgrp(tty, first)
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os.tcsetpgrp(tty, second)
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    signal.sigwait(asked)
    os.tcsetpgrp(tty, os.getpgrp())
    os.kill(second, signal.SIGKILL)
    os.kill(-os.getpgrp(), signal.SIGCONT)
    os._exit(0)
os.setpgid(neighbour, neighbour)
os.read(ready[0], 1)
strace = os.fork()
if strace == 0:
    os.setpgid(0, neighbour)
    os.execvp("strace", ["strace", "-qq", "-o", "/dev/null", "-e", "trace=kill", "-e", "inject=kill:delay_enter=2000000:when=1",
                         sys.argv[1], "sh", "-c", 'read x </dev/tty; echo "<got $x>"'])
seen = 0
while seen < 50:
    time.sleep(0.01)
    try:
        outer = open(f"/proc/{strace}/task/{strace}/children").read().split()[0]
        seen = seen + 1 if open(f"/proc/{outer}/stat").read().rpartition(")")[2].split()[0] == "t" else 0
    except (OSError, IndexError):
        seen = 0
os.write(go[1], b"x")
print("<handed on>", flush=True)
os.waitpid(strace, 0)
print("<end>")
END
  on_terminal "$(python3 -c "import sys; print(sys.executable)")" shell.py "$TINY" <<STEPS
      see <handed on>
      type word
      see <got word>
      see <end>
      end 0
STEPS
}

# ---- 6. orphaned groups

@test "without job control above nothing is left stopped by Ctrl-Z" {
  steps="
      $READY
      key ^Z
      type hello
      see <hello fg=1
      type stop
      see <stop fg=1
      type quit"
  on_terminal $P tty-user talk <<STEPS
      $steps
      end 0
      alone
STEPS
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$P tty-user talk" <<STEPS
      $steps
      see <end>
      end 0
STEPS
  done
  on_terminal script -qec "$P tty-user talk" /dev/null <<STEPS
      $steps
      end 0
      alone
STEPS
}

@test "in a background job that nobody could continue, a command that reads the terminal does not hang" {
  mkfifo go
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "set -m; ({ read x <go; exec $P tty-user read; } &); echo >go; read x; echo \"<script got \$x>\"" <<STEPS
      see <read reads fg=0 pid=(?P<pid>\d+)
      state {pid} gone
      type word
      see <script got word>
      see <end>
      end 0
STEPS
  done
}

@test "as PID 1 of a namespace: the terminal, and nothing is left stopped" {
  command=(unshare --pid --fork)
  ((EUID == 0)) || command+=(--user --map-root-user)
  on_terminal "${command[@]}" $P tty-user talk <<STEPS
      $READY
      key ^Z
      type hello
      see <hello fg=1
      key ^C
      see <INT>
      type stop
      see <stop fg=1
      type quit
      end 0
      alone
STEPS
}

@test "a job in the background that is orphaned asks for the terminal: it gets EIO, as without, and is not left stopped" {
  # It starts when bash has its terminal back: until then the group of the parentheses is in the foreground.
  on_terminal bash -c "set -m; ({ until [[ \$(ps -o tpgid= -p \$\$) -eq \$\$ ]]; do :; done
    $P sh -c 'trap \"\" HUP; cat </dev/tty; echo \"<status \$?>\"'; } &); read x; echo \"<read \$x>\"" <<STEPS
      see <status 1>
      type word
      see <read word>
      end 0
      alone
STEPS
  # Without the guard it gets the kernel's own word to an orphaned group that asks for a terminal: HUP, then CONT.
  [[ ! $P ]] || on_terminal bash -c "set -m; ({ until [[ \$(ps -o tpgid= -p \$\$) -eq \$\$ ]]; do :; done
    $P -G cat </dev/tty; echo \"<status \$?>\"; } &); read x; echo \"<read \$x>\"" <<STEPS
      see <status 129>
      type word
      see <read word>
      end 0
      alone
STEPS
}

# ---- 7. in the end

@test "in whatever way it ends, the terminal goes back: sh -c 'tiny-reaper cmd; read x' reads" {
  for shell in "${SHELLS[@]}"; do
    read_on='read x; echo "<sta""tus $?, script got $x>"'
    for ending in 'type quit' 'do kill -KILL {pid}' 'do kill -TERM {pid} {second}; kill -KILL {pid}'; do
      in_script "$shell" "$P tty-user talk; $read_on" <<STEPS
      $READY
      $ending
      state {pid} gone
      type word
      see <status 0, script got word>
      see <end>
      end 0
STEPS
    done
    in_script "$shell" "$P true; $P false; $P no-such-command 2>&-; $read_on" <<STEPS
      type word
      see <status 0, script got word>
      see <end>
      end 0
STEPS
  done
}

@test "a group of the command's making that has the terminal, and is left alone (-l): the terminal goes back" {
  [[ $P ]] || skip "without tiny-reaper it does not"
  cat >keeps <<'END'
use POSIX;
$SIG{TTOU} = "IGNORE";
my $child = fork;
setpgid($child, $child);
exec "sleep", 1000 unless $child;
open my $left, ">", "left";
print $left $child;
tcsetpgrp(0, $child);
print "<its own: ", tcgetpgrp(0) == $child ? "yes" : "no", ">\n";
END
  in_script bash "$P -l perl keeps; read x; echo \"<sta\"\"tus \$?, script got \$x>\"; kill -s KILL \$(cat left)" <<STEPS
    see <its own: yes>
    type word
    see <status 0, script got word>
    see <end>
    end 0
STEPS
}

@test "at the limit, and when either process is killed, the terminal goes back" {
  read_on='read x; echo "<sta""tus $?, script got $x>"'
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$TINY -t 0.5 tty-user read command; $read_on" <<STEPS
      see <command reads fg=1 pid=(?P<pid>\d+)
      state {pid} gone
      type word
      see <status 0, script got word>
      see <end>
      end 0
STEPS
    for option in '' -G; do
      in_script "$shell" "$TINY $option tty-user wait; $read_on" <<STEPS
      $WAITS
      do kill -KILL {pid}
      state {pid} gone
      type word
      see <status 0, script got word>
      see <end>
      end 0
STEPS
    done
    in_script "$shell" "$TINY tty-user wait; $read_on" <<STEPS
      $WAITS
      do kill -KILL {parent}
      state {pid} gone
      type word
      see <status 0, script got word>
      see <end>
      end 0
STEPS
    # The script may read before the inner process has given the terminal back: EIO, as long as it has no job control above it.
    in_script "$shell" "$TINY tty-user wait; until read x; do :; done 2>/dev/null; echo \"<script got \$x>\"" <<STEPS
      $WAITS
      find outer ps -o ppid= -p {parent}
      do kill -KILL {outer}
      state {pid} gone
      type word
      see <script got word>
      see <end>
      end 0
STEPS
  done
}

# ---- 8. the terminal is closed

@test "when the terminal is closed the command gets HUP, and nothing is left" {
  local name shell
  for name in "${SHELLS[@]}"; do
    interactive "$name"
    on_terminal "${shell[@]}" <<STEPS
      prompt
      type $P tty-user wait
      $WAITS
      close
      alone
STEPS
  done
  on_terminal $P tty-user wait <<STEPS
      $WAITS
      close
      end 129
      alone
STEPS
  on_terminal "$TINY" tty-user talk <<STEPS
      $READY
      type leave
      see <left
      close
      alone
STEPS
}

@test "tmux as the terminal" {
  session() { tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null "$@" 3>&-; }
  shows() { session capture-pane -p | tr -d '\n' | grep -qE "$1"; }
  session new-session -d -x 80 -y 24 "PATH=$H:$PATH PS1='prompt> ' exec bash --norc --noprofile -i"
  wait_for 20 shows 'prompt>'
  session send-keys "$P tty-user talk" Enter
  wait_for 20 shows '<ready fg=1'
  session send-keys C-c
  wait_for 20 shows '<INT>'
  session send-keys C-z
  wait_for 20 shows 'Stopped'
  session send-keys fg Enter
  wait_for 20 shows '<CONT>'
  session send-keys hello Enter
  wait_for 20 shows '<hello fg=1.*INT=1\+1'
  pid=$(session capture-pane -p | sed -n 's/.*<ready fg=1 pid=\([0-9]*\).*/\1/p')
  session kill-server
  wait_for 20 gone "$pid"
}

# ---- 9. nested

@test "nested: tiny-reaper tiny-reaper -G tiny-reaper CMD" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $TINY $TINY --no-guard $TINY tty-user talk
      $READY
      key ^C
      see <INT>
      type hello
      see <hello fg=1 .*INT=1\+1
      $CTRL_Z
      type fg
      see <CONT>
      type hello
      see <hello fg=1
      type quit
      prompt
      type $TINY $TINY -G less file
      see line 23
      type q
      prompt
STEPS
    in_script "$shell" "$TINY $TINY -G tty-user read; read x; echo \"<script got \$x>\"" <<STEPS
      see <read reads fg=1
      type one
      see <read got one>
      type two
      see <script got two>
      see <end>
      end 0
STEPS
  done
}

# ---- 10. the rest of the job: a script, a make, a program around the command

# What is typed reaches the command, and the rest of the job, once each: COMMAND... is run by a member of the job that counts.
@test "Ctrl-C, Ctrl-\\ and a new window size reach the rest of the job once, also where the command handles them" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type tty-user job around $P tty-user talk
      $TALK
      see <around ended 0 INT=1 QUIT=1 WINCH=1
      prompt
STEPS
  done
  # Below another one, directly and with a program between them.
  on_terminal tty-user job around $P $P tty-user talk <<STEPS
      $TALK
      see <around ended 0 INT=1 QUIT=1 WINCH=1
      end 0
      alone
STEPS
  on_terminal tty-user job around $P tty-user job between $P $P tty-user talk <<STEPS
      $TALK
      see <between ended 0 INT=1 QUIT=1 WINCH=1
      see <around ended 0 INT=1 QUIT=1 WINCH=1
      end 0
      alone
STEPS
}

# The second supervisor passes up a marked signal, then one to all of the first one's group: between the two the first one has time.
@test "what is typed below two of them reaches the rest of the job once, however far apart the two signals are that are passed up" {
  local slow="strace -f -qqq -o /dev/null -e trace=rt_sigqueueinfo -e inject=rt_sigqueueinfo:delay_exit=500000"
  [[ $P ]] || slow=
  on_terminal tty-user job around $P $slow $P tty-user talk <<STEPS
      $TALK
      see <around ended 0 INT=1 QUIT=1 WINCH=1
      end 0
      alone
STEPS
}

@test "Ctrl-C at a command that handles it, and ends by itself, ends the script, make or program around it" {
  once='never (?s)<(one|two) waits.*<(one|two) waits'
  for status in 0 1; do
    for shell in dash ash; do
      in_script "$shell" "for i in one two three; do $P tty-user handle \$i $status; done" <<STEPS
      see <one waits fg=1
      key ^C
      see <INT>
      end 130
      $once
      never <end>
STEPS
    done
    in_script bash "trap 'echo \"<tr\"\"ap>\"' INT; $P tty-user handle one $status; echo \"<sta\"\"tus \$?>\"" <<STEPS
      see <one waits fg=1
      key ^C
      see <trap>
      see <status $status>
      see <end>
      end 0
      never (?s)<trap>.*<trap>
STEPS
    printf '%s:\n\t%s\n' one "@$P tty-user handle one $status" two "@$P tty-user handle two $status" >Makefile
    # make may fall over its own handler, then it ends with 2.
    on_terminal make -k one two <<STEPS
      see <one waits fg=1
      key ^C
      see <INT>
      end 130 2
      alone
      $once
STEPS
    on_terminal python3 -c "import subprocess; subprocess.run('$P tty-user handle one $status'.split()); print('<re' 'turned>')" <<STEPS
      see <one waits fg=1
      key ^C
      see KeyboardInterrupt
      end 130
      alone
      never <returned>
STEPS
  done
}

@test "Ctrl-C and Ctrl-\\ reach each of several commands that run side by side" {
  for key in ^C ^\\; do
    on_terminal python3 -c "import signal, subprocess
signal.signal(signal.SIGINT, lambda *_: None)
signal.signal(signal.SIGQUIT, lambda *_: None)
servers = [subprocess.Popen('$P tty-user handle server 3'.split()) for i in range(3)]
print('<all ' 'ended', [server.wait() for server in servers], '>')" <<STEPS
      see <server waits
      see <server waits
      see <server waits
      key $key
      see <all ended \[3, 3, 3\]
      end 0
      alone
STEPS
  done
}

@test "a hang-up reaches the rest of the job once, also where the command handles it" {
  for prefix in "$P" "$P $P"; do
    rm -f counted
    in_script dash "tty-user job ./counted $prefix tty-user handle one 0" <<STEPS
      see <one waits fg=1
      close
      end 129
      until grep -qx '<./counted ended 0 .* HUP=1 .*>' counted
STEPS
  done
}

@test "what is typed at the prompt of an interactive shell, or at its jobs, is nobody else's" {
  local name shell keys
  for name in "${SHELLS[@]}"; do
    interactive "$name"
    # zsh without its editor says nothing then: what is typed next could be lost.
    keys=$'key ^C\nprompt\nkey ^\\\nkey ^Z'
    [[ $name != zsh ]] || keys=
    on_terminal tty-user job around $P "${shell[@]}" <<STEPS
      prompt
      $keys
      type tty-user talk
      $READY
      key ^C
      see <INT>
      key ^\\
      see <QUIT>
      key ^Z
      see (Stopped|suspended)
      prompt
      state {pid} T
      type fg
      see <CONT>
      type quit
      prompt
      type exit 33
      see <around ended 33 INT=0 QUIT=0
      end 0
      alone
STEPS
  done
}

@test "an INT that the command sends itself does not end the script around it" {
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$P sh -c 'kill -INT \$\$'; echo \"<sta\"\"tus \$?>\"" <<STEPS
      see <status 130>
      see <end>
      end 0
STEPS
  done
}

# ---- 11. who asks, reads or only wants to know

@test "x=\$(tiny-reaper picker) reads the terminal, at a prompt and in a script" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type x=\$($P sh -c 'echo "<re"ady">" >&2; exec head -n 1'); echo "<g"ot "\$x>"
      see <ready>
      type word
      see <got word>
      prompt
      type x=\$($P tty-user ask picker); echo "<g"ot "\$x>"
      see <picker asks
      type choice
      see <picker got choice>
      see <got choice>
      prompt
      type x=\$(exec </dev/null; $P tty-user ask picker); echo "<g"ot "\$x>"
      see <picker asks
      type choice
      see <picker got choice>
      see <got choice>
      prompt
      type x=\$($P tty-user wait)
      see <wait waits fg=\d pid=(?P<pid>\d+)
      key ^C
      state {pid} gone
      prompt
      never (not found|cannot read)
STEPS
    in_script "$shell" "x=\$($P tty-user ask picker); y=\$($P head -n 1); echo \"<g\"\"ot \$x, \$y>\"; read x; echo \"<read \$x>\"" <<STEPS
      see <picker asks
      type one
      see <picker got one>
      type two
      see <got one, two>
      type three
      see <read three>
      see <end>
      end 0
STEPS
  done
}

@test "who asks whether it is in the foreground hears yes with </dev/null, >file and at a prompt in \$(...)" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user where plain; $P tty-user where input </dev/null; $P tty-user where output >out
      see <plain is fg=1>
      see <input is fg=1>
      see <output is fg=1>
      prompt
      type $P tty-user where all </dev/null >out 2>&1; $P tty-user where closed <&- >&- 2>&-
      see <all is fg=1>
      see <closed is fg=1>
      prompt
STEPS
    in_script "$shell" "$P tty-user where input </dev/null; $P tty-user where output >out; $P tty-user where all </dev/null >out 2>&1; read x; echo \"<got \$x>\"" <<STEPS
      see <input is fg=1>
      see <output is fg=1>
      see <all is fg=1>
      type word
      see <got word>
      see <end>
      end 0
STEPS
  done
  # There the terminal's signals are ignored (under zsh they are not).
  for shell in bash dash ash; do
    at_prompt "$shell" <<STEPS
      type x=\$($P tty-user where substituted)
      see <substituted is fg=1>
      prompt
STEPS
  done
}

@test "a job in the background that reads the terminal is stopped, and continued when the limit has ended its command" {
  [[ $P == "$TINY" ]] || skip "nothing without tiny-reaper"
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type sh -c '$P -t 1 cat; echo "<status=""\$?>"' & echo "<jo""b=\$! >"
      see <job=(?P<job>\d+) >
      see <status=124>
      # zsh that is left before it has noticed the end has a suspended job.
      state {job} gone
      type echo "<noti""ced>"
      see <noticed>
      prompt
STEPS
  done
}

@test "a TTIN or TTOU that somebody sends in the foreground is forwarded, takes no terminal away, and brings no CONT" {
  for shell in "${SHELLS[@]}"; do
    for name in TTIN TTOU; do
      in_script "$shell" "$P tty-user read command $name; read x; echo \"<got \$x>\"" <<STEPS
      see <command reads fg=1
      find job pgrep -P {shell}
      do kill -s $name {job}
      see <$name>
      type word
      see <command got word>
      type more
      see <got more>
      see <end>
      end 0
      never <CONT>
STEPS
    done
  done
}

# ---- 12. stops, continuations

@test "in a pipeline: who reads the terminal gets it below another one too, and after bg and fg" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      # A shell may give the terminal to its job once more while that has started.
      type $P sh -c '$P tty-user talk; :' | cat
      ${READY/fg=1/fg=.}
      type hello
      see <hello fg=
      type quit
      prompt
      type $P tty-user talk | $P cat
      ${READY/fg=1/fg=.}
      type hello
      see <hello fg=
      # Before its exec a shell's child ignores what ^Z sends.
      until pgrep -x -s {shell} cat
      $CTRL_Z
      type bg
      see <CONT>
      # It reads, and has no terminal: all of the job is stopped by that, or the shell would not continue it.
      stopped {pid}
      find first pgrep -o -P {shell}
      find last pgrep -n -P {shell}
      stopped {first}
      stopped {last}
      type fg
      see <CONT>
      type hello again
      see <hello again fg=1
      type quit
      prompt
STEPS
  done
}

@test "a command that makes a process group of its own, as timeout(1) does: at a prompt it is the foreground's all the same" {
  # There it leads its group without tiny-reaper, and stays in it. It reads the terminal, or does not.
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P perl -e 'setpgrp; exec @ARGV' tty-user talk
      ${READY/fg=1/fg=.}
      key ^C
      see <INT>
      # It has the terminal when it reads: what is typed to stop it while that is handed over may be lost.
      type hi
      see <hi fg=
      $CTRL_Z
      stopped {second}
      type fg
      see <CONT>
      type hello
      see <hello fg=1 .* INT=1\+1
      type quit
      prompt
      type $P perl -e 'setpgrp; exec @ARGV' tty-user wait
      ${WAITS/fg=1/fg=.}
      $CTRL_Z
      type fg
      state {pid} S
      $CTRL_Z
      type fg
      state {pid} S
      key ^\\
      prompt
      state {pid} gone
      type $P perl -e '\$SIG{WINCH} = sub { print "<wi", "nch>" }; setpgrp; \$| = 1; print "<u", "p>"; sleep 1 while 1'
      see <up>
      size 40 100
      see <winch>
      key ^C
      prompt
STEPS
  done
  # In a script it would be in the background; here it has the terminal when it asks.
  [[ ! $P ]] || on_terminal dash -c "$P perl -e 'setpgrp; exec @ARGV' tty-user talk; exit 33" <<STEPS
      ${READY/fg=1/fg=.}
      type hello
      see <hello fg=1
      type quit
      end 33
      alone
STEPS
}

@test "a command that stops its group by SIGSTOP, as some editors do, stops the job, and fg continues it" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user talk
      $READY
      type freeze
      see (Stopped|suspended)
      prompt
      stopped {pid}
      type echo "<sti"ll here">"
      see <still here>
      prompt
      type fg
      see <CONT>
      see <freeze fg=1
      type hello
      see <hello fg=1 .* CONT=1\+1
      type freeze
      see (Stopped|suspended)
      prompt
      stopped {pid}
      type fg
      see <freeze fg=1
      type quit
      prompt
STEPS
  done
}

@test "a command that stops itself again, as soon as it goes on, stops the job again" {
  cat >twice.py <<'END'
import os, signal, sys
call, microseconds, *follow = sys.argv[2:]
strace = ["strace", "-D", *follow, "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", f"inject={call}:delay_enter={microseconds}"]
pid = os.spawnvp(os.P_NOWAIT, "strace", strace + [sys.argv[1], "sh", "-c", "kill -s STOP $$; kill -s STOP $$; exit 7"])
for _ in range(2):
    assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
    os.kill(pid, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
  # The guard is held as it goes to sleep: the CONT of the first stop still waits there.
  run -7 timeout -s KILL 100 python3 twice.py "$TINY" rt_sigtimedwait 500000
  # Both are held before they look at their children: of stopped, continued and stopped they hear the last.
  run -7 timeout -s KILL 100 python3 twice.py "$TINY" wait4 100000 -f
}

@test "Ctrl-Z as soon as the command has been continued by fg, again and again" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user talk
      $READY
      $CTRL_Z
$(for _ in {1..8}; do printf '%s\n' 'type fg' 'see <CONT>' "$CTRL_Z"; done)
      type fg
      see <CONT>
      type hello
      see <hello fg=1
      type quit
      prompt
STEPS
  done
}

@test "TSTP and CONT that come at once leave nobody stopped" {
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $P tty-user wait &
      see <wait waits fg=0 pid=(?P<pid>\d+)
      find job pgrep -P {shell}
      do for i in $(seq -s ' ' 100); do kill -s TSTP {job}; kill -s CONT {job}; done
      state {pid} S
      state {job} S
      do kill -s TERM {job}
      state {pid} gone
      state {job} gone
      type wait
      prompt
STEPS
  done
}

@test "where nobody could continue it, a TSTP leaves no member of the group stopped" {
  namespace=(unshare --pid --fork)
  ((EUID == 0)) || namespace+=(--user --map-root-user)
  steps="
      $READY
      type catch
      see <catch fg=1
      key ^Z
      type hello
      see <hello fg=1
      do kill -s TSTP {tiny}
      type once more
      see <once more fg=1
      type quit
      end 0
      alone"
  on_terminal $P tty-user talk <<<"${steps//\{tiny\}/\{shell\}}"
  # With -G and as PID 1 tiny-reaper is no member of the group, and does not hear what is typed.
  [[ ! $P ]] || steps=${steps/$'key ^Z\n      type hello\n      see <hello fg=1\n      '/}
  [[ ! $P ]] || on_terminal $P -G tty-user talk <<<"${steps//\{tiny\}/\{shell\}}"
  steps="${steps/'type catch'/$'find init pgrep -P {shell}\n      type catch'}"
  on_terminal "${namespace[@]}" $P tty-user talk <<<"${steps//\{tiny\}/\{init\}}"
}

# ---- 13. what the terminal is like afterwards

@test "where the limit, -d or a kill -9 has ended the command in the foreground, the terminal's modes are as before" {
  local is_back="until stty -a -F /dev/{tty} | grep -q '[^-]echo '"
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$TINY -k 1 -t 1 tty-user ask password; stty -a; read x; echo \"<got \$x>\"" <<STEPS
      see <password asks fg=1
      see \sicanon\s[^;]*\secho\s
      type word
      see <got word>
      see <end>
      end 0
STEPS
    for option in '' -G; do
      in_script "$shell" "$TINY $option -k 1 -t 2 tty-user talk; stty -a" <<STEPS
      $READY
      type raw
      see <raw fg=1 size=\S+ echo=0 canonical=0
      see \sicanon\s[^;]*\secho\s
      see <end>
      end 0
STEPS
    done
    # By a signal that is forwarded, and KILL after it.
    in_script "$shell" "$TINY -k 1 sh -c 'trap : TERM; stty raw -echo; echo \"<ra\"w\>; while :; do sleep 1; done'; stty -a" <<STEPS
      see <raw>
      find outer pgrep -P {shell}
      do kill -s TERM {outer}
      see \sicanon\s[^;]*\secho\s
      see <end>
      end 0
STEPS
    # Who is killed says nothing to the shell, which may read before the terminal is back.
    for victim in outer parent above; do
      in_script "$shell" "sh -c '$TINY -k 1 -d tty-user talk; :'; until read x; do :; done 2>/dev/null; echo \"<got \$x>\"" <<STEPS
      $READY
      find outer ps -o ppid= -p {parent}
      find above ps -o ppid= -p {outer}
      find tty ps -o tty= -p {shell}
      type raw
      see <raw fg=1 size=\S+ echo=0 canonical=0
      do kill -s KILL {$victim}
      $is_back
      state {pid} gone
      type word
      see <got word>
      see <end>
      end 0
STEPS
    done
  done
}

@test "modes that the command itself sets, or that are set while it is in the background, stay" {
  for shell in "${SHELLS[@]}"; do
    in_script "$shell" "$TINY -t 1h stty -echo; stty -a; $TINY stty echo" <<STEPS
      see \s-echo\s
      see <end>
      end 0
STEPS
  done
  at_prompt bash <<STEPS
      type $TINY -t 3 tty-user wait
      $WAITS
      $CTRL_Z
      find outer ps -o ppid= -p {parent} || echo {parent}
      type stty -echo
      prompt
      state {outer} gone
      type stty -a
      see \s-echo\s
      prompt
STEPS
}

# ---- 14. namespaces, chroots

@test "as PID 1 of a namespace in the background of an interactive shell: the shell keeps its terminal" {
  local in_namespace='unshare --pid --fork --mount-proc'
  ((EUID == 0)) || in_namespace+=' --user --map-root-user'
  for shell in "${SHELLS[@]}"; do
    at_prompt "$shell" <<STEPS
      type $in_namespace $P tty-user wait behind &
      see <behind waits fg=
      type echo "<sti"ll here">"
      see <still here>
      prompt
      find job pgrep -P {shell} unshare
      find init pgrep -P {job}
      do kill -s KILL {init}
      state {init} gone
      type wait
      prompt
      type $in_namespace $P tty-user talk
      see <ready fg=1
      type hello
      see <hello fg=1
      key ^C
      see <INT>
      type quit
      prompt
      type echo "<sti"ll here">"
      see <still here>
      prompt
STEPS
  done
}

@test "in a chroot without /dev/tty the terminal goes back, or is not taken" {
  local root=$BATS_TEST_TMPDIR/root command
  mkdir root
  cp "$(type -P busybox)" root
  [[ ! $P ]] || cp "$TINY" root/tiny-reaper
  command="chroot $root ${P:+/tiny-reaper} /busybox"
  ((EUID == 0)) || command="unshare --user --map-root-user $command"
  for shell in "${SHELLS[@]}"; do
    for redirection in '' '2>/dev/null' '</dev/null' '</dev/null 2>/dev/null' '>/dev/null'; do
      in_script "$shell" "$command true $redirection; read x; echo \"<got \$x>\"" <<STEPS
      type word
      see <got word>
      see <end>
      end 0
STEPS
    done
    at_prompt "$shell" <<STEPS
      type $command sh -c 'echo "<re"ady">"; read x; echo "<g"ot "\$x>"'
      see <ready>
      type one
      see <got one>
      prompt
      type $command true 2>/dev/null
      prompt
      type $command sleep 1000 &
      find job pgrep -P {shell}
      type echo "<sti"ll here">"
      see <still here>
      prompt
      do kill -s TERM {job}
      state {job} gone
      type wait
      prompt
STEPS
  done
}
