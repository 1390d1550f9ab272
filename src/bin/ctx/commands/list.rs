//! `ctx list`: every registered project with its state, a line each.

use std::process::ExitCode;

use super::{Context, status};
use crate::error::Error;
use crate::output::{shown, state_word};

/// The longest word for a state.
const WIDTH: usize = "restarting".len();

pub(super) fn run(context: &Context<'_>, json: bool) -> Result<ExitCode, Error> {
    let statuses = status::all(context);
    if json {
        context.output.json(&statuses)?;
    } else if statuses.is_empty() {
        context.output.done(status::NONE)?;
    }
    for status in statuses.iter().filter(|_| !json) {
        // The colour must not count as width.
        let word = state_word(status.state);
        let width = anstream::adapter::strip_str(&word).to_string().len();
        let gap = " ".repeat(WIDTH.saturating_sub(width));
        context.output.data(&format!("{word}{gap}  {}", shown(&status.project)))?;
    }
    Ok(ExitCode::SUCCESS)
}
