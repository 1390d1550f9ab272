//! Processes: who a number is, how one is told to end, how one is started beside us.
//!
//! A number alone never names a process, since numbers are used again. What names one is its *identity*: a text that
//! holds when it began, and that no other process of this machine ever had or will have.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::os;

/// The identity of the live process with this number; none when there is none, or it can't be told.
pub fn identity(pid: u32) -> Option<String> {
    os::identity(pid)
}

/// The program and the arguments of a live process, where the system tells.
pub fn command_line(pid: u32) -> Option<Vec<String>> {
    os::command_line(pid)
}

/// Asks the process with this number *and* this identity to end; false when there is no such process.
///
/// # Errors
///
/// The process is there and may not be signalled.
pub fn terminate(pid: u32, identity: &str) -> io::Result<bool> {
    os::end_process(pid, identity, End::Asked)
}

/// Ends the process with this number *and* this identity at once, as one that hangs has to be; false when there is no
/// such process.
///
/// # Errors
///
/// The process is there and may not be ended.
pub fn kill(pid: u32, identity: &str) -> io::Result<bool> {
    os::end_process(pid, identity, End::Forced)
}

/// How a process is made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It may finish what it is at.
    Asked,
    /// It may not.
    Forced,
}

/// Gives back to the system what was needed once and is free now: for after a large piece of work in a process that then
/// sleeps for hours. Does nothing where the allocator does so by itself.
pub fn give_back_memory() {
    os::give_back_memory();
}

/// Has all threads share one heap. One for each costs memory, and asks the system for it in small pieces; of our threads only
/// one is busy at a time. To be called before there are others.
pub fn share_heap() {
    os::share_heap();
}

/// How long the machine has slept since it was started.
pub fn slept() -> Duration {
    os::slept()
}

/// Starts a process that outlives us and our terminal: a session of its own, no input and no output but the given
/// error stream, no window, and none of the descriptors that we inherited ourselves.
///
/// # Errors
///
/// It could not be started.
pub fn spawn_detached(command: &mut Command, stderr: Stdio) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    os::close_all_on_exec();
    os::detach(command);
    command.spawn()
}

/// Keeps a console window from opening for a program without one.
pub fn hide_window(command: &mut Command) {
    os::hide_window(command);
}

/// How a command ended that had the terminal.
#[derive(Debug)]
pub struct Ended {
    /// As the system tells it.
    pub status: ExitStatus,
    /// The terminal's signal that ended it, which reached us too.
    pub(super) interrupt: Option<i32>,
}

impl Ended {
    /// Ends this process as the command ended: with its code, but by the same signal where that came from the terminal. A shell
    /// that runs a script or a loop goes on with the next line else.
    pub fn end(self) -> ! {
        if let Some(signal) = self.interrupt {
            os::end_by_signal(signal);
        }
        // The codes of some systems have more bits than an `ExitCode` takes.
        std::process::exit(exit_code(self.status))
    }
}

/// Runs a command with our own streams and waits for it; what was closed when we began is closed for it too. What asks a program to
/// end, or means to each what it likes, reaches the command once: what a terminal or somebody else sends to all of our group it has
/// got itself, what reaches us alone is passed on. On Linux it takes 20 ms to tell these apart; where nobody can, as on macOS, what
/// the terminal may have sent is not passed on, and of the rest the command gets twice what was sent to the group. Who signals all
/// processes of our program's file, but not the command, is taken for one who signals the group.
///
/// # Errors
///
/// It could not be started.
pub fn run_in_terminal(command: &mut Command) -> io::Result<Ended> {
    os::run_in_terminal(command)
}

/// The editor of those who name none.
pub const USUAL_EDITOR: &str = os::USUAL_EDITOR;

/// The command of a line as variables such as `EDITOR` hold one, to be given more arguments.
pub fn command_of_line(line: &OsStr) -> Command {
    os::command_of_line(line)
}

/// The code a shell would show: the exit code, or 128 and the number of the signal.
pub fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| os::signal_of(status).map_or(1, |signal| 128 + signal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_identity_is_known_and_stays() {
        let me = identity(std::process::id()).unwrap();
        assert_eq!(identity(std::process::id()).unwrap(), me);
        assert!(command_line(std::process::id()).is_some());
    }

    #[test]
    fn numbers_that_no_process_has_are_nobody() {
        for pid in [0, u32::MAX, i32::MAX as u32] {
            assert_eq!(identity(pid), None);
            assert!(!terminate(pid, "whoever").unwrap());
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_process_that_is_meant_is_ended() {
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        assert!(!terminate(child.id(), "somebody else").unwrap());
        assert_eq!(child.try_wait().unwrap(), None);
        let who = identity(child.id()).unwrap();
        assert!(terminate(child.id(), &who).unwrap());
        assert_eq!(exit_code(child.wait().unwrap()), 128 + 15);
        assert!(!terminate(child.id(), &who).unwrap());
    }
}
