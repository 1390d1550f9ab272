//! What can happen to the agent, and what it can do: the two closed sets between which the supervisor decides.

use std::path::PathBuf;

use super::{Client, TrackerId};
use crate::entry::Record;
use crate::notice::{Notice, NoticeKey};
use crate::request::{Failure, FromTracker, Openable, Request, Response, ToTracker};
use crate::status::{ProjectStatus, State};

/// Everything that can happen to the agent.
#[derive(Clone, Debug)]
pub enum Input {
    /// A project is registered, and the user wants it recorded or not; at launch.
    Registered(PathBuf, bool),
    /// Somebody asks for something.
    Request(Client, Request),
    /// To [`Effect::Probe`].
    Probed(Box<ProjectStatus>),
    /// To [`Effect::Spawn`].
    Spawned(TrackerId, u32),
    /// To [`Effect::Spawn`].
    SpawnFailed(TrackerId, Failure),
    /// A tracker says something.
    Said(TrackerId, FromTracker),
    /// A tracker has exited; how, in words such as `killed by signal 9`.
    Exited(TrackerId, String),
    /// To [`Effect::CleanUp`].
    CleanedUp(PathBuf),
    /// The agent is asked to end by the system.
    Terminate,
    /// The deadline has come.
    Tick,
}

/// Everything that the agent can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a tracker process.
    Spawn(TrackerId, PathBuf),
    /// Tell a tracker something.
    Send(TrackerId, ToTracker),
    /// End a tracker's process at once, by its handle.
    Kill(TrackerId),
    /// Answer a client.
    Reply(u64, Result<Response, Failure>),
    /// Append through the journal, and answer.
    Append(Client, PathBuf, Record),
    /// Remove what a dead tracker left behind, and answer.
    CleanUp(Client, PathBuf),
    /// Look what the disk says of a project.
    Probe(PathBuf),
    /// Write into the project's state file what only the agent knows.
    Mark(PathBuf, State, String),
    /// Remember what the user wants.
    SetWanted(PathBuf, bool),
    /// Take a project off the list.
    Unregister(PathBuf),
    /// Show something on the desktop, and answer.
    Open(Client, Openable),
    /// Tell the user.
    Notify(Notice),
    /// Take a notice back.
    Withdraw(NoticeKey),
    /// End the process: all trackers have ended.
    Exit,
}
