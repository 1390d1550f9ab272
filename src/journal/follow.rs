//! Following the record: each call waits for the entries that come.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::sync::mpsc::{self, Receiver};

use chrono::{DateTime, FixedOffset};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::read;
use crate::entry::Entry;
use crate::platform::files;
use crate::project::ProjectRoot;

/// Follows the record, also when its files are archived, removed or made anew meanwhile.
pub struct Follow {
    root: ProjectRoot,
    /// The last entry that was given out: its number begins again in another record, its time does not.
    last: Option<(u64, DateTime<FixedOffset>)>,
    changed: Receiver<()>,
    watcher: RecommendedWatcher,
    /// Which folder `.context` was when it got its watch; none while there is none.
    watched: Option<u64>,
}

impl Follow {
    /// Begins behind the newest entry.
    ///
    /// # Errors
    ///
    /// The folder of the record can't be watched, or the record not be read.
    pub fn from_end(root: &ProjectRoot) -> io::Result<Follow> {
        let (sender, changed) = mpsc::channel();
        let forward = move |_| {
            // Nobody waits any more.
            let _ = sender.send(());
        };
        let mut watcher = notify::recommended_watcher(forward).map_err(io::Error::other)?;
        // Tells of a `.context` that comes again.
        watcher.watch(root.path(), RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        let mut follow = Follow { root: root.clone(), last: None, changed, watcher, watched: None };
        follow.watch_record()?;
        follow.last = read::last(root, 1, &|_| true)?.pop().map(|entry| (entry.seq, entry.time));
        Ok(follow)
    }

    /// The number of the last entry that is not given out any more; 0 where there is none.
    pub fn last_seq(&self) -> u64 {
        self.last.map_or(0, |(seq, _)| seq)
    }

    /// Waits until there are new entries and gives them.
    ///
    /// # Errors
    ///
    /// The record can't be read, or its folder not be watched any more.
    pub fn wait(&mut self) -> io::Result<Vec<Entry>> {
        loop {
            self.watch_record()?;
            let entries = self.new_entries()?;
            if let Some(last) = entries.last() {
                self.last = Some((last.seq, last.time));
                return Ok(entries);
            }
            self.changed.recv().map_err(io::Error::other)?;
            // One look answers all that has come.
            self.changed.try_iter().for_each(drop);
        }
    }

    fn new_entries(&mut self) -> io::Result<Vec<Entry>> {
        let Some((seq, time)) = self.last else { return read::newer(&self.root, 0) };
        let mut newer = VecDeque::new();
        let mut is_same = false;
        read::backwards(&self.root, &mut |entry| {
            is_same |= (entry.seq, entry.time) == (seq, time);
            let is_newer = entry.seq > seq;
            if is_newer {
                newer.push_front(entry);
            }
            is_newer
        })?;
        // Else another record has begun in the place of the one that was followed.
        if is_same { Ok(newer.into()) } else { read::newer(&self.root, 0) }
    }

    /// A folder that was made anew has no watch.
    fn watch_record(&mut self) -> io::Result<()> {
        let folder = self.root.context_dir();
        let metadata = fs::symlink_metadata(&folder).ok().filter(fs::Metadata::is_dir);
        let now = metadata.map(|metadata| files::id_at(&folder, &metadata));
        if now != self.watched {
            // A watch on a folder that is gone would stand in the way of the one on its successor.
            let _ = self.watcher.unwatch(&folder);
            if now.is_some() {
                self.watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
            }
            self.watched = now;
        }
        Ok(())
    }
}
