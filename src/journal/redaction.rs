//! Takes the secrets out of what was written before: by another program, by hand, or before a pattern was added.
//!
//! Each file is replaced by its redacted self under the journal's lock, while a tracker may record. Every other byte stays, and
//! with it the order and the ids. Whoever writes next sees another file in the place of the one that it knew, and in
//! the state how much of it is ours.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::archive::{self, Kind};
use super::open::open;
use super::{APPEND_PATIENCE, append_lock, io_failure, state};
use crate::entry::Entry;
use crate::line;
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::redact::{Redacted, Redactor, Way};
use crate::request::{Failure, FailureCode};

/// How often a file is read again that another program appends to meanwhile.
const TRIES: usize = 10;

/// The texts of an entry, and how each is redacted.
const TEXTS: [(&str, Way); 5] = [
    ("command", Redactor::command),
    ("status", Redactor::text),
    ("cwd", Redactor::text),
    ("text", Redactor::text),
    ("subject", Redactor::text),
];

/// What one line loses, or all of the state file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The file.
    pub file: PathBuf,
    /// From 1; 0 for the state file.
    pub line: usize,
    /// How many secrets.
    pub count: u64,
    /// The line without them, for people.
    pub left: String,
}

/// A file and what becomes of it.
struct Rewrite {
    bytes: Vec<u8>,
    /// The length of what has become of the first so many bytes that were asked for.
    kept: u64,
    losses: Vec<Loss>,
}

/// Takes the secrets out of a project's record, or only says which lines have some.
///
/// # Errors
///
/// A file can't be read or replaced; those that come behind it are as they were.
pub fn redact(root: &ProjectRoot, redactor: &Redactor, is_dry: bool) -> Result<Vec<Loss>, Failure> {
    let _lock = append_lock(root, APPEND_PATIENCE)?;
    let mut losses = Vec::new();
    let archived = |kind| archive::files(root, kind).map_err(|error| io_failure("list", &root.archive_dir(), &error));
    let (old_events, old_logs) = (archived(Kind::Events)?, archived(Kind::Log)?);
    for path in old_events.into_iter().chain([root.events()]) {
        losses.extend(rewrite(&path, 0, is_dry, &|line| event(redactor, line))?.losses);
    }
    let redactions = losses.iter().map(|loss| loss.count).sum();
    for path in old_logs {
        losses.extend(rewrite(&path, 0, is_dry, &|line| log_line(redactor, line))?.losses);
    }
    let ours = state::logged(root).and_then(|logged| logged.size);
    let log = rewrite(&root.session_log(), ours.unwrap_or(0), is_dry, &|line| log_line(redactor, line))?;
    losses.extend(log.losses);
    let others = state::Redacted { log_size: ours.map(|_| log.kept), redactions };
    let count =
        state::redact(root, redactor, &others, is_dry).map_err(|error| io_failure("rewrite", &root.state(), &error))?;
    if count > 0 {
        losses.push(Loss { file: root.state(), line: 0, count, left: "the last command or event".to_owned() });
    }
    Ok(losses)
}

/// A line without its secrets: their number, what is written, what people are shown.
struct Left {
    count: u64,
    text: String,
    shown: String,
}

/// Replaces a file by what becomes of its lines, unless none of them changes.
fn rewrite(path: &Path, ours: u64, is_dry: bool, line: &dyn Fn(&str) -> Option<Left>) -> Result<Rewrite, Failure> {
    for _ in 0..TRIES {
        let bytes = read(path).map_err(|error| io_failure("read", path, &error))?;
        let rewrite = rewritten(path, &bytes, ours, line);
        if is_dry || rewrite.losses.is_empty() {
            return Ok(rewrite);
        }
        // Context Engine appends without our lock: what came since would be lost.
        if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.len() == bytes.len() as u64) {
            files::replace(path, &rewrite.bytes).map_err(|error| io_failure("rewrite", path, &error))?;
            return Ok(rewrite);
        }
    }
    let message = format!("another program keeps writing {}", path.display());
    Err(Failure::new(FailureCode::Busy, message).with_hint("try again when it is done"))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match open(path, OpenOptions::new().read(true)) {
        Ok(mut file) => file.read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

fn rewritten(path: &Path, bytes: &[u8], ours: u64, redact: &dyn Fn(&str) -> Option<Left>) -> Rewrite {
    let mut rewrite = Rewrite { bytes: Vec::with_capacity(bytes.len()), kept: 0, losses: Vec::new() };
    let mut read = 0;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let mut losses = |left: &Left| {
            let (count, left) = (left.count, left.shown.clone());
            rewrite.losses.push(Loss { file: path.to_path_buf(), line: index + 1, count, left });
        };
        // A line is one text, unless bytes are in it that are none.
        for chunk in line.utf8_chunks() {
            let text = chunk.valid().strip_suffix('\n').unwrap_or(chunk.valid());
            match redact(text) {
                Some(left) => {
                    losses(&left);
                    rewrite.bytes.extend_from_slice(left.text.as_bytes());
                    rewrite.bytes.extend_from_slice(&chunk.valid().as_bytes()[text.len()..]);
                }
                None => rewrite.bytes.extend_from_slice(chunk.valid().as_bytes()),
            }
            rewrite.bytes.extend_from_slice(chunk.invalid());
        }
        read += line.len() as u64;
        if read <= ours {
            rewrite.kept = rewrite.bytes.len() as u64;
        }
    }
    rewrite
}

fn log_line(redactor: &Redactor, text: &str) -> Option<Left> {
    let Redacted { text, count } = redactor.line(text);
    (count > 0).then(|| Left { count, shown: line::escape(&text), text: text.into_owned() })
}

/// A line of `events.jsonl`, in which only the texts change that hold a secret, and their number.
fn event(redactor: &Redactor, text: &str) -> Option<Left> {
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        // Torn, or somebody else's.
        return log_line(redactor, text);
    };
    let mut changes = Vec::new();
    let mut count = 0;
    for (name, redact) in TEXTS {
        let Some(raw) = fields.get(name) else { continue };
        let Ok(mut value) = serde_json::from_str::<String>(raw.get()) else { continue };
        let more = redactor.in_place(&mut value, redact);
        if more > 0 {
            count += more;
            changes.push((place(text, raw.get()), serde_json::to_string(&value).ok()?));
        }
    }
    if fields.contains_key("command") && count > 0 {
        changes.push(match fields.get("redactions") {
            Some(raw) => {
                let before: u64 = raw.get().parse().unwrap_or(0);
                (place(text, raw.get()), (before + count).to_string())
            }
            None => {
                let end = text.rfind('}')?;
                (end..end, format!(",\"redactions\":{count}"))
            }
        });
    }
    let left = spliced(text, changes);
    let shown = Entry::from_line(left.as_bytes()).map_or_else(|| left.clone(), |entry| line::line(&entry));
    (count > 0).then_some(Left { count, text: left, shown })
}

/// Where a part of a text lies in it.
fn place(text: &str, part: &str) -> std::ops::Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

fn spliced(text: &str, mut changes: Vec<(std::ops::Range<usize>, String)>) -> String {
    changes.sort_by_key(|(place, _)| place.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (place, new) in changes {
        out.push_str(&text[at..place.start]);
        out.push_str(&new);
        at = place.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests;
