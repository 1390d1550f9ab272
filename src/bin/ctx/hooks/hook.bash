# Context Tray: records each interactive command of a project. Needs bash 4.4 or later.
if [[ $- == *i* && -z ${__ctx_hook-} ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
    __ctx_hook=1 __ctx_none='' __ctx_last='' __ctx_before=0 __ctx_cwd=$PWD

    # The history can't be told apart from here: a line that it does not take is not ours to know.
    __ctx_record() {
        local line
        line=$(HISTTIMEFORMAT='' builtin history 1)
        __ctx_tell "$1" "$2" "${line#*[0-9][* ] }" "${@:3}"
    }

    # Ends the process that it is called in.
    __ctx_tell() {
        local code=$2 line=$3 words=(-C "$1" hook record "${@:4}")
        [[ $line && $line != ' '* ]] || exit
        # A command that was stopped has no result yet, and where nobody knows whose it was there is none.
        if [[ ! $code ]]; then
            :
        elif ((code <= 128)) || [[ $(builtin kill -l "$code") != @(TSTP|STOP|TTIN|TTOU) ]]; then
            words+=(--exit-code "$code")
        fi
        # One argument has no room for a very long line.
        if ((${#line} < 30000)); then
            exec @CTX@ "${words[@]}" -- "$line"
        else
            exec @CTX@ "${words[@]}" < <(printf '%s' "$line")
        fi
    }

    # Records the lines that ran since the last prompt, as those that are pasted at once, each with its own result. The number of
    # those that the history took is told: where it is another, nobody can tell whose result is whose.
    __ctx_record_each() {
        local cwd=$1 code=$2 new=$3 line lines=() number
        shift 3
        if ((new != ran)); then
            __ctx_record "$cwd" '' "$@"
        fi
        # Behind each line stands the number of the next. A line that holds what parts them here would count as two.
        while IFS='' read -r -d $'\x1e' line; do
            lines+=("${line%$'\n'*}")
        done < <(HISTTIMEFORMAT=$'\x1e' builtin history "$ran"; builtin printf '\x1e')
        ((${#lines[@]} == ran + 1)) || return
        __ctx_codes[ran + 1]=$code __ctx_times[ran + 1]=${now/[.,]/}
        for ((number = 1; number <= ran; number++)); do
            local took=("$@") began=${__ctx_times[number]}
            ((began)) && took+=(--began-us "$began" --duration-ms "$(((__ctx_times[number + 1] - began) / 1000))")
            (__ctx_tell "$cwd" "${__ctx_codes[number + 1]}" "${lines[number]}" "${took[@]}")
        done
    }

    # Whether some lines are kept out of the history. bash-preexec takes ignorespace out of there and hides those itself.
    __ctx_hides_lines() {
        [[ ${HISTIGNORE-}${__bp_ignorespace-} || :${HISTCONTROL-}: == *:ignore@(space|both):* ]]
    }

    # What tells the last line of the history from others; nothing while there is no history. Where an older line is erased
    # for a new one, the numbers stay, and only the text tells.
    __ctx_mark() {
        mark=
        [[ -o history ]] || return
        mark="$HISTCMD "
        if [[ :${HISTCONTROL-}: == *:erasedups:* ]] && __ctx_hides_lines; then
            mark+=$(HISTTIMEFORMAT='' builtin history 1)$'\n'
        fi
    }

    # Whether the last line of the history is the one that was just run. A repeated line may not be taken anew; where lines
    # that begin with a space are not taken either, nobody can tell one from the other.
    __ctx_is_in_history() {
        [[ $mark && $__ctx_last ]] || return
        # One may have been made without the text.
        [[ $mark != "$__ctx_last"* && $__ctx_last != "$mark"* ]] && return
        [[ :${HISTCONTROL-}: == *:@(ignore|erase)dups:* ]] && ! __ctx_hides_lines
    }

    __ctx_done() {
        local now=${EPOCHREALTIME-} began=${__ctx_began-} ran=${__ctx_ran:-0} cwd=$__ctx_cwd
        local mark folder fd took=(--after "${__ctx_before:-0}")
        unset -v __ctx_began __ctx_ran
        __ctx_cwd=$PWD
        __ctx_mark
        if [[ $began && ${CONTEXT_TRAY_DISABLE-} != 1 ]] && __ctx_is_in_history; then
            folder=$cwd
            while [[ $folder && ! -e $folder/.context ]]; do folder=${folder%/*}; done
            if [[ $folder ]]; then
                ((began && ran == 1)) && took+=(--began-us "$began" --duration-ms "$(((${now/[.,]/} - began) / 1000))")
                # In a subshell it is no job of ours; nothing of it stays on the terminal, holds a file of ours, or waits for it.
                __ctx_before=$(
                    trap '' HUP
                    for fd in /dev/fd/*; do
                        fd=${fd##*/}
                        if ((fd > 2)); then exec {fd}>&-; fi
                    done
                    if ((ran == 1)); then
                        __ctx_record "$cwd" "$1" "${took[@]}"
                    else
                        __ctx_record_each "$cwd" "$1" "$((${mark%% *} - ${__ctx_last%% *}))" "${took[@]}"
                    fi </dev/null >/dev/null 2>&1 &
                    builtin echo "$!"
                )
            fi
        fi
        __ctx_last=$mark
    }

    # For the length of a call no option or trap of the user's looks at what is done in it.
    __ctx_precmd() {
        local code=$? -
        set +eEfTx
        __ctx_done "$code"
    }

    __ctx_prompt() {
        local code=$? -
        set +eEfTx
        if [[ " ${precmd_functions[*]-} " != *' __ctx_precmd '* ]]; then
            __ctx_done "$code"
            # bash-preexec puts itself before us at the first prompt, and from then on tells the result to its functions only.
            [[ ${__bp_imported-} ]] && precmd_functions=(__ctx_precmd "${precmd_functions[@]}")
        fi
        return "$code"
    }

    # Expanded between a line and its command, in this shell: the sums are kept, and nothing is printed. The result is that of the
    # command before, where there is no prompt between them.
    PS0='${__ctx_none:$((__ctx_ran+=1,__ctx_codes[__ctx_ran]=$?,__ctx_times[__ctx_ran]=__ctx_began=${EPOCHREALTIME/[.,]/}+0,0)):0}'${PS0-}
    # What comes after it sees the result of the command; as part of a list this is no failure for `set -e` and ERR.
    PROMPT_COMMAND="{ __ctx_prompt && :; } 2>/dev/null${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
