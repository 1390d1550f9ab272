//! The configuration as types, with its defaults and limits.
//!
//! The user's `config.toml` and the project's `.context/config.toml` hold the same tables; the project's adds to
//! the user's. Reading the files is `locate`'s, what the values mean is said at each field.

mod keys;

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

pub use keys::{KEYS, Key, Kind};

/// A file that changes nothing and explains everything: what a user's configuration begins as.
pub const TEMPLATE: &str = include_str!("config/template.toml");

const MEGABYTE: u64 = 1 << 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// What is watched.
    pub watch: Watch,
    /// When and how it is written.
    pub record: Record,
    /// What is taken out of the record.
    pub redact: Redact,
    /// What the desktop shows.
    pub notify: Notify,
}

/// What is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Patterns in gitignore syntax, on top of the built-in list.
    pub ignore: Vec<String>,
    /// Whether `.gitignore` files count.
    pub use_gitignore: bool,
    /// Folders that are watched whatever the patterns say of them and of what lies above; relative to the project's root, or
    /// absolute.
    pub directories: Vec<PathBuf>,
}

impl Default for Watch {
    fn default() -> Self {
        Self { ignore: Vec::new(), use_gitignore: true, directories: Vec::new() }
    }
}

/// When and how changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// A change is written this long after its path went quiet ...
    pub quiet: Duration,
    /// ... and at the latest this long after its first event.
    pub max_hold: Duration,
    /// More changes than this in one go become one line in `session.md`.
    pub summarise_over: usize,
    /// A file of the record that is larger than this many bytes is archived, at the next start or on the next day.
    pub rotate_over: u64,
    /// What was archived is removed after this time.
    pub keep: Duration,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(150),
            max_hold: Duration::from_secs(1),
            summarise_over: 50,
            rotate_over: 8 * MEGABYTE,
            keep: 90 * DAY,
        }
    }
}

/// What is taken out of the record, on top of the secrets that we know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redact {
    /// Whatever one of them matches.
    pub patterns: Vec<Pattern>,
}

/// A regular expression, compiled.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// A pattern whose compiled form is larger, in bytes, is refused.
    const MOST: usize = 1 << 20;

    /// The regular expression.
    pub fn regex(&self) -> &Regex {
        &self.0
    }

    /// The error says nothing of the pattern itself, which may be a secret.
    fn new(pattern: &str) -> Result<Self, String> {
        match RegexBuilder::new(pattern).size_limit(Self::MOST).build() {
            Ok(regex) => Ok(Self(regex)),
            Err(regex::Error::CompiledTooBig(_)) => Err("it is too large".to_owned()),
            // The last line of several that show where.
            Err(error) => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default();
                Err(reason.trim_start_matches("error: ").to_owned())
            }
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// What the desktop shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// Whether anything is shown at all.
    pub enabled: bool,
    /// The projects of which nothing is shown.
    pub mute: Vec<PathBuf>,
}

impl Default for Notify {
    fn default() -> Self {
        Self { enabled: true, mute: Vec::new() }
    }
}

impl Notify {
    /// Whether something about this project may be shown.
    pub fn allows(&self, project: &Path) -> bool {
        self.enabled && !self.mute.iter().any(|muted| muted == project)
    }
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The user's own, which counts for every project.
    User,
    /// The project's, which may have come with it.
    Project,
}

/// A file that can't be taken, or a part of it that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; 0 where it is the whole file.
    pub line: usize,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// One file, as it is written: only what it names is changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    watch: WatchTable,
    record: RecordTable,
    redact: RedactTable,
    notify: NotifyTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WatchTable {
    ignore: Vec<toml::Spanned<String>>,
    use_gitignore: Option<bool>,
    directories: Vec<toml::Spanned<PathBuf>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordTable {
    quiet_ms: Option<toml::Spanned<u64>>,
    max_hold_ms: Option<toml::Spanned<u64>>,
    summarise_over: Option<toml::Spanned<u64>>,
    rotate_over_mb: Option<toml::Spanned<u64>>,
    keep_days: Option<toml::Spanned<u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RedactTable {
    patterns: Vec<toml::Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NotifyTable {
    enabled: Option<bool>,
    mute: Vec<PathBuf>,
}

/// A list may have so many values: a file may come with a project from anywhere.
const MOST_VALUES: usize = 1000;

/// Regular expressions cost more.
const MOST_EXPRESSIONS: usize = 100;

impl Config {
    /// The same with what one file says on top, and the file's unknown keys.
    ///
    /// # Errors
    ///
    /// The first value that is not allowed, with its line, its key and what is allowed. Nothing of the file counts then.
    pub fn overlaid(&self, text: &str, owner: Owner) -> Result<(Self, Vec<Problem>), Problem> {
        let file: File = toml::from_str(text).map_err(|error| Problem {
            line: error.span().map_or(0, |span| line_of(text, span.start)),
            message: match error.span().and_then(|span| keys::at(text, span.start)) {
                Some(key) => format!("{} must be {} ({})", key.name(), key.kind(), error.message()),
                None => error.message().to_owned(),
            },
        })?;
        let mut config = self.clone();
        config.watch.take(file.watch, text, owner)?;
        config.record.take(&file.record, text)?;
        config.redact.take(file.redact, text)?;
        config.notify.enabled = file.notify.enabled.unwrap_or(config.notify.enabled);
        config.notify.mute.extend(file.notify.mute);
        Ok((config, keys::without_effect(text, owner)))
    }
}

impl Watch {
    fn take(&mut self, table: WatchTable, text: &str, owner: Owner) -> Result<(), Problem> {
        few("watch.ignore", &table.ignore, MOST_VALUES, text)?;
        few("watch.directories", &table.directories, MOST_VALUES, text)?;
        for pattern in table.ignore {
            let at = pattern.span().start;
            let pattern = pattern.into_inner();
            if let Err(error) = ignore::gitignore::GitignoreBuilder::new("/").add_line(None, &pattern) {
                let message = format!("watch.ignore: {pattern:?} is not a gitignore pattern ({error})");
                return Err(Problem { line: line_of(text, at), message });
            }
            self.ignore.push(pattern);
        }
        self.use_gitignore = table.use_gitignore.unwrap_or(self.use_gitignore);
        for folder in table.directories {
            let at = folder.span().start;
            let folder = folder.into_inner();
            let is_below = folder.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if owner == Owner::Project && !is_below {
                let shown = folder.display();
                let message = format!(
                    "watch.directories: {shown:?} is not a folder below the project; only your own configuration may name others"
                );
                return Err(Problem { line: line_of(text, at), message });
            }
            self.directories.push(folder);
        }
        Ok(())
    }
}

impl Record {
    fn take(&mut self, table: &RecordTable, text: &str) -> Result<(), Problem> {
        let take = |key: &str, value: &Option<toml::Spanned<u64>>, least: u64, most: u64| match value {
            None => Ok(None),
            Some(value) if (least..=most).contains(value.get_ref()) => Ok(Some(*value.get_ref())),
            Some(value) => Err(Problem {
                line: line_of(text, value.span().start),
                message: format!("record.{key} is {}; it must lie between {least} and {most}", value.get_ref()),
            }),
        };
        if let Some(ms) = take("quiet_ms", &table.quiet_ms, 10, 10_000)? {
            self.quiet = Duration::from_millis(ms);
        }
        if let Some(ms) = take("max_hold_ms", &table.max_hold_ms, 10, 60_000)? {
            self.max_hold = Duration::from_millis(ms);
        }
        if let Some(count) = take("summarise_over", &table.summarise_over, 1, 1_000_000)? {
            self.summarise_over = count as usize;
        }
        if let Some(size) = take("rotate_over_mb", &table.rotate_over_mb, 1, 4096)? {
            self.rotate_over = size * MEGABYTE;
        }
        if let Some(days) = take("keep_days", &table.keep_days, 1, 36_500)? {
            self.keep = DAY * days as u32;
        }
        Ok(())
    }
}

impl Redact {
    fn take(&mut self, table: RedactTable, text: &str) -> Result<(), Problem> {
        few("redact.patterns", &table.patterns, MOST_EXPRESSIONS, text)?;
        for pattern in table.patterns {
            let line = || line_of(text, pattern.span().start);
            let pattern = Pattern::new(pattern.get_ref()).map_err(|reason| {
                let what = "must be a regular expression as the Rust crate `regex` takes it";
                Problem { line: line(), message: format!("redact.patterns: {what} ({reason})") }
            })?;
            self.patterns.push(pattern);
        }
        Ok(())
    }
}

/// The line of a valid file on which `watch.ignore` has this pattern, as gitignore takes it: without the blanks behind it.
pub fn line_of_pattern(text: &str, pattern: &str) -> Option<usize> {
    let file: File = toml::from_str(text).ok()?;
    let mut patterns = file.watch.ignore.iter().rev();
    let found = patterns.find(|written| written.get_ref().trim_end() == pattern.trim_end())?;
    Some(line_of(text, found.span().start))
}

/// Refuses a list that would cost everybody who reads it time and memory.
fn few<T>(key: &str, values: &[toml::Spanned<T>], most: usize, text: &str) -> Result<(), Problem> {
    let Some(excess) = values.get(most) else { return Ok(()) };
    let message = format!("{key} has {} values; there may be {most}", values.len());
    Err(Problem { line: line_of(text, excess.span().start), message })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests;
