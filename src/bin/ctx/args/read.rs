//! What is asked of the record.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use context_tray::brief::{DEFAULT_TOKENS, MIN_TOKENS};
use schemars::JsonSchema;
use serde::Deserialize;

use super::duration;

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
    /// The most tokens that the text may have, at least 300
    #[arg(long, value_name = "N", default_value_t = DEFAULT_TOKENS, value_parser = tokens)]
    pub(crate) max_tokens: u64,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How long a brief may be.
fn tokens(text: &str) -> Result<u64, String> {
    let tokens: u64 = text.parse().map_err(|_| "expected a number, such as 1000".to_owned())?;
    if tokens >= MIN_TOKENS { Ok(tokens) } else { Err(format!("a brief takes at least {MIN_TOKENS}")) }
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
    /// The files whose changes count, as in a .gitignore of the folder that you are in [default: every file]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
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
