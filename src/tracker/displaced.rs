//! Folders that another one, or nothing, has taken the place of since we last looked.
//!
//! A folder that is moved takes its watch along, which goes on telling of the old path. The old watch must go before the
//! folder gets one at its new place; and where the new place was seen first, the folder is without a watch then.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::project::ProjectRoot;
use crate::scan;
use crate::tree::{Change, FileId, Tree};

#[derive(Debug, Default)]
pub(super) struct Displaced {
    /// These, and all that were in them.
    folders: HashSet<FileId>,
}

impl Displaced {
    /// Whether the folder that was known at this path lies there no more, of which nothing is known yet.
    pub(super) fn is_from(&mut self, root: &ProjectRoot, path: &Path, tree: &Tree) -> bool {
        let Some(node) = tree.find(path).filter(|node| node.is_folder()) else { return false };
        let is_known = node.meta().file != FileId::UNKNOWN && self.folders.contains(&node.meta().file);
        let is_displaced = !is_known && !path.as_os_str().is_empty() && !scan::is_same_folder(root, path, node.meta());
        if is_displaced {
            node.folders(path, &mut |_, meta| self.folders.extend([meta.file]));
        }
        is_displaced
    }

    /// Where they are now, as far as that was known before these changes: what has only just arrived was watched as it was listed.
    pub(super) fn elsewhere(&self, tree: &Tree, changes: &[Change]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        if self.folders.is_empty() {
            return found;
        }
        let just_listed: HashSet<&Path> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Created(path, _) | Change::Moved(_, path, ..) => Some(path.as_path()),
                _ => None,
            })
            .collect();
        tree.folders(|path, meta| {
            if self.folders.contains(&meta.file) && !path.ancestors().any(|above| just_listed.contains(above)) {
                found.push(path.to_path_buf());
            }
        });
        found
    }
}
