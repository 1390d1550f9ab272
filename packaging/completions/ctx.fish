# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ctx_global_optspecs
    string join \n C/project= q/quiet v/verbose color= h/help V/version
end

function __fish_ctx_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ctx_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ctx_using_subcommand
    set -l cmd (__fish_ctx_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ctx -n "__fish_ctx_needs_command" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_needs_command" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_needs_command" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_needs_command" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_needs_command" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_needs_command" -s V -l version -d 'Print version'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "init" -d 'Make the .context folder of a project, and start nothing'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "start" -d 'Record a project from now on'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "start-session" -d 'Record a project from now on'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "stop" -d 'Stop recording a project, and clean up behind a tracker that died'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "stop-session" -d 'Stop recording a project, and clean up behind a tracker that died'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "pause" -d 'Stop recording a project for a while; what changes meanwhile is found afterwards'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "resume" -d 'End the pause of a project'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "status" -d 'Show whether a project is recorded, and what happened last'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "session" -d 'Save a brief of the latest session, or show its status: two verbs as Context Engine names them'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "list" -d 'List the registered projects'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "forget" -d 'Stop recording a project and take it off the list; its .context folder stays'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "explain" -d 'Say whether a change to a path would be recorded, and which rule decides'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "log" -d 'Record a command that ran elsewhere'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "note" -d 'Record a remark'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "run" -d 'Run a command and record it with its result and duration'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "tail" -d 'Show the last entries of the record'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "brief" -d 'Tell in few words what happened: commands, files, git, gaps'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "summary" -d 'Tell in few words what happened: commands, files, git, gaps'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "check" -d 'Say whether a command ran and succeeded: exit 0 if so, 7 if not'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "sync" -d 'Wait until every change made so far is in the record'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "doctor" -d 'Look at everything that recording needs, and say what mends what is wrong'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "redact" -d 'Take the secrets out of what was recorded before'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "hook" -d 'Record every command of a shell by itself, with its result and duration'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "mcp" -d 'Serve the record to an assistant, read-only, by the Model Context Protocol on standard input and output'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "agent" -d 'Control the agent, which looks after the projects'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "autostart" -d 'Control whether the agent is launched at login'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "config" -d 'Show or change the configuration'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "completions" -d 'Print what completes the command line in a shell'
complete -c ctx -n "__fish_ctx_needs_command" -f -a "man" -d 'Print the manual page of ctx, or write those of all verbs into a folder'
complete -c ctx -n "__fish_ctx_using_subcommand init" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand init" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand init" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand init" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand init" -l force -d 'Take the home folder or the root of the disk too'
complete -c ctx -n "__fish_ctx_using_subcommand init" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand start" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand start" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand start" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand start" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand start" -l foreground -d 'Record here, without an agent, until Ctrl-C'
complete -c ctx -n "__fish_ctx_using_subcommand start" -l force -d 'Take the home folder or the root of the disk too'
complete -c ctx -n "__fish_ctx_using_subcommand start" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -l foreground -d 'Record here, without an agent, until Ctrl-C'
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -l force -d 'Take the home folder or the root of the disk too'
complete -c ctx -n "__fish_ctx_using_subcommand start-session" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand stop" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand stop" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand stop" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand stop" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand stop" -l all -d 'Stop recording every project'
complete -c ctx -n "__fish_ctx_using_subcommand stop" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand stop-session" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand stop-session" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand stop-session" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand stop-session" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand stop-session" -l all -d 'Stop recording every project'
complete -c ctx -n "__fish_ctx_using_subcommand stop-session" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand pause" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand pause" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand pause" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand pause" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand pause" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand resume" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand resume" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand resume" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand resume" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand resume" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand status" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand status" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand status" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand status" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand status" -l all -d 'Show every registered project'
complete -c ctx -n "__fish_ctx_using_subcommand status" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand status" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -f -a "status" -d 'Show whether a project is recorded, and what happened last'
complete -c ctx -n "__fish_ctx_using_subcommand session; and not __fish_seen_subcommand_from status save" -f -a "save" -d 'Save the brief of the latest session'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -l all -d 'Show every registered project'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from save" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from save" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from save" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from save" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand session; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand list" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand list" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand list" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand list" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand list" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand list" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand forget" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand forget" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand forget" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand forget" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand forget" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand explain" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand explain" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand explain" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand explain" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand explain" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand log" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand log" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand log" -l exit-code -d 'Its exit code' -r
complete -c ctx -n "__fish_ctx_using_subcommand log" -l duration-ms -d 'How long it took, in milliseconds' -r
complete -c ctx -n "__fish_ctx_using_subcommand log" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand log" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand log" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand note" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand note" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand note" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand note" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand note" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand run" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand run" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand run" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand run" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand run" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand tail" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand tail" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand tail" -s n -l lines -d 'How many entries [default: 20, or all with --since]' -r
complete -c ctx -n "__fish_ctx_using_subcommand tail" -l path -d 'Only what happened to this file, or below this folder' -r -F
complete -c ctx -n "__fish_ctx_using_subcommand tail" -l kind -d 'Only entries of these kinds' -r -f -a "created\t''
edited\t''
deleted\t''
moved\t''
ran\t''
note\t''
git\t''
started\t''
stopped\t''
gap\t''"
complete -c ctx -n "__fish_ctx_using_subcommand tail" -l since -d 'Only what happened in this time, such as 30m, 2h or 3d, or since a moment such as 2026-11-22T10:00' -r
complete -c ctx -n "__fish_ctx_using_subcommand tail" -l grep -d 'Only entries whose line holds this text' -r
complete -c ctx -n "__fish_ctx_using_subcommand tail" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand tail" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand tail" -s f -l follow -d 'Go on with what happens from now on'
complete -c ctx -n "__fish_ctx_using_subcommand tail" -l json -d 'Print JSON, one entry a line'
complete -c ctx -n "__fish_ctx_using_subcommand tail" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand brief" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand brief" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand brief" -l since -d 'From where on: `last`, where the reader left off; a span such as 2h; or a moment such as 2026-11-22T10:00 [default: the latest session]' -r
complete -c ctx -n "__fish_ctx_using_subcommand brief" -l reader -d 'Who reads it; the next `--since last` of the same reader goes on from here' -r
complete -c ctx -n "__fish_ctx_using_subcommand brief" -l max-tokens -d 'The most tokens that the text may have, at least 300' -r
complete -c ctx -n "__fish_ctx_using_subcommand brief" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand brief" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand brief" -l save -d 'Save it to .context/session_summary.md'
complete -c ctx -n "__fish_ctx_using_subcommand brief" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand brief" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand summary" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand summary" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand summary" -l since -d 'From where on: `last`, where the reader left off; a span such as 2h; or a moment such as 2026-11-22T10:00 [default: the latest session]' -r
complete -c ctx -n "__fish_ctx_using_subcommand summary" -l reader -d 'Who reads it; the next `--since last` of the same reader goes on from here' -r
complete -c ctx -n "__fish_ctx_using_subcommand summary" -l max-tokens -d 'The most tokens that the text may have, at least 300' -r
complete -c ctx -n "__fish_ctx_using_subcommand summary" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand summary" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand summary" -l save -d 'Save it to .context/session_summary.md'
complete -c ctx -n "__fish_ctx_using_subcommand summary" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand summary" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand check" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand check" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand check" -l ran -d 'A part of the command line' -r
complete -c ctx -n "__fish_ctx_using_subcommand check" -l paths -d 'The files whose changes count, as in a .gitignore of the folder that you are in [default: every file]' -r
complete -c ctx -n "__fish_ctx_using_subcommand check" -l within -d 'Only if it ended in this time, such as 10m or 2h' -r
complete -c ctx -n "__fish_ctx_using_subcommand check" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand check" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand check" -l after-last-edit -d 'Only if no file has changed since it began'
complete -c ctx -n "__fish_ctx_using_subcommand check" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand check" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand sync" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand sync" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand sync" -l timeout -d 'Give up after this time, such as 500ms, 10s or 2m' -r
complete -c ctx -n "__fish_ctx_using_subcommand sync" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand sync" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand sync" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand doctor" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand doctor" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand doctor" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand doctor" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand doctor" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand redact" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand redact" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand redact" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand redact" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand redact" -l dry-run -d 'Only show the lines that would lose something, as they would be then'
complete -c ctx -n "__fish_ctx_using_subcommand redact" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -f -a "init" -d 'Print the hook'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -f -a "install" -d 'Put the hook into the file that the shell reads when it starts'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -f -a "uninstall" -d 'Take it out again; the rest of the file is as it was'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and not __fish_seen_subcommand_from init install uninstall record" -f -a "record" -d 'Record one command, for a hook: says nothing, and never fails'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from init" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from init" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from install" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from install" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -l exit-code -d 'Its exit code [default: nobody knows]' -r
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -l began-us -d 'When it began, in microseconds since the Unix epoch [default: its duration ago]' -r
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -l duration-ms -d 'How long it took, in milliseconds' -r
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -l after -d 'Let this process end first: the one that records the command before' -r
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from record" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand mcp" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand mcp" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand mcp" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand mcp" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand mcp" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -f -a "run" -d 'Run the agent here, without a tray icon, until Ctrl-C'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -f -a "start" -d 'Start the agent'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -f -a "stop" -d 'Stop the agent; what it recorded is recorded again when it starts'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -f -a "restart" -d 'Stop the agent and start it again'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and not __fish_seen_subcommand_from run start stop restart status" -f -a "status" -d 'Show whether an agent runs'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from run" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from run" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from start" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from start" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from start" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from stop" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from stop" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from restart" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from restart" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from restart" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from restart" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from status" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from status" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand agent; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -f -a "enable" -d 'Launch the agent at login'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -f -a "disable" -d 'Do not launch it any more'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and not __fish_seen_subcommand_from enable disable status" -f -a "status" -d 'Show whether it is launched'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from enable" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from enable" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from disable" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from disable" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from status" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from status" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand autostart; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -f -a "path" -d 'Print the path of the file'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -f -a "get" -d 'Show what is in force: the defaults, your own file, and on top that of the project'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -f -a "set" -d 'Set a value, and leave the rest of the file as it is'
complete -c ctx -n "__fish_ctx_using_subcommand config; and not __fish_seen_subcommand_from path get set edit" -f -a "edit" -d 'Open the file in $VISUAL or $EDITOR, and look at the result'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from path" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from path" -l project-file -d 'That of the project that you are in, in place of your own'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from get" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from get" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -l default -d 'Take it out of the file'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -l project-file -d 'In the file of the project that you are in, in place of your own'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from edit" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from edit" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from edit" -l project-file -d 'That of the project that you are in, in place of your own'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand completions" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand completions" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand completions" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand completions" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand man" -s C -l project -d 'Act as if started in this folder' -r -f -a "(__fish_complete_directories)"
complete -c ctx -n "__fish_ctx_using_subcommand man" -l color -d 'When to colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ctx -n "__fish_ctx_using_subcommand man" -s q -l quiet -d 'Say nothing but errors and what was asked for'
complete -c ctx -n "__fish_ctx_using_subcommand man" -s v -l verbose -d 'Say how it went'
complete -c ctx -n "__fish_ctx_using_subcommand man" -s h -l help -d 'Print help'
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from init" -f -a "bash zsh fish powershell nushell"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from install" -f -a "bash zsh fish powershell nushell"
complete -c ctx -n "__fish_ctx_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -f -a "bash zsh fish powershell nushell"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from get" -f -a "watch.ignore watch.use_gitignore watch.directories record.quiet_ms record.max_hold_ms record.summarise_over record.rotate_over_mb record.keep_days redact.patterns notify.enabled notify.mute"
complete -c ctx -n "__fish_ctx_using_subcommand config; and __fish_seen_subcommand_from set" -f -a "watch.ignore watch.use_gitignore watch.directories record.quiet_ms record.max_hold_ms record.summarise_over record.rotate_over_mb record.keep_days redact.patterns notify.enabled notify.mute"
complete -c ctx -n "__fish_ctx_using_subcommand completions" -f -a "bash zsh fish powershell elvish nushell"
