# Context Tray: records each interactive command of a project.
if [[ -o interactive ]] && (( ! ${+__ctx_hook} )) && zmodload -F zsh/datetime p:EPOCHREALTIME; then
    typeset -g __ctx_hook=1 __ctx_line= __ctx_command= __ctx_cwd= __ctx_before=0
    typeset -gF __ctx_began=0

    # The line as it was typed: with hist_reduce_blanks its first space is gone by the time that it runs.
    __ctx_addhistory() {
        __ctx_line=$1
    }

    __ctx_preexec() {
        __ctx_command=$1
        [[ $__ctx_line != ' '* ]] || __ctx_command=
        __ctx_cwd=$PWD __ctx_began=$EPOCHREALTIME
    }

    # zsh keeps the result for the functions after this one.
    __ctx_precmd() {
        local -i code=$?
        local -F now=$EPOCHREALTIME
        emulate -L zsh
        setopt no_bg_nice no_err_exit no_err_return no_xtrace
        local command=$__ctx_command folder=$__ctx_cwd fd
        __ctx_command=
        [[ -n $command && $command != ' '* && ${CONTEXT_TRAY_DISABLE-} != 1 ]] || return 0
        while [[ -n $folder && ! -e $folder/.context ]]; do folder=${folder%/*}; done
        [[ -n $folder ]] || return 0
        local -i began='__ctx_began * 1000000' duration='(now - __ctx_began) * 1000'
        local -a words=(-C "$__ctx_cwd" hook record --after "${__ctx_before:-0}" --began-us $began --duration-ms $duration)
        # A command that was stopped has no result yet.
        if (( code <= 128 )) || [[ $signals[code-127] != (TSTP|STOP|TTIN|TTOU) ]]; then words+=(--exit-code $code); fi
        # In a subshell it is no job of ours; nothing of it stays on the terminal, holds a file of ours, or waits for it.
        __ctx_before=$(
            trap - ZERR
            for fd in /dev/fd/*(N:t); do
                if (( fd > 2 )); then exec {fd}>&-; fi
            done
            # One argument has no room for a very long line.
            if (( $#command < 30000 )); then
                { trap '' HUP; exec @CTX@ $words -- "$command" } </dev/null >/dev/null 2>&1 &
            else
                print -rn -- "$command" 2>/dev/null | { trap '' HUP; exec @CTX@ $words } >/dev/null 2>&1 &
            fi
            print $!
        ) 2>/dev/null
        return 0
    }

    autoload -Uz add-zsh-hook
    add-zsh-hook zshaddhistory __ctx_addhistory
    add-zsh-hook preexec __ctx_preexec
    add-zsh-hook precmd __ctx_precmd
fi
