//! `ctx status`: what the disk says of a project. Changes nothing and needs no agent.

use std::path::Path;
use std::process::ExitCode;

use context_tray::index;
use context_tray::locate;
use context_tray::platform::Directories;
use context_tray::project::ProjectRoot;
use context_tray::registry;
use context_tray::status::{ProjectStatus, Reach, State};

use super::Context;
use crate::agent_link;
use crate::args::Status;
use crate::error::{Error, NOT_RUNNING};
use crate::output::status_text;

/// What there is to say of an empty list.
pub(super) const NONE: &str = "No project is registered: `ctx start` in a project's folder registers it.";

pub(super) fn run(context: &Context<'_>, args: &Status) -> Result<ExitCode, Error> {
    let output = context.output;
    let is_live = if args.all {
        let statuses = all(context);
        if args.json {
            output.json(&statuses)?;
        } else {
            let texts: Vec<String> = statuses.iter().map(status_text).collect();
            output.data(if texts.is_empty() { NONE.into() } else { texts.join("\n\n") }.as_str())?;
        }
        statuses.iter().any(|status| status.state.is_live())
    } else {
        let status = one(context, args.path.as_deref())?;
        if args.json {
            output.json(&status)?
        } else {
            output.data(&status_text(&status))?
        }
        status.state.is_live()
    };
    Ok(if is_live { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUNNING) })
}

/// The project that `path`, or else our folder, lies in, as it is now.
pub(super) fn one(context: &Context<'_>, path: Option<&Path>) -> Result<ProjectStatus, Error> {
    let status = look(&context.directories, &context.project(path)?);
    Ok(ProjectStatus { agent: reach(context), ..status })
}

/// The project as the disk tells it, with what keeps one that is not recorded from being so: its configuration, of which a
/// tracker would tell.
pub(super) fn look(directories: &Directories, root: &ProjectRoot) -> ProjectStatus {
    let mut status = index::status(directories, root);
    if !status.state.is_live() && status.state != State::Missing {
        status.config_problem = locate::load_config(directories, Some(root)).err().map(|failure| failure.message);
    }
    status
}

/// Every registered project, as it is now.
pub(super) fn all(context: &Context<'_>) -> Vec<ProjectStatus> {
    let reach = reach(context);
    let registry = context.registry();
    if let Some(aside) = registry::kept_aside(&context.directories) {
        let failure = registry::kept_aside_failure(&aside);
        context.output.warn(&failure.message);
        failure.hint.iter().for_each(|hint| context.output.hint(hint));
    }
    let roots = registry.projects.into_iter().flat_map(|registered| ProjectRoot::try_from(registered.project));
    roots.map(|root| ProjectStatus { agent: reach, ..look(&context.directories, &root) }).collect()
}

fn reach(context: &Context<'_>) -> Reach {
    if agent_link::is_reachable(&context.directories) { Reach::Running } else { Reach::Unreachable }
}
