//! What can happen to the agent, and what it can do: the two closed sets between which the supervisor decides.

use std::path::PathBuf;

use super::{Client, TrackerId};
use crate::entry::Record;
use crate::notice::{Notice, NoticeKey};
use crate::request::{Failure, FromTracker, Openable, Request, Response, ToTracker};
use crate::status::{Desktop, Mark, ProjectStatus, Settings, Wish};

/// Everything that can happen to the agent.
#[derive(Clone, Debug)]
pub enum Input {
    /// A project is registered, with what the user wants of it; at launch.
    Registered(PathBuf, Wish),
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
    /// What the user has set is this now.
    Settings(Settings),
    /// What the desktop has for us is this now.
    Desktop(Desktop),
    /// What was clicked could not be done.
    Refused(Failure),
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
    Mark(PathBuf, Mark),
    /// Remember what the user wants.
    SaveWish(PathBuf, Wish),
    /// Take a project off the list.
    Unregister(PathBuf),
    /// Change the user's configuration, and answer.
    Mute(Client, Option<PathBuf>, bool),
    /// Change what is launched at login, and answer.
    LaunchAtLogin(Client, bool),
    /// Look what the user has set.
    ReadSettings,
    /// Put the brief of a project onto the clipboard, and answer.
    CopyBrief(Client, PathBuf),
    /// Have the user choose a folder, and ask for it to be recorded.
    PickFolder,
    /// Show something on the desktop, and answer.
    Open(Client, Openable),
    /// Tell the user.
    Notify(Notice),
    /// Take a notice back.
    Withdraw(NoticeKey),
    /// End the process: all trackers have ended.
    Exit,
}
