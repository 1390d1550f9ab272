//! The agent's command line. The companion makes its manual page from it.

use clap::Parser;

const EXAMPLES: &str = "Examples:
  context-tray                Start the agent; where one runs, say so
  ctx start                   Record the project that you are in
  ctx autostart enable        Launch the agent at login";

/// Keep a trustworthy local record of what happens in your projects, with an icon in the system tray
///
/// Start and stop sessions from the icon's menu, or with the companion command `ctx`.
#[derive(Debug, Parser)]
#[command(name = "context-tray", version, after_help = EXAMPLES)]
pub(crate) struct Args {}
