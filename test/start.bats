# The start: what the command inherits, what tiny-reaper keeps, and what was there before.
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2094,SC2154,SC2317
# (text for other shells; each test is a subshell; options that are words; a file open twice; bats' variables; functions that wait_for calls)
load common
bats_require_minimum_version 1.5.0

setup() { own_folder; }
teardown() { end_started; }

# same_with CONDITION...: what a command inherits under CONDITION is the same behind tiny-reaper, with each way to run it.
same_with() {
  local options
  env -i A=1 "B= x
y" PATH="$PATH" "$@" "$H/inherit" "$T/without"
  [[ -s without ]]
  for options in '' -G '-t 100 -k 1 -p -s INT,TERM -e 3' "-o $T/report" -d; do
    rm -f with
    env -i A=1 "B= x
y" PATH="$PATH" "$@" "$TINY" $options "$H/inherit" "$T/with"
    diff without with
  done
}

@test "environment, folder, limits, umask, scheduling, mask, dispositions, descriptors: the same with and without" {
  same_with env
  # A descriptor with an offset, one to write, one to both, high numbers.
  printf '0123456789' >file
  exec 7<file 8>>file 9<>file 77<file
  read -rn 4 <&7
  umask 027
  ulimit -Sn 500
  ulimit -Sc 0
  same_with nice -n 3
  exec 7>&- 8>&- 9>&- 77>&-
}

@test "the signal mask: each signal blocked alone, none, all" {
  local signal
  for signal in 1 2 14 15 17 18 20 31 32 33 34 35 64; do
    "$H/with" -b "$signal" "$H/inherit" without
    "$H/with" -b "$signal" "$TINY" "$H/inherit" with
    diff <(grep ^Sig without) <(grep ^Sig with)
  done
  same_with "$H/with" -b all
}

@test "ignored signals stay ignored, CHLD and HUP included" {
  same_with "$H/with" -i 1
  same_with "$H/with" -i 17
  same_with "$H/with" -i 2,3,13,20,21,22,32,33,34,64
  same_with "$H/with" -d all -i 1,2,13,15,17,34 -b 10,14,15,33
  grep -q '^SigIgn:.*00015003$' with
}

@test "SIGCHLD ignored on entry: the status is still the command's, and orphans are reaped" {
  run -5 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$TINY" sh -c 'exit 5'
  [[ $("$H/ended" bash -c 'trap "" CHLD; exec "$@"' bash "$TINY" "$H/die" 15) == 'killed 15' ]]
  [[ $("$H/ended" "$H/with" -i 17 "$TINY" -G sh -c 'sleep 0 & exit 6') == 'exited 6' ]]
  run -124 "$H/with" -i 17 "$TINY" -t 0.05 sleep 100
  run -0 --separate-stderr "$H/with" -i 17 "$TINY" -vv sh -c '(sleep 0 &); sleep 1'
  [[ $stderr == *'reaped orphan'* ]]
}

@test "a command run by nohup survives a HUP sent to tiny-reaper" {
  start nohup "$TINY" sh -c 'trap "exit 3" TERM; echo up; while :; do sleep 0.02; done' 2>/dev/null
  logged up
  kill -s HUP "$P"
  kill -s TERM "$P"
  ends 3
}

@test "standard descriptors closed on entry, in each of the 8 combinations: nothing changes" {
  local closed options
  for closed in '' 0 1 2 0,1 0,2 1,2 0,1,2; do
    for options in '' -G -vv "-vvo $T/report"; do
      rm -f with without
      "$H/with" ${closed:+-c "$closed"} "$H/inherit" "$T/without"
        "$H/with" ${closed:+-c "$closed"} "$TINY" $options "$H/inherit" "$T/with" 2>>messages
      diff <(grep '^fd' without | grep -v '^fd 2:') <(grep '^fd' with | grep -v '^fd 2:')
      [[ $closed != *2 || $(grep -c '^fd 2:' with) == 0 ]]
      [[ $("$H/with" ${closed:+-c "$closed"} "$TINY" $options sh -c 'exit 7' 2>>messages; echo $?) == 7 ]]
      [[ $("$H/with" ${closed:+-c "$closed"} "$TINY" $options -t 0.02 sleep 100 2>>messages; echo $?) == 124 ]]
    done
  done
  # The reports hold nothing but reports.
  run ! grep -v '^{.*}$' report
}

@test "the command runs in a process group of its own, in the caller's session: its supervisor leads it, or with --no-guard itself" {
  local pid parent group session options
  for options in '' -G; do
    read -r pid parent group session < <("$TINY" $options sh -c 'read -r stat </proc/$$/stat; set -- ${stat##*) }; echo $$ $PPID $3 $4')
    echo "pid $pid, parent $parent, group $group, session $session"
    [[ $group == "$([[ $options ]] && echo "$pid" || echo "$parent")" && $session == "$(ps -o sid= $$ | tr -d ' ')" ]]
  done
}

@test "the command may begin a session of its own, as without" {
  run -3 "$TINY" python3 -c 'import os, sys; os.setsid(); sys.exit(3 if os.getsid(0) == os.getpid() else 4)'
  # setsid(1) forks where it leads its group, and would return at once.
  run -3 "$TINY" setsid sh -c 'exit 3'
}

@test "tiny-reaper is two processes, or one with --no-guard, and the inner one has another name" {
  local parent
  start "$TINY" sh -c 'echo "parent $PPID"; exec sleep 100'
  logged 'parent .*'
  parent=$(sed 's/parent //' log)
  [[ $parent != "$P" && $(</proc/"$P"/comm) == tiny-reaper && $(</proc/"$parent"/comm) != tiny-reaper ]]
  [[ $(ps -o ppid= "$parent" | tr -d ' ') == "$P" ]]
  : >log
  start "$TINY" -G sh -c 'echo "parent $PPID"; exec sleep 100'
  logged "parent $P"
  kill -s TERM "$P"
  ends 143
}

@test "after the start tiny-reaper holds no inherited descriptor but standard error, and no folder but /" {
  local process fd
  : >file
  exec 7<file 8>>file 9< <(:)
  for options in '' -G "-t 100 -vvo $T/report"; do
    : >log
    start "$TINY" $options sh -c 'echo "parent $PPID"; exec sleep 100' 2>err
    logged 'parent .*'
    for process in "$P" "$(sed 's/parent //' log)"; do
      let_go() {
        [[ $(readlink "/proc/$process/cwd") == / ]] || return
        for fd in "/proc/$process/fd/"*; do
          [[ ${fd##*/} == 2 || $(readlink "$fd") == anon_inode:* || $(readlink "$fd") == "$T/report" ]] || return
        done
      }
      wait_for 20 let_go || { ls -l "/proc/$process/fd" "/proc/$process/cwd"; false; }
    done
    kill -s TERM "$P"
    ends 143
  done
  exec 7>&- 8>&- 9>&-
}

@test "a reader of the command's output sees end-of-file when the command closes it" {
  mkfifo output go
  "$TINY" sh -c 'echo text; exec >&-; read -r x <go' >output 3>&- &
  P=$!
  started+=("$P")
  # cat ends at end-of-file alone, while the command is still there.
  run -0 timeout 100 cat output
  [[ $output == text ]]
  [[ -e /proc/$P ]]
  echo >go
  ends 0
}

@test "a writer to the command's input sees a broken pipe when the command closes it" {
  mkfifo input
  "$TINY" sh -c 'exec <&-; echo closed; exec sleep 100' <input >>log 3>&- &
  P=$!
  started+=("$P")
  exec 7>input
  logged closed
  broken() { ! (trap '' PIPE; echo x >&7) 2>/dev/null; }
  wait_for 20 broken
  exec 7>&-
}

@test "a child from before is left alone: not signalled, not waited for, not taken for the command" {
  local job options
  for options in '' -G -vv; do
    : >job
    run -7 --separate-stderr bash -c '"$1/siglog" job >job & while ! grep -q ready job; do :; done; (exit 3) & exec "$2" $3 sh -c "exit 7"' bash "$H" "$TINY" "$options"
    job=$(sed -n 's/^job ready \([0-9]*\) .*/\1/p' job)
    run ! gone "$job"
    kill -s KILL "$job"
    [[ $(grep -vc ready job) == 0 ]]
  done
}

@test "a child from before is not signalled by what is forwarded, nor at the limit" {
  local job
  # All of it before the limit.
  forwards() {
    : >log
    start bash -c '"$1/siglog" job >job & while ! grep -q ready job; do :; done; exec "$2" -t "$3" -k "$3" "$1/siglog" cmd' bash "$H" "$TINY" "$TIME"
    wait_for 20 eval '! kill -0 "$P" || grep "cmd ready" log'
    kill -s USR1 "$P"
    ends 137
    job=$(sed -n 's/^job ready \([0-9]*\) .*/\1/p' job)
    run ! gone "$job"
    kill -s KILL "$job"
    [[ $(grep -vc ready job) == 0 ]] || { touch signalled; return 0; }
    grep -qx 'cmd 10' log && grep -qx 'cmd 15' log
  }
  in_time forwards
  [[ ! -e signalled ]]
}

@test "a child from before that ends is reaped while the command runs, its status taken for nothing" {
  local job options
  mkfifo go
  for options in '' -G; do
    : >log
    start bash -c 'sh -c "echo job \$\$; read -r x <go; exit 9" & exec "$0" $1 sh -c "trap \"exit 4\" TERM; echo up; while :; do sleep 0.02; done"' "$TINY" "$options"
    logged up
    logged 'job .*'
    job=$(sed -n 's/^job //p' log)
    echo >go
    reaped() { [[ ! -e /proc/$job ]]; }
    wait_for 20 reaped
    kill -s TERM "$P"
    ends 4
  done
}

@test "a child from before that ended already, as a zombie, changes nothing" {
  run -8 perl -e 'if (!fork) { exit 3 } select(undef, undef, undef, 0.05); exec @ARGV' "$TINY" sh -c 'exit 8'
  run -8 perl -e 'for (1..200) { if (!fork) { exit 3 } } exec @ARGV' "$TINY" sh -c 'exit 8'
}

@test "20,000 orphans are reaped, and no zombie lasts" {
  [[ $("$TINY" "$H/orphans" 20000) == '20000 orphans, 0 zombies' ]]
  [[ $("$TINY" -G "$H/orphans" 2000) == '2000 orphans, 0 zombies' ]]
}

@test "a child from before that is stopped while tiny-reaper ends what was left behind stays stopped" {
  # The leftover ignores TERM, stops the child from before, and looks at it when it has been seen.
  cat >leftover <<'END'
trap '' TERM
until grep -q '^State:.[TtZ]' "/proc/$1/status"; do kill -s TSTP "$1" || exit; done
read -r _ <fifo
END
  cat >job <<'END'
bash -c 'sleep 1000 3>&- & echo $! >before
         exec "$0" -G -k 0 bash -c "trap \"\" TERM; bash leftover \$1 >/dev/null 3>&- & echo before ready" bash $!' "$1"
echo "status $?, state $(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$(cat before)/status")"
END
  mkfifo fifo
  # A job of its own: a TSTP stops nobody in an orphaned group, which that of the tests may be.
  start perl -e 'setpgrp; exec @ARGV' bash job "$TINY"
  logged 'before ready'
  local before
  before=$(cat before)
  stopped() { grep -q '^State:.T' "/proc/$before/status"; }
  wait_for 20 stopped
  timeout 60 bash -c 'echo >fifo'
  logged 'status 0, state T'
  ends 0
  kill -s KILL "$before" 2>/dev/null || :       # a hang-up may have ended it, of a stopped group that nobody minds
}

@test "what is left behind gets TERM, and is gone when tiny-reaper is; --leave leaves it" {
  local left
  run -3 "$TINY" -k 100 sh -c '"$0" left 15 >left & while ! grep -q ready left; do :; done; exit 3' "$H/siglog"
  grep -qx 'left 15' left
  left=$(sed -n 's/^left ready \([0-9]*\) .*/\1/p' left)
  [[ ! -e /proc/$left ]]
  : >left
  run -3 "$TINY" --leave sh -c '"$0" left 15 >left 2>&1 3>&- & while ! grep -q ready left; do :; done; exit 3' "$H/siglog"
  left=$(sed -n 's/^left ready \([0-9]*\) .*/\1/p' left)
  run ! gone "$left"
  run ! grep -x 'left [0-9]*' left
  kill -s TERM "$left"
}

@test "--wait: what is left behind is waited for, and not ended" {
  run -3 "$TINY" --wait sh -c '(sleep 0.2; echo done >left) & exit 3'
  [[ $(<left) == 'done' ]]
}

@test "--die-with-parent: the command ends when the process that started tiny-reaper does" {
  local command
  mkfifo go
  start sh -c '"$0" --die-with-parent sh -c "echo command \$\$; exec sleep 100" & read -r x <go' "$TINY"
  logged 'command .*'
  command=$(sed 's/command //' log)
  kill -s KILL "$P"
  wait_for 20 gone "$command"
}

@test "idle, tiny-reaper never wakes" {
  local parent before
  start "$TINY" -t 1000 sh -c 'echo "parent $PPID"; exec sleep 100'
  logged 'parent .*'
  parent=$(sed 's/parent //' log)
  switches() { grep -h ctxt_switches "/proc/$P/status" "/proc/$parent/status"; }
  asleep() { [[ $(sed 's/.*) //; s/ .*//' "/proc/$1/stat") == S ]]; }
  wait_for 20 asleep "$P"
  wait_for 20 asleep "$parent"
  # A second to be caught polling in. On a busy machine the first such second may come before it has settled; who polls is caught in each.
  quiet() {
    before=$(switches)
    run -124 "$TINY" -t 1.1 sleep 100
    [[ $(switches) == "$before" ]]
  }
  in_time quiet
}

@test "an unreadable, unsearchable or removed working directory changes nothing" {
  mkdir gone
  cd gone || return
  rmdir ../gone
  run -3 "$TINY" sh -c 'exit 3'
  cd "$T" || return
}

@test "with hardly a descriptor to be had, the command still runs" {
  local count
  for count in 4 5 8; do
    run -3 sh -c "exec 3>&- 4>&-; ulimit -n $count"' && exec "$0" sh -c "exit 3"' "$TINY"
    run -3 sh -c "exec 3>&- 4>&-; ulimit -n $count"' && exec "$0" -G -t 100 sh -c "exit 3"' "$TINY"
  done
}
