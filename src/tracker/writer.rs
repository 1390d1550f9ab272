//! What was found becomes the record; what can't be written now is, as soon as it can be.

use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset};

use super::link::Outbox;
use super::observer::{Batch, Observer};
use crate::config::Config;
use crate::entry::{Gap, Reason, Record, What};
use crate::index;
use crate::journal::state::TrackerFacts;
use crate::journal::{APPEND_PATIENCE, Begin, Journal, now};
use crate::platform::{Directories, process};
use crate::project::ProjectRoot;
use crate::request::{Failure, FromTracker};
use crate::status::{ProjectStatus, State, WatchMode};
use crate::{snapshot, spool};

/// Between two tries to write what could not be written.
const RETRY: Duration = Duration::from_secs(5);

/// So many changes may have to be replayed on the index that was kept.
const SAVE_AFTER: usize = 5000;

pub(super) struct Writer {
    root: ProjectRoot,
    directories: Directories,
    journal: Journal,
    outbox: Outbox,
    /// When to try again to write.
    retry_at: Option<Instant>,
    /// How many changes were recorded since the index was kept.
    unsaved: usize,
    /// Until when all that happened was seen: where a gap begins that an overflow leaves, or a sleep.
    seen_until: DateTime<FixedOffset>,
}

impl Writer {
    pub(super) fn new(root: &ProjectRoot, directories: &Directories, config: &Config, outbox: Outbox) -> Self {
        Self {
            root: root.clone(),
            directories: directories.clone(),
            journal: Journal::open(root, config),
            outbox,
            retry_at: None,
            unsaved: 0,
            seen_until: now(),
        }
    }

    /// Begins the session.
    pub(super) fn begin(&mut self, pid: u32) -> Result<(), Failure> {
        self.journal.begin(&Begin { pid, identity: process::identity(pid) })
    }

    /// Records what happened in the gap before the session, if there was one, and says that all is ready.
    pub(super) fn open(
        &mut self,
        gap: Option<Gap>,
        found: Option<Vec<What>>,
        observer: &Observer,
    ) -> Result<(), Failure> {
        if let Some(mut gap) = gap {
            (gap.to, gap.changes_found) = (now(), found.as_ref().map(|found| found.len() as u64));
            let found = found.unwrap_or_default();
            self.journal.append(std::iter::once(What::Gap(gap)).chain(found).collect(), APPEND_PATIENCE)?;
        }
        self.take_spool();
        if let Some(facts) = self.journal.tracker_mut() {
            facts.state = State::Running;
        }
        self.describe(observer)?;
        self.save_index(observer);
        self.outbox.send(FromTracker::Ready { status: Box::new(snapshot::read(&self.root)) });
        Ok(())
    }

    /// Ends the session.
    pub(super) fn end(&mut self, pid: u32, reason: Reason, observer: &Observer) -> Result<(), Failure> {
        let ended = self.journal.end(pid, reason);
        if ended.is_err() {
            // A folder that is gone has nothing to be written into.
            observer.check_root()?;
        }
        self.save_index(observer);
        ended
    }

    /// All that has happened is seen.
    pub(super) fn saw_all(&mut self) {
        self.seen_until = now();
    }

    /// The machine slept since this moment, with all seen that had happened before.
    pub(super) fn slept_since(&mut self, moment: DateTime<FixedOffset>) {
        self.seen_until = self.seen_until.max(moment);
    }

    /// When to call [`Writer::retry_if_due`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Writes what could not be written before, also what clients had to keep.
    pub(super) fn retry_if_due(&mut self, now: Instant, observer: &mut Observer) -> Result<(), Failure> {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.write_with_what_waits(Batch::default(), observer)?;
            if !self.journal.needs_retry() {
                self.take_spool();
            }
        }
        if self.journal.needs_retry() {
            self.try_again_later();
        }
        Ok(())
    }

    fn try_again_later(&mut self) {
        self.retry_at.get_or_insert(Instant::now() + RETRY);
    }

    /// Writes what there is of a batch, or keeps it for later: what can't be written now is not lost.
    pub(super) fn write(&mut self, batch: Batch, observer: &mut Observer) -> Result<(), Failure> {
        let is_empty = batch.changes.is_empty() && batch.blind.is_none();
        if is_empty {
            self.recount(observer);
        } else {
            self.write_with_what_waits(batch, observer)?;
        }
        if self.journal.is_whole() && observer.take_silent_changes() {
            self.save_index(observer);
        }
        Ok(())
    }

    /// Says what is watched where it is other than was said, with nothing that could be told of it: what rules let in or keep out.
    fn recount(&mut self, observer: &Observer) {
        let counts = (observer.directories_watched(), observer.files_indexed());
        let has_changed = |facts: &mut TrackerFacts| (facts.directories_watched, facts.files_indexed) != counts;
        if !self.journal.tracker_mut().is_some_and(has_changed) {
            return;
        }
        if let Err(failure) = self.describe(observer) {
            tracing::warn!(%failure, "what is watched could not be said");
        }
        self.report();
    }

    /// The same, also where there is nothing but what waits.
    fn write_with_what_waits(&mut self, batch: Batch, observer: &mut Observer) -> Result<(), Failure> {
        if batch.changes.is_empty() && batch.blind.is_none() && !self.journal.needs_retry() {
            return Ok(());
        }
        let mut whats = batch.changes;
        if let Some(reason) = batch.blind {
            let changes_found = Some(whats.len() as u64);
            whats.insert(0, What::Gap(Gap { from: self.seen_until, to: now(), reason, changes_found }));
        }
        self.note_watch(observer);
        self.unsaved += whats.len();
        let is_news = self.journal.problem().is_none();
        match self.journal.append(whats, APPEND_PATIENCE) {
            Ok(_) => {
                if self.journal.take_loss() {
                    self.find_again(observer)?;
                }
                if self.unsaved >= SAVE_AFTER {
                    self.save_index(observer);
                }
            }
            Err(failure) => {
                observer.check_root()?;
                if is_news {
                    tracing::warn!(%failure, "the record can't be written; what happens is kept in memory");
                }
                self.retry_at = Some(Instant::now() + RETRY);
            }
        }
        self.report();
        Ok(())
    }

    /// Tells what changed while more happened than could be kept: what differs from the tree that the record tells of.
    fn find_again(&mut self, observer: &mut Observer) -> Result<(), Failure> {
        let known = index::load(&self.directories, &self.root);
        let found = observer.take_stock(known)?.unwrap_or_default();
        self.unsaved += found.len();
        if let Err(failure) = self.journal.append(found, APPEND_PATIENCE) {
            tracing::warn!(%failure, "what was found can't be written yet");
        }
        Ok(())
    }

    /// Answers that all is on disk, behind this batch, or why it is not: what could only be kept in memory is not in the journal.
    pub(super) fn sync(&mut self, request: u64, batch: Batch, observer: &mut Observer) -> Result<(), Failure> {
        self.write_with_what_waits(batch, observer)?;
        let flushed = self.journal.flush(APPEND_PATIENCE);
        let adopted = flushed.and_then(|_| self.journal.adopt_foreign(APPEND_PATIENCE));
        self.outbox.send(match adopted {
            Ok(_) => FromTracker::Synced { request },
            Err(failure) => FromTracker::Refused { request, failure },
        });
        self.report();
        Ok(())
    }

    /// Records what a client asks for, behind what clients had to keep, and answers.
    pub(super) fn record(&mut self, request: u64, record: Record) {
        self.take_spool();
        let outbox = &self.outbox;
        let told = &mut |seq| outbox.send(FromTracker::Recorded { request, seq });
        if let Err(failure) = self.journal.append_record_telling(record, APPEND_PATIENCE, told) {
            self.outbox.send(FromTracker::Refused { request, failure });
            // The client puts it into the spool.
            self.try_again_later();
        }
        self.report();
    }

    fn take_spool(&mut self) {
        let journal = &mut self.journal;
        let take =
            |spooled: spool::Spooled| journal.append_record_at(spooled.record, spooled.time, APPEND_PATIENCE).map(drop);
        match spool::take(&self.directories, self.root.path(), take) {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "took over what had to wait"),
            Err(failure) => {
                tracing::warn!(%failure, "what waits could not be taken over");
                self.retry_at = Some(Instant::now() + RETRY);
            }
        }
    }

    /// Takes over lines of other programs, and makes files anew that were removed.
    pub(super) fn tend(&mut self) {
        let tended = self.journal.restore().and_then(|()| self.journal.adopt_foreign(APPEND_PATIENCE));
        match tended {
            Ok(true) => self.report(),
            Ok(false) => {}
            Err(failure) => tracing::warn!(%failure, "the files of the record could not be tended"),
        }
    }

    /// Goes by another configuration.
    pub(super) fn configure(&mut self, config: &Config) {
        self.journal.configure(config);
    }

    /// Says in the status what is wrong with the configuration, from the next [`Writer::describe`] on.
    pub(super) fn complain(&mut self, problems: &[String]) {
        problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        if let Some(facts) = self.journal.tracker_mut() {
            facts.config_problem = (!problems.is_empty()).then(|| problems.join("; "));
        }
    }

    /// Puts into the state what is watched, and how.
    pub(super) fn describe(&mut self, observer: &Observer) -> Result<(), Failure> {
        self.note_watch(observer);
        self.journal.write_state()
    }

    fn note_watch(&mut self, observer: &Observer) {
        let Some(facts) = self.journal.tracker_mut() else { return };
        facts.directories_watched = observer.directories_watched();
        facts.files_indexed = observer.files_indexed();
        facts.degraded = observer.degraded();
        facts.watching = observer.watching();
        facts.watch_mode = Some(if observer.is_polling() { WatchMode::Polling } else { WatchMode::Native });
    }

    /// Keeps the index, unless it is ahead of the record.
    fn save_index(&mut self, observer: &Observer) {
        if self.journal.is_whole() {
            self.unsaved = 0;
            observer.save(&self.directories, self.journal.last_seq());
        }
    }

    /// Tells the agent how it stands.
    pub(super) fn report(&self) {
        // Who tries to write knows better than who looks.
        let status = ProjectStatus { record_problem: self.journal.problem(), ..snapshot::read(&self.root) };
        self.outbox.send(FromTracker::Status { status: Box::new(status) });
    }
}
