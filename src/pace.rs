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
mod tests {
    use std::time::Duration;

    use super::*;

    /// Plays "at which millisecond is which path touched" and answers "at which millisecond is which path taken".
    fn play(touches: &[(u64, &str)]) -> Vec<(u64, Vec<String>)> {
        let start = Instant::now();
        let mut pace = Pace::new(Record::default());
        let mut taken = Vec::new();
        let last = touches.last().map_or(0, |(at, _)| *at);
        for ms in 0..=last + 2000 {
            let now = start + Duration::from_millis(ms);
            touches.iter().filter(|(at, _)| *at == ms).for_each(|(_, path)| pace.push(Path::new(path), false, now));
            if pace.deadline().is_some_and(|deadline| deadline <= now) {
                let paths: Vec<_> = pace.take(now).into_iter().map(|hint| hint.path.display().to_string()).collect();
                if !paths.is_empty() {
                    taken.push((ms, paths));
                }
            }
        }
        assert_eq!(pace.deadline(), None, "a timer is left though nothing is dirty");
        taken
    }

    fn paths(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_path_is_taken_when_it_went_quiet() {
        assert_eq!(play(&[(0, "a"), (100, "a")]), [(250, paths(&["a"]))]);
    }

    #[test]
    fn a_path_that_never_goes_quiet_is_taken_all_the_same() {
        let touches: Vec<_> = (0..=20).map(|n| (n * 100, "a")).collect();
        assert_eq!(play(&touches), [(1000, paths(&["a"])), (2100, paths(&["a"]))]);
    }

    #[test]
    fn a_busy_path_does_not_hold_back_a_quiet_one() {
        assert_eq!(play(&[(0, "a"), (10, "b"), (100, "a"), (200, "a")]), [(160, paths(&["b"])), (350, paths(&["a"]))]);
    }

    #[test]
    fn paths_come_in_the_order_of_their_first_hints() {
        assert_eq!(play(&[(0, "c"), (0, "a"), (0, "b")]), [(150, paths(&["c", "a", "b"]))]);
    }

    #[test]
    fn a_burst_is_taken_as_one() {
        let names: Vec<String> = (0..60).map(|number| number.to_string()).collect();
        let touches: Vec<(u64, &str)> = (0..60).map(|number| (number, names[number as usize].as_str())).collect();
        let taken = play(&touches);
        assert_eq!(taken.iter().map(|(at, paths)| (*at, paths.len())).collect::<Vec<_>>(), [(209, 60)]);
    }

    #[test]
    fn a_recursive_hint_stays_recursive() {
        let now = Instant::now();
        let mut pace = Pace::new(Record::default());
        pace.push(Path::new("a"), true, now);
        pace.push(Path::new("a"), false, now);
        assert_eq!(pace.take_all(), [Hint { path: "a".into(), recursive: true }]);
    }
}
