//! `ctx tracker`: what the agent runs for each project. Not for people.

use std::process::ExitCode;

use context_tray::diagnostics;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode};
use context_tray::tracker::{self, Link};

use super::Context;
use crate::error::Error;

pub(super) fn run(context: &Context<'_>) -> Result<ExitCode, Error> {
    let root = ProjectRoot::try_from(context.folder.clone())
        .map_err(|error| Failure::new(FailureCode::BadProject, error.to_string()))?;
    diagnostics::start(&context.directories, "tracker");
    tracing::info!(pid = std::process::id(), project = %root, "the tracker starts");
    tracker::run(root, Link::Agent)?;
    Ok(ExitCode::SUCCESS)
}
