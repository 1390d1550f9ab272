//! `ctx log`: records a command that ran elsewhere.

use std::process::ExitCode;

use context_tray::command::{SUCCESS, contradict, nanoseconds};
use context_tray::entry::{Ran, Record, Source, text_of};
use context_tray::journal::now;

use super::{Context, record};
use crate::args::Log;
use crate::error::Error;

pub(super) fn run(context: &Context<'_>, log: Log) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    if let (Some(status), Some(code)) = (&log.status, log.exit_code)
        && contradict(status, code)
    {
        let error = Error::usage(format!("the result {status:?} and the exit code {code} contradict each other"));
        return Err(error.with_hint("give one of them, or both as they were"));
    }
    let ran = Ran {
        id: record::new_id(),
        command: log.command,
        status: log.status.unwrap_or_else(|| outcome(log.exit_code.unwrap_or(0))),
        exit_code: log.exit_code,
        duration_ms: log.duration_ms,
        began_ns: log.duration_ms.and_then(began_ns),
        cwd: Some(text_of(context.folder.as_os_str())),
        source: Source::Log,
        files_changed: None,
        late: false,
        redactions: 0,
    };
    record::keep(context, &root, Record::Ran(ran))?;
    Ok(ExitCode::SUCCESS)
}

/// When a command began that has just ended after so many milliseconds.
fn began_ns(duration_ms: u64) -> Option<i64> {
    nanoseconds(&now()).checked_sub(i64::try_from(duration_ms).ok()?.checked_mul(1_000_000)?)
}

/// The result of a command in words.
pub(super) fn outcome(exit_code: i32) -> String {
    match exit_code {
        0 => SUCCESS.to_owned(),
        code => format!("Failed (exit {code})"),
    }
}
