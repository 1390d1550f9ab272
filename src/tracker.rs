//! The loop of one tracker: hints to pace, pace to scan, scan to tree, tree to journal.
//!
//! One thread owns all of it. Everything that can wake it is one `Input`; it sleeps until the next of its deadlines, and
//! for ever while nothing is dirty. The agent talks to it through its standard input and output; the end of its
//! input means that the agent is gone, and ends the session.

mod cookies;
mod degraded;
mod displaced;
mod head;
mod link;
mod lookout;
mod observer;
mod reach;
mod sleep;
mod writer;

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::entry::{Entry, Gap, GapReason, Lifecycle, Reason, What};
use crate::index;
use crate::journal::{self, Journal, TrackerLock, now};
use crate::locate;
use crate::platform::{Directories, files, process, stop_signals};
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode, FromTracker, ToTracker};
use crate::watch::Event;
use cookies::{Cookies, Then};
use link::{Outbox, Pulse};
use observer::{Batch, Observer};
use sleep::Sleep;
use writer::Writer;

pub use link::Link;

/// How long the files of `.context` are left alone after somebody touched them, so that `rm -r` is not raced.
const RECORD_QUIET: Duration = Duration::from_millis(150);

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
    writer: Writer,
    observer: Observer,
    outbox: Outbox,
    cookies: Cookies,
    /// When to look after the files of `.context`.
    tend_at: Option<Instant>,
    /// When to read the configuration again.
    reconfigure_at: Option<Instant>,
    sleep: Sleep,
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
        // Before anybody can know our number.
        let signalled = sender.clone();
        stop_signals(move |_| drop(signalled.send(Input::Signal)))
            .map_err(|error| Failure::new(FailureCode::Internal, format!("cannot handle signals: {error}")))?;
        // With the lock held, what a dead one left would be taken for what we say ourselves.
        Journal::clean_up_stale(&root)?;
        let lock = TrackerLock::acquire(&root).map_err(|error| journal::lock_failure(&root, &error))?;
        let pid = std::process::id();
        Journal::claim(&root, pid)?;
        let mut writer = Writer::new(&root, &directories, &config, outbox.clone());
        let cookies = Cookies::new(root.context_dir(), pid);
        let gap = gap_since_last_session(&directories, &root);
        let known = index::load(&directories, &root);
        writer.begin(pid)?;
        writer.complain(&warnings);
        let mut observer = Observer::new(&root, &directories, &config, sender, Pulse::new(outbox.clone()));
        // The tree as it is for the beginning, and what happened to it since the last session.
        let found = observer.take_stock(known)?;
        writer.open(gap, found, &observer)?;
        process::give_back_memory();
        Ok(Self {
            root,
            directories,
            pid,
            lock,
            writer,
            observer,
            outbox,
            cookies,
            tend_at: None,
            reconfigure_at: None,
            sleep: Sleep::default(),
        })
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
            self.observer.begin_work();
            self.notice_sleep();
            for input in first.into_iter().chain(inputs.try_iter()) {
                self.on(input)?;
            }
            if let Some(reason) = self.work()? {
                return self.end(reason);
            }
            self.writer.saw_all();
        }
    }

    /// What happened around a sleep of the machine may not have been told.
    fn notice_sleep(&mut self) {
        if let Some(since) = self.sleep.since(now()) {
            self.writer.slept_since(since);
            self.observer.went_blind(GapReason::Suspend);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let own = [self.tend_at, self.reconfigure_at];
        let theirs = [self.observer.deadline(), self.cookies.deadline(), self.writer.deadline()];
        own.into_iter().chain(theirs).flatten().min()
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
        self.writer.retry_if_due(now, &mut self.observer)?;
        let mut end = None;
        while let Some(waiting) = self.cookies.next_due(now) {
            if !waiting.is_seen && !matches!(waiting.then, Then::Record(..)) {
                self.observer.look_everywhere();
            }
            let batch = self.observer.look_at_all()?;
            self.write(batch)?;
            match waiting.then {
                Then::End(reason) => end = end.or(Some(reason)),
                Then::Answer(request) => {
                    let batch = self.observer.look_at_polled()?;
                    self.writer.sync(request, batch, &mut self.observer)?;
                }
                Then::Record(request, record) => self.writer.record(request, record),
            }
        }
        Ok(end)
    }

    fn write(&mut self, batch: Batch) -> Result<(), Failure> {
        self.writer.write(batch, &mut self.observer)
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

    /// Notices lines of other programs, and files that were removed.
    fn tend_record(&mut self) -> Result<(), Failure> {
        self.observer.check_root()?;
        if !self.lock.is_current(&self.root) {
            Journal::init(&self.root)?;
            locate::check_context(&self.root)?;
            self.lock = TrackerLock::acquire(&self.root).map_err(|error| journal::lock_failure(&self.root, &error))?;
            self.observer.watch_record();
        }
        self.writer.tend();
        Ok(())
    }

    /// Reads the configuration again; one that is damaged leaves the last good one in force, and is said.
    fn reconfigure(&mut self) -> Result<(), Failure> {
        match locate::load_config(&self.directories, Some(&self.root)) {
            Ok((config, warnings)) => {
                self.writer.complain(&warnings);
                self.writer.configure(&config);
                let batch = self.observer.configure(&config)?;
                self.write(batch)?;
            }
            Err(failure) => self.writer.complain(&[failure.message]),
        }
        self.writer.describe(&self.observer)?;
        self.writer.report();
        Ok(())
    }

    fn end(mut self, reason: Reason) -> Result<(), Failure> {
        self.writer.end(self.pid, reason, &self.observer)
    }
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
