//! The only place where an effect of the supervisor is performed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::thread;

use super::AgentInput;
use super::trackers::Trackers;
use crate::config;
use crate::entry::Record;
use crate::ipc::server::Reply;
use crate::journal::{self, APPEND_PATIENCE, Journal};
use crate::locate;
use crate::notice::{Notice, ToDesktop};
use crate::platform::{self, Directories};
use crate::project::ProjectRoot;
use crate::registry::{self, Registry};
use crate::request::{Failure, FailureCode, Openable, Response};
use crate::snapshot;
use crate::supervise::{Client, Effect, Input, TrackerId};

/// What performing needs: the folders, the processes, the way back into the loop.
pub(super) struct Effects {
    directories: Directories,
    trackers: Trackers,
}

/// What came of it.
pub(super) enum Outcome {
    Nothing,
    Happened(Input),
    Exit,
}

impl Effects {
    pub(super) fn new(directories: Directories, inputs: Sender<AgentInput>) -> Self {
        let trackers = Trackers::new(&directories, inputs);
        Self { directories, trackers }
    }

    /// A tracker has exited: what was held for it can go.
    pub(super) fn reap(&mut self, tracker: TrackerId) {
        self.trackers.reap(tracker);
    }
}

pub(super) fn perform(
    effects: &mut Effects,
    effect: Effect,
    replies: &mut HashMap<u64, Reply>,
    desktop: &dyn Fn(ToDesktop),
) -> Outcome {
    let mut reply_to = |client: Client| client.and_then(|client| replies.remove(&client));
    match effect {
        Effect::Spawn(tracker, project) => return Outcome::Happened(effects.trackers.spawn(tracker, &project)),
        Effect::Send(tracker, message) => effects.trackers.send(tracker, message),
        Effect::Kill(tracker) => effects.trackers.kill(tracker),
        Effect::Reply(client, result) => answer(reply_to(Some(client)), result),
        Effect::Append(client, project, record) => append(reply_to(client), project, record),
        Effect::CleanUp(client, project) => return clean_up(reply_to(client), project),
        Effect::Probe(project) => return probe(project),
        Effect::Mark(project, state, reason) => {
            let marked = root(project).and_then(|root| Journal::mark(&root, state, Some(&reason)));
            warn("the state file can't say why nothing is recorded", marked);
        }
        Effect::SetWanted(project, wanted) => {
            let change = |projects: &mut Vec<_>| registry::set_wanted(projects, &project, wanted);
            warn("the list of projects can't be written", Registry::update(&effects.directories, change));
        }
        Effect::Unregister(project) => {
            let change = |projects: &mut Vec<registry::Registered>| projects.retain(|p| p.project != project);
            warn("the list of projects can't be written", Registry::update(&effects.directories, change));
        }
        Effect::Open(client, what) => answer(reply_to(client), open(&effects.directories, what)),
        Effect::Notify(notice) => notify(&effects.directories, notice, desktop),
        Effect::Withdraw(key) => desktop(ToDesktop::Withdraw(key)),
        Effect::Exit => return Outcome::Exit,
    }
    Outcome::Nothing
}

fn answer(reply: Option<Reply>, result: Result<Response, Failure>) {
    match (reply, result) {
        (Some(reply), result) => reply.send(result),
        (None, Err(failure)) => tracing::warn!(%failure, hint = failure.hint, "what was clicked could not be done"),
        (None, Ok(_)) => {}
    }
}

fn warn<T>(what: &str, result: Result<T, Failure>) {
    if let Err(failure) = result {
        tracing::warn!(%failure, "{what}");
    }
}

fn root(project: PathBuf) -> Result<ProjectRoot, Failure> {
    ProjectRoot::try_from(project).map_err(|error| Failure::new(FailureCode::BadProject, error.to_string()))
}

/// On a thread of its own: another writer may hold the journal for a while.
fn append(reply: Option<Reply>, project: PathBuf, record: Record) {
    thread::spawn(move || {
        let appended = root(project).and_then(|root| {
            locate::check_context(&root)?;
            let summarise_over = config::Record::default().summarise_over;
            Journal::open(&root, summarise_over).append_record(record, APPEND_PATIENCE)
        });
        answer(reply, appended.map(|seq| Response::Recorded { seq }));
    });
}

fn clean_up(reply: Option<Reply>, project: PathBuf) -> Outcome {
    let cleaned = root(project.clone()).and_then(|root| {
        if snapshot::is_tracked(&root) {
            return Err(journal::lock_failure(&root, &std::io::ErrorKind::TimedOut.into()));
        }
        Journal::clean_up_stale(&root)
    });
    let is_done = cleaned.is_ok();
    answer(reply, cleaned.map(|stale_pid| Response::Stopped { pid: None, stale_pid }));
    if is_done { Outcome::Happened(Input::CleanedUp(project)) } else { Outcome::Nothing }
}

fn probe(project: PathBuf) -> Outcome {
    match root(project) {
        Ok(root) => Outcome::Happened(Input::Probed(Box::new(snapshot::read(&root)))),
        Err(failure) => {
            tracing::warn!(%failure, "a project on the list is none");
            Outcome::Nothing
        }
    }
}

fn open(directories: &Directories, what: Openable) -> Result<Response, Failure> {
    let path = match what {
        Openable::SessionLog { project } => root(project)?.session_log(),
        Openable::Folder { project } => project,
        Openable::Diagnostics => directories.diagnostics_dir(),
    };
    platform::open(&path).map(|()| Response::Done).map_err(|error| {
        Failure::new(FailureCode::Io, format!("cannot open {}: {error}", path.display()))
            .with_hint("set a default program for this kind of file")
    })
}

fn notify(directories: &Directories, notice: Notice, desktop: &dyn Fn(ToDesktop)) {
    tracing::info!(title = notice.title, body = notice.body, "notice");
    let config = locate::load_config(directories, None).map(|(config, _)| config.notify).unwrap_or_default();
    let is_allowed = match &notice.key.project {
        Some(project) => config.allows(project),
        None => config.enabled,
    };
    if is_allowed {
        desktop(ToDesktop::Notify(notice));
    }
}
