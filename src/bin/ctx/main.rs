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

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() && args::are_of_a_hook(std::env::args_os()) => return ExitCode::SUCCESS,
        Err(error) => error.exit(),
    };
    let never_fails = matches!(args.command, args::Command::Hook { command: args::Hook::Record(_) });
    let output = output::Output::new(&args.global);
    match commands::run(args, &output) {
        Ok(code) => code,
        Err(_) if never_fails => ExitCode::SUCCESS,
        Err(error) => error.report(&output),
    }
}
