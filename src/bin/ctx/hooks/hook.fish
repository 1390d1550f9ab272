# Context Tray: records each interactive command of a project.
if status is-interactive; and not set -q __ctx_hook
    set -g __ctx_hook 1

    function __ctx_preexec --on-event fish_preexec
        set -g __ctx_cwd $PWD
    end

    function __ctx_postexec --on-event fish_postexec
        set -l code $status
        set -l duration $CMD_DURATION
        set -q fish_private_mode; and return
        test "$CONTEXT_TRAY_DISABLE" = 1; and return
        string match -qr '^\S' -- "$argv[1]"; or return
        set -l folder $__ctx_cwd
        while test -n "$folder"; and not test -e "$folder/.context"
            set folder (string replace -r '/[^/]*$' '' -- $folder)
        end
        test -n "$folder"; or return
        # The shell in between makes it no job of ours; nothing of it stays on the terminal or waits for it.
        command sh -c 'trap "" HUP; "$@" </dev/null >/dev/null 2>&1 &' sh @CTX@ -C $__ctx_cwd hook record \
            --exit-code $code --duration-ms $duration -- "$argv[1]" 2>/dev/null
    end
end
