# Completion for bash. Options are listed until the command's name; from there on the command's own completion answers.

# The command begins at the word of this number in `words`. Readline breaks words at = and : as well, and counts all the pieces.
_tiny_reaper_offset() {
    local i piece=0 word
    for ((i = 0; i < $1; i++)); do
        word=${COMP_WORDS[piece++]}
        while [[ $word != "${words[i]}" ]] && ((piece < ${#COMP_WORDS[@]})); do
            word+=${COMP_WORDS[piece++]}
        done
    done
    _command_offset "$piece"
}

_tiny_reaper() {
    local cur prev words cword
    _init_completion -n =: || return

    local signals='HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU
        URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX'
    local options='-t -s -k -p -c -r -e -d -w -l -G -o -v -h -V --timeout= --signal= --kill-after= --preserve-status --single-child
        --rewrite= --success-status= --die-with-parent --wait --leave --no-guard --report= --verbose --help --version'

    # Where does the command begin? After `--`, or at the first word that is neither an option nor the value of one.
    local i
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
            --) ((i++)) ;;
            --timeout | --signal | --kill-after | --rewrite | --success-status | --report) ((i++)); continue ;;
            --*) continue ;;
            -?*)
                [[ ${words[i]} =~ ^-[pcdwlGvhV]*[tskreo]$ ]] && ((i++))
                continue
                ;;
        esac
        break
    done
    if ((i <= cword)) && { [[ ${words[i - 1]} == -- ]] || ((i < cword)); }; then
        _tiny_reaper_offset "$i"
        return
    fi

    # The value stands behind `=`, behind its letter (-sTERM, -vsTERM), or in a word of its own (-s TERM, -vs TERM).
    local option=$prev value=$cur before= list=
    if [[ $cur == --*=* ]]; then
        option=${cur%%=*} value=${cur#*=}
    elif [[ $cur =~ ^(-[pcdwlGvhV]*[tskreo]). ]]; then
        before=${BASH_REMATCH[1]}
        option=$before value=${cur#"$before"}
    fi
    [[ $option =~ ^-[pcdwlGvhV]*([tskreo])$ ]] && option=-${BASH_REMATCH[1]}
    case $option in
        --signal | -s | --rewrite | -r | --success-status | -e)
            [[ $value == *[,:]* ]] && list=${value%"${value##*[,:]}"}
            mapfile -t COMPREPLY < <(compgen -P "$before$list" -W "$signals" -- "${value#"$list"}")
            # Readline takes a colon for the beginning of a word.
            __ltrim_colon_completions "$before$value"
            return
            ;;
        --report | -o)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -P "$before" -f -- "$value")
            return
            ;;
        --timeout | -t | --kill-after | -k)
            return
            ;;
    esac

    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
    else
        _tiny_reaper_offset "$cword"
    fi
} &&
    complete -F _tiny_reaper tiny-reaper
