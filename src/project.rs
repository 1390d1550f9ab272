//! A tracked project's root, and the name of every file that we own below it.
//!
//! Nothing here touches the disk: `locate` finds and checks a root, `journal` writes the files.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name of the folder that holds a project's record.
pub const CONTEXT_DIR: &str = ".context";

/// The absolute path of a project, as `locate` resolved it: without symbolic links and `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
pub struct ProjectRoot(PathBuf);

/// A path that cannot be a project's root, because it is relative.
#[derive(Debug, thiserror::Error)]
#[error("{} is not an absolute path", .0.display())]
pub struct NotAbsolute(PathBuf);

impl TryFrom<PathBuf> for ProjectRoot {
    type Error = NotAbsolute;

    fn try_from(path: PathBuf) -> Result<Self, NotAbsolute> {
        if path.is_absolute() { Ok(Self(path)) } else { Err(NotAbsolute(path)) }
    }
}

impl From<ProjectRoot> for PathBuf {
    fn from(root: ProjectRoot) -> PathBuf {
        root.0
    }
}

impl fmt::Display for ProjectRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl ProjectRoot {
    /// The root folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The last component, for people: `/home/me/shop` is `shop`.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or(self.0.as_os_str()).to_string_lossy().into_owned()
    }

    /// The absolute path of a relative one, which may begin with `..`.
    pub fn at(&self, relative: &Path) -> PathBuf {
        let above = relative.components().take_while(|part| *part == Component::ParentDir).count();
        let base = self.0.ancestors().nth(above).unwrap_or(&self.0);
        relative.components().skip(above).fold(base.to_path_buf(), |path, part| path.join(part))
    }

    /// The path relative to the root, beginning with `..` where it lies elsewhere; none on another drive.
    pub fn relative(&self, absolute: &Path) -> Option<PathBuf> {
        self.0.ancestors().enumerate().find_map(|(above, base)| {
            let rest = absolute.strip_prefix(base).ok()?;
            Some(std::iter::repeat_n(Path::new(".."), above).chain([rest]).collect())
        })
    }

    /// `.context`, the folder of the record.
    pub fn context_dir(&self) -> PathBuf {
        self.0.join(CONTEXT_DIR)
    }

    /// The log for people.
    pub fn session_log(&self) -> PathBuf {
        self.context_dir().join("session.md")
    }

    /// The log for programs, which is the authority.
    pub fn events(&self) -> PathBuf {
        self.context_dir().join("events.jsonl")
    }

    /// Where the two logs go when they have grown large.
    pub fn archive_dir(&self) -> PathBuf {
        self.context_dir().join("archive")
    }

    /// The state that `ctx status` reads in place of the log.
    pub fn state(&self) -> PathBuf {
        self.context_dir().join("session_state.json")
    }

    /// The tracker's PID in decimal.
    pub fn pid(&self) -> PathBuf {
        self.context_dir().join("session.pid")
    }

    /// Held by the live tracker for its whole life: the truth about liveness.
    pub fn tracker_lock(&self) -> PathBuf {
        self.context_dir().join("tracker.lock")
    }

    /// Held for one append.
    pub fn journal_lock(&self) -> PathBuf {
        self.context_dir().join("journal.lock")
    }

    /// How far each reader has read.
    pub fn readers(&self) -> PathBuf {
        self.context_dir().join("readers")
    }

    /// The last brief that was saved.
    pub fn session_summary(&self) -> PathBuf {
        self.context_dir().join("session_summary.md")
    }

    /// The optional configuration of this project.
    pub fn config(&self) -> PathBuf {
        self.context_dir().join("config.toml")
    }

    /// Keeps the record out of git.
    pub fn gitignore(&self) -> PathBuf {
        self.context_dir().join(".gitignore")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_root_and_back() {
        let root = ProjectRoot::try_from(PathBuf::from("/home/me/shop")).unwrap();
        for (absolute, relative) in [
            ("/home/me/shop/src/a.rs", "src/a.rs"),
            ("/home/me/shop", ""),
            ("/home/me/docs/a", "../docs/a"),
            ("/home", "../.."),
            ("/srv/data", "../../../srv/data"),
        ] {
            assert_eq!(root.relative(Path::new(absolute)).unwrap(), Path::new(relative));
            assert_eq!(root.at(Path::new(relative)), Path::new(absolute));
        }
    }
}
