//! The files that matter to a claim, as patterns in the syntax of gitignore.

use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::entry::{EntryKind, What};

/// Which files matter; all of them where no pattern is given.
#[derive(Clone, Debug)]
pub struct Paths {
    globs: Vec<String>,
    matcher: Gitignore,
}

/// A pattern that is none.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} names no file in the syntax of gitignore")]
pub struct BadGlob(pub String);

impl Paths {
    /// Of patterns relative to the project's root; a folder's name stands for all below it.
    ///
    /// # Errors
    ///
    /// A pattern can't be read.
    pub fn new(globs: &[String]) -> Result<Self, BadGlob> {
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        for glob in globs {
            let path = glob.strip_prefix("./").unwrap_or(glob);
            builder.add_line(None, path).map_err(|_| BadGlob(glob.clone()))?;
        }
        let matcher = builder.build().map_err(|_| BadGlob(globs.join(" ")))?;
        // Nothing would matter then, and every claim would hold.
        let is_void = matcher.num_ignores() == 0 && !globs.is_empty();
        if is_void { Err(BadGlob(globs.join(" "))) } else { Ok(Self { globs: globs.to_vec(), matcher }) }
    }

    /// Whether a change is one of files that matter.
    pub fn concern(&self, what: &What) -> bool {
        match what {
            What::Created(change) | What::Edited(change) | What::Deleted(change) => self.hold(&change.path.text.0),
            What::Moved(moved) if moved.entry == EntryKind::Dir => {
                self.may_reach(&moved.from.0) || self.may_reach(&moved.to.0)
            }
            What::Moved(moved) => self.hold(&moved.from.0) || self.hold(&moved.to.0),
            _ => false,
        }
    }

    fn hold(&self, path: &str) -> bool {
        if self.globs.is_empty() {
            return true;
        }
        // The matcher takes no absolute path; no project writes one, but a record may hold anything.
        let named = |part: Component<'_>| if let Component::Normal(name) = part { Some(name.to_owned()) } else { None };
        let path = Path::new(path);
        let path: PathBuf = if path.has_root() { path.components().filter_map(named).collect() } else { path.into() };
        self.matcher.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// Whether a file below a folder may matter: what a moved folder holds is not told.
    fn may_reach(&self, folder: &str) -> bool {
        let reaches = |glob: &String| {
            let glob = glob.trim_start_matches("./");
            let is_anchored = glob.trim_end_matches('/').contains('/');
            let literal = glob.trim_start_matches('/').split(['*', '?', '[', '\\']).next().unwrap_or_default();
            !is_anchored || literal.starts_with(folder) || folder.starts_with(literal.trim_end_matches('/'))
        };
        self.globs.is_empty() || self.globs.iter().any(reaches)
    }
}
