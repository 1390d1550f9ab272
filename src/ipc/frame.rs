//! One message: a line of JSON, with a limit to its size and to the time that it may take.
//!
//! A deadline is for a whole message. One for each byte would let a peer that sends a byte now and then hold a
//! connection for ever.

use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::platform::socket::{self, Stream};

/// The longest message in bytes, without its newline.
pub const MAX_LINE: usize = 64 * 1024;

/// How much is read at a time.
const CHUNK: usize = 8 * 1024;

/// A message that could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is longer than [`MAX_LINE`].
    #[error("the message is longer than {MAX_LINE} bytes")]
    TooLong,
    /// It is not the JSON that was expected.
    #[error("the message is not valid: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The peer has ended the connection.
    #[error("the connection was closed")]
    Closed,
    /// The time was up.
    #[error("no complete message within the deadline")]
    Deadline,
    /// The system reports something else.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => FrameError::Deadline,
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
                FrameError::Closed
            }
            _ => FrameError::Io(error),
        }
    }
}

/// How long a reader waits.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// The whole message by then.
    Until(Instant),
    /// The first byte within the first time, the whole message within the second from there.
    Idle(Duration, Duration),
}

/// Takes lines from a stream, and keeps what has come of the next.
#[derive(Debug, Default)]
pub struct Reader {
    /// What was read and not given out yet.
    pending: Vec<u8>,
}

impl Reader {
    /// The next line, without its end.
    ///
    /// # Errors
    ///
    /// Each kind of [`FrameError`] but `NotJson`. After `TooLong` the stream is of no more use.
    pub fn line(&mut self, stream: &Stream, patience: Patience) -> Result<Vec<u8>, FrameError> {
        let mut deadline = match patience {
            Patience::Until(deadline) => deadline,
            Patience::Idle(first, _) if self.pending.is_empty() => Instant::now() + first,
            Patience::Idle(_, whole) => Instant::now() + whole,
        };
        let mut searched = 0;
        let mut chunk = [0; CHUNK];
        loop {
            if let Some(end) = self.pending[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.pending.split_off(searched + end + 1);
                let mut line = std::mem::replace(&mut self.pending, rest);
                line.pop();
                return if line.len() > MAX_LINE { Err(FrameError::TooLong) } else { Ok(line) };
            }
            searched = self.pending.len();
            if searched > MAX_LINE {
                return Err(FrameError::TooLong);
            }
            match socket::read_by(stream, &mut chunk, deadline)? {
                0 => return Err(FrameError::Closed),
                read => self.pending.extend_from_slice(&chunk[..read]),
            }
            if let (0, Patience::Idle(_, whole)) = (searched, patience) {
                deadline = Instant::now() + whole;
            }
        }
    }

    /// Whether a part of a line has come.
    pub fn is_amid_line(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Sends one message.
///
/// # Errors
///
/// `TooLong` with nothing sent; else the stream is of no more use.
pub fn write(stream: &Stream, message: &impl Serialize, deadline: Instant) -> Result<(), FrameError> {
    let mut line = serde_json::to_vec(message)?;
    if line.len() > MAX_LINE {
        return Err(FrameError::TooLong);
    }
    line.push(b'\n');
    Ok(socket::write_all_by(stream, &line, deadline)?)
}
