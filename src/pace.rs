//! When to look: dirty paths in, "look now" out.
//!
//! A path is looked at when it has been quiet for a while, and at the latest a while after its first hint, so that a path
//! that is written for ever still gets its line. No clock here: every time is an argument.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::config::Record;

/// The paths that wait to be looked at.
#[derive(Debug)]
pub struct Pace {
    limits: Record,
    dirty: HashMap<PathBuf, Dirty>,
    /// Not later than the first path that is due. Later hints only postpone, so this is mended when it is reached.
    next: Option<Instant>,
    pushed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Dirty {
    first: Instant,
    last: Instant,
    recursive: bool,
    order: u64,
}

/// A place to look at, relative to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where.
    pub path: PathBuf,
    /// Whether all that lies below is to be looked at as well.
    pub recursive: bool,
}

impl Pace {
    /// Nothing is dirty yet.
    pub fn new(limits: Record) -> Self {
        Self { limits, dirty: HashMap::new(), next: None, pushed: 0 }
    }

    /// Goes by other limits, from the next hint on.
    pub fn set_limits(&mut self, limits: Record) {
        self.limits = limits;
    }

    /// Notes that something happened at a path.
    pub fn push(&mut self, path: &Path, recursive: bool, now: Instant) {
        self.pushed += 1;
        if let Some(dirty) = self.dirty.get_mut(path) {
            dirty.last = now;
            dirty.recursive |= recursive;
            return;
        }
        let dirty = Dirty { first: now, last: now, recursive, order: self.pushed };
        let due = self.due(&dirty);
        self.next = Some(self.next.map_or(due, |next| next.min(due)));
        self.dirty.insert(path.to_path_buf(), dirty);
    }

    /// When to call [`Pace::take`]; never while nothing is dirty.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// The paths that are due, in the order of their first hints.
    pub fn take(&mut self, now: Instant) -> Vec<Hint> {
        if self.next.is_none_or(|next| now < next) {
            return Vec::new();
        }
        if let Some(settled) = self.settled().filter(|settled| now < *settled) {
            self.next = Some(settled);
            return Vec::new();
        }
        let limits = self.limits;
        let taken = ordered(self.dirty.extract_if(|_, dirty| due(&limits, dirty) <= now));
        self.next = self.dirty.values().map(|dirty| self.due(dirty)).min();
        taken
    }

    /// When a burst is over: many paths at once are told as one thing.
    fn settled(&self) -> Option<Instant> {
        if self.dirty.len() <= self.limits.summarise_over {
            return None;
        }
        let oldest = self.dirty.values().map(|dirty| dirty.first).min()?;
        let newest = self.dirty.values().map(|dirty| dirty.last).max()?;
        Some((newest + self.limits.quiet).min(oldest + self.limits.max_hold))
    }

    /// Every path, due or not, in the order of their first hints.
    pub fn take_all(&mut self) -> Vec<Hint> {
        self.next = None;
        ordered(self.dirty.drain())
    }

    /// The paths that are wanted, due or not, in the order of their first hints.
    pub fn take_if(&mut self, mut wanted: impl FnMut(&Path) -> bool) -> Vec<Hint> {
        let taken = ordered(self.dirty.extract_if(|path, _| wanted(path)));
        self.next = self.dirty.values().map(|dirty| self.due(dirty)).min();
        taken
    }

    fn due(&self, dirty: &Dirty) -> Instant {
        due(&self.limits, dirty)
    }
}

fn due(limits: &Record, dirty: &Dirty) -> Instant {
    (dirty.last + limits.quiet).min(dirty.first + limits.max_hold)
}

fn ordered(dirty: impl Iterator<Item = (PathBuf, Dirty)>) -> Vec<Hint> {
    let mut taken: Vec<_> = dirty.collect();
    taken.sort_unstable_by_key(|(_, dirty)| dirty.order);
    taken.into_iter().map(|(path, dirty)| Hint { path, recursive: dirty.recursive }).collect()
}

#[cfg(test)]
mod tests;
