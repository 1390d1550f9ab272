//! What a tracker knows of the tree: its watches, its index and its rules, kept in step with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::displaced::Displaced;
use super::head::Head;
use super::link::Pulse;
use super::lookout::Lookout;
use super::reach::Reach;
use super::{Input, degraded};
use crate::config::Config;
use crate::entry::{EntryKind, FoundBy, GapReason, What};
use crate::index::{self, Known};
use crate::pace::{Hint, Pace};
use crate::platform::Directories;
use crate::project::{CONTEXT_DIR, ProjectRoot};
use crate::request::Failure;
use crate::rules::{Rules, Sources};
use crate::scan::{self, Step};
use crate::tree::{Change, FileId, Meta, Observation, Tree};
use crate::watch::Event;

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) changes: Vec<What>,
    /// Why something may have been missed before it.
    pub(super) blind: Option<GapReason>,
}

pub(super) struct Observer {
    root: ProjectRoot,
    rules: Rules,
    tree: Tree,
    pace: Pace,
    lookout: Lookout,
    /// Why something may have been missed: the next look is at everything.
    blind: Option<GapReason>,
    /// The index has changed by the rules, of which no entry tells.
    has_silent_changes: bool,
    head: Head,
    reach: Reach,
    pulse: Pulse,
}

impl Observer {
    pub(super) fn new(
        root: &ProjectRoot,
        directories: &Directories,
        config: &Config,
        inputs: Sender<Input>,
        pulse: Pulse,
    ) -> Self {
        let head = Head::of(root, config.record.quiet);
        let rules = scan::rules(root, &config.watch);
        let lookout = Lookout::new(root, &directories.config_file(), head.folder(), rules.directories(), inputs);
        Self {
            root: root.clone(),
            rules,
            tree: Tree::default(),
            pace: Pace::new(config.record),
            lookout,
            blind: None,
            has_silent_changes: false,
            head,
            reach: Reach::new(root),
            pulse,
        }
    }

    /// Takes the tree as it is for the beginning. Where it is known what was there before, the difference is found.
    ///
    /// # Errors
    ///
    /// The root can't be read.
    pub(super) fn take_stock(&mut self, known: Option<Known>) -> Result<Option<Vec<What>>, Failure> {
        let started = Instant::now();
        self.reach.settle();
        let changes = match known {
            Some(Known { tree, rules }) => {
                self.tree = tree;
                let seen = self.scan(&[everywhere()])?;
                Some(self.reconcile(Path::new(""), seen, &rules))
            }
            None => {
                self.tree = Tree::from(self.scan(&[everywhere()])?);
                None
            }
        };
        self.lookout.plan_look(started);
        Ok(changes.map(|changes| changes.into_iter().map(|change| change.told(FoundBy::Scan)).collect()))
    }

    /// Something has come after a rest.
    pub(super) fn begin_work(&mut self) {
        self.pulse.begin();
    }

    /// Whether the index holds what no entry tells since it was last asked: who has only the record, and an index that was kept
    /// before, does not know it.
    pub(super) fn take_silent_changes(&mut self) -> bool {
        std::mem::take(&mut self.has_silent_changes)
    }

    /// Keeps what is known for the next session.
    pub(super) fn save(&self, directories: &Directories, seq: u64) {
        if let Err(error) = index::save(directories, &self.root, seq, &self.rules, &self.tree) {
            tracing::warn!(%error, "the index can't be kept: what changes until the next start will not be found");
        }
    }

    pub(super) fn on(&mut self, event: Event) {
        match event {
            Event::Touched(path) => {
                if path == Path::new(".git") && self.head.has_changed(&self.root) {
                    // Behind new watches, of which git's folder is one.
                    self.watch_anew();
                    self.look_everywhere();
                }
                if self.lookout.watches.covers(&path) {
                    self.pace.push(&path, false, Instant::now());
                }
            }
            Event::Left(path) => {
                let covers = self.lookout.watches.covers(&path);
                if path == Path::new(".git") {
                    self.head.has_changed(&self.root);
                    self.watch_anew();
                    self.look_everywhere();
                }
                // What left may be back already, and is without its watches then.
                let is_watched = self.lookout.watches.lose_below(&path);
                if is_watched || covers {
                    self.pace.push(&path, is_watched, Instant::now());
                }
            }
            Event::Git => self.head.sign(Instant::now()),
            Event::Overflow => self.went_blind(GapReason::Overflow),
            Event::Record(_) | Event::Config => {}
        }
    }

    /// Goes by another configuration. What it lets in or keeps out is no change of the files.
    ///
    /// # Errors
    ///
    /// The root can't be read.
    pub(super) fn configure(&mut self, config: &Config) -> Result<Batch, Failure> {
        self.pace.set_limits(config.record);
        self.head.set_quiet(config.record.quiet);
        let rules = scan::rules(&self.root, &config.watch);
        let before = self.rules.sources().clone();
        // All but what the folders themselves say.
        let configured = |sources: &Sources| Sources { folders: BTreeMap::new(), ..sources.clone() };
        if configured(&before) == configured(rules.sources()) {
            return Ok(Batch::default());
        }
        let is_elsewhere = before.directories != rules.directories();
        self.rules = rules;
        if is_elsewhere {
            self.watch_anew();
        }
        let seen = self.scan(&[everywhere()])?;
        let changes = self.reconcile(Path::new(""), seen, &before);
        let changes = changes.into_iter().map(|change| change.told(FoundBy::Watch)).collect();
        Ok(Batch { changes, blind: None })
    }

    /// Whether git's files of patterns are not as they were: nothing tells of the first file in a new folder.
    pub(super) fn has_other_patterns(&self) -> bool {
        scan::shared_rules(&self.root) != self.rules.sources().shared
    }

    /// Something may have been missed: what the next look finds is told below a gap.
    pub(super) fn went_blind(&mut self, reason: GapReason) {
        self.blind.get_or_insert(reason);
    }

    /// The next look is at everything.
    pub(super) fn look_everywhere(&mut self) {
        let Hint { path, recursive } = everywhere();
        self.pace.push(&path, recursive, Instant::now());
    }

    /// When to call [`Observer::look_if_due`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        let now = self.blind.map(|_| Instant::now());
        let due = [self.pace.deadline(), self.lookout.deadline()].into_iter().flatten().min();
        now.or(self.head.deadline()).or(due)
    }

    pub(super) fn look_if_due(&mut self, now: Instant) -> Result<Batch, Failure> {
        if self.blind.is_some() {
            return self.look_at_all();
        }
        if self.head.is_waited_for(now) {
            return Ok(Batch::default());
        }
        let mut changes = Vec::new();
        if self.lookout.deadline().is_some_and(|at| at <= now) {
            changes = self.look_at_polled()?.changes;
        }
        let hints = if self.head.has_signs() { self.pace.take_all() } else { self.pace.take(now) };
        changes.extend(self.look(&hints, FoundBy::Watch)?);
        Ok(Batch { changes: self.head.around(changes), blind: None })
    }

    /// Looks at what can't be watched.
    pub(super) fn look_at_polled(&mut self) -> Result<Batch, Failure> {
        let started = Instant::now();
        let hints: Vec<Hint> =
            self.lookout.watches.polled().into_iter().map(|path| Hint { path, recursive: true }).collect();
        let changes = self.look(&hints, FoundBy::Poll)?;
        self.lookout.plan_look(started);
        Ok(Batch { changes, blind: None })
    }

    /// Looks at all that is dirty, due or not.
    pub(super) fn look_at_all(&mut self) -> Result<Batch, Failure> {
        let mut hints = self.pace.take_all();
        let blind = self.blind.take();
        if blind == Some(GapReason::Overflow) {
            // What told of a new folder may be among the lost.
            self.watch_anew();
        }
        if blind.is_some() {
            hints = vec![everywhere()];
        }
        let found_by = if blind.is_some() { FoundBy::Scan } else { FoundBy::Watch };
        let changes = self.look(&hints, found_by)?;
        Ok(Batch { changes: self.head.around(changes), blind })
    }

    /// Drops all watches. The next look must be at everything, which gets them again.
    fn watch_anew(&mut self) {
        self.lookout.begin_anew(self.head.folder(), self.rules.directories());
    }

    fn look(&mut self, hints: &[Hint], found_by: FoundBy) -> Result<Vec<What>, Failure> {
        if hints.is_empty() {
            return Ok(Vec::new());
        }
        // What lies in a project of its own is not ours from the moment on that it is one.
        let mut changes = Vec::new();
        for folder in parents_of(hints, CONTEXT_DIR) {
            changes.extend(self.relearn(&folder)?);
        }
        let mut hints = hints.to_vec();
        changes.extend(self.see(&mut hints)?);
        for folder in folders_with_new_rules(&hints, &changes) {
            changes.extend(self.relearn(&folder)?);
        }
        Ok(changes.into_iter().map(|change| change.told(found_by)).collect())
    }

    /// Brings index and watches up to what lies on disk at the hinted places, and at those that are found to go with them.
    fn see(&mut self, hints: &mut Vec<Hint>) -> Result<Vec<Change>, Failure> {
        let mut displaced = Displaced::default();
        // A look at everything may meet rules that changed unseen.
        let before = hints.contains(&everywhere()).then(|| self.rules.sources().clone());
        if before.is_some() {
            self.rules.forget(Path::new(""));
        }
        let seen = loop {
            let places = scan::widen(&self.root, hints, &self.tree);
            let paths: BTreeSet<&Path> = places.iter().map(|place| place.path.as_path()).collect();
            for path in paths {
                if displaced.is_from(&self.root, path, &self.tree) {
                    self.lookout.watches.unwatch_below(path);
                }
            }
            let seen = self.scan(&places)?;
            let partners = self.partners(&seen);
            if partners.is_empty() {
                break seen;
            }
            hints.extend(partners);
        };
        let changes = match before {
            Some(before) => self.reconcile(Path::new(""), seen, &before),
            None => self.tree.reconcile(seen),
        };
        for change in &changes {
            if let Change::Deleted(path, EntryKind::Dir) | Change::Moved(path, _, Meta { kind: EntryKind::Dir, .. }, _) =
                change
                && !self.tree.find(path).is_some_and(|node| node.is_folder())
            {
                self.leave(path);
                if !self.rules.is_own_project(path) {
                    self.rules.forget(path);
                }
            }
        }
        let moved = displaced.elsewhere(&self.tree, &changes);
        self.lookout.watches.watch(&moved);
        let now = Instant::now();
        moved.iter().for_each(|path| self.pace.push(path, true, now));
        Ok(changes)
    }

    /// The dirty places at the other end of a move of which one end was seen. They are looked at together, due or not, or the
    /// move would look like a deletion and something new.
    fn partners(&mut self, seen: &[Observation]) -> Vec<Hint> {
        if self.pace.deadline().is_none() {
            return Vec::new();
        }
        let unpaired = self.tree.unpaired(seen);
        if unpaired.is_empty() {
            return Vec::new();
        }
        let known = |path: &Path| self.tree.find(path).map(|node| node.meta().file);
        let pulse = &mut self.pulse;
        let mut now = |path: &Path| {
            pulse.beat();
            scan::file_at(&self.root, path)
        };
        let is_unpaired = |id: Option<FileId>| id.is_some_and(|id| unpaired.contains(&id));
        // A project of its own begins or ends with a look of its own.
        let may_go_along = |path: &Path| path.file_name() != Some(CONTEXT_DIR.as_ref());
        self.pace.take_if(|path| may_go_along(path) && (is_unpaired(known(path)) || is_unpaired(now(path))))
    }

    fn scan(&mut self, hints: &[Hint]) -> Result<Vec<Observation>, Failure> {
        let (watches, pulse) = (&mut self.lookout.watches, &mut self.pulse);
        let on_step = &mut |step: Step<'_>| match step {
            Step::Level(folders) => {
                watches.watch(folders);
                pulse.beat();
            }
            Step::Place => pulse.beat(),
        };
        let seen = scan::observe(&self.root, hints, &self.tree, &mut self.rules, on_step);
        // What was seen of another folder is no news of ours.
        self.check_root()?;
        seen.map_err(|error| self.reach.lost(&error))
    }

    /// As [`Reach::check`].
    pub(super) fn check_root(&self) -> Result<(), Failure> {
        self.reach.check()
    }

    /// Follows the rules of a folder that have changed.
    fn relearn(&mut self, folder: &Path) -> Result<Vec<Change>, Failure> {
        let before = self.rules.sources().clone();
        self.rules.forget_own_project(folder);
        let seen = self.scan(&[Hint { path: folder.to_path_buf(), recursive: true }])?;
        Ok(self.reconcile(folder, seen, &before))
    }

    /// Takes over what was seen below a folder. What other rules than before let in or keep out is no change of the files.
    fn reconcile(&mut self, folder: &Path, seen: Vec<Observation>, before: &Sources) -> Vec<Change> {
        if before == self.rules.sources() {
            return self.tree.reconcile(seen);
        }
        self.has_silent_changes = true;
        for gone in self.tree.prune(folder, &|path, is_dir| self.rules.ignores(path, is_dir)) {
            self.leave(&gone);
        }
        for (own, _) in before.folders.iter().filter(|(path, facts)| facts.has_context && path.starts_with(folder)) {
            // Ignored as any other folder: it needs no watch to see when it is no project any more.
            if self.rules.ignores(own, true) && !self.rules.is_own_project(own) {
                self.lookout.watches.unwatch_below(own);
            }
        }
        let before = Rules::from(before.clone());
        let was_ignored = |path: &Path, meta: &Meta| before.explain(path, meta.kind == EntryKind::Dir).is_some();
        let mut changes = self.tree.reconcile(seen);
        changes.retain(|change| !matches!(change, Change::Created(path, meta) if was_ignored(path, meta)));
        changes
    }

    /// Takes the watches off a folder that does not count any more. One that is a project of its own keeps one, to see when it
    /// is one no more.
    fn leave(&mut self, folder: &Path) {
        self.lookout.watches.unwatch_below(folder);
        if self.rules.is_own_project(folder) {
            self.lookout.watches.watch(&[folder.to_path_buf()]);
        }
    }

    pub(super) fn watch_record(&mut self) {
        self.lookout.watches.watch_record();
    }

    pub(super) fn sees_record(&self) -> bool {
        self.lookout.watches.sees_record()
    }

    pub(super) fn directories_watched(&self) -> u64 {
        self.lookout.watches.count()
    }

    pub(super) fn files_indexed(&self) -> u64 {
        self.tree.file_count()
    }

    /// The folders that are recorded.
    pub(super) fn watching(&self) -> Vec<PathBuf> {
        let more = self.rules.directories().iter().map(|folder| self.root.at(folder));
        std::iter::once(self.root.path().to_path_buf()).chain(more).collect()
    }

    /// Whether changes come by looking again and again.
    pub(super) fn is_polling(&self) -> bool {
        self.lookout.watches.blind().is_some()
    }

    /// Why changes come late or not at all, in a sentence each.
    pub(super) fn degraded(&self) -> Option<String> {
        degraded::reasons(&self.watching(), &self.rules, self.lookout.watches.blind())
    }
}

fn everywhere() -> Hint {
    Hint { path: PathBuf::new(), recursive: true }
}

/// The folders in which something of this name was touched.
fn parents_of(hints: &[Hint], name: &str) -> Vec<PathBuf> {
    let touched = hints.iter().map(|hint| hint.path.as_path()).filter(|path| path.file_name() == Some(name.as_ref()));
    touched.filter_map(Path::parent).map(Path::to_path_buf).collect()
}

/// The folders in which a file that holds rules has come, gone or changed.
fn folders_with_new_rules(hints: &[Hint], changes: &[Change]) -> Vec<PathBuf> {
    let manifests = changes.iter().flat_map(|change| match change {
        Change::Created(path, _) | Change::Deleted(path, _) => vec![path.as_path()],
        Change::Moved(from, to, ..) => vec![from.as_path(), to.as_path()],
        Change::Edited(..) => Vec::new(),
    });
    let manifests = manifests.filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"));
    let mut folders = parents_of(hints, ".gitignore");
    folders.extend(manifests.filter_map(Path::parent).map(Path::to_path_buf));
    folders.sort();
    folders.dedup();
    folders
}
