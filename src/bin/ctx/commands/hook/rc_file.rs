//! The hook in the file that a shell reads when it starts: put in between two markers, and taken out again so that every
//! other byte is as it was.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use context_tray::platform::{directories, files};
use context_tray::request::{Failure, FailureCode};

use super::{program, quoted, script};
use crate::args::Shell;
use crate::commands::Context;
use crate::error::Error;
use crate::output::shown;

const BEGIN: &str = "# >>> Context Tray >>>";
/// The same where the line above had no end, which then has to be taken out with the rest.
const BEGIN_AFTER_OPEN_LINE: &str = "# >>> Context Tray, below a line without an end >>>";
/// The same in a file that was not there before.
const BEGIN_OF_NEW_FILE: &str = "# >>> Context Tray, in a file of its own >>>";
const END: &str = "# <<< Context Tray <<<";

/// What is in the file of a shell.
struct RcFile {
    /// The file itself, where the name is a link to it.
    path: PathBuf,
    /// None where there is no file. In whatever encoding it is: shells take bytes.
    text: Option<Vec<u8>>,
}

pub(super) fn install(context: &Context<'_>, shell: Shell) -> Result<(), Error> {
    let file = RcFile::read(&rc_path(shell)?)?;
    let block = block(shell);
    let text = added(file.text.as_deref(), &block).ok_or_else(|| damaged(&file.path))?;
    if file.text.as_deref() == Some(&text) {
        return Ok(context.output.done(&format!("The hook is in {} already.", shown(&file.path)))?);
    }
    file.write(&text)?;
    let added: String = block.lines().map(|line| format!("\n+ {line}")).collect();
    Ok(context.output.done(&format!("Added to {}, for shells that start from now on:{added}", shown(&file.path)))?)
}

pub(super) fn uninstall(context: &Context<'_>, shell: Shell) -> Result<(), Error> {
    let file = RcFile::read(&rc_path(shell)?)?;
    let text = file.text.as_deref().unwrap_or_default();
    match parts(text).map_err(|()| damaged(&file.path))? {
        None => Ok(context.output.done(&format!("There is no hook in {}.", shown(&file.path)))?),
        Some(parts) => {
            let rest = [parts.before, parts.after].concat();
            if rest.is_empty() && parts.begin == BEGIN_OF_NEW_FILE {
                fs::remove_file(&file.path).map_err(|error| cannot("remove", &file.path, &error))?;
            } else {
                file.write(&rest)?;
            }
            let removed: String =
                String::from_utf8_lossy(parts.block).lines().map(|line| format!("\n- {line}")).collect();
            Ok(context.output.done(&format!("Removed from {}:{removed}", shown(&file.path)))?)
        }
    }
}

/// What a shell is to do when it starts.
fn block(shell: Shell) -> String {
    let ctx = quoted(shell, &program());
    match shell {
        Shell::Bash => format!("eval \"$({ctx} hook init bash)\"\n"),
        Shell::Zsh => format!("eval \"$({ctx} hook init zsh)\"\n"),
        Shell::Fish => format!("{ctx} hook init fish | source\n"),
        Shell::Powershell => format!("& {ctx} hook init powershell | Out-String | Invoke-Expression\n"),
        // It reads its whole file before it runs any of it.
        Shell::Nushell => script(shell, &program()),
    }
}

/// The file that the shell reads when it starts.
fn rc_path(shell: Shell) -> Result<PathBuf, Failure> {
    let home = env::home_dir().ok_or_else(|| {
        Failure::new(FailureCode::Io, "your home folder can't be told").with_hint("set HOME, and try again")
    })?;
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = named("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    Ok(match shell {
        Shell::Bash => home.join(".bashrc"),
        Shell::Zsh => named("ZDOTDIR").unwrap_or(home).join(".zshrc"),
        Shell::Fish => config.join("fish/config.fish"),
        Shell::Powershell => directories::powershell_folder(&home, &config).join("Microsoft.PowerShell_profile.ps1"),
        Shell::Nushell => directories::nushell_folder(&home, &config).join("config.nu"),
    })
}

/// The text with the block in it; none where the markers are not as we leave them.
fn added(text: Option<&[u8]>, block: &str) -> Option<Vec<u8>> {
    let (before, begin, after) = match (text, parts(text.unwrap_or_default()).ok()?) {
        (_, Some(parts)) => (parts.before, parts.begin, parts.after),
        (None, None) => (&b""[..], BEGIN_OF_NEW_FILE, &b""[..]),
        (Some(text), None) if text.is_empty() || text.ends_with(b"\n") => (text, BEGIN, &b""[..]),
        (Some(text), None) => (text, BEGIN_AFTER_OPEN_LINE, &b""[..]),
    };
    let end_of_line = if begin == BEGIN_AFTER_OPEN_LINE { "\n" } else { "" };
    let ours = format!("{end_of_line}{begin}\n{block}{END}\n");
    Some([before, ours.as_bytes(), after].concat())
}

/// A text with a block in it.
struct Parts<'t> {
    before: &'t [u8],
    begin: &'static str,
    block: &'t [u8],
    after: &'t [u8],
}

/// None where there is no marker at all; an error where there is not one block, with both its markers.
fn parts(text: &[u8]) -> Result<Option<Parts<'_>>, ()> {
    let mut begins = Vec::new();
    let mut ends = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        let begin =
            [BEGIN, BEGIN_AFTER_OPEN_LINE, BEGIN_OF_NEW_FILE].into_iter().find(|begin| begin.as_bytes() == bare);
        if let Some(begin) = begin {
            begins.push((at, begin, at + line.len()));
        } else if bare == END.as_bytes() {
            ends.push((at, at + line.len()));
        }
        at += line.len();
    }
    match (begins[..].as_ref(), ends[..].as_ref()) {
        ([], []) => Ok(None),
        (&[(start, begin, from)], &[(to, end)]) if from <= to => {
            let before = text.get(..start).unwrap_or_default();
            let before = if begin == BEGIN_AFTER_OPEN_LINE { before.strip_suffix(b"\n").ok_or(())? } else { before };
            let (block, after) = (text.get(from..to).unwrap_or_default(), text.get(end..).unwrap_or_default());
            Ok(Some(Parts { before, begin, block, after }))
        }
        _ => Err(()),
    }
}

impl RcFile {
    /// # Errors
    ///
    /// What is there is not a file of this user's.
    fn read(path: &Path) -> Result<RcFile, Failure> {
        let refused = |why: &str, hint: &str| {
            Err(Failure::new(FailureCode::Forbidden, format!("{} {why}; it is left as it is", shown(path)))
                .with_hint(hint))
        };
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(RcFile { path: path.to_path_buf(), text: None });
            }
            Err(error) => return Err(cannot("look at", path, &error)),
            Ok(_) => {}
        }
        let Ok(real) = files::resolve(path) else {
            return refused("is a link that leads nowhere", "make the file that it leads to, or remove the link");
        };
        let metadata = fs::metadata(&real).map_err(|error| cannot("look at", path, &error))?;
        if !metadata.is_file() {
            return refused("is not a file", "move it away");
        }
        if !files::owned_by_me(&metadata) {
            return refused("belongs to another user", "run ctx as that user (without sudo)");
        }
        let text = fs::read(&real).map_err(|error| cannot("read", path, &error))?;
        Ok(RcFile { path: real, text: Some(text) })
    }

    fn write(&self, text: &[u8]) -> Result<(), Failure> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let written = match fs::metadata(&self.path) {
            Ok(metadata) => files::replace_as(&self.path, text, metadata.permissions()),
            Err(_) => fs::create_dir_all(folder).and_then(|()| fs::write(&self.path, text)),
        };
        written.map_err(|error| cannot("write", &self.path, &error))
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    files::cannot(what, path, error)
}

fn damaged(path: &Path) -> Failure {
    let message = format!("the markers of the hook in {} are not as they were put there", shown(path));
    Failure::new(FailureCode::Io, message).with_hint("remove what is left between them, and the markers, by hand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_leaves_every_other_byte_as_it_was() {
        for before in ["", "\n", "alias a=b\n", "alias a=b", "a\r\nb\r\n", "a\r", "\n\n\n"].map(str::as_bytes) {
            let text = added(Some(before), "eval x\n").unwrap();
            assert!(text.starts_with(before) && text.ends_with(format!("eval x\n{END}\n").as_bytes()), "{text:?}");
            // More may be written below, and the block may be another one later.
            let text = added(Some(&[&text[..], b"export A=1\n"].concat()), "eval y\n").unwrap();
            let found = parts(&text).unwrap().unwrap();
            assert_eq!((found.before, found.block, found.after), (before, &b"eval y\n"[..], &b"export A=1\n"[..]));
        }
        assert_eq!(added(None, "x\n").unwrap(), format!("{BEGIN_OF_NEW_FILE}\nx\n{END}\n").into_bytes());
    }

    #[test]
    fn markers_that_are_not_ours_any_more_are_left_alone() {
        for text in
            [format!("{BEGIN}\n"), format!("{END}\n{BEGIN}\n"), format!("{BEGIN}\n{BEGIN}\n{END}\n"), END.into()]
        {
            let text = text.as_bytes();
            assert!(parts(text).is_err() && added(Some(text), "x\n").is_none(), "{text:?}");
        }
    }
}
