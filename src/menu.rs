//! What the tray shows: the menu, the icon and the tooltip, as pure functions of the agent's status.
//!
//! Words and order are decided here, drawing them is the front end's. Nothing here knows of mnemonics, item ids or a
//! clock: times are said with their day, since nobody redraws a menu at midnight. Names come from the disk and may
//! hold anything, so every one goes through `plain` before it becomes part of a label.

mod text;

use std::cmp::Reverse;
use std::path::Path;

use chrono::DateTime;

use crate::request::{Openable, Request, ShutdownReason, Span};
use crate::status::{AgentStatus, ProjectStatus, State};
use text::{elided, isolated, moment, plain, sentence_case};

/// The most characters of a name in a label.
const NAME_CHARS: usize = 40;
/// The most characters of a sentence about a project.
const SENTENCE_CHARS: usize = 72;

/// So many projects stand in the menu itself, the others in one below.
const PROJECTS: usize = 15;

/// The pauses that the menu offers.
const PAUSES: [(&str, Span); 4] = [
    ("For 15 minutes", Span::Seconds(15 * 60)),
    ("For 1 hour", Span::Seconds(60 * 60)),
    ("Until tomorrow", Span::UntilTomorrow),
    ("Until I resume it", Span::UntilResumed),
];

/// One line of the menu.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Sends its request when it is clicked.
    Command {
        /// The text.
        label: String,
        /// Whether a click is possible.
        enabled: bool,
        /// What a click sends.
        request: Request,
    },
    /// The same for something that is so or not.
    Check {
        /// The text.
        label: String,
        /// Whether it is so.
        checked: bool,
        /// What a click sends.
        request: Request,
    },
    /// Text without a click.
    Label(String),
    /// A line between groups.
    Separator,
    /// A menu of its own.
    Submenu {
        /// The text.
        label: String,
        /// What it holds.
        items: Vec<Item>,
    },
}

/// What the icon says; each is a shape of its own, not only a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IconState {
    /// Nothing is recorded.
    Idle,
    /// At least one project is recorded, and all is well.
    Recording,
    /// Nothing is recorded, since a session is paused.
    Paused,
    /// At least one project wants a look.
    Trouble,
}

/// The whole menu.
pub fn menu(status: &AgentStatus) -> Vec<Item> {
    let projects = in_order(status);
    let mut submenus: Vec<Item> = projects
        .iter()
        .zip(titles(&projects))
        .map(|(project, title)| submenu(project, &title, status.settings.notify.mute.contains(&project.project)))
        .collect();
    let others = submenus.split_off(submenus.len().min(PROJECTS));
    let mut items = vec![Item::Label(sentence_case(&summary(status))), Item::Separator];
    items.append(&mut submenus);
    if !others.is_empty() {
        items.push(Item::Submenu { label: format!("More ({})", others.len()), items: others });
    }
    if !projects.is_empty() {
        items.push(Item::Separator);
    }
    let open = |label, what| command(label, true, Request::Open { what });
    let is_live = projects.iter().any(|project| project.state.is_live());
    items.extend([
        command("Add project...", true, Request::AddProject),
        command("Start all", projects.iter().any(|project| can_start(project.state)), Request::StartAll),
        command("Stop all", projects.iter().any(|project| can_stop(project.state)), Request::StopAll),
        Item::Separator,
        Item::Check {
            label: "Show notifications".to_owned(),
            checked: status.settings.notify.enabled,
            request: Request::Mute { project: None, muted: status.settings.notify.enabled },
        },
        Item::Check {
            label: "Launch at login".to_owned(),
            checked: status.settings.at_login,
            request: Request::LaunchAtLogin { enabled: !status.settings.at_login },
        },
        open("Open configuration", Openable::Configuration),
        Item::Separator,
        open("Why isn't it recording?", Openable::Report),
        open("Open diagnostics", Openable::Diagnostics),
        open("About Context Tray", Openable::About),
        Item::Separator,
        command(
            if is_live { "Quit (sessions resume at the next launch)" } else { "Quit" },
            true,
            Request::Shutdown { reason: ShutdownReason::Quit },
        ),
    ]);
    items
}

/// The icon's shape.
pub fn icon(status: &AgentStatus) -> IconState {
    let count = Count::of(status);
    match count {
        Count { trouble: 1.., .. } => IconState::Trouble,
        Count { live: 1.., .. } => IconState::Recording,
        Count { paused: 1.., .. } => IconState::Paused,
        _ => IconState::Idle,
    }
}

/// The text beside the pointer; it holds no names, since Windows cuts it after 127 UTF-16 units.
pub fn tooltip(status: &AgentStatus) -> String {
    format!("Context Tray: {}", summary(status))
}

/// What a click on the icon itself sends: show the log in which something happened last.
pub fn primary(status: &AgentStatus) -> Request {
    let newest = status.projects.iter().filter(|project| project.state != State::Missing).max_by_key(|project| {
        let event = project.last_event.as_ref().and_then(|event| DateTime::parse_from_rfc3339(&event.time).ok());
        (event, Reverse(&project.project))
    });
    let what = match newest {
        Some(project) => Openable::SessionLog { project: project.project.clone() },
        None => Openable::Diagnostics,
    };
    Request::Open { what }
}

/// How many projects are in which kind of state.
struct Count {
    all: usize,
    live: usize,
    paused: usize,
    trouble: usize,
}

impl Count {
    fn of(status: &AgentStatus) -> Self {
        let count = |matches: fn(State) -> bool| status.projects.iter().filter(|it| matches(it.state)).count();
        Self {
            all: status.projects.len(),
            live: count(State::is_live),
            paused: count(|state| state == State::Paused),
            trouble: count(State::is_trouble),
        }
    }
}

fn summary(status: &AgentStatus) -> String {
    let Count { all, live, paused, trouble } = Count::of(status);
    let recording = match (all, live) {
        (0, _) => return "no projects yet, run \"ctx start\" in one".to_owned(),
        (_, 0) if paused > 0 => "paused".to_owned(),
        (_, 0) => "not recording".to_owned(),
        (1, _) => "recording 1 project".to_owned(),
        (all, live) if all == live => format!("recording {all} projects"),
        (all, live) => format!("recording {live} of {all} projects"),
    };
    match trouble {
        0 => recording,
        1 => format!("{recording}, 1 needs a look"),
        many => format!("{recording}, {many} need a look"),
    }
}

/// The projects as the menu lists them: trouble first, then what is recorded, then what will be again, then by name.
fn in_order(status: &AgentStatus) -> Vec<&ProjectStatus> {
    let mut projects: Vec<&ProjectStatus> = status.projects.iter().collect();
    projects.sort_by_cached_key(|project| {
        let state = project.state;
        (!state.is_trouble(), !state.is_live(), state != State::Paused, project.name().to_lowercase(), &project.project)
    });
    projects
}

/// What to call each project: its name, with as much of its path as it takes to tell it from the others.
fn titles(projects: &[&ProjectStatus]) -> Vec<String> {
    let candidates: [Vec<String>; 3] = [
        projects.iter().map(|project| name(project)).collect(),
        projects.iter().map(|project| format!("{} ({})", name(project), parent_name(&project.project))).collect(),
        projects.iter().map(|project| isolated(plain(&project.project.to_string_lossy()))).collect(),
    ];
    let unique = |titles: &[String], index: usize| titles.iter().filter(|title| **title == titles[index]).count() == 1;
    let [.., paths] = &candidates;
    (0..projects.len())
        .map(|index| {
            let titles = candidates.iter().find(|titles| unique(titles, index)).unwrap_or(paths);
            titles[index].clone()
        })
        .collect()
}

fn name(project: &ProjectStatus) -> String {
    isolated(elided(&plain(&project.name()), NAME_CHARS))
}

fn parent_name(path: &Path) -> String {
    let parent = path.parent().unwrap_or(path);
    isolated(elided(&plain(&parent.file_name().unwrap_or(parent.as_os_str()).to_string_lossy()), NAME_CHARS))
}

fn submenu(project: &ProjectStatus, title: &str, muted: bool) -> Item {
    let root = || project.project.clone();
    let there = project.state != State::Missing;
    let mut items: Vec<Item> = sentences(project).into_iter().map(Item::Label).collect();
    items.push(Item::Separator);
    if project.state == State::Paused {
        items.push(command("Resume", there, Request::Start { project: root(), force: false }));
    } else if !can_stop(project.state) || can_start(project.state) {
        items.push(command("Start session", there, Request::Start { project: root(), force: false }));
    }
    if can_stop(project.state) {
        items.push(command("Stop session", true, Request::Stop { project: root() }));
    }
    if can_pause(project.state) {
        let pause = |(label, span): (&str, Span)| command(label, true, Request::Pause { project: root(), span });
        items.push(Item::Submenu { label: "Pause".to_owned(), items: PAUSES.map(pause).into() });
    }
    if let (State::Stale, Some(pid)) = (project.state, project.stale_pid) {
        items.push(command(&format!("Clean up stale PID {pid}"), true, Request::CleanUp { project: root() }));
    }
    items.extend([
        Item::Separator,
        command("Open session log", there, Request::Open { what: Openable::SessionLog { project: root() } }),
        command("Open folder", there, Request::Open { what: Openable::Folder { project: root() } }),
        command("Copy brief", there, Request::CopyBrief { project: root() }),
        Item::Separator,
        Item::Check {
            label: "Mute notifications".to_owned(),
            checked: muted,
            request: Request::Mute { project: Some(root()), muted: !muted },
        },
        command("Remove from list", true, Request::Forget { project: root() }),
    ]);
    Item::Submenu { label: format!("{title}: {}", state_in_brief(project)), items }
}

fn command(label: &str, enabled: bool, request: Request) -> Item {
    Item::Command { label: label.to_owned(), enabled, request }
}

/// Whether a start changes anything; of a tracker that waits for its next try, it is the try.
fn can_start(state: State) -> bool {
    matches!(state, State::Stopped | State::Paused | State::Stale | State::Backoff | State::Failed)
}

/// Whether a stop changes anything; of a tracker that waits for its next try, it is the end of the tries.
fn can_stop(state: State) -> bool {
    matches!(state, State::Running | State::Starting | State::Backoff | State::Paused)
}

/// Whether there is something to interrupt, or an interruption to change.
fn can_pause(state: State) -> bool {
    can_stop(state)
}

fn state_in_brief(project: &ProjectStatus) -> String {
    match project.state {
        State::Running if project.record_problem.is_some() => "not written".to_owned(),
        State::Running if project.degraded.is_some() => "recording, degraded".to_owned(),
        State::Running => "recording".to_owned(),
        State::Starting => "starting".to_owned(),
        State::Stopped => "not recording".to_owned(),
        State::Paused => format!("paused{}", until(project)),
        State::Stale => project.stale_pid.map_or("stale PID".to_owned(), |pid| format!("stale PID {pid}")),
        State::Backoff => "starting again soon".to_owned(),
        State::Failed => "failed".to_owned(),
        State::Missing => "folder is gone".to_owned(),
    }
}

/// What is known of the project: its state since when, what is wrong, what happened last.
fn sentences(project: &ProjectStatus) -> Vec<String> {
    let since = |time: &Option<String>| {
        time.as_deref().and_then(moment).map_or(String::new(), |moment| format!(" since {moment}"))
    };
    let state = match project.state {
        State::Running => format!("Recording{}", since(&project.started_at)),
        State::Starting => "Reading the project, records soon".to_owned(),
        State::Stopped => format!("Not recording{}", since(&project.stopped_at)),
        State::Paused => format!("Paused{}", until(project)),
        State::Stale => "Its tracker is gone and left its PID file".to_owned(),
        State::Backoff => "Its tracker died and is started again soon".to_owned(),
        State::Failed => "Its tracker does not run".to_owned(),
        State::Missing => "Its folder is gone".to_owned(),
    };
    let last = project.last_event.as_ref().map(|event| match moment(&event.time) {
        Some(moment) => format!("{moment}  {}", fitting(&event.detail)),
        None => fitting(&event.detail),
    });
    let said = [&project.reason, &project.record_problem, &project.degraded]
        .map(Option::as_deref)
        .into_iter()
        .flatten()
        .map(fitting);
    std::iter::once(state).chain(said).chain(last).collect()
}

/// A sentence that may hold names.
fn fitting(sentence: &str) -> String {
    isolated(elided(&plain(sentence), SENTENCE_CHARS))
}

fn until(project: &ProjectStatus) -> String {
    let end = project.paused_until.as_deref().and_then(moment);
    end.map_or(String::new(), |end| format!(" until {end}"))
}

#[cfg(test)]
mod tests;
