//! The tracker processes: spawned, spoken to over their standard streams, waited for.
//!
//! For each there is a thread that writes from a bounded queue and one that reads and then waits for the end, so that neither
//! a full pipe nor a hung tracker ever holds up the agent.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use shared_child::SharedChild;

use super::AgentInput;
use crate::platform::{Directories, process, service};
use crate::request::{Failure, FailureCode, ToTracker};
use crate::supervise::{Input, TrackerId};

/// How many messages may wait for a tracker.
const QUEUE: usize = 1024;

/// The threads only move lines.
const STACK: usize = 256 * 1024;

pub(super) struct Trackers {
    inputs: Sender<AgentInput>,
    companion: PathBuf,
    folder: PathBuf,
    live: HashMap<TrackerId, Tracker>,
}

struct Tracker {
    child: Arc<SharedChild>,
    queue: SyncSender<ToTracker>,
}

impl Trackers {
    pub(super) fn new(directories: &Directories, inputs: Sender<AgentInput>) -> Self {
        Self { inputs, companion: companion(), folder: directories.state.clone(), live: HashMap::new() }
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

    fn try_spawn(&mut self, tracker: TrackerId, project: &Path) -> std::io::Result<u32> {
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
        let (queue, messages) = mpsc::sync_channel(QUEUE);
        if let Some(stdin) = child.take_stdin() {
            thread::Builder::new().stack_size(STACK).spawn(move || write(stdin, &messages))?;
        }
        let (inputs, waited) = (self.inputs.clone(), child.clone());
        let stdout = child.take_stdout();
        thread::Builder::new().stack_size(STACK).spawn(move || read(tracker, stdout, &waited, &inputs))?;
        self.live.insert(tracker, Tracker { child, queue });
        Ok(pid)
    }

    pub(super) fn send(&self, tracker: TrackerId, message: ToTracker) {
        if let Some(tracker) = self.live.get(&tracker)
            && tracker.queue.try_send(message).is_err()
        {
            tracing::warn!("a tracker does not read what it is told");
        }
    }

    pub(super) fn reap(&mut self, tracker: TrackerId) {
        self.live.remove(&tracker);
    }

    pub(super) fn kill(&self, tracker: TrackerId) {
        if let Some(tracker) = self.live.get(&tracker) {
            tracing::warn!(pid = tracker.child.id(), "a tracker does not answer; it is killed");
            if let Err(error) = tracker.child.kill() {
                tracing::error!(%error, "a tracker can't be killed");
            }
        }
    }
}

/// The companion lies beside the agent; `ctx agent run` is the companion itself.
pub(super) fn companion() -> PathBuf {
    let name = format!("ctx{}", env::consts::EXE_SUFFIX);
    env::current_exe().map_or_else(|_| PathBuf::from(&name), |own| own.with_file_name(&name))
}

fn write(mut stdin: ChildStdin, messages: &Receiver<ToTracker>) {
    for message in messages {
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
        if stdin.write_all(&line).is_err() {
            return;
        }
    }
}

fn read(tracker: TrackerId, stdout: Option<ChildStdout>, child: &SharedChild, inputs: &Sender<AgentInput>) {
    let send = |input| drop(inputs.send(AgentInput::Happened(input)));
    for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines().map_while(Result::ok)) {
        match serde_json::from_str(&line) {
            Ok(message) => send(Input::Said(tracker, message)),
            Err(error) => tracing::error!(%error, "a tracker said something that is no message"),
        }
    }
    let how = child.wait().map_or_else(|error| error.to_string(), describe);
    send(Input::Exited(tracker, how));
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended with the exit code {code}"),
        None => format!("it was killed by signal {}", process::exit_code(status) - 128),
    }
}
