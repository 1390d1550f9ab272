//! The begin and the end of a session in the record: the PID file, and what the state says of a project without a tracker.

use std::{fs, io};

use super::{
    APPEND_PATIENCE, Journal, TrackerLock, append_lock, io_failure, lock_failure, now, read, refuse_other_tool, state,
};
use crate::entry::{Lifecycle, Reason, What};
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::request::Failure;
use crate::status::{Mark, State};

/// What the start of a session says.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The tracker's.
    pub pid: u32,
    /// The tracker's, from `platform::process`.
    pub identity: Option<String>,
}

impl Journal {
    /// Says in the PID file that the project is this tracker's: the first thing to do with the tracker's lock in hand.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn claim(root: &ProjectRoot, pid: u32) -> Result<(), Failure> {
        let path = root.pid();
        files::replace(&path, format!("{pid}\n").as_bytes()).map_err(|error| io_failure("write", &path, &error))
    }

    /// Begins a session: writes the heading and "Session tracker started". The caller has claimed the project.
    ///
    /// # Errors
    ///
    /// A file can't be written.
    pub fn begin(&mut self, begin: &Begin) -> Result<(), Failure> {
        let started = now();
        self.session = Some(format!("{}-{}", started.format("%Y%m%dT%H%M%S%.3f"), begin.pid));
        self.log.begin_session(started);
        self.tracker = Some(state::TrackerFacts::starting(begin, &started, self.session.clone()));
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

    /// Makes the files anew that somebody removed while the session runs.
    ///
    /// # Errors
    ///
    /// They can't be written.
    pub fn restore(&mut self) -> Result<(), Failure> {
        let Some(pid) = self.tracker.as_ref().and_then(|facts| facts.pid) else { return Ok(()) };
        if read::pid(&self.root) != Some(u64::from(pid)) {
            Journal::claim(&self.root, pid)?;
        }
        if !state::is_sound(&self.root) {
            self.write_state()?;
        }
        Ok(())
    }

    /// Says in the state file what the agent knows of a project that has no tracker.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn mark(root: &ProjectRoot, mark: &Mark) -> Result<(), Failure> {
        let _lock = append_lock(root, APPEND_PATIENCE)?;
        state::mark(root, mark, &now()).map_err(|error| io_failure("write", &root.state(), &error))
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
        let _lock = TrackerLock::keep_free(root).map_err(|error| lock_failure(root, &error))?;
        let pid = read::pid(root);
        refuse_other_tool(root)?;
        match fs::remove_file(&path) {
            // By another who cleans up.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            removed => removed.map_err(|error| io_failure("remove", &path, &error))?,
        }
        let _append = append_lock(root, APPEND_PATIENCE)?;
        let stopped = Mark { state: State::Stopped, reason: None, paused_until: None };
        // The tracker may have died long ago: that it lived is known up to what it recorded last, where the gap begins, too.
        let last = read::last(root, 1, &|entry| entry.session.is_some()).unwrap_or_default().pop();
        let ended = last.map_or_else(now, |entry| entry.time);
        state::mark(root, &stopped, &ended).map_err(|error| io_failure("write", &root.state(), &error))?;
        Ok(Some(pid.unwrap_or(0)))
    }
}
