//! Whether the project's folder is there, and still is the one that it was.

use std::fmt;
use std::fs;

use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode};
use crate::scan;

pub(super) struct Reach {
    root: ProjectRoot,
    /// Which folder the root is, from the first look on.
    folder: Option<u64>,
}

impl Reach {
    pub(super) fn new(root: &ProjectRoot) -> Self {
        Self { root: root.clone(), folder: None }
    }

    /// From now on it is the folder that is there now.
    pub(super) fn settle(&mut self) {
        self.folder = scan::folder_of(&self.root);
    }

    /// A root that is gone, may not be read or is another folder than it was ends the session: nothing of ours is made below
    /// a mount point or in a folder that is no more, and nothing is told of what lies there.
    pub(super) fn check(&self) -> Result<(), Failure> {
        fs::read_dir(self.root.path()).map_err(|error| self.lost(&error))?;
        if self.folder.is_some() && scan::folder_of(&self.root) != self.folder {
            return Err(self.lost(&"another one lies in its place, as after a disk was unmounted"));
        }
        Ok(())
    }

    pub(super) fn lost(&self, why: &dyn fmt::Display) -> Failure {
        let message = format!("the folder {} can't be reached: {why}", self.root);
        Failure::new(FailureCode::BadProject, message).with_hint("bring it back, or remove the project from the list")
    }
}
