//! What a verb may fail with, and the exit code of each.

use std::io;
use std::process::ExitCode;

use context_tray::ipc::client::ConnectError;
use context_tray::request::{Failure, FailureCode};

use crate::output::Output;

/// Something failed.
pub(crate) const FAILED: u8 = 1;
/// The arguments make no sense.
pub(crate) const USAGE: u8 = 2;
/// Nothing records the project.
pub(crate) const NOT_RUNNING: u8 = 3;
/// The verb needs the agent, and it can't be reached.
const UNREACHABLE: u8 = 5;
/// What was claimed does not hold.
pub(crate) const SAYS_NO: u8 = 7;

/// Why a verb could not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Error {
    /// With something to say, and its exit code.
    Failed(Failure, u8),
    /// Whoever reads our output has seen enough.
    BrokenPipe,
}

impl Error {
    /// Nothing records the project.
    pub(crate) fn not_running(message: impl Into<String>) -> Error {
        Failure::new(FailureCode::NotRunning, message).into()
    }

    /// The same, with what to do.
    pub(crate) fn with_hint(self, hint: &str) -> Error {
        match self {
            Error::Failed(failure, code) => Error::Failed(failure.with_hint(hint), code),
            Error::BrokenPipe => Error::BrokenPipe,
        }
    }

    /// The arguments make no sense together.
    pub(crate) fn usage(message: impl Into<String>) -> Error {
        Error::Failed(Failure::new(FailureCode::BadRequest, message), USAGE)
    }

    /// The agent can't be reached.
    pub(crate) fn unreachable(failure: Failure) -> Error {
        Error::Failed(failure, UNREACHABLE)
    }

    /// The exit code, after what there is to say was said.
    pub(crate) fn report(self, output: &Output) -> ExitCode {
        match self {
            Error::BrokenPipe => ExitCode::SUCCESS,
            Error::Failed(failure, code) => {
                output.error(&failure);
                ExitCode::from(code)
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let code = match failure.code {
            FailureCode::NotRunning => NOT_RUNNING,
            FailureCode::Timeout => UNREACHABLE,
            _ => FAILED,
        };
        Error::Failed(failure, code)
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Error {
        Error::unreachable(error.into())
    }
}

/// Of our own output: every other error carries its path.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Error::BrokenPipe,
            _ => Failure::new(FailureCode::Io, format!("cannot write the output: {error}")).into(),
        }
    }
}
