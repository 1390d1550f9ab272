//! `ctx hook`: every interactive command of a shell, recorded by itself.
//!
//! The scripts in `bin/ctx/hooks` decide in the shell alone what is worth a process: no command outside a project, none
//! that begins with a space. They start [`record`](self) beside the shell and never wait for it.

mod rc_file;

use std::env;
use std::process::ExitCode;

use context_tray::command::nanoseconds;
use context_tray::entry::{Ran, Record, Source, text_of};
use context_tray::journal::now;
use context_tray::platform::program;

use super::{Context, log, record};
use crate::args::{Hook, HookRecord, Shell};
use crate::error::Error;

/// Stands in the scripts for the program that records.
const PROGRAM: &str = "@CTX@";

/// The result of a command that whoever saw it does not know.
const UNKNOWN: &str = "Unknown";

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
    let is_silenced = env::var_os("CONTEXT_TRAY_DISABLE").is_some_and(|value| value == "1");
    let Some(command) = ran.command().filter(|command| !is_silenced && !records_itself(command)) else {
        return Ok(());
    };
    let root = context.project_to_write(None)?;
    let (exit_code, duration_ms) = (ran.exit_code(), ran.duration_ms());
    let duration_ns = duration_ms.and_then(|ms| i64::try_from(ms).ok()?.checked_mul(1_000_000));
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
    record::keep(context, &root, Record::Ran(ran))
}

/// Whether the line is nothing but one of our own commands that make a record.
fn records_itself(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let program = words.next().and_then(|word| word.rsplit(['/', '\\']).next());
    let is_ours = matches!(program, Some("ctx" | "ctx.exe"));
    let verb = words.find(|word| !word.starts_with('-'));
    is_ours && matches!(verb, Some("run" | "log" | "note")) && !has_several_commands(line)
}

/// Whether something outside quotes begins another command.
fn has_several_commands(line: &str) -> bool {
    let (mut quote, mut is_escaped) = (None, false);
    for c in line.trim_end().chars() {
        match (c, quote) {
            _ if is_escaped => is_escaped = false,
            ('\\', None | Some('"')) => is_escaped = true,
            (_, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (';' | '&' | '|' | '\n', None) => return true,
            _ => {}
        }
    }
    false
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

/// This program, by a path that lasts: what the name leads to may differ from folder to folder.
fn program() -> String {
    let path = program::own().ok().map(program::lasting).and_then(|path| path.into_os_string().into_string().ok());
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
    fn a_command_that_records_itself_is_not_recorded_twice() {
        for own in ["ctx run -- cargo test", "/usr/bin/ctx log x", "ctx -q note 'a; b'", "ctx run sh -c \"a && b\""] {
            assert!(records_itself(own), "{own}");
        }
        for other in ["ctx status", "cargo test", "ctx run -- true && make", "ctxrun x", "ctx run 'a'; b", "ctx"] {
            assert!(!records_itself(other), "{other}");
        }
    }

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
