//! One agent per user and state folder.
//!
//! The guard's name is made from the state folder and the user, so that a test's agent and the user's don't meet. On
//! Linux the underlying socket would be inherited by children, and a tracker that outlives a killed agent would keep
//! the name: every descriptor is therefore marked close-on-exec as soon as the guard is held.

use std::io;

use single_instance::SingleInstance;
use single_instance::error::SingleInstanceError;

use super::{Directories, files, os};

/// Held by the one agent; given back when it is dropped or the process ends, however it ends.
pub struct Guard(#[allow(dead_code, reason = "held for its drop")] SingleInstance);

impl Guard {
    /// The guard, or none while another process holds it.
    ///
    /// # Errors
    ///
    /// The system would not say: this is not the same as another agent.
    pub fn acquire(directories: &Directories) -> io::Result<Option<Guard>> {
        directories.make_state()?;
        let state = directories.state.canonicalize()?;
        let name = os::instance_name(&state, files::stable_hash(state.as_os_str().as_encoded_bytes()))?;
        let instance = SingleInstance::new(&name).map_err(to_io)?;
        os::close_all_on_exec();
        Ok(instance.is_single().then_some(Guard(instance)))
    }
}

fn to_io(error: SingleInstanceError) -> io::Error {
    io::Error::other(format!("the instance guard could not be taken: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directories(folder: &std::path::Path) -> Directories {
        Directories { config: folder.into(), state: folder.join("state"), runtime: folder.into() }
    }

    #[test]
    fn there_is_one_guard_per_state_folder() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let first = Guard::acquire(&directories(folder.path())).unwrap();
        assert!(first.is_some());
        assert!(Guard::acquire(&directories(folder.path())).unwrap().is_none());
        assert!(Guard::acquire(&directories(other.path())).unwrap().is_some());
        drop(first);
        assert!(Guard::acquire(&directories(folder.path())).unwrap().is_some());
    }
}
