//! What the user has set: the files of the configuration, changed by a click or a command with every comment and every other
//! value as they were, and whether the agent is launched at login.

mod editable;
mod values;

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Key, Kind};
use crate::locate::{self, ConfigFile};
use crate::platform::autostart::{self, Autostart};
use crate::platform::{Directories, program};
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode};
use crate::status::Settings;

pub use editable::Editable;

/// What is set now; a configuration that is damaged counts as none.
pub fn read(directories: &Directories) -> Settings {
    let config = locate::load_config(directories, None).map(|(config, _)| config).unwrap_or_default();
    let at_login = autostart::status().is_ok_and(|status| status == Autostart::Enabled);
    Settings { notify: config.notify, at_login }
}

/// Silences the notices of a project, or of all, or lets them be heard again.
///
/// # Errors
///
/// The file is damaged, or can't be read or written; it is as it was then.
pub fn mute(directories: &Directories, project: Option<&Path>, muted: bool) -> Result<(), Failure> {
    // What can't be understood is not to be made worse.
    locate::load_config(directories, None)?;
    let file = Editable::of_user(directories);
    let Some(project) = project else { return file.set(&key("notify.enabled")?, |_| vec![(!muted).to_string()]) };
    let project = project.to_string_lossy();
    file.set(&key("notify.mute")?, |mut list| {
        list.retain(|entry| *entry != project);
        list.extend(muted.then(|| project.into_owned()));
        list
    })
}

fn key(name: &str) -> Result<Key, Failure> {
    Key::named(name).ok_or_else(|| Failure::new(FailureCode::BadRequest, format!("there is no key {name}")))
}

/// Has the agent with its icon launched at login, or not.
///
/// # Errors
///
/// It is not installed beside this program, or the system's settings can't be written.
pub fn launch_at_login(wanted: bool) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::new(FailureCode::Io, format!("what is launched at login can't be changed: {error}"))
            .with_hint("use the settings of your desktop")
    };
    if !wanted {
        return autostart::disable().map_err(cannot);
    }
    let program = program::beside("context-tray").map_err(cannot)?;
    if !program.is_file() {
        let message = format!("there is no {}", program.display());
        return Err(Failure::new(FailureCode::Io, message)
            .with_hint("install Context Tray anew: `context-tray` must lie beside `ctx`"));
    }
    autostart::enable(&program::lasting(program)).map_err(cannot)
}

/// Where a value in force is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
}

/// Where a value of the configuration comes from: one place, several for a list, none where it is the default.
///
/// # Errors
///
/// A file can't be read.
pub fn origins(directories: &Directories, project: Option<&ProjectRoot>, key: &Key) -> Result<Vec<Origin>, Failure> {
    let files = locate::config_files(directories, project)?;
    let origin = |file: ConfigFile| key.line(&file.text).map(|line| Origin { path: file.path, line });
    let origins: Vec<Origin> = files.into_iter().filter_map(origin).collect();
    let is_sum = key.kind() == Kind::List;
    Ok(if is_sum { origins } else { origins.into_iter().next_back().into_iter().collect() })
}

#[cfg(test)]
mod tests;
