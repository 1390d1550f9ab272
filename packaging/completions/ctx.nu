module completions {

  def "nu-complete ctx color" [] {
    [ "auto" "always" "never" ]
  }

  # Keep a trustworthy local record of what happens in a project
  export extern ctx [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx color" # When to colour the output
    --help(-h)                # Print help
    --version(-V)             # Print version
  ]

  def "nu-complete ctx init color" [] {
    [ "auto" "always" "never" ]
  }

  # Make the .context folder of a project, and start nothing
  export extern "ctx init" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx init color" # When to colour the output
    --force                   # Take the home folder or the root of the disk too
    --help(-h)                # Print help
    path?: path               # The project's folder [default: the one that you are in]
  ]

  def "nu-complete ctx start color" [] {
    [ "auto" "always" "never" ]
  }

  # Record a project from now on
  export extern "ctx start" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx start color" # When to colour the output
    --foreground              # Record here, without an agent, until Ctrl-C
    --force                   # Take the home folder or the root of the disk too
    --help(-h)                # Print help
    path?: path               # The project's folder [default: the project that you are in, else the git work tree, else this folder]
  ]

  def "nu-complete ctx stop color" [] {
    [ "auto" "always" "never" ]
  }

  # Stop recording a project, and clean up behind a tracker that died
  export extern "ctx stop" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx stop color" # When to colour the output
    --all                     # Stop recording every project
    --help(-h)                # Print help
    path?: path               # The project's folder, or one in it [default: the one that you are in]
  ]

  def "nu-complete ctx pause color" [] {
    [ "auto" "always" "never" ]
  }

  # Stop recording a project for a while; what changes meanwhile is found afterwards
  export extern "ctx pause" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx pause color" # When to colour the output
    --help(-h)                # Print help
    path?: path               # The project's folder, or one in it [default: the one that you are in]
    span?: string             # For how long, such as 15m or 2h, or "tomorrow" [default: until `ctx resume`]
  ]

  def "nu-complete ctx resume color" [] {
    [ "auto" "always" "never" ]
  }

  # End the pause of a project
  export extern "ctx resume" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx resume color" # When to colour the output
    --help(-h)                # Print help
    path?: path               # The project's folder, or one in it [default: the one that you are in]
  ]

  def "nu-complete ctx status color" [] {
    [ "auto" "always" "never" ]
  }

  # Show whether a project is recorded, and what happened last
  export extern "ctx status" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx status color" # When to colour the output
    --all                     # Show every registered project
    --json                    # Print JSON
    --help(-h)                # Print help
    path?: path               # The project's folder, or one in it [default: the one that you are in]
  ]

  def "nu-complete ctx session color" [] {
    [ "auto" "always" "never" ]
  }

  # Save a brief of the latest session, or show its status: two verbs as Context Engine names them
  export extern "ctx session" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx session color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx session status color" [] {
    [ "auto" "always" "never" ]
  }

  # Show whether a project is recorded, and what happened last
  export extern "ctx session status" [
    --all                     # Show every registered project
    --json                    # Print JSON
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx session status color" # When to colour the output
    --help(-h)                # Print help
    path?: path               # The project's folder, or one in it [default: the one that you are in]
  ]

  def "nu-complete ctx session save color" [] {
    [ "auto" "always" "never" ]
  }

  # Save the brief of the latest session
  export extern "ctx session save" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx session save color" # When to colour the output
    --help(-h)                # Print help
    note?: string             # A remark to record first
  ]

  def "nu-complete ctx list color" [] {
    [ "auto" "always" "never" ]
  }

  # List the registered projects
  export extern "ctx list" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx list color" # When to colour the output
    --json                    # Print JSON
    --help(-h)                # Print help
  ]

  def "nu-complete ctx forget color" [] {
    [ "auto" "always" "never" ]
  }

  # Stop recording a project and take it off the list; its .context folder stays
  export extern "ctx forget" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx forget color" # When to colour the output
    --help(-h)                # Print help
    path: path                # The project's folder
  ]

  def "nu-complete ctx explain color" [] {
    [ "auto" "always" "never" ]
  }

  # Say whether a change to a path would be recorded, and which rule decides
  export extern "ctx explain" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx explain color" # When to colour the output
    --help(-h)                # Print help
    path: path                # A file or folder of the project; it need not exist
  ]

  def "nu-complete ctx log color" [] {
    [ "auto" "always" "never" ]
  }

  # Record a command that ran elsewhere
  export extern "ctx log" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx log color" # When to colour the output
    --exit-code: string       # Its exit code
    --duration-ms: string     # How long it took, in milliseconds
    --help(-h)                # Print help
    command: string           # The command
    status?: string           # Its result [default: Success, or Failed with the exit code]
  ]

  def "nu-complete ctx note color" [] {
    [ "auto" "always" "never" ]
  }

  # Record a remark
  export extern "ctx note" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx note color" # When to colour the output
    --help(-h)                # Print help
    text: string              # What to remember
  ]

  def "nu-complete ctx run color" [] {
    [ "auto" "always" "never" ]
  }

  # Run a command and record it with its result and duration
  export extern "ctx run" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx run color" # When to colour the output
    --help(-h)                # Print help
    ...command: string        # The command and its arguments
  ]

  def "nu-complete ctx tail color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete ctx tail kind" [] {
    [ "created" "edited" "deleted" "moved" "ran" "note" "git" "started" "stopped" "gap" ]
  }

  # Show the last entries of the record
  export extern "ctx tail" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx tail color" # When to colour the output
    --lines(-n): string       # How many entries [default: 20, or all with --since]
    --follow(-f)              # Go on with what happens from now on
    --json                    # Print JSON, one entry a line
    --path: path              # Only what happened to this file, or below this folder
    --kind: string@"nu-complete ctx tail kind" # Only entries of these kinds
    --since: string           # Only what happened in this time, such as 30m, 2h or 3d, or since a moment such as 2026-11-22T10:00
    --grep: string            # Only entries whose line holds this text
    --help(-h)                # Print help
  ]

  def "nu-complete ctx brief color" [] {
    [ "auto" "always" "never" ]
  }

  # Tell in few words what happened: commands, files, git, gaps
  export extern "ctx brief" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx brief color" # When to colour the output
    --save                    # Save it to .context/session_summary.md
    --since: string           # From where on: `last`, where the reader left off; a span such as 2h; or a moment such as 2026-11-22T10:00 [default: the latest session]
    --reader: string          # Who reads it; the next `--since last` of the same reader goes on from here
    --max-tokens: string      # The most tokens that the text may have, at least 300
    --json                    # Print JSON
    --help(-h)                # Print help
  ]

  def "nu-complete ctx check color" [] {
    [ "auto" "always" "never" ]
  }

  # Say whether a command ran and succeeded: exit 0 if so, 7 if not
  export extern "ctx check" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx check color" # When to colour the output
    --ran: string             # A part of the command line
    --after-last-edit         # Only if no file has changed since it began
    --paths: string           # The files whose changes count, as in a .gitignore of the folder that you are in [default: every file]
    --within: string          # Only if it ended in this time, such as 10m or 2h
    --json                    # Print JSON
    --help(-h)                # Print help
  ]

  def "nu-complete ctx sync color" [] {
    [ "auto" "always" "never" ]
  }

  # Wait until every change made so far is in the record
  export extern "ctx sync" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx sync color" # When to colour the output
    --timeout: string         # Give up after this time, such as 500ms, 10s or 2m
    --help(-h)                # Print help
  ]

  def "nu-complete ctx doctor color" [] {
    [ "auto" "always" "never" ]
  }

  # Look at everything that recording needs, and say what mends what is wrong
  export extern "ctx doctor" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx doctor color" # When to colour the output
    --json                    # Print JSON
    --help(-h)                # Print help
  ]

  def "nu-complete ctx redact color" [] {
    [ "auto" "always" "never" ]
  }

  # Take the secrets out of what was recorded before
  export extern "ctx redact" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx redact color" # When to colour the output
    --dry-run                 # Only show the lines that would lose something, as they would be then
    --help(-h)                # Print help
  ]

  def "nu-complete ctx hook color" [] {
    [ "auto" "always" "never" ]
  }

  # Record every command of a shell by itself, with its result and duration
  export extern "ctx hook" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx hook color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx hook init shell" [] {
    [ "bash" "zsh" "fish" "powershell" "nushell" ]
  }

  def "nu-complete ctx hook init color" [] {
    [ "auto" "always" "never" ]
  }

  # Print the hook
  export extern "ctx hook init" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx hook init color" # When to colour the output
    --help(-h)                # Print help
    shell: string@"nu-complete ctx hook init shell" # The shell that is to run it
  ]

  def "nu-complete ctx hook install shell" [] {
    [ "bash" "zsh" "fish" "powershell" "nushell" ]
  }

  def "nu-complete ctx hook install color" [] {
    [ "auto" "always" "never" ]
  }

  # Put the hook into the file that the shell reads when it starts
  export extern "ctx hook install" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx hook install color" # When to colour the output
    --help(-h)                # Print help
    shell: string@"nu-complete ctx hook install shell" # The shell
  ]

  def "nu-complete ctx hook uninstall shell" [] {
    [ "bash" "zsh" "fish" "powershell" "nushell" ]
  }

  def "nu-complete ctx hook uninstall color" [] {
    [ "auto" "always" "never" ]
  }

  # Take it out again; the rest of the file is as it was
  export extern "ctx hook uninstall" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx hook uninstall color" # When to colour the output
    --help(-h)                # Print help
    shell: string@"nu-complete ctx hook uninstall shell" # The shell
  ]

  def "nu-complete ctx hook record color" [] {
    [ "auto" "always" "never" ]
  }

  # Record one command, for a hook: says nothing, and never fails
  export extern "ctx hook record" [
    --exit-code: string       # Its exit code [default: nobody knows]
    --began-us: string        # When it began, in microseconds since the Unix epoch [default: its duration ago]
    --duration-ms: string     # How long it took, in milliseconds
    --after: string           # Let this process end first: the one that records the command before
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx hook record color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx mcp color" [] {
    [ "auto" "always" "never" ]
  }

  # Serve the record to an assistant, read-only, by the Model Context Protocol on standard input and output
  export extern "ctx mcp" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx mcp color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx agent color" [] {
    [ "auto" "always" "never" ]
  }

  # Control the agent, which looks after the projects
  export extern "ctx agent" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx agent color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx agent run color" [] {
    [ "auto" "always" "never" ]
  }

  # Run the agent here, without a tray icon, until Ctrl-C
  export extern "ctx agent run" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx agent run color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx agent start color" [] {
    [ "auto" "always" "never" ]
  }

  # Start the agent
  export extern "ctx agent start" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx agent start color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx agent stop color" [] {
    [ "auto" "always" "never" ]
  }

  # Stop the agent; what it recorded is recorded again when it starts
  export extern "ctx agent stop" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx agent stop color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx agent restart color" [] {
    [ "auto" "always" "never" ]
  }

  # Stop the agent and start it again
  export extern "ctx agent restart" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx agent restart color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx agent status color" [] {
    [ "auto" "always" "never" ]
  }

  # Show whether an agent runs
  export extern "ctx agent status" [
    --json                    # Print JSON
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx agent status color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx autostart color" [] {
    [ "auto" "always" "never" ]
  }

  # Control whether the agent is launched at login
  export extern "ctx autostart" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx autostart color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx autostart enable color" [] {
    [ "auto" "always" "never" ]
  }

  # Launch the agent at login
  export extern "ctx autostart enable" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx autostart enable color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx autostart disable color" [] {
    [ "auto" "always" "never" ]
  }

  # Do not launch it any more
  export extern "ctx autostart disable" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx autostart disable color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx autostart status color" [] {
    [ "auto" "always" "never" ]
  }

  # Show whether it is launched
  export extern "ctx autostart status" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx autostart status color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx config color" [] {
    [ "auto" "always" "never" ]
  }

  # Show or change the configuration
  export extern "ctx config" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx config color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx config path color" [] {
    [ "auto" "always" "never" ]
  }

  # Print the path of the file
  export extern "ctx config path" [
    --project-file            # That of the project that you are in, in place of your own
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx config path color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx config get key" [] {
    [ "watch.ignore" "watch.use_gitignore" "watch.directories" "record.quiet_ms" "record.max_hold_ms" "record.summarise_over" "record.rotate_over_mb" "record.keep_days" "redact.patterns" "notify.enabled" "notify.mute" ]
  }

  def "nu-complete ctx config get color" [] {
    [ "auto" "always" "never" ]
  }

  # Show what is in force: the defaults, your own file, and on top that of the project
  export extern "ctx config get" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx config get color" # When to colour the output
    --help(-h)                # Print help
    key?: string@"nu-complete ctx config get key" # Only this, as its bare value
  ]

  def "nu-complete ctx config set key" [] {
    [ "watch.ignore" "watch.use_gitignore" "watch.directories" "record.quiet_ms" "record.max_hold_ms" "record.summarise_over" "record.rotate_over_mb" "record.keep_days" "redact.patterns" "notify.enabled" "notify.mute" ]
  }

  def "nu-complete ctx config set color" [] {
    [ "auto" "always" "never" ]
  }

  # Set a value, and leave the rest of the file as it is
  export extern "ctx config set" [
    --default                 # Take it out of the file
    --project-file            # In the file of the project that you are in, in place of your own
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx config set color" # When to colour the output
    --help(-h)                # Print help
    key: string@"nu-complete ctx config set key" # What to set
    ...values: string         # Its value; those of a list one by one, as they are
  ]

  def "nu-complete ctx config edit color" [] {
    [ "auto" "always" "never" ]
  }

  # Open the file in $VISUAL or $EDITOR, and look at the result
  export extern "ctx config edit" [
    --project-file            # That of the project that you are in, in place of your own
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx config edit color" # When to colour the output
    --help(-h)                # Print help
  ]

  def "nu-complete ctx completions color" [] {
    [ "auto" "always" "never" ]
  }

  def "nu-complete ctx completions shell" [] {
    [ "bash" "zsh" "fish" "powershell" "elvish" "nushell" ]
  }

  # Print what completes the command line in a shell
  export extern "ctx completions" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx completions color" # When to colour the output
    --help(-h)                # Print help
    shell: string@"nu-complete ctx completions shell" # The shell
  ]

  def "nu-complete ctx man color" [] {
    [ "auto" "always" "never" ]
  }

  # Print the manual page of ctx, or write those of all verbs into a folder
  export extern "ctx man" [
    --project(-C): directory  # Act as if started in this folder
    --quiet(-q)               # Say nothing but errors and what was asked for
    --verbose(-v)             # Say how it went
    --color: string@"nu-complete ctx man color" # When to colour the output
    --help(-h)                # Print help
    folder?: path             # The folder, which is made where it is absent
  ]

}

export use completions *
