//! What macOS and Windows share.

use std::io;
use std::time::Duration;

use auto_launch::{AutoLaunch, AutoLaunchBuilder, MacOSLaunchMode};

use super::autostart::Autostart;
use super::files::WatchLimits;
use super::service::News;

/// Of the program at this path, or of whichever was written down.
fn auto_launch(program: &str) -> io::Result<AutoLaunch> {
    let mut builder = AutoLaunchBuilder::new();
    builder.set_app_name("Context Tray").set_app_path(program);
    builder.set_macos_launch_mode(MacOSLaunchMode::LaunchAgent).build().map_err(io::Error::other)
}

/// The name alone decides whether there is one.
fn any() -> io::Result<AutoLaunch> {
    let own = std::env::current_exe()?;
    auto_launch(own.to_str().ok_or(io::ErrorKind::InvalidInput)?)
}

pub(super) fn autostart_status() -> io::Result<Autostart> {
    let is_enabled = any()?.is_enabled().map_err(io::Error::other)?;
    Ok(if is_enabled { Autostart::Enabled } else { Autostart::Disabled })
}

pub(super) fn enable_autostart(program: &str) -> io::Result<()> {
    auto_launch(program)?.enable().map_err(io::Error::other)
}

pub(super) fn disable_autostart() -> io::Result<()> {
    let all = any()?;
    if all.is_enabled().map_err(io::Error::other)? { all.disable().map_err(io::Error::other) } else { Ok(()) }
}

/// On Windows a watch of its own would besides keep the folders above it from being renamed.
pub(super) const WATCHES_TREES: bool = true;

pub(super) fn watch_limits() -> Option<WatchLimits> {
    None
}

/// Nothing here wants to know.
pub(super) fn tell_service_manager(_news: News) {}

pub(super) fn service_interval() -> Option<Duration> {
    None
}
