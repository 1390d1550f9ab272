//! `ctx`, the companion command: starts and stops sessions, logs commands, answers questions about the record.
//!
//! What can be read from the disk is read from the disk. What changes something is one request to the agent, and where
//! nothing may be lost there is a way that needs no agent.

mod agent_link;
#[path = "../context-tray/args.rs"]
mod agent_args;
mod args;
mod commands;
mod error;
mod output;
mod progress;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(said) if said.use_stderr() && args::are_of_a_hook(std::env::args_os()) => return ExitCode::SUCCESS,
        Err(said) => return say(&said),
    };
    let never_fails = matches!(args.command, args::Command::Hook { command: args::Hook::Record(_) });
    let output = output::Output::new(&args.global);
    match commands::run(args, &output) {
        Ok(code) => code,
        Err(_) if never_fails => ExitCode::SUCCESS,
        Err(error) => error.report(&output),
    }
}

/// What was said in place of doing something: help that was asked for, or what is wrong with the arguments.
fn say(said: &clap::Error) -> ExitCode {
    // What does not arrive is a failure where it was asked for.
    match said.print().and_then(|()| std::io::stdout().flush()) {
        Err(error) if !said.use_stderr() => error::Error::from(error).report(&output::Output::plain()),
        _ => ExitCode::from(if said.use_stderr() { error::USAGE } else { 0 }),
    }
}
