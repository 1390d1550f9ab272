//! The local socket of the agent: made for one user, with deadlines where the system has none of its own.

use std::io;
use std::time::Instant;

use interprocess::local_socket::{GenericFilePath, Listener, ListenerOptions, Name, Stream, ToFsName as _};

use super::{Endpoint, os};

/// The endpoint as the socket library wants it.
///
/// # Errors
///
/// The path can't be an endpoint's.
pub fn name(endpoint: &Endpoint) -> io::Result<Name<'_>> {
    endpoint.path().to_fs_name::<GenericFilePath>()
}

/// Listens at the endpoint, for this user only.
///
/// # Errors
///
/// Somebody listens there, or a dead agent's socket is in the way (`AddrInUse`).
pub fn listen(endpoint: &Endpoint) -> io::Result<Listener> {
    os::private_listener(ListenerOptions::new().name(name(endpoint)?))?.create_sync()
}

/// Whether the process at the other end belongs to the user that we run as.
pub fn peer_is_me(stream: &Stream) -> bool {
    os::peer_is_me(stream)
}

/// To be called once for each stream before the two below.
///
/// # Errors
///
/// The stream is closed.
pub fn prepare(stream: &Stream) -> io::Result<()> {
    os::prepare_stream(stream)
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

/// Ends both directions, which wakes whoever reads.
pub fn hang_up(stream: &Stream) {
    os::hang_up(stream);
}
