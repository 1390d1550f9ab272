//! macOS: `libproc` and `sysctl` for who a process is, flags of the mount for what lies below a folder.

#[path = "macos/autostart.rs"]
mod autostart;

use std::env;
use std::ffi::{CStr, CString, OsString};
use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;
use std::time::Duration;

use directories::BaseDirs;
use interprocess::local_socket::ListenerOptions;

use super::files::{FsKind, Reach};
use super::forms;
pub(super) use super::not_linux::*;
use super::process::End;
pub(super) use super::unix::*;
pub(super) use autostart::{autostart_status, disable_autostart, enable_autostart};

pub(super) const DIAGNOSTICS: &str = "Logs";

/// `sun_path` has 104 bytes with the terminating zero.
pub(super) const LONGEST_ENDPOINT: usize = 103;

/// The folder that the system keeps for this user's caches: short, this user's alone, and the same whatever the environment says.
/// The temporary folder beside it is cleaned of what nobody touches for three days (`confstr(3)`).
pub(super) fn runtime_directory(_base: &BaseDirs, name: &str) -> Option<PathBuf> {
    let mut buffer = [0_u8; libc::PATH_MAX as usize];
    // SAFETY: the call writes at most as much as the buffer holds, a zero at the end, and says how much it takes.
    let length = unsafe { libc::confstr(libc::_CS_DARWIN_USER_CACHE_DIR, buffer.as_mut_ptr().cast(), buffer.len()) };
    let folder = buffer.get(..length.checked_sub(1)?)?;
    Some(path_from_bytes(folder.to_vec()).join(name)).filter(|path| path.is_absolute())
}

/// There is none: nothing here gives a process another name, so `pkill` would take it for us.
pub(super) enum Witness {}

impl Witness {
    pub(super) fn call() -> Option<Witness> {
        None
    }

    pub(super) fn heard(&self) -> u64 {
        match *self {}
    }
}

pub(super) fn powershell_folder(_home: &Path, config: &Path) -> PathBuf {
    config.join("powershell")
}

pub(super) fn nushell_folder(home: &Path, config: &Path) -> PathBuf {
    let is_named = env::var_os("XDG_CONFIG_HOME").is_some_and(|value| !value.is_empty());
    if is_named { config.join("nushell") } else { home.join("Library/Application Support/nushell") }
}

/// The guard is a locked file here: an absolute path, since a relative one would depend on the current folder.
pub(super) fn instance_name(state: &Path, _hash: u64) -> io::Result<String> {
    let path = state.join("instance.lock").into_os_string();
    path.into_string().map_err(|_| io::Error::other("the path of the state folder is not UTF-8"))
}

/// There is no call for all of them; the listing is that of the process that reads it (`fd(4)`).
pub(super) fn close_all_on_exec() {
    close_listed_on_exec("/dev/fd");
}

/// What the system gives is what was started, which may be a link: what lies beside it lies beside the file (`dyld(3)`).
pub(super) fn own_program() -> io::Result<PathBuf> {
    env::current_exe()?.canonicalize()
}

/// The moment at which the process began, to the microsecond.
pub(super) fn identity(pid: u32) -> Option<String> {
    process_number(pid)?;
    let pid = i32::try_from(pid).ok()?;
    let size = i32::try_from(mem::size_of::<libc::proc_bsdinfo>()).ok()?;
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    // SAFETY: the buffer has the size that is passed, and the call writes at most that much.
    let written = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), size) };
    if written != size {
        return None;
    }
    // SAFETY: the call has filled the structure, for which all zeroes would be valid too.
    let info = unsafe { info.assume_init() };
    if info.pbi_status == libc::SZOMB {
        return None;
    }
    Some(format!("{}.{:06}", info.pbi_start_tvsec, info.pbi_start_tvusec))
}

/// `sys/syslimits.h`.
const ARG_MAX: usize = 1024 * 1024;

pub(super) fn command_line(pid: u32) -> Option<Vec<String>> {
    let mut name = [libc::CTL_KERN, libc::KERN_PROCARGS2, i32::try_from(pid).ok()?];
    // As long as arguments and environment may be; a shorter one would get the end of them.
    let mut buffer = vec![0_u8; ARG_MAX];
    let mut length = buffer.len();
    // SAFETY: the buffer has the length that is passed, and the call writes at most that much and says how much.
    let failed =
        unsafe { libc::sysctl(name.as_mut_ptr(), 3, buffer.as_mut_ptr().cast(), &mut length, ptr::null_mut(), 0) };
    if failed != 0 {
        return None;
    }
    buffer.truncate(length);
    forms::arguments(&buffer)
}

/// There is no handle of a process that isn't our child: the identity is looked at just before.
pub(super) fn end_process(pid: u32, meant: &str, end: End) -> io::Result<bool> {
    if identity(pid).as_deref() == Some(meant) { end_by_number(pid, end) } else { Ok(false) }
}

/// The one clock runs on while the machine sleeps, the other does not (`clock_gettime(3)`).
pub(super) fn slept() -> Duration {
    let (awake, all) = (clock(libc::CLOCK_UPTIME_RAW), clock(libc::CLOCK_MONOTONIC_RAW));
    all.saturating_sub(awake)
}

pub(super) fn give_back_memory() {}

pub(super) fn share_heap() {}

/// The disk finds `readme` under `README` too, unless it was set up otherwise.
pub(super) fn other_name(path: &Path) -> Option<OsString> {
    let asked = path.file_name()?;
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut wanted = libc::attrlist {
        bitmapcount: libc::ATTR_BIT_MAP_COUNT,
        reserved: 0,
        commonattr: libc::ATTR_CMN_NAME,
        volattr: 0,
        dirattr: 0,
        fileattr: 0,
        forkattr: 0,
    };
    // A name has at most 255 characters of three bytes, and a zero.
    let mut answer = [0_u8; 1024];
    // SAFETY: the path ends with a zero, and the call writes at most as much as the buffer holds (getattrlist(2)).
    let failed = unsafe {
        let (wanted, buffer) = ((&raw mut wanted).cast(), answer.as_mut_ptr().cast());
        libc::getattrlist(path.as_ptr(), wanted, buffer, answer.len(), libc::FSOPT_NOFOLLOW)
    };
    if failed != 0 {
        return None;
    }
    let name = forms::attribute_name(&answer)?;
    Some(OsString::from_vec(name.to_vec())).filter(|name| name != asked)
}

pub(super) fn file_system(path: &Path) -> io::Result<FsKind> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut stat = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the path ends with a zero, and the buffer is a statfs.
    if unsafe { libc::statfs(path.as_ptr(), stat.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has filled the structure, for which all zeroes would be valid too.
    let stat = unsafe { stat.assume_init() };
    if stat.f_flags & libc::MNT_LOCAL as u32 != 0 {
        return Ok(FsKind::Local);
    }
    // SAFETY: the system ends the name with a zero within the array.
    let name = unsafe { CStr::from_ptr(stat.f_fstypename.as_ptr()) };
    Ok(FsKind::Remote(match name.to_bytes() {
        b"nfs" => "NFS",
        b"smbfs" => "SMB",
        b"afpfs" => "AFP",
        b"webdav" => "WebDAV",
        _ => "a network file system",
    }))
}

/// The mode of a socket can't be chosen here; its folder keeps everyone else out.
pub(super) fn private_listener(options: ListenerOptions<'_>) -> ListenerOptions<'_> {
    options
}

/// Of what is removed the last name is the caller's own, in the case and the composition of its letters too.
pub(super) const NAMES_AS_TYPED: bool = true;

/// There is no other watch than of a whole tree (FSEvents).
pub(super) const REACH: Reach = Reach::Tree;

/// A twelfth of the files that a process may have open.
pub(super) const MORE_WATCHES: &str =
    "name fewer folders in watch.directories, or raise the limit of open files (ulimit -n)";

/// The number of the process is no part of its credentials here (`unix(4)`).
pub(super) fn peer_pid(stream: &Stream) -> Option<u32> {
    let Stream::UdSocket(stream) = stream;
    let mut pid: libc::pid_t = 0;
    let mut size = libc::socklen_t::try_from(mem::size_of_val(&pid)).ok()?;
    let socket = stream.as_fd().as_raw_fd();
    // SAFETY: the socket is open, and the call writes at most `size` bytes to the number.
    let failed =
        unsafe { libc::getsockopt(socket, libc::SOL_LOCAL, libc::LOCAL_PEERPID, (&raw mut pid).cast(), &raw mut size) };
    u32::try_from(pid).ok().filter(|pid| failed == 0 && *pid != 0)
}

/// Of the session that we belong to ourselves.
const CALLER_SECURITY_SESSION: u32 = u32::MAX;

/// It may use the window server.
const SESSION_HAS_GRAPHIC_ACCESS: u32 = 0x10;

#[link(name = "Security", kind = "framework")]
unsafe extern "C" {
    /// `Security/AuthSession.h`.
    fn SessionGetInfo(session: u32, id: *mut u32, attributes: *mut u32) -> i32;
}

/// A login over SSH has no window server, and neither has what the system or cron started (TN2083).
pub(super) fn has_desktop() -> bool {
    let mut attributes = 0;
    // SAFETY: the identifier is not asked for, and the other pointer is to a value that lives through the call.
    let failed = unsafe { SessionGetInfo(CALLER_SECURITY_SESSION, ptr::null_mut(), &raw mut attributes) };
    failed == 0 && attributes & SESSION_HAS_GRAPHIC_ACCESS != 0
}

pub(super) fn folder_pickers(title: &str) -> Vec<Command> {
    let mut script = Command::new("osascript");
    // The title is an argument, so that nothing in it is taken for a part of the script. A program that is not in front may have its
    // dialog behind the others' windows.
    let lines = [
        "on run arguments",
        "try",
        "activate",
        "end try",
        "POSIX path of (choose folder with prompt (item 1 of arguments))",
        "end run",
    ];
    script.args(lines.iter().flat_map(|line| ["-e", line])).arg(title);
    vec![script]
}

pub(super) const COPY_HINT: &str = "run `ctx brief`";

pub(super) fn copiers() -> Vec<Command> {
    let mut pbcopy = Command::new("pbcopy");
    // Else it takes its input for the encoding of the system's first years; what holds for all would win over this.
    pbcopy.env("LC_CTYPE", "UTF-8").env_remove("LC_ALL");
    vec![pbcopy]
}
