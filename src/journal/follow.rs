//! Following the record: each call waits for the entries that come.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};

use chrono::{DateTime, FixedOffset};
use notify::event::EventKindMask;
use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::read;
use crate::entry::Entry;
use crate::project::ProjectRoot;

/// Follows the record, also when its files are archived, removed or made anew meanwhile.
pub struct Follow {
    root: ProjectRoot,
    /// The last entry that was given out: its number begins again in another record, its time does not.
    last: Option<(u64, DateTime<FixedOffset>)>,
    changed: Receiver<Changed>,
    /// For whoever ends the waiting.
    sender: Sender<Changed>,
    watcher: RecommendedWatcher,
    /// Whether `.context` has its watch.
    is_watched: bool,
}

/// What has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changed {
    /// The record may have new entries.
    Record,
    /// `.context` itself: it may be another folder now, be it of the same number, and is without its watch then.
    Folder,
    /// Nobody wants to know any more.
    End,
}

impl Follow {
    /// Begins behind the newest entry.
    ///
    /// # Errors
    ///
    /// The folder of the record can't be watched, or the record not be read.
    pub fn from_end(root: &ProjectRoot) -> io::Result<Follow> {
        let (sender, changed) = mpsc::channel();
        let (tell, events, folder) = (sender.clone(), root.events(), root.context_dir());
        let forward = move |event| {
            if let Some(changed) = of_interest(event, &events, &folder) {
                // Nobody waits any more.
                let _ = tell.send(changed);
            }
        };
        // Not of who reads: that would be we, and whoever else follows.
        let config = Config::default().with_event_kinds(EventKindMask::CORE);
        let mut watcher = RecommendedWatcher::new(forward, config).map_err(io::Error::other)?;
        // Tells of a `.context` that comes again.
        watcher.watch(root.path(), RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        let mut follow = Follow { root: root.clone(), last: None, changed, sender, watcher, is_watched: false };
        follow.watch_record()?;
        follow.last = read::last(root, 1, &|_| true)?.pop().map(|entry| (entry.seq, entry.time));
        Ok(follow)
    }

    /// The number of the last entry that is not given out any more; 0 where there is none.
    pub fn last_seq(&self) -> u64 {
        self.last.map_or(0, |(seq, _)| seq)
    }

    /// What ends the waiting, from another thread.
    pub fn ender(&self) -> impl FnOnce() + Send + 'static {
        let sender = self.sender.clone();
        move || {
            // Else nobody waits any more.
            let _ = sender.send(Changed::End);
        }
    }

    /// Waits until there are new entries and gives them; none when the waiting was ended.
    ///
    /// # Errors
    ///
    /// The record can't be read, or its folder not be watched any more.
    pub fn wait(&mut self) -> io::Result<Option<Vec<Entry>>> {
        loop {
            let first = self.changed.recv().map_err(io::Error::other)?;
            // One look answers all that has come.
            for changed in std::iter::once(first).chain(self.changed.try_iter()) {
                match changed {
                    Changed::Record => {}
                    Changed::Folder => self.is_watched = false,
                    Changed::End => return Ok(None),
                }
            }
            self.watch_record()?;
            let entries = self.new_entries()?;
            if let Some(last) = entries.last() {
                self.last = Some((last.seq, last.time));
                return Ok(Some(entries));
            }
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
        if self.is_watched {
            return Ok(());
        }
        let folder = self.root.context_dir();
        // A watch on a folder that is gone would stand in the way of the one on its successor.
        let _ = self.watcher.unwatch(&folder);
        match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
            Ok(()) => self.is_watched = true,
            // The watch on the folder above tells when there is one.
            Err(error) if matches!(error.kind, ErrorKind::PathNotFound) => {}
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }
}

/// What an event says of the record: beside the events, nothing in `.context` does, nor in the folder above.
fn of_interest(event: notify::Result<notify::Event>, events: &Path, folder: &Path) -> Option<Changed> {
    let Ok(event) = event else { return Some(Changed::Record) };
    let is_of = |wanted: &Path| event.paths.iter().any(|path| path == wanted);
    if event.paths.is_empty() || is_of(folder) {
        return Some(Changed::Folder);
    }
    (event.need_rescan() || is_of(events)).then_some(Changed::Record)
}
