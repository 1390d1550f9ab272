//! Requests to end that reach the process from outside.

use std::io;

use super::os;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// Another process, or the system at logout.
    Terminate,
    /// The user, with Ctrl-C.
    Interrupt,
    /// The terminal, which is gone.
    HangUp,
}

/// From now on a request to end does not end the process but is told to `on_signal`, on a thread of its own.
///
/// # Errors
///
/// The system refused the handlers.
pub fn stop_signals(on_signal: impl Fn(StopSignal) + Send + 'static) -> io::Result<()> {
    os::stop_signals(on_signal)
}
