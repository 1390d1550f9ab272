//! The index across sessions: how a tracker knows what changed while there was none.
//!
//! A snapshot of the index and of the rules that it was made by lies in the state folder, with the sequence number of the
//! last entry that it includes. What the record says behind that number is replayed on it, so that after a crash at
//! any moment nothing that was recorded is found again, and nothing that was not is lost. A snapshot that does not
//! fit the record is not used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, EntryKind, EntryPath, FileChange, What};
use crate::journal::read;
use crate::platform::{Directories, files};
use crate::project::ProjectRoot;
use crate::rules::{Rules, Sources};
use crate::snapshot;
use crate::status::{ProjectStatus, State};
use crate::tree::{Change, FileId, Meta, Replaced, Tree};

/// The version of the format; a snapshot of another one is not used.
const VERSION: u32 = 3;

/// What was known at the end of the last session.
#[derive(Debug)]
pub struct Known {
    /// The tree.
    pub tree: Tree,
    /// What decided which paths are in it.
    pub rules: Sources,
}

#[derive(Serialize)]
struct Snapshot<'a> {
    version: u32,
    root: &'a Path,
    seq: u64,
    rules: &'a Sources,
    tree: &'a Tree,
}

#[derive(Deserialize)]
struct Loaded {
    version: u32,
    root: PathBuf,
    seq: u64,
    rules: Sources,
    tree: Tree,
}

/// What is known of a project from its last session; none when it has no snapshot, or one that does not fit the record.
pub fn load(directories: &Directories, root: &ProjectRoot) -> Option<Known> {
    let Loaded { seq, rules, mut tree, .. } = loaded(directories, root)?;
    let Some(entries) = read::after(root, seq).ok().flatten() else {
        tracing::warn!(%root, "the index that was kept does not fit the record, and is not used");
        return None;
    };
    entries.iter().filter_map(change).for_each(|change| tree.replay(&change));
    Some(Known { tree, rules })
}

fn loaded(directories: &Directories, root: &ProjectRoot) -> Option<Loaded> {
    let path = path(directories, root);
    let bytes = fs::read(&path).ok()?;
    let loaded = postcard::from_bytes(&bytes).ok();
    let loaded = loaded.filter(|it: &Loaded| it.version == VERSION && it.root == root.path());
    if loaded.is_none() {
        tracing::warn!(path = %path.display(), "the index that was kept is damaged or another version's, and is not used");
    }
    loaded
}

/// The project's status as the disk tells it. A folder without a record that is another one than it was is not the project: the
/// one below a disk that is not mounted, where a record must not be begun unasked.
pub fn status(directories: &Directories, root: &ProjectRoot) -> ProjectStatus {
    let has_record = fs::symlink_metadata(root.context_dir()).is_ok();
    let known = || loaded(directories, root)?.tree.find(Path::new("")).map(|node| node.meta().file);
    let now = || {
        let metadata = fs::symlink_metadata(root.path()).ok()?;
        Some(FileId::new(files::id_at(root.path(), &metadata), files::birth_ns(&metadata)))
    };
    if !has_record && known().is_some_and(|known| known != FileId::UNKNOWN && now() != Some(known)) {
        return ProjectStatus::unknown(root.path(), State::Missing);
    }
    snapshot::read(root)
}

/// Keeps what is known after the entry with this sequence number.
///
/// # Errors
///
/// The state folder can't be written.
pub fn save(directories: &Directories, root: &ProjectRoot, seq: u64, rules: &Rules, tree: &Tree) -> io::Result<()> {
    let snapshot = Snapshot { version: VERSION, root: root.path(), seq, rules: rules.sources(), tree };
    let bytes = postcard::to_stdvec(&snapshot).map_err(io::Error::other)?;
    files::make_private_dir(&directories.index_dir())?;
    files::replace(&path(directories, root), &bytes)
}

/// Remembers that the session ends because the project can't be reached, where its own record can't say so.
pub fn mark_lost(directories: &Directories, root: &ProjectRoot) {
    let marked =
        files::make_private_dir(&directories.index_dir()).and_then(|()| fs::write(lost(directories, root), ""));
    if let Err(error) = marked {
        tracing::warn!(%error, "the next session can't know why this one ended");
    }
}

/// Whether the last session ended so; it is forgotten.
pub fn take_lost(directories: &Directories, root: &ProjectRoot) -> bool {
    fs::remove_file(lost(directories, root)).is_ok()
}

fn lost(directories: &Directories, root: &ProjectRoot) -> PathBuf {
    path(directories, root).with_extension("lost")
}

fn path(directories: &Directories, root: &ProjectRoot) -> PathBuf {
    let hash = files::stable_hash(root.path().as_os_str().as_encoded_bytes());
    directories.index_dir().join(format!("{hash:016x}.bin"))
}

/// What an entry says of the tree.
fn change(entry: &Entry) -> Option<Change> {
    let meta = |change: &FileChange| Meta {
        kind: change.entry,
        size: change.size.unwrap_or(0),
        mtime_ns: change.mtime_ns.unwrap_or(0),
        file: FileId::UNKNOWN,
    };
    let path = |path: &EntryPath| files::path_from_bytes(path.exact());
    Some(match &entry.what {
        What::Created(change) => Change::Created(path(&change.path), meta(change)),
        What::Edited(change) => Change::Edited(path(&change.path), meta(change)),
        What::Deleted(change) => Change::Deleted(path(&change.path), change.entry),
        What::Moved(moved) => {
            let (from, to) = moved.exact();
            let is_folder = moved.entry == EntryKind::Dir;
            let (size, mtime_ns) = if is_folder { (0, 0) } else { (moved.size, moved.mtime_ns) };
            let meta = Meta { kind: moved.entry, size, mtime_ns, file: FileId::UNKNOWN };
            Change::Moved(files::path_from_bytes(from), files::path_from_bytes(to), meta, Replaced(moved.replaced))
        }
        _ => return None,
    })
}
