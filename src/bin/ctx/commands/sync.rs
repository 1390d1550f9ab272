//! `ctx sync`: returns when all that lies on the disk is in the record.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use context_tray::ipc::client::Client;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode, Request, Response};
use context_tray::snapshot;

use super::{Context, refused};
use crate::agent_link;
use crate::error::Error;
use crate::output::shown;

/// As long as it takes, in a form that a clock can be asked for.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Whoever reads the record waits so long for what is not in it yet.
const READER_PATIENCE: Duration = Duration::from_secs(10);

/// A command that is about to begin waits so long.
const COMMAND_PATIENCE: Duration = Duration::from_millis(300);

pub(super) fn run(context: &Context<'_>, timeout: Option<Duration>) -> Result<ExitCode, Error> {
    let root = context.project(None)?;
    if !snapshot::is_tracked(&root) {
        return Err(Error::not_running(format!("{} is not being recorded", shown(root.path()))));
    }
    sync(context, &root, Instant::now() + timeout.unwrap_or(FOREVER).min(FOREVER)).map(|()| ExitCode::SUCCESS)
}

/// For whoever reads the record: brings it up to date where a tracker can. Whether it is up to date now.
pub(super) fn bring_up_to_date(context: &Context<'_>, root: &ProjectRoot) -> bool {
    if !snapshot::is_tracked(root) {
        return false;
    }
    match sync(context, root, Instant::now() + READER_PATIENCE) {
        Ok(()) => true,
        Err(error) => {
            let why = if let Error::Failed(failure, _) = error { failure.message } else { String::new() };
            context.output.warn(&format!("the newest changes may not be in the record yet: {why}"));
            false
        }
    }
}

/// For a command that is about to begin: what was changed before is told apart from what it changes itself. A tracker that
/// can't say so at once is not waited for.
pub(super) fn before_command(context: &Context<'_>, root: &ProjectRoot) {
    if snapshot::is_tracked(root)
        && let Err(Error::Failed(failure, _)) = sync(context, root, Instant::now() + COMMAND_PATIENCE)
    {
        context.output.explain(&format!("what changed before may be told after the command began: {failure}"));
    }
}

fn sync(context: &Context<'_>, root: &ProjectRoot, deadline: Instant) -> Result<(), Error> {
    let _progress = context.output.progress("Waiting for the tracker");
    let mut client = Client::connect(&context.directories, deadline.min(Instant::now() + agent_link::CONNECT))
        .map_err(|error| refused(root, error))?;
    match client.request(Request::Sync { project: root.path().to_path_buf() }, deadline) {
        Ok(Response::Done) => Ok(()),
        Ok(other) => Err(agent_link::unexpected(&other)),
        // Which of the two is slow can't be told from here.
        Err(failure) if failure.code == FailureCode::Timeout => {
            let late = Failure::new(FailureCode::Timeout, "the tracker has not written everything in time");
            Err(late.with_hint("give it more time; one that hangs is started anew within a minute or two").into())
        }
        Err(failure) => Err(refused(root, failure)),
    }
}
