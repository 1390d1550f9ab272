//! The patterns of one place, and which of them decides.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rule that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where it stands.
    pub origin: Origin,
    /// As it is written there.
    pub pattern: String,
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the program.
    BuiltIn,
    /// `watch.ignore` of a configuration file.
    Configuration,
    /// A file of patterns.
    File(PathBuf),
    /// A folder below that is a project of its own.
    OwnProject,
    /// It lies outside the project, and in none of the folders that are watched beside it.
    Outside,
}

/// The patterns of one file, with the folder that they are relative to.
#[derive(Clone, Debug)]
pub(super) struct Patterns {
    origin: Origin,
    matcher: Gitignore,
}

impl Patterns {
    pub(super) fn new<'a>(origin: Origin, folder: &Path, lines: impl Iterator<Item = &'a str>) -> Self {
        let mut builder = GitignoreBuilder::new(folder);
        for line in lines {
            // A line that is no pattern decides nothing; git passes over it too.
            let _ = builder.add_line(None, line);
        }
        Self { origin, matcher: builder.build().unwrap_or_else(|_| Gitignore::empty()) }
    }

    /// Whether the path is ignored, and by which pattern; none where no pattern speaks of it.
    pub(super) fn decide(&self, path: &Path, is_dir: bool) -> Option<(bool, Rule)> {
        let (ignored, glob) = match self.matcher.matched(path, is_dir) {
            Match::None => return None,
            Match::Ignore(glob) => (true, glob),
            Match::Whitelist(glob) => (false, glob),
        };
        Some((ignored, Rule { origin: self.origin.clone(), pattern: glob.original().to_owned() }))
    }
}
