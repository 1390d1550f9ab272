//! `ctx note`: records a remark.

use std::process::ExitCode;

use context_tray::entry::{Note, Record};

use super::{Context, record};
use crate::error::Error;

pub(super) fn run(context: &Context<'_>, text: String) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    let note = Note { id: record::new_id(), text, late: false };
    record::keep(context, &root, Record::Note(note))?;
    Ok(ExitCode::SUCCESS)
}
