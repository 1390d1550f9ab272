//! The folders of the user's that are ours: configuration, state, and the endpoint's.

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{files, os};
use crate::request::{Failure, FailureCode};

/// What our folders are called below the user's.
pub(super) const NAME: &str = "context-tray";

/// The variables that name a whole folder.
const CONFIG_VARIABLE: &str = "CONTEXT_TRAY_CONFIG_DIR";
const STATE_VARIABLE: &str = "CONTEXT_TRAY_STATE_DIR";
const RUNTIME_VARIABLE: &str = "CONTEXT_TRAY_RUNTIME_DIR";

/// A change takes a moment; whoever holds a lock for longer is stuck.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Where this user's files of ours lie. Nothing is made until it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// The user's configuration.
    pub config: PathBuf,
    /// What outlives a login: the registry, the spool, diagnostics, locks.
    pub state: PathBuf,
    /// The endpoint's.
    pub runtime: PathBuf,
}

/// Where the agent listens: a socket's path, or a named pipe's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(PathBuf);

impl Endpoint {
    /// The path of the socket or pipe.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Directories {
    /// The folders that the environment names.
    ///
    /// # Errors
    ///
    /// A variable holds a relative path, or the user has no home folder.
    pub fn find() -> Result<Directories, Failure> {
        let config = named(CONFIG_VARIABLE)?;
        let state = named(STATE_VARIABLE)?;
        let runtime = named(RUNTIME_VARIABLE)?;
        if let (Some(config), Some(state), Some(runtime)) = (&config, &state, &runtime) {
            return Ok(Directories { config: config.clone(), state: state.clone(), runtime: runtime.clone() });
        }
        let base = directories::BaseDirs::new().ok_or_else(no_home)?;
        let state_given = state.is_some();
        let state = state.unwrap_or_else(|| base.state_dir().unwrap_or(base.data_local_dir()).join(NAME));
        // A state folder of its own means an agent of its own, which must not meet the user's at its endpoint.
        let usual_runtime = || if state_given { None } else { os::runtime_directory(&base, NAME) };
        Ok(Directories {
            config: config.unwrap_or_else(|| base.config_dir().join(NAME)),
            runtime: runtime.or_else(usual_runtime).unwrap_or_else(|| state.clone()),
            state,
        })
    }

    /// The user's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The registered projects.
    pub fn registry_file(&self) -> PathBuf {
        self.state.join("registry.json")
    }

    /// Held while the registry is changed.
    pub fn registry_lock(&self) -> PathBuf {
        self.state.join("registry.lock")
    }

    /// Held while a file of the configuration is changed.
    pub fn config_lock(&self) -> PathBuf {
        self.state.join("config.lock")
    }

    /// Held by the live agent for its whole life.
    pub fn agent_lock(&self) -> PathBuf {
        self.state.join("agent.lock")
    }

    /// The agent's own log and what a failed launch had to say.
    pub fn diagnostics_dir(&self) -> PathBuf {
        self.state.join(os::DIAGNOSTICS)
    }

    /// What trackers know of their trees, for their next session.
    pub fn index_dir(&self) -> PathBuf {
        self.state.join("index")
    }

    /// What could not be written into a project yet.
    pub fn spool_dir(&self) -> PathBuf {
        self.state.join("spool")
    }

    /// Where the agent listens.
    ///
    /// # Errors
    ///
    /// The path is longer than the system allows for a socket, or the user can't be told.
    pub fn endpoint(&self) -> Result<Endpoint, Failure> {
        let path = os::endpoint_path(&self.runtime)
            .map_err(|error| Failure::new(FailureCode::Io, format!("cannot name the agent's endpoint: {error}")))?;
        let length = path.as_os_str().len();
        if length > os::LONGEST_ENDPOINT {
            let most = os::LONGEST_ENDPOINT;
            return Err(Failure::new(
                FailureCode::Io,
                format!("{} has {length} bytes; a socket's path may have {most} here", path.display()),
            )
            .with_hint(format!("set {RUNTIME_VARIABLE} to a shorter path")));
        }
        Ok(Endpoint(path))
    }

    /// Makes the state folder, for this user only.
    ///
    /// # Errors
    ///
    /// It can't be made.
    pub fn make_state(&self) -> io::Result<()> {
        files::make_private_dir(&self.state)
    }

    /// Takes one of the locks in the state folder for a change that takes a moment. It is given back with the file.
    ///
    /// # Errors
    ///
    /// It can't be had, or another process holds on to it.
    pub fn lock(&self, path: &Path) -> Result<File, Failure> {
        let cannot = |error: io::Error| files::cannot("lock", path, &error);
        self.make_state().map_err(cannot)?;
        let file = files::open_lock(path).map_err(cannot)?;
        match files::lock_by(&file, Instant::now() + LOCK_WAIT).map_err(cannot)? {
            true => Ok(file),
            false => Err(Failure::new(FailureCode::Busy, format!("{} is held by another process", path.display()))
                .with_hint("try again in a moment")),
        }
    }
}

/// Where PowerShell looks for its profile, in the user's home folder or that of configurations.
pub fn powershell_folder(home: &Path, config: &Path) -> PathBuf {
    os::powershell_folder(home, config)
}

/// Where Nushell looks for its configuration.
pub fn nushell_folder(home: &Path, config: &Path) -> PathBuf {
    os::nushell_folder(home, config)
}

/// The folder that a variable names; an empty one counts as unset.
fn named(variable: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    if path.is_absolute() {
        return Ok(Some(path));
    }
    let message = format!("{variable} is {}, which is not an absolute path", path.display());
    Err(Failure::new(FailureCode::Io, message).with_hint("name the whole folder, from the root"))
}

fn no_home() -> Failure {
    Failure::new(FailureCode::Io, "this user has no home folder")
        .with_hint(format!("set HOME, or {CONFIG_VARIABLE}, {STATE_VARIABLE} and {RUNTIME_VARIABLE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_that_is_too_long_says_what_to_do() {
        let long = PathBuf::from(format!("/{}", "x".repeat(200)));
        let directories = Directories { config: long.clone(), state: long.clone(), runtime: long };
        if cfg!(unix) {
            let failure = directories.endpoint().unwrap_err();
            assert!(failure.message.contains("bytes"), "{}", failure.message);
            assert!(failure.hint.unwrap().contains(RUNTIME_VARIABLE));
        }
    }
}
