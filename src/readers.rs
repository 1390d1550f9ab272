//! What is kept for those who read the record: how far each has read, and the brief that was saved last.
//!
//! A mark is an entry's place in the record, so it lies beside that record: both are moved, copied and removed together. It
//! holds the entry's time too, so that no mark of a record that is gone hides what a new one tells. Each reader has a file of
//! its own, and needs no lock.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::brief::Place;
use crate::entry::Entry;
use crate::journal::{io_failure, read};
use crate::locate;
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode};

/// The longest name of a reader.
const MAX_NAME: usize = 64;

/// Longer than any mark.
const MAX_MARK: u64 = 256;

/// Somebody who reads the record of a project now and then.
#[derive(Debug)]
pub struct Reader {
    root: ProjectRoot,
    path: PathBuf,
}

impl Reader {
    /// The reader of this name.
    ///
    /// # Errors
    ///
    /// The name can't be a file's on every system: it holds something other than letters, digits, `-`, `_` and dots, or begins
    /// with a dot.
    pub fn new(root: &ProjectRoot, name: &str) -> Result<Reader, Failure> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || name.starts_with('.') || !name.bytes().all(is_plain) {
            let message = format!("{name:?} can't be the name of a reader");
            let hint = format!("take at most {MAX_NAME} letters, digits, dots, `-` and `_`");
            return Err(Failure::new(FailureCode::BadRequest, message).with_hint(hint));
        }
        Ok(Reader { root: root.clone(), path: root.readers().join(name) })
    }

    /// What this reader has not read, the oldest first; none when it never read anything. Where what it read last is no more,
    /// that is all there is.
    ///
    /// # Errors
    ///
    /// The record is there and can't be read.
    pub fn unread(&self) -> io::Result<Option<Vec<Entry>>> {
        let Some(mark) = self.mark() else { return Ok(None) };
        let mut found = VecDeque::new();
        let mut is_past_mark = false;
        read::backwards(&self.root, &mut |entry| {
            // Where another entry has the number, or none, the mark is of another record than this one.
            let is_mark = !is_past_mark && Place::of(&entry) == mark;
            is_past_mark |= entry.seq <= mark.seq;
            if !is_mark {
                found.push_front(entry);
            }
            !is_mark
        })?;
        Ok(Some(found.into()))
    }

    fn mark(&self) -> Option<Place> {
        serde_json::from_slice(&read::bounded(&self.path, MAX_MARK).ok()?).ok()
    }

    /// Remembers that this reader has read up to and with the entry at this place.
    ///
    /// # Errors
    ///
    /// `.context` is not as it should be, or can't be written.
    pub fn set_mark(&self, place: Place) -> Result<(), Failure> {
        locate::check_context(&self.root)?;
        let folder = self.root.readers();
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io_failure("create", &folder, &error));
            }
            _ => {}
        }
        let is_ours = fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir());
        let elsewhere = io::Error::other("its folder is a link");
        let mark = serde_json::to_vec(&place).map_err(io::Error::from);
        let written = if is_ours { mark.and_then(|mark| files::replace(&self.path, &mark)) } else { Err(elsewhere) };
        written.map_err(|error| io_failure("write", &self.path, &error))
    }
}

/// Saves the text of a brief where Context Engine keeps its summary.
///
/// # Errors
///
/// `.context` is not as it should be, or can't be written.
pub fn save_summary(root: &ProjectRoot, text: &str) -> Result<(), Failure> {
    locate::check_context(root)?;
    let path = root.session_summary();
    files::replace(&path, text.as_bytes()).map_err(|error| io_failure("write", &path, &error))
}
