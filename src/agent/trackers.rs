//! The tracker processes: spawned, spoken to over their standard streams, waited for.
//!
//! One thread moves the lines of all of them (`platform::pipes`): neither a full pipe nor a hung tracker ever holds up the agent,
//! and a hundred trackers cost hardly more than one. A tracker that does not read what it is told does not answer either,
//! and is killed for that.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use shared_child::SharedChild;

use super::AgentInput;
use crate::platform::pipes::{Heard, Hurry, Pipes};
use crate::platform::{Directories, process, program, service};
use crate::request::{Failure, FailureCode, ToTracker};
use crate::supervise::{Input, TrackerId};

/// A thread that waits for an end needs next to none.
const STACK: usize = 64 * 1024;

type Children = Arc<Mutex<HashMap<TrackerId, Arc<SharedChild>>>>;

pub(super) struct Trackers {
    inputs: Sender<AgentInput>,
    companion: PathBuf,
    folder: PathBuf,
    pipes: Pipes,
    live: Children,
}

impl Trackers {
    pub(super) fn new(directories: &Directories, inputs: Sender<AgentInput>) -> io::Result<Self> {
        let live = Children::default();
        let (children, sender) = (live.clone(), inputs.clone());
        let pipes = Pipes::start(move |heard| hear(heard, &children, &sender))?;
        Ok(Self { inputs, companion: companion(), folder: directories.state.clone(), pipes, live })
    }

    /// The way back into the loop.
    pub(super) fn inputs(&self) -> Sender<AgentInput> {
        self.inputs.clone()
    }

    /// Starts a tracker, and says what came of it.
    pub(super) fn spawn(&mut self, tracker: TrackerId, project: &Path) -> Input {
        match self.try_spawn(tracker, project) {
            Ok(pid) => Input::Spawned(tracker, pid),
            Err(error) => {
                let message = format!("cannot start {}: {error}", self.companion.display());
                let failure = Failure::new(FailureCode::Io, message)
                    .with_hint("install Context Tray anew: `ctx` must lie beside `context-tray`");
                Input::SpawnFailed(tracker, failure)
            }
        }
    }

    fn try_spawn(&mut self, tracker: TrackerId, project: &Path) -> io::Result<u32> {
        let mut command = Command::new(&self.companion);
        // The project's own folder as the working directory would keep its disk from being unmounted.
        command.args(["tracker", "--project"]).arg(project).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        for variable in service::VARIABLES {
            command.env_remove(variable);
        }
        process::hide_window(&mut command);
        let child = Arc::new(SharedChild::spawn(&mut command)?);
        let pid = child.id();
        lock(&self.live).insert(tracker, child.clone());
        let streams = child.take_stdin().zip(child.take_stdout());
        let (stdin, stdout) = streams.ok_or(io::ErrorKind::BrokenPipe)?;
        self.pipes.add(tracker, stdin, stdout).inspect_err(|_| drop(lock(&self.live).remove(&tracker)))?;
        Ok(pid)
    }

    pub(super) fn send(&self, tracker: TrackerId, message: &ToTracker) {
        let Ok(mut line) = serde_json::to_vec(message) else { return };
        line.push(b'\n');
        // Nobody waits for a sign of life.
        let hurry = if matches!(message, ToTracker::Ping { .. }) { Hurry::Later } else { Hurry::Now };
        self.pipes.send(tracker, line, hurry);
    }

    pub(super) fn reap(&mut self, tracker: TrackerId) {
        lock(&self.live).remove(&tracker);
    }

    pub(super) fn kill(&self, tracker: TrackerId) {
        if let Some(child) = lock(&self.live).get(&tracker) {
            tracing::warn!(pid = child.id(), "a tracker does not answer; it is killed");
            if let Err(error) = child.kill() {
                tracing::error!(%error, "a tracker can't be killed");
            }
        }
    }
}

fn lock(live: &Children) -> std::sync::MutexGuard<'_, HashMap<TrackerId, Arc<SharedChild>>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The companion lies beside the agent; `ctx agent run` is the companion itself.
pub(super) fn companion() -> PathBuf {
    program::beside("ctx").unwrap_or_else(|_| PathBuf::from("ctx"))
}

/// Hands on what trackers said, all at once.
fn hear(heard: Vec<Heard>, live: &Children, inputs: &Sender<AgentInput>) {
    let mut said = Vec::new();
    let mut ended = Vec::new();
    for one in heard {
        match one {
            Heard::Line(tracker, line) => match serde_json::from_slice(&line) {
                Ok(message) => said.push(Input::Said(tracker, message)),
                Err(error) => tracing::error!(%error, "a tracker said something that is no message"),
            },
            Heard::End(tracker) => ended.push(tracker),
        }
    }
    let _ = inputs.send(AgentInput::Happened(said));
    for tracker in ended {
        await_exit(tracker, live, inputs);
    }
}

/// A process that says nothing more is about to end. It is waited for beside, since one that does not would keep all waiting.
fn await_exit(tracker: TrackerId, live: &Children, inputs: &Sender<AgentInput>) {
    let Some(child) = lock(live).get(&tracker).cloned() else { return };
    let inputs = inputs.clone();
    let wait = move || {
        let how = child.wait().map_or_else(|error| error.to_string(), describe);
        let _ = inputs.send(AgentInput::Happened(vec![Input::Exited(tracker, how)]));
    };
    if let Err(error) = thread::Builder::new().stack_size(STACK).spawn(wait) {
        tracing::error!(%error, "the end of a tracker can't be waited for");
    }
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended with the exit code {code}"),
        None => format!("it was killed by signal {}", process::exit_code(status) - 128),
    }
}
