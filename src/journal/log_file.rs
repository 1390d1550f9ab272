//! `session.md`: the log for people. It is continued, never rewritten; what others append to it is noticed by its size.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::event_file::open;
use super::{now, state};
use crate::line::{self, Line};
use crate::platform::files;
use crate::project::ProjectRoot;

/// What is read at most of others' lines in one go.
const MAX_FOREIGN: u64 = 4 << 20;

pub(super) struct LogFile {
    path: PathBuf,
    /// The size that our last write left; none before the first look.
    known: Option<u64>,
    /// The day of the last line.
    day: Option<NaiveDate>,
    /// The start of the session that is recorded.
    session: Option<DateTime<FixedOffset>>,
    /// Whether the session's heading is still to be written.
    is_heading_due: bool,
    /// Lines that could not be written with their batch.
    owed: Vec<Line>,
}

impl LogFile {
    pub(super) fn new(root: &ProjectRoot) -> Self {
        Self {
            path: root.session_log(),
            known: None,
            day: None,
            session: None,
            is_heading_due: false,
            owed: Vec::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The size that our last write left; none before it.
    pub(super) fn size(&self) -> Option<u64> {
        self.known
    }

    /// The next line stands below a new heading.
    pub(super) fn begin_session(&mut self, started: DateTime<FixedOffset>) {
        self.session = Some(started);
        self.is_heading_due = true;
    }

    /// Whether the file is of another size than our last write left it.
    pub(super) fn has_changed(&self) -> bool {
        let size = std::fs::symlink_metadata(&self.path).map_or(0, |metadata| metadata.len());
        self.known != Some(size)
    }

    /// The lines that stand behind our last write. Call it under the lock.
    pub(super) fn catch_up(&mut self, root: &ProjectRoot) -> io::Result<Vec<String>> {
        let mut file = match open(&self.path, OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.known = None;
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        // A file that shrank is another one, in which this session is not announced.
        self.is_heading_due |= self.known.is_some_and(|known| size < known);
        let known = self.known.or_else(|| state::log_size(root)).filter(|known| *known <= size).unwrap_or(size);
        self.known = Some(size);
        if known == size {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(known.max(size.saturating_sub(MAX_FOREIGN))))?;
        let mut bytes = Vec::new();
        file.take(MAX_FOREIGN).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }

    /// Appends lines with one write, below the headings that are due. A file that is absent or empty gets its header, also
    /// when there are no lines. Lines that can't be written are kept for the next call.
    pub(super) fn append(&mut self, lines: &[Line], previous: Option<DateTime<FixedOffset>>) -> io::Result<()> {
        self.owed.extend_from_slice(lines);
        let options = &mut OpenOptions::new();
        let mut file = open(&self.path, files::create_private(options.read(true).append(true).create(true)))?;
        let size = file.metadata()?.len();
        // Somebody may have removed the file in the middle of a session.
        self.is_heading_due |= size == 0;
        let start = match size {
            0 => line::header(&now()),
            _ if ends_with_newline(&mut file)? => String::new(),
            _ => "\n".to_owned(),
        };
        let text = self.text(start, self.day.or(previous.map(|time| time.date_naive())));
        if let Err(error) = file.write_all(text.as_bytes()) {
            let _ = file.set_len(size);
            return Err(error);
        }
        if let Some(last) = self.owed.last() {
            (self.day, self.is_heading_due) = (Some(last.time.date_naive()), false);
            self.owed.clear();
        }
        self.known = Some(size + text.len() as u64);
        Ok(())
    }

    /// What is owed, with the headings that are due: of the session, or of a day that began.
    fn text(&self, start: String, mut day: Option<NaiveDate>) -> String {
        let mut text = start;
        for (index, line) in self.owed.iter().enumerate() {
            let today = line.time.date_naive();
            match self.session.filter(|_| index == 0 && self.is_heading_due) {
                Some(started) => text.push_str(&line::session_heading(&started)),
                None if day != Some(today) || (index == 0 && self.is_heading_due) => {
                    text.push_str(&line::day_heading(&line.time));
                }
                None => {}
            }
            day = Some(today);
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text
    }
}

fn ends_with_newline(file: &mut std::fs::File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
