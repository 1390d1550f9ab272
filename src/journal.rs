//! The record on disk: the only code that writes `session.md`, `events.jsonl`, `session_state.json` and `session.pid`.
//!
//! A batch is written under `journal.lock`: to `events.jsonl` first, which is the authority, then to `session.md`, then to
//! the state file. Each is one write. Tracker, agent and companion append through the same code, so lines never
//! interleave and sequence numbers never go back, whoever writes. What can't be written is kept and tried again. Where an
//! entry gets its number it loses its secrets: nothing comes to the disk without.

mod archive;
mod event_file;
mod failure;
mod follow;
mod foreign;
mod lock;
mod log_file;
mod open;
pub mod read;
mod redaction;
mod session;
pub mod state;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, NaiveDate};

use crate::command;
use crate::config::{self, Config};
use crate::entry::{Entry, FORMAT_VERSION, Gap, GapReason, Ran, Record, Source, What};
use crate::line::{self, Line};
use crate::locate;
use crate::project::ProjectRoot;
use crate::redact::Redactor;
use crate::request::{Failure, FailureCode};
use event_file::EventFile;
pub use failure::{io_failure, lock_failure, refuse_other_tool};
pub use follow::Follow;
use lock::AppendLock;
pub use lock::TrackerLock;
use log_file::LogFile;
pub use redaction::{Loss, redact};
pub use session::Begin;

/// How long a writer waits for another writer's batch.
pub const APPEND_PATIENCE: Duration = Duration::from_secs(2);

/// More entries than this that could not be written give way to a gap.
const MAX_PENDING: usize = 100_000;

/// A project's journal, opened for appending.
pub struct Journal {
    root: ProjectRoot,
    /// The session that entries belong to.
    session: Option<String>,
    settings: config::Record,
    redactor: Redactor,
    /// How many secrets were taken out that the state does not tell of yet.
    redactions: u64,
    events: EventFile,
    log: LogFile,
    pending: VecDeque<(DateTime<FixedOffset>, What)>,
    /// More could not be written than is kept: the record lacks changes until somebody looks at the whole tree.
    is_lossy: bool,
    /// What others said in `session.md`, and `events.jsonl` does not have yet.
    foreign: Vec<(DateTime<FixedOffset>, What)>,
    /// The log or the state lacks what `events.jsonl` has.
    is_behind: bool,
    /// Why the last try to write did not reach the disk, or not all of it.
    problem: Option<Failure>,
    /// The day on which the files' sizes were looked at.
    weighed_on: Option<NaiveDate>,
    tracker: Option<state::TrackerFacts>,
}

impl Journal {
    /// Makes `.context` with its `.gitignore` and the log's header, as far as they are absent; false when the folder was
    /// there.
    ///
    /// # Errors
    ///
    /// The folder or a file in it can't be made.
    pub fn init(root: &ProjectRoot) -> Result<bool, Failure> {
        let folder = root.context_dir();
        let is_new = match fs::create_dir(&folder) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(io_failure("create", &folder, &error)),
        };
        if is_new && !root.gitignore().exists() {
            let path = root.gitignore();
            fs::write(&path, "*\n").map_err(|error| io_failure("write", &path, &error))?;
        }
        let _lock = append_lock(root, APPEND_PATIENCE)?;
        let mut log = LogFile::new(root);
        log.make().map_err(|error| io_failure("write", log.path(), &error))?;
        Ok(is_new)
    }

    /// Opens the journal of a project that has a `.context`.
    pub fn open(root: &ProjectRoot, config: &Config) -> Journal {
        Journal {
            root: root.clone(),
            session: None,
            settings: config.record,
            redactor: Redactor::new(&config.redact),
            redactions: 0,
            events: EventFile::new(root),
            log: LogFile::new(root),
            pending: VecDeque::new(),
            is_lossy: false,
            foreign: Vec::new(),
            is_behind: false,
            problem: None,
            weighed_on: None,
            tracker: None,
        }
    }

    /// What the state file says of the tracker, for changing it; written with the next batch or by
    /// [`Journal::write_state`].
    pub fn tracker_mut(&mut self) -> Option<&mut state::TrackerFacts> {
        self.tracker.as_mut()
    }

    /// Goes by other settings.
    pub fn configure(&mut self, config: &Config) {
        self.settings = config.record;
        self.redactor = Redactor::new(&config.redact);
    }

    /// Appends one batch, behind what an earlier call could not write. Gives the sequence number of the last entry.
    ///
    /// # Errors
    ///
    /// The journal can't be written, or another writer held its lock for all of `wait`. The batch is kept, and
    /// written with the next one.
    pub fn append(&mut self, batch: Vec<What>, wait: Duration) -> Result<u64, Failure> {
        let time = now();
        self.pending.extend(batch.into_iter().map(|what| (time, what)));
        self.flush(wait)
    }

    /// Appends what a client sent, unless an entry with its id is there already. Gives its sequence number.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`], but nothing is kept: the client hears of it and keeps the record itself.
    pub fn append_record(&mut self, record: Record, wait: Duration) -> Result<u64, Failure> {
        self.append_record_at(record, now(), wait)
    }

    /// The same, but `told` hears of it as soon as it is on disk: before the state file is written, for which whoever reads
    /// the state waits.
    ///
    /// # Errors
    ///
    /// As [`Journal::append_record`]; `told` was not called then.
    pub fn append_record_telling(
        &mut self,
        record: Record,
        wait: Duration,
        told: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        self.append_one(record, now(), wait, told)
    }

    /// The same for a record that waited elsewhere, with the time at which it should have been written.
    ///
    /// # Errors
    ///
    /// As [`Journal::append_record`].
    pub fn append_record_at(
        &mut self,
        record: Record,
        time: DateTime<FixedOffset>,
        wait: Duration,
    ) -> Result<u64, Failure> {
        let mut place = 0;
        self.append_one(record, time, wait, &mut |seq| place = seq).map(|()| place)
    }

    fn append_one(
        &mut self,
        record: Record,
        time: DateTime<FixedOffset>,
        wait: Duration,
        told: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let id = record.id().to_owned();
        let record = self.with_files_changed(record, &time);
        self.pending.push_back((time, record.into()));
        let written = &mut |events: &EventFile| told(events.find_id(&id).unwrap_or(events.last_seq()));
        self.flush_telling(wait, written).inspect_err(|_| {
            self.pending.retain(|(_, what)| what.client_id() != Some(&id));
        })
    }

    /// A tracker that sees changes as they are made knows what changed while a command ran; nobody else does.
    fn with_files_changed(&self, record: Record, recorded: &DateTime<FixedOffset>) -> Record {
        let sees_at_once = self.tracker.as_ref().is_some_and(|facts| facts.degraded.is_none());
        match record {
            Record::Ran(ran) if sees_at_once && ran.source == Source::Run => {
                let began = DateTime::from_timestamp_nanos(command::began_ns(&ran, recorded)).fixed_offset();
                let since = read::since(&self.root, &began).ok();
                let files_changed = since.and_then(|since| command::files_changed(&ran, recorded, &since));
                Record::Ran(Ran { files_changed, ..ran })
            }
            record => record,
        }
    }

    /// The place of the last entry that we know of.
    pub fn last_seq(&self) -> u64 {
        self.events.last_seq()
    }

    /// Whether something waits to be written into `events.jsonl`.
    fn has_pending(&self) -> bool {
        !self.pending.is_empty() || !self.foreign.is_empty()
    }

    /// Why the record can't be written, and what mends it.
    pub fn problem(&self) -> Option<String> {
        let Failure { message, hint, .. } = self.problem.as_ref()?;
        Some(hint.as_ref().map_or_else(|| message.clone(), |hint| format!("{message}; {hint}")))
    }

    /// Whether the record has all that was seen.
    pub fn is_whole(&self) -> bool {
        !self.has_pending() && !self.is_lossy
    }

    /// Whether another try is worth it: something waits, or a file lacks something.
    pub fn needs_retry(&self) -> bool {
        self.has_pending() || self.is_behind || self.is_lossy
    }

    /// Writes what waits. Gives the last sequence number of the file.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`].
    pub fn flush(&mut self, wait: Duration) -> Result<u64, Failure> {
        if self.needs_retry() {
            self.flush_telling(wait, &mut |_| {})?;
        }
        Ok(self.events.last_seq())
    }

    /// Writes what waits; `written` is called when all is on disk but the state, of which readers wait for the lock.
    fn flush_telling(&mut self, wait: Duration, written: &mut dyn FnMut(&EventFile)) -> Result<(), Failure> {
        // What is known of the tree is ahead of the record: what changes meanwhile is found again with the rest.
        if self.is_lossy && self.pending.iter().any(|(_, what)| what.is_file_change()) {
            self.give_up_pending();
        }
        let written = self.write_pending(wait, written);
        // One that is kept waiting by another writer says nothing of the disk.
        if let Some(failure) = written.as_ref().err().filter(|failure| failure.code == FailureCode::Io) {
            self.problem = Some(failure.clone());
        }
        if written.is_err() && self.pending.len() > MAX_PENDING {
            self.is_lossy = true;
            self.give_up_pending();
        }
        written
    }

    fn write_pending(&mut self, wait: Duration, written: &mut dyn FnMut(&EventFile)) -> Result<(), Failure> {
        let _lock = append_lock(&self.root, wait)?;
        self.take_foreign()?;
        self.rotate_once_a_day();
        let already_there = self.foreign.len();
        let is_known = |what: &What| what.client_id().is_some_and(|id| self.events.find_id(id).is_some());
        let waiting = self.pending.iter().filter(|(_, what)| !is_known(what)).cloned();
        let (batch, redactions) = self.number(self.foreign.iter().cloned().chain(waiting));
        let previous = self.write_events(&batch)?;
        self.redactions += redactions;
        self.foreign.clear();
        self.pending.clear();
        // From here on it is recorded; what fails behind the authority is made good for later.
        self.write_behind(&batch, already_there, previous, written);
        Ok(())
    }

    /// Archives what has grown large: at the start of a session, and with the first batch of another day. Only a tracker does,
    /// of which there is one. Call it under the lock.
    fn rotate_once_a_day(&mut self) {
        let (now, settings) = (now(), self.settings);
        if self.tracker.is_none() || self.weighed_on == Some(now.date_naive()) {
            return;
        }
        self.weighed_on = Some(now.date_naive());
        let events = self.events.rotate(settings.rotate_over, now);
        let log = self.log.rotate(settings.rotate_over, now);
        let pruned = archive::prune(&self.root, settings.keep, now);
        if let Err(error) = events.and(log).and(pruned) {
            tracing::warn!(%error, archive = %self.root.archive_dir().display(), "the record could not be archived");
        }
    }

    /// Keeps memory bounded while nothing can be written: changes become a gap. What a scan can't find is kept.
    fn give_up_pending(&mut self) {
        let from = match self.pending.front() {
            Some((_, What::Gap(gap))) => gap.from,
            Some((time, _)) => *time,
            None => now(),
        };
        let is_found_again = |what: &What| {
            what.is_file_change() || matches!(what, What::Gap(gap) if gap.reason == GapReason::Unreachable)
        };
        self.pending.retain(|(_, what)| !is_found_again(what));
        self.pending.truncate(MAX_PENDING);
        let gap = Gap { from, to: now(), reason: GapReason::Unreachable, changes_found: None };
        self.pending.push_front((gap.to, What::Gap(gap)));
    }

    /// Whether changes were given up that the record can take again: what is known of the tree is ahead of it. The gap that says
    /// so is written; it is asked once.
    pub fn take_loss(&mut self) -> bool {
        !self.has_pending() && std::mem::take(&mut self.is_lossy)
    }

    /// What happened as the entries that are written: in order, and without the secrets, whose number is given too.
    fn number(&self, whats: impl Iterator<Item = (DateTime<FixedOffset>, What)>) -> (Vec<Entry>, u64) {
        let mut redactions = 0;
        let entry = |((time, mut what), seq)| {
            redactions += self.redactor.what(&mut what);
            Entry { v: FORMAT_VERSION, seq, time, session: self.session.clone(), what }
        };
        let entries = whats.zip(self.events.last_seq() + 1..).map(entry).collect();
        (entries, redactions)
    }

    /// Gives the time of the entry before the batch. Call it under the lock.
    fn write_events(&mut self, batch: &[Entry]) -> Result<Option<DateTime<FixedOffset>>, Failure> {
        let previous = self.events.last_time();
        self.events.append(batch).map_err(|error| io_failure("write", self.events.path(), &error))?;
        Ok(previous)
    }

    /// Behind `events.jsonl`: the log, in which the first entries of the batch may stand already, and the state. What fails
    /// here is recorded all the same, and made good for later. Call it under the lock.
    fn write_behind(
        &mut self,
        batch: &[Entry],
        there: usize,
        previous: Option<DateTime<FixedOffset>>,
        written: &mut dyn FnMut(&EventFile),
    ) {
        let mut lines = line::batch(batch, self.settings.summarise_over);
        lines.retain(|line| line.seq >= batch.get(there).map_or(u64::MAX, |entry| entry.seq));
        let seq = Some(self.events.last_seq());
        let logged =
            self.log.append(&lines, seq, previous).map_err(|error| io_failure("write", self.log.path(), &error));
        written(&self.events);
        let stated = logged.and_then(|()| self.write_state_locked(batch, &lines));
        let failure = stated.err();
        if let Some(failure) = failure.as_ref().filter(|_| self.problem.is_none()) {
            tracing::warn!(%failure, "it is recorded, but not yet everywhere");
        }
        self.problem = failure;
        self.is_behind = self.problem.is_some();
    }

    /// Writes the state file as it is.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn write_state(&mut self) -> Result<(), Failure> {
        let _lock = append_lock(&self.root, APPEND_PATIENCE)?;
        self.write_state_locked(&[], &[])
    }

    fn write_state_locked(&mut self, batch: &[Entry], lines: &[Line]) -> Result<(), Failure> {
        // Who has changed the log since has told what it is like now; what it lacks is found from what was told before.
        let (log_size, log_seq) = match self.log.has_changed() || self.log.owes() {
            true => (None, None),
            false => (self.log.size(), self.log.seq()),
        };
        let (tracker, redactor, redactions) = (self.tracker.as_ref(), &self.redactor, self.redactions);
        let update = state::Update { batch, lines, tracker, log_size, log_seq, redactor, redactions };
        state::update(&self.root, &update).map_err(|error| io_failure("write", &self.root.state(), &error))?;
        self.redactions = 0;
        Ok(())
    }
}

/// Every write goes through here, so no write follows a `.context` that leads elsewhere or is somebody else's.
fn append_lock(root: &ProjectRoot, wait: Duration) -> Result<AppendLock, Failure> {
    locate::check_context(root)?;
    AppendLock::acquire(root, wait).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => {
            Failure::new(FailureCode::Timeout, format!("another program holds {}", root.journal_lock().display()))
                .with_hint("try again; if it stays so, see which program has the file open")
        }
        _ => io_failure("lock", &root.journal_lock(), &error),
    })
}

/// The local time with its offset.
pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}

#[cfg(test)]
mod tests;
