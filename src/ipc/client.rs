//! The asking end: one connection, requests with a deadline each.

use std::io;
use std::time::Instant;

use serde::Deserialize;

use super::frame::{self, FrameError, Patience, Reader};
use crate::platform::Directories;
use crate::platform::socket::{self, Stream};
use crate::request::{Failure, FailureCode, Outcome, PROTOCOL_VERSION, Request, RequestLine, Response};

/// What to do about an agent of another version.
const RESTART: &str = "run `ctx agent restart`";

/// A connection to the agent.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    reader: Reader,
    last_id: u64,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens.
    #[error("no agent is running")]
    NoAgent,
    /// Something else is wrong, and would be wrong with a new agent too.
    #[error(transparent)]
    Failed(Failure),
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        match error {
            ConnectError::NoAgent => {
                Failure::new(FailureCode::NotRunning, error.to_string()).with_hint("run `ctx agent start`")
            }
            ConnectError::Failed(failure) => failure,
        }
    }
}

/// A reply of any version: the rest is looked at when the version is ours.
#[derive(Deserialize)]
struct AnyReply {
    v: u32,
    id: u64,
    #[serde(flatten)]
    outcome: serde_json::Value,
}

impl Client {
    /// Connects to this user's agent.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn connect(directories: &Directories, deadline: Instant) -> Result<Client, ConnectError> {
        let endpoint = directories.endpoint().map_err(ConnectError::Failed)?;
        let cannot = |error: io::Error| {
            let message = format!("cannot connect to the agent at {}: {error}", endpoint.path().display());
            ConnectError::Failed(Failure::new(FailureCode::Io, message).with_hint(RESTART))
        };
        let stream = match socket::connect(&endpoint, deadline.saturating_duration_since(Instant::now())) {
            Ok(stream) => stream,
            Err(error) if is_nobody(&error) => return Err(ConnectError::NoAgent),
            Err(error) => return Err(cannot(error)),
        };
        if !socket::peer_is_me(&stream) {
            let message = format!("what listens at {} is another user's", endpoint.path().display());
            let hint = "set CONTEXT_TRAY_RUNTIME_DIR to a folder of your own";
            return Err(ConnectError::Failed(Failure::new(FailureCode::Forbidden, message).with_hint(hint)));
        }
        Ok(Client { stream, reader: Reader::default(), last_id: 0 })
    }

    /// Who answers, where the system tells: for an agent of a version that can't be talked to.
    pub fn agent_pid(&self) -> Option<u32> {
        socket::peer_pid(&self.stream)
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// What the agent answers, and `Timeout`, `Version`, `ShuttingDown` and `Io` of our own. After these the connection is of no
    /// more use, and the request may yet be done.
    pub fn request(&mut self, request: Request, deadline: Instant) -> Result<Response, Failure> {
        self.last_id += 1;
        let line = RequestLine { v: PROTOCOL_VERSION, id: self.last_id, request };
        // An agent that hangs up on us says why before it does.
        match frame::write(&self.stream, &line, deadline) {
            Ok(()) | Err(FrameError::Closed) => {}
            Err(error) => return Err(failure(&error)),
        }
        loop {
            let line = self.reader.line(&self.stream, Patience::Until(deadline)).map_err(|error| failure(&error))?;
            let reply: AnyReply = serde_json::from_slice(&line).map_err(|error| failure(&error.into()))?;
            if reply.v != PROTOCOL_VERSION {
                let message =
                    format!("the agent speaks version {} of the protocol, and ctx {PROTOCOL_VERSION}", reply.v);
                return Err(Failure::new(FailureCode::Version, message).with_hint(RESTART));
            }
            // 0 is about the connection; the answer to a request given up before is of no interest any more.
            if reply.id == self.last_id || reply.id == 0 {
                let outcome: Outcome = serde_json::from_value(reply.outcome).map_err(|error| failure(&error.into()))?;
                return outcome.into();
            }
        }
    }
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn failure(error: &FrameError) -> Failure {
    match error {
        FrameError::TooLong => Failure::new(FailureCode::TooLong, error.to_string()),
        FrameError::Deadline => {
            Failure::new(FailureCode::Timeout, "the agent did not answer in time").with_hint(RESTART)
        }
        FrameError::NotJson(_) => Failure::new(FailureCode::Version, format!("the agent's answer: {error}")),
        // It ends, or has been killed: whoever asks again finds the next one, or none.
        FrameError::Closed => Failure::new(FailureCode::ShuttingDown, "the agent has closed the connection")
            .with_hint("try again in a moment"),
        FrameError::Io(_) => Failure::new(FailureCode::Io, format!("the connection to the agent failed: {error}")),
    }
}
