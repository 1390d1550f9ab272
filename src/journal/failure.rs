//! Why the journal can't be written, and what mends it.

use std::io;
use std::path::Path;

use super::read;
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode};
use crate::snapshot;

/// Refuses a project that Context Engine's own tracker records.
///
/// # Errors
///
/// It does.
pub fn refuse_other_tool(root: &ProjectRoot) -> Result<(), Failure> {
    let Some(pid) = snapshot::context_engine(root) else { return Ok(()) };
    let message = format!("Context Engine's own tracker (PID {pid}) records {root}");
    Err(Failure::new(FailureCode::Busy, message).with_hint("end it first with: context stop-session"))
}

/// The failure of a start beside a live tracker, or of a lock file that can't be used.
pub fn lock_failure(root: &ProjectRoot, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::TimedOut {
        let pid = read::pid(root).map(|pid| format!(" (PID {pid})")).unwrap_or_default();
        let message = format!("another tracker{pid} records {root}");
        return Failure::new(FailureCode::Busy, message).with_hint(format!("end it with: ctx stop {root}"));
    }
    io_failure("lock", &root.tracker_lock(), error)
}

/// A failure that names the path and what mends it.
pub fn io_failure(verb: &str, path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::Other if verb == "read" => Some("move the file away; a new one is begun"),
        _ => files::remedy(error),
    };
    let failure = Failure::new(FailureCode::Io, format!("cannot {verb} {}: {error}", path.display()));
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
