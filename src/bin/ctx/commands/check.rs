//! `ctx check`: holds a claim about a command against the record.

use std::process::ExitCode;

use context_tray::check::{Claim, Paths, Search, Verdict};
use context_tray::journal::{now, read};
use context_tray::request::{Failure, FailureCode};

use super::{Context, sync};
use crate::args::Check;
use crate::error::{Error, SAYS_NO};

pub(super) fn run(context: &Context<'_>, check: Check) -> Result<ExitCode, Error> {
    let json = check.json;
    let verdict = verdict(context, check)?;
    if json {
        context.output.json(&verdict)?;
    } else {
        context.output.data(&verdict.message)?;
        if let Some(hint) = &verdict.hint {
            context.output.hint(hint);
        }
    }
    Ok(if verdict.holds { ExitCode::SUCCESS } else { ExitCode::from(SAYS_NO) })
}

/// What the record, brought up to date, says of the claim.
pub(super) fn verdict(context: &Context<'_>, check: Check) -> Result<Verdict, Error> {
    let root = context.project_to_write(None)?;
    let paths = Paths::new(&check.paths).map_err(|error| Error::usage(error.to_string()))?;
    let is_current = sync::bring_up_to_date(context, &root);
    let (after_last_edit, within) = (check.after_last_edit, check.within);
    let claim = Claim { pattern: check.ran, after_last_edit, paths, within, now: now() };
    let mut search = Search::new(&claim);
    let _progress = context.output.progress("Reading the record");
    read::backwards(&root, &mut |entry| search.take(entry))
        .map_err(|error| Failure::new(FailureCode::Io, format!("cannot read {}: {error}", root.events().display())))?;
    Ok(search.verdict(is_current))
}
