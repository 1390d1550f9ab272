//! The only place where an effect of the supervisor is performed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use super::AgentInput;
use super::trackers::{Trackers, companion};
use crate::entry::Record;
use crate::index;
use crate::ipc::server::Reply;
use crate::journal::{self, APPEND_PATIENCE, Journal};
use crate::locate;
use crate::notice::{Notice, NoticeKey, NoticeKind, ToDesktop};
use crate::platform::{self, Directories, process};
use crate::project::ProjectRoot;
use crate::registry::{self, Registry};
use crate::request::{Failure, FailureCode, Openable, Response};
use crate::settings::{self, Editable};
use crate::snapshot;
use crate::supervise::{Client, Effect, Input, TrackerId};

/// What performing needs: the folders, the processes, the way back into the loop.
pub(super) struct Effects {
    directories: Directories,
    trackers: Trackers,
}

/// What came of it.
#[allow(clippy::large_enum_variant, reason = "it is handed over at once and never kept")]
pub(super) enum Outcome {
    Nothing,
    Happened(Input),
    Exit,
}

impl Effects {
    pub(super) fn new(directories: Directories, inputs: Sender<AgentInput>) -> io::Result<Self> {
        let trackers = Trackers::new(&directories, inputs)?;
        Ok(Self { directories, trackers })
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
        Effect::Send(tracker, message) => effects.trackers.send(tracker, &message),
        Effect::Kill(tracker) => effects.trackers.kill(tracker),
        Effect::Reply(client, result) => answer(reply_to(Some(client)), result),
        Effect::Append(client, project, record) => {
            append(&effects.directories, reply_to(client), project, record);
        }
        Effect::CleanUp(client, project) => return clean_up(reply_to(client), project),
        Effect::Mute(client, project, muted) => {
            let done = settings::mute(&effects.directories, project.as_deref(), muted).map(|()| Response::Done);
            return answer_click(reply_to(client), done).unwrap_or_else(|| read_settings(&effects.directories));
        }
        Effect::LaunchAtLogin(client, enabled) => {
            let done = settings::launch_at_login(enabled).map(|()| Response::Done);
            return answer_click(reply_to(client), done).unwrap_or_else(|| read_settings(&effects.directories));
        }
        Effect::ReadSettings => return read_settings(&effects.directories),
        Effect::PickFolder => desktop(ToDesktop::PickFolder),
        Effect::Probe(project) => return probe(&effects.directories, project),
        Effect::Mark(project, mark) => {
            let marked = root(project).and_then(|root| Journal::mark(&root, &mark));
            warn("the state file can't say why nothing is recorded", marked);
        }
        Effect::SaveWish(project, wish) => {
            let change = |projects: &mut Vec<_>| registry::set_wish(projects, &project, wish);
            warn("the list of projects can't be written", Registry::update(&effects.directories, change));
        }
        Effect::Unregister(project) => {
            let change = |projects: &mut Vec<registry::Registered>| projects.retain(|p| p.project != project);
            warn("the list of projects can't be written", Registry::update(&effects.directories, change));
        }
        Effect::Open(None, Openable::About) => desktop(ToDesktop::Notify(about(&effects.directories))),
        Effect::Open(client, Openable::Report) => {
            let directories = effects.directories.clone();
            aside(reply_to(client), effects.trackers.inputs(), move || open_report(&directories));
        }
        Effect::CopyBrief(client, project) => {
            aside(reply_to(client), effects.trackers.inputs(), move || copy_brief(&project));
        }
        Effect::Open(client, what) => {
            let opened = open(&effects.directories, what);
            return answer_click(reply_to(client), opened).unwrap_or(Outcome::Nothing);
        }
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

/// The same for what only a click asks for: where it could not be done, the user is to hear of it.
fn answer_click(reply: Option<Reply>, result: Result<Response, Failure>) -> Option<Outcome> {
    let refused = result.as_ref().err().filter(|_| reply.is_none()).cloned();
    answer(reply, result);
    refused.map(|failure| Outcome::Happened(Input::Refused(failure)))
}

fn read_settings(directories: &Directories) -> Outcome {
    Outcome::Happened(Input::Settings(settings::read(directories)))
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
fn append(directories: &Directories, reply: Option<Reply>, project: PathBuf, record: Record) {
    let directories = directories.clone();
    thread::spawn(move || {
        let appended = root(project).and_then(|root| {
            locate::check_context(&root)?;
            let (config, _) = locate::load_config(&directories, Some(&root))?;
            Journal::open(&root, &config).append_record(record, APPEND_PATIENCE)
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

fn probe(directories: &Directories, project: PathBuf) -> Outcome {
    match root(project) {
        Ok(root) => Outcome::Happened(Input::Probed(Box::new(index::status(directories, &root)))),
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
        Openable::Configuration => {
            let file = Editable::of_user(directories);
            file.make()?;
            file.path().to_path_buf()
        }
        Openable::About | Openable::Report => return Err(Failure::new(FailureCode::BadRequest, "it is no file")),
    };
    platform::open(&path).map(|()| Response::Done).map_err(|error| cannot_open(&path, &error))
}

/// Does what takes its time, as the companion does that asks us too, on a thread of its own; what can't be done is told.
fn aside(
    reply: Option<Reply>,
    inputs: Sender<AgentInput>,
    work: impl FnOnce() -> Result<Response, Failure> + Send + 'static,
) {
    thread::spawn(move || {
        if let Some(Outcome::Happened(refused)) = answer_click(reply, work()) {
            drop(inputs.send(AgentInput::Happened(vec![refused])));
        }
    });
}

/// What the companion prints.
fn ask_companion(args: &[&OsStr]) -> io::Result<Output> {
    let mut ctx = Command::new(companion());
    ctx.args(["--color", "never"]).args(args).stdin(Stdio::null());
    process::hide_window(&mut ctx);
    ctx.output()
}

/// Has the companion write its report, and shows it.
fn open_report(directories: &Directories) -> Result<Response, Failure> {
    let path = directories.diagnostics_dir().join("report.txt");
    let write = || {
        fs::write(&path, ask_companion(&["doctor".as_ref()])?.stdout)?;
        platform::open(&path)
    };
    write().map(|()| Response::Done).map_err(|error| cannot_open(&path, &error))
}

/// Has the companion make the brief, which is up to date then, and puts it onto the clipboard.
fn copy_brief(project: &Path) -> Result<Response, Failure> {
    let cannot =
        |why: &str| Failure::new(FailureCode::Io, format!("cannot copy the brief of {}: {why}", project.display()));
    let asked = ask_companion(&["-C".as_ref(), project.as_os_str(), "brief".as_ref()]);
    let answer = asked.map_err(|error| cannot(&error.to_string()))?;
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stderr);
        let told = |prefix| said.lines().find_map(|line| line.strip_prefix(prefix));
        let failure = cannot(told("error: ").unwrap_or("ctx brief failed"));
        return Err(failure.with_hint(told("hint: ").unwrap_or("run `ctx brief` in the project's folder to see why")));
    }
    match platform::desktop::copy(&answer.stdout) {
        Ok(()) => Ok(Response::Done),
        Err(error) => Err(cannot(&error.to_string()).with_hint(platform::desktop::COPY_HINT)),
    }
}

fn cannot_open(path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureCode::Io, format!("cannot open {}: {error}", path.display()))
        .with_hint("set a default program for this kind of file")
}

/// What this is; shown although notices may be muted, since the user asks.
fn about(directories: &Directories) -> Notice {
    let lines = [
        env!("CARGO_PKG_DESCRIPTION").to_owned() + ".",
        format!("Configuration: {}", directories.config_file().display()),
        format!("Its own log: {}", directories.diagnostics_dir().display()),
        "Each project's record lies in its folder .context, and nowhere else.".to_owned(),
    ];
    Notice {
        key: NoticeKey { project: None, kind: NoticeKind::About },
        title: concat!("Context Tray ", env!("CARGO_PKG_VERSION")).to_owned(),
        body: lines.join("\n"),
        actions: Vec::new(),
    }
}

fn notify(directories: &Directories, notice: Notice, desktop: &dyn Fn(ToDesktop)) {
    tracing::info!(title = notice.title, body = notice.body, "notice");
    let config = settings::read(directories).notify;
    let is_allowed = match &notice.key.project {
        Some(project) => config.allows(project),
        None => config.enabled,
    };
    if is_allowed {
        desktop(ToDesktop::Notify(notice));
    }
}
