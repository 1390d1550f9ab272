//! What others wrote into `session.md`, and what a writer that died has left out there.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use super::{Journal, append_lock, io_failure, now, read};
use crate::entry::{Ran, Source, What};
use crate::line::{self, Said};
use crate::request::Failure;

impl Journal {
    /// Takes over what other programs appended to `session.md`; false when there was nothing.
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn adopt_foreign(&mut self, wait: Duration) -> Result<bool, Failure> {
        if !self.log.has_changed() {
            return Ok(false);
        }
        let _lock = append_lock(&self.root, wait)?;
        let foreign = self.take_foreign()?;
        let (batch, redactions) = self.number(foreign.into_iter());
        let previous = self.write_events(&batch)?;
        self.redactions += redactions;
        self.write_behind(&batch, batch.len(), previous, &mut |_| {});
        Ok(!batch.is_empty())
    }

    /// The commands that others wrote into `session.md` since our last write. What a writer that died left out there is owed
    /// from then on. Call it under the lock.
    pub(super) fn take_foreign(&mut self) -> Result<Vec<(DateTime<FixedOffset>, What)>, Failure> {
        let ours = self.events.catch_up().map_err(|error| io_failure("read", self.events.path(), &error))?;
        let is_first = self.log.size().is_none();
        let lines = self.log.catch_up().map_err(|error| io_failure("read", self.log.path(), &error))?;
        if is_first {
            self.owe_what_is_missing(&lines)?;
        }
        let mut ours: Vec<String> = ours.iter().map(line::line).collect();
        let mut foreign = Vec::new();
        for text in lines {
            if let Some(at) = ours.iter().position(|line| *line == text) {
                ours.swap_remove(at);
            } else if let Some(Said::Ran(command, status)) = line::parse(&text).map(|parsed| parsed.said) {
                foreign.push((now(), foreign_command(command, status)));
            }
        }
        Ok(foreign)
    }

    /// Finds the entries behind the last one that is known to have its line in `session.md`.
    fn owe_what_is_missing(&mut self, there: &[String]) -> Result<(), Failure> {
        let Some(seq) = self.log.seq().filter(|seq| *seq < self.events.last_seq()) else { return Ok(()) };
        let entries = read::newer(&self.root, seq).map_err(|error| io_failure("read", self.events.path(), &error))?;
        let mut missing = line::batch(&entries, self.settings.summarise_over);
        missing.retain(|line| !there.contains(&line.to_string()));
        tracing::warn!(lines = missing.len(), "session.md lacks what was recorded last; it is added");
        self.log.owe(missing);
        Ok(())
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
