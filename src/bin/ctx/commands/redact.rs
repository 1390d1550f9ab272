//! `ctx redact`: takes the secrets out of what was recorded before.

use std::collections::BTreeMap;
use std::process::ExitCode;

use context_tray::journal::{self, Loss};
use context_tray::locate;
use context_tray::redact::Redactor;

use super::Context;
use crate::error::Error;
use crate::output::{count, shown};

pub(super) fn run(context: &Context<'_>, is_dry: bool) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    let (config, _) = locate::load_config(&context.directories, Some(&root))?;
    let progress = context.output.progress("Looking through the record");
    let losses = journal::redact(&root, &Redactor::new(&config.redact), is_dry)?;
    drop(progress);
    let place = |loss: &Loss| shown(loss.file.strip_prefix(root.path()).unwrap_or(&loss.file));
    if losses.is_empty() {
        context.output.done("No secret that we know is in the record.")?;
    } else if is_dry {
        for loss in &losses {
            let line = if loss.line > 0 { format!(":{}", loss.line) } else { String::new() };
            context.output.data(&format!("{}{line}: {}", place(loss), loss.left))?;
        }
        let secrets = losses.iter().map(|loss| loss.count).sum();
        context.output.note(&format!("{} would be taken out", count(secrets, "secret")), "run `ctx redact`");
    } else {
        let mut files: BTreeMap<String, u64> = BTreeMap::new();
        losses.iter().for_each(|loss| *files.entry(place(loss)).or_default() += loss.count);
        for (file, secrets) in files {
            context.output.done(&format!("Took {} out of {file}.", count(secrets, "secret")))?;
        }
        let hint = "change those that are still valid: they may have been read, or be in a backup";
        context.output.note("they have been on the disk until now", hint);
    }
    Ok(ExitCode::SUCCESS)
}
