//! The supervisor by sequences of inputs: what it must do in known cases, and what must hold in every case.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::entry::Record;
use crate::request::ShutdownReason;
use crate::status::Reach;

/// The supervisor with a clock of its own, and a world that does what the effects say.
struct World {
    supervisor: Supervisor,
    now: Instant,
    /// The trackers that were spawned and have not exited, with their projects.
    live: BTreeMap<TrackerId, PathBuf>,
    /// The projects whose folder holds what a dead tracker left.
    stale: BTreeMap<PathBuf, u64>,
    /// The projects whose folder is gone.
    missing: BTreeSet<PathBuf>,
    /// The requests that were not answered yet.
    unanswered: BTreeSet<u64>,
    answers: BTreeMap<u64, Result<Response, Failure>>,
    done: Vec<Effect>,
    next_client: u64,
    has_exited: bool,
}

impl World {
    fn new() -> Self {
        let identity = Identity { pid: 1, tray: false, started_at: String::new() };
        Self {
            supervisor: Supervisor::new(identity),
            now: Instant::now(),
            live: BTreeMap::new(),
            stale: BTreeMap::new(),
            missing: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            answers: BTreeMap::new(),
            done: Vec::new(),
            next_client: 1,
            has_exited: false,
        }
    }

    fn on(&mut self, input: Input) {
        if self.has_exited {
            return;
        }
        for effect in self.supervisor.on(input, self.now) {
            self.done.push(effect.clone());
            self.perform(effect);
        }
    }

    /// Performs an effect, and checks that it is allowed.
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Spawn(tracker, project) => {
                let others = self.live.values().filter(|other| **other == project).count();
                assert_eq!(others, 0, "a second tracker for {project:?}");
                self.stale.remove(&project);
                self.live.insert(tracker, project);
                self.on(Input::Spawned(tracker, 1000 + tracker as u32));
            }
            Effect::Send(tracker, _) | Effect::Kill(tracker) => {
                assert!(self.live.contains_key(&tracker), "{effect:?} to a process that is not ours any more");
            }
            Effect::Reply(client, result) => self.answer(client, result),
            Effect::Append(client, _, _) => self.answer_some(client, Ok(Response::Recorded { seq: 1 })),
            Effect::Open(client, _) => self.answer_some(client, Ok(Response::Done)),
            Effect::CleanUp(client, project) => {
                let stale_pid = self.stale.remove(&project);
                self.answer_some(client, Ok(Response::Stopped { pid: None, stale_pid }));
                self.on(Input::CleanedUp(project));
            }
            Effect::Probe(project) => {
                let stale_pid = self.stale.get(&project).copied();
                let state = match stale_pid {
                    _ if self.missing.contains(&project) => State::Missing,
                    Some(_) => State::Stale,
                    None => State::Stopped,
                };
                let status = ProjectStatus { stale_pid, ..ProjectStatus::unknown(&project, state) };
                self.on(Input::Probed(Box::new(status)));
            }
            Effect::Exit => {
                assert!(self.live.is_empty(), "the agent leaves trackers behind");
                self.has_exited = true;
            }
            _ => {}
        }
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
        if !self.has_exited {
            self.unanswered.insert(client);
        }
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
        if leaves_pid {
            self.stale.insert(project.into(), 1000 + tracker);
        }
        self.on(Input::Exited(tracker, "it was killed by signal 9".into()));
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.supervisor.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.on(Input::Tick);
            if self.has_exited {
                return;
            }
        }
        self.now = end;
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

#[test]
fn a_start_is_answered_when_the_tracker_records() {
    let mut world = World::new();
    let client = world.ask(start("/a"));
    assert_eq!(world.state("/a"), State::Starting);
    assert!(world.unanswered.contains(&client));
    world.ready("/a");
    let Ok(Response::Session { status, already: false }) = &world.answers[&client] else { panic!() };
    assert_eq!((status.state, status.agent), (State::Running, Reach::Running));
    let again = world.ask(start("/a"));
    assert!(matches!(&world.answers[&again], Ok(Response::Session { already: true, .. })));
    assert!(world.done.contains(&Effect::SetWanted("/a".into(), true)));
}

#[test]
fn a_stop_is_answered_when_the_tracker_has_ended() {
    let mut world = World::running("/a");
    let client = world.ask(stop("/a"));
    assert!(world.unanswered.contains(&client));
    world.exit("/a", false);
    assert!(matches!(world.answers[&client], Ok(Response::Stopped { pid: Some(_), stale_pid: None })));
    assert_eq!(world.state("/a"), State::Stopped);
    world.wait(Duration::from_secs(3600));
    assert_eq!(world.live.len(), 0, "what was stopped stays stopped");
    assert_eq!(world.notices(), []);
}

#[test]
fn a_tracker_that_does_not_end_is_killed() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    let client = world.ask(stop("/a"));
    world.wait(ANSWER);
    assert!(world.done.contains(&Effect::Kill(tracker)));
    world.exit("/a", true);
    assert!(world.answers[&client].is_ok());
    assert_eq!((world.state("/a"), world.stale.len()), (State::Stopped, 0), "nothing is left behind");
    assert_eq!(world.notices(), []);
}

#[test]
fn a_stop_that_could_not_write_says_so() {
    let mut world = World::running("/a");
    let client = world.ask(stop("/a"));
    let tracker = world.tracker("/a").unwrap();
    let failure = Failure::new(FailureCode::Io, "the disk is full");
    world.on(Input::Said(tracker, FromTracker::Failed { failure: failure.clone() }));
    world.exit("/a", false);
    assert_eq!(world.answers[&client], Err(failure));
    assert_eq!((world.state("/a"), world.notices()), (State::Stopped, vec![]));
}

#[test]
fn a_folder_that_comes_back_is_recorded_again() {
    let mut world = World::running("/a");
    world.missing.insert("/a".into());
    let tracker = world.tracker("/a").unwrap();
    let failure = Failure::new(FailureCode::BadProject, "the folder /a is gone");
    world.on(Input::Said(tracker, FromTracker::Failed { failure }));
    world.exit("/a", false);
    world.wait(SIGN_OF_LIFE * 3);
    assert_eq!((world.state("/a"), world.live.len()), (State::Missing, 0));
    assert_eq!(world.notices(), [NoticeKind::Missing], "told once");
    world.missing.clear();
    world.wait(SIGN_OF_LIFE);
    world.ready("/a");
    assert_eq!(world.state("/a"), State::Running);
}

#[test]
fn what_can_be_no_project_is_not_remembered() {
    let mut world = World::new();
    world.missing.insert("/gone".into());
    for path in ["relative", "/", "/gone"] {
        let client = world.ask(start(path));
        assert!(world.answers[&client].is_err(), "{path}");
    }
    assert_eq!(world.supervisor.status().projects, []);
    assert!(!world.done.iter().any(|effect| matches!(effect, Effect::SetWanted(..))));
}

#[test]
fn a_tracker_that_dies_is_started_again_ever_later_and_then_given_up() {
    let mut world = World::running("/a");
    let mut delays = Vec::new();
    for _ in 0..5 {
        world.exit("/a", true);
        assert_eq!(world.state("/a"), State::Backoff);
        let died = world.now;
        while world.tracker("/a").is_none() {
            world.wait(Duration::from_millis(100));
        }
        delays.push(world.now.duration_since(died).as_millis());
        world.ready("/a");
    }
    assert_eq!(delays, [500, 1000, 2000, 4000, 8000]);
    world.exit("/a", true);
    assert_eq!(world.state("/a"), State::Failed);
    world.wait(Duration::from_secs(3600));
    assert_eq!(world.live.len(), 0);
    assert_eq!(world.notices(), [NoticeKind::Crashed, NoticeKind::GivenUp]);
    world.ask(start("/a"));
    world.ready("/a");
    assert_eq!(world.state("/a"), State::Running, "the user may start it again");
}

#[test]
fn deaths_that_lie_far_apart_are_forgiven() {
    let mut world = World::running("/a");
    for _ in 0..20 {
        world.exit("/a", true);
        world.wait(Duration::from_secs(1));
        world.ready("/a");
        assert_eq!(world.state("/a"), State::Running);
        // A tracker that answers its questions.
        for _ in 0..6 {
            world.wait(Duration::from_secs(61));
            let last = world.supervisor.next_question - 1;
            let tracker = world.tracker("/a").unwrap();
            world.on(Input::Said(tracker, FromTracker::Synced { request: last }));
            world.wait(Duration::from_secs(40));
            let last = world.supervisor.next_question - 1;
            world.on(Input::Said(tracker, FromTracker::Synced { request: last }));
        }
    }
}

#[test]
fn a_tracker_that_hangs_is_killed() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    world.wait(SIGN_OF_LIFE + ANSWER);
    assert!(world.done.contains(&Effect::Kill(tracker)));
}

#[test]
fn a_signal_is_the_users_wish_only_when_the_agent_outlives_it() {
    let mut world = World::running("/a");
    let tracker = world.tracker("/a").unwrap();
    world.on(Input::Said(tracker, FromTracker::Signalled));
    world.exit("/a", false);
    assert!(!world.done.contains(&Effect::SetWanted("/a".into(), false)));
    world.wait(WISH_DELAY);
    assert!(world.done.contains(&Effect::SetWanted("/a".into(), false)));
    assert_eq!(world.live.len(), 0);

    let mut logout = World::running("/a");
    let tracker = logout.tracker("/a").unwrap();
    logout.on(Input::Said(tracker, FromTracker::Signalled));
    logout.on(Input::Terminate);
    logout.exit("/a", false);
    assert!(logout.has_exited);
    assert!(!logout.done.contains(&Effect::SetWanted("/a".into(), false)));
}

#[test]
fn a_stale_pid_is_told_once_and_taken_back() {
    let mut world = World::new();
    world.stale.insert("/a".into(), 4711);
    world.on(Input::Registered("/a".into(), false));
    assert_eq!(world.state("/a"), State::Stale);
    world.on(Input::Registered("/a".into(), false));
    assert_eq!(world.notices(), [NoticeKind::StalePid]);
    let Some(Effect::Notify(notice)) = world.done.iter().find(|effect| matches!(effect, Effect::Notify(_))) else {
        panic!()
    };
    assert!(notice.title.contains("4711") && notice.title.contains('a'), "{notice:?}");
    let client = world.ask(Request::CleanUp { project: "/a".into() });
    assert_eq!(world.answers[&client], Ok(Response::Stopped { pid: None, stale_pid: Some(4711) }));
    assert_eq!(world.state("/a"), State::Stopped);
    let key = NoticeKey { project: Some("/a".into()), kind: NoticeKind::StalePid };
    assert!(world.done.contains(&Effect::Withdraw(key)));
}

#[test]
fn a_restart_while_it_stops_follows_the_stop() {
    let mut world = World::running("/a");
    let stopped = world.ask(stop("/a"));
    let started = world.ask(start("/a"));
    world.exit("/a", false);
    assert!(world.answers[&stopped].is_ok());
    world.ready("/a");
    assert!(world.answers[&started].is_ok());
    assert_eq!(world.state("/a"), State::Running);
}

#[test]
fn ending_keeps_the_wishes() {
    let mut world = World::running("/a");
    let client = world.ask(Request::Shutdown { reason: ShutdownReason::Quit });
    let late = world.ask(start("/b"));
    assert!(world.answers[&late].is_err());
    world.exit("/a", false);
    assert!(world.has_exited && world.answers[&client].is_ok());
    assert!(!world.done.iter().any(|effect| matches!(effect, Effect::SetWanted(_, false))));
}

#[test]
fn a_command_goes_to_the_tracker_or_else_to_the_journal() {
    let record = || Record::Note(crate::entry::Note { id: "1".into(), text: "x".into(), late: false });
    let mut world = World::running("/a");
    let client = world.ask(Request::Record { project: "/a".into(), record: record() });
    let question = world.supervisor.next_question - 1;
    let tracker = world.tracker("/a").unwrap();
    world.on(Input::Said(tracker, FromTracker::Recorded { request: question, seq: 9 }));
    assert_eq!(world.answers[&client], Ok(Response::Recorded { seq: 9 }));
    world.ask(Request::Record { project: "/b".into(), record: record() });
    assert!(matches!(world.done.last(), Some(Effect::Append(Some(_), _, _))));
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
    Stale(&'static str),
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
        1 => Just(Request::StartAll),
        1 => Just(Request::StopAll),
        1 => project().prop_map(|project| Request::Forget { project: project.into() }),
        1 => project().prop_map(|project| Request::CleanUp { project: project.into() }),
        2 => project().prop_map(move |project| Request::Record { project: project.into(), record: record() }),
        2 => project().prop_map(|project| Request::Sync { project: project.into() }),
        1 => Just(Request::Agent),
    ]
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
        1 => project().prop_map(Event::Stale),
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
            Event::Answer => {
                for (tracker, question) in
                    self.live.keys().copied().zip([self.supervisor.next_question - 1; 3]).collect::<Vec<_>>()
                {
                    self.on(Input::Said(tracker, FromTracker::Synced { request: question }));
                }
            }
            Event::Wait(ms) => self.wait(Duration::from_millis(ms)),
            Event::Stale(project) => {
                if self.tracker(project).is_none() {
                    self.stale.insert(project.into(), 7);
                }
            }
            Event::Terminate => self.on(Input::Terminate),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// `World::perform` holds the invariants; here the last of them: at the end everyone has an answer.
    #[test]
    fn whatever_happens(events in prop::collection::vec(event(), 0..60)) {
        let mut world = World::new();
        for event in events {
            world.happen(event);
        }
        world.ask(Request::Shutdown { reason: ShutdownReason::Quit });
        for project in ["/a", "/b", "/c"] {
            world.exit(project, false);
        }
        prop_assert!(world.has_exited);
        prop_assert_eq!(&world.unanswered, &BTreeSet::new());
    }
}
