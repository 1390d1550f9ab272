//! For tests: a small file system in memory that knows nothing of the index.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{FileId, Meta, Node, Observation, Tree};
use crate::entry::EntryKind;

/// A tree of folders and files with ids that are never used twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) paths: BTreeMap<PathBuf, Meta>,
    next: i64,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Write(PathBuf),
    MakeDir(PathBuf),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

impl Disk {
    fn kind(&self, path: &Path) -> Option<EntryKind> {
        self.paths.get(path).map(|meta| meta.kind)
    }

    fn has_parent(&self, path: &Path) -> bool {
        path.parent().is_some_and(|parent| parent.as_os_str().is_empty() || self.kind(parent) == Some(EntryKind::Dir))
    }

    fn fresh(&mut self, kind: EntryKind) -> Meta {
        self.next += 1;
        let size = if kind == EntryKind::Dir { 0 } else { self.next as u64 };
        let mtime_ns = if kind == EntryKind::Dir { 0 } else { self.next };
        Meta { kind, size, mtime_ns, file: FileId::new(self.next as u64, self.next) }
    }

    fn remove(&mut self, path: &Path) {
        self.paths.retain(|other, _| !other.starts_with(path));
    }

    /// Does what an operating system would do, or nothing where that refuses.
    pub(crate) fn run(&mut self, op: &Op) {
        match op {
            Op::Write(path) if self.has_parent(path) && self.kind(path) != Some(EntryKind::Dir) => {
                let fresh = self.fresh(EntryKind::File);
                let meta = self.paths.entry(path.clone()).or_insert(fresh);
                (meta.size, meta.mtime_ns) = (fresh.size, fresh.mtime_ns);
            }
            Op::MakeDir(path) if self.has_parent(path) && self.kind(path).is_none() => {
                let meta = self.fresh(EntryKind::Dir);
                self.paths.insert(path.clone(), meta);
            }
            Op::Remove(path) => self.remove(path),
            Op::Rename(from, to) if self.has_parent(to) && !to.starts_with(from) && !from.starts_with(to) => {
                let Some(kind) = self.kind(from) else { return };
                let busy = self.paths.keys().any(|path| path.starts_with(to) && path != to);
                if busy || self.kind(to).is_some_and(|there| (there == EntryKind::Dir) != (kind == EntryKind::Dir)) {
                    return;
                }
                self.remove(to);
                let moved: Vec<_> = self.paths.extract_if(.., |path, _| path.starts_with(from)).collect();
                for (path, meta) in moved {
                    let rest = path.strip_prefix(from).unwrap();
                    let path = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    self.paths.insert(path, meta);
                }
            }
            _ => {}
        }
    }

    fn node(&self, path: &Path) -> Option<Node> {
        let meta = *self.paths.get(path)?;
        let name = path.file_name().unwrap();
        Some(if meta.kind == EntryKind::Dir {
            Node::folder(name, meta, self.children(path))
        } else {
            Node::leaf(name, meta)
        })
    }

    fn children(&self, path: &Path) -> Vec<Node> {
        let below = self.paths.keys().filter(|child| child.parent() == Some(path));
        below.filter_map(|child| self.node(child)).collect()
    }

    pub(crate) fn observe(&self, paths: &[PathBuf]) -> Vec<Observation> {
        let seen = |path: &PathBuf| Observation { path: path.clone(), found: self.node(path) };
        paths.iter().map(seen).collect()
    }

    pub(crate) fn whole(&self) -> Vec<Observation> {
        let root = Node::folder(OsStr::new(""), Tree::default().root.meta, self.children(Path::new("")));
        vec![Observation { path: PathBuf::new(), found: Some(root) }]
    }
}

impl Op {
    /// The paths that the file system gives hints for.
    pub(crate) fn touched(&self) -> Vec<PathBuf> {
        match self {
            Op::Write(path) | Op::MakeDir(path) | Op::Remove(path) => vec![path.clone()],
            Op::Rename(from, to) => vec![from.clone(), to.clone()],
        }
    }
}
