//! The desktop session around us, if there is one.

use std::io;
use std::path::Path;

use super::os;

/// Shows a file or folder in the program that the user has for it.
///
/// # Errors
///
/// The path does not exist, or nothing can show it.
pub fn open(path: &Path) -> io::Result<()> {
    opener::open(path).map_err(io::Error::other)
}

/// Whether a tray icon has a chance to be seen by this user.
pub fn has_desktop() -> bool {
    os::has_desktop()
}
