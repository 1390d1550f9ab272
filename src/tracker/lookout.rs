//! Where events come from, and when to look at what tells of none.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::Input;
use crate::project::ProjectRoot;
use crate::scan;
use crate::watch::{Aside, Watches};

/// Between two looks at what can't be watched; longer where a look takes long.
const POLL: Duration = Duration::from_secs(2);

/// A look at what can't be watched takes at most this part of the time.
const POLL_SHARE: u32 = 20;

pub(super) struct Lookout {
    root: ProjectRoot,
    config: PathBuf,
    inputs: Sender<Input>,
    pub(super) watches: Watches,
    poll_at: Option<Instant>,
}

impl Lookout {
    /// Without a watch below the root yet; the folder `git` and the file `config` are watched for themselves, `directories` are
    /// recorded beside the root.
    pub(super) fn new(
        root: &ProjectRoot,
        config: &Path,
        git: Option<&Path>,
        directories: &[PathBuf],
        inputs: Sender<Input>,
    ) -> Self {
        let watches = watches(root, config, git, directories, &inputs);
        Self { root: root.clone(), config: config.to_path_buf(), inputs, watches, poll_at: None }
    }

    /// Drops all watches.
    pub(super) fn begin_anew(&mut self, git: Option<&Path>, directories: &[PathBuf]) {
        self.watches = watches(&self.root, &self.config, git, directories, &self.inputs);
    }

    /// Plans the next look at what can't be watched, after one that was begun then.
    pub(super) fn plan_look(&mut self, started: Instant) {
        let is_needed = !self.watches.polled().is_empty();
        self.poll_at = is_needed.then(|| Instant::now() + POLL.max(started.elapsed() * POLL_SHARE));
    }

    /// When to look at what can't be watched.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.poll_at
    }
}

fn watches(
    root: &ProjectRoot,
    config: &Path,
    git: Option<&Path>,
    directories: &[PathBuf],
    inputs: &Sender<Input>,
) -> Watches {
    let inputs = inputs.clone();
    let git = git.map(Path::to_path_buf);
    let outside = directories.iter().map(|folder| root.at(folder)).filter(|folder| !folder.starts_with(root.path()));
    let patterns = scan::shared_files(root);
    let aside = Aside { git, config: config.to_path_buf(), patterns, directories: outside.collect() };
    Watches::new(root, aside, move |event| drop(inputs.send(Input::Watch(event))))
}
