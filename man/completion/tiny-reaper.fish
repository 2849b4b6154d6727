# Completion for fish.

# Prints the words of the command line from the command's name on; false while there is none yet.
function __tiny_reaper_command
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case --timeout --signal --kill-after --rewrite --success-status --report
                set -e words[1]
            case '--*'
            case '-*'
                string match -qr -- '^-[pcdwlGvhV]*[tskreo]$' $words[1]; and set -e words[1]
            case '*'
                break
        end
        set -e words[1]
    end
    string join \n -- $words
end

function __tiny_reaper_signals
    # What stands before the last comma or colon stays in front of each proposal.
    set -l before (commandline -ct | string replace -r '^--[a-z-]+=' '' | string replace -r '[^,:]*$' '')
    for name in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU \
            URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX
        echo "$before$name"
    end
end

complete -c tiny-reaper -n 'not string match -q -- "-*" (commandline -ct); or __tiny_reaper_command >/dev/null' -x \
    -a '(__fish_complete_subcommand --commandline (__tiny_reaper_command) (commandline -ct))'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s t -l timeout -x -d "Limit the command's lifetime"
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s s -l signal -x -a '(__tiny_reaper_signals)' -d 'The signals that end it, in turn'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s k -l kill-after -x -d 'Time given to each of them, the last before KILL'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s p -l preserve-status -d "At the time limit, exit with the command's status, not 124"
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s c -l single-child -d 'Forward signals to the command alone, not to its group'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s r -l rewrite -x -a '(__tiny_reaper_signals)' -d 'Forward another signal in place of one: FROM:TO'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s e -l success-status -x -a '(__tiny_reaper_signals)' -d 'Exit 0 when the command ends so'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s d -l die-with-parent -d 'End the command when the process that started tiny-reaper ends'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s w -l wait -d 'When the command ends, wait for what it left behind'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s l -l leave -d 'When the command ends, leave alone what it left behind'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s G -l no-guard -d 'Run as one process'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s o -l report -r -F -d 'Append one line of JSON about the run to a file'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s v -l verbose -d 'Say what went otherwise than planned; twice: everything'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s h -l help -d 'Print the usage, and exit'
complete -c tiny-reaper -n 'not __tiny_reaper_command >/dev/null' -s V -l version -d 'Print the version, and exit'
