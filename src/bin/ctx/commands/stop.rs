//! `ctx stop`: ends a session, through the agent or without one, and cleans up behind a tracker that died.
//!
//! A signal goes only to a process that holds the tracker's lock and has the identity that it wrote down. What a PID file
//! says is never enough.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use context_tray::ipc::client::Client;
use context_tray::journal::Journal;
use context_tray::platform::process;
use context_tray::project::ProjectRoot;
use context_tray::registry::{self, Registry};
use context_tray::request::{Failure, FailureCode, Request, Response};
use context_tray::snapshot;
use context_tray::status::{Mark, State, Wish};

use super::Context;
use crate::agent_link::{self, LOOK_AGAIN};
use crate::error::Error;
use crate::output::shown;

/// A tracker flushes what is pending before it ends.
const ENDED: Duration = Duration::from_secs(15);

/// A tracker that holds its lock writes down who it is at once.
const KNOWN: Duration = Duration::from_secs(2);

/// How a session was ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// This tracker has ended.
    Stopped(Option<u32>),
    /// There was only what a dead one left behind.
    Cleaned(Option<u64>),
    /// There was nothing.
    Nothing,
}

pub(super) fn run(context: &Context<'_>, path: Option<&Path>) -> Result<ExitCode, Error> {
    let root = context.project(path)?;
    let progress = context.output.progress("Waiting for the end of the session");
    let ended = end(context, &root)?;
    drop(progress);
    report(context, &root, &ended)
}

pub(super) fn run_all(context: &Context<'_>) -> Result<ExitCode, Error> {
    if let Some(mut client) = agent_link::connect_if_running(&context.directories)? {
        let progress = context.output.progress("Waiting for the end of the sessions");
        let answer = client.request(Request::StopAll, Instant::now() + ENDED);
        drop(progress);
        match answer? {
            Response::Done => {}
            other => return Err(agent_link::unexpected(&other)),
        }
    }
    // What the agent does not know of: trackers in the foreground, and leftovers.
    let mut last = Ok(());
    for registered in context.registry().projects {
        let root = ProjectRoot::try_from(registered.project)
            .map_err(|error| Failure::new(FailureCode::BadProject, error.to_string()))?;
        match end_directly(context, &root) {
            Ok(Ended::Nothing) => {}
            Ok(ended) => drop(report(context, &root, &ended)?),
            Err(error) => last = Err(error),
        }
    }
    last?;
    context.output.done("Nothing is recorded any more.")?;
    Ok(ExitCode::SUCCESS)
}

fn report(context: &Context<'_>, root: &ProjectRoot, ended: &Ended) -> Result<ExitCode, Error> {
    let name = shown(root.path());
    let line = match ended {
        Ended::Stopped(Some(pid)) => format!("Stopped recording {name} (PID {pid})."),
        Ended::Stopped(None) => format!("Stopped recording {name}."),
        Ended::Cleaned(Some(pid)) => format!("Removed a stale PID file of {name}: PID {pid} was not recording."),
        Ended::Cleaned(None) => format!("Removed a stale PID file of {name}: it held no PID."),
        Ended::Nothing => return Err(Error::not_running(format!("{name} is not being recorded"))),
    };
    context.output.done(&line)?;
    Ok(ExitCode::SUCCESS)
}

/// Ends the project's session by whatever way there is.
pub(super) fn end(context: &Context<'_>, root: &ProjectRoot) -> Result<Ended, Error> {
    let by_agent = match agent_link::connect_if_running(&context.directories)? {
        Some(mut client) => ask_agent(&mut client, root)?,
        None => Ended::Nothing,
    };
    if by_agent == Ended::Nothing { end_directly(context, root) } else { Ok(by_agent) }
}

fn ask_agent(client: &mut Client, root: &ProjectRoot) -> Result<Ended, Error> {
    let request = Request::Stop { project: root.path().to_path_buf() };
    match client.request(request, Instant::now() + ENDED) {
        Ok(Response::Stopped { pid: Some(pid), .. }) => Ok(Ended::Stopped(Some(pid))),
        Ok(Response::Stopped { stale_pid: Some(stale), .. }) => Ok(Ended::Cleaned(Some(stale).filter(|pid| *pid != 0))),
        Ok(Response::Stopped { .. }) => Ok(Ended::Nothing),
        // It was paused.
        Ok(Response::Done) => Ok(Ended::Stopped(None)),
        Ok(other) => Err(agent_link::unexpected(&other)),
        // A project that the agent does not look after may still have a tracker in the foreground.
        Err(Failure { code: FailureCode::NotRunning | FailureCode::BadProject | FailureCode::Busy, .. }) => {
            Ok(Ended::Nothing)
        }
        // One that hangs is done without.
        Err(Failure { code: FailureCode::Timeout, .. }) => Ok(Ended::Nothing),
        // An agent that ends, or was killed this moment, ends its trackers too.
        Err(failure) if matches!(failure.code, FailureCode::Io | FailureCode::ShuttingDown) => Ok(Ended::Nothing),
        Err(failure) => Err(failure.into()),
    }
}

/// Ends the session without the agent, and remembers that this is the user's wish.
fn end_directly(context: &Context<'_>, root: &ProjectRoot) -> Result<Ended, Error> {
    unwish(context, root)?;
    if snapshot::is_tracked(root) {
        let signalled = signal(root)?;
        // One that was killed at this moment has left its number.
        Journal::clean_up_stale(root)?;
        return Ok(Ended::Stopped(signalled));
    }
    if let Some(pid) = snapshot::context_engine(root) {
        let message = format!("PID {pid} is Context Engine's own tracker, which is not ours to stop");
        let hint = "stop it in the project's folder with `python -m context_engine.cli stop-session`";
        return Err(Failure::new(FailureCode::Busy, message).with_hint(hint).into());
    }
    if root.pid().symlink_metadata().is_err() {
        if snapshot::read(root).state != State::Paused {
            return Ok(Ended::Nothing);
        }
        Journal::mark(root, &Mark { state: State::Stopped, reason: None, paused_until: None })?;
        return Ok(Ended::Stopped(None));
    }
    // A number is told only where the file held one.
    let stale = snapshot::read(root).stale_pid;
    // Another who stops it may have been faster.
    Ok(Journal::clean_up_stale(root)?.map_or(Ended::Nothing, |_| Ended::Cleaned(stale)))
}

fn unwish(context: &Context<'_>, root: &ProjectRoot) -> Result<(), Error> {
    if context.registry().get(root.path()).is_some_and(|registered| registered.wish() != Wish::Stopped) {
        Registry::update(&context.directories, |projects| registry::set_wish(projects, root.path(), Wish::Stopped))?;
    }
    Ok(())
}

/// Asks the tracker that holds the lock to end, and waits until it has.
fn signal(root: &ProjectRoot) -> Result<Option<u32>, Error> {
    let known_by = Instant::now() + KNOWN;
    let ended_by = Instant::now() + ENDED;
    let mut signalled = None;
    while snapshot::is_tracked(root) {
        if signalled.is_none()
            && let Some((pid, identity)) = snapshot::tracker(root)
        {
            let sent = process::terminate(pid, &identity).map_err(|error| {
                Failure::new(FailureCode::Forbidden, format!("PID {pid} can't be asked to end: {error}"))
            })?;
            signalled = sent.then_some(pid);
        }
        if signalled.is_none() && Instant::now() >= known_by {
            let message = format!("the process that records {} can't be told", root.path().display());
            return Err(Failure::new(FailureCode::Io, message).with_hint("it holds .context/tracker.lock").into());
        }
        if Instant::now() >= ended_by {
            let message = format!("the tracker of {} was asked to end and is still there", root.path().display());
            return Err(Failure::new(FailureCode::Timeout, message).with_hint("try again in a moment").into());
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(signalled)
}
