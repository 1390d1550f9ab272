//! What others wrote into `session.md`, and what a writer that died, or whose disk failed, has left out there.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::{Journal, append_lock, io_failure, now, read};
use crate::entry::{Entry, Ran, Source, What};
use crate::line::{self, Said};
use crate::request::Failure;

impl Journal {
    /// Takes over what other programs appended to `session.md`; false when there was nothing.
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn adopt_foreign(&mut self, wait: Duration) -> Result<bool, Failure> {
        if !self.log.has_changed() && self.foreign.is_empty() {
            return Ok(false);
        }
        let _lock = append_lock(&self.root, wait)?;
        self.take_foreign()?;
        let (batch, redactions) = self.number(self.foreign.iter().cloned());
        let previous = self.write_events(&batch)?;
        self.redactions += redactions;
        self.foreign.clear();
        self.write_behind(&batch, batch.len(), previous, &mut |_| {});
        Ok(!batch.is_empty())
    }

    /// Finds the commands that others wrote into `session.md` since we looked last. What another writer of ours has recorded and
    /// left out there, since it died or could not write it, is owed from then on. Call it under the lock.
    pub(super) fn take_foreign(&mut self) -> Result<(), Failure> {
        self.events.catch_up().map_err(|error| io_failure("read", self.events.path(), &error))?;
        let lines = self.log.catch_up().map_err(|error| io_failure("read", self.log.path(), &error))?;
        self.mend_log().map_err(|error| io_failure("mend", self.log.path(), &error))?;
        let unread = |error| io_failure("read", self.events.path(), &error);
        let newer = match self.log.seq() {
            Some(seq) if seq < self.events.last_seq() => read::newer(&self.root, seq).map_err(unread)?,
            _ => Vec::new(),
        };
        let mut there = Lines::from(&lines);
        let missing = there.missing(newer, self.settings.summarise_over);
        self.log.owe(missing, self.events.last_seq(), &mut |line| there.take(line));
        for text in lines.iter().filter(|text| there.take(text)) {
            if let Some(Said::Ran(command, status)) = line::parse(text).map(|parsed| parsed.said) {
                self.foreign.push((now(), foreign_command(command, status)));
            }
        }
        Ok(())
    }

    /// A log that ends amid a line of ours has lost its end, as when the power fails: what stood behind its last whole line is
    /// missing. One that somebody else has changed is left as it is.
    fn mend_log(&mut self) -> io::Result<()> {
        let Some(torn) = self.log.torn()? else { return Ok(()) };
        let Some(last) = read::last(&self.root, 1, &|entry| line::line(entry) == torn.before)?.pop() else {
            return Ok(());
        };
        let lost = line::batch(&read::newer(&self.root, last.seq)?, self.settings.summarise_over);
        let is_ours =
            torn.text.starts_with('#') || lost.first().is_some_and(|line| line.to_string().starts_with(&torn.text));
        if is_ours { self.log.mend(&torn, last.seq) } else { Ok(()) }
    }
}

/// Lines of `session.md`, of which each is taken once.
struct Lines<'a>(HashMap<&'a str, usize>);

impl<'a> Lines<'a> {
    fn from(lines: &'a [String]) -> Self {
        let mut counts = HashMap::new();
        lines.iter().for_each(|line| *counts.entry(line.as_str()).or_default() += 1);
        Self(counts)
    }

    /// Whether the line is there.
    fn take(&mut self, line: &str) -> bool {
        let Some(count) = self.0.get_mut(line).filter(|count| **count > 0) else { return false };
        *count -= 1;
        true
    }

    /// What is not there of the entries' lines, however they were summed up.
    fn missing(&mut self, mut entries: Vec<Entry>, summarise_over: usize) -> Vec<line::Line> {
        entries.retain(|entry| !self.take(&line::line(entry)));
        let mut missing = line::batch(&entries, summarise_over);
        missing.retain(|line| !self.take(&line.to_string()));
        missing
    }
}

pub(super) fn foreign_command(command: String, status: String) -> What {
    What::Ran(Ran {
        id: String::new(),
        command,
        status,
        exit_code: None,
        duration_ms: None,
        began_ns: None,
        cwd: None,
        source: Source::Foreign,
        files_changed: None,
        late: false,
        redactions: 0,
    })
}
