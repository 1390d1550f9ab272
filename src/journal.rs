//! The record on disk: the only code that writes `session.md`, `events.jsonl`, `session_state.json` and `session.pid`.
//!
//! A batch is written under `journal.lock`: to `events.jsonl` first, which is the authority, then to `session.md`, then to
//! the state file. Each is one write. Tracker, agent and companion append through the same code, so lines never
//! interleave and sequence numbers never go back, whoever writes. What can't be written is kept and tried again.

mod event_file;
mod failure;
mod lock;
mod log_file;
pub mod read;
pub mod state;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local};

use crate::entry::{Entry, FORMAT_VERSION, Gap, GapReason, Lifecycle, Ran, Reason, Record, Source, What};
use crate::line::{self, Line, Said};
use crate::locate;
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode};
use crate::status::State;
use event_file::EventFile;
pub use failure::{io_failure, lock_failure, refuse_other_tool};
use lock::AppendLock;
pub use lock::TrackerLock;
use log_file::LogFile;

/// How long a writer waits for another writer's batch.
pub const APPEND_PATIENCE: Duration = Duration::from_secs(2);

/// Entries beyond this many that could not be written give way to a gap, the oldest first.
const MAX_PENDING: usize = 100_000;

/// A project's journal, opened for appending.
pub struct Journal {
    root: ProjectRoot,
    /// The session that entries belong to.
    session: Option<String>,
    summarise_over: usize,
    events: EventFile,
    log: LogFile,
    pending: VecDeque<(DateTime<FixedOffset>, What)>,
    /// The log or the state lacks what `events.jsonl` has.
    is_behind: bool,
    tracker: Option<state::TrackerFacts>,
}

/// What the start of a session says.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The tracker's.
    pub pid: u32,
    /// The tracker's, from `platform::process`.
    pub identity: Option<String>,
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
        log.append(&[], None).map_err(|error| io_failure("write", log.path(), &error))?;
        Ok(is_new)
    }

    /// Opens the journal of a project that has a `.context`.
    pub fn open(root: &ProjectRoot, summarise_over: usize) -> Journal {
        Journal {
            root: root.clone(),
            session: None,
            summarise_over,
            events: EventFile::new(root),
            log: LogFile::new(root),
            pending: VecDeque::new(),
            is_behind: false,
            tracker: None,
        }
    }

    /// Begins a session: writes the PID file, the heading and "Session tracker started". The caller holds the tracker's
    /// lock.
    ///
    /// # Errors
    ///
    /// A file can't be written.
    pub fn begin(&mut self, begin: &Begin) -> Result<(), Failure> {
        let started = now();
        self.session = Some(format!("{}-{}", started.format("%Y%m%dT%H%M%S%.3f"), begin.pid));
        self.log.begin_session(started);
        self.tracker = Some(state::TrackerFacts::starting(begin, &started, self.session.clone()));
        self.write_pid(begin.pid)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let lifecycle = Lifecycle { pid: begin.pid, version, reason: Reason::User };
        self.append(vec![What::Started(lifecycle)], APPEND_PATIENCE).map(drop)
    }

    /// Ends the session: writes "Session tracker stopped" and removes the PID file.
    ///
    /// # Errors
    ///
    /// A file can't be written; the PID file is removed all the same.
    pub fn end(&mut self, pid: u32, reason: Reason) -> Result<(), Failure> {
        let lifecycle = Lifecycle { pid, version: env!("CARGO_PKG_VERSION").to_owned(), reason };
        if let Some(tracker) = &mut self.tracker {
            tracker.stop(&now());
        }
        let written = self.append(vec![What::Stopped(lifecycle)], APPEND_PATIENCE).map(drop);
        if read::pid(&self.root) == Some(u64::from(pid)) {
            let _ = fs::remove_file(self.root.pid());
        }
        written
    }

    /// What the state file says of the tracker, for changing it; written with the next batch or by
    /// [`Journal::write_state`].
    pub fn tracker_mut(&mut self) -> Option<&mut state::TrackerFacts> {
        self.tracker.as_mut()
    }

    /// More changes than this in one batch become one line.
    pub fn set_summarise_over(&mut self, summarise_over: usize) {
        self.summarise_over = summarise_over;
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
        self.pending.push_back((time, record.into()));
        let written = &mut |events: &EventFile| told(events.find_id(&id).unwrap_or(events.last_seq()));
        self.flush_telling(wait, written).inspect_err(|_| {
            self.pending.retain(|(_, what)| what.client_id() != Some(&id));
        })
    }

    /// The place of the last entry that we know of.
    pub fn last_seq(&self) -> u64 {
        self.events.last_seq()
    }

    /// Whether something waits to be written into `events.jsonl`.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether another try is worth it: something waits, or the log or the state lacks something.
    pub fn needs_retry(&self) -> bool {
        self.has_pending() || self.is_behind
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
        self.bound_pending();
        let _lock = append_lock(&self.root, wait)?;
        let foreign = self.take_foreign()?;
        let already_there = foreign.len();
        let is_known = |what: &What| what.client_id().is_some_and(|id| self.events.find_id(id).is_some());
        let waiting = self.pending.iter().filter(|(_, what)| !is_known(what)).cloned();
        let batch = self.number(foreign.into_iter().chain(waiting));
        let previous = self.write_events(&batch)?;
        self.pending.clear();
        // From here on it is recorded; what fails behind the authority is made good for later.
        self.write_behind(&batch, already_there, previous, written);
        Ok(())
    }

    /// Keeps memory bounded while nothing can be written: what is too much becomes a gap, which is itself bounded.
    fn bound_pending(&mut self) {
        if self.pending.len() <= MAX_PENDING {
            return;
        }
        let excess: Vec<_> = self.pending.drain(..self.pending.len() - MAX_PENDING / 2).collect();
        if let (Some((from, first)), Some((to, _))) = (excess.first(), excess.last()) {
            let from = if let What::Gap(gap) = first { gap.from } else { *from };
            let gap = Gap { from, to: *to, reason: GapReason::Unreachable, changes_found: None };
            self.pending.push_front((*to, What::Gap(gap)));
        }
    }

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
        let batch = self.number(foreign.into_iter());
        let previous = self.write_events(&batch)?;
        self.write_behind(&batch, batch.len(), previous, &mut |_| {});
        Ok(!batch.is_empty())
    }

    fn number(&self, whats: impl Iterator<Item = (DateTime<FixedOffset>, What)>) -> Vec<Entry> {
        let entry = |((time, what), seq)| Entry { v: FORMAT_VERSION, seq, time, session: self.session.clone(), what };
        whats.zip(self.events.last_seq() + 1..).map(entry).collect()
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
        let mut lines = line::batch(batch, self.summarise_over);
        lines.retain(|line| line.seq >= batch.get(there).map_or(u64::MAX, |entry| entry.seq));
        let logged = self.log.append(&lines, previous).map_err(|error| io_failure("write", self.log.path(), &error));
        written(&self.events);
        let stated = logged.and_then(|()| self.write_state_locked(batch, &lines));
        self.is_behind = stated.inspect_err(warn_behind).is_err();
    }

    /// Makes the files anew that somebody removed while the session runs.
    ///
    /// # Errors
    ///
    /// They can't be written.
    pub fn restore(&mut self) -> Result<(), Failure> {
        let Some(pid) = self.tracker.as_ref().and_then(|facts| facts.pid) else { return Ok(()) };
        if read::pid(&self.root) != Some(u64::from(pid)) {
            self.write_pid(pid)?;
        }
        if !state::is_sound(&self.root) {
            self.write_state()?;
        }
        Ok(())
    }

    fn write_pid(&self, pid: u32) -> Result<(), Failure> {
        let path = self.root.pid();
        files::replace(&path, format!("{pid}\n").as_bytes()).map_err(|error| io_failure("write", &path, &error))
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
        let update = state::Update { batch, lines, tracker: self.tracker.as_ref(), log_size: self.log.size() };
        state::update(&self.root, &update).map_err(|error| io_failure("write", &self.root.state(), &error))
    }

    /// The commands that others wrote into `session.md` since our last write. Call it under the lock.
    fn take_foreign(&mut self) -> Result<Vec<(DateTime<FixedOffset>, What)>, Failure> {
        let ours = self.events.catch_up().map_err(|error| io_failure("read", self.events.path(), &error))?;
        let lines = self.log.catch_up(&self.root).map_err(|error| io_failure("read", self.log.path(), &error))?;
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

    /// Says in the state file what the agent knows of a project that has no tracker.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn mark(root: &ProjectRoot, is: State, reason: Option<&str>) -> Result<(), Failure> {
        let _lock = append_lock(root, APPEND_PATIENCE)?;
        state::mark(root, is, reason).map_err(|error| io_failure("write", &root.state(), &error))
    }

    /// Removes what a dead tracker left behind, unless a tracker lives; the number that was in the PID file, 0 where it held
    /// none.
    ///
    /// # Errors
    ///
    /// A tracker lives, or the file can't be removed.
    pub fn clean_up_stale(root: &ProjectRoot) -> Result<Option<u64>, Failure> {
        let path = root.pid();
        if fs::symlink_metadata(&path).is_err() {
            return Ok(None);
        }
        let _lock = TrackerLock::acquire(root).map_err(|error| lock_failure(root, &error))?;
        let pid = read::pid(root);
        refuse_other_tool(root)?;
        fs::remove_file(&path).map_err(|error| io_failure("remove", &path, &error))?;
        let _append = append_lock(root, APPEND_PATIENCE)?;
        state::mark(root, State::Stopped, None).map_err(|error| io_failure("write", &root.state(), &error))?;
        Ok(Some(pid.unwrap_or(0)))
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

fn warn_behind(failure: &Failure) {
    tracing::warn!(%failure, "it is recorded, but not yet everywhere");
}

fn foreign_command(command: String, status: String) -> What {
    What::Ran(Ran {
        id: String::new(),
        command,
        status,
        exit_code: None,
        duration_ms: None,
        cwd: None,
        source: Source::Foreign,
        late: false,
    })
}

/// The local time with its offset.
pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}

#[cfg(test)]
mod tests;
