//! `ctx hook`: every interactive command of a shell, recorded by itself.
//!
//! The scripts in `bin/ctx/hooks` decide in the shell alone what is worth a process: no command outside a project, none
//! that begins with a space. They start [`record`](self) beside the shell and never wait for it.

mod line;
mod rc_file;

use std::env;
use std::io::{self, Read as _};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use context_tray::command::nanoseconds;
use context_tray::entry::{Ran, Record, Source, text_of};
use context_tray::journal::now;
use context_tray::platform::{files, process};

use super::{Context, log, record};
use crate::args::{Hook, HookRecord, Shell};
use crate::error::Error;

/// Stands in the scripts for the program that records.
const PROGRAM: &str = "@CTX@";

/// The result of a command that whoever saw it does not know.
const UNKNOWN: &str = "Unknown";

/// The recorder before has this long to end, and so have all that it waits for itself: lines that come at once wait in a queue.
/// One that hangs, or whose number is another process's by now, holds up nobody for longer.
const TURN: Duration = Duration::from_secs(10);

pub(super) fn run(context: &Context<'_>, hook: Hook) -> Result<ExitCode, Error> {
    match hook {
        Hook::Init { shell } => context.output.data(script(shell, &program()).trim_end())?,
        Hook::Install { shell } => rc_file::install(context, shell)?,
        Hook::Uninstall { shell } => rc_file::uninstall(context, shell)?,
        // Nobody reads what it says, and no prompt is to see that it failed.
        Hook::Record(ran) => {
            let _ = keep(context, &ran);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn keep(context: &Context<'_>, ran: &HookRecord) -> Result<(), Error> {
    let command = ran.command().map_or_else(read_line, Ok)?;
    let is_silenced = env::var_os("CONTEXT_TRAY_DISABLE").is_some_and(|value| value == "1");
    if is_silenced || command.trim().is_empty() || line::records_itself(&command) {
        return Ok(());
    }
    // The command may have run in a folder that is gone by now.
    let there = context.folder.ancestors().find(|folder| folder.is_dir());
    let root = context.project_to_write(there)?;
    let (duration_ms, after) = (ran.duration_ms(), ran.after());
    let duration_ns = duration_ms.and_then(|ms| i64::try_from(ms).ok()?.checked_mul(1_000_000));
    let exit_code = ran.exit_code().filter(|_| !line::goes_on_in_background(&command));
    let ran = Ran {
        id: record::new_id(),
        status: exit_code.map_or_else(|| UNKNOWN.to_owned(), log::outcome),
        command,
        exit_code,
        duration_ms,
        began_ns: match ran.began_us() {
            Some(began) => began.checked_mul(1000),
            None => duration_ns.and_then(|duration| nanoseconds(&now()).checked_sub(duration)),
        },
        cwd: Some(text_of(context.folder.as_os_str())),
        source: Source::Hook,
        files_changed: None,
        late: false,
        redactions: 0,
    };
    if let Some(before) = after {
        wait_for_end(before);
    }
    record::keep(context, &root, Record::Ran(ran))
}

/// The line where it is longer than an argument can be.
fn read_line() -> io::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(text_of(files::path_from_bytes(bytes).as_os_str()))
}

/// Keeps the order of the commands: the one before is on its way to the disk while its recorder lives.
fn wait_for_end(recorder: u32) {
    let deadline = Instant::now() + TURN;
    while process::identity(recorder).is_some() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// The hook of a shell, with the program that it starts.
fn script(shell: Shell, program: &str) -> String {
    let text = match shell {
        Shell::Bash => include_str!("../hooks/hook.bash"),
        Shell::Zsh => include_str!("../hooks/hook.zsh"),
        Shell::Fish => include_str!("../hooks/hook.fish"),
        Shell::Powershell => include_str!("../hooks/hook.ps1"),
        Shell::Nushell => include_str!("../hooks/hook.nu"),
    };
    text.replace(PROGRAM, &quoted(shell, program))
}

/// This program, by its path: what the name leads to may differ from folder to folder.
fn program() -> String {
    let path = env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    path.unwrap_or_else(|| "ctx".to_owned())
}

/// The word as this shell takes it literally.
fn quoted(shell: Shell, word: &str) -> String {
    match shell {
        Shell::Bash | Shell::Zsh => format!("'{}'", word.replace('\'', r"'\''")),
        Shell::Fish => format!("'{}'", word.replace('\\', r"\\").replace('\'', r"\'")),
        Shell::Powershell => format!("'{}'", word.replace('\'', "''")),
        Shell::Nushell => format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_literal_word_in_each_shell() {
        let path = r#"/it's\a "b"/$ctx"#;
        let words = [
            (Shell::Bash, r#"'/it'\''s\a "b"/$ctx'"#),
            (Shell::Zsh, r#"'/it'\''s\a "b"/$ctx'"#),
            (Shell::Fish, r#"'/it\'s\\a "b"/$ctx'"#),
            (Shell::Powershell, r#"'/it''s\a "b"/$ctx'"#),
            (Shell::Nushell, r#""/it's\\a \"b\"/$ctx""#),
        ];
        for (shell, word) in words {
            assert_eq!(quoted(shell, path), word);
            assert!(script(shell, path).contains(word) && !script(shell, path).contains(PROGRAM));
        }
    }
}
