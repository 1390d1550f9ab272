//! The projects that the user has registered, and whether each shall be recorded.
//!
//! One file of this user's, changed under a lock by the agent and by `ctx` alike, replaced whole. A file that can't be
//! read is set aside and said, never overwritten.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{Local, SecondsFormat};
use serde::{Deserialize, Serialize};

use crate::platform::files::cannot;
use crate::platform::{Directories, files};
use crate::request::{Failure, FailureCode};
use crate::status::{Pause, Wish};

/// How the name of a damaged list begins.
const ASIDE: &str = "registry.json.corrupt-";

/// The version of the file's format.
const VERSION: u32 = 1;

/// A registered project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The absolute path of the root.
    pub project: PathBuf,
    /// Whether the user wants it recorded, now or after a pause.
    pub wanted: bool,
    /// The pause that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// RFC 3339 with the local offset.
    pub added_at: String,
}

impl Registered {
    /// What the user wants of it.
    pub fn wish(&self) -> Wish {
        match (self.wanted, self.paused) {
            (false, _) => Wish::Stopped,
            (true, None) => Wish::Recorded,
            (true, Some(pause)) => Wish::Paused(pause),
        }
    }

    fn set_wish(&mut self, wish: Wish) {
        self.wanted = wish != Wish::Stopped;
        self.paused = match wish {
            Wish::Paused(pause) => Some(pause),
            Wish::Stopped | Wish::Recorded => None,
        };
    }
}

/// All registered projects, in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The projects.
    pub projects: Vec<Registered>,
}

#[derive(Serialize, Deserialize)]
struct File {
    v: u32,
    projects: Vec<Registered>,
}

/// Why there is a file and no registry.
enum Damage {
    /// It is not one.
    Corrupt(String),
    /// It may be one, but not for us to read.
    Unreadable(Failure),
}

impl Registry {
    /// The registry as it is, and what had to be said about it. A damaged file is set aside and counts as empty.
    pub fn load(directories: &Directories) -> (Registry, Option<String>) {
        match read(&directories.registry_file()) {
            Ok(registry) => (registry, None),
            Err(Damage::Unreadable(failure)) => (Registry::default(), Some(failure.message)),
            // Under the lock, so that a registry that was mended meanwhile is not the one set aside.
            Err(Damage::Corrupt(_)) => match Registry::update(directories, |_| {}) {
                Ok(updated) => updated,
                Err(failure) => (Registry::default(), Some(failure.message)),
            },
        }
    }

    /// Changes the registry under its lock. Gives what it is now, and what had to be said about what it was.
    ///
    /// # Errors
    ///
    /// The lock can't be had, or the file not read or written; the registry is as it was then.
    pub fn update(
        directories: &Directories,
        change: impl FnOnce(&mut Vec<Registered>),
    ) -> Result<(Registry, Option<String>), Failure> {
        let _lock = directories.lock(&directories.registry_lock())?;
        let path = directories.registry_file();
        let (before, warning) = match read(&path) {
            Ok(registry) => (registry, None),
            Err(Damage::Unreadable(failure)) => return Err(failure),
            Err(Damage::Corrupt(why)) => (Registry::default(), Some(set_aside(&path, &why)?)),
        };
        let mut registry = before.clone();
        change(&mut registry.projects);
        registry.projects.sort_by(|one, other| one.project.cmp(&other.project));
        registry.projects.dedup_by(|one, other| one.project == other.project);
        if registry != before {
            registry.write(&path)?;
        }
        Ok((registry, warning))
    }

    /// The project's record, if it is registered.
    pub fn get(&self, project: &Path) -> Option<&Registered> {
        self.projects.iter().find(|registered| registered.project == project)
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let file = File { v: VERSION, projects: self.projects.clone() };
        let write = || files::replace(path, &serde_json::to_vec_pretty(&file)?);
        write().map_err(|error| cannot("write", path, &error))
    }
}

/// The list that was damaged, while nothing has been registered since: the user may not have heard of it.
pub fn kept_aside(directories: &Directories) -> Option<PathBuf> {
    let is_empty = read(&directories.registry_file()).is_ok_and(|registry| registry.projects.is_empty());
    let aside = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ASIDE));
    let files = fs::read_dir(&directories.state).ok().filter(|_| is_empty)?;
    files.flatten().map(|entry| entry.path()).filter(aside).max()
}

/// What is said of it, and what mends it.
pub fn kept_aside_failure(aside: &Path) -> Failure {
    let message = format!("the list of projects was damaged, and is kept as {}", aside.display());
    Failure::new(FailureCode::Io, message)
        .with_hint("run `ctx start` in each project that should be recorded, or remove that file if there is none")
}

/// Registers the project, or changes the wish of one that is registered.
pub fn set_wish(projects: &mut Vec<Registered>, project: &Path, wish: Wish) {
    match projects.iter_mut().find(|registered| registered.project == project) {
        Some(registered) => registered.set_wish(wish),
        None => {
            let added_at = Local::now().to_rfc3339_opts(SecondsFormat::Secs, false);
            let mut registered = Registered { project: project.to_path_buf(), wanted: false, paused: None, added_at };
            registered.set_wish(wish);
            projects.push(registered);
        }
    }
}

fn read(path: &Path) -> Result<Registry, Damage> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Registry::default()),
        Err(error) => return Err(Damage::Unreadable(cannot("read", path, &error))),
    };
    // A later version's registry is neither ours to read nor to set aside.
    if let Ok(Version { v }) = serde_json::from_slice(&bytes)
        && v > VERSION
    {
        let message = format!("{} was written by a newer version of Context Tray", path.display());
        return Err(Damage::Unreadable(Failure::new(FailureCode::Version, message).with_hint("update this one")));
    }
    match serde_json::from_slice::<File>(&bytes) {
        Ok(file) => Ok(Registry { projects: file.projects }),
        Err(error) => Err(Damage::Corrupt(error.to_string())),
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Moves a damaged file away, and says so.
fn set_aside(path: &Path, why: &str) -> Result<String, Failure> {
    let time = Local::now().format("%Y%m%d-%H%M%S");
    let aside = path.with_file_name(format!("{ASIDE}{time}"));
    fs::rename(path, &aside).map_err(|error| cannot("set aside", path, &error))?;
    Ok(format!(
        "the list of projects was damaged ({why}); it is kept as {}, and projects have to be started again",
        aside.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn place() -> (tempfile::TempDir, Directories) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let directories = Directories { config: path.clone(), state: path.join("state"), runtime: path };
        (folder, directories)
    }

    fn names(registry: &Registry) -> Vec<&str> {
        registry.projects.iter().map(|registered| registered.project.to_str().unwrap()).collect()
    }

    #[test]
    fn what_is_registered_stays_in_order() {
        let (_keep, directories) = place();
        assert_eq!(Registry::load(&directories), (Registry::default(), None));
        assert!(!directories.state.exists(), "a look makes nothing");
        for project in ["/b", "/a", "/b"] {
            Registry::update(&directories, |projects| set_wish(projects, Path::new(project), Wish::Recorded)).unwrap();
        }
        Registry::update(&directories, |projects| set_wish(projects, Path::new("/b"), Wish::Stopped)).unwrap();
        let (registry, warning) = Registry::load(&directories);
        assert_eq!((names(&registry), warning), (vec!["/a", "/b"], None));
        assert_eq!(registry.get(Path::new("/a")).unwrap().wish(), Wish::Recorded);
        assert_eq!(registry.get(Path::new("/b")).unwrap().wish(), Wish::Stopped);
    }

    #[test]
    fn a_pause_is_remembered_until_the_next_wish() {
        let (_keep, directories) = place();
        let wish = |wish| Registry::update(&directories, |projects| set_wish(projects, Path::new("/a"), wish)).unwrap();
        for until in [None, Some(DateTime::parse_from_rfc3339("2026-11-22T15:00:00.250+01:00").unwrap())] {
            let paused = Wish::Paused(Pause { until });
            wish(paused);
            assert_eq!(Registry::load(&directories).0.get(Path::new("/a")).unwrap().wish(), paused);
        }
        wish(Wish::Recorded);
        assert!(!fs::read_to_string(directories.registry_file()).unwrap().contains("paused"));
    }

    #[test]
    fn many_at_once_lose_nothing() {
        let (_keep, directories) = place();
        std::thread::scope(|scope| {
            for number in 0..20 {
                let directories = &directories;
                scope.spawn(move || {
                    let project = PathBuf::from(format!("/{number:02}"));
                    Registry::update(directories, |projects| set_wish(projects, &project, Wish::Recorded)).unwrap();
                });
            }
        });
        assert_eq!(Registry::load(&directories).0.projects.len(), 20);
    }

    #[test]
    fn a_damaged_file_is_kept_and_said() {
        for damage in ["", "[]", "{\"v\":1", "{\"v\":1,\"projects\":[7]}"] {
            let (_keep, directories) = place();
            fs::create_dir(&directories.state).unwrap();
            fs::write(directories.registry_file(), damage).unwrap();
            let (registry, warning) = Registry::load(&directories);
            assert_eq!(registry, Registry::default());
            assert!(warning.unwrap().contains("registry.json.corrupt-"));
            let mut kept = fs::read_dir(&directories.state).unwrap().flatten();
            let kept = kept.find(|entry| entry.file_name().to_str().unwrap().contains("corrupt")).unwrap();
            assert_eq!(fs::read_to_string(kept.path()).unwrap(), damage);
            assert_eq!(Registry::load(&directories).1, None);
        }
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let (_keep, directories) = place();
        fs::create_dir(&directories.state).unwrap();
        fs::write(directories.registry_file(), "{\"v\":9,\"things\":{}}").unwrap();
        assert!(Registry::load(&directories).1.unwrap().contains("newer version"));
        assert!(Registry::update(&directories, |projects| projects.clear()).is_err());
        assert_eq!(fs::read_to_string(directories.registry_file()).unwrap(), "{\"v\":9,\"things\":{}}");
    }
}
