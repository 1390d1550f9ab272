//! What one record can say.
//!
//! An [`Entry`] is one line of `events.jsonl`, the authority; `line` makes of it what people read.
//! The names and meanings of the fields are part of the format that others read: fields are added,
//! never renamed.

mod path;
mod wire;

use std::fmt;
use std::path::Path;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

pub use path::{EntryPath, PathText, text_of};
use path::{exact, path_to_wire};

/// The version of the format, in each line's `v`.
pub const FORMAT_VERSION: u32 = 1;

/// The highest place that a line may have: beyond it, readers of JSON lose whole numbers.
const MAX_SEQ: u64 = 1 << 53;

/// One record, with its place in the order of a project.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Entry {
    /// The version of the format.
    pub v: u32,
    /// The place in the project's order; never goes back.
    pub seq: u64,
    /// When it was recorded, with milliseconds and the local offset.
    #[serde(serialize_with = "time_to_wire")]
    pub time: DateTime<FixedOffset>,
    /// The session that it belongs to; none for a command logged while nothing was tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

pub(crate) fn time_to_wire<S: Serializer>(time: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, false))
}

/// What happened; `kind` on the line.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A path that is new.
    Created(FileChange),
    /// A path there before and after whose size, mtime, file id or kind differs.
    Edited(FileChange),
    /// A path that was there and is gone.
    Deleted(FileChange),
    /// A path that is gone, whose file is at another path now.
    Moved(Move),
    /// A command with its result.
    Ran(Ran),
    /// A remark of the user's.
    Note(Note),
    /// HEAD of the project's git work tree moved.
    Git(Git),
    /// A session began.
    Started(Lifecycle),
    /// A session ended.
    Stopped(Lifecycle),
    /// A span in which nothing could be observed live.
    Gap(Gap),
}

/// One path that was created, edited or deleted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FileChange {
    /// Relative to the project's root.
    #[serde(flatten)]
    pub path: EntryPath,
    /// What is (or was) there.
    pub entry: EntryKind,
    /// Bytes, where it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Nanoseconds since the Unix epoch, where it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime_ns: Option<i64>,
    /// How we learnt of it.
    pub found_by: FoundBy,
}

/// One path that was moved; a moved folder's contents are implied.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Move {
    /// Where it was, relative to the project's root.
    pub from: PathText,
    /// Where it is.
    pub to: PathText,
    /// The exact bytes of `from`, base64, where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_bytes: Option<String>,
    /// The exact bytes of `to`, base64, where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_bytes: Option<String>,
    /// What was moved.
    pub entry: EntryKind,
    /// Whether it took the place of something, which is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaced: bool,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since the Unix epoch.
    pub mtime_ns: i64,
    /// How we learnt of it.
    pub found_by: FoundBy,
}

/// The kind of thing at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A file, or anything else that is neither of the others (a socket, a pipe).
    File,
    /// A folder.
    Dir,
    /// A symbolic link, which is never followed.
    Symlink,
}

/// How a change was learnt of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FoundBy {
    /// An event of the file system said where to look.
    Watch,
    /// A look at the whole tree, after a gap.
    Scan,
    /// A look at regular times, where there are no events.
    Poll,
}

/// A command and its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// Made by the client, so that a second try can't make a second line.
    pub id: String,
    /// The command line.
    pub command: String,
    /// `Success`, `Failed (exit N)`, or what the caller said.
    pub status: String,
    /// The command's exit code, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Milliseconds, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it began, in nanoseconds since the Unix epoch as `mtime_ns` of a file, where whoever ran it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ns: Option<i64>,
    /// Where it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Who told us.
    pub source: Source,
    /// How many files changed while it ran, for one that `ctx run` ran while the project was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    /// Taken from the spool, after it could not be written at its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// How many secrets were taken out of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redactions: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Who told us of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// `ctx run`, which ran it.
    Run,
    /// `ctx log`.
    Log,
    /// A shell hook.
    Hook,
    /// Another program's line in `session.md`.
    Foreign,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Made by the client, so that a second try can't make a second line.
    pub id: String,
    /// The text.
    pub text: String,
    /// Taken from the spool, after it could not be written at its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A move of HEAD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Git {
    /// What git did.
    pub action: GitAction,
    /// The branch or short commit before, for a switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The branch or short commit after, for a switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The short name of the new commit, for a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The first line of its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// What git did with HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GitAction {
    /// Another commit is checked out.
    Switch,
    /// A commit was made.
    Commit,
}

/// The begin or end of a session.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Lifecycle {
    /// The tracker's.
    pub pid: u32,
    /// Ours.
    pub version: String,
    /// Why.
    pub reason: Reason,
}

/// Why a session began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The user asked for it.
    User,
    /// SIGTERM, SIGINT or SIGHUP.
    Signal,
    /// The agent is gone.
    AgentGone,
    /// The user wants nothing recorded for a while.
    Paused,
    /// The tracker could not go on.
    Failed,
}

/// A span in which nothing could be observed live.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Gap {
    /// The last moment that was observed.
    #[serde(serialize_with = "time_to_wire")]
    pub from: DateTime<FixedOffset>,
    /// The first moment that is observed again.
    #[serde(serialize_with = "time_to_wire")]
    pub to: DateTime<FixedOffset>,
    /// Why.
    pub reason: GapReason,
    /// How many changes a scan found; none when nothing could be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_found: Option<u64>,
}

/// Why nothing could be observed live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GapReason {
    /// The session was stopped.
    Stopped,
    /// The tracker was killed.
    Killed,
    /// The kernel dropped events.
    Overflow,
    /// The user had paused it.
    Paused,
    /// The project's folder could not be reached.
    Unreachable,
    /// The machine slept.
    Suspend,
}

impl Move {
    /// Of two paths relative to the project's root, to where nothing was.
    pub fn new(from: &Path, to: &Path, entry: EntryKind, size: u64, mtime_ns: i64, found_by: FoundBy) -> Self {
        let (from, from_bytes) = path_to_wire(from);
        let (to, to_bytes) = path_to_wire(to);
        Self { from, to, from_bytes, to_bytes, entry, replaced: false, size, mtime_ns, found_by }
    }

    /// Both paths' bytes, as [`EntryPath::exact`].
    pub fn exact(&self) -> (Vec<u8>, Vec<u8>) {
        (exact(&self.from, self.from_bytes.as_deref()), exact(&self.to, self.to_bytes.as_deref()))
    }
}

/// What a client asks to record: the time and the order are the journal's. It may hold secrets until it is written.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A command.
    Ran(Ran),
    /// A remark.
    Note(Note),
}

/// Without its text, which has not been redacted: whoever looks for a defect reads of it in the diagnostics.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Record::Ran(_) => "Ran",
            Record::Note(_) => "Note",
        };
        f.debug_tuple(name).field(&self.id()).finish()
    }
}

impl Record {
    /// The client's id.
    pub fn id(&self) -> &str {
        match self {
            Record::Ran(ran) => &ran.id,
            Record::Note(note) => &note.id,
        }
    }

    /// The same, marked as written after its time.
    pub fn into_late(mut self) -> Self {
        match &mut self {
            Record::Ran(ran) => ran.late = true,
            Record::Note(note) => note.late = true,
        }
        self
    }
}

impl From<Record> for What {
    fn from(record: Record) -> What {
        match record {
            Record::Ran(ran) => What::Ran(ran),
            Record::Note(note) => What::Note(note),
        }
    }
}

impl What {
    /// The client's id, for the kinds that have one.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            What::Ran(ran) => Some(&ran.id),
            What::Note(note) => Some(&note.id),
            _ => None,
        }
    }

    /// Whether it had to wait elsewhere before it was written.
    pub fn is_late(&self) -> bool {
        matches!(self, What::Ran(Ran { late: true, .. }) | What::Note(Note { late: true, .. }))
    }

    /// Whether this is a change of a file, and not of a folder.
    pub fn is_of_file(&self) -> bool {
        match self {
            What::Created(change) | What::Edited(change) | What::Deleted(change) => change.entry != EntryKind::Dir,
            What::Moved(moved) => moved.entry != EntryKind::Dir,
            _ => false,
        }
    }

    /// Whether this is a change of the tree.
    pub fn is_file_change(&self) -> bool {
        matches!(self, What::Created(_) | What::Edited(_) | What::Deleted(_) | What::Moved(_))
    }
}
