//! What starts and shows sessions, and the agent that looks after them.

use std::path::PathBuf;

use clap::Subcommand;

use super::record::text;

#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    /// The project's folder [default: the project that you are in, else the git work tree, else this folder]
    pub(crate) path: Option<PathBuf>,
    /// Record here, without an agent, until Ctrl-C
    #[arg(long)]
    pub(crate) foreground: bool,
    /// Take the home folder or the root of the disk too
    #[arg(long)]
    pub(crate) force: bool,
    /// Nothing: taken from those who are used to it
    #[arg(long, hide = true)]
    pub(crate) auto: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The project's folder, or one in it [default: the one that you are in]
    pub(crate) path: Option<PathBuf>,
    /// Show every registered project
    #[arg(long, conflicts_with = "path")]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// Show whether a project is recorded, and what happened last
    Status(Status),
    /// Save the brief of the latest session
    Save {
        /// A remark to record first
        #[arg(value_parser = text())]
        note: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    /// Run the agent here, without a tray icon, until Ctrl-C
    Run,
    /// Start the agent
    Start,
    /// Stop the agent; what it recorded is recorded again when it starts
    Stop,
    /// Stop the agent and start it again
    Restart,
    /// Show whether an agent runs
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Autostart {
    /// Launch the agent at login
    Enable,
    /// Do not launch it any more
    Disable,
    /// Show whether it is launched
    Status,
}
