//! Launch at login by the registry's `Run` key, which the Task Manager shows and may switch off.

use std::io;

use auto_launch::{AutoLaunch, AutoLaunchBuilder};

use super::super::autostart::Autostart;

/// Of the program at this path, or of whichever was written down.
fn auto_launch(program: &str) -> io::Result<AutoLaunch> {
    let mut builder = AutoLaunchBuilder::new();
    builder.set_app_name("Context Tray").set_app_path(program).build().map_err(io::Error::other)
}

/// The name alone decides whether there is one.
fn any() -> io::Result<AutoLaunch> {
    let own = std::env::current_exe()?;
    auto_launch(own.to_str().ok_or(io::ErrorKind::InvalidInput)?)
}

pub(in super::super) fn autostart_status() -> io::Result<Autostart> {
    let is_enabled = any()?.is_enabled().map_err(io::Error::other)?;
    Ok(if is_enabled { Autostart::Enabled } else { Autostart::Disabled })
}

pub(in super::super) fn enable_autostart(program: &str) -> io::Result<()> {
    auto_launch(program)?.enable().map_err(io::Error::other)
}

pub(in super::super) fn disable_autostart() -> io::Result<()> {
    let all = any()?;
    if all.is_enabled().map_err(io::Error::other)? { all.disable().map_err(io::Error::other) } else { Ok(()) }
}
