//! `events.jsonl`: the authority. Knows the last sequence number without reading the file again, as long as nobody else
//! has written.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};

use super::archive::{self, Kind};
use super::open::{cut_off, open, open_to_append};
use super::read;
use crate::entry::Entry;
use crate::platform::files;
use crate::project::ProjectRoot;

/// What is read of a file that we have not written before.
const TAIL: u64 = 64 * 1024;

/// What is read at most of what others wrote since.
const MOST: u64 = 16 << 20;

/// How many clients' ids are remembered.
const MAX_IDS: usize = 4096;

/// How far a file is known: which file, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    file: u64,
    pub(super) size: u64,
}

impl Extent {
    /// All of a file; nothing of one that is not there.
    pub(super) fn of(file: Option<&File>) -> io::Result<Self> {
        let Some(file) = file else { return Ok(Self { file: 0, size: 0 }) };
        Ok(Self { file: files::id_of(file)?, size: file.metadata()?.len() })
    }

    /// The same with so many bytes more at the end.
    pub(super) fn with(self, more: usize) -> Self {
        Self { size: self.size + more as u64, ..self }
    }

    /// Whether it is of the same file: another may have taken its place.
    pub(super) fn is_of_same(self, other: Self) -> bool {
        self.file == other.file
    }
}

pub(super) struct EventFile {
    root: ProjectRoot,
    path: PathBuf,
    /// What we know all of; none before the first look.
    known: Option<Extent>,
    last_seq: u64,
    last_time: Option<DateTime<FixedOffset>>,
    ids: VecDeque<(String, u64)>,
}

impl EventFile {
    pub(super) fn new(root: &ProjectRoot) -> Self {
        Self {
            root: root.clone(),
            path: root.events(),
            known: None,
            last_seq: 0,
            last_time: None,
            ids: VecDeque::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// When the last entry was recorded.
    pub(super) fn last_time(&self) -> Option<DateTime<FixedOffset>> {
        self.last_time
    }

    /// The place of an entry with this client's id, if it was written lately.
    pub(super) fn find_id(&self, id: &str) -> Option<u64> {
        self.ids.iter().rev().find(|(known, _)| known == id).map(|(_, seq)| *seq)
    }

    /// Reads what others wrote since we looked last: at the first look the newest entries. A last line without an
    /// end gets one, or is cut off. Call it under the lock.
    pub(super) fn catch_up(&mut self) -> io::Result<()> {
        let file = match open(&self.path, OpenOptions::new().read(true).write(true)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let now = Extent::of(file.as_ref())?;
        if self.known.is_none() && now.size < TAIL {
            self.learn_archived()?;
        }
        let Some(mut file) = file.filter(|_| self.known != Some(now)) else {
            self.known = Some(now);
            return Ok(());
        };
        let size = self.mend(&mut file, now.size)?;
        // What we know of the end of a file that shrank or was replaced is void.
        let known = self.known.filter(|known| known.is_of_same(now) && known.size <= size);
        let from = known.map_or_else(|| size.saturating_sub(TAIL), |known| known.size.max(size.saturating_sub(MOST)));
        let mut entries = lines(&mut file, from, size)?;
        if entries.is_empty() && from > 0 {
            // A line is longer than what we looked at, or is none of ours.
            entries = newest(&mut file, self.last_seq)?;
        }
        self.learn(&entries);
        self.known = Some(Extent { size, ..now });
        Ok(())
    }

    /// Gives the last line its end: one that is an entry without it is kept, and one that is torn is cut off. Gives the size.
    fn mend(&self, file: &mut File, size: u64) -> io::Result<u64> {
        if size == 0 || read::range(file, size - 1, size)? == b"\n" {
            return Ok(size);
        }
        let end = read::end_of_lines(file, size)?;
        let is_whole =
            size - end <= read::MAX_LINE as u64 && Entry::from_line(&read::range(file, end, size)?).is_some();
        if is_whole {
            // Whoever has read it knows its number, which must be no other's.
            file.seek(SeekFrom::Start(size))?;
            file.write_all(b"\n")?;
            return Ok(size + 1);
        }
        tracing::warn!(path = %self.path.display(), bytes = size - end, "cut off a torn last line");
        file.set_len(end)?;
        Ok(end)
    }

    /// Appends a batch with one write; on an error the file is as it was. Call it under the lock, after
    /// [`EventFile::catch_up`].
    pub(super) fn append(&mut self, batch: &[Entry]) -> io::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut text = Vec::with_capacity(batch.len() * 200);
        for entry in batch {
            serde_json::to_writer(&mut text, entry)?;
            text.push(b'\n');
        }
        let mut file = open_to_append(&self.path)?;
        let before = Extent::of(Some(&file))?;
        if let Err(error) = file.write_all(&text) {
            // Half a batch is worse than none: it would be written again whole.
            cut_off(&self.path, before.size);
            return Err(error);
        }
        self.known = Some(before.with(text.len()));
        self.learn(batch);
        Ok(())
    }

    /// What the file does not tell because its beginning was archived.
    fn learn_archived(&mut self) -> io::Result<()> {
        let Some(archived) = archive::files(&self.root, Kind::Events)?.into_iter().next() else { return Ok(()) };
        let mut file = open(&archived, OpenOptions::new().read(true))?;
        let size = file.metadata()?.len();
        let mut entries = lines(&mut file, size.saturating_sub(TAIL), size)?;
        if entries.is_empty() {
            entries = newest(&mut file, 0)?;
        }
        self.learn(&entries);
        Ok(())
    }

    /// Archives the file if it is larger than `over` bytes; the numbers go on. Call it under the lock, after
    /// [`EventFile::catch_up`].
    pub(super) fn rotate(&mut self, over: u64, now: DateTime<FixedOffset>) -> io::Result<()> {
        if archive::rotate(&self.root, Kind::Events, over, now)? {
            self.known = Some(Extent::of(None)?);
        }
        Ok(())
    }

    fn learn(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.last_seq = self.last_seq.max(entry.seq);
            if let Some(id) = entry.what.client_id().filter(|id| !id.is_empty()) {
                self.ids.push_back((id.to_owned(), entry.seq));
            }
        }
        self.last_time = entries.last().map(|entry| entry.time).or(self.last_time);
        let too_many = self.ids.len().saturating_sub(MAX_IDS);
        self.ids.drain(..too_many);
    }
}

/// The newest entries behind the one with this sequence number, the oldest first.
fn newest(file: &mut File, seq: u64) -> io::Result<Vec<Entry>> {
    let mut found = VecDeque::new();
    read::backwards_in(file, &mut |entry| {
        let is_wanted = entry.seq > seq && found.len() < MAX_IDS;
        if is_wanted {
            found.push_front(entry);
        }
        is_wanted
    })?;
    Ok(found.into())
}

/// The entries of the lines from `from` on.
fn lines(file: &mut File, from: u64, size: u64) -> io::Result<Vec<Entry>> {
    let bytes = read::range(file, from, size)?;
    // Where `from` lies inside a line, that line does not parse and is passed over.
    Ok(bytes.split(|byte| *byte == b'\n').filter_map(Entry::from_line).collect())
}
