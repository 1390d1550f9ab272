//! Who waits until everything that was done before has been seen.
//!
//! A file made in `.context` is a cookie: its own event comes behind those of all older changes, since the kernel keeps one
//! queue for all watches of a tracker. When it comes back, nothing older is under way.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::entry::{Reason, Record};

/// How long a question waits for the event of its own cookie, before it is answered without.
const PATIENCE: Duration = Duration::from_millis(500);

/// How the names of cookies begin.
const PREFIX: &str = ".cookie-";

/// What is to be done when all older changes have been seen.
pub(super) enum Then {
    /// Say that all is in the journal.
    Answer(u64),
    /// Write what a client sent: what was done before it stands before it.
    Record(u64, Record),
    /// End the session.
    End(Reason),
}

/// One cookie that was made.
pub(super) struct Waiting {
    cookie: PathBuf,
    /// Whether its event has come; else we have waited long enough.
    pub(super) is_seen: bool,
    until: Instant,
    pub(super) then: Then,
}

/// The cookies that are under way, the oldest first.
pub(super) struct Cookies {
    folder: PathBuf,
    pid: u32,
    made: u64,
    waiting: VecDeque<Waiting>,
}

impl Cookies {
    /// Cookies are made in this folder. Those that a killed tracker left there are removed.
    pub(super) fn new(folder: PathBuf, pid: u32) -> Self {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if is_cookie(Path::new(&entry.file_name())) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Self { folder, pid, made: 0, waiting: VecDeque::new() }
    }

    /// Makes one; where its event can't come, it is due at once.
    pub(super) fn make(&mut self, then: Then, can_be_seen: bool) {
        self.made += 1;
        let cookie = PathBuf::from(format!("{PREFIX}{}-{}", self.pid, self.made));
        let is_made = can_be_seen && fs::write(self.folder.join(&cookie), "").is_ok();
        let until = Instant::now() + if is_made { PATIENCE } else { Duration::ZERO };
        self.waiting.push_back(Waiting { cookie, is_seen: false, until, then });
    }

    /// An event has come for this file of the folder.
    pub(super) fn see(&mut self, name: &Path) {
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.cookie == name) {
            // Those that wait for an older cookie have waited long enough, too.
            let now = Instant::now();
            self.waiting.iter_mut().take(at + 1).for_each(|waiting| (waiting.is_seen, waiting.until) = (true, now));
        }
    }

    /// When to call [`Cookies::next_due`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// The oldest, if its time has come.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<Waiting> {
        self.waiting.front().filter(|waiting| waiting.until <= now)?;
        let due = self.waiting.pop_front()?;
        let _ = fs::remove_file(self.folder.join(&due.cookie));
        Some(due)
    }
}

/// Whether a file of `.context` is a cookie.
pub(super) fn is_cookie(name: &Path) -> bool {
    name.to_string_lossy().starts_with(PREFIX)
}
