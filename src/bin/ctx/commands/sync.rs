//! `ctx sync`: returns when all that lies on the disk is in the record.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use context_tray::request::{Request, Response};
use context_tray::snapshot;

use super::Context;
use crate::agent_link;
use crate::error::Error;
use crate::output::shown;

/// As long as it takes, in a form that a clock can be asked for.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) fn run(context: &Context<'_>, timeout: Option<Duration>) -> Result<ExitCode, Error> {
    let root = context.project(None)?;
    if !snapshot::is_tracked(&root) {
        return Err(Error::not_running(format!("{} is not being recorded", shown(root.path()))));
    }
    let deadline = Instant::now() + timeout.unwrap_or(FOREVER).min(FOREVER);
    let mut client = agent_link::connect(&context.directories)?;
    match client.request(Request::Sync { project: root.path().to_path_buf() }, deadline)? {
        Response::Done => Ok(ExitCode::SUCCESS),
        other => Err(agent_link::unexpected(&other)),
    }
}
