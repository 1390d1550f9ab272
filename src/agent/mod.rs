//! The agent: one thread that owns all state, fed by what clients, trackers and the system say.
//!
//! The loop is: an input, the supervisor's effects, each performed by `effects`; then, if anything to show has changed,
//! the new status to whoever draws it. While nothing happens, nothing wakes up but the sign of life asked of
//! trackers once a minute.

mod effects;
mod trackers;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::diagnostics;
use crate::ipc::client::Client;
use crate::ipc::server::{Reply, Server};
use crate::journal::{now, state};
use crate::notice::{Notice, NoticeKey, NoticeKind, ToDesktop};
use crate::platform::process;
use crate::platform::service::{self, News};
use crate::platform::{Directories, files, instance, stop_signals};
use crate::registry::{self, Registered, Registry};
use crate::request::{AgentInfo, Failure, FailureCode, Request, Response, ShutdownReason};
use crate::settings;
use crate::status::Desktop;
use crate::supervise::{Identity, Input, Moment, Supervisor};
use effects::Effects;

/// How long a running agent may take to say who it is.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// How long a headless agent may take to end its sessions when a tray takes its place.
const TAKE_OVER: Duration = Duration::from_secs(20);

/// Between two tries to become the only agent.
const CLAIM_INTERVAL: Duration = Duration::from_millis(20);

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether there is (or may come) a tray icon.
    pub tray: bool,
}

/// The running agent.
pub struct Agent {
    inputs: Sender<AgentInput>,
    thread: JoinHandle<()>,
}

/// Sends the agent what was clicked.
#[derive(Clone)]
pub struct AgentSender(Sender<AgentInput>);

/// Why no agent was launched.
#[derive(Debug)]
pub enum LaunchError {
    /// There is one already.
    AlreadyRunning(AgentInfo),
    /// Something stands in the way.
    Failed(Failure),
}

impl From<Failure> for LaunchError {
    fn from(failure: Failure) -> Self {
        LaunchError::Failed(failure)
    }
}

/// Everything that can wake the agent.
enum AgentInput {
    /// For the supervisor, in this order.
    Happened(Vec<Input>),
    /// From a client, with the way back to it.
    Asked(Request, Reply),
}

/// What makes this process the user's only agent.
struct Claim {
    _guard: Option<instance::Guard>,
    _lock: File,
}

impl AgentSender {
    /// Sends a request whose answer nobody waits for.
    pub fn send(&self, request: Request) {
        // An agent that has ended has nothing to do any more.
        let _ = self.0.send(AgentInput::Happened(vec![Input::Request(None, request)]));
    }

    /// Says what the desktop has for the agent.
    pub fn desktop(&self, desktop: Desktop) {
        let _ = self.0.send(AgentInput::Happened(vec![Input::Desktop(desktop)]));
    }

    /// Says that what was clicked could not be done.
    pub fn refuse(&self, failure: Failure) {
        let _ = self.0.send(AgentInput::Happened(vec![Input::Refused(failure)]));
    }
}

impl Agent {
    /// Where clicks go.
    pub fn sender(&self) -> AgentSender {
        AgentSender(self.inputs.clone())
    }

    /// Waits until the agent has ended.
    pub fn join(self) -> ExitCode {
        drop(self.inputs);
        match self.thread.join() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}

/// Makes this process the agent and starts its threads. `desktop` is called from the agent's thread: it must only forward.
///
/// # Errors
///
/// There is an agent already (one without a tray gives way to one with), or a folder or the endpoint can't be used.
pub fn launch(options: Options, desktop: Box<dyn Fn(ToDesktop) + Send>) -> Result<Agent, LaunchError> {
    process::share_heap();
    let directories = Directories::find()?;
    directories.make_state().map_err(|error| cannot("use the state folder", &error))?;
    let claim = claim(&directories, options)?;
    // Given back by the system when the process has ended: until then it listens, and no other agent could.
    std::mem::forget(claim);
    diagnostics::start(&directories, "agent");
    let server = Server::bind(&directories)?;
    let (sender, inputs) = mpsc::channel();
    let asked = sender.clone();
    let on_request = move |request, reply| drop(asked.send(AgentInput::Asked(request, reply)));
    server.serve(on_request).map_err(|error| cannot("start a thread", &error))?;
    let signalled = sender.clone();
    stop_signals(move |_| drop(signalled.send(AgentInput::Happened(vec![Input::Terminate]))))
        .map_err(|error| cannot("handle signals", &error))?;
    let effects =
        Effects::new(directories.clone(), sender.clone()).map_err(|error| cannot("start a thread", &error))?;
    let identity = Identity { pid: std::process::id(), tray: options.tray, started_at: state::wire_time(&now()) };
    tracing::info!(pid = identity.pid, tray = identity.tray, version = env!("CARGO_PKG_VERSION"), "the agent starts");
    let thread = thread::Builder::new()
        .name("agent".into())
        .spawn(move || {
            let agent = Loop {
                supervisor: Supervisor::new(identity, Instant::now()),
                effects,
                replies: HashMap::new(),
                next_client: 1,
                alive_every: service::interval(),
                alive_at: None,
                desktop,
            };
            agent.run(&directories, &inputs);
        })
        .map_err(|error| cannot("start a thread", &error))?;
    Ok(Agent { inputs: sender, thread })
}

fn cannot(what: &str, error: &io::Error) -> Failure {
    Failure::new(FailureCode::Io, format!("cannot {what}: {error}"))
}

/// Becomes the only agent, in the place of a headless one where we have a tray.
fn claim(directories: &Directories, options: Options) -> Result<Claim, LaunchError> {
    let mut deadline = Instant::now() + INTRODUCTION;
    let mut asked_to_end = None;
    loop {
        if let Some(claim) = try_claim(directories)? {
            return Ok(claim);
        }
        let other = introduction(directories, deadline);
        if let Ok(other) = &other {
            if !options.tray || other.tray {
                return Err(LaunchError::AlreadyRunning(other.clone()));
            }
            // A companion that is in a hurry may have launched another one meanwhile.
            if asked_to_end != Some(other.pid) {
                asked_to_end = Some(other.pid);
                deadline = Instant::now() + TAKE_OVER;
                let request = Request::Shutdown { reason: ShutdownReason::Replace };
                // It may hang up before its answer is out; what counts is that it goes.
                let _ = Client::connect(directories, deadline).map(|mut client| client.request(request, deadline));
                continue;
            }
        }
        if Instant::now() >= deadline {
            let why = other.err().map_or_else(|| "it does not end".to_owned(), |failure| failure.to_string());
            let failure = Failure::new(FailureCode::Busy, format!("another agent runs and is of no use: {why}"));
            return Err(failure.with_hint("end it with: ctx agent stop").into());
        }
        // An agent that is just beginning or ending holds its claim without answering.
        thread::sleep(CLAIM_INTERVAL);
    }
}

/// Who the running agent is.
fn introduction(directories: &Directories, deadline: Instant) -> Result<AgentInfo, Failure> {
    match Client::connect(directories, deadline)?.request(Request::Agent, deadline)? {
        Response::Agent(other) => Ok(other),
        _ => Err(Failure::new(FailureCode::Internal, "it does not say who it is")),
    }
}

fn try_claim(directories: &Directories) -> Result<Option<Claim>, Failure> {
    let guard = instance::Guard::acquire(directories).map_err(|error| cannot("look for another agent", &error))?;
    if guard.is_none() && introduction(directories, Instant::now() + INTRODUCTION).is_ok() {
        return Ok(None);
    }
    // Nobody answers behind the guard's name: another user may have taken it. The lock lies in our own folder and decides.
    let path = directories.agent_lock();
    let lock = files::open_lock(&path).map_err(|error| cannot(&format!("open {}", path.display()), &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(Claim { _guard: guard, _lock: lock })),
        Err(_) => Ok(None),
    }
}

struct Loop {
    supervisor: Supervisor,
    effects: Effects,
    replies: HashMap<u64, Reply>,
    next_client: u64,
    /// How often the service manager wants to hear that we are well, and when next.
    alive_every: Option<Duration>,
    alive_at: Option<Instant>,
    desktop: Box<dyn Fn(ToDesktop) + Send>,
}

impl Loop {
    fn run(mut self, directories: &Directories, inputs: &Receiver<AgentInput>) {
        let (registry, warning) = Registry::load(directories);
        // A companion may have set it aside before.
        let aside = || registry::kept_aside(directories).map(|aside| registry::kept_aside_failure(&aside).to_string());
        if let Some(body) = warning.or_else(aside) {
            tracing::warn!("{body}");
            let key = NoticeKey { project: None, kind: NoticeKind::Registry };
            let title = "Context Tray: the list of projects was damaged".to_owned();
            (self.desktop)(ToDesktop::Notify(Notice { key, title, body, actions: Vec::new() }));
        }
        let mut shown = Arc::new(self.supervisor.status());
        (self.desktop)(ToDesktop::Status(shown.clone()));
        let registered = |it: &Registered| Input::Registered(it.project.clone(), it.wish());
        let mut next = vec![Input::Settings(settings::read(directories))];
        next.extend(registry.projects.iter().map(registered));
        service::tell(News::Ready);
        // What is there already is taken together: a hundred answers at once are one new status.
        while next.drain(..).all(|input| self.process(input)) {
            let status = self.supervisor.status();
            if status != *shown {
                shown = Arc::new(status);
                (self.desktop)(ToDesktop::Status(shown.clone()));
            }
            next = self.wait(inputs);
        }
        tracing::info!("the agent ends");
        service::tell(News::Ending);
        (self.desktop)(ToDesktop::Exit);
    }

    /// Tells the service manager that we are well when it wants to hear it: an agent that hangs does not.
    fn tell_alive(&mut self) {
        let now = Instant::now();
        if let Some(interval) = self.alive_every
            && self.alive_at.is_none_or(|at| at <= now)
        {
            service::tell(News::Alive);
            self.alive_at = Some(now + interval);
        }
    }

    /// The next inputs, which are a tick when the supervisor's deadline comes first.
    fn wait(&mut self, inputs: &Receiver<AgentInput>) -> Vec<Input> {
        self.tell_alive();
        let received = match self.supervisor.deadline().into_iter().chain(self.alive_at).min() {
            None => inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => inputs.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        match received {
            Ok(first) => std::iter::once(first).chain(inputs.try_iter()).flat_map(|it| self.inputs_of(it)).collect(),
            Err(RecvTimeoutError::Timeout) => vec![Input::Tick],
            Err(RecvTimeoutError::Disconnected) => vec![Input::Terminate],
        }
    }

    fn inputs_of(&mut self, input: AgentInput) -> Vec<Input> {
        match input {
            AgentInput::Happened(inputs) => inputs,
            AgentInput::Asked(request, reply) => {
                let client = self.next_client;
                self.next_client += 1;
                self.replies.insert(client, reply);
                vec![Input::Request(Some(client), request)]
            }
        }
    }

    /// Processes an input and those that performing its effects leads to; false when the agent has ended.
    fn process(&mut self, input: Input) -> bool {
        let mut inputs = vec![input];
        while !inputs.is_empty() {
            for input in std::mem::take(&mut inputs) {
                tracing::debug!(?input);
                if let Input::Exited(tracker, _) = &input {
                    self.effects.reap(*tracker);
                }
                for effect in self.supervisor.on(input, Moment { instant: Instant::now(), wall: now() }) {
                    tracing::debug!(?effect);
                    match effects::perform(&mut self.effects, effect, &mut self.replies, &self.desktop) {
                        effects::Outcome::Nothing => {}
                        effects::Outcome::Happened(input) => inputs.push(input),
                        effects::Outcome::Exit => return false,
                    }
                }
            }
        }
        true
    }
}
