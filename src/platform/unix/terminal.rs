//! A command that runs in our place in the terminal, as if we were not there.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{getpgid, getpgrp};
use shared_child::SharedChild;
use shared_child::unix::SharedChildExt as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::{Handle, Signals};

use super::super::os::Witness;
use super::super::process::Ended;
use super::process_number;

/// What is meant for the command, in the order in which a process gets what it is sent at once.
const MEANT: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM];

/// What a terminal sends to all of its foreground group, a bit each.
const OF_TERMINAL: u64 = 1 << SIGHUP | 1 << SIGINT | 1 << SIGQUIT;

/// Whoever signals all processes one by one, as service managers do, has come through with it after this time.
const ROUND: Duration = Duration::from_millis(20);

/// Which of the three standard streams were closed when we were started, a bit each. The runtime opens `/dev/null` in their place,
/// which a command would take for a stream that works.
static CLOSED: AtomicU8 = AtomicU8::new(0);

// SAFETY: what lies in this section is called once before `main` and so before the runtime begins, with arguments that a C function
// may leave alone.
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static BEFORE_MAIN: extern "C" fn() = note_closed;

/// Needs nothing of the runtime, which is not there yet.
extern "C" fn note_closed() {
    // SAFETY: asks for a flag by number; a number that is closed is an error that changes nothing.
    let is_closed = |stream: &i32| unsafe { libc::fcntl(*stream, libc::F_GETFD) } == -1;
    let closed = (0..3).filter(is_closed).fold(0, |closed, stream| closed | 1 << stream);
    CLOSED.store(closed, Ordering::Relaxed);
}

pub(in super::super) fn run_in_terminal(command: &mut Command) -> io::Result<Ended> {
    // What we ignore, the command inherits and shall go on ignoring; a handler is undone by exec.
    let is_heard = |signal: &i32| !is_ignored(*signal);
    let mut interrupts = Vec::new();
    for signal in [SIGINT, SIGQUIT].into_iter().filter(is_heard) {
        let flag = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
        interrupts.push((signal, flag));
    }
    let meant = Signals::new(MEANT.into_iter().filter(is_heard))?;
    let handle = meant.handle();
    leave_closed(command);
    // The thread comes first: where there can be none, the command must not run on out of reach.
    let (tell, told) = mpsc::channel::<(Arc<SharedChild>, Option<Witness>)>();
    let forward = move || {
        if let Ok((command, witness)) = told.recv() {
            forward(meant, &command, witness);
        }
    };
    let forward = thread::Builder::new().name("forward-signals".into()).spawn(forward)?;
    let child = Arc::new(SharedChild::spawn(command)?);
    // The command is not held up by the witness.
    let _ = tell.send((Arc::clone(&child), Witness::call()));
    let status = child.wait();
    handle.close();
    let _ = forward.join();
    let status = status?;
    let is_end = |(signal, was_heard): &(i32, Arc<AtomicBool>)| {
        status.signal() == Some(*signal) && was_heard.load(Ordering::SeqCst)
    };
    Ok(Ended { status, interrupt: interrupts.iter().find(|it| is_end(it)).map(|(signal, _)| *signal) })
}

/// What was closed for us is closed for the command.
fn leave_closed(command: &mut Command) {
    let closed = CLOSED.load(Ordering::Relaxed);
    if closed == 0 {
        // Without anything to do in between, a process is started faster.
        return;
    }
    let close = move || {
        for stream in (0..3).filter(|stream| closed & 1 << stream != 0) {
            // SAFETY: nothing owns the number: it holds what the runtime opened for a stream that it leaves open for ever.
            unsafe { libc::close(stream) };
        }
        Ok(())
    };
    // SAFETY: close is async-signal-safe, and the closure neither allocates nor takes a lock.
    unsafe { command.pre_exec(close) };
}

/// Passes on what is sent to us until that is closed, but for what the command got itself as a member of our group.
fn forward(mut meant: Signals, command: &SharedChild, witness: Option<Witness>) {
    let handle: Handle = meant.handle();
    loop {
        let heard = meant.wait();
        if handle.is_closed() {
            return;
        }
        if witness.is_some() {
            thread::sleep(ROUND);
        }
        // What came within that time counts once, as it mostly does for a process that gets it twice. It is taken before the witness
        // is asked: what comes in between must not stay with the witness, where it would hide a later one.
        let heard = heard.fold(0, |heard, signal| heard | 1_u64 << signal);
        let by_group = witness.as_ref().map_or(OF_TERMINAL, Witness::heard);
        let by_command = if is_in_our_group(command.id()) { by_group } else { 0 };
        for signal in MEANT.into_iter().filter(|signal| heard & !by_command & 1 << signal != 0) {
            let _ = command.send_signal(signal);
        }
    }
}

/// Not so for a command that leads a group of its own from some moment on, as `timeout` and `setsid` do.
fn is_in_our_group(pid: u32) -> bool {
    getpgid(process_number(pid)).is_ok_and(|group| group == getpgrp())
}

/// Returns where the signal ends nobody. The core, if one is wanted, is the command's.
pub(in super::super) fn end_by_signal(signal: i32) {
    let no_core = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, no_core);
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: an all-zero sigaction is a valid value, and the call only writes to it.
    let (asked, action) = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, std::ptr::null(), &mut action), action)
    };
    asked == 0 && action.sa_sigaction == libc::SIG_IGN
}
