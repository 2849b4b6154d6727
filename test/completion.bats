#!/usr/bin/env bats
# The shells' completions, asked for in real shells.
# shellcheck disable=SC2016 # variables of the shells that are asked

bats_require_minimum_version 1.5.0
load common

setup_file() {
  export COMPLETIONS=$BATS_TEST_DIRNAME/../man/completion
  # The options as --help has them: -t and --timeout on a line each.
  export OPTIONS=$BATS_FILE_TMPDIR/options
  "$TINY" --help | sed -nE 's/^  (-.), (--[a-z-]+).*/\1\n\2/p' | sort >"$OPTIONS"
  [ "$(wc -l <"$OPTIONS")" -ge 30 ]
}

# What a shell proposes for the last of these words, one a line.
ask_bash() {
  bash --norc -c '
    source /usr/share/bash-completion/bash_completion
    source "$COMPLETIONS/tiny-reaper.bash"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$* COMP_POINT=${#COMP_LINE} COMP_TYPE=9
    _tiny_reaper tiny-reaper "${*: -1}" "${*: -2:1}" 2>/dev/null
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
ask_zsh() { zsh -f "$BATS_TEST_DIRNAME/completion/ask-zsh" "$COMPLETIONS" "$*"; }
ask_fish() { HOME=$BATS_TEST_TMPDIR fish --no-config -c 'source $COMPLETIONS/tiny-reaper.fish; complete -C $argv[1]' "$*" | cut -f1; }

# The rest of what a user sees, for a shell whose answers come from FUNCTION.
signals_commands_and_arguments() {
  local ask=$1
  diff <("$ask" tiny-reaper --signal= | grep -oE '(USR[12]|TERM)$' | sort) <(printf '%s\n' TERM USR1 USR2)
  "$ask" tiny-reaper -s QUIT,TE | grep -qx 'QUIT,TERM\|TERM'
  touch "$BATS_TEST_TMPDIR/a-file"
  cd "$BATS_TEST_TMPDIR" || return
  # The command's name, then its arguments, with or without `--`; no option of tiny-reaper's among them.
  "$ask" tiny-reaper -v --timeout 5 sha256su | grep -qx 'sha256sum *'
  "$ask" tiny-reaper -vt 5 -- sha256su | grep -qx 'sha256sum *'
  "$ask" tiny-reaper -t5 cat a- | grep -q '^a-file'
  "$ask" tiny-reaper -o a- | grep -q '^a-file'
  ! "$ask" tiny-reaper -v cat -- --preserve | grep preserve-status
}

@test "bash completes a value in the word of its option, and behind several letters" {
  cd "$BATS_TEST_TMPDIR" || return
  touch a-file
  [[ $(ask_bash tiny-reaper -sTER) == -sTERM && $(ask_bash tiny-reaper -vsTER) == -vsTERM && $(ask_bash tiny-reaper -sQUIT,TER) == -sQUIT,TERM ]]
  [[ $(ask_bash tiny-reaper -vs TER) == TERM && $(ask_bash tiny-reaper -wr TERM:QU) == *QUIT ]]
  [[ $(ask_bash tiny-reaper -oa-) == -oa-file && $(ask_bash tiny-reaper -vo a-) == a-file ]]
  [[ -z $(ask_bash tiny-reaper -t5) && $(ask_bash tiny-reaper -s) == -s ]]
}

@test "bash proposes exactly the options of --help" {
  diff <(ask_bash tiny-reaper - | sed 's/=$//' | sort) "$OPTIONS"
}

# complete_in_bash TEXT: the line that a real interactive bash makes of it at TAB.
complete_in_bash() { python3 "$BATS_TEST_DIRNAME/completion/ask-bash" "$COMPLETIONS/tiny-reaper.bash" "$1"; }

@test "in an interactive bash the command's own completion answers, whatever stands before it" {
  local before
  for before in '' '-t 5 ' '-t5 ' '--timeout 5 ' '--timeout=5 ' '-r TERM:QUIT ' '--rewrite=TERM:QUIT ' '-vr TERM:QUIT -k 1 -- ' \
    '--signal=INT,TERM -o a:b --report=a=b:c ' '-r TERM:QUIT -r HUP:0 -e 143,TERM '; do
    run -0 complete_in_bash "tiny-reaper ${before}git bis"
    echo "$before: $output"
    [[ $output == "tiny-reaper ${before}git bisect " ]]
    run -0 complete_in_bash "tiny-reaper ${before}sha256s"
    [[ $output == "tiny-reaper ${before}sha256sum " ]]
  done
  run -0 complete_in_bash 'tiny-reaper --preserve'
  [[ $output == 'tiny-reaper --preserve-status ' ]]
  run -0 complete_in_bash 'tiny-reaper --timeo'
  [[ $output == 'tiny-reaper --timeout=' ]]
  run -0 complete_in_bash 'tiny-reaper -r TERM:QUI'
  [[ $output == 'tiny-reaper -r TERM:QUIT ' ]]
  run -0 complete_in_bash 'tiny-reaper --signal=QUI'
  [[ $output == 'tiny-reaper --signal=QUIT ' ]]
}

@test "zsh proposes exactly the options of --help" {
  diff <({ ask_zsh tiny-reaper -; ask_zsh tiny-reaper --; } | sort -u) "$OPTIONS"
}

@test "fish proposes exactly the options of --help" {
  diff <({ ask_fish tiny-reaper -; ask_fish tiny-reaper --; } | sort -u) "$OPTIONS"
}

@test "every signal that is proposed is understood" {
  local shell names
  for shell in bash zsh fish; do
    names=$("ask_$shell" tiny-reaper --signal '' | paste -sd,)
    [[ $names == *TERM* ]]
    "$TINY" -s "$names" --version
  done
}

@test "bash proposes signals, commands, and the arguments of the command" {
  signals_commands_and_arguments ask_bash
}

@test "zsh proposes signals, commands, and the arguments of the command" {
  signals_commands_and_arguments ask_zsh
}

@test "fish proposes signals, commands, and the arguments of the command" {
  signals_commands_and_arguments ask_fish
}
