//! Windows: handles in place of numbers and signals, a named pipe with an owner in place of a private folder.

#[path = "windows/autostart.rs"]
mod autostart;
#[path = "windows/files.rs"]
mod files;
#[path = "windows/pipe.rs"]
mod pipe;
#[path = "windows/pipes.rs"]
mod pipes;
#[path = "windows/process.rs"]
mod process;

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use directories::BaseDirs;

use super::files::{Reach, stable_hash};
pub(super) use super::not_linux::*;
pub(super) use autostart::{autostart_status, disable_autostart, enable_autostart};
pub(super) use files::*;
pub(super) use pipe::*;
pub(super) use pipes::Pipes;
pub(super) use process::{
    close_all_on_exec, command_line, detach, end_by_signal, end_process, give_back_memory, hide_window, identity,
    run_in_terminal, share_heap, signal_of, slept, stop_signals,
};

pub(super) const DIAGNOSTICS: &str = "diagnostics";

/// What the system allows for a pipe's name.
pub(super) const LONGEST_ENDPOINT: usize = 256;

/// The endpoint is no file here.
pub(super) fn runtime_directory(_base: &BaseDirs, _name: &str) -> Option<PathBuf> {
    None
}

/// One name for each runtime folder; the usual one's has nothing behind the user.
pub(super) fn endpoint_path(runtime: &Path) -> io::Result<PathBuf> {
    let user = process::my_sid()?;
    let is_usual = BaseDirs::new().is_some_and(|base| base.data_local_dir().join(super::directories::NAME) == runtime);
    let suffix = if is_usual { String::new() } else { format!("-{:016x}", hash_of(runtime)) };
    Ok(PathBuf::from(format!(r"\\.\pipe\context-tray-{user}{suffix}")))
}

fn hash_of(path: &Path) -> u64 {
    stable_hash(path.as_os_str().as_encoded_bytes())
}

pub(super) fn powershell_folder(home: &Path, _config: &Path) -> PathBuf {
    home.join("Documents").join("PowerShell")
}

pub(super) fn nushell_folder(_home: &Path, config: &Path) -> PathBuf {
    let named = env::var_os("APPDATA").filter(|value| !value.is_empty());
    named.map_or_else(|| config.to_path_buf(), PathBuf::from).join("nushell")
}

/// The name of a mutex of this login session.
pub(super) fn instance_name(_state: &Path, hash: u64) -> io::Result<String> {
    Ok(format!("context-tray-{}-{hash:016x}", process::my_sid()?))
}

pub(super) const USUAL_EDITOR: &str = "notepad";

/// A program with blanks in its path, or one with options behind it.
pub(super) fn command_of_line(line: &OsStr) -> Command {
    if Path::new(line).is_file() {
        return Command::new(line);
    }
    let line = line.to_string_lossy();
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// Nothing waits for the other end of a pipe here: the next line tells.
pub(super) fn when_unread(_on_unread: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// The session 0 is that of services, to which a login over SSH belongs too: it has no task bar.
pub(super) fn has_desktop() -> bool {
    process::session() != Some(0)
}

pub(super) const NAMES_AS_TYPED: bool = false;

pub(super) const REACH: Reach = Reach::Folder;

pub(super) const MORE_WATCHES: &str = "name fewer folders in watch.directories";

/// As it was started: behind a link may lie a folder for this version alone, as Scoop has it.
pub(super) fn own_program() -> io::Result<PathBuf> {
    env::current_exe()
}

/// By the shell's own classes; the title is passed by the environment, so that nothing in it is taken for a part of the
/// script.
pub(super) fn folder_pickers(title: &str) -> Vec<Command> {
    const SCRIPT: &str = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; \
        Add-Type -AssemblyName System.Windows.Forms; \
        $d = New-Object System.Windows.Forms.FolderBrowserDialog; $d.Description = $env:CONTEXT_TRAY_TITLE; \
        if ($d.ShowDialog() -eq 'OK') { $d.SelectedPath } else { exit 1 }";
    let mut shell = Command::new("powershell");
    shell.args(["-NoProfile", "-STA", "-Command", SCRIPT]).env("CONTEXT_TRAY_TITLE", title);
    hide_window(&mut shell);
    vec![shell]
}

pub(super) const COPY_HINT: &str = "run `ctx brief`";

pub(super) fn copiers() -> Vec<Command> {
    // `clip` would take the text for one in the console's own encoding.
    const SCRIPT: &str = "[Console]::InputEncoding = [Text.UTF8Encoding]::new($false); \
        Set-Clipboard -Value ([Console]::In.ReadToEnd())";
    let mut shell = Command::new("powershell");
    shell.args(["-NoProfile", "-STA", "-Command", SCRIPT]);
    hide_window(&mut shell);
    vec![shell]
}
