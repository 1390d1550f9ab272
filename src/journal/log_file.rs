//! `session.md`: the log for people. It is continued, and rewritten only by `redaction`; what others append to it is noticed by
//! its size.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::archive::{self, Kind};
use super::event_file::Extent;
use super::open::{cut_off, open, open_to_append};
use super::{now, state};
use crate::line::{self, Line};
use crate::project::ProjectRoot;

/// What is read at most of others' lines in one go.
const MAX_FOREIGN: u64 = 4 << 20;

/// How far back from its end a file is read that was cut.
const TAIL: u64 = 64 * 1024;

pub(super) struct LogFile {
    root: ProjectRoot,
    path: PathBuf,
    /// What our last write left; none before the first look.
    known: Option<Extent>,
    /// The entry up to which all that has a line stands in the file or is owed; none before the first look.
    seq: Option<u64>,
    /// The day of the last line.
    day: Option<NaiveDate>,
    /// The start of the session that is recorded.
    session: Option<DateTime<FixedOffset>>,
    /// Whether the session's heading is still to be written.
    is_heading_due: bool,
    /// Lines that could not be written with their batch.
    owed: Vec<Line>,
    /// At the first look it was shorter than we left it.
    is_cut: bool,
    /// What others wrote between our last look and our last write: they take no lock.
    beside: String,
}

/// How a file ends that was cut amid a line.
pub(super) struct Torn {
    /// Where the line begins.
    at: u64,
    /// What there is of it.
    pub(super) text: String,
    /// The last whole line that tells of something.
    pub(super) before: String,
}

impl LogFile {
    pub(super) fn new(root: &ProjectRoot) -> Self {
        Self {
            root: root.clone(),
            path: root.session_log(),
            known: None,
            seq: None,
            day: None,
            session: None,
            is_heading_due: false,
            owed: Vec::new(),
            is_cut: false,
            beside: String::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The size that our last write left; none before it.
    pub(super) fn size(&self) -> Option<u64> {
        self.known.map(|known| known.size)
    }

    /// The entry up to which all that has a line stands in the file or is owed; none before the first look.
    pub(super) fn seq(&self) -> Option<u64> {
        self.seq
    }

    /// The next lines of a session stand below a new heading.
    pub(super) fn begin_session(&mut self, started: DateTime<FixedOffset>) {
        self.session = Some(started);
        self.is_heading_due = true;
    }

    /// Whether there is something of others in the file that was not given out.
    pub(super) fn has_changed(&self) -> bool {
        let size = std::fs::symlink_metadata(&self.path).map_or(0, |metadata| metadata.len());
        self.size() != Some(size) || !self.beside.is_empty()
    }

    /// The lines that others have written since we looked last. Call it under the lock.
    pub(super) fn catch_up(&mut self) -> io::Result<Vec<String>> {
        let behind = self.read_on()?;
        let beside = std::mem::take(&mut self.beside);
        Ok(beside.lines().chain(behind.lines()).map(str::to_owned).collect())
    }

    /// What stands behind our last write.
    fn read_on(&mut self) -> io::Result<String> {
        let mut file = match open(&self.path, OpenOptions::new().read(true)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let now = Extent::of(file.as_ref())?;
        // Of a file that was replaced, as one that was redacted, the state says how far it is ours.
        let same = self.known.filter(|known| known.is_of_same(now));
        let logged = if same.is_none() { state::logged(&self.root) } else { None };
        if let Some(seq) = logged.as_ref().and_then(|logged| logged.seq) {
            self.seq = Some(seq);
            // What is owed is found from there.
            self.owed.clear();
        }
        let Some(file) = &mut file else {
            self.known = None;
            return Ok(String::new());
        };
        let stated = if same.is_none() { logged.and_then(|logged| logged.size) } else { None };
        let written = stated.or(self.size());
        self.is_cut = self.known.is_none() && written.is_some_and(|written| now.size < written);
        // A file that shrank is another one, in which this session is not announced.
        self.is_heading_due |= self.known.is_some() && written.is_some_and(|written| now.size < written);
        let known = written.filter(|written| *written <= now.size).unwrap_or(now.size);
        self.known = Some(now);
        if known == now.size { Ok(String::new()) } else { read_between(file, known, now.size) }
    }

    /// How the file ends, if it has lost its end since we wrote it, amid a line.
    pub(super) fn torn(&mut self) -> io::Result<Option<Torn>> {
        let Some(known) = self.known.filter(|_| std::mem::take(&mut self.is_cut)) else { return Ok(None) };
        let mut file = open(&self.path, OpenOptions::new().read(true))?;
        let from = known.size.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n').filter(|end| end + 1 < bytes.len()) else {
            return Ok(None);
        };
        let (whole, text) = bytes.split_at(end + 1);
        let whole = String::from_utf8_lossy(whole);
        let before = whole.lines().rev().find(|line| line.starts_with('['));
        let at = from + end as u64 + 1;
        // A character may be cut, too.
        let text = String::from_utf8_lossy(text).trim_end_matches('\u{fffd}').to_owned();
        Ok(before.map(|before| Torn { at, text, before: before.to_owned() }))
    }

    /// Cuts the torn line off; all up to `seq` is there.
    pub(super) fn mend(&mut self, torn: &Torn, seq: u64) -> io::Result<()> {
        tracing::warn!(path = %self.path.display(), "cut off a torn last line");
        let file = open(&self.path, OpenOptions::new().write(true))?;
        file.set_len(torn.at)?;
        self.known = Some(Extent::of(Some(&file))?);
        self.seq = Some(seq);
        Ok(())
    }

    /// Takes the lines that another writer has left out of those up to `seq`, to be written before the next ones. What another
    /// has made good for us is owed no more.
    pub(super) fn owe(&mut self, lines: Vec<Line>, seq: u64, is_there: &mut dyn FnMut(&str) -> bool) {
        if !lines.is_empty() {
            tracing::warn!(lines = lines.len(), "session.md lacks what was recorded; it is added");
        }
        self.owed.retain(|line| !is_there(&line.to_string()));
        self.owed.extend(lines);
        self.seq = self.seq.map(|_| seq);
    }

    /// Whether lines wait to be written.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Archives the file if it is larger than `over` bytes. Call it under the lock, after [`LogFile::catch_up`].
    pub(super) fn rotate(&mut self, over: u64, now: DateTime<FixedOffset>) -> io::Result<()> {
        if archive::rotate(&self.root, Kind::Log, over, now)? {
            self.known = None;
        }
        Ok(())
    }

    /// Makes the file with its header where it is absent or empty.
    pub(super) fn make(&mut self) -> io::Result<()> {
        self.append(&[], None, None)
    }

    /// Appends the lines of the entries up to `seq` with one write, below the headings that are due. A file that is absent or
    /// empty gets its header. Lines that can't be written are kept for the next call.
    pub(super) fn append(
        &mut self,
        lines: &[Line],
        seq: Option<u64>,
        previous: Option<DateTime<FixedOffset>>,
    ) -> io::Result<()> {
        self.owed.extend_from_slice(lines);
        self.seq = seq.or(self.seq);
        let mut file = open_to_append(&self.path)?;
        let before = Extent::of(Some(&file))?;
        let size = before.size;
        // Somebody may have removed the file in the middle of a session.
        self.is_heading_due |= size == 0;
        let start = match size {
            0 => line::header(&now()),
            _ if ends_with_newline(&mut file)? => String::new(),
            _ => "\n".to_owned(),
        };
        let (text, is_heading_due) = self.text(start, self.day.or(previous.map(|time| time.date_naive())));
        if let Err(error) = file.write_all(text.as_bytes()) {
            cut_off(&self.path, size);
            return Err(error);
        }
        if let Some(last) = self.owed.last() {
            (self.day, self.is_heading_due) = (Some(last.time.date_naive()), is_heading_due);
            self.owed.clear();
        }
        let seen = self.known.filter(|known| known.is_of_same(before)).map_or(size, |known| known.size.min(size));
        let after = Extent::of(Some(&file))?;
        if after.size > seen + text.len() as u64 {
            // Our own text is one piece of it, wherever it came to stand.
            self.beside.push_str(&read_between(&mut file, seen, after.size)?.replacen(&text, "", 1));
        }
        self.known = Some(after);
        Ok(())
    }

    /// What is owed, with the headings that are due: of the session, or of a day that began; and whether the session's is
    /// still due, as after lines that are older.
    fn text(&self, start: String, mut day: Option<NaiveDate>) -> (String, bool) {
        let mut text = start;
        let mut is_due = self.is_heading_due;
        for line in &self.owed {
            let today = line.time.date_naive();
            match self.session {
                Some(started) if is_due && line.time >= started => {
                    text.push_str(&line::session_heading(&started));
                    (day, is_due) = (Some(started.date_naive()), false);
                }
                None if is_due => (day, is_due) = (None, false),
                _ => {}
            }
            if day != Some(today) {
                text.push_str(&line::day_heading(&line.time));
                day = Some(today);
            }
            text.push_str(&line.to_string());
            text.push('\n');
        }
        (text, is_due)
    }
}

/// What stands between two places, the last part of it where that is much.
fn read_between(file: &mut File, from: u64, to: u64) -> io::Result<String> {
    let from = from.max(to.saturating_sub(MAX_FOREIGN));
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to - from).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
