//! From the file system's events to hints.
//!
//! A hint only says where to look. Each folder that counts has one watch of its own, so that ignored trees cost nothing; on
//! systems whose watches cover whole trees there is one for the root, and what happens in other folders is passed over.
//! What can't be watched (a limit, a file system without events) is kept as a list of folders to look at regularly, and
//! said: it is never silently left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notify::event::{EventKindMask, ModifyKind, RenameMode};
use notify::{ErrorKind, EventKind, PathOp, RecommendedWatcher, Watcher as _};

use crate::platform::files::{self, FsKind, Reach, WATCHES_TREES};
use crate::project::{CONTEXT_DIR, ProjectRoot};

/// What the file system says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something happened at a path, relative to the root; the root itself is the empty path.
    Touched(PathBuf),
    /// Something left a path, relative to the root, be it moved or removed; watches at the path and below it went with it.
    Left(PathBuf),
    /// Something happened to a file of `.context`, or to the folder itself (then the name is empty).
    Record(PathBuf),
    /// Something happened in git's folder.
    Git,
    /// Something happened in the folder of the user's configuration, or to one of git's files of patterns.
    Config,
    /// Events were lost: anything may have happened anywhere.
    Overflow,
}

/// Why a part of the tree is not watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blind {
    /// The number of watches that the system allows is used up.
    WatchLimit,
    /// The number of watchers that the system allows is used up, or ours failed to start otherwise.
    NoWatcher(String),
    /// The file system delivers no events.
    FileSystem(&'static str),
    /// A folder refused its watch.
    Refused(String),
}

impl Blind {
    /// What is wrong and what mends it, in a sentence each.
    pub fn explain(&self) -> String {
        match self {
            Blind::WatchLimit => {
                let remedy = files::MORE_WATCHES;
                format!(
                    "the system's limit of watched folders is reached, so a part of the project is polled; {remedy}"
                )
            }
            Blind::NoWatcher(reason) => {
                let remedy = files::MORE_WATCHERS;
                format!("the system refused to watch ({reason}), so the project is polled; {remedy}")
            }
            Blind::FileSystem(kind) => {
                format!("{kind} delivers no events, so the project is polled; changes appear within seconds")
            }
            Blind::Refused(reason) => format!("a folder can't be watched ({reason}), so it is polled"),
        }
    }
}

/// The folders outside the tracked tree that are watched with it, without those below them.
#[derive(Clone, Debug)]
pub struct Aside {
    /// Git's folder.
    pub git: Option<PathBuf>,
    /// The user's configuration; the folder of it is watched.
    pub config: PathBuf,
    /// Git's files of patterns that count for the whole tree; the folder of each is watched, unless that would be a watch of all
    /// below it too: one of them may lie in the home folder.
    pub patterns: Vec<PathBuf>,
    /// Folders outside the project that are recorded with it.
    pub directories: Vec<PathBuf>,
}

impl Aside {
    fn event(&self, path: &Path) -> Option<Event> {
        if self.patterns.iter().any(|file| file == path) {
            return Some(Event::Config);
        }
        if self.git.as_ref().is_some_and(|git| path.parent() == Some(git)) {
            return Some(Event::Git);
        }
        // Other files of ours may lie beside it; what happens to its folder happens to it.
        (path == self.config || self.config.parent() == Some(path)).then_some(Event::Config)
    }

    /// The folders that tell of all this, each once.
    fn folders(&self, reaches: Reach) -> BTreeSet<PathBuf> {
        let patterns = self.patterns.iter().filter(|_| reaches == Reach::Folder);
        let of_files = [&self.config].into_iter().chain(patterns).filter_map(|file| file.parent());
        self.git.iter().map(PathBuf::as_path).chain(of_files).map(Path::to_path_buf).collect()
    }
}

/// The watches of one project.
pub struct Watches {
    root: ProjectRoot,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    polled: BTreeSet<PathBuf>,
    /// The folders outside the project, relative to its root, of whose changes nothing tells.
    silent: Vec<PathBuf>,
    blind: Option<Blind>,
}

impl Watches {
    /// Starts without a watch on any folder but `.context` and those aside. `on_event` is called from the watcher's thread: it must only
    /// forward.
    pub fn new(root: &ProjectRoot, aside: Aside, on_event: impl Fn(Event) + Send + 'static) -> Self {
        let mut watches = Self {
            root: root.clone(),
            watcher: None,
            watched: BTreeSet::new(),
            polled: BTreeSet::new(),
            silent: Vec::new(),
            blind: None,
        };
        if let Ok(FsKind::Remote(kind)) = files::file_system(root.path()) {
            watches.blind = Some(Blind::FileSystem(kind));
            return watches;
        }
        for folder in &aside.directories {
            if let Ok(FsKind::Remote(kind)) = files::file_system(folder) {
                watches.blind = Some(Blind::FileSystem(kind));
                watches.silent.extend(root.relative(folder));
            }
        }
        let base = root.clone();
        let is_inside = |folder: &PathBuf| WATCHES_TREES && folder.starts_with(root.path());
        let folders: Vec<PathBuf> =
            aside.folders(files::REACH).into_iter().filter(|folder| !is_inside(folder)).collect();
        let forward = move |result: notify::Result<notify::Event>| events(&base, &aside, result, &on_event);
        let config = notify::Config::default().with_follow_symlinks(false).with_event_kinds(EventKindMask::CORE);
        match RecommendedWatcher::new(forward, config) {
            Ok(watcher) => watches.watcher = Some(watcher),
            Err(error) => watches.blind = Some(Blind::NoWatcher(error.to_string())),
        }
        watches.watch_record();
        if let Some(watcher) = &mut watches.watcher {
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                if let Err(error) = watcher.watch(folder, notify::RecursiveMode::NonRecursive) {
                    tracing::warn!(%error, folder = %folder.display(), "a folder beside the project is not watched");
                }
            }
        }
        watches
    }

    /// Watches `.context` itself, again after it was made anew.
    pub fn watch_record(&mut self) {
        if WATCHES_TREES {
            return;
        }
        let path = self.root.context_dir();
        if let Some(watcher) = &mut self.watcher {
            // A watch on a folder that is gone would stand in the way of the one on its successor.
            let _ = watcher.unwatch(&path);
            if let Err(error) = watcher.watch(&path, notify::RecursiveMode::NonRecursive) {
                tracing::warn!(%error, "the folder of the record is not watched");
            }
        }
    }

    /// Watches folders, relative to the root. Must come before they are listed.
    pub fn watch(&mut self, folders: &[PathBuf]) {
        let is_silent = |folder: &&PathBuf| self.silent.iter().any(|silent| folder.starts_with(silent));
        let (polled, folders): (Vec<&PathBuf>, Vec<&PathBuf>) =
            folders.iter().partition(|folder| self.watcher.is_none() || is_silent(folder));
        self.polled.extend(polled.into_iter().cloned());
        let Some(watcher) = &mut self.watcher else { return };
        let mut ops: Vec<PathOp> = Vec::with_capacity(folders.len());
        for folder in folders {
            let absolute = self.root.at(folder);
            if !WATCHES_TREES {
                ops.push(PathOp::watch_non_recursive(absolute));
            } else if !is_covered(&self.watched, folder) {
                ops.push(PathOp::watch_recursive(absolute));
            }
            self.watched.insert(folder.clone());
            self.polled.remove(folder);
        }
        if ops.is_empty() {
            // The watcher answers between two events, and in a flood of them that takes long.
            return;
        }
        while let Err(error) = watcher.update_paths(ops) {
            let Some(failed) = error.origin else { break };
            ops = error.remaining;
            let kind = &error.source.kind;
            if let ErrorKind::MaxFilesWatch = kind {
                self.blind = Some(Blind::WatchLimit);
                for op in std::iter::once(&failed).chain(&ops) {
                    turn_to_polling(&self.root, op, &mut self.watched, &mut self.polled);
                }
                break;
            }
            if !matches!(kind, ErrorKind::PathNotFound) {
                if self.blind.is_none() || self.polled.is_empty() {
                    self.blind = Some(Blind::Refused(error.source.to_string()));
                }
                turn_to_polling(&self.root, &failed, &mut self.watched, &mut self.polled);
            }
        }
    }

    /// Takes the watches off a folder and all below it.
    pub fn unwatch_below(&mut self, folder: &Path) {
        self.polled.retain(|path| !path.starts_with(folder));
        for path in below(&self.watched, folder) {
            self.watched.remove(&path);
            if let Some(watcher) = self.watcher.as_mut().filter(|_| !WATCHES_TREES || !is_covered(&self.watched, &path))
            {
                // Already gone with its folder, mostly.
                let _ = watcher.unwatch(&self.root.at(&path));
            }
        }
    }

    /// Takes out a path and all below it, whose watches went with what left the path; whether there were any. What is there now
    /// has to be watched anew, be it what was there before.
    pub fn lose_below(&mut self, path: &Path) -> bool {
        let lost = [&mut self.watched, &mut self.polled].map(|folders| {
            let below = below(folders, path);
            for folder in &below {
                folders.remove(folder);
            }
            !below.is_empty()
        });
        lost.contains(&true)
    }

    /// Whether what happens at a path is to be looked at: where a watch covers a tree, it tells of folders too that do not count.
    pub fn covers(&self, path: &Path) -> bool {
        !WATCHES_TREES || path.parent().is_none_or(|folder| self.watched.contains(folder))
    }

    /// How many folders have a watch.
    pub fn count(&self) -> u64 {
        self.watched.len() as u64
    }

    /// The topmost folders that must be looked at regularly.
    pub fn polled(&self) -> Vec<PathBuf> {
        let is_top = |path: &&PathBuf| !path.ancestors().skip(1).any(|above| self.polled.contains(above));
        self.polled.iter().filter(is_top).cloned().collect()
    }

    /// Why something is polled, as long as something is.
    pub fn blind(&self) -> Option<&Blind> {
        self.blind.as_ref().filter(|_| !self.polled.is_empty())
    }

    /// Whether an event tells of a file that was made in `.context`.
    pub fn sees_record(&self) -> bool {
        self.watcher.is_some()
    }
}

/// Whether a folder lies in a tree of which one folder is watched.
fn is_covered(watched: &BTreeSet<PathBuf>, folder: &Path) -> bool {
    let is_outside = folder.starts_with("..");
    folder.ancestors().filter(|above| !is_outside || above.starts_with("..")).any(|above| watched.contains(above))
}

/// A folder and those below it, which stand right behind it.
fn below(folders: &BTreeSet<PathBuf>, folder: &Path) -> Vec<PathBuf> {
    folders.range(folder.to_path_buf()..).take_while(|path| path.starts_with(folder)).cloned().collect()
}

fn turn_to_polling(root: &ProjectRoot, op: &PathOp, watched: &mut BTreeSet<PathBuf>, polled: &mut BTreeSet<PathBuf>) {
    if let Some(folder) = root.relative(op.as_path()) {
        watched.remove(&folder);
        polled.insert(folder);
    }
}

/// Runs on the watcher's thread.
fn events(root: &ProjectRoot, aside: &Aside, result: notify::Result<notify::Event>, on_event: &impl Fn(Event)) {
    let event = match result {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(%error, "the watcher lost its way; everything is looked at again");
            return on_event(Event::Overflow);
        }
    };
    // An overflow has no paths, so it must be asked for first.
    if event.need_rescan() {
        return on_event(Event::Overflow);
    }
    let touched = match event.kind {
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::Any)) => Event::Left,
        _ => Event::Touched,
    };
    for path in &event.paths {
        match aside.event(path) {
            Some(Event::Git) => {
                on_event(Event::Git);
                continue;
            }
            // Who keeps their configuration in git may record it too.
            Some(event) => on_event(event),
            None => {}
        }
        if let Ok(relative) = path.strip_prefix(root.path()) {
            on_event(match relative.strip_prefix(CONTEXT_DIR) {
                Ok(name) if name.components().nth(1).is_some() => continue,
                Ok(name) => Event::Record(name.to_path_buf()),
                Err(_) => touched(relative.to_path_buf()),
            });
        } else if aside.directories.iter().any(|folder| path.starts_with(folder))
            && let Some(relative) = root.relative(path)
        {
            on_event(touched(relative));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aside() -> Aside {
        Aside {
            git: Some("/home/me/garden/.git".into()),
            config: "/home/me/.config/context-tray/config.toml".into(),
            patterns: vec!["/home/me/.gitignore".into()],
            directories: Vec::new(),
        }
    }

    #[test]
    fn what_happens_to_the_configuration_is_told_from_what_happens_beside_it() {
        let event = |path: &str| aside().event(Path::new(path));
        for told in
            ["/home/me/.config/context-tray/config.toml", "/home/me/.config/context-tray", "/home/me/.gitignore"]
        {
            assert_eq!(event(told), Some(Event::Config), "{told}");
        }
        for other in ["/home/me/.config/context-tray/registry.json", "/home/me/.profile", "/home/me/garden/config.toml"]
        {
            assert_eq!(event(other), None, "{other}");
        }
        assert_eq!(event("/home/me/garden/.git/HEAD"), Some(Event::Git));
    }

    #[test]
    fn where_a_watch_reaches_all_below_a_folder_the_home_folder_has_none() {
        let near = ["/home/me/.config/context-tray", "/home/me/garden/.git"].map(PathBuf::from);
        assert_eq!(aside().folders(Reach::Tree), near.clone().into());
        assert_eq!(aside().folders(Reach::Folder), near.into_iter().chain(["/home/me".into()]).collect());
    }
}
