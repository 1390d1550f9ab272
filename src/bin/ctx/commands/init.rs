//! `ctx init`: the folder of the record, and nothing else.

use std::path::Path;
use std::process::ExitCode;

use context_tray::journal::Journal;
use context_tray::locate;

use super::Context;
use crate::error::Error;
use crate::output::shown;

pub(super) fn run(context: &Context<'_>, path: Option<&Path>, force: bool) -> Result<ExitCode, Error> {
    let root = locate::for_start(path, &context.folder, force)?;
    let folder = root.context_dir();
    if folder.symlink_metadata().is_ok() {
        locate::check_context(&root)?;
    }
    let made = Journal::init(&root)?;
    let folder = shown(&folder);
    context.output.done(&if made { format!("Made {folder}.") } else { format!("{folder} is there already.") })?;
    Ok(ExitCode::SUCCESS)
}
