//! `ctx pause` and `ctx resume`: a session that is interrupted for a while.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::Local;
use context_tray::request::{Request, Response, Span};
use context_tray::snapshot;
use context_tray::status::State;

use super::{Context, refused, start};
use crate::agent_link;
use crate::args;
use crate::error::Error;
use crate::output::shown;

/// A tracker flushes what is pending before it ends.
const PAUSED: Duration = Duration::from_secs(15);

pub(super) fn pause(context: &Context<'_>, path: Option<PathBuf>, span: Option<Span>) -> Result<ExitCode, Error> {
    // `ctx pause 1h` means an hour, and not a folder of that name.
    let alone = path.as_ref().filter(|_| span.is_none()).and_then(|path| args::span(path.to_str()?).ok());
    let path = path.filter(|_| alone.is_none());
    let span = span.or(alone).unwrap_or(Span::UntilResumed);
    let root = context.project(path.as_deref())?;
    let name = shown(root.path());
    let Some(mut client) = agent_link::connect_if_running(&context.directories)? else {
        let nobody = Error::not_running(format!("no agent is running, and so nothing that could pause {name}"));
        return Err(refused(&root, nobody));
    };
    let request = Request::Pause { project: root.path().to_path_buf(), span };
    match client.request(request, Instant::now() + PAUSED).map_err(|failure| refused(&root, failure))? {
        Response::Stopped { .. } => {}
        other => return Err(agent_link::unexpected(&other)),
    }
    let until = span.end(Local::now().fixed_offset());
    let until = until.map_or("`ctx resume`".to_owned(), |until| until.format("%Y-%m-%d %H:%M").to_string());
    context.output.done(&format!("Paused recording {name} until {until}."))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn resume(context: &Context<'_>, path: Option<&Path>) -> Result<ExitCode, Error> {
    let root = context.project(path)?;
    match snapshot::read(&root).state {
        State::Paused | State::Running | State::Starting => start::by_agent(context, &root, true),
        _ => {
            let failure = Error::not_running(format!("{} is not paused", shown(root.path())));
            Err(failure.with_hint("start it with: ctx start"))
        }
    }
}
