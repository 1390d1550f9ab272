# Context Tray: records each interactive command of a project.
if status is-interactive; and not set -q __ctx_hook
    set -g __ctx_hook 1

    function __ctx_preexec --on-event fish_preexec
        set -g __ctx_cwd $PWD
        set -g __ctx_jobs (jobs -p)
    end

    function __ctx_postexec --on-event fish_postexec
        set -l result --exit-code $status
        set -l duration $CMD_DURATION
        set -q fish_private_mode; and return
        test "$CONTEXT_TRAY_DISABLE" = 1; and return
        string match -qr '^\S' -- "$argv[1]"; or return
        set -l folder $__ctx_cwd
        while test -n "$folder"; and not test -e "$folder/.context"
            set folder (string replace -r '/[^/]*$' '' -- $folder)
        end
        test -n "$folder"; or return
        # What was stopped, or goes on in the background, has no result yet.
        for job in (jobs -p)
            contains -- $job $__ctx_jobs; or set result
        end
        # The shell in between makes it no job of ours; nothing of it stays on the terminal or waits for it. The line may be
        # longer than an argument.
        set -l start 'exec 3<&0; trap "" HUP; "$@" <&3 3<&- >/dev/null 2>&1 & echo $!'
        set -g __ctx_before (printf %s "$argv[1]" | command sh -c $start sh @CTX@ -C $__ctx_cwd hook record \
            $result --duration-ms $duration --after=$__ctx_before 2>/dev/null)
    end
end
