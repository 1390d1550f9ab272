//! The agent's endpoint as a named pipe that only this user may open.
//!
//! Pipes have no deadlines of their own. Each read and write is therefore begun, waited for until its deadline, and
//! called off if it is not done by then: nothing polls, and an idle connection costs nothing.

use std::io;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;
use std::time::{Duration, Instant};

use interprocess::ConnectWaitMode;
use interprocess::os::windows::named_pipe::{DuplexPipeStream, PipeListener, PipeListenerOptions, pipe_mode::Bytes};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::U16CString;
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, HANDLE,
    WAIT_OBJECT_0,
};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Threading::{CreateEventW, WaitForSingleObject};

use super::super::Endpoint;
use super::process::{my_sid, user_of};

pub(in super::super) type Stream = DuplexPipeStream<Bytes>;
pub(in super::super) type Listener = PipeListener<Bytes, Bytes>;

/// Room for any message on its way: a write waits only for a peer that leaves several unread.
const BUFFER: u32 = 128 * 1024;

/// The pipe's access list names this user and nobody else.
pub(in super::super) fn listen(endpoint: &Endpoint) -> io::Result<Listener> {
    let rules = U16CString::from_str(format!("D:P(A;;GA;;;{})", my_sid()?)).map_err(io::Error::other)?;
    let mut options = PipeListenerOptions::new().path(endpoint.path());
    options.security_descriptor = Some(SecurityDescriptor::deserialize(&rules)?);
    options.input_buffer_size_hint = BUFFER;
    options.output_buffer_size_hint = BUFFER;
    options.create_duplex::<Bytes>().map_err(|error| match error.kind() {
        // What the system says of a name that is taken.
        io::ErrorKind::PermissionDenied => io::Error::new(io::ErrorKind::AddrInUse, error),
        _ => error,
    })
}

pub(in super::super) fn accept(listener: &Listener) -> io::Result<Stream> {
    listener.accept()
}

pub(in super::super) fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Stream> {
    Stream::connect_by_path_with_wait_mode(endpoint.path(), ConnectWaitMode::Timeout(patience))
}

pub(in super::super) fn peer_pid(stream: &Stream) -> Option<u32> {
    stream.peer_process_id().ok()
}

pub(in super::super) fn peer_is_me(stream: &Stream) -> bool {
    let peer = peer_pid(stream).and_then(|pid| user_of(pid).ok());
    peer.is_some_and(|sid| my_sid().is_ok_and(|mine| mine == sid))
}

/// The end of the stream is one whether the peer has closed its end or we have hung up.
pub(in super::super) fn read_by(stream: &Stream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    // SAFETY: the buffer has the length that is passed, and `finish_by` does not return before the operation is over.
    let begin = |pipe, operation: *mut OVERLAPPED| unsafe {
        ReadFile(pipe, buffer.as_mut_ptr(), length, ptr::null_mut(), operation)
    };
    match finish_by(stream, deadline, begin) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        done => done,
    }
}

pub(in super::super) fn write_by(stream: &Stream, bytes: &[u8], deadline: Instant) -> io::Result<usize> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // SAFETY: the bytes have the length that is passed, and `finish_by` does not return before the operation is over.
    let begin = |pipe, operation: *mut OVERLAPPED| unsafe {
        WriteFile(pipe, bytes.as_ptr(), length, ptr::null_mut(), operation)
    };
    finish_by(stream, deadline, begin)
}

/// Begins an operation and waits for its end, which at the deadline is brought about. Says how many bytes were moved.
fn finish_by(
    stream: &Stream,
    deadline: Instant,
    begin: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32,
) -> io::Result<usize> {
    let pipe = stream.as_handle().as_raw_handle() as HANDLE;
    let done = new_event()?;
    let mut operation = OVERLAPPED { hEvent: done.as_raw_handle() as HANDLE, ..OVERLAPPED::default() };
    if begin(pipe, &mut operation) == 0 {
        let error = io::Error::last_os_error();
        if !is(&error, ERROR_IO_PENDING) {
            return Err(named(error));
        }
    }
    // SAFETY: the event is open. The operation lives until the last call returns, which it does only when the system has
    // let go of it.
    let (moved, ended) = unsafe {
        if WaitForSingleObject(operation.hEvent, milliseconds(deadline)) != WAIT_OBJECT_0 {
            CancelIoEx(pipe, &operation);
        }
        let mut moved = 0;
        let ended = GetOverlappedResult(pipe, &operation, &mut moved, 1);
        (moved, ended)
    };
    if ended != 0 {
        return Ok(moved as usize);
    }
    match io::Error::last_os_error() {
        error if is(&error, ERROR_OPERATION_ABORTED) && Instant::now() >= deadline => {
            Err(io::ErrorKind::TimedOut.into())
        }
        error => Err(named(error)),
    }
}

fn new_event() -> io::Result<OwnedHandle> {
    // SAFETY: the pointers may be null; the event is reset by hand, not set, and has no name.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(event) })
}

/// The time up to a deadline, rounded up. The greatest number would mean for ever.
fn milliseconds(deadline: Instant) -> u32 {
    let left = deadline.saturating_duration_since(Instant::now());
    u32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX).min(u32::MAX - 1)
}

/// The several ways in which the system says that nobody is at the other end, as one.
fn named(error: io::Error) -> io::Error {
    let gone = [ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED];
    if gone.iter().any(|code| is(&error, *code)) { io::ErrorKind::BrokenPipe.into() } else { error }
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error().is_some_and(|raw| raw.cast_unsigned() == code)
}

/// Wakes whoever reads. What was written stays for the peer to read, and the pipe is closed with its last user.
pub(in super::super) fn hang_up(stream: &Stream) {
    // SAFETY: the handle is open; without an operation named, all of this pipe's are called off.
    unsafe { CancelIoEx(stream.as_handle().as_raw_handle() as HANDLE, ptr::null()) };
}
