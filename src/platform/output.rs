//! Whether somebody reads what we print.

use std::io;

use super::os;

/// Has `on_unread` called, on a thread of its own, once nobody reads our standard output any more, where it is a pipe. Without
/// this, only the next line would tell. On Windows it stays so: there a pipe has no such event.
///
/// # Errors
///
/// The system has no thread left.
pub fn when_unread(on_unread: impl FnOnce() + Send + 'static) -> io::Result<()> {
    os::when_unread(on_unread)
}
