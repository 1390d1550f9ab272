//! The two locks of a project: who may append, and who is the live tracker.
//!
//! The lock files have no content (a locked file can't be read on Windows) and are never removed while held. The kernel
//! releases a lock however its process ends, so neither can go stale.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::platform::files;
use crate::project::ProjectRoot;

/// How long a start waits for the lock that a probe may hold for a moment.
const PROBE_PATIENCE: Duration = Duration::from_millis(500);

/// Held while one batch is appended.
pub(super) struct AppendLock(#[allow(dead_code, reason = "held for its drop")] File);

impl AppendLock {
    /// # Errors
    ///
    /// `TimedOut` when another writer held it for all of `wait`; whatever opening the file says otherwise.
    pub(super) fn acquire(root: &ProjectRoot, wait: Duration) -> io::Result<Self> {
        let file = lock_file(&root.journal_lock(), wait, files::lock_by)?;
        Ok(Self(file))
    }
}

/// Held by the live tracker for its whole life.
pub struct TrackerLock {
    file: File,
}

impl TrackerLock {
    /// Takes the lock of a project.
    ///
    /// # Errors
    ///
    /// `TimedOut` when a live tracker holds it; whatever opening the file says otherwise.
    pub fn acquire(root: &ProjectRoot) -> io::Result<Self> {
        Ok(Self { file: lock_file(&root.tracker_lock(), PROBE_PATIENCE, files::lock_by)? })
    }

    /// Takes it so that no tracker begins, and that nobody who looks takes us for one.
    ///
    /// # Errors
    ///
    /// As [`TrackerLock::acquire`].
    pub(super) fn keep_free(root: &ProjectRoot) -> io::Result<Self> {
        Ok(Self { file: lock_file(&root.tracker_lock(), PROBE_PATIENCE, files::lock_shared_by)? })
    }

    /// Whether the file that is locked is still the one at its path; not so after somebody removed `.context`.
    pub fn is_current(&self, root: &ProjectRoot) -> bool {
        files::is_at(&self.file, &root.tracker_lock())
    }
}

/// Locks the file at `path`, made where it is absent.
fn lock_file(path: &Path, wait: Duration, lock_by: fn(&File, Instant) -> io::Result<bool>) -> io::Result<File> {
    let deadline = Instant::now() + wait;
    loop {
        let file = files::open_lock(path)?;
        if !lock_by(&file, deadline)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // A file that was replaced since it was opened protects nothing.
        if files::is_at(&file, path) {
            return Ok(file);
        }
    }
}
