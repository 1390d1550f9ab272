//! What is recorded: commands, by hand and by a shell's hook.

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Subcommand, ValueEnum};
use context_tray::entry::text_of;

#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    /// The command
    #[arg(value_parser = text())]
    pub(crate) command: String,
    /// Its result [default: Success, or Failed with the exit code]
    #[arg(value_parser = text())]
    pub(crate) status: Option<String>,
    /// Its exit code
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) exit_code: Option<i32>,
    /// How long it took, in milliseconds
    #[arg(long, value_name = "N")]
    pub(crate) duration_ms: Option<u64>,
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
    /// Record one command, for a hook: says nothing, and never fails
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
    #[arg(last = true, required = true, value_parser = text())]
    pub(crate) command: String,
    /// Its exit code [default: nobody knows]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) exit_code: Option<i32>,
    /// When it began, in microseconds since the Unix epoch [default: its duration ago]
    #[arg(long, value_name = "N")]
    pub(crate) began_us: Option<i64>,
    /// How long it took, in milliseconds
    #[arg(long, value_name = "N")]
    pub(crate) duration_ms: Option<u64>,
}

/// Some text; bytes in it that are none are recorded as visible escapes.
pub(super) fn text() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|word| if word.is_empty() { Err("it is empty") } else { Ok(text_of(&word)) })
}
