//! Launch at login: opt-in, seen in the system's own settings, and taken back without a trace.

use std::io;
use std::path::{Path, PathBuf};

use super::os;

/// Whether the agent is launched at login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Autostart {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
    /// It would be, but this program is not there.
    Broken(PathBuf),
}

/// Whether the agent is launched at login, as the system has it.
///
/// # Errors
///
/// The system does not tell.
pub fn status() -> io::Result<Autostart> {
    os::autostart_status()
}

/// Has this program launched at login from now on.
///
/// # Errors
///
/// The program's path can't be written down, or the system's settings can't be written.
pub fn enable(program: &Path) -> io::Result<()> {
    let text = program.to_str().filter(|text| !text.chars().any(char::is_control));
    let text =
        text.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the program's path is no plain text"))?;
    os::enable_autostart(text)
}

/// Has nothing of ours launched at login from now on.
///
/// # Errors
///
/// The system's settings can't be written.
pub fn disable() -> io::Result<()> {
    os::disable_autostart()
}
