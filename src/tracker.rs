//! The loop of one tracker: hints to pace, pace to scan, scan to tree, tree to journal.
//!
//! One thread owns all of it. Everything that can wake it is one `Input`; it sleeps until the next of its deadlines, and
//! for ever while nothing is dirty. The agent talks to it through its standard input and output; the end of its
//! input means that the agent is gone, and ends the session.

mod cookies;
mod head;
mod link;
mod observer;
mod sleep;

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::entry::{Entry, Gap, GapReason, Lifecycle, Reason, What};
use crate::index::{self, Known};
use crate::journal::{self, APPEND_PATIENCE, Begin, Journal, TrackerLock, now};
use crate::locate;
use crate::platform::{Directories, files, process, stop_signals};
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode, FromTracker, ToTracker};
use crate::status::{ProjectStatus, State, WatchMode};
use crate::watch::Event;
use crate::{snapshot, spool};
use cookies::{Cookies, Then};
use link::Outbox;
use observer::Observer;
use sleep::Sleep;

pub use link::Link;

/// How long the files of `.context` are left alone after somebody touched them, so that `rm -r` is not raced.
const RECORD_QUIET: Duration = Duration::from_millis(150);

/// Between two tries to write what could not be written.
const RETRY: Duration = Duration::from_secs(5);

/// So many changes may have to be replayed on the index that was kept.
const SAVE_AFTER: usize = 5000;

/// What goes down a tree takes the more the deeper it is; a program's first thread has little on Windows.
const STACK: usize = 8 << 20;

/// Everything that can wake the tracker.
#[derive(Debug)]
enum Input {
    /// The file system says something.
    Watch(Event),
    /// The agent says something.
    Agent(ToTracker),
    /// The agent is gone.
    AgentGone,
    /// Somebody asks us to end.
    Signal,
}

/// Records a project until it is told to end.
///
/// # Errors
///
/// The project can't be recorded, or not any longer; the agent was told the same.
pub fn run(root: ProjectRoot, link: Link) -> Result<(), Failure> {
    process::share_heap();
    let recording = thread::Builder::new().name("tracker".into()).stack_size(STACK).spawn(move || record(root, link));
    let recording = recording.map_err(|error| {
        Failure::new(FailureCode::Internal, format!("the tracker's thread can't be started: {error}"))
    })?;
    recording
        .join()
        .unwrap_or_else(|_| Err(Failure::new(FailureCode::Internal, "the tracker has a defect; see its log")))
}

fn record(root: ProjectRoot, link: Link) -> Result<(), Failure> {
    let (sender, inputs) = mpsc::channel();
    let outbox = link.open(sender.clone());
    let result = Tracker::start(root.clone(), sender, outbox.clone()).and_then(|tracker| tracker.run(&inputs));
    if let Err(failure) = &result {
        if let (FailureCode::BadProject, Ok(directories)) = (failure.code, Directories::find()) {
            index::mark_lost(&directories, &root);
        }
        outbox.send(FromTracker::Failed { failure: failure.clone() });
    }
    outbox.close();
    result
}

struct Tracker {
    root: ProjectRoot,
    directories: Directories,
    pid: u32,
    lock: TrackerLock,
    journal: Journal,
    observer: Observer,
    outbox: Outbox,
    cookies: Cookies,
    /// When to look after the files of `.context`.
    tend_at: Option<Instant>,
    /// When to read the configuration again.
    reconfigure_at: Option<Instant>,
    /// When to try again to write.
    retry_at: Option<Instant>,
    /// How many changes were recorded since the index was kept.
    unsaved: usize,
    sleep: Sleep,
    /// When the loop last went to rest with nothing lost: where a gap begins that an overflow leaves, or a sleep.
    seen_all_at: chrono::DateTime<chrono::FixedOffset>,
}

impl Tracker {
    fn start(root: ProjectRoot, sender: Sender<Input>, outbox: Outbox) -> Result<Self, Failure> {
        let directories = Directories::find()?;
        Journal::init(&root)?;
        locate::check_context(&root)?;
        // So that it can be watched for a file that is not there yet.
        let _ = files::make_private_dir(&directories.config);
        let (config, warnings) = locate::load_config(&directories, Some(&root))?;
        journal::refuse_other_tool(&root)?;
        let lock = TrackerLock::acquire(&root).map_err(|error| journal::lock_failure(&root, &error))?;
        let cookies = Cookies::new(root.context_dir(), std::process::id());
        let signalled = sender.clone();
        stop_signals(move |_| drop(signalled.send(Input::Signal)))
            .map_err(|error| Failure::new(FailureCode::Internal, format!("cannot handle signals: {error}")))?;
        let pid = std::process::id();
        let mut journal = Journal::open(&root, &config);
        let gap = gap_since_last_session(&directories, &root);
        let known = index::load(&directories, &root);
        journal.begin(&Begin { pid, identity: process::identity(pid) })?;
        let observer = Observer::new(&root, &directories, &config, sender);
        let mut tracker = Self {
            root,
            directories,
            pid,
            lock,
            journal,
            observer,
            outbox,
            cookies,
            tend_at: None,
            reconfigure_at: None,
            retry_at: None,
            unsaved: 0,
            sleep: Sleep::default(),
            seen_all_at: now(),
        };
        tracker.complain(&warnings);
        tracker.begin(gap, known)?;
        Ok(tracker)
    }

    /// Takes the tree as it is for the beginning, and tells what happened to it since the last session.
    fn begin(&mut self, gap: Option<Gap>, known: Option<Known>) -> Result<(), Failure> {
        let found = self.observer.take_stock(known)?;
        if let Some(mut gap) = gap {
            (gap.to, gap.changes_found) = (now(), found.as_ref().map(|found| found.len() as u64));
            let found = found.unwrap_or_default();
            self.journal.append(std::iter::once(What::Gap(gap)).chain(found).collect(), APPEND_PATIENCE)?;
        }
        self.take_spool();
        if let Some(facts) = self.journal.tracker_mut() {
            facts.state = State::Running;
        }
        self.describe_watch();
        self.journal.write_state()?;
        self.save_index();
        self.outbox.send(FromTracker::Ready { status: Box::new(snapshot::read(&self.root)) });
        process::give_back_memory();
        Ok(())
    }

    fn run(mut self, inputs: &Receiver<Input>) -> Result<(), Failure> {
        loop {
            let first = match self.deadline() {
                None => inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => inputs.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            };
            if let Err(RecvTimeoutError::Disconnected) = first {
                return self.end(Reason::AgentGone);
            }
            self.notice_sleep();
            for input in first.into_iter().chain(inputs.try_iter()) {
                self.on(input)?;
            }
            if let Some(reason) = self.work()? {
                return self.end(reason);
            }
            self.seen_all_at = now();
        }
    }

    /// What happened around a sleep of the machine may not have been told.
    fn notice_sleep(&mut self) {
        if let Some(since) = self.sleep.since(now()) {
            self.seen_all_at = self.seen_all_at.max(since);
            self.observer.went_blind(GapReason::Suspend);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let own = [self.tend_at, self.reconfigure_at, self.retry_at];
        own.into_iter().chain([self.observer.deadline(), self.cookies.deadline()]).flatten().min()
    }

    fn on(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            Input::Watch(Event::Record(name)) => self.on_record(&name),
            Input::Watch(Event::Config) => self.reconfigure_at = Some(Instant::now() + RECORD_QUIET),
            Input::Watch(Event::Touched(path) | Event::Left(path)) if path.as_os_str().is_empty() => {
                self.observer.check_root()?
            }
            Input::Watch(event) => self.observer.on(event),
            Input::Agent(ToTracker::Record { request, record }) => self.when_all_is_seen(Then::Record(request, record)),
            Input::Agent(ToTracker::Sync { request }) => self.when_all_is_seen(Then::Answer(request)),
            Input::Agent(ToTracker::Ping { request }) => {
                // Nothing tells of a folder that was unmounted or locked.
                self.observer.check_root()?;
                if self.observer.has_other_patterns() {
                    self.reconfigure_at.get_or_insert_with(Instant::now);
                }
                self.outbox.send(FromTracker::Synced { request });
            }
            Input::Agent(ToTracker::Stop) => self.when_all_is_seen(Then::End(Reason::User)),
            Input::Agent(ToTracker::Pause) => self.when_all_is_seen(Then::End(Reason::Paused)),
            Input::AgentGone => self.when_all_is_seen(Then::End(Reason::AgentGone)),
            Input::Signal => {
                self.outbox.send(FromTracker::Signalled);
                self.when_all_is_seen(Then::End(Reason::Signal));
            }
        }
        Ok(())
    }

    /// Does what is due; gives the reason for the end when it has come.
    fn work(&mut self) -> Result<Option<Reason>, Failure> {
        let now = Instant::now();
        let batch = self.observer.look_if_due(now)?;
        self.write(batch)?;
        if self.tend_at.is_some_and(|at| at <= now) {
            self.tend_at = None;
            self.tend_record()?;
        }
        if self.reconfigure_at.is_some_and(|at| at <= now) {
            self.reconfigure_at = None;
            self.reconfigure()?;
        }
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry()?;
        }
        if self.journal.needs_retry() {
            self.retry_at.get_or_insert(Instant::now() + RETRY);
        }
        let mut end = None;
        while let Some(waiting) = self.cookies.next_due(now) {
            if !waiting.is_seen && !matches!(waiting.then, Then::Record(..)) {
                self.observer.look_everywhere();
            }
            self.look_at_all_dirty()?;
            match waiting.then {
                Then::End(reason) => end = end.or(Some(reason)),
                Then::Answer(request) => {
                    let batch = self.observer.look_at_polled()?;
                    self.write_with_what_waits(batch)?;
                    // What could only be kept in memory is not in the journal.
                    let flushed = self.journal.flush(APPEND_PATIENCE);
                    let adopted = flushed.and_then(|_| self.journal.adopt_foreign(APPEND_PATIENCE));
                    self.answer(request, adopted.map(|_| FromTracker::Synced { request }));
                }
                Then::Record(request, record) => {
                    self.take_spool();
                    let outbox = &self.outbox;
                    let told = &mut |seq| outbox.send(FromTracker::Recorded { request, seq });
                    if let Err(failure) = self.journal.append_record_telling(record, APPEND_PATIENCE, told) {
                        self.outbox.send(FromTracker::Refused { request, failure });
                        // The client puts it into the spool.
                        self.retry_at.get_or_insert(Instant::now() + RETRY);
                    }
                    self.report();
                }
            }
        }
        Ok(end)
    }

    fn answer(&self, request: u64, result: Result<FromTracker, Failure>) {
        self.outbox.send(result.unwrap_or_else(|failure| FromTracker::Refused { request, failure }));
        self.report();
    }

    fn when_all_is_seen(&mut self, then: Then) {
        self.cookies.make(then, self.observer.sees_record());
    }

    fn on_record(&mut self, name: &Path) {
        let soon = Instant::now() + RECORD_QUIET;
        if name.as_os_str().is_empty() {
            // The folder that left may be the one that is back, and is without its watch then.
            self.observer.watch_record();
        }
        if cookies::is_cookie(name) {
            self.cookies.see(name);
        } else if name == Path::new("config.toml") {
            self.reconfigure_at.get_or_insert(soon);
        } else if !name.to_string_lossy().starts_with(files::TEMPORARY_PREFIX) {
            self.tend_at.get_or_insert(soon);
        }
    }

    fn look_at_all_dirty(&mut self) -> Result<(), Failure> {
        let batch = self.observer.look_at_all()?;
        self.write(batch)
    }

    /// Writes what there is of a batch, or keeps it for later: what can't be written now is not lost.
    fn write(&mut self, batch: Batch) -> Result<(), Failure> {
        let is_empty = batch.changes.is_empty() && batch.blind.is_none();
        if is_empty { Ok(()) } else { self.write_with_what_waits(batch) }
    }

    /// The same, also where there is nothing but what waits.
    fn write_with_what_waits(&mut self, batch: Batch) -> Result<(), Failure> {
        if batch.changes.is_empty() && batch.blind.is_none() && !self.journal.needs_retry() {
            return Ok(());
        }
        let mut whats = batch.changes;
        if let Some(reason) = batch.blind {
            let changes_found = Some(whats.len() as u64);
            whats.insert(0, What::Gap(Gap { from: self.seen_all_at, to: now(), reason, changes_found }));
        }
        self.describe_watch();
        self.unsaved += whats.len();
        let is_news = self.journal.problem().is_none();
        match self.journal.append(whats, APPEND_PATIENCE) {
            Ok(_) => {
                if self.journal.take_loss() {
                    self.find_again()?;
                }
                if self.unsaved >= SAVE_AFTER {
                    self.save_index();
                }
            }
            Err(failure) => {
                self.observer.check_root()?;
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
    fn find_again(&mut self) -> Result<(), Failure> {
        let known = index::load(&self.directories, &self.root);
        let found = self.observer.take_stock(known)?.unwrap_or_default();
        self.unsaved += found.len();
        if let Err(failure) = self.journal.append(found, APPEND_PATIENCE) {
            tracing::warn!(%failure, "what was found can't be written yet");
        }
        Ok(())
    }

    /// Writes what could not be written before, also what clients had to keep.
    fn retry(&mut self) -> Result<(), Failure> {
        self.retry_at = None;
        self.write_with_what_waits(Batch::default())?;
        if !self.journal.needs_retry() {
            self.take_spool();
        }
        Ok(())
    }

    /// Notices lines of other programs, and files that were removed.
    fn tend_record(&mut self) -> Result<(), Failure> {
        self.observer.check_root()?;
        if !self.lock.is_current(&self.root) {
            Journal::init(&self.root)?;
            locate::check_context(&self.root)?;
            self.lock = TrackerLock::acquire(&self.root).map_err(|error| journal::lock_failure(&self.root, &error))?;
            self.observer.watch_record();
        }
        let tended = self.journal.restore().and_then(|()| self.journal.adopt_foreign(APPEND_PATIENCE));
        match tended {
            Ok(true) => self.report(),
            Ok(false) => {}
            Err(failure) => tracing::warn!(%failure, "the files of the record could not be tended"),
        }
        Ok(())
    }

    /// Reads the configuration again; one that is damaged leaves the last good one in force, and is said.
    fn reconfigure(&mut self) -> Result<(), Failure> {
        match locate::load_config(&self.directories, Some(&self.root)) {
            Ok((config, warnings)) => {
                self.complain(&warnings);
                self.journal.configure(&config);
                let batch = self.observer.configure(&config)?;
                self.write(batch)?;
            }
            Err(failure) => self.complain(&[failure.message]),
        }
        self.describe_watch();
        self.journal.write_state()?;
        self.report();
        Ok(())
    }

    /// Says in the status what is wrong with the configuration.
    fn complain(&mut self, problems: &[String]) {
        problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        if let Some(facts) = self.journal.tracker_mut() {
            facts.config_problem = (!problems.is_empty()).then(|| problems.join("; "));
        }
    }

    /// Keeps the index, unless it is ahead of the record.
    fn save_index(&mut self) {
        if self.journal.is_whole() {
            self.unsaved = 0;
            self.observer.save(&self.directories, self.journal.last_seq());
        }
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

    fn describe_watch(&mut self) {
        let Some(facts) = self.journal.tracker_mut() else { return };
        facts.directories_watched = self.observer.directories_watched();
        facts.files_indexed = self.observer.files_indexed();
        facts.degraded = self.observer.degraded();
        facts.watching = self.observer.watching();
        facts.watch_mode = Some(if self.observer.is_polling() { WatchMode::Polling } else { WatchMode::Native });
    }

    fn report(&self) {
        // Who tries to write knows better than who looks.
        let status = ProjectStatus { record_problem: self.journal.problem(), ..snapshot::read(&self.root) };
        self.outbox.send(FromTracker::Status { status: Box::new(status) });
    }

    fn end(mut self, reason: Reason) -> Result<(), Failure> {
        let ended = self.journal.end(self.pid, reason);
        if ended.is_err() {
            // A folder that is gone has nothing to be written into.
            self.observer.check_root()?;
        }
        self.save_index();
        ended
    }
}

/// What one look found.
#[derive(Debug, Default)]
struct Batch {
    changes: Vec<What>,
    /// Why something may have been missed before it.
    blind: Option<GapReason>,
}

/// The span since the last session, which nobody observed.
fn gap_since_last_session(directories: &Directories, root: &ProjectRoot) -> Option<Gap> {
    let was_lost = index::take_lost(directories, root);
    let is_of_session = |entry: &Entry| entry.session.is_some();
    let last = journal::read::last(root, 1, &is_of_session).ok()?.pop()?;
    let reason = match last.what {
        What::Stopped(Lifecycle { reason: Reason::Paused, .. }) => GapReason::Paused,
        What::Stopped(_) => GapReason::Stopped,
        _ if was_lost => GapReason::Unreachable,
        _ => GapReason::Killed,
    };
    Some(Gap { from: last.time, to: now(), reason, changes_found: None })
}
