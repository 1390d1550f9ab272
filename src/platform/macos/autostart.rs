//! Launch at login as a launch agent of the user's: a file that launchd reads at the next login, and that System Settings show
//! under the program's name. Whether it was switched off there, no file tells.

use std::fs;
use std::io;
use std::path::PathBuf;

use directories::BaseDirs;

use super::super::autostart::Autostart;
use super::super::{files, forms};

/// The identifier of the bundle: `packaging/identity` has it too.
const LABEL: &str = "invalid.contexttray.ContextTray";

pub(in super::super) fn autostart_status() -> io::Result<Autostart> {
    let text = match fs::read(file()?) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Autostart::Disabled),
        Err(error) => return Err(error),
    };
    Ok(match forms::launched_program(&text).map(PathBuf::from) {
        Some(program) if !program.exists() => Autostart::Broken(program),
        _ => Autostart::Enabled,
    })
}

pub(in super::super) fn enable_autostart(program: &str) -> io::Result<()> {
    if forms::is_translocated(program) {
        return Err(io::Error::other(
            "the program runs from a place that is gone tomorrow; move it to Applications first",
        ));
    }
    let file = file()?;
    fs::create_dir_all(file.parent().unwrap_or(&file))?;
    files::replace(&file, forms::launch_agent(LABEL, program).as_bytes())
}

pub(in super::super) fn disable_autostart() -> io::Result<()> {
    match fs::remove_file(file()?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Named after its label, as launchd expects it.
fn file() -> io::Result<PathBuf> {
    let base =
        BaseDirs::new().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this user has no home folder"))?;
    Ok(base.home_dir().join("Library/LaunchAgents").join(format!("{LABEL}.plist")))
}
