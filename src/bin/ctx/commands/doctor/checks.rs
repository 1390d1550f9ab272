//! What is looked at.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use context_tray::ipc::client::ConnectError;
use context_tray::locate;
use context_tray::platform::autostart::{self, Autostart};
use context_tray::platform::files::{self, FsKind};
use context_tray::platform::{Directories, desktop};
use context_tray::project::ProjectRoot;
use context_tray::registry::{self, Registered};
use context_tray::request::{AgentInfo, Failure, FailureCode, Request, Response};
use context_tray::status::{ProjectStatus, State, TrayPlace, Wish};

use super::{Context, Finding};
use crate::agent_link::{self, ALIVE};
use crate::commands::run::quoted;
use crate::commands::status;
use crate::output::{count, shown};

/// Of a limit, so many hundredths may be used before it is told.
const NEAR: u64 = 80;

/// Where no failure says what to do.
const LOOK: &str = "look at the agent's log, which `ctx agent status` names";

/// Everything that recording needs.
pub(super) fn all(context: &Context<'_>) -> Vec<Finding> {
    let registered = context.registry().projects;
    let wanted = registered.iter().filter(|it| it.wish() == Wish::Recorded).count();
    let (info, mut findings) = agent(&context.directories, wanted as u64);
    findings.extend(info.as_ref().map(of_desktop).unwrap_or_default());
    findings.extend(folders(&context.directories));
    findings.extend(list(&context.directories));
    findings.extend(configuration(&context.directories));
    findings.extend(at_login());
    let statuses: Vec<(Registered, ProjectStatus)> = registered
        .into_iter()
        .filter_map(|it| ProjectRoot::try_from(it.project.clone()).ok().map(|root| (it, root)))
        .map(|(it, root)| (it, status::look(&context.directories, &root)))
        .collect();
    findings.extend(watches(statuses.iter().map(|(_, status)| status)));
    findings.extend(statuses.iter().flat_map(|(it, status)| project(it, status, info.is_some())));
    findings
}

/// Who the agent is, and what is wrong with it.
fn agent(directories: &Directories, wanted: u64) -> (Option<AgentInfo>, Vec<Finding>) {
    let failed = |failure: Failure| {
        let remedy = failure.hint.unwrap_or_else(|| LOOK.to_owned());
        (None, vec![Finding::problem("agent", failure.message, remedy)])
    };
    let mut client = match agent_link::connect(directories) {
        Ok(client) => client,
        Err(ConnectError::Failed(failure)) => return failed(failure),
        Err(ConnectError::NoAgent) => return (None, vec![no_agent(directories, wanted)]),
    };
    let pid = client.agent_pid().map(|pid| format!(" (PID {pid})")).unwrap_or_default();
    match client.request(Request::Agent, Instant::now() + ALIVE) {
        Ok(Response::Agent(info)) if info.version == env!("CARGO_PKG_VERSION") => {
            let finding = Finding::fine("agent", format!("it runs{pid}, version {}", info.version));
            (Some(info), vec![finding])
        }
        Ok(Response::Agent(info)) => {
            let message = format!("the agent{pid} has version {}, and ctx {}", info.version, env!("CARGO_PKG_VERSION"));
            (Some(info), vec![Finding::problem("agent", message, "run `ctx agent restart`")])
        }
        Ok(other) => failed(Failure::new(FailureCode::Internal, format!("the agent answers {other:?}"))),
        Err(failure) if failure.code == FailureCode::Timeout => {
            let message = format!("the agent{pid} does not answer");
            (None, vec![Finding::problem("agent", message, "run `ctx agent restart`")])
        }
        Err(failure) => failed(failure),
    }
}

fn no_agent(directories: &Directories, wanted: u64) -> Finding {
    let is_held = File::open(directories.agent_lock()).is_ok_and(|file| file.try_lock_shared().is_err());
    if is_held {
        let message = format!("a process holds {} and can't be reached", shown(&directories.agent_lock()));
        return Finding::problem("agent", message, "try again in a moment; if it stays so, end that process");
    }
    if wanted > 0 {
        let message = format!("no agent runs, so {} not recorded", are(wanted));
        return Finding::problem("agent", message, "run `ctx agent start`");
    }
    Finding::note("agent", "no agent runs", "`ctx start` in a project launches it")
}

fn are(wanted: u64) -> String {
    format!("{} that should be {}", count(wanted, "project"), if wanted == 1 { "is" } else { "are" })
}

/// Where the icon and the notifications are shown.
fn of_desktop(info: &AgentInfo) -> Vec<Finding> {
    let Some(found) = info.desktop else {
        let shows = desktop::has_desktop() && !info.tray;
        let message = "the agent was started without an icon";
        return shows
            .then(|| Finding::note("tray", message, "run `context-tray`, which takes its place"))
            .into_iter()
            .collect();
    };
    let tray = match (found.tray, found.tray.remedy()) {
        (TrayPlace::NoHost, Some(remedy)) => Finding::problem("tray", "nothing in this session shows icons", remedy),
        (TrayPlace::NoBus, Some(remedy)) => Finding::problem("tray", "the agent has no session bus", remedy),
        _ => Finding::fine("tray", "the icon has its place"),
    };
    let notifications = if found.notifications {
        Finding::fine("notifications", "they are shown")
    } else {
        let remedy = "install a notification server, such as dunst or mako; until then they stand in the agent's log";
        Finding::note("notifications", "nothing in this session shows notifications", remedy)
    };
    vec![tray, notifications]
}

/// Our own folders.
fn folders(directories: &Directories) -> Vec<Finding> {
    let state = &directories.state;
    if state.exists() && !files::is_writable(state) {
        let message = format!("{} can't be written", shown(state));
        return vec![Finding::problem("folders", message, "give yourself the right to write there")];
    }
    vec![Finding::fine("folders", format!("the state lies in {}", shown(state)))]
}

/// The list of projects, where it was lost.
fn list(directories: &Directories) -> Option<Finding> {
    let failure = registry::kept_aside_failure(&registry::kept_aside(directories)?);
    Some(Finding::problem("projects", failure.message, failure.hint.unwrap_or_else(|| LOOK.to_owned())))
}

fn configuration(directories: &Directories) -> Vec<Finding> {
    match locate::load_config(directories, None) {
        Err(failure) => {
            let remedy = failure.hint.unwrap_or_else(|| LOOK.to_owned());
            vec![Finding::problem("configuration", failure.message, remedy)]
        }
        Ok((_, warnings)) if warnings.is_empty() => vec![Finding::fine("configuration", "it is understood")],
        Ok((_, warnings)) => {
            let note = |warning| Finding::note("configuration", warning, "correct the name, or remove the line");
            warnings.into_iter().map(note).collect()
        }
    }
}

fn at_login() -> Vec<Finding> {
    let remedy = "run `ctx autostart enable`";
    vec![match autostart::status() {
        Ok(Autostart::Enabled) => Finding::fine("login", "the agent is launched at login"),
        Ok(Autostart::Disabled) => Finding::note("login", "the agent is not launched at login", remedy),
        Ok(Autostart::Broken(program)) => {
            Finding::problem("login", format!("{}, which is to be launched, is not there", shown(&program)), remedy)
        }
        Err(error) => {
            let message = format!("the system does not tell what it launches: {error}");
            Finding::note("login", message, "look into the settings of your desktop")
        }
    }]
}

/// How far the system's limits are used up.
fn watches<'s>(statuses: impl Iterator<Item = &'s ProjectStatus>) -> Vec<Finding> {
    let Some(limits) = files::watch_limits() else { return Vec::new() };
    let (folders, trackers) =
        statuses.filter_map(|status| status.directories_watched).fold((0, 0), |(sum, count), it| (sum + it, count + 1));
    let near = |used: u64, limit: u64| used.saturating_mul(100) >= limit.saturating_mul(NEAR);
    let raise = |name: &str, limit: u64| {
        let to = limit.saturating_mul(2).max(if name == "max_user_watches" { 524_288 } else { 1024 });
        format!("run `sudo sysctl fs.inotify.{name}={to}`")
    };
    if near(folders, limits.folders) {
        let message = format!("{folders} of {} folders that may be watched are", limits.folders);
        return vec![Finding::problem("watches", message, raise("max_user_watches", limits.folders))];
    }
    if near(trackers, limits.processes) {
        let message = format!("{trackers} of {} processes that may watch do", limits.processes);
        return vec![Finding::problem("watches", message, raise("max_user_instances", limits.processes))];
    }
    vec![Finding::fine("watches", format!("{} watched, of {} that may be", count(folders, "folder"), limits.folders))]
}

fn project(registered: &Registered, status: &ProjectStatus, agent_runs: bool) -> Vec<Finding> {
    let name = shown(&registered.project);
    let path = quoted(&registered.project.to_string_lossy());
    let is_wanted = registered.wish() == Wish::Recorded;
    let problem = |message: String, remedy: String| Finding::problem("project", format!("{name}: {message}"), remedy);
    let start = format!("run `ctx start {path}`");
    let reason = || status.reason.clone().unwrap_or_else(|| "its tracker does not run".to_owned());
    // That of the user's own file was found already.
    let config = status.config_problem.as_ref().filter(|_| status.config_problem_of_user().is_none());
    let mut findings = vec![match status.state {
        State::Missing => problem(
            "the folder is gone, or can't be read".to_owned(),
            format!("bring it back, or take it off the list: run `ctx forget {path}`"),
        ),
        State::Stale => {
            let pid = status.stale_pid.map(|pid| format!(" {pid}")).unwrap_or_default();
            let remedy = if is_wanted { start } else { format!("run `ctx stop {path}`") };
            problem(format!("a tracker that is gone left its PID{pid} behind"), remedy)
        }
        // It would not start.
        State::Backoff | State::Failed | State::Stopped if config.is_some() => {
            let then = if is_wanted { format!(", then {start}") } else { String::new() };
            problem(config.cloned().unwrap_or_default(), format!("correct the file{then}"))
        }
        State::Backoff | State::Failed => problem(reason(), start),
        State::Stopped if is_wanted && agent_runs => problem("it should be recorded, and is not".to_owned(), start),
        // The agent's own finding says what to do.
        State::Stopped if is_wanted => Finding::note(
            "project",
            format!("{name} should be recorded, and is not, since no agent runs"),
            "it is again as soon as one does",
        ),
        State::Stopped => Finding::fine("project", format!("{name} is not recorded, as you wish")),
        State::Paused => Finding::fine("project", format!("{name} is paused, as you wish")),
        State::Running | State::Starting => Finding::fine("project", format!("{name} is recorded")),
    }];
    if let Some(why) = &status.degraded {
        findings.push(degraded(&registered.project, &name, why));
    }
    if let Some(why) = &status.record_problem {
        let (message, remedy) = why.split_once("; ").unwrap_or((why, LOOK));
        findings.push(problem(message.to_owned(), remedy.to_owned()));
    }
    if let Some(why) = config.filter(|_| status.state.is_live()) {
        findings.push(problem(why.clone(), "correct the file; what was in force before still is".to_owned()));
    }
    if status.state != State::Missing
        && let Ok(root) = ProjectRoot::try_from(registered.project.clone())
        && let Err(failure) = locate::check_context(&root)
    {
        findings.push(problem(failure.message, failure.hint.unwrap_or_else(|| LOOK.to_owned())));
    }
    findings
}

/// Of a disk that tells nothing, nothing can be mended; else the sentence says what can.
fn degraded(path: &Path, name: &str, why: &str) -> Finding {
    let (message, remedy) = why.split_once("; ").unwrap_or((why, LOOK));
    let message = format!("{name}: {message}");
    match files::file_system(path) {
        Ok(FsKind::Remote(_)) => Finding::note("project", message, remedy),
        _ => Finding::problem("project", message, remedy),
    }
}
