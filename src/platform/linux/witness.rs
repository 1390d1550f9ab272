//! Whether a signal was sent to us alone or to all of our group, which no signal tells.
//!
//! A second process of ours lies in the group. What is sent to the group reaches it too, and so does what is sent one by one to every
//! process of a service, of a container or of a tree; what is sent to our number does not. Nobody may take it for us by its
//! name or its arguments, as `pkill -f` would; who goes by the program's file still does.

use std::ffi::CStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::mem;
use std::net::Shutdown;
use std::ops::Range;
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::process_number;

/// Who can't answer within this time was stopped again by somebody.
const ANSWER: Duration = Duration::from_secs(1);

/// What it is called, of which the system keeps 15 bytes.
const NAME: &CStr = c"signal-witness";

/// A process that holds nothing open and only remembers what it hears. It ends with this value, or with us, however we end.
pub(in super::super) struct Witness {
    process: Pid,
    line: UnixStream,
}

impl Witness {
    /// None where there can be none: then nobody knows who else a signal was sent to.
    pub(in super::super) fn call() -> Option<Witness> {
        let name = arguments(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let (line, far_end) = UnixStream::pair().ok()?;
        line.set_read_timeout(Some(ANSWER)).ok()?;
        // SAFETY: the masks are valid for their whole lives, all zeros or not; this thread has its own back after the fork, which
        // nothing comes in between, so that the new process never listens to a handler of ours. That one does only what `testify` may do.
        let process = unsafe {
            let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = (mem::zeroed(), mem::zeroed());
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            let process = libc::fork();
            if process == 0 {
                testify(far_end.as_raw_fd(), name, &all);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
            process
        };
        Some(Witness { process: process_number(u32::try_from(process).ok()?)?, line })
    }

    /// What reached it since it was last asked: a bit for each signal's number. Nothing if it is gone.
    pub(in super::super) fn heard(&self) -> u64 {
        // Who stopped the whole group need not have woken all of it.
        let _ = kill_process(self.process, Signal::CONT);
        let (mut line, mut heard) = (&self.line, [0; 8]);
        match line.write(&[0]).and_then(|_| line.read(&mut heard)) {
            Ok(_) => u64::from_ne_bytes(heard),
            Err(_) => {
                // It is asked no more: what it says next would be the answer to this question.
                let _ = line.shutdown(Shutdown::Both);
                0
            }
        }
    }
}

/// Also where nobody would wait for our orphans, none is left.
impl Drop for Witness {
    fn drop(&mut self) {
        let _ = kill_process(self.process, Signal::KILL);
        let _ = waitpid(Some(self.process), WaitOptions::empty());
    }
}

/// Where our arguments lie in memory: fields 48 and 49 of `/proc/self/stat`, zero where the system does not tell.
fn arguments(stat: &str) -> Option<Range<usize>> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let range = fields.nth(45)?.parse().ok()?..fields.next()?.parse().ok()?;
    (range.start != 0 && !range.is_empty()).then_some(range)
}

/// The whole life of the new process: answers each byte with what it has heard since.
///
/// # Safety
///
/// To be called in a process that was just forked, whose arguments lie at `name`, with the signals of `all` blocked.
unsafe fn testify(line: RawFd, name: Range<usize>, all: &libc::sigset_t) -> ! {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: every call is async-signal-safe, for locks may be held by threads that are not here. The arguments are this process's
    // own copy, which nobody reads any more; the pointers are to values that outlive their calls.
    unsafe {
        let place = ptr::with_exposed_provenance_mut::<u8>(name.start);
        ptr::write_bytes(place, 0, name.len());
        ptr::copy_nonoverlapping(NAME.as_ptr().cast(), place, NAME.count_bytes().min(name.len() - 1));
        libc::prctl(libc::PR_SET_NAME, NAME.as_ptr());
        // Our end of the line is among what is closed: without that the other end would never be told of ours.
        libc::dup2(line, 0);
        if libc::syscall(libc::SYS_close_range, 1_u32, u32::MAX, 0_u32) != 0 {
            libc::_exit(1);
        }
        let mut asked = 0_u8;
        while libc::read(0, (&raw mut asked).cast(), 1) == 1 {
            let mut heard = 0_u64;
            while let signal @ 1.. = libc::sigtimedwait(all, ptr::null_mut(), &now) {
                heard |= 1_u64.rotate_left(signal.unsigned_abs());
            }
            libc::write(0, (&raw const heard).cast(), mem::size_of_val(&heard));
        }
        libc::_exit(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_our_arguments_is_known() {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let place = arguments(&stat).unwrap();
        assert_eq!(place.len(), fs::read("/proc/self/cmdline").unwrap().len());
        let other = |start, end| arguments(&format!("7 (a) b) S{} {start} {end} 0", " 1".repeat(44)));
        assert_eq!(other("4096", "4100"), Some(4096..4100));
        assert_eq!([other("0", "0"), other("9", "9"), other("x", "y"), arguments("7 (a) S 1")], [const { None }; 4]);
    }
}
