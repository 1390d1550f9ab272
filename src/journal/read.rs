//! Reading the record: the newest entries without reading all of it, those behind a place in it, and the PID file.
//!
//! The record is `events.jsonl` and before it what was archived; nobody who reads needs to know where the border lies.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use chrono::{DateTime, FixedOffset};
use memchr::memrchr;

use super::archive::{self, Kind};
use super::open::open;
use crate::entry::{Entry, What};
use crate::project::ProjectRoot;

/// What is read of the end of the file at a time.
const CHUNK: u64 = 64 * 1024;

/// No line of ours is longer.
pub(super) const MAX_LINE: usize = 2 << 20;

/// A file that goes on for so many bytes without the end of a line is no record.
const MAX_GARBAGE: u64 = 64 << 20;

/// The number in the PID file; none when there is no file or it holds something else.
pub fn pid(root: &ProjectRoot) -> Option<u64> {
    let bytes = bounded(&root.pid(), 64).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok().filter(|pid| *pid > 0)
}

/// A small file's bytes, never through a symbolic link.
///
/// # Errors
///
/// `FileTooLarge` when it is larger than `most`; whatever opening and reading say otherwise.
pub fn bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path, OpenOptions::new().read(true))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// The newest `count` entries that `keep` wants, the oldest of them first. Reads from the end.
///
/// # Errors
///
/// The record is there and can't be read.
pub fn last(root: &ProjectRoot, count: usize, keep: &dyn Fn(&Entry) -> bool) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    backwards(root, &mut |entry| {
        if found.len() < count && keep(&entry) {
            found.push(entry);
        }
        found.len() < count
    })?;
    found.reverse();
    Ok(found)
}

/// The entries behind the one with this sequence number, the oldest first; none when that one is not there, so that
/// what lies between is not known.
///
/// # Errors
///
/// The record is there and can't be read.
pub fn after(root: &ProjectRoot, seq: u64) -> io::Result<Option<Vec<Entry>>> {
    let mut found = Vec::new();
    let mut is_whole = false;
    backwards(root, &mut |entry| {
        is_whole |= entry.seq == seq;
        if entry.seq > seq {
            found.push(entry);
            return true;
        }
        false
    })?;
    found.reverse();
    Ok(is_whole.then_some(found))
}

/// The entries of a higher sequence number, the oldest first.
///
/// # Errors
///
/// The record is there and can't be read.
pub fn newer(root: &ProjectRoot, seq: u64) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    backwards(root, &mut |entry| {
        let is_newer = entry.seq > seq;
        if is_newer {
            found.push(entry);
        }
        is_newer
    })?;
    found.reverse();
    Ok(found)
}

/// The entries since a moment, the oldest first.
///
/// # Errors
///
/// The record is there and can't be read.
pub fn since(root: &ProjectRoot, moment: &DateTime<FixedOffset>) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    backwards(root, &mut |entry| {
        let is_since = entry.time >= *moment;
        // What had to wait elsewhere stands behind younger entries.
        let goes_on = is_since || entry.what.is_late();
        if is_since {
            found.push(entry);
        }
        goes_on
    })?;
    found.reverse();
    Ok(found)
}

/// The entries of the latest session and behind it, the oldest first; all of them where no session began.
///
/// # Errors
///
/// The record is there and can't be read.
pub fn latest_session(root: &ProjectRoot) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    backwards(root, &mut |entry| {
        let is_begin = matches!(entry.what, What::Started(_));
        found.push(entry);
        !is_begin
    })?;
    found.reverse();
    Ok(found)
}

/// Hands out the entries, the newest first, as long as `more` wants more.
///
/// # Errors
///
/// The record is there and can't be read.
pub fn backwards(root: &ProjectRoot, more: &mut dyn FnMut(Entry) -> bool) -> io::Result<()> {
    // Before the archive is listed: else a file that is archived this moment would be in neither.
    let current = open_to_read(&root.events())?;
    // And if it is, it would be in both.
    let mut before = u64::MAX;
    let mut more = |entry: Entry| {
        let is_new = entry.seq < before;
        before = before.min(entry.seq);
        !is_new || more(entry)
    };
    if let Some(mut file) = current
        && !backwards_in(&mut file, &mut more)?
    {
        return Ok(());
    }
    for path in archive::files(root, Kind::Events)? {
        // Somebody may have removed it since.
        if let Some(mut file) = open_to_read(&path)?
            && !backwards_in(&mut file, &mut more)?
        {
            return Ok(());
        }
    }
    Ok(())
}

fn open_to_read(path: &Path) -> io::Result<Option<File>> {
    match open(path, OpenOptions::new().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same with the entries of one file; false when no more are wanted. What is longer than any line of ours is passed over,
/// so that no file costs more memory than a line, or much time.
pub(super) fn backwards_in(file: &mut File, more: &mut dyn FnMut(Entry) -> bool) -> io::Result<bool> {
    let mut end = file.metadata()?.len();
    // The begin of a line whose other part lies in the chunk before.
    let mut tail: Vec<u8> = Vec::new();
    let mut is_too_long = false;
    while end > 0 {
        if is_too_long {
            end = end_of_lines(file, end)?;
        }
        let start = end.saturating_sub(CHUNK);
        let mut chunk = range(file, start, end)?;
        chunk.append(&mut tail);
        let whole_from = match start {
            0 => 0,
            _ => chunk.iter().position(|byte| *byte == b'\n').map_or(chunk.len(), |at| at + 1),
        };
        let mut lines = &chunk[whole_from..];
        while !lines.is_empty() {
            let begin = memrchr(b'\n', lines).map_or(0, |at| at + 1);
            if let Some(entry) = Entry::from_line(&lines[begin..])
                && !more(entry)
            {
                return Ok(false);
            }
            lines = &lines[..begin.saturating_sub(1)];
        }
        chunk.truncate(whole_from);
        is_too_long = chunk.len() > MAX_LINE;
        tail = if is_too_long { Vec::new() } else { chunk };
        end = start;
    }
    Ok(true)
}

/// Where the last whole line before a place ends; 0 where there is none.
pub(super) fn end_of_lines(file: &mut File, from: u64) -> io::Result<u64> {
    let mut end = from;
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        if let Some(at) = range(file, start, end)?.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        if from - start > MAX_GARBAGE {
            return Err(io::Error::other("it is no record: it goes on and on without the end of a line"));
        }
        end = start;
    }
    Ok(0)
}

/// The bytes of a file between two places, or up to its end.
pub(super) fn range(file: &mut File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    // Else it would begin with a few bytes, and ask again and again.
    let mut bytes = Vec::with_capacity((end - start) as usize);
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}
