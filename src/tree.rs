//! The index of a tracked tree: what was there when we last looked.
//!
//! [`Tree::reconcile`] takes what a scan found at some places, makes it the new truth of the index and answers with the
//! difference. The order and the pairing of that difference are `changes`'s. The index stays small (a node is 64 bytes,
//! in which most names have their place) and never asks the disk anything.

mod changes;
mod meta;
mod name;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use crate::entry::{EntryKind, EntryPath, FileChange, FoundBy, Move, What};
use name::Name;

pub use meta::{FileId, Meta};

impl Meta {
    /// Whether what is there now is what was known, as far as that was known.
    pub fn agrees_with(&self, now: &Meta) -> bool {
        if self.file == FileId::UNKNOWN {
            return (self.kind, self.size, self.mtime_ns) == (now.kind, now.size, now.mtime_ns);
        }
        self == now
    }
}

/// One path of the index, with all below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    name: Name,
    meta: Meta,
    folder: Option<Box<Folder>>,
}

/// What a folder holds, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Folder {
    children: Vec<Node>,
}

impl Node {
    /// A file or a link.
    pub fn leaf(name: &OsStr, meta: Meta) -> Self {
        Self { name: name.into(), meta, folder: None }
    }

    /// A folder with what it holds, in any order.
    pub fn folder(name: &OsStr, meta: Meta, mut children: Vec<Node>) -> Self {
        children.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        children.shrink_to_fit();
        Self { name: name.into(), meta, folder: Some(Box::new(Folder { children })) }
    }

    fn name(&self) -> &OsStr {
        self.name.as_ref()
    }

    /// What is known of it.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// What it holds; nothing for a leaf.
    pub fn children(&self) -> &[Node] {
        self.folder.as_deref().map_or(&[], |folder| &folder.children)
    }

    fn position(&self, name: &OsStr) -> Result<usize, usize> {
        self.children().binary_search_by(|child| child.name().cmp(name))
    }

    fn child(&self, name: &OsStr) -> Option<&Node> {
        self.position(name).ok().map(|index| &self.children()[index])
    }

    /// The folder's children, for changing them; none for a leaf.
    fn children_mut(&mut self) -> Option<&mut Vec<Node>> {
        self.folder.as_deref_mut().map(|folder| &mut folder.children)
    }

    fn child_mut(&mut self, name: &OsStr) -> Option<&mut Node> {
        let index = self.position(name).ok()?;
        self.children_mut()?.get_mut(index)
    }

    /// Calls `visit` for this node and all below it, each with its path.
    fn visit(&self, path: &Path, visit: &mut impl FnMut(&Path, &Node)) {
        visit(path, self);
        for child in self.children() {
            child.visit(&path.join(child.name()), visit);
        }
    }

    /// How many paths that are not folders it stands for, itself among them.
    fn files(&self) -> u64 {
        if self.is_folder() { self.children().iter().map(Node::files).sum() } else { 1 }
    }

    /// Calls `visit` with each folder among this node and all below it, and its path.
    pub fn folders(&self, path: &Path, visit: &mut impl FnMut(&Path, &Meta)) {
        self.visit(path, &mut |path, node| {
            if node.folder.is_some() {
                visit(path, &node.meta);
            }
        });
    }

    fn is_same_folder(&self, other: &Node) -> bool {
        self.folder.is_some() && other.folder.is_some() && self.meta.agrees_with(&other.meta)
    }
}

/// What a scan found at one path, relative to the root; the root itself is the empty path.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Where it looked.
    pub path: PathBuf,
    /// What is there that counts, a folder with everything below it that counts; none where nothing is.
    pub found: Option<Node>,
}

/// One difference between the index and the disk. Paths are relative to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A path that is new.
    Created(PathBuf, Meta),
    /// A path there before and after that differs; never a folder.
    Edited(PathBuf, Meta),
    /// A path that is gone; for a folder, after everything in it.
    Deleted(PathBuf, EntryKind),
    /// A path that is gone and whose file is elsewhere; a folder's contents are implied. What was there may have been replaced.
    Moved(PathBuf, PathBuf, Meta, Replaced),
}

/// Whether what was moved took the place of something, which is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced(pub bool);

impl Change {
    /// As it is recorded.
    pub fn told(self, found_by: FoundBy) -> What {
        let file = |path: &Path, entry, meta: Option<&Meta>| FileChange {
            path: EntryPath::new(path),
            entry,
            size: meta.filter(|_| entry != EntryKind::Dir).map(|meta| meta.size),
            mtime_ns: meta.filter(|_| entry != EntryKind::Dir).map(|meta| meta.mtime_ns),
            found_by,
        };
        match self {
            Change::Created(path, meta) => What::Created(file(&path, meta.kind, Some(&meta))),
            Change::Edited(path, meta) => What::Edited(file(&path, meta.kind, Some(&meta))),
            Change::Deleted(path, kind) => What::Deleted(file(&path, kind, None)),
            Change::Moved(from, to, meta, Replaced(replaced)) => {
                let moved = Move::new(&from, &to, meta.kind, meta.size, meta.mtime_ns, found_by);
                What::Moved(Move { replaced, ..moved })
            }
        }
    }
}

/// The index of one tracked tree.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Node")]
pub struct Tree {
    root: Node,
    /// How many paths below the root are not folders.
    files: u64,
}

impl From<Node> for Tree {
    fn from(root: Node) -> Self {
        Self { files: root.files(), root }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.root.serialize(serializer)
    }
}

impl Default for Tree {
    fn default() -> Self {
        let meta = Meta { kind: EntryKind::Dir, size: 0, mtime_ns: 0, file: FileId::UNKNOWN };
        Node::folder(OsStr::new(""), meta, Vec::new()).into()
    }
}

impl From<Vec<Observation>> for Tree {
    /// The tree as it was seen, without a difference to anything.
    fn from(seen: Vec<Observation>) -> Self {
        let mut tree = Tree::default();
        for observation in seen {
            match observation.found {
                Some(root) if observation.path.as_os_str().is_empty() => tree = root.into(),
                Some(node) => tree.put(&observation.path, node),
                None => {}
            }
        }
        tree
    }
}

/// The paths that differ, as they were and as they are.
#[derive(Debug, Default)]
struct Difference {
    before: BTreeMap<PathBuf, Meta>,
    after: BTreeMap<PathBuf, Meta>,
}

impl Difference {
    fn files(paths: &BTreeMap<PathBuf, Meta>) -> u64 {
        paths.values().map(|meta| u64::from(meta.kind != EntryKind::Dir)).sum()
    }
}

impl Tree {
    /// Makes the observations the truth of the index and says what changed, in an order in which replaying the changes
    /// one by one is exact; as far as that allows, in the order of the observations.
    ///
    /// An observation below a folder that the index does not hold is passed over: the folder itself is ignored, or
    /// has an observation of its own in which the path is included.
    pub fn reconcile(&mut self, observations: Vec<Observation>) -> Vec<Change> {
        let order: HashMap<PathBuf, usize> =
            observations.iter().enumerate().map(|(index, seen)| (seen.path.clone(), index)).rev().collect();
        let mut difference = Difference::default();
        let mut observations = observations;
        observations.sort_by(|a, b| a.path.cmp(&b.path));
        for observation in observations {
            self.apply(observation, &mut difference);
        }
        self.files = self.files + Difference::files(&difference.after) - Difference::files(&difference.before);
        changes::changes(&difference, &order)
    }

    /// The ids of the files that come or go by these observations, but not both: the other end of a move lies elsewhere.
    pub fn unpaired(&self, observations: &[Observation]) -> HashSet<FileId> {
        let (mut before, mut after) = (HashSet::new(), HashSet::new());
        for Observation { path, found } in observations {
            for (node, ids) in [(self.find(path), &mut before), (found.as_ref(), &mut after)] {
                if let Some(node) = node {
                    node.visit(path, &mut |_, node| ids.extend([node.meta.file]));
                }
            }
        }
        before.symmetric_difference(&after).copied().filter(|id| *id != FileId::UNKNOWN).collect()
    }

    fn apply(&mut self, seen: Observation, difference: &mut Difference) {
        let Some(name) = seen.path.file_name() else {
            if let Some(root) = seen.found {
                merge(&seen.path, &mut self.root, root, difference);
            }
            return;
        };
        let Some(parent) = seen.path.parent().and_then(|parent| self.find_mut(parent)) else { return };
        let at = parent.position(name);
        let Some(children) = parent.children_mut() else { return };
        match (at, seen.found) {
            (Ok(index), Some(found)) => merge(&seen.path, &mut children[index], found, difference),
            (Ok(index), None) => flatten(&seen.path, &children.remove(index), &mut difference.before),
            (Err(index), Some(found)) => {
                flatten(&seen.path, &found, &mut difference.after);
                children.insert(index, found);
            }
            (Err(_), None) => {}
        }
    }

    /// Brings the index to what a change said that was recorded before; what the record does not say (a file's id) is
    /// unknown then. A change that does not fit is passed over: the next scan tells.
    pub fn replay(&mut self, change: &Change) {
        match change {
            Change::Created(path, meta) => {
                let name = path.file_name().unwrap_or_default();
                let is_folder = meta.kind == EntryKind::Dir;
                self.put(path, if is_folder { Node::folder(name, *meta, Vec::new()) } else { Node::leaf(name, *meta) });
            }
            Change::Edited(path, meta) => {
                let fits = |node: &&mut Node| !node.is_folder() && meta.kind != EntryKind::Dir;
                if let Some(node) = self.find_mut(path).filter(fits) {
                    node.meta = *meta;
                }
            }
            Change::Deleted(path, _) => drop(self.take(path)),
            Change::Moved(from, to, meta, _) => {
                if let (Some(mut node), Some(name)) = (self.take(from), to.file_name()) {
                    node.name = name.into();
                    (node.meta.size, node.meta.mtime_ns) = (meta.size, meta.mtime_ns);
                    self.put(to, node);
                }
            }
        }
    }

    fn take(&mut self, path: &Path) -> Option<Node> {
        let parent = self.find_mut(path.parent()?)?;
        let index = parent.position(path.file_name()?).ok()?;
        let taken = parent.children_mut()?.remove(index);
        self.files -= taken.files();
        Some(taken)
    }

    fn put(&mut self, path: &Path, node: Node) {
        let Some(parent) = path.parent().and_then(|parent| self.find_mut(parent)) else { return };
        let at = parent.position(node.name());
        let Some(children) = parent.children_mut() else { return };
        let (more, mut fewer) = (node.files(), 0);
        match at {
            Ok(index) => fewer = std::mem::replace(&mut children[index], node).files(),
            Err(index) => children.insert(index, node),
        }
        self.files = self.files + more - fewer;
    }

    /// What the index holds at a path.
    pub fn find(&self, path: &Path) -> Option<&Node> {
        components(path).try_fold(&self.root, |node, name| node.child(name))
    }

    fn find_mut(&mut self, path: &Path) -> Option<&mut Node> {
        components(path).try_fold(&mut self.root, |node, name| node.child_mut(name))
    }

    /// Takes out what is ignored at a path and below it, without a change; gives the folders among it, the topmost only.
    pub fn prune(&mut self, path: &Path, ignores: &dyn Fn(&Path, bool) -> bool) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        let is_root = path.as_os_str().is_empty();
        let Some(node) = self.find_mut(path) else { return folders };
        if is_root || !ignores(path, node.is_folder()) {
            let before = node.files();
            prune_children(path, node, ignores, &mut folders);
            let pruned = before - node.files();
            self.files -= pruned;
        } else if self.take(path).is_some_and(|node| node.is_folder()) {
            folders.push(path.to_path_buf());
        }
        folders
    }

    /// Calls `visit` with each folder of the index and its path, the root first.
    pub fn folders(&self, mut visit: impl FnMut(&Path, &Meta)) {
        self.root.folders(Path::new(""), &mut visit);
    }

    /// How many paths that are not folders the index holds.
    pub fn file_count(&self) -> u64 {
        self.files
    }
}

fn prune_children(path: &Path, node: &mut Node, ignores: &dyn Fn(&Path, bool) -> bool, folders: &mut Vec<PathBuf>) {
    let Some(children) = node.children_mut() else { return };
    children.retain_mut(|child| {
        let at = path.join(child.name());
        let is_kept = !ignores(&at, child.is_folder());
        if is_kept {
            prune_children(&at, child, ignores, folders);
        } else if child.is_folder() {
            folders.push(at);
        }
        is_kept
    });
}

fn components(path: &Path) -> impl Iterator<Item = &OsStr> {
    let is_name = |component: &Component<'_>| matches!(component, Component::Normal(_) | Component::ParentDir);
    path.components().filter(is_name).map(Component::as_os_str)
}

fn flatten(path: &Path, node: &Node, into: &mut BTreeMap<PathBuf, Meta>) {
    node.visit(path, &mut |path, node| {
        into.insert(path.to_path_buf(), node.meta);
    });
}

/// Replaces the node at `path` by what was found there, and notes what differs.
fn merge(path: &Path, old: &mut Node, new: Node, difference: &mut Difference) {
    let is_root = path.as_os_str().is_empty();
    if old.is_same_folder(&new) || (is_root && new.folder.is_some()) {
        old.meta = new.meta;
        let before = old.children_mut().map(std::mem::take).unwrap_or_default();
        let after = new.folder.map(|folder| folder.children).unwrap_or_default();
        let merged = merge_children(path, before, after, difference);
        if let Some(children) = old.children_mut() {
            *children = merged;
        }
        return;
    }
    if old.folder.is_some() || new.folder.is_some() || !old.meta.agrees_with(&new.meta) {
        flatten(path, old, &mut difference.before);
        flatten(path, &new, &mut difference.after);
    }
    *old = new;
}

/// Walks two sorted lists of children side by side; the second one is the new truth.
fn merge_children(path: &Path, before: Vec<Node>, after: Vec<Node>, difference: &mut Difference) -> Vec<Node> {
    let mut merged = Vec::with_capacity(after.len());
    let mut before = before.into_iter().peekable();
    for new in after {
        while let Some(gone) = before.next_if(|old| old.name() < new.name()) {
            flatten(&path.join(gone.name()), &gone, &mut difference.before);
        }
        let child = path.join(new.name());
        match before.next_if(|old| old.name() == new.name()) {
            Some(mut old) => {
                merge(&child, &mut old, new, difference);
                merged.push(old);
            }
            None => {
                flatten(&child, &new, &mut difference.after);
                merged.push(new);
            }
        }
    }
    for gone in before {
        flatten(&path.join(gone.name()), &gone, &mut difference.before);
    }
    merged
}

#[cfg(test)]
pub(crate) mod disk;
#[cfg(test)]
pub(crate) mod tests;
