//! `ctx autostart`: whether the agent is launched at login.

use std::process::ExitCode;

use context_tray::platform::autostart::{self, Autostart};
use context_tray::request::{Failure, FailureCode};
use context_tray::settings;

use super::Context;
use crate::args;
use crate::error::Error;
use crate::output::shown;

pub(super) fn run(context: &Context<'_>, command: args::Autostart) -> Result<ExitCode, Error> {
    match command {
        args::Autostart::Enable => {
            settings::launch_at_login(true)?;
            context.output.done("Context Tray is launched at login from now on.")?;
        }
        args::Autostart::Disable => {
            settings::launch_at_login(false)?;
            context.output.done("Context Tray is not launched at login any more.")?;
        }
        args::Autostart::Status => {
            let status = autostart::status().map_err(|error| {
                Failure::new(FailureCode::Io, format!("the system does not tell what is launched at login: {error}"))
            })?;
            context.output.data(&match status {
                Autostart::Enabled => "Context Tray is launched at login.".to_owned(),
                Autostart::Disabled => "Context Tray is not launched at login.".to_owned(),
                Autostart::Broken(program) => {
                    format!("Context Tray would be launched at login, but {} is not there.", shown(&program))
                }
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
