# Context Tray: records each interactive command of a project. Needs bash 4.4 or later.
if [[ $- == *i* && -z ${__ctx_hook-} ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
    __ctx_hook=1 __ctx_none='' __ctx_last='' __ctx_cwd=$PWD

    # The history can't be told apart from here: a line that it does not take is not ours to know.
    __ctx_record() {
        local line
        line=$(HISTTIMEFORMAT='' builtin history 1)
        line=${line#*[0-9][* ] }
        [[ $line && $line != ' '* ]] || return
        exec @CTX@ -C "$1" hook record "${@:2}" -- "$line"
    }

    # Whether the last line is the one that was just run. A repeated line is not taken where HISTCONTROL has ignoredups;
    # a line that begins with a space is not either where it has ignorespace, and then nobody can tell one from the other.
    __ctx_is_in_history() {
        [[ $1 != "$__ctx_last" ]] && return
        # bash-preexec takes ignorespace out of there and hides those lines itself.
        [[ ${HISTIGNORE-}${__bp_ignorespace-} ]] && return 1
        [[ :${HISTCONTROL-}: == *:ignoredups:* && :${HISTCONTROL-}: != *:ignore@(space|both):* ]]
    }

    __ctx_done() {
        local code=$1 now=${EPOCHREALTIME-} began=${__ctx_began-} cwd=$__ctx_cwd number=$HISTCMD folder took=()
        unset -v __ctx_began
        __ctx_cwd=$PWD
        if [[ $began && ${CONTEXT_TRAY_DISABLE-} != 1 ]] && __ctx_is_in_history "$number"; then
            folder=$cwd
            while [[ $folder && ! -e $folder/.context ]]; do folder=${folder%/*}; done
            if [[ $folder ]]; then
                ((began)) && took=(--began-us "$began" --duration-ms "$(((${now/[.,]/} - began) / 1000))")
                # In a subshell it is no job of ours; nothing of it stays on the terminal or waits for it.
                (
                    trap '' HUP
                    __ctx_record "$cwd" --exit-code "$code" "${took[@]}" &
                ) </dev/null >/dev/null 2>&1
            fi
        fi
        __ctx_last=$number
        return "$code"
    }

    __ctx_precmd() {
        __ctx_done "$?"
    }

    __ctx_prompt() {
        local code=$?
        if [[ " ${precmd_functions[*]-} " != *' __ctx_precmd '* ]]; then
            __ctx_done "$code"
            # bash-preexec puts itself before us at the first prompt, and from then on tells the result to its functions only.
            [[ ${__bp_imported-} ]] && precmd_functions=(__ctx_precmd "${precmd_functions[@]}")
        fi
        return "$code"
    }

    # Expanded between the line and its command, in this shell: the sum is kept, and nothing is printed.
    PS0=${PS0-}'${__ctx_none:$((__ctx_began=${EPOCHREALTIME/[.,]/}+0,0)):0}'
    PROMPT_COMMAND="__ctx_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
