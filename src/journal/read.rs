//! Reading the record: the newest entries without reading the whole file, what comes after, and the PID file.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};

use notify::{RecommendedWatcher, Watcher as _};

use super::event_file::open;
use crate::entry::Entry;
use crate::project::ProjectRoot;

/// What is read of the end of the file at a time.
const CHUNK: u64 = 64 * 1024;

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

/// The newest `count` entries that `keep` wants, the oldest of them first. Reads from the end of the file.
///
/// # Errors
///
/// The file is there and can't be read.
pub fn last(root: &ProjectRoot, count: usize, keep: &dyn Fn(&Entry) -> bool) -> io::Result<Vec<Entry>> {
    let mut found = VecDeque::new();
    backwards(root, &mut |entry| {
        if found.len() < count && keep(&entry) {
            found.push_front(entry);
        }
        found.len() < count
    })?;
    Ok(found.into())
}

/// The entries behind the one with this sequence number, the oldest first; none when that one is not in the file, so that
/// what lies between is not known.
///
/// # Errors
///
/// The file is there and can't be read.
pub fn after(root: &ProjectRoot, seq: u64) -> io::Result<Option<Vec<Entry>>> {
    let mut found = VecDeque::new();
    let mut is_whole = false;
    backwards(root, &mut |entry| {
        is_whole |= entry.seq == seq;
        if entry.seq > seq {
            found.push_front(entry);
            return true;
        }
        false
    })?;
    Ok(is_whole.then(|| found.into()))
}

/// Hands out the entries, the newest first, as long as `more` wants more.
fn backwards(root: &ProjectRoot, more: &mut dyn FnMut(Entry) -> bool) -> io::Result<()> {
    let mut file = match open(&root.events(), OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut end = file.metadata()?.len();
    // The begin of a line whose other part lies in the chunk before.
    let mut tail: Vec<u8> = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        let mut chunk = read_range(&mut file, start, end)?;
        chunk.append(&mut tail);
        let whole_from = match start {
            0 => 0,
            _ => chunk.iter().position(|byte| *byte == b'\n').map_or(chunk.len(), |at| at + 1),
        };
        for line in chunk[whole_from..].rsplit(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice::<Entry>(line)
                && !more(entry)
            {
                return Ok(());
            }
        }
        chunk.truncate(whole_from);
        tail = chunk;
        end = start;
    }
    Ok(())
}

fn read_range(file: &mut File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Follows the record: each call waits for new entries.
pub struct Follow {
    root: ProjectRoot,
    read_to: u64,
    changed: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Follow {
    /// Begins behind the newest entry.
    ///
    /// # Errors
    ///
    /// The folder of the record can't be watched.
    pub fn from_end(root: &ProjectRoot) -> io::Result<Follow> {
        let (sender, changed) = mpsc::channel();
        let forward = move |_| {
            // Nobody waits any more.
            let _ = sender.send(());
        };
        let mut watcher = notify::recommended_watcher(forward).map_err(io::Error::other)?;
        watcher.watch(&root.context_dir(), notify::RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        let read_to = std::fs::metadata(root.events()).map_or(0, |metadata| metadata.len());
        Ok(Follow { root: root.clone(), read_to, changed, _watcher: watcher })
    }

    /// Waits until there are new entries and gives them.
    ///
    /// # Errors
    ///
    /// The file can't be read, or the folder can't be watched any more.
    pub fn wait(&mut self) -> io::Result<Vec<Entry>> {
        loop {
            let entries = self.new_entries()?;
            if !entries.is_empty() {
                return Ok(entries);
            }
            self.changed.recv().map_err(io::Error::other)?;
        }
    }

    fn new_entries(&mut self) -> io::Result<Vec<Entry>> {
        let mut file = match open(&self.root.events(), OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.read_to = 0;
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        if size < self.read_to {
            self.read_to = 0;
        }
        let bytes = read_range(&mut file, self.read_to, size)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.read_to += whole as u64;
        let lines = bytes[..whole].split(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}
