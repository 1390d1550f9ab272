# Context Tray: records each interactive command of a project. Needs Nushell 0.103 or later.
$env.config.hooks.pre_execution = ($env.config.hooks.pre_execution? | default [] | append {||
    $env.__CTX_COMMAND = (commandline)
    $env.__CTX_CWD = $env.PWD
    $env.__CTX_BEGAN = (date now | into int) // 1000
})
$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | prepend {||
    let command = $env.__CTX_COMMAND? | default ""
    $env.__CTX_COMMAND = ""
    if ($command | is-empty) or ($command =~ '^\s') or ($env.CONTEXT_TRAY_DISABLE? == "1") { return }
    let cwd = $env.__CTX_CWD
    let began = $env.__CTX_BEGAN
    mut folder = $cwd
    while not ($folder | path join ".context" | path exists) {
        if ($folder | path dirname) == $folder { return }
        $folder = ($folder | path dirname)
    }
    let code = $env.LAST_EXIT_CODE
    let duration = ((date now | into int) // 1000 - $began) // 1000
    job spawn {||
        ^@CTX@ -C $cwd hook record --exit-code $code --began-us $began --duration-ms $duration -- $command | complete | ignore
    } | ignore
})
