//! The local socket of the agent: made for one user, with deadlines where the system has none of its own.

use std::io;
use std::time::{Duration, Instant};

use super::{Endpoint, os};

/// One end of a connection.
pub type Stream = os::Stream;

/// The bound endpoint.
pub type Listener = os::Listener;

/// Listens at the endpoint, for this user only.
///
/// # Errors
///
/// Somebody listens there, or a dead agent's socket is in the way (`AddrInUse`).
pub fn listen(endpoint: &Endpoint) -> io::Result<Listener> {
    os::listen(endpoint)
}

/// Waits for the next connection.
///
/// # Errors
///
/// What the system reports; the next may be accepted all the same.
pub fn accept(listener: &Listener) -> io::Result<Stream> {
    os::accept(listener)
}

/// Connects to whoever listens at the endpoint, which may be busy for so long.
///
/// # Errors
///
/// `NotFound` or `ConnectionRefused` when nobody listens; else what the system reports.
pub fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Stream> {
    os::connect(endpoint, patience)
}

/// Whether the process at the other end belongs to the user that we run as.
pub fn peer_is_me(stream: &Stream) -> bool {
    os::peer_is_me(stream)
}

/// The process at the other end, where the system tells.
pub fn peer_pid(stream: &Stream) -> Option<u32> {
    os::peer_pid(stream)
}

/// Reads what there is, waiting for it until the deadline; 0 at the end of the stream.
///
/// # Errors
///
/// `TimedOut` at the deadline, and what the system reports.
pub fn read_by(stream: &Stream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    os::read_by(stream, buffer, deadline)
}

/// Writes all of it until the deadline.
///
/// # Errors
///
/// `TimedOut` at the deadline, with a part written, and what the system reports.
pub fn write_all_by(stream: &Stream, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        match os::write_by(stream, bytes, deadline)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// Wakes whoever reads; what was written can still be read at the other end. Nothing more is to be read or written here.
pub fn hang_up(stream: &Stream) {
    os::hang_up(stream);
}
