//! `ctx start`: makes sure that an agent runs and that it records the project.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use context_tray::journal::{self, Journal};
use context_tray::locate;
use context_tray::project::ProjectRoot;
use context_tray::request::{Request, Response};
use context_tray::snapshot;
use context_tray::status::ProjectStatus;
use context_tray::tracker::{self, Link};

use super::Context;
use crate::agent_link::{self, ALIVE};
use crate::args::Start;
use crate::error::Error;
use crate::output::{shown, watched};

/// The first look at a large tree on a slow disk takes its time.
const READY: Duration = Duration::from_secs(120);

pub(super) fn run(context: &Context<'_>, start: &Start) -> Result<ExitCode, Error> {
    let root = locate::for_start(start.path.as_deref(), &context.folder, start.force)?;
    if root.context_dir().symlink_metadata().is_ok() {
        locate::check_context(&root)?;
    }
    Journal::init(&root)?;
    if start.foreground {
        // Said before anything is promised; the tracker's own lock decides.
        if snapshot::is_tracked(&root) {
            return Err(journal::lock_failure(&root, &io::ErrorKind::TimedOut.into()).into());
        }
        let line = format!("Recording {} until Ctrl-C. Log: {}", shown(root.path()), shown(&root.session_log()));
        context.output.done(&line)?;
        tracker::run(root, Link::Foreground)?;
        return Ok(ExitCode::SUCCESS);
    }
    by_agent(context, &root, start.force)
}

/// Has the agent record the project, and says so.
pub(super) fn by_agent(context: &Context<'_>, root: &ProjectRoot, force: bool) -> Result<ExitCode, Error> {
    let progress = context.output.progress("Looking at the whole project");
    let answer = ask(context, root, force);
    drop(progress);
    match answer? {
        Response::Session { status, already } => {
            context.output.done(&report(root, &status, already))?;
            Ok(ExitCode::SUCCESS)
        }
        other => Err(agent_link::unexpected(&other)),
    }
}

fn ask(context: &Context<'_>, root: &ProjectRoot, force: bool) -> Result<Response, Error> {
    let deadline = Instant::now() + READY;
    agent_link::ask_ensured(&context.directories, deadline, |client| {
        // A large tree may take its time, but an agent that lives says so at once.
        client.request(Request::Agent, Instant::now() + ALIVE)?;
        client.request(Request::Start { project: root.path().to_path_buf(), force }, deadline)
    })
}

fn report(root: &ProjectRoot, status: &ProjectStatus, already: bool) -> String {
    let verb = if already { "Already recording" } else { "Recording" };
    let pid = status.pid.map(|pid| format!(" (PID {pid})")).unwrap_or_default();
    let mut lines = vec![format!("{verb} {}{pid}.", shown(root.path()))];
    lines.extend(watched(status).map(|watched| format!("Watching {watched}.")));
    lines.extend(status.degraded.as_ref().map(|degraded| format!("Degraded: {}", shown(degraded.as_ref()))));
    lines.push(format!("Log: {}", shown(&root.session_log())));
    lines.join("\n")
}
