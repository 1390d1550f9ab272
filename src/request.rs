//! What is said between the companion, the agent and the trackers.
//!
//! One enum is the verb of the command line, the item of the menu and the message on the wire. Each message is one
//! line of JSON; `ipc::frame` moves lines, this file says what they mean. Golden files of every message
//! are kept in `tests/golden/wire` and never edited: a new need is a new variant or a new optional field.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::entry::Record;
use crate::status::{Desktop, ProjectStatus};

/// The version of the protocol; another thing than the version of the program.
pub const PROTOCOL_VERSION: u32 = 1;

/// A request as a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestLine {
    /// [`PROTOCOL_VERSION`] of the sender.
    pub v: u32,
    /// Chosen by the client; the reply carries it.
    pub id: u64,
    /// The request.
    pub request: Request,
}

/// What a client asks of the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Who are you? Answered with [`Response::Agent`].
    Agent,
    /// Register the project and record it; answered with [`Response::Session`] when the tracker records.
    Start {
        /// The absolute path of the root.
        project: PathBuf,
        /// Also the root of the disk.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        force: bool,
    },
    /// End the project's session; answered with [`Response::Stopped`] when the tracker has ended.
    Stop {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// End the project's session for a while; answered as [`Request::Stop`].
    Pause {
        /// The absolute path of the root.
        project: PathBuf,
        /// For how long.
        span: Span,
    },
    /// Record every registered project; answered at once.
    StartAll,
    /// End every session; answered when all trackers have ended.
    StopAll,
    /// End the session and forget the project; its `.context` stays.
    Forget {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// Remove what a dead tracker left behind.
    CleanUp {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// Write a command or a note into the project's journal; answered when it is on disk.
    Record {
        /// The absolute path of the root.
        project: PathBuf,
        /// What to write.
        record: Record,
    },
    /// Answered when every change made on disk before is in the journal.
    Sync {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// Let the notices of a project be heard or not; written into the user's configuration.
    Mute {
        /// The absolute path of the root; none for the notices of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<PathBuf>,
        /// Whether they are silent from now on.
        muted: bool,
    },
    /// Have the agent launched at login, or not.
    LaunchAtLogin {
        /// Whether it is from now on.
        enabled: bool,
    },
    /// Put the brief of the project's latest session onto the desktop's clipboard; answered when it is there.
    CopyBrief {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// Have the user choose a folder on the desktop, and record it; answered at once.
    AddProject,
    /// Show something on the desktop.
    Open {
        /// What.
        what: Openable,
    },
    /// End the agent and its trackers; the wishes stay, so that the next launch resumes them.
    Shutdown {
        /// Why.
        reason: ShutdownReason,
    },
}

/// How long a pause lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// So many seconds.
    Seconds(u64),
    /// Until the next 4 o'clock in the morning: whoever works past midnight is still in today.
    UntilTomorrow,
    /// Until the project is started again.
    UntilResumed,
}

impl Span {
    /// When a pause that begins now ends; none when it does so only by hand.
    pub fn end(self, now: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        match self {
            Span::Seconds(seconds) => now.checked_add_signed(TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?),
            Span::UntilTomorrow => {
                let day_breaks = NaiveTime::from_hms_opt(4, 0, 0)?;
                let (today, tomorrow) = (now.date_naive(), now.date_naive().succ_opt()?);
                let day = if now.time() < day_breaks { today } else { tomorrow };
                day.and_time(day_breaks).and_local_timezone(*now.offset()).single()
            }
            Span::UntilResumed => None,
        }
    }
}

/// What the agent can show on the desktop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Openable {
    /// The project's `session.md`.
    SessionLog {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// The project's folder.
    Folder {
        /// The absolute path of the root.
        project: PathBuf,
    },
    /// The folder of the agent's own log.
    Diagnostics,
    /// The user's configuration, made with explanations where it is absent.
    Configuration,
    /// What `ctx doctor` finds.
    Report,
    /// What this is, of which version.
    About,
}

/// Why the agent is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShutdownReason {
    /// The user wants it gone.
    Quit,
    /// A new agent starts in its place.
    Replace,
}

/// A reply as a line: exactly one of `ok` and `error`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplyLine {
    /// [`PROTOCOL_VERSION`] of the sender.
    pub v: u32,
    /// The request's; 0 when the request could not be read.
    pub id: u64,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Ok(Response),
    /// It was not.
    Error(Failure),
}

impl From<Result<Response, Failure>> for Outcome {
    fn from(result: Result<Response, Failure>) -> Self {
        match result {
            Ok(response) => Outcome::Ok(response),
            Err(failure) => Outcome::Error(failure),
        }
    }
}

impl From<Outcome> for Result<Response, Failure> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok(response) => Ok(response),
            Outcome::Error(failure) => Err(failure),
        }
    }
}

/// A request that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::Agent`].
    Agent(AgentInfo),
    /// To [`Request::Start`].
    Session {
        /// The project, as it is now.
        status: Box<ProjectStatus>,
        /// Whether it was recorded before the request.
        already: bool,
    },
    /// To [`Request::Stop`], [`Request::Pause`] and [`Request::CleanUp`].
    Stopped {
        /// The PID of the tracker that was stopped.
        pid: Option<u32>,
        /// The number that a dead tracker had left behind; 0 where its file held none.
        stale_pid: Option<u64>,
    },
    /// To [`Request::Record`].
    Recorded {
        /// Its place in the project's order.
        seq: u64,
    },
    /// To the requests that have nothing to tell.
    Done,
}

/// The agent about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentInfo {
    /// The agent's.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// Whether it was started to show a tray icon.
    pub tray: bool,
    /// RFC 3339 with the local offset.
    pub started_at: String,
    /// How many projects are registered.
    pub projects: u64,
    /// How many of them are recorded.
    pub running: u64,
    /// What the desktop has for it; none without a tray, or while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Desktop>,
}

/// A request that was not done: what happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// What happened, for people.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    /// What happened, with nothing to do about it.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// The same, with what to do.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The line was not a request of the protocol.
    BadRequest,
    /// The line was longer than the cap.
    TooLong,
    /// The sender speaks another version of the protocol.
    Version,
    /// Not this user, or not this user's file.
    Forbidden,
    /// There is no such project, or its path can't be one.
    BadProject,
    /// The project is not recorded.
    NotRunning,
    /// A file could not be read or written.
    Io,
    /// The file system can't be watched.
    Watch,
    /// Another tracker records the project.
    Busy,
    /// Not within the deadline.
    Timeout,
    /// The agent is ending.
    ShuttingDown,
    /// A defect of ours.
    Internal,
}

/// What the agent tells a tracker, on its standard input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ToTracker {
    /// Write this; answered with [`FromTracker::Recorded`] or [`FromTracker::Refused`].
    Record {
        /// The answer carries it.
        request: u64,
        /// What to write.
        record: Record,
    },
    /// Answered with [`FromTracker::Synced`] when all that lies on disk is in the journal.
    Sync {
        /// The answer carries it.
        request: u64,
    },
    /// A sign of life, please; answered with [`FromTracker::Synced`] too, at once.
    Ping {
        /// The answer carries it.
        request: u64,
    },
    /// End the session and exit.
    Stop,
    /// The same for a while, which the record tells as a pause.
    Pause,
}

/// What a tracker tells the agent, on its standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FromTracker {
    /// It records.
    Ready {
        /// The project, as it is now.
        status: Box<ProjectStatus>,
    },
    /// The project has changed: an entry was written, or the watch is degraded.
    Status {
        /// The project, as it is now.
        status: Box<ProjectStatus>,
    },
    /// To [`ToTracker::Record`]: it is on disk.
    Recorded {
        /// The request's.
        request: u64,
        /// Its place in the project's order.
        seq: u64,
    },
    /// To [`ToTracker::Sync`] and [`ToTracker::Ping`].
    Synced {
        /// The request's.
        request: u64,
    },
    /// It looks at the disk, which takes its time; what it was asked comes after that.
    Busy,
    /// To [`ToTracker::Record`] and [`ToTracker::Sync`]: it could not be done.
    Refused {
        /// The request's.
        request: u64,
        /// Why.
        failure: Failure,
    },
    /// It ends because it was signalled: it may be the user's wish.
    Signalled,
    /// It ends because it can't go on.
    Failed {
        /// Why.
        failure: Failure,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_after_its_time_or_when_the_day_breaks() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        let end = |span: Span, now: &str| span.end(at(now));
        assert_eq!(end(Span::Seconds(900), "2026-11-22T23:50:00+01:00"), Some(at("2026-11-23T00:05:00+01:00")));
        assert_eq!(end(Span::UntilTomorrow, "2026-11-22T15:00:00+01:00"), Some(at("2026-11-23T04:00:00+01:00")));
        assert_eq!(end(Span::UntilTomorrow, "2026-11-23T01:00:00+01:00"), Some(at("2026-11-23T04:00:00+01:00")));
        assert_eq!(end(Span::UntilTomorrow, "2026-11-23T04:00:00+01:00"), Some(at("2026-11-24T04:00:00+01:00")));
        assert_eq!(end(Span::UntilResumed, "2026-11-22T15:00:00+01:00"), None);
        assert_eq!(end(Span::Seconds(u64::MAX), "2026-11-22T15:00:00+01:00"), None, "longer than there are times");
    }
}
