//! The desktop agent: starts the agent's threads and gives the main thread to the desktop's event loop.
//!
//! What is known and decided lies in `context_tray`; here it is only shown, and clicks are carried back as requests.
#![cfg_attr(windows, windows_subsystem = "windows")]

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser as _;
use context_tray::agent::{self, LaunchError, Options};
use context_tray::request::{AgentInfo, Failure};

use args::Args;

#[cfg_attr(target_os = "linux", path = "event_loop_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "event_loop_tao.rs")]
mod event_loop;
mod args;
mod front;
mod notices;
mod tray;

fn main() -> ExitCode {
    let Args {} = Args::parse();
    let event_loop = event_loop::EventLoop::new();
    match agent::launch(Options { tray: true }, event_loop.forwarder()) {
        Ok(agent) => event_loop.run(agent),
        Err(LaunchError::AlreadyRunning(info)) => already_running(&info),
        Err(LaunchError::Failed(failure)) => failed(&failure),
    }
}

fn already_running(info: &AgentInfo) -> ExitCode {
    let place = if info.tray {
        "Its icon is in the system tray."
    } else {
        "It was started without an icon; \"ctx agent stop\" ends it."
    };
    say(
        io::stdout(),
        format_args!("Context Tray is already running (PID {}, version {}).\n{place}", info.pid, info.version),
    );
    ExitCode::SUCCESS
}

fn failed(failure: &Failure) -> ExitCode {
    say(io::stderr(), format_args!("context-tray: {failure}"));
    if let Some(hint) = &failure.hint {
        say(io::stderr(), format_args!("hint: {hint}"));
    }
    ExitCode::FAILURE
}

/// A line for whoever started the program; it is not worth an end when nobody reads it.
fn say(mut to: impl Write, line: impl Display) {
    let _ = writeln!(to, "{line}");
}
