//! What a tracker knows of the tree: its watches, its index and its rules, kept in step with each other.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::{Batch, Input};
use crate::config::Config;
use crate::entry::{EntryKind, EntryPath, FileChange, FoundBy, GitAction, Move, What};
use crate::git::Repository;
use crate::index::{self, Known};
use crate::pace::{Hint, Pace};
use crate::platform::Directories;
use crate::project::{CONTEXT_DIR, ProjectRoot};
use crate::request::{Failure, FailureCode};
use crate::rules::{Rules, Sources};
use crate::scan;
use crate::tree::{Change, Meta, Observation, Tree};
use crate::watch::{Aside, Blind, Event, Watches};

/// Between two looks at what can't be watched; longer where a look takes long.
const POLL: Duration = Duration::from_secs(2);

/// A look at what can't be watched takes at most this part of the time.
const POLL_SHARE: u32 = 20;

/// How long git may keep everything waiting.
const GIT_PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Observer {
    root: ProjectRoot,
    config_folder: PathBuf,
    inputs: Sender<Input>,
    rules: Rules,
    tree: Tree,
    pace: Pace,
    watches: Watches,
    /// Events were lost: the next look is at everything, behind new watches.
    is_blind: bool,
    poll_at: Option<Instant>,
    git: Option<Repository>,
    /// Git's first and last sign since HEAD was looked at.
    git_signs: Option<(Instant, Instant)>,
    quiet: Duration,
    files: u64,
}

impl Observer {
    pub(super) fn new(root: &ProjectRoot, directories: &Directories, config: &Config, inputs: Sender<Input>) -> Self {
        let git = Repository::of(root);
        let config_folder = directories.config.clone();
        let watches = watches(root, git.as_ref(), &config_folder, &inputs);
        Self {
            root: root.clone(),
            config_folder,
            inputs,
            rules: Rules::new(&config.watch, scan::shared_rules(root)),
            tree: Tree::default(),
            pace: Pace::new(config.record),
            watches,
            is_blind: false,
            poll_at: None,
            git,
            git_signs: None,
            quiet: config.record.quiet,
            files: 0,
        }
    }

    /// Takes the tree as it is for the beginning. Where it is known what was there before, the difference is found.
    ///
    /// # Errors
    ///
    /// The root can't be read.
    pub(super) fn take_stock(&mut self, known: Option<Known>) -> Result<Option<Vec<What>>, Failure> {
        let started = Instant::now();
        let seen = self.scan(&[everywhere()])?;
        let changes = match known {
            Some(Known { tree, rules }) => {
                self.tree = tree;
                Some(self.reconcile(Path::new(""), seen, &rules))
            }
            None => {
                self.tree = Tree::from(seen);
                None
            }
        };
        self.files = self.tree.file_count();
        self.plan_poll(started);
        Ok(changes.map(|changes| changes.into_iter().map(|change| what(change, FoundBy::Scan)).collect()))
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
                if path == Path::new(".git") {
                    self.find_git();
                }
                self.pace.push(&path, false, Instant::now());
            }
            Event::Git => {
                let now = Instant::now();
                self.git_signs = Some((self.git_signs.map_or(now, |(first, _)| first), now));
            }
            Event::Overflow => self.is_blind = true,
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
        self.quiet = config.record.quiet;
        let rules = Rules::new(&config.watch, scan::shared_rules(&self.root));
        let before = self.rules.sources().clone();
        if (&before.ignore, before.use_gitignore) == (&rules.sources().ignore, rules.sources().use_gitignore) {
            return Ok(Batch::default());
        }
        self.rules = rules;
        let seen = self.scan(&[everywhere()])?;
        let changes = self.reconcile(Path::new(""), seen, &before);
        self.files = self.tree.file_count();
        let changes = changes.into_iter().map(|change| what(change, FoundBy::Watch)).collect();
        Ok(Batch { changes, was_blind: false })
    }

    /// The next look is at everything.
    pub(super) fn look_everywhere(&mut self) {
        let Hint { path, recursive } = everywhere();
        self.pace.push(&path, recursive, Instant::now());
    }

    /// When to call [`Observer::look_if_due`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        let now = self.is_blind.then(Instant::now);
        let due = [self.pace.deadline(), self.poll_at].into_iter().flatten().min();
        // While git is at work, all waits for it: a checkout is one thing.
        let git = self.git_signs.map(|(first, last)| (last + self.quiet).min(first + GIT_PATIENCE));
        now.or(git).or(due)
    }

    pub(super) fn look_if_due(&mut self, now: Instant) -> Result<Batch, Failure> {
        if self.is_blind {
            return self.look_at_all();
        }
        if let Some((first, last)) = self.git_signs {
            let is_waited_for = now < last + self.quiet || self.git.as_ref().is_some_and(Repository::is_busy);
            if is_waited_for && now < first + GIT_PATIENCE {
                self.git_signs = Some((first, if now < last + self.quiet { last } else { now }));
                return Ok(Batch::default());
            }
        }
        let mut changes = Vec::new();
        if self.poll_at.is_some_and(|at| at <= now) {
            changes = self.look_at_polled()?.changes;
        }
        let hints = if self.git_signs.is_some() { self.pace.take_all() } else { self.pace.take(now) };
        changes.extend(self.look(&hints, FoundBy::Watch)?);
        Ok(Batch { changes: self.with_git(changes), was_blind: false })
    }

    /// Looks at what can't be watched.
    pub(super) fn look_at_polled(&mut self) -> Result<Batch, Failure> {
        let started = Instant::now();
        let hints: Vec<Hint> = self.watches.polled().into_iter().map(|path| Hint { path, recursive: true }).collect();
        let changes = self.look(&hints, FoundBy::Poll)?;
        self.plan_poll(started);
        Ok(Batch { changes, was_blind: false })
    }

    /// Looks at all that is dirty, due or not.
    pub(super) fn look_at_all(&mut self) -> Result<Batch, Failure> {
        let mut hints = self.pace.take_all();
        let was_blind = std::mem::take(&mut self.is_blind);
        if was_blind {
            self.watches = watches(&self.root, self.git.as_ref(), &self.config_folder, &self.inputs);
            hints = vec![everywhere()];
        }
        let found_by = if was_blind { FoundBy::Scan } else { FoundBy::Watch };
        let changes = self.look(&hints, found_by)?;
        Ok(Batch { changes: self.with_git(changes), was_blind })
    }

    /// What HEAD did stands around the changes: a switch before those that it made, a commit behind.
    fn with_git(&mut self, changes: Vec<What>) -> Vec<What> {
        if self.git_signs.take().is_none() {
            return changes;
        }
        let news = self.git.as_mut().map(Repository::news).unwrap_or_default();
        let (switches, commits): (Vec<_>, Vec<_>) = news.into_iter().partition(|git| git.action == GitAction::Switch);
        let switches = switches.into_iter().map(What::Git);
        switches.chain(changes).chain(commits.into_iter().map(What::Git)).collect()
    }

    /// A repository that was made, or removed, while the project is recorded.
    fn find_git(&mut self) {
        let git = Repository::of(&self.root);
        if git.is_some() != self.git.is_some() {
            self.git = git;
            // Behind new watches, of which git's folder is one.
            self.watches = watches(&self.root, self.git.as_ref(), &self.config_folder, &self.inputs);
            self.look_everywhere();
        }
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
        changes.extend(self.see(hints)?);
        for folder in folders_with_new_rules(hints, &changes) {
            changes.extend(self.relearn(&folder)?);
        }
        for change in &changes {
            match change {
                Change::Created(_, meta) if meta.kind != EntryKind::Dir => self.files += 1,
                Change::Deleted(_, kind) if *kind != EntryKind::Dir => self.files = self.files.saturating_sub(1),
                _ => {}
            }
        }
        Ok(changes.into_iter().map(|change| what(change, found_by)).collect())
    }

    /// Brings index and watches up to what lies on disk at the hinted places.
    fn see(&mut self, hints: &[Hint]) -> Result<Vec<Change>, Failure> {
        let hints = &scan::widen(&self.root, hints, &self.tree);
        let mut unwatched = HashSet::new();
        for hint in hints {
            self.unwatch_if_replaced(&hint.path, &mut unwatched);
        }
        let seen = self.scan(hints)?;
        let changes = self.tree.reconcile(seen);
        for change in &changes {
            if let Change::Deleted(path, EntryKind::Dir) | Change::Moved(path, _, Meta { kind: EntryKind::Dir, .. }) =
                change
                && !self.tree.find(path).is_some_and(|node| node.is_folder())
            {
                self.watches.unwatch_below(path);
                self.rules.forget(path);
            }
        }
        self.watch_moved(&unwatched, &changes);
        Ok(changes)
    }

    /// A folder that was seen at its new place before it was missed at its old one has lost its watch with the old one.
    fn watch_moved(&mut self, unwatched: &HashSet<u64>, changes: &[Change]) {
        if unwatched.is_empty() {
            return;
        }
        let just_listed: HashSet<&Path> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Created(path, _) | Change::Moved(_, path, _) => Some(path.as_path()),
                _ => None,
            })
            .collect();
        let mut moved = Vec::new();
        self.tree.folders(|path, meta| {
            if unwatched.contains(&meta.file_id) && !path.ancestors().any(|above| just_listed.contains(above)) {
                moved.push(path.to_path_buf());
            }
        });
        self.watches.watch(&moved);
        let now = Instant::now();
        moved.iter().for_each(|path| self.pace.push(path, true, now));
    }

    fn scan(&mut self, hints: &[Hint]) -> Result<Vec<Observation>, Failure> {
        let watches = &mut self.watches;
        let watch = &mut |folders: &[PathBuf]| watches.watch(folders);
        scan::observe(&self.root, hints, &self.tree, &mut self.rules, watch).map_err(|error| {
            let message = format!("cannot read the folder {}: {error}", self.root);
            Failure::new(FailureCode::BadProject, message).with_hint("see whether it is still there and readable")
        })
    }

    /// A folder that was moved takes its watch along, which would go on reporting the old path: the old watch must go
    /// before the folder gets one at its new place.
    fn unwatch_if_replaced(&mut self, path: &Path, unwatched: &mut HashSet<u64>) {
        let Some(node) = self.tree.find(path).filter(|node| node.is_folder()) else { return };
        let now = fs::symlink_metadata(self.root.path().join(path));
        if !now.is_ok_and(|metadata| scan::is_same_folder(&metadata, node.meta())) && !path.as_os_str().is_empty() {
            self.watches.unwatch_below(path);
            node.folders(path, &mut |_, meta| unwatched.extend([meta.file_id]));
        }
    }

    /// Follows the rules of a folder that have changed.
    fn relearn(&mut self, folder: &Path) -> Result<Vec<Change>, Failure> {
        let before = self.rules.sources().clone();
        self.rules.forget_own_project(folder);
        let seen = self.scan(&[Hint { path: folder.to_path_buf(), recursive: true }])?;
        let changes = self.reconcile(folder, seen, &before);
        self.files = self.tree.file_count();
        Ok(changes)
    }

    /// Takes over what was seen below a folder. What other rules than before let in or keep out is no change of the files.
    fn reconcile(&mut self, folder: &Path, seen: Vec<Observation>, before: &Sources) -> Vec<Change> {
        if before == self.rules.sources() {
            return self.tree.reconcile(seen);
        }
        for gone in self.tree.prune(folder, &|path, is_dir| self.rules.ignores(path, is_dir)) {
            self.watches.unwatch_below(&gone);
            if self.rules.is_own_project(&gone) {
                // To see when it is one no more.
                self.watches.watch(&[gone]);
            }
        }
        let before = Rules::from(before.clone());
        let was_ignored = |path: &Path, meta: &Meta| before.explain(path, meta.kind == EntryKind::Dir).is_some();
        let mut changes = self.tree.reconcile(seen);
        changes.retain(|change| !matches!(change, Change::Created(path, meta) if was_ignored(path, meta)));
        changes
    }

    fn plan_poll(&mut self, started: Instant) {
        let is_needed = !self.watches.polled().is_empty();
        self.poll_at = is_needed.then(|| Instant::now() + POLL.max(started.elapsed() * POLL_SHARE));
    }

    pub(super) fn watch_record(&mut self) {
        self.watches.watch_record();
    }

    pub(super) fn sees_record(&self) -> bool {
        self.watches.sees_record()
    }

    pub(super) fn directories_watched(&self) -> u64 {
        self.watches.count()
    }

    pub(super) fn files_indexed(&self) -> u64 {
        self.files
    }

    /// Why changes come late, in a sentence.
    pub(super) fn degraded(&self) -> Option<String> {
        self.watches.blind().map(Blind::explain)
    }
}

fn watches(root: &ProjectRoot, git: Option<&Repository>, config: &Path, inputs: &Sender<Input>) -> Watches {
    let inputs = inputs.clone();
    let git = git.map(|git| git.folder().to_path_buf());
    Watches::new(root, Aside { git, config: config.to_path_buf() }, move |event| drop(inputs.send(Input::Watch(event))))
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
        Change::Moved(from, to, _) => vec![from.as_path(), to.as_path()],
        Change::Edited(..) => Vec::new(),
    });
    let manifests = manifests.filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"));
    let mut folders = parents_of(hints, ".gitignore");
    folders.extend(manifests.filter_map(Path::parent).map(Path::to_path_buf));
    folders.sort();
    folders.dedup();
    folders
}

fn what(change: Change, found_by: FoundBy) -> What {
    let file = |path: &Path, entry, meta: Option<&Meta>| FileChange {
        path: EntryPath::new(path),
        entry,
        size: meta.filter(|_| entry != EntryKind::Dir).map(|meta| meta.size),
        mtime_ns: meta.filter(|_| entry != EntryKind::Dir).map(|meta| meta.mtime_ns),
        found_by,
    };
    match change {
        Change::Created(path, meta) => What::Created(file(&path, meta.kind, Some(&meta))),
        Change::Edited(path, meta) => What::Edited(file(&path, meta.kind, Some(&meta))),
        Change::Deleted(path, kind) => What::Deleted(file(&path, kind, None)),
        Change::Moved(from, to, meta) => {
            What::Moved(Move::new(&from, &to, meta.kind, meta.size, meta.mtime_ns, found_by))
        }
    }
}
