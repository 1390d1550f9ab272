//! The command line: every verb, what it takes, what it is for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand, ValueEnum, value_parser};
use context_tray::brief::{DEFAULT_TOKENS, MIN_TOKENS};
use context_tray::request::Span;

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

/// What every verb takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Act as if started in this folder
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Say nothing but errors and what was asked for
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say how it went
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) color: Color,
}

/// When the output is coloured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The verbs. Only the one in use is built: `ctx log` is to cost a prompt nothing.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Make the .context folder of a project, and start nothing
    Init {
        /// The project's folder [default: the one that you are in]
        path: Option<PathBuf>,
        /// Take the home folder or the root of the disk too
        #[arg(long)]
        force: bool,
    },
    /// Record a project from now on
    #[command(visible_alias = "start-session")]
    Start(Start),
    /// Stop recording a project, and clean up behind a tracker that died
    #[command(visible_alias = "stop-session")]
    Stop {
        /// The project's folder, or one in it [default: the one that you are in]
        path: Option<PathBuf>,
        /// Stop recording every project
        #[arg(long, conflicts_with = "path")]
        all: bool,
    },
    /// Stop recording a project for a while; what changes meanwhile is found afterwards
    #[command(after_help = "Examples:
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
    Resume {
        /// The project's folder, or one in it [default: the one that you are in]
        path: Option<PathBuf>,
    },
    /// Show whether a project is recorded, and what happened last
    Status(Status),
    /// The same under the name that Context Engine has for it
    #[command(hide = true)]
    Session {
        #[command(subcommand)]
        command: Session,
    },
    /// List the registered projects
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop recording a project and take it off the list; its .context folder stays
    Forget {
        /// The project's folder
        path: PathBuf,
    },
    /// Say whether a change to a path would be recorded, and which rule decides
    Explain {
        /// A file or folder of the project; it need not exist
        path: PathBuf,
    },
    /// Record a command that ran elsewhere
    #[command(after_help = "Examples:
  ctx log \"deployed staging\"
  ctx log \"make test\" --exit-code 2 --duration-ms 8100
  ctx log \"npm test\" \"Failed (timeout)\"")]
    Log(Log),
    /// Record a remark
    Note {
        /// What to remember
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        text: String,
    },
    /// Run a command and record it with its result and duration
    #[command(after_help = "Examples:
  ctx run -- cargo test
  ctx run -- sh -c 'make && ./deploy'")]
    Run {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Show the last entries of the record
    #[command(after_help = "Examples:
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
the command began; a file that the command itself changes counts too.

Examples:
  ctx check --ran 'cargo test' --after-last-edit --paths src tests Cargo.toml
  ctx check --ran 'npm run build' --within 10m")]
    Check(Check),
    /// Wait until every change made so far is in the record
    Sync {
        /// Give up after this time, such as 500ms, 10s or 2m
        #[arg(long, value_name = "TIME", value_parser = duration)]
        timeout: Option<Duration>,
    },
    /// Look at everything that recording needs, and say what mends what is wrong
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the secrets out of what was recorded before
    #[command(
        after_help = "What is recorded now has lost its secrets before it is written. This is for what other programs
wrote into session.md, and for a pattern of [redact] that is new in the configuration."
    )]
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
    /// Control the agent, which looks after the projects
    Agent {
        #[command(subcommand)]
        command: Agent,
    },
    /// Control whether the agent is launched at login
    Autostart {
        #[command(subcommand)]
        command: Autostart,
    },
    /// Record one project for the agent
    #[command(hide = true)]
    Tracker,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    /// The project's folder [default: the project that you are in, else the git work tree, else this folder]
    pub(crate) path: Option<PathBuf>,
    /// Record here, without an agent, until Ctrl-C
    #[arg(long)]
    pub(crate) foreground: bool,
    /// Take the home folder or the root of the disk too
    #[arg(long)]
    pub(crate) force: bool,
    /// Nothing: taken from those who are used to it
    #[arg(long, hide = true)]
    pub(crate) auto: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The project's folder, or one in it [default: the one that you are in]
    pub(crate) path: Option<PathBuf>,
    /// Show every registered project
    #[arg(long, conflicts_with = "path")]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// Show whether a project is recorded, and what happened last
    Status(Status),
    /// Save the brief of the latest session
    Save {
        /// A remark to record first
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        note: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    /// The command
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) command: String,
    /// Its result [default: Success, or Failed with the exit code]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) status: Option<String>,
    /// Its exit code
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) exit_code: Option<i32>,
    /// How long it took, in milliseconds
    #[arg(long, value_name = "N")]
    pub(crate) duration_ms: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Tail {
    /// How many entries [default: 20, or all with --since]
    #[arg(short = 'n', long = "lines", value_name = "N")]
    pub(crate) lines: Option<usize>,
    /// Go on with what happens from now on
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Print JSON, one entry a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Only what happened to this file, or below this folder
    #[arg(long, value_name = "P")]
    pub(crate) path: Option<PathBuf>,
    /// Only entries of these kinds
    #[arg(long, value_name = "K", value_delimiter = ',')]
    pub(crate) kind: Vec<Kind>,
    /// Only what happened in this time, such as 30m, 2h or 3d, or since a moment such as 2026-11-22T10:00
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// Only entries whose line holds this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) grep: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Brief {
    /// Save it to .context/session_summary.md
    #[arg(long, conflicts_with = "json")]
    pub(crate) save: bool,
    /// From where on: `last`, where the reader left off; a span such as 2h; or a moment such as 2026-11-22T10:00
    /// [default: the latest session]
    #[arg(long, value_name = "SINCE")]
    pub(crate) since: Option<String>,
    /// Who reads it; the next `--since last` of the same reader goes on from here
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// The most tokens that the text may have
    #[arg(long, value_name = "N", default_value_t = DEFAULT_TOKENS, value_parser = value_parser!(u64).range(MIN_TOKENS..))]
    pub(crate) max_tokens: u64,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Default for Brief {
    fn default() -> Self {
        Self { save: false, since: None, reader: None, max_tokens: DEFAULT_TOKENS, json: false }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// A part of the command line
    #[arg(long, required = true, value_name = "PATTERN", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) ran: String,
    /// Only if no file has changed since it began
    #[arg(long)]
    pub(crate) after_last_edit: bool,
    /// The files whose changes count, in gitignore syntax from the project's root [default: every file]
    #[arg(long, num_args = 1.., value_name = "GLOB", requires = "after_last_edit")]
    pub(crate) paths: Vec<String>,
    /// Only if it ended in this time, such as 10m or 2h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) within: Option<Duration>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The kinds of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Created,
    Edited,
    Deleted,
    Moved,
    Ran,
    Note,
    Git,
    Started,
    Stopped,
    Gap,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Hook {
    /// Print the hook
    Init {
        /// The shell that is to run it
        shell: Shell,
    },
    /// Put the hook into the file that the shell reads when it starts
    Install {
        /// The shell
        shell: Shell,
    },
    /// Take it out again; the rest of the file is as it was
    Uninstall {
        /// The shell
        shell: Shell,
    },
    /// Record one command for the hook
    #[command(hide = true)]
    Record(HookRecord),
}

/// The shells that have a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Nushell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HookRecord {
    /// The line as it was typed
    #[arg(last = true, required = true)]
    pub(crate) command: String,
    /// Its exit code
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) exit_code: i32,
    /// When it began, in microseconds since the Unix epoch [default: its duration ago]
    #[arg(long, value_name = "N")]
    pub(crate) began_us: Option<i64>,
    /// How long it took, in milliseconds
    #[arg(long, value_name = "N")]
    pub(crate) duration_ms: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    /// Run the agent here, without a tray icon, until Ctrl-C
    Run,
    /// Start the agent
    Start,
    /// Stop the agent; what it recorded is recorded again when it starts
    Stop,
    /// Stop the agent and start it again
    Restart,
    /// Show whether an agent runs
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Autostart {
    /// Launch the agent at login
    Enable,
    /// Do not launch it any more
    Disable,
    /// Show whether it is launched
    Status,
}

/// A span such as `500ms`, `10s`, `5m`, `2h` or `3d`; a number alone is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" | "" => 1000,
        "m" | "min" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return Err("expected a time such as 500ms, 10s, 5m, 2h or 3d".into()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number and a unit, such as 10s".to_owned())?;
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(|| "that is too long".to_owned())
}

/// How long a pause lasts: a [`duration`], or `tomorrow`.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    match text {
        "tomorrow" => Ok(Span::UntilTomorrow),
        text => duration(text).map(|time| Span::Seconds(time.as_millis().div_ceil(1000) as u64)),
    }
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
    fn spans_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("3d"), Ok(Duration::from_secs(3 * 86_400)));
        for bad in ["", "s", "1y", "-1s", "99999999999999999999s", "99999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
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
    fn every_verb_says_what_it_does() {
        for verb in Args::command().get_subcommands() {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about:?}", verb.get_name());
        }
    }
}
