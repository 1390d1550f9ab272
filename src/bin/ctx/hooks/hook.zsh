# Context Tray: records each interactive command of a project.
if [[ -o interactive ]] && (( ! ${+__ctx_hook} )) && zmodload -F zsh/datetime p:EPOCHREALTIME; then
    typeset -g __ctx_hook=1 __ctx_line= __ctx_command= __ctx_cwd=
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

    __ctx_precmd() {
        local -i code=$?
        local -F now=$EPOCHREALTIME
        emulate -L zsh
        setopt no_bg_nice
        local command=$__ctx_command folder=$__ctx_cwd
        __ctx_command=
        [[ -n $command && $command != ' '* && ${CONTEXT_TRAY_DISABLE-} != 1 ]] || return $code
        while [[ -n $folder && ! -e $folder/.context ]]; do folder=${folder%/*}; done
        [[ -n $folder ]] || return $code
        local -i began='__ctx_began * 1000000' duration='(now - __ctx_began) * 1000'
        # In a subshell it is no job of ours; nothing of it stays on the terminal or waits for it.
        (
            trap '' HUP
            @CTX@ -C "$__ctx_cwd" hook record --exit-code $code --began-us $began --duration-ms $duration -- "$command" &
        ) </dev/null >/dev/null 2>&1
        return $code
    }

    autoload -Uz add-zsh-hook
    add-zsh-hook zshaddhistory __ctx_addhistory
    add-zsh-hook preexec __ctx_preexec
    add-zsh-hook precmd __ctx_precmd
fi
