//! What the agent does about what happens: every input in, effects out.
//!
//! The supervisor owns all state of the agent and performs nothing itself: `agent::effects` does. It has no clock; every
//! time is an argument, and [`Supervisor::deadline`] says when it wants to be asked again. What holds whatever the
//! inputs are: a project never has two trackers, only a tracker that we spawned and that has not exited is sent to or
//! killed, and each request is answered once.

mod interface;
mod news;
mod notices;
mod pause;
mod project;
mod wishes;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset};

use crate::notice::{NoticeKey, NoticeKind};
use crate::request::{AgentInfo, Failure, FailureCode, FromTracker, Request, Response, ToTracker};
use crate::status::{AgentStatus, Desktop, ProjectStatus, Settings, State};
pub use interface::{Effect, Input};
use project::Project;
use wishes::check_root;
use worker::Worker;

/// One spawned process; never used again.
pub type TrackerId = u64;

/// Who waits for an answer; none when nobody does (a click).
pub type Client = Option<u64>;

/// A tracker that leaves a request unanswered for this long is dead; so is one that does not end.
pub const ANSWER: Duration = Duration::from_secs(10);

/// One that starts and says nothing for this long is dead, too. It tells of each place that it looks at, and of nothing while it
/// reads its index from a slow disk, or writes all that has changed while nobody recorded.
pub const BEGINNING: Duration = Duration::from_secs(300);

/// Between two signs of life asked of every tracker.
pub const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

/// A signal to a tracker is the user's wish when the agent outlives it by this much: at logout everything is signalled.
pub const WISH_DELAY: Duration = Duration::from_secs(2);

/// The trackers of an agent that was killed notice it and end; when they have not after this time, they are another's.
pub const ORPHANS_END: Duration = Duration::from_secs(3);

/// Between two looks at what another program records meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// One moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the one that never goes back, and stands still while the machine sleeps.
    pub instant: Instant,
    /// By the one on the wall.
    pub wall: DateTime<FixedOffset>,
}

/// What the agent is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The process's number.
    pub pid: u32,
    /// Whether it was started to show a tray icon.
    pub tray: bool,
    /// RFC 3339 with the local offset.
    pub started_at: String,
}

/// All state of the agent.
#[derive(Debug)]
pub struct Supervisor {
    identity: Identity,
    projects: BTreeMap<PathBuf, Project>,
    settings: Settings,
    desktop: Option<Desktop>,
    /// What the user was told of the configuration that all projects share.
    config_told: Option<String>,
    next_tracker: TrackerId,
    next_question: u64,
    ask_at: Option<Instant>,
    /// Who waits for which trackers to end.
    stop_all: Vec<(u64, BTreeSet<TrackerId>)>,
    /// Until when another's tracker may be one that a killed agent left.
    orphans_until: Instant,
    /// The agent ends; who is to be told when all trackers have ended.
    ending: Option<Vec<u64>>,
}

impl Supervisor {
    /// An agent without projects, launched now.
    pub fn new(identity: Identity, now: Instant) -> Self {
        Self {
            identity,
            projects: BTreeMap::new(),
            settings: Settings::default(),
            desktop: None,
            config_told: None,
            next_tracker: 1,
            next_question: 1,
            ask_at: None,
            stop_all: Vec::new(),
            orphans_until: now + ORPHANS_END,
            ending: None,
        }
    }

    /// Everything there is to show.
    pub fn status(&self) -> AgentStatus {
        AgentStatus {
            pid: self.identity.pid,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            tray: self.identity.tray,
            started_at: self.identity.started_at.clone(),
            projects: self.projects.values().map(|project| project.status.clone()).collect(),
            settings: self.settings.clone(),
        }
    }

    /// When to come back with [`Input::Tick`]; never while nothing is timed.
    pub fn deadline(&self) -> Option<Instant> {
        self.projects.values().filter_map(Project::deadline).chain(self.ask_at).min()
    }

    /// Takes one input and says what is to be done about it.
    pub fn on(&mut self, input: Input, at: Moment) -> Vec<Effect> {
        let now = at.instant;
        let mut effects = Vec::new();
        match input {
            Input::Registered(path, wish) => {
                let project = self.projects.entry(path.clone()).or_insert_with(|| Project::new(&path, wish));
                project.saved_wish = Some(wish);
                project.plan_resume(at);
                effects.push(Effect::Probe(path));
            }
            Input::Request(client, request) => self.on_request(client, request, at, &mut effects),
            Input::Probed(status) => self.on_probed(*status, at, &mut effects),
            Input::Spawned(tracker, pid) => {
                if let Some(project) = self.by_tracker(tracker) {
                    project.status.pid = Some(pid);
                }
            }
            Input::SpawnFailed(tracker, failure) => {
                if let Some(project) = self.by_tracker(tracker) {
                    project.said_failed(failure);
                }
                self.on_exited(tracker, "it could not be started", now, &mut effects);
            }
            Input::Said(tracker, message) => self.on_said(tracker, message, now, &mut effects),
            Input::Exited(tracker, how) => self.on_exited(tracker, &how, now, &mut effects),
            Input::CleanedUp(path) => {
                effects.push(Effect::Withdraw(NoticeKey { project: Some(path.clone()), kind: NoticeKind::StalePid }));
                effects.push(Effect::Probe(path));
            }
            Input::Settings(settings) => self.settings = settings,
            Input::Desktop(desktop) => self.desktop = Some(desktop),
            Input::Refused(failure) => effects.push(Effect::Notify(notices::refused(&failure))),
            Input::Terminate => self.end(None, now, &mut effects),
            Input::Tick => self.on_tick(at, &mut effects),
        }
        self.tell_of_shared_config(&mut effects);
        self.plan_signs_of_life(now);
        self.finish_waiting(&mut effects);
        effects
    }

    fn on_request(&mut self, client: Client, request: Request, at: Moment, effects: &mut Vec<Effect>) {
        let now = at.instant;
        if self.ending.is_some() && !matches!(request, Request::Agent | Request::Shutdown { .. }) {
            return answer(client, Err(shutting_down()), effects);
        }
        match request {
            Request::Agent => answer(client, Ok(Response::Agent(self.info())), effects),
            Request::Start { project, force } => match check_root(&project, force) {
                Ok(()) => self.start(project, client, at, effects),
                Err(failure) => answer(client, Err(failure), effects),
            },
            Request::Stop { project } => self.stop(&project, client, at, effects),
            Request::Pause { project, span } => self.pause(&project, client, span, at, effects),
            Request::StartAll => {
                for path in self.projects.keys().cloned().collect::<Vec<_>>() {
                    self.start(path, None, at, effects);
                }
                answer(client, Ok(Response::Done), effects);
            }
            Request::StopAll => {
                for path in self.projects.keys().cloned().collect::<Vec<_>>() {
                    self.stop(&path, None, at, effects);
                }
                let live = self.live_trackers();
                self.stop_all.extend(client.map(|client| (client, live)));
            }
            Request::Forget { project } => self.forget(&project, client, at, effects),
            Request::CleanUp { project } => effects.push(Effect::CleanUp(client, project)),
            Request::Record { project, record } => {
                let message = |request| ToTracker::Record { request, record: record.clone() };
                if self.ask(&project, client, now, effects, message).is_none() {
                    effects.push(Effect::Append(client, project, record));
                }
            }
            Request::Sync { project } => {
                if self.ask(&project, client, now, effects, |request| ToTracker::Sync { request }).is_none() {
                    answer(client, Err(not_running(&project)), effects);
                }
            }
            Request::Mute { project, muted } => effects.push(Effect::Mute(client, project, muted)),
            Request::LaunchAtLogin { enabled } => effects.push(Effect::LaunchAtLogin(client, enabled)),
            Request::CopyBrief { project } => effects.push(Effect::CopyBrief(client, project)),
            Request::AddProject if self.identity.tray => {
                effects.push(Effect::PickFolder);
                answer(client, Ok(Response::Done), effects);
            }
            Request::AddProject => answer(client, Err(no_desktop()), effects),
            Request::Open { what } => effects.push(Effect::Open(client, what)),
            Request::Shutdown { .. } => self.end(client, now, effects),
        }
    }

    /// Asks a project's tracker something; gives the number of the question, or none when it has no tracker.
    fn ask(
        &mut self,
        path: &Path,
        client: Client,
        now: Instant,
        effects: &mut Vec<Effect>,
        message: impl FnOnce(u64) -> ToTracker,
    ) -> Option<u64> {
        let question = self.next_question;
        let tracker = self.projects.get_mut(path)?.worker.ask(question, client, now)?;
        self.next_question += 1;
        effects.push(Effect::Send(tracker, message(question)));
        Some(question)
    }

    /// What the disk says decides what a project without a tracker is; and one that is wanted gets its tracker.
    fn on_probed(&mut self, status: ProjectStatus, at: Moment, effects: &mut Vec<Effect>) {
        let path = status.project.clone();
        let is_ending = self.ending.is_some();
        let Some(project) = self.projects.get_mut(&path) else { return };
        if project.worker.is_live() {
            return;
        }
        let on_disk = status.clone();
        project.take_status(status);
        match project.worker {
            Worker::Backoff { .. } | Worker::Failed => return,
            _ => {}
        }
        project.show_pause(&on_disk, effects);
        news::about_disk(project, effects);
        if project.status.state.is_live() && project.is_wanted() && at.instant < self.orphans_until {
            project.worker = Worker::Blocked { look_at: at.instant + LOOK_AGAIN };
            return;
        }
        if let Some(failure) = cannot_record(&project.status) {
            project.fail_starting(&failure, effects);
            project.take_back_wish(at);
            if project.saved_wish.is_none() {
                self.projects.remove(&path);
            } else if project.status.state == State::Missing && project.is_wanted() {
                project.await_folder(at.instant);
            }
            return;
        }
        if project.is_wanted() && !is_ending {
            let tracker = self.next_tracker;
            self.next_tracker += 1;
            project.save_wish(effects);
            project.spawned(tracker, at.instant);
            effects.push(Effect::Spawn(tracker, path));
        }
    }

    fn on_said(&mut self, tracker: TrackerId, message: FromTracker, now: Instant, effects: &mut Vec<Effect>) {
        let Some(project) = self.by_tracker(tracker) else { return };
        match message {
            FromTracker::Ready { status } => {
                project.take_status(*status);
                project.worker.ready(now);
                news::about_watch(project, effects);
                project.started(false, effects);
            }
            FromTracker::Status { status } => {
                project.take_status(*status);
                news::about_watch(project, effects);
            }
            FromTracker::Recorded { request, seq } => {
                answer(project.worker.answered(request), Ok(Response::Recorded { seq }), effects);
            }
            FromTracker::Synced { request } => {
                if project.worker.is_confirmed_by(request) {
                    project.started(true, effects);
                }
                answer(project.worker.answered(request), Ok(Response::Done), effects);
            }
            FromTracker::Busy => project.worker.is_at_work(now),
            FromTracker::Refused { request, failure } => {
                answer(project.worker.answered(request), Err(failure), effects)
            }
            FromTracker::Signalled => {
                project.was_signalled = true;
                project.worker.stop(now);
            }
            FromTracker::Failed { failure } => project.said_failed(failure),
        }
    }

    /// Every tracker says what is wrong with the user's own file; the user hears it once.
    fn tell_of_shared_config(&mut self, effects: &mut Vec<Effect>) {
        let problem = self.projects.values().find_map(|project| project.status.config_problem_of_user());
        if problem == self.config_told.as_deref() {
            return;
        }
        let key = NoticeKey { project: None, kind: NoticeKind::Config };
        effects.push(match problem {
            Some(problem) => Effect::Notify(notices::shared_config(problem, key)),
            None => Effect::Withdraw(key),
        });
        self.config_told = problem.map(str::to_owned);
    }

    fn on_exited(&mut self, tracker: TrackerId, how: &str, now: Instant, effects: &mut Vec<Effect>) {
        let is_ending = self.ending.is_some();
        let Some(project) = self.by_tracker(tracker) else { return };
        let path = project.status.project.clone();
        project.exited(how, now, is_ending, effects);
        if project.forget {
            self.projects.remove(&path);
        } else {
            effects.push(Effect::Probe(path));
        }
    }

    fn on_tick(&mut self, at: Moment, effects: &mut Vec<Effect>) {
        let now = at.instant;
        for project in self.projects.values_mut() {
            project.tick(at, effects);
        }
        if self.ask_at.is_some_and(|at| at <= now) {
            self.ask_at = None;
            effects.push(Effect::ReadSettings);
            for path in self.projects.keys().cloned().collect::<Vec<_>>() {
                let project = &self.projects[&path];
                if matches!(project.worker, Worker::Running { .. }) {
                    self.ask(&path, None, now, effects, |request| ToTracker::Ping { request });
                } else if project.is_awaited() {
                    effects.push(Effect::Probe(path));
                }
            }
        }
    }

    /// Ends every session but keeps the wishes, so that the next launch resumes them.
    fn end(&mut self, client: Client, now: Instant, effects: &mut Vec<Effect>) {
        self.ending.get_or_insert_default().extend(client);
        for project in self.projects.values_mut() {
            project.fail_starting(&shutting_down(), effects);
            if let Some(tracker) = project.worker.stop(now) {
                effects.push(Effect::Send(tracker, ToTracker::Stop));
            }
        }
    }

    /// Answers those who wait for trackers to end.
    fn finish_waiting(&mut self, effects: &mut Vec<Effect>) {
        let live = self.live_trackers();
        let done = |client| Effect::Reply(client, Ok(Response::Done));
        let ended = self.stop_all.extract_if(.., |(_, awaited)| awaited.is_disjoint(&live));
        effects.extend(ended.map(|(client, _)| done(client)));
        if live.is_empty()
            && let Some(clients) = self.ending.as_mut().map(std::mem::take)
        {
            effects.extend(clients.into_iter().map(done));
            effects.push(Effect::Exit);
        }
    }

    fn live_trackers(&self) -> BTreeSet<TrackerId> {
        self.projects.values().filter_map(|project| project.worker.tracker()).collect()
    }

    fn plan_signs_of_life(&mut self, now: Instant) {
        if !self
            .projects
            .values()
            .any(|project| project.worker.is_live() || project.is_awaited() || project.awaits_time())
        {
            self.ask_at = None;
        } else if self.ask_at.is_none() {
            self.ask_at = Some(now + SIGN_OF_LIFE);
        }
    }

    fn by_tracker(&mut self, tracker: TrackerId) -> Option<&mut Project> {
        self.projects.values_mut().find(|project| project.worker.tracker() == Some(tracker))
    }

    fn info(&self) -> AgentInfo {
        let running = self.projects.values().filter(|project| project.status.state.is_live());
        AgentInfo {
            pid: self.identity.pid,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            tray: self.identity.tray,
            started_at: self.identity.started_at.clone(),
            projects: self.projects.len() as u64,
            running: running.count() as u64,
            desktop: self.desktop,
        }
    }
}

fn answer(client: Client, result: Result<Response, Failure>, effects: &mut Vec<Effect>) {
    effects.extend(client.map(|client| Effect::Reply(client, result)));
}

/// Why a project whose status on the disk is this can't be given a tracker.
fn cannot_record(status: &ProjectStatus) -> Option<Failure> {
    let path = status.project.display();
    if status.state == State::Missing {
        let message = format!("the folder {path} is gone, or can't be read");
        let hint = "bring it back, or take it off the list with: ctx forget";
        return Some(Failure::new(FailureCode::BadProject, message).with_hint(hint));
    }
    status.state.is_live().then(|| {
        let pid = status.pid.map(|pid| format!(" (PID {pid})")).unwrap_or_default();
        let message = format!("another program{pid} records {path} already");
        let hint = "end that one first, with `ctx stop` or with Context Engine's `stop-session`";
        Failure::new(FailureCode::Busy, message).with_hint(hint)
    })
}

fn shutting_down() -> Failure {
    Failure::new(FailureCode::ShuttingDown, "the agent is ending").with_hint("try again in a moment")
}

fn no_desktop() -> Failure {
    Failure::new(FailureCode::Io, "the agent runs without a desktop").with_hint("name the folder: ctx start PATH")
}

fn not_running(project: &Path) -> Failure {
    Failure::new(FailureCode::NotRunning, format!("{} is not being recorded", project.display()))
        .with_hint("start it with: ctx start")
}

// Its projects lie where those of Unix do.
#[cfg(test)]
#[cfg(unix)]
mod tests;
