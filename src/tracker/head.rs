//! What git does around the changes: while it is at work all waits for it, since a checkout is one thing, and what HEAD did is
//! told with them.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::entry::{Git, GitAction, What};
use crate::git::Repository;
use crate::project::ProjectRoot;

/// How long git may keep everything waiting.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Head {
    repository: Option<Repository>,
    /// Git's first and last sign since HEAD was looked at.
    signs: Option<(Instant, Instant)>,
    /// Git is at work until it has given no sign for so long.
    quiet: Duration,
}

impl Head {
    pub(super) fn of(root: &ProjectRoot, quiet: Duration) -> Self {
        Self { repository: Repository::of(root), signs: None, quiet }
    }

    pub(super) fn set_quiet(&mut self, quiet: Duration) {
        self.quiet = quiet;
    }

    /// Git's folder, to be watched without those below it.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.repository.as_ref().map(Repository::folder)
    }

    /// Looks for a repository that was made, or removed; false when it is as it was.
    pub(super) fn has_changed(&mut self, root: &ProjectRoot) -> bool {
        let repository = Repository::of(root);
        let has_changed = repository.is_some() != self.repository.is_some();
        if has_changed {
            self.repository = repository;
        }
        has_changed
    }

    /// Something happened in git's folder.
    pub(super) fn sign(&mut self, now: Instant) {
        self.signs = Some((self.signs.map_or(now, |(first, _)| first), now));
    }

    /// Whether there was a sign since HEAD was looked at.
    pub(super) fn has_signs(&self) -> bool {
        self.signs.is_some()
    }

    /// When to ask whether git is still at work.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.signs.map(|(first, last)| (last + self.quiet).min(first + PATIENCE))
    }

    /// Whether git is at work, and may keep all waiting.
    pub(super) fn is_waited_for(&mut self, now: Instant) -> bool {
        let Some((first, last)) = self.signs else { return false };
        let is_quiet = now >= last + self.quiet;
        let is_at_work = !is_quiet || self.repository.as_ref().is_some_and(Repository::is_busy);
        if !is_at_work || now >= first + PATIENCE {
            return false;
        }
        if is_quiet {
            self.signs = Some((first, now));
        }
        true
    }

    /// What HEAD did stands around the changes: a switch before those that it made, behind them what made none: a commit, or a
    /// switch to the same commit, as of a new branch.
    pub(super) fn around(&mut self, changes: Vec<What>) -> Vec<What> {
        if self.signs.take().is_none() {
            return changes;
        }
        let news = self.repository.as_mut().map(Repository::news).unwrap_or_default();
        let moves_files = |(git, is_elsewhere): &(Git, bool)| git.action == GitAction::Switch && *is_elsewhere;
        let (makers, others): (Vec<_>, Vec<_>) = news.into_iter().partition(moves_files);
        let what = |(git, _)| What::Git(git);
        makers.into_iter().map(what).chain(changes).chain(others.into_iter().map(what)).collect()
    }
}
