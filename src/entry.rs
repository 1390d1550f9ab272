//! What one record can say.
//!
//! An [`Entry`] is one line of `events.jsonl`, the authority; `line` makes of it what people read.
//! The names and meanings of the fields are part of the format that others read: fields are added,
//! never renamed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Serialize, Serializer};

/// The version of the format, in each line's `v`.
pub const FORMAT_VERSION: u32 = 1;

/// One record, with its place in the order of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

fn time_to_wire<S: Serializer>(time: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, false))
}

/// What happened; `kind` on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since the Unix epoch.
    pub mtime_ns: i64,
    /// How we learnt of it.
    pub found_by: FoundBy,
}

/// The kind of thing at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Where it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Who told us.
    pub source: Source,
    /// Taken from the spool, after it could not be written at its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// Who told us of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GitAction {
    /// Another commit is checked out.
    Switch,
    /// A commit was made.
    Commit,
}

/// The begin or end of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// The tracker's.
    pub pid: u32,
    /// Ours.
    pub version: String,
    /// Why.
    pub reason: Reason,
}

/// Why a session began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The user asked for it.
    User,
    /// SIGTERM, SIGINT or SIGHUP.
    Signal,
    /// The agent is gone.
    AgentGone,
    /// The tracker could not go on.
    Failed,
}

/// A span in which nothing could be observed live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GapReason {
    /// The session was stopped.
    Stopped,
    /// The tracker was killed.
    Killed,
    /// The kernel dropped events.
    Overflow,
    /// The project's folder could not be reached.
    Unreachable,
}

/// A path as text for `events.jsonl`: relative, `/` on every OS, what is not UTF-8 escaped as `\xff`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PathText(pub String);

impl fmt::Display for PathText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path with its exact bytes where the text is not exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryPath {
    /// The path as text.
    #[serde(rename = "path")]
    pub text: PathText,
    /// The exact bytes, base64, where the path is not UTF-8.
    #[serde(rename = "path_bytes", default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

impl EntryPath {
    /// Of a path relative to the project's root.
    pub fn new(path: &Path) -> Self {
        let (text, bytes) = path_to_wire(path);
        Self { text, bytes }
    }

    /// The path's bytes, as the disk has them but with `/` on every OS.
    pub fn exact(&self) -> Vec<u8> {
        exact(&self.text, self.bytes.as_deref())
    }
}

fn exact(text: &PathText, bytes: Option<&str>) -> Vec<u8> {
    bytes.and_then(|bytes| BASE64.decode(bytes).ok()).unwrap_or_else(|| text.0.clone().into_bytes())
}

impl Move {
    /// Of two paths relative to the project's root.
    pub fn new(from: &Path, to: &Path, entry: EntryKind, size: u64, mtime_ns: i64, found_by: FoundBy) -> Self {
        let (from, from_bytes) = path_to_wire(from);
        let (to, to_bytes) = path_to_wire(to);
        Self { from, to, from_bytes, to_bytes, entry, size, mtime_ns, found_by }
    }

    /// Both paths' bytes, as [`EntryPath::exact`].
    pub fn exact(&self) -> (Vec<u8>, Vec<u8>) {
        (exact(&self.from, self.from_bytes.as_deref()), exact(&self.to, self.to_bytes.as_deref()))
    }
}

/// The text of a path, and its bytes in base64 where the text is not the whole truth.
fn path_to_wire(path: &Path) -> (PathText, Option<String>) {
    let path: OsString = path.components().map(|part| part.as_os_str()).collect::<Vec<&OsStr>>().join(OsStr::new("/"));
    let text = path_text(&path);
    let bytes = path.to_str().is_none().then(|| BASE64.encode(path.as_encoded_bytes()));
    (PathText(text), bytes)
}

/// The path as it is where it is UTF-8; else with each stray byte as `\xff`.
fn path_text(path: &OsStr) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// What a client asks to record: the time and the order are the journal's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A command.
    Ran(Ran),
    /// A remark.
    Note(Note),
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

    /// Whether this is a change of the tree.
    pub fn is_file_change(&self) -> bool {
        matches!(self, What::Created(_) | What::Edited(_) | What::Deleted(_) | What::Moved(_))
    }
}
