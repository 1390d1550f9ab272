//! What Linux and macOS share.

#[path = "unix/pipes.rs"]
mod pipes;
#[path = "unix/terminal.rs"]
mod terminal;

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use interprocess::ConnectWaitMode;
use interprocess::local_socket::traits::{Listener as _, Stream as _, StreamCommon as _};
use interprocess::local_socket::{ConnectOptions, GenericFilePath, ListenerOptions, ToFsName as _};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Endpoint;
use super::process::End;
use super::signals::StopSignal;
pub(super) use pipes::Pipes;
pub(super) use terminal::{end_by_signal, run_in_terminal};

/// Nobody can keep a file from being replaced here.
pub(super) fn is_held_by_another(_error: &io::Error) -> bool {
    false
}

pub(super) fn endpoint_path(runtime: &Path) -> io::Result<PathBuf> {
    Ok(runtime.join("agent.sock"))
}

pub(super) fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}

pub(super) fn id_at(_path: &Path, metadata: &Metadata) -> u64 {
    metadata.dev().rotate_left(32) ^ metadata.ino()
}

pub(super) fn id_of(file: &File) -> io::Result<u64> {
    file.metadata().map(|metadata| id_at(Path::new(""), &metadata))
}

/// No name means anything but a file.
pub(super) fn literal(path: &Path) -> PathBuf {
    path.to_path_buf()
}

pub(super) fn names(metadata: &Metadata) -> u64 {
    metadata.nlink()
}

pub(super) fn owned_by_me(metadata: &Metadata) -> bool {
    metadata.uid() == my_uid()
}

pub(super) fn my_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether it is a folder like `/tmp`, where each may delete only what is theirs.
pub(super) fn is_shared(metadata: &Metadata) -> bool {
    metadata.mode() & 0o1000 != 0
}

pub(super) fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

pub(super) fn obstacle(path: &Path) -> Option<io::Error> {
    if let Err(error) = rustix::fs::access(path, rustix::fs::Access::WRITE_OK) {
        return Some(error.into());
    }
    let disk = rustix::fs::statvfs(path).ok()?;
    // Some room may be kept for root. What has no blocks at all counts none.
    let room = if my_uid() == 0 { disk.f_bfree } else { disk.f_bavail };
    (disk.f_blocks > 0 && room == 0).then(|| io::ErrorKind::StorageFull.into())
}

/// What an open says that follows no link.
pub(super) fn is_link_refused(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

pub(super) fn without_prefix(path: PathBuf) -> PathBuf {
    path
}

pub(super) fn open_no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
}

pub(super) fn create_private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

pub(super) fn set_private(path: &Path) -> io::Result<()> {
    let mode = fs::symlink_metadata(path)?.permissions().mode() & 0o700;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

pub(super) fn make_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// What one of the system's clocks shows; nothing for a clock that it does not have.
pub(super) fn clock(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the time into the place that it is given, which lives until it returns.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

pub(super) fn detach(command: &mut Command) {
    command.current_dir("/");
    let new_session = || match rustix::process::setsid() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    // SAFETY: setsid is async-signal-safe, and the closure neither allocates nor takes a lock.
    unsafe { command.pre_exec(new_session) };
}

pub(super) fn hide_window(_command: &mut Command) {}

pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// SIGTERM by number, for where no handle of the process can be had: the identity was looked at just before.
pub(super) fn signal(end: End) -> Signal {
    match end {
        End::Asked => Signal::TERM,
        End::Forced => Signal::KILL,
    }
}

pub(super) fn end_by_number(pid: u32, end: End) -> io::Result<bool> {
    let Some(pid) = process_number(pid) else { return Ok(false) };
    match rustix::process::kill_process(pid, signal(end)) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn process_number(pid: u32) -> Option<rustix::process::Pid> {
    i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
}

pub(super) const USUAL_EDITOR: &str = "vi";

/// Shells are what such lines are written for.
pub(super) fn command_of_line(line: &OsStr) -> Command {
    let mut script = line.to_os_string();
    script.push(" \"$@\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg("sh");
    command
}

pub(super) fn stop_signals(on_signal: impl Fn(StopSignal) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            on_signal(match signal {
                SIGINT => StopSignal::Interrupt,
                SIGHUP => StopSignal::HangUp,
                _ => StopSignal::Terminate,
            });
        }
    })?;
    Ok(())
}

/// A pipe whose reader is gone is in error, which is told without being asked for; nothing else that a terminal or a file may be.
pub(super) fn when_unread(on_unread: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let wait = || loop {
        let stdout = io::stdout();
        let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut polled, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => return polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
        }
    };
    let watch = move || {
        if wait() {
            on_unread()
        }
    };
    std::thread::Builder::new().name("output".into()).stack_size(64 * 1024).spawn(watch).map(drop)
}

pub(super) use interprocess::local_socket::{Listener, Stream};

pub(super) fn listen(endpoint: &Endpoint) -> io::Result<Listener> {
    let name = endpoint.path().to_fs_name::<GenericFilePath>()?;
    super::os::private_listener(ListenerOptions::new().name(name)).create_sync()
}

pub(super) fn accept(listener: &Listener) -> io::Result<Stream> {
    listener.accept()
}

pub(super) fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Stream> {
    let name = endpoint.path().to_fs_name::<GenericFilePath>()?;
    ConnectOptions::new().name(name).wait_mode(ConnectWaitMode::Timeout(patience)).connect_sync()
}

pub(super) fn peer_is_me(stream: &Stream) -> bool {
    stream.peer_creds().ok().and_then(|peer| peer.euid()) == Some(my_uid())
}

pub(super) fn read_by(stream: &Stream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    loop {
        patient(stream.set_recv_timeout(Some(left(deadline)?)))?;
        match (&mut &*stream).read(buffer) {
            Err(error) if is_passing(&error) => {}
            done => return done,
        }
    }
}

pub(super) fn write_by(stream: &Stream, bytes: &[u8], deadline: Instant) -> io::Result<usize> {
    loop {
        patient(stream.set_send_timeout(Some(left(deadline)?)))?;
        match (&mut &*stream).write(bytes) {
            Err(error) if is_passing(&error) => {}
            done => return done,
        }
    }
}

/// The time up to a deadline, as the system takes it: zero would mean for ever.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left.max(Duration::from_millis(1))),
    }
}

/// What came of setting a time. macOS refuses every option of a connection that has ended in both directions, as one has whose peer
/// said its last word and left: nothing waits there any more, and the word can still be read.
fn patient(set: io::Result<()>) -> io::Result<()> {
    set.or_else(|error| if error.raw_os_error() == Some(libc::EINVAL) { Ok(()) } else { Err(error) })
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

pub(super) fn hang_up(stream: &Stream) {
    let Stream::UdSocket(stream) = stream;
    let _ = stream.inner().shutdown(std::net::Shutdown::Both);
}

/// Marks every descriptor from 3 up in a listing of our own, so that no program that we start has it.
pub(super) fn close_listed_on_exec(listing: &str) {
    let Ok(listing) = fs::read_dir(listing) else { return };
    let numbers = listing.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for number in numbers.filter(|number| *number > 2) {
        // SAFETY: sets a flag by number; a number that is closed meanwhile is an error that changes nothing.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::{FdFlags, dup, fcntl_getfd};

    use super::*;

    #[test]
    fn a_time_that_is_refused_at_the_end_of_a_connection_keeps_nobody_from_reading() {
        assert!(patient(Err(io::Error::from_raw_os_error(libc::EINVAL))).is_ok());
        assert!(patient(Err(io::Error::from_raw_os_error(libc::EBADF))).is_err());
        assert!(patient(Ok(())).is_ok());
    }

    #[test]
    fn what_we_inherited_is_not_handed_on() {
        let inherited = dup(File::open("/dev/null").unwrap()).unwrap();
        assert!(!fcntl_getfd(&inherited).unwrap().contains(FdFlags::CLOEXEC));
        close_listed_on_exec("/dev/fd");
        assert!(fcntl_getfd(&inherited).unwrap().contains(FdFlags::CLOEXEC));
    }
}
