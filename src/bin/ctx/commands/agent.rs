//! `ctx agent`: the agent itself, without a tray icon, and what a user wants of it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use context_tray::agent::{self, LaunchError, Options};
use context_tray::ipc::client::Client;
use context_tray::platform;
use context_tray::request::{AgentInfo, Request, Response};

use super::Context;
use crate::agent_link;
use crate::args::Agent;
use crate::error::Error;
use crate::output::count;

/// A question that needs no work.
const ANSWER: Duration = Duration::from_secs(5);

/// An agent that is just ending gives way to another within this time.
const STARTED: Duration = Duration::from_secs(20);

pub(super) fn run(context: &Context<'_>, command: Agent) -> Result<ExitCode, Error> {
    match command {
        Agent::Run => run_here(context),
        Agent::Start => start(context),
        Agent::Stop => stop(context),
        Agent::Restart => restart(context),
        Agent::Status { json } => status(context, json),
    }
}

fn run_here(context: &Context<'_>) -> Result<ExitCode, Error> {
    match agent::launch(Options { tray: false }, Box::new(|_| {})) {
        Ok(agent) => Ok(agent.join()),
        Err(LaunchError::AlreadyRunning(info)) => {
            context.output.done(&format!("An agent runs already: {}", sentence(&info)))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(LaunchError::Failed(failure)) => Err(failure.into()),
    }
}

fn start(context: &Context<'_>) -> Result<ExitCode, Error> {
    let deadline = Instant::now() + STARTED;
    let ask = |client: &mut Client| client.request(Request::Agent, Instant::now() + ANSWER);
    let info = info_of(agent_link::ask_ensured(&context.directories, deadline, ask)?)?;
    context.output.done(&format!("The agent runs: {}", sentence(&info)))?;
    Ok(ExitCode::SUCCESS)
}

fn stop(context: &Context<'_>) -> Result<ExitCode, Error> {
    let mut client = running(context)?;
    agent_link::shut_down(&context.directories, &mut client)?;
    context.output.done("The agent has ended. What it recorded is recorded again when it starts.")?;
    Ok(ExitCode::SUCCESS)
}

fn restart(context: &Context<'_>) -> Result<ExitCode, Error> {
    let mut tray = platform::desktop::has_desktop();
    if let Some(mut client) = agent_link::connect_if_running(&context.directories)? {
        // One of another version may not be able to say.
        tray = ask(&mut client).map_or(tray, |info| info.tray);
        agent_link::shut_down(&context.directories, &mut client)?;
    }
    let info = ask(&mut agent_link::launch(&context.directories, tray)?)?;
    context.output.done(&format!("The agent runs: {}", sentence(&info)))?;
    Ok(ExitCode::SUCCESS)
}

fn status(context: &Context<'_>, json: bool) -> Result<ExitCode, Error> {
    let info = ask(&mut running(context)?)?;
    if json {
        context.output.json(&info)?;
    } else {
        context.output.data(&format!("The agent runs: {}", sentence(&info)))?;
        context.output.data(&format!("Log: {}", context.directories.diagnostics_dir().display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn running(context: &Context<'_>) -> Result<Client, Error> {
    agent_link::connect_if_running(&context.directories)?.ok_or_else(|| Error::not_running("no agent is running"))
}

fn ask(client: &mut Client) -> Result<AgentInfo, Error> {
    info_of(client.request(Request::Agent, Instant::now() + ANSWER)?)
}

fn info_of(response: Response) -> Result<AgentInfo, Error> {
    match response {
        Response::Agent(info) => Ok(info),
        other => Err(agent_link::unexpected(&other)),
    }
}

fn sentence(info: &AgentInfo) -> String {
    let projects = count(info.projects, "project");
    let tray = if info.tray { "" } else { ", no tray icon" };
    format!("PID {}, version {}{tray}, {projects}, {} recorded.", info.pid, info.version, info.running)
}
