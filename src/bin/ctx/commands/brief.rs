//! `ctx brief`: what happened, in few words.

use std::process::ExitCode;

use context_tray::brief::Brief;
use context_tray::entry::{Entry, Note, Record};
use context_tray::journal::read;
use context_tray::project::ProjectRoot;
use context_tray::readers::{self, Reader};
use context_tray::request::{Failure, FailureCode};

use super::moment::since;
use super::{Context, record, sync};
use crate::args;
use crate::error::Error;
use crate::output::shown;

/// Where a reader left off, in place of a time.
const LAST: &str = "last";

pub(super) fn run(context: &Context<'_>, args: &args::Brief) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    let reader = args.reader.as_deref().map(|name| Reader::new(&root, name)).transpose()?;
    let brief = of(context, &root, args.since.as_deref(), reader.as_ref(), args.max_tokens)?;
    if args.save {
        save(context, &root, &brief)?;
    } else if args.json {
        context.output.json(&brief)?;
    } else {
        context.output.data(brief.to_string().trim_end())?;
    }
    // Only what was really handed out has been read.
    if let (Some(reader), Some(to)) = (reader, brief.to) {
        reader.set_mark(to)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `ctx session save`: the brief of the latest session, with a remark if there is one.
pub(super) fn save_session(context: &Context<'_>, note: Option<String>) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    if let Some(text) = note {
        record::keep(context, &root, Record::Note(Note { id: record::new_id(), text, late: false }))?;
    }
    run(context, &args::Brief { save: true, ..args::Brief::default() })
}

/// What the record, brought up to date, tells from there on.
pub(super) fn of(
    context: &Context<'_>,
    root: &ProjectRoot,
    from: Option<&str>,
    reader: Option<&Reader>,
    max_tokens: u64,
) -> Result<Brief, Error> {
    sync::bring_up_to_date(context, root);
    let _progress = context.output.progress("Reading the record");
    Ok(Brief::of(&root.name(), &entries(root, from, reader)?, max_tokens))
}

fn entries(root: &ProjectRoot, from: Option<&str>, reader: Option<&Reader>) -> Result<Vec<Entry>, Error> {
    let found = match (from, reader) {
        (None, _) => read::latest_session(root),
        (Some(LAST), None) => return Err(Error::usage("--since last needs a --reader, whose mark it goes on from")),
        (Some(LAST), Some(reader)) => match reader.unread() {
            Ok(None) => read::latest_session(root),
            found => found.map(Option::unwrap_or_default),
        },
        (Some(text), _) => read::since(root, &since(text)?),
    };
    let cannot = |error| Failure::new(FailureCode::Io, format!("cannot read {}: {error}", root.events().display()));
    Ok(found.map_err(cannot)?)
}

fn save(context: &Context<'_>, root: &ProjectRoot, brief: &Brief) -> Result<(), Error> {
    readers::save_summary(root, &brief.to_string())?;
    Ok(context.output.done(&format!("Saved to {}.", shown(&root.session_summary())))?)
}
