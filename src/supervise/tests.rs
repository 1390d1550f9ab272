//! The supervisor by sequences of inputs: what it must do in known cases, and what must hold in every case.

mod deaths;
mod pauses;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::entry::Record;
use crate::request::{ShutdownReason, Span};
use crate::status::{Mark, Pause, Reach, Wish};

/// The supervisor with a clock of its own, and a world that does what the effects say.
struct World {
    supervisor: Supervisor,
    now: Moment,
    /// The trackers that were spawned and have not exited, with their projects.
    live: BTreeMap<TrackerId, PathBuf>,
    /// The projects whose folder holds what a dead tracker left.
    stale: BTreeMap<PathBuf, u64>,
    /// What the agent wrote into their state files.
    marks: BTreeMap<PathBuf, Mark>,
    /// The projects whose folder is gone.
    missing: BTreeSet<PathBuf>,
    /// The projects that another program records.
    foreign: BTreeSet<PathBuf>,
    /// The trackers' open questions.
    asked: BTreeMap<TrackerId, Vec<u64>>,
    /// The trackers that were told to end, or killed.
    ending: BTreeSet<TrackerId>,
    /// How many trackers there were.
    spawned: u64,
    /// The requests that were not answered yet.
    unanswered: BTreeSet<u64>,
    answers: BTreeMap<u64, Result<Response, Failure>>,
    done: Vec<Effect>,
    next_client: u64,
    /// No process can be started.
    cannot_spawn: bool,
    has_exited: bool,
}

impl World {
    fn new() -> Self {
        let identity = Identity { pid: 1, tray: false, started_at: String::new() };
        let now = Instant::now();
        Self {
            supervisor: Supervisor::new(identity, now),
            now: Moment { instant: now, wall: DateTime::UNIX_EPOCH.fixed_offset() },
            marks: BTreeMap::new(),
            live: BTreeMap::new(),
            stale: BTreeMap::new(),
            missing: BTreeSet::new(),
            foreign: BTreeSet::new(),
            asked: BTreeMap::new(),
            ending: BTreeSet::new(),
            spawned: 0,
            unanswered: BTreeSet::new(),
            answers: BTreeMap::new(),
            done: Vec::new(),
            next_client: 1,
            cannot_spawn: false,
            has_exited: false,
        }
    }

    fn on(&mut self, input: Input) {
        let mut inputs = vec![input];
        while !self.has_exited && !inputs.is_empty() {
            for input in std::mem::take(&mut inputs) {
                for effect in self.supervisor.on(input, self.now) {
                    self.done.push(effect.clone());
                    inputs.extend(self.perform(effect));
                    if self.has_exited {
                        return;
                    }
                }
            }
        }
    }

    /// Performs an effect, and checks that it is allowed; gives what comes of it, as the agent's loop does.
    fn perform(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Spawn(tracker, project) => {
                let others = self.live.values().filter(|other| **other == project).count();
                assert_eq!(others, 0, "a second tracker for {project:?}");
                assert!(self.supervisor.projects[&project].is_wanted(), "a tracker that nobody wants");
                assert!(!self.foreign.contains(&project), "a second tracker beside another program's");
                self.marks.remove(&project);
                self.stale.remove(&project);
                self.spawned += 1;
                assert_eq!(tracker, self.spawned, "a tracker's number is never used again");
                self.live.insert(tracker, project);
                if self.cannot_spawn {
                    self.live.remove(&tracker);
                    return Some(Input::SpawnFailed(tracker, Failure::new(FailureCode::Io, "no memory")));
                }
                return Some(Input::Spawned(tracker, 1000 + tracker as u32));
            }
            Effect::Send(tracker, ref message) => {
                assert!(self.live.contains_key(&tracker), "{effect:?} to a process that is not ours any more");
                match *message {
                    ToTracker::Record { request, .. } | ToTracker::Sync { request } | ToTracker::Ping { request } => {
                        self.asked.entry(tracker).or_default().push(request);
                    }
                    ToTracker::Stop | ToTracker::Pause => drop(self.ending.insert(tracker)),
                }
            }
            Effect::Kill(tracker) => {
                assert!(self.live.contains_key(&tracker), "{effect:?} to a process that is not ours any more");
                self.ending.insert(tracker);
            }
            Effect::Reply(client, result) => self.answer(client, result),
            Effect::Append(client, _, _) => self.answer_some(client, Ok(Response::Recorded { seq: 1 })),
            Effect::Open(client, _)
            | Effect::CopyBrief(client, _)
            | Effect::Mute(client, ..)
            | Effect::LaunchAtLogin(client, _) => self.answer_some(client, Ok(Response::Done)),
            Effect::CleanUp(client, project) => {
                let stale_pid = self.stale.remove(&project);
                if stale_pid.is_some() {
                    self.marks.remove(&project);
                }
                self.answer_some(client, Ok(Response::Stopped { pid: None, stale_pid }));
                return Some(Input::CleanedUp(project));
            }
            Effect::Probe(project) => {
                let stale_pid = self.stale.get(&project).copied();
                let mark = self.marks.get(&project);
                let state = match stale_pid {
                    _ if self.missing.contains(&project) => State::Missing,
                    _ if self.foreign.contains(&project) => State::Running,
                    Some(_) => State::Stale,
                    None => mark.map_or(State::Stopped, |mark| mark.state),
                };
                let paused_until = mark.and_then(|mark| mark.paused_until.clone());
                let status = ProjectStatus { stale_pid, paused_until, ..ProjectStatus::unknown(&project, state) };
                return Some(Input::Probed(Box::new(status)));
            }
            Effect::Mark(project, mark) => {
                assert!(!self.live.values().any(|live| *live == project), "a live tracker's file is its own");
                self.marks.insert(project, mark);
            }
            Effect::Exit => {
                assert!(self.live.is_empty(), "the agent leaves trackers behind");
                self.has_exited = true;
            }
            _ => {}
        }
        None
    }

    fn answer_some(&mut self, client: Client, result: Result<Response, Failure>) {
        if let Some(client) = client {
            self.answer(client, result);
        }
    }

    fn answer(&mut self, client: u64, result: Result<Response, Failure>) {
        assert!(self.unanswered.remove(&client), "{client} is answered twice");
        self.answers.insert(client, result);
    }

    fn ask(&mut self, request: Request) -> u64 {
        let client = self.next_client;
        self.next_client += 1;
        if self.has_exited {
            return client;
        }
        self.unanswered.insert(client);
        self.on(Input::Request(Some(client), request));
        client
    }

    fn tracker(&self, project: &str) -> Option<TrackerId> {
        let found = self.live.iter().find(|(_, path)| path.as_path() == Path::new(project));
        found.map(|(tracker, _)| *tracker)
    }

    fn ready(&mut self, project: &str) {
        let Some(tracker) = self.tracker(project) else { return };
        let pid = Some(1000 + tracker as u32);
        let status = ProjectStatus { pid, ..ProjectStatus::unknown(Path::new(project), State::Running) };
        self.on(Input::Said(tracker, FromTracker::Ready { status: Box::new(status) }));
    }

    fn exit(&mut self, project: &str, leaves_pid: bool) {
        let Some(tracker) = self.tracker(project) else { return };
        self.live.remove(&tracker);
        self.asked.remove(&tracker);
        self.ending.remove(&tracker);
        if leaves_pid {
            self.stale.insert(project.into(), 1000 + tracker);
        }
        self.on(Input::Exited(tracker, "it was killed by signal 9".into()));
    }

    /// Every tracker answers what it was asked.
    fn answer_questions(&mut self) {
        for (tracker, questions) in std::mem::take(&mut self.asked) {
            for request in questions {
                self.on(Input::Said(tracker, FromTracker::Synced { request }));
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while let Some(deadline) = self.supervisor.deadline().filter(|deadline| *deadline <= end) {
            self.pass(deadline.saturating_duration_since(self.now.instant));
            self.on(Input::Tick);
            if self.has_exited {
                return;
            }
        }
        self.pass(end - self.now.instant);
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.suspend(time);
    }

    /// The machine sleeps: only the clock on the wall goes on.
    fn suspend(&mut self, time: Duration) {
        self.now.wall += time;
    }

    fn state(&self, project: &str) -> State {
        let status = self.supervisor.status();
        status.projects.iter().find(|status| status.project == Path::new(project)).unwrap().state
    }

    fn notices(&self) -> Vec<NoticeKind> {
        let kind = |effect: &Effect| match effect {
            Effect::Notify(notice) => Some(notice.key.kind),
            _ => None,
        };
        self.done.iter().filter_map(kind).collect()
    }

    fn running(project: &str) -> Self {
        let mut world = World::new();
        world.ask(Request::Start { project: project.into(), force: false });
        world.ready(project);
        world
    }
}

fn start(project: &str) -> Request {
    Request::Start { project: project.into(), force: false }
}

fn stop(project: &str) -> Request {
    Request::Stop { project: project.into() }
}

#[derive(Clone, Debug)]
enum Event {
    Ask(Request),
    Click(Request),
    Ready(&'static str),
    Exit(&'static str, bool),
    Signalled(&'static str),
    Fails(&'static str, FailureCode),
    Answer,
    Wait(u64),
    Suspend(u64),
    /// Somebody sets the clock on the wall, by so many milliseconds.
    SetClock(i64),
    /// What a tracker that has exited said before, heard late.
    Late(u64),
    /// Its folder goes, or comes back.
    Folder(&'static str, bool),
    /// Processes can't be started any more, or can again.
    CannotSpawn(bool),
    Stale(&'static str),
    /// Another program records it, or does not any longer.
    Foreign(&'static str, bool),
    Terminate,
}

fn project() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["/a", "/b", "/c"])
}

fn request() -> impl Strategy<Value = Request> {
    let record = || Record::Note(crate::entry::Note { id: "1".into(), text: "x".into(), late: false });
    prop_oneof![
        6 => project().prop_map(start),
        4 => project().prop_map(stop),
        3 => (project(), span()).prop_map(|(project, span)| Request::Pause { project: project.into(), span }),
        1 => Just(Request::StartAll),
        1 => Just(Request::StopAll),
        1 => project().prop_map(|project| Request::Forget { project: project.into() }),
        1 => project().prop_map(|project| Request::CleanUp { project: project.into() }),
        2 => project().prop_map(move |project| Request::Record { project: project.into(), record: record() }),
        2 => project().prop_map(|project| Request::Sync { project: project.into() }),
        1 => project().prop_map(|project| Request::CopyBrief { project: project.into() }),
        1 => any::<bool>().prop_map(|muted| Request::Mute { project: None, muted }),
        1 => any::<bool>().prop_map(|enabled| Request::LaunchAtLogin { enabled }),
        1 => Just(Request::AddProject),
        1 => Just(Request::Agent),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![Just(Span::UntilResumed), Just(Span::UntilTomorrow), (0u64..200).prop_map(Span::Seconds)]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => request().prop_map(Event::Ask),
        2 => request().prop_map(Event::Click),
        6 => project().prop_map(Event::Ready),
        4 => (project(), any::<bool>()).prop_map(|(project, leaves)| Event::Exit(project, leaves)),
        1 => project().prop_map(Event::Signalled),
        1 => (project(), prop::sample::select(vec![FailureCode::BadProject, FailureCode::Io, FailureCode::Busy]))
            .prop_map(|(project, code)| Event::Fails(project, code)),
        3 => Just(Event::Answer),
        4 => (0u64..90_000).prop_map(Event::Wait),
        1 => (0u64..90_000_000).prop_map(Event::Suspend),
        1 => (-90_000_000i64..90_000_000).prop_map(Event::SetClock),
        1 => (1u64..20).prop_map(Event::Late),
        1 => (project(), any::<bool>()).prop_map(|(project, is_gone)| Event::Folder(project, is_gone)),
        1 => any::<bool>().prop_map(Event::CannotSpawn),
        1 => project().prop_map(Event::Stale),
        2 => (project(), any::<bool>()).prop_map(|(project, records)| Event::Foreign(project, records)),
        1 => Just(Event::Terminate),
    ]
}

impl World {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Ask(request) => drop(self.ask(request)),
            Event::Click(request) => self.on(Input::Request(None, request)),
            Event::Ready(project) => self.ready(project),
            Event::Exit(project, leaves_pid) => self.exit(project, leaves_pid),
            Event::Signalled(project) => {
                if let Some(tracker) = self.tracker(project) {
                    self.on(Input::Said(tracker, FromTracker::Signalled));
                }
            }
            Event::Fails(project, code) => {
                if let Some(tracker) = self.tracker(project) {
                    self.on(Input::Said(tracker, FromTracker::Failed { failure: Failure::new(code, "why") }));
                    self.exit(project, false);
                }
            }
            Event::Answer => self.answer_questions(),
            Event::Wait(ms) => self.wait(Duration::from_millis(ms)),
            Event::Suspend(ms) => self.suspend(Duration::from_millis(ms)),
            Event::SetClock(ms) => self.now.wall += chrono::TimeDelta::milliseconds(ms),
            Event::Late(tracker) => {
                if tracker <= self.spawned && !self.live.contains_key(&tracker) {
                    let status = ProjectStatus::unknown(Path::new("/a"), State::Running);
                    self.on(Input::Said(tracker, FromTracker::Ready { status: Box::new(status) }));
                    self.on(Input::Said(tracker, FromTracker::Signalled));
                    self.on(Input::Exited(tracker, "it was killed by signal 9".into()));
                }
            }
            Event::Folder(project, is_gone) => {
                if is_gone {
                    self.missing.insert(project.into())
                } else {
                    self.missing.remove(Path::new(project))
                };
            }
            Event::CannotSpawn(cannot) => self.cannot_spawn = cannot,
            Event::Stale(project) => {
                if self.tracker(project).is_none() {
                    self.stale.insert(project.into(), 7);
                }
            }
            Event::Foreign(project, records) => {
                if !records {
                    self.foreign.remove(Path::new(project));
                } else if self.tracker(project).is_none() {
                    self.foreign.insert(project.into());
                }
            }
            Event::Terminate => self.on(Input::Terminate),
        }
    }

    /// Nothing stands in the way for some minutes, and every tracker does what it is told.
    fn calm(&mut self) {
        self.missing.clear();
        self.foreign.clear();
        self.cannot_spawn = false;
        for _ in 0..30 {
            // First: what begins by itself at the very end is answered as well.
            self.wait(Duration::from_secs(5));
            for (tracker, project) in self.live.clone() {
                let project = project.to_str().unwrap();
                match self.ending.contains(&tracker) {
                    true => self.exit(project, false),
                    false => self.ready(project),
                }
            }
            self.answer_questions();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// `World::perform` holds the invariants; here the last of them: when calm returns, what the user wants is so, and
    /// everyone has an answer.
    #[test]
    fn whatever_happens(events in prop::collection::vec(event(), 0..60)) {
        let mut world = World::new();
        for event in events {
            world.happen(event);
        }
        world.calm();
        for (path, project) in world.supervisor.projects.iter().filter(|_| !world.has_exited) {
            let is_recorded = matches!(project.worker, Worker::Running { .. });
            let is_given_up = matches!(project.worker, Worker::Failed);
            prop_assert!(is_given_up || is_recorded == project.is_wanted(), "{:?}: {:?}", path, project);
        }
        prop_assert_eq!(&world.unanswered, &BTreeSet::new());
        world.ask(Request::Shutdown { reason: ShutdownReason::Quit });
        for project in ["/a", "/b", "/c"] {
            world.exit(project, false);
        }
        prop_assert!(world.has_exited);
        prop_assert_eq!(&world.unanswered, &BTreeSet::new());
    }
}
