//! What is recorded: commands, by hand and by a shell's hook.

use std::ffi::OsString;

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
    #[value(alias = "nu")]
    Nushell,
}

/// Whoever calls it has nobody to tell of a mistake: a number that is none is one that nobody knows.
#[derive(Debug, clap::Args)]
pub(crate) struct HookRecord {
    /// The line as it was typed, or its words [default: what standard input holds]
    #[arg(last = true)]
    command: Vec<OsString>,
    /// Its exit code [default: nobody knows]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    exit_code: Option<String>,
    /// When it began, in microseconds since the Unix epoch [default: its duration ago]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    began_us: Option<String>,
    /// How long it took, in milliseconds
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    duration_ms: Option<String>,
    /// Let this process end first: the one that records the command before
    #[arg(long, value_name = "PID", allow_hyphen_values = true)]
    after: Option<String>,
}

/// Whether a command line that is none was meant to be such a one.
pub(crate) fn are_of_a_hook(words: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<OsString> = words.take_while(|word| word != "--").collect();
    words.windows(2).any(|pair| pair[0] == "hook" && pair[1] == "record")
}

impl HookRecord {
    /// None where it has to be read.
    pub(crate) fn command(&self) -> Option<String> {
        let words: Vec<String> = self.command.iter().map(|word| text_of(word)).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.exit_code.as_ref()?.parse().ok()
    }

    pub(crate) fn began_us(&self) -> Option<i64> {
        self.began_us.as_ref()?.parse().ok()
    }

    pub(crate) fn duration_ms(&self) -> Option<u64> {
        self.duration_ms.as_ref()?.parse().ok()
    }

    pub(crate) fn after(&self) -> Option<u32> {
        self.after.as_ref()?.parse().ok()
    }
}

/// Some text; bytes in it that are none are recorded as visible escapes.
pub(super) fn text() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|word| if word.is_empty() { Err("it is empty") } else { Ok(text_of(&word)) })
}
