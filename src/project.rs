//! A tracked project's root, and the name of every file that we own below it.
//!
//! Nothing here touches the disk: `locate` finds and checks a root, `journal` writes the files.

use std::fmt;
use std::path::{Path, PathBuf};

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

    /// The optional configuration of this project.
    pub fn config(&self) -> PathBuf {
        self.context_dir().join("config.toml")
    }

    /// Keeps the record out of git.
    pub fn gitignore(&self) -> PathBuf {
        self.context_dir().join(".gitignore")
    }
}
