//! The way to the agent: reaches it, and launches it where a verb needs one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use context_tray::ipc::client::{Client, ConnectError};
use context_tray::platform::{self, Directories, files, process, program};
use context_tray::request::{Failure, FailureCode, Request, Response, ShutdownReason};

use crate::error::Error;

/// An agent that lives answers a connect at once.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);

/// A launched agent has to answer within this time.
const LAUNCH: Duration = Duration::from_secs(10);

/// An agent that lives says so within this time.
pub(crate) const ALIVE: Duration = Duration::from_secs(5);

/// An agent that was asked to end flushes its trackers first.
const SHUTDOWN: Duration = Duration::from_secs(15);

/// How long to wait before looking again.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How much of what a failed agent said is passed on.
const LAST_WORDS: usize = 5;

/// Connects to the agent.
pub(crate) fn connect(directories: &Directories) -> Result<Client, ConnectError> {
    Client::connect(directories, Instant::now() + CONNECT)
}

/// The agent if it runs, with what is wrong if it runs and can't be reached.
pub(crate) fn connect_if_running(directories: &Directories) -> Result<Option<Client>, Error> {
    match connect(directories) {
        Ok(client) => Ok(Some(client)),
        Err(ConnectError::NoAgent) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether an agent can be reached.
pub(crate) fn is_reachable(directories: &Directories) -> bool {
    connect(directories).is_ok()
}

/// The agent, launched if none runs.
pub(crate) fn ensure(directories: &Directories) -> Result<Client, Error> {
    match connect_if_running(directories)? {
        Some(client) => Ok(client),
        None => launch(directories, platform::desktop::has_desktop()),
    }
}

/// Asks the agent, launched if none runs. One that is just ending is waited for until the deadline, and followed by another.
pub(crate) fn ask_ensured(
    directories: &Directories,
    deadline: Instant,
    ask: impl Fn(&mut Client) -> Result<Response, Failure>,
) -> Result<Response, Error> {
    loop {
        match ask(&mut ensure(directories)?) {
            Err(failure) if failure.code == FailureCode::ShuttingDown && Instant::now() < deadline => {
                thread::sleep(LOOK_AGAIN);
            }
            answer => return answer.map_err(Error::from),
        }
    }
}

/// Launches an agent, detached, and connects to it: the one with the tray icon if that is asked for and installed.
pub(crate) fn launch(directories: &Directories, tray: bool) -> Result<Client, Error> {
    let cannot = |error: io::Error| {
        let failure = Failure::new(FailureCode::Io, format!("the agent can't be launched: {error}"));
        Error::unreachable(failure.with_hint("run `ctx agent run` to see why"))
    };
    let (said, stderr) = last_words_file(directories).map_err(cannot)?;
    let mut command = agent_command(tray).map_err(cannot)?;
    let mut child = process::spawn_detached(&mut command, Stdio::from(stderr)).map_err(cannot)?;
    let deadline = Instant::now() + LAUNCH;
    loop {
        if let Some(client) = connect_if_running(directories)? {
            return Ok(client);
        }
        // One that ends well has found another agent, which is about to answer.
        if has_failed(&mut child) || Instant::now() >= deadline {
            return Err(Error::unreachable(launch_failure(&said)));
        }
        thread::sleep(LOOK_AGAIN);
    }
}

fn has_failed(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(status)) if !status.success())
}

fn agent_command(tray: bool) -> io::Result<Command> {
    let desktop = program::beside("context-tray")?;
    if tray && desktop.is_file() {
        return Ok(Command::new(desktop));
    }
    let mut command = Command::new(program::own()?);
    command.args(["agent", "run"]);
    Ok(command)
}

/// Where a launched agent says why it fails, before it has a log of its own.
fn last_words_file(directories: &Directories) -> io::Result<(PathBuf, File)> {
    let folder = directories.diagnostics_dir();
    files::make_private_dir(&folder)?;
    let path = folder.join("launch.log");
    let mut options = OpenOptions::new();
    let file = files::create_private(options.create(true).write(true).truncate(true)).open(&path)?;
    Ok((path, file))
}

/// What a failed agent said: its own error and hint, else whatever its last words were.
fn launch_failure(said: &Path) -> Failure {
    let text = fs::read_to_string(said).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let told = |prefix| lines.iter().rev().find_map(|line| line.strip_prefix(prefix));
    let last = lines[lines.len().saturating_sub(LAST_WORDS)..].join("; ");
    let message = match told("error: ").unwrap_or(&last) {
        "" => "the agent was launched and does not answer".to_owned(),
        why => format!("the agent was launched and failed: {why}"),
    };
    let look = || format!("run `ctx agent run` to see why, or look at {}", said.display());
    Failure::new(FailureCode::Io, message).with_hint(told("hint: ").map_or_else(look, str::to_owned))
}

/// Asks the agent to end, and waits until it has.
pub(crate) fn shut_down(directories: &Directories, client: &mut Client) -> Result<(), Error> {
    let deadline = Instant::now() + SHUTDOWN;
    // One that hangs can't be asked; its trackers end by themselves when it is gone.
    if let Err(failure) = client.request(Request::Agent, Instant::now() + ALIVE)
        && failure.code == FailureCode::Timeout
    {
        end_by_handle(client, process::kill).ok_or(failure)?;
        return await_end(directories, deadline);
    }
    match client.request(Request::Shutdown { reason: ShutdownReason::Quit }, deadline) {
        Ok(Response::Done) => {}
        Ok(other) => return Err(unexpected(&other)),
        // It may be gone before its answer is out.
        Err(failure) if matches!(failure.code, FailureCode::Io | FailureCode::ShuttingDown) => {}
        Err(failure) if failure.code == FailureCode::Version => {
            end_by_handle(client, process::terminate).ok_or(failure)?;
        }
        Err(failure) => return Err(failure.into()),
    }
    await_end(directories, deadline)
}

/// Waits until an agent that is ending has ended.
pub(crate) fn await_end(directories: &Directories, deadline: Instant) -> Result<(), Error> {
    while is_alive(directories) {
        if Instant::now() >= deadline {
            let failure = Failure::new(FailureCode::Timeout, "the agent was asked to end and is still there");
            return Err(failure.with_hint("look at its log with `ctx agent status`").into());
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

/// Ends the agent at the other end, which can't be asked to.
fn end_by_handle(client: &Client, end: fn(u32, &str) -> io::Result<bool>) -> Option<()> {
    let pid = client.agent_pid()?;
    end(pid, &process::identity(pid)?).ok().map(|_| ())
}

/// Whether an agent holds its lock, which it does for a moment longer than it answers.
fn is_alive(directories: &Directories) -> bool {
    let held = File::open(directories.agent_lock()).is_ok_and(|file| file.try_lock_shared().is_err());
    held || is_reachable(directories)
}

/// An answer to another question.
pub(crate) fn unexpected(response: &Response) -> Error {
    let failure = Failure::new(FailureCode::Version, format!("the agent gave an answer of another kind: {response:?}"));
    failure.with_hint("run `ctx agent restart`").into()
}
