//! What the agent tells the desktop: a status to draw, a notice to show or to take back, or that it has ended.

use std::path::PathBuf;
use std::sync::Arc;

use crate::request::Request;
use crate::status::AgentStatus;

/// A message from the agent to the front end that shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum ToDesktop {
    /// Everything to draw; each replaces the one before.
    Status(Arc<AgentStatus>),
    /// Something to tell the user once.
    Notify(Notice),
    /// The cause of a notice is gone.
    Withdraw(NoticeKey),
    /// Have the user choose a folder, and ask for it to be recorded.
    PickFolder,
    /// The agent has ended; nothing follows.
    Exit,
}

/// Something to tell the user once.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What it is about: a second notice of the same key replaces the first.
    pub key: NoticeKey,
    /// One short line.
    pub title: String,
    /// One or two sentences, plain text.
    pub body: String,
    /// What the user can do about it with one click, the most likely first.
    pub actions: Vec<Action>,
}

/// One click on a notice.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The button's text.
    pub label: String,
    /// What it does.
    pub request: Request,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeKey {
    /// The project; none for the agent itself.
    pub project: Option<PathBuf>,
    /// The kind of fact.
    pub kind: NoticeKind,
}

/// The kinds of fact that are worth a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// A dead tracker left its PID file.
    StalePid,
    /// A tracker died and is started again.
    Crashed,
    /// A tracker could not be started, or died too often.
    GivenUp,
    /// Events may come late or be missed.
    Degraded,
    /// The record can't be written.
    Record,
    /// The configuration is damaged; the last good one is in force.
    Config,
    /// The project's folder is gone.
    Missing,
    /// A file of the agent's own was damaged and set aside.
    Registry,
    /// What was clicked could not be done.
    Refused,
    /// The user asked what this is.
    About,
}
