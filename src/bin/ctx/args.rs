//! The command line: every verb, what it takes, what it is for.

mod config;
mod read;
mod record;
mod session;
mod time;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use context_tray::request::Span;

pub(crate) use config::Config;
pub(crate) use read::{Brief, Check, Kind, Tail};
use record::text;
pub(crate) use record::{Hook, HookRecord, Log, Shell, are_of_a_hook};
pub(crate) use session::{Agent, Autostart, Session, Start, Status};
pub(crate) use time::{duration, span};

const EXAMPLES: &str = "Examples:
  ctx start                         Record the project that you are in
  ctx run -- cargo test             Run a command and record its result
  ctx log \"deployed staging\"        Record a command that ran elsewhere
  ctx tail -f                       Follow the record
  ctx stop                          Stop recording";

/// Keep a trustworthy local record of what happens in a project
#[derive(Debug, Parser)]
#[command(name = "ctx", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Above the options that every verb takes.
const EVERYWHERE: &str = "Global options";

/// What every verb takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Act as if started in this folder
    #[arg(short = 'C', long, help_heading = EVERYWHERE, global = true, value_name = "DIR", value_parser = folder(), value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Say nothing but errors and what was asked for
    #[arg(short, long, help_heading = EVERYWHERE, global = true)]
    pub(crate) quiet: bool,
    /// Say how it went
    #[arg(short, long, help_heading = EVERYWHERE, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// When to colour the output
    #[arg(long, help_heading = EVERYWHERE, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) color: Color,
}

/// An empty word is no folder, and names the one that we are in.
fn folder() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// When the output is coloured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The shells that have completions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CompletedShell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
    #[value(alias = "nu")]
    Nushell,
}

/// The verbs. Only the one in use is built: `ctx log` is to cost a prompt nothing.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Make the .context folder of a project, and start nothing
    #[command(after_help = "\
Examples:
  ctx init           The folder that you are in
  ctx init ~/shop")]
    Init {
        /// The project's folder [default: the one that you are in]
        path: Option<PathBuf>,
        /// Take the home folder or the root of the disk too
        #[arg(long)]
        force: bool,
    },
    /// Record a project from now on
    #[command(
        visible_alias = "start-session",
        after_help = "\
Examples:
  ctx start                 The project that you are in
  ctx start ~/shop
  ctx start --foreground    Without an agent, as in a container"
    )]
    Start(Start),
    /// Stop recording a project, and clean up behind a tracker that died
    #[command(
        visible_alias = "stop-session",
        after_help = "\
Exit code 3 says that there was nothing to stop.

Examples:
  ctx stop
  ctx stop --all"
    )]
    Stop {
        /// The project's folder, or one in it [default: the one that you are in]
        path: Option<PathBuf>,
        /// Stop recording every project
        #[arg(long, conflicts_with = "path")]
        all: bool,
    },
    /// Stop recording a project for a while; what changes meanwhile is found afterwards
    #[command(after_help = "\
Examples:
  ctx pause 15m              This project, for a quarter of an hour
  ctx pause ~/shop tomorrow  Another one, until 4 o'clock in the morning
  ctx pause                  Until `ctx resume`

While a project is paused no change is looked at; what has changed is told below a gap when the pause ends.
Commands that you log yourself are recorded all the same.")]
    Pause {
        /// The project's folder, or one in it [default: the one that you are in]
        path: Option<PathBuf>,
        /// For how long, such as 15m or 2h, or "tomorrow" [default: until `ctx resume`]
        #[arg(value_name = "DURATION", value_parser = span)]
        span: Option<Span>,
    },
    /// End the pause of a project
    #[command(after_help = "\
Examples:
  ctx resume
  ctx resume ~/shop")]
    Resume {
        /// The project's folder, or one in it [default: the one that you are in]
        path: Option<PathBuf>,
    },
    /// Show whether a project is recorded, and what happened last
    #[command(after_help = "\
Needs no agent, and changes nothing. Exit code 3 says that nothing records the project.

Examples:
  ctx status
  ctx status --all
  ctx status --json | jq .last_command")]
    Status(Status),
    /// Save a brief of the latest session, or show its status: two verbs as Context Engine names them
    #[command(after_help = "\
Examples:
  ctx session save \"half way\"    A note, then what `ctx brief --save` does
  ctx session status             The same as `ctx status`")]
    Session {
        #[command(subcommand)]
        command: Session,
    },
    /// List the registered projects
    #[command(after_help = "\
Examples:
  ctx list
  ctx list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop recording a project and take it off the list; its .context folder stays
    #[command(after_help = "\
Examples:
  ctx forget ~/shop")]
    Forget {
        /// The project's folder
        path: PathBuf,
    },
    /// Say whether a change to a path would be recorded, and which rule decides
    #[command(after_help = "\
Examples:
  ctx explain target/debug/shop
  ctx explain notes.tmp")]
    Explain {
        /// A file or folder of the project; it need not exist
        path: PathBuf,
    },
    /// Record a command that ran elsewhere
    #[command(after_help = "\
Examples:
  ctx log \"deployed staging\"
  ctx log \"make test\" --exit-code 2 --duration-ms 8100
  ctx log \"npm test\" \"Failed (timeout)\"")]
    Log(Log),
    /// Record a remark
    #[command(after_help = "\
Examples:
  ctx note \"waiting for review\"")]
    Note {
        /// What to remember
        #[arg(value_parser = text())]
        text: String,
    },
    /// Run a command and record it with its result and duration
    #[command(after_help = "\
Examples:
  ctx run -- cargo test
  ctx run -- sh -c 'make && ./deploy'")]
    Run {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD",
            value_hint = ValueHint::CommandWithArguments)]
        command: Vec<OsString>,
    },
    /// Show the last entries of the record
    #[command(after_help = "\
Examples:
  ctx tail -n 50 --kind ran
  ctx tail --since 2h --path src
  ctx tail -f --json")]
    Tail(Tail),
    /// Tell in few words what happened: commands, files, git, gaps
    #[command(
        visible_alias = "summary",
        after_help = "\
The same record gives the same text. What does not fit is dropped, the least informative first, and said. A token is taken \
for 4 bytes of the text, and --json has the same items. The mark of a reader moves whenever --reader is given.

Examples:
  ctx brief --max-tokens 1000
  ctx brief --since last --reader reviewer"
    )]
    Brief(Brief),
    /// Say whether a command ran and succeeded: exit 0 if so, 7 if not
    #[command(after_help = "\
PATTERN is a part of the command line, and the last command that holds it decides. After the last edit: no file changed since \
the command began; a file that the command itself changes counts too. With --paths, a pattern without a slash is a name at any \
depth, \".\" is all of the folder, a leading / is the project's root, and one that names no file is never a proof.

Examples:
  ctx check --ran 'cargo test' --after-last-edit --paths src tests Cargo.toml
  ctx check --ran 'npm run build' --within 10m")]
    Check(Check),
    /// Wait until every change made so far is in the record
    #[command(after_help = "\
Exit code 3 says that nothing records the project.

Examples:
  ctx sync && ctx tail -n 5
  ctx sync --timeout 10s")]
    Sync {
        /// Give up after this time, such as 500ms, 10s or 2m
        #[arg(long, value_name = "TIME", value_parser = duration)]
        timeout: Option<Duration>,
    },
    /// Look at everything that recording needs, and say what mends what is wrong
    #[command(after_help = "\
Exit code 1 says that something is wrong.

Examples:
  ctx doctor
  ctx doctor --json")]
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the secrets out of what was recorded before
    #[command(after_help = "\
What is recorded now has lost its secrets before it is written. This is for what other programs wrote into session.md, and \
for a pattern of [redact] that is new in the configuration.

Examples:
  ctx redact --dry-run
  ctx redact")]
    Redact {
        /// Only show the lines that would lose something, as they would be then
        #[arg(long)]
        dry_run: bool,
    },
    /// Record every command of a shell by itself, with its result and duration
    #[command(after_help = "\
Not recorded: commands outside projects, those that begin with a space, and what a shell has with CONTEXT_TRAY_DISABLE=1.

Examples:
  ctx hook install bash                            For every shell that starts from now on
  eval \"$(ctx hook init bash)\"                    For this one; zsh the same
  ctx hook init fish | source
  ctx hook init powershell | Out-String | Invoke-Expression")]
    Hook {
        #[command(subcommand)]
        command: Hook,
    },
    /// Serve the record to an assistant, read-only, by the Model Context Protocol on standard input and output
    #[command(after_help = "\
Tools: status, recent, brief, check, explain. An assistant starts this by itself, as its configuration says.
Without -C the project is the one that it works in; each tool takes another one.

Examples:
  ctx mcp                                   What the configuration is to start
  claude mcp add context-tray -- ctx mcp    What puts it there, for Claude Code")]
    Mcp,
    /// Control the agent, which looks after the projects
    #[command(after_help = "\
Examples:
  ctx agent status
  ctx agent restart     After an update
  ctx agent run         Where there is no tray: over SSH, in a container")]
    Agent {
        #[command(subcommand)]
        command: Agent,
    },
    /// Control whether the agent is launched at login
    #[command(after_help = "\
Examples:
  ctx autostart enable
  ctx autostart status")]
    Autostart {
        #[command(subcommand)]
        command: Autostart,
    },
    /// Show or change the configuration
    #[command(after_help = "\
Comments stay, and a value that is not allowed is refused. A change counts at once. Lists of the project's file are added to \
those of your own.

Examples:
  ctx config get                                   Everything that is in force; with -v, where it is said
  ctx config set watch.ignore '*.tmp' /generated/  A list, as a whole
  ctx config set --project-file record.quiet_ms 40
  ctx config set --default record.quiet_ms         Take it out again")]
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Print what completes the command line in a shell
    #[command(after_help = "\
Examples:
  ctx completions bash > ~/.local/share/bash-completion/completions/ctx
  ctx completions zsh > ~/.zfunc/_ctx               With `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  ctx completions fish > ~/.config/fish/completions/ctx.fish
  ctx completions powershell >> $PROFILE
  ctx completions elvish >> ~/.config/elvish/rc.elv
  ctx completions nushell > ~/.config/nushell/autoload/ctx.nu")]
    Completions {
        /// The shell
        shell: CompletedShell,
    },
    /// Print the manual page of ctx, or write those of all verbs into a folder
    #[command(after_help = "\
Examples:
  ctx man | man -l -
  ctx man ~/.local/share/man/man1")]
    Man {
        /// The folder, which is made where it is absent
        folder: Option<PathBuf>,
    },
    /// Record one project for the agent
    #[command(hide = true)]
    Tracker,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Args::command().debug_assert();
    }

    #[test]
    fn options_behind_the_command_are_its_own() {
        let args = Args::parse_from(["ctx", "-q", "run", "ls", "-q", "--json", "-C", "x"]);
        assert!(args.global.project.is_none());
        match args.command {
            Command::Run { command } => assert_eq!(command, ["ls", "-q", "--json", "-C", "x"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_verb_says_what_it_does_and_shows_how() {
        let mut args = Args::command();
        args.build();
        for verb in args.get_subcommands() {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about:?}", verb.get_name());
            let examples = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("Examples:\n  ctx {}", verb.get_name());
            assert!(verb.is_hide_set() || examples.contains(&example), "{}: {examples}", verb.get_name());
        }
    }
}
