//! The names of what counts, without an index.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use super::{at, facts, rules};
use crate::config::Watch;
use crate::project::ProjectRoot;

/// Hands out what counts below a root, the topmost first, each path relative to the root and whether it is a folder, as long as
/// `more` wants more.
pub fn walk(root: &ProjectRoot, config: &Watch, more: &mut dyn FnMut(&Path, bool) -> bool) {
    let mut rules = rules(root, config);
    let outside = rules.directories().iter().filter(|folder| folder.starts_with("..")).cloned();
    let mut folders: VecDeque<PathBuf> = std::iter::once(PathBuf::new()).chain(outside).collect();
    while let Some(folder) = folders.pop_front() {
        let absolute = at(root, &folder);
        rules.learn(&folder, facts(&absolute));
        // One that turns out to be a project of its own does not count.
        let is_root = folder.as_os_str().is_empty();
        if !is_root && rules.ignores(&folder, true) {
            continue;
        }
        if !is_root && !more(&folder, true) {
            return;
        }
        for entry in fs::read_dir(&absolute).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if rules.ignores(&path, is_dir) {
                continue;
            }
            if is_dir {
                folders.push_back(path);
            } else if !more(&path, false) {
                return;
            }
        }
    }
}
