//! `ctx run`: runs a command as if it were not there, and records how it went.
//!
//! Nothing that goes wrong with the recording changes what the command does or the code that it exits with.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::process::{self, Command, ExitCode};
use std::time::Instant;

use context_tray::command::nanoseconds;
use context_tray::entry::{Ran, Record, Source, text_of};
use context_tray::journal::now;
use context_tray::platform;
use context_tray::request::{Failure, FailureCode};

use super::{Context, log, record, sync};
use crate::error::Error;
use crate::output::shown;

/// What shells exit with when the command can't be run, and when there is none.
const CANNOT_RUN: i32 = 126;
const NOT_FOUND: i32 = 127;

pub(super) fn run(context: &Context<'_>, words: &[OsString]) -> Result<ExitCode, Error> {
    let (program, arguments) = words.split_first().ok_or_else(|| Error::usage("there is no command to run"))?;
    // The command may remove the folder that we are in.
    let project = context.project_to_write(None);
    if let Ok(root) = &project {
        sync::before_command(context, root);
    }
    let (began, began_at) = (Instant::now(), now());
    let mut command = Command::new(program);
    let ended = platform::process::run_in_terminal(command.args(arguments).current_dir(&context.folder));
    let code = match &ended {
        Ok(ended) => platform::exit_code(ended.status),
        Err(error) => {
            context.output.error(&cannot_run(context, program, error));
            if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN }
        }
    };
    let ran = Ran {
        id: record::new_id(),
        command: words.iter().map(|word| quoted(&text_of(word))).collect::<Vec<_>>().join(" "),
        status: log::outcome(code),
        exit_code: Some(code),
        duration_ms: u64::try_from(began.elapsed().as_millis()).ok(),
        began_ns: Some(nanoseconds(&began_at)),
        cwd: Some(text_of(context.folder.as_os_str())),
        source: Source::Run,
        files_changed: None,
        late: false,
        redactions: 0,
    };
    match project.and_then(|root| record::keep(context, &root, Record::Ran(ran))) {
        Ok(()) | Err(Error::BrokenPipe) => {}
        Err(Error::Failed(failure, _)) => context.output.warn(&format!("not recorded: {failure}")),
    }
    match ended {
        Ok(ended) => ended.end(),
        Err(_) => process::exit(code),
    }
}

fn cannot_run(context: &Context<'_>, program: &OsString, error: &io::Error) -> Failure {
    if let Err(error) = fs::metadata(&context.folder) {
        let message = format!("cannot run anything in {}: {error}", shown(&context.folder));
        return Failure::new(FailureCode::Io, message).with_hint("name a folder that exists with `-C DIR`");
    }
    Failure::new(FailureCode::Io, format!("cannot run {}: {error}", shown(program.as_ref())))
}

/// A word as a shell would need it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_need_it() {
        assert_eq!(quoted("--flag=a/b"), "--flag=a/b");
        assert_eq!(quoted("make && ./deploy"), "'make && ./deploy'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
