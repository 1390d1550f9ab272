//! The desktop session around us, if there is one.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::os;

/// Shows a file or folder in the program that the user has for it.
///
/// # Errors
///
/// The path does not exist, or nothing can show it.
pub fn open(path: &Path) -> io::Result<()> {
    opener::open(path).map_err(io::Error::other)
}

/// Has the user choose a folder by a program that shows a dialog, and waits until they have; none when they chose not to.
///
/// # Errors
///
/// There is no such program, or it can't be started.
pub fn pick_folder(title: &str) -> io::Result<Option<PathBuf>> {
    for mut program in os::folder_pickers(title) {
        match program.stdin(Stdio::null()).stderr(Stdio::null()).output() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(output) => {
                // It ends its answer as it ends a line.
                let end = output.stdout.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
                let path = os::path_from_bytes(output.stdout[..end].to_vec());
                return Ok(Some(path).filter(|path| output.status.success() && path.is_absolute()));
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "no program here shows a dialog"))
}

/// What to do where [`copy`] fails.
pub const COPY_HINT: &str = os::COPY_HINT;

/// Puts a text onto the clipboard by the first program here that can. The program, not we, keeps it there.
///
/// # Errors
///
/// There is no such program, or none reaches a clipboard.
pub fn copy(text: &[u8]) -> io::Result<()> {
    let mut why = io::Error::new(io::ErrorKind::NotFound, "no program here writes to a clipboard");
    for mut program in os::copiers() {
        match feed(&mut program, text) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => why = io::Error::other(format!("{}: {error}", program.get_program().display())),
        }
    }
    Err(why)
}

/// Runs a program with this input. What it leaves in the background has no stream of ours.
fn feed(program: &mut Command, input: &[u8]) -> io::Result<()> {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // The pipe is closed behind the text, which is its end.
    let fed = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input));
    let status = child.wait()?;
    if status.success() { fed } else { Err(io::Error::other(status.to_string())) }
}

/// Whether a tray icon has a chance to be seen by this user.
pub fn has_desktop() -> bool {
    os::has_desktop()
}
