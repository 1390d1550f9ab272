//! An independent reader of the record: what it says, replayed on the tree as it was, must be the tree as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use context_tray::platform::files;
use serde_json::Value;

use crate::env::{TestEnv, entries};

/// The paths below a folder that count, each with what tells two contents apart.
pub(crate) fn disk(root: &Path) -> Tree {
    // As deep as it may be.
    let root = &files::literal(root);
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let (path, metadata) = (entry.path(), entry.path().symlink_metadata().unwrap());
            if path == root.join(".context") {
                continue;
            }
            let mtime = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_nanos();
            let mtime = i64::try_from(mtime).unwrap();
            let told = if metadata.is_dir() { (true, 0, 0) } else { (false, metadata.len(), mtime) };
            found.insert(path.strip_prefix(root).unwrap().to_path_buf(), told);
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

pub(crate) type Tree = BTreeMap<PathBuf, (bool, u64, i64)>;

/// Replays entries on a tree, and refuses those that could not have happened.
pub(crate) fn replay(tree: &Tree, entries: &[Value]) -> Tree {
    let mut tree = tree.clone();
    let path = |entry: &Value, key: &str| PathBuf::from(entry[key].as_str().unwrap());
    let told = |entry: &Value| {
        let number = |key: &str| entry[key].as_i64().unwrap_or(0);
        (entry["entry"] == "dir", number("size") as u64, number("mtime_ns"))
    };
    for entry in entries {
        match entry["kind"].as_str().unwrap() {
            "created" => {
                let old = tree.insert(path(entry, "path"), told(entry));
                assert_eq!(old, None, "created twice: {entry}");
            }
            "edited" => {
                let old = tree.insert(path(entry, "path"), told(entry));
                assert!(old.is_some(), "edited nothing: {entry}");
            }
            "deleted" => assert!(tree.remove(&path(entry, "path")).is_some(), "deleted nothing: {entry}"),
            "moved" => {
                let (from, to) = (path(entry, "from"), path(entry, "to"));
                let moved: Vec<_> = tree.extract_if(.., |path, _| path.starts_with(&from)).collect();
                assert!(!moved.is_empty(), "moved nothing: {entry}");
                for (path, was) in moved {
                    let rest = path.strip_prefix(&from).unwrap();
                    if rest.as_os_str().is_empty() {
                        let (is_dir, size, mtime) = told(entry);
                        tree.insert(to.clone(), if is_dir { (true, 0, 0) } else { (false, size, mtime) });
                    } else {
                        tree.insert(to.join(rest), was);
                    }
                }
            }
            _ => {}
        }
    }
    tree
}

pub(crate) fn sync(env: &TestEnv, project: &Path) {
    env.ctx(project, ["sync", "--timeout", "25s"]).ok();
}

/// The record from an entry on, replayed, is the disk.
pub(crate) fn assert_exact(project: &Path, start: &Tree, from: usize) -> (Tree, usize) {
    let all = entries(project);
    let now = disk(project);
    let replayed = replay(start, &all[from..]);
    if replayed != now {
        let wrong: Vec<_> = replayed.iter().filter(|(path, told)| now.get(*path) != Some(told)).collect();
        let missing: Vec<_> = now.keys().filter(|path| !replayed.contains_key(*path)).collect();
        panic!("told: {wrong:?}\nnot told: {missing:?}\nrecord: {:#?}", &all[from..]);
    }
    (now, all.len())
}
