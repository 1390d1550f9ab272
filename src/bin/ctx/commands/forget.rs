//! `ctx forget`: stops a project and takes it off the list. Its `.context` stays.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use context_tray::registry::Registry;
use context_tray::request::{FailureCode, Request, Response};

use super::Context;
use super::stop;
use crate::agent_link;
use crate::error::Error;
use crate::output::shown;

/// The tracker flushes what is pending before it ends.
const FORGOTTEN: Duration = Duration::from_secs(15);

pub(super) fn run(context: &Context<'_>, path: &Path) -> Result<ExitCode, Error> {
    let root = context.project(Some(path))?;
    if let Some(mut client) = agent_link::connect_if_running(&context.directories)? {
        let request = Request::Forget { project: root.path().to_path_buf() };
        match client.request(request, Instant::now() + FORGOTTEN) {
            Ok(Response::Done | Response::Stopped { .. }) => {}
            Ok(other) => return Err(agent_link::unexpected(&other)),
            Err(failure) if failure.code == FailureCode::BadProject => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    stop::end(context, &root)?;
    Registry::update(&context.directories, |projects| {
        projects.retain(|registered| registered.project != root.path());
    })?;
    context.output.done(&format!("Forgot {}; its .context folder stays.", shown(root.path())))?;
    Ok(ExitCode::SUCCESS)
}
