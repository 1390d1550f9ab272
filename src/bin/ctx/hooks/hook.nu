# Context Tray: records each interactive command of a project. Needs Nushell 0.107 or later.
if $env.__ctx? == null and $nu.history-enabled {
    # As a record it is not handed to programs.
    $env.__ctx = {command: "", before: ""}

    # Starts what records a command, and says how to wait for it. Nothing works in a folder that is gone, so this leaves it.
    def record [ran: record, duration: string, code: int] {
        cd /
        mut folder = $ran.cwd
        while not ($folder | path join .context | path exists) {
            if ($folder | path dirname) == $folder { return $ran.before }
            $folder = ($folder | path dirname)
        }
        # What a key runs by itself was not typed.
        if $ran.command in ($env.config.keybindings | get event? | flatten | get cmd?) { return $ran.before }
        let is_windows = $nu.os-info.name == "windows"
        # The number of a signal stands behind a minus.
        let code = if $code < 0 and not $is_windows { 128 - $code } else { $code }
        # What was stopped, or goes on in the background, has no result yet.
        let result = if (job list | all {|job| $job.id in $ran.jobs }) { [--exit-code $code] } else { [] }
        let words = [-C $ran.cwd hook record ...$result --began-us $ran.began --duration-ms $duration]
        if $is_windows {
            return (job spawn {||
                for _ in 1..100 { if $ran.before in (job list | get id) { sleep 20ms } else { break } }
                $ran.command | ^@CTX@ ...$words | complete
            })
        }
        # The shell in between makes it no job of ours; nothing of it stays on the terminal or waits for it.
        let start = 'exec 3<&0; trap "" HUP; "$@" <&3 3<&- >/dev/null 2>&1 & echo $!'
        $ran.command | ^/bin/sh -c $start sh @CTX@ ...$words $"--after=($ran.before)" | complete | get stdout | str trim
    }

    $env.config.hooks.pre_execution = ($env.config.hooks.pre_execution? | default [] | append {||
        let began = (date now | into int) // 1000
        $env.__ctx = ($env.__ctx | merge {command: (commandline), cwd: $env.PWD, began: $began, jobs: (job list | get id)})
    })

    $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | prepend {||
        let ran = $env.__ctx
        $env.__ctx.command = ""
        if $ran.command =~ '^\S' and $"($env.CONTEXT_TRAY_DISABLE?)" != "1" {
            $env.__ctx.before = (try { record $ran $env.CMD_DURATION_MS $env.LAST_EXIT_CODE } catch { "" })
        }
    })
}
