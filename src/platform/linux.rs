//! Linux: `/proc` for who a process is, a pidfd for signalling it, `statfs` for what lies below a folder.

#[path = "linux/autostart.rs"]
mod autostart;
#[path = "linux/service.rs"]
mod service;
#[path = "linux/witness.rs"]
mod witness;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use directories::BaseDirs;
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

use super::files::{FsKind, Reach, WatchLimits};
use super::process::End;
pub(super) use super::unix::*;
pub(super) use autostart::{autostart_status, disable_autostart, enable_autostart};
pub(super) use service::{service_interval, tell_service_manager};
pub(super) use witness::Witness;

// The unwinder from the compiler's own archive, which lies wherever gcc does: without `libgcc_s.so` a process of ours begins a
// tenth of a millisecond earlier. A linker that goes through its arguments once takes the shared one, as it would without this.
// SAFETY: nothing is declared, so nothing can be declared wrongly.
#[cfg(target_env = "gnu")]
#[link(name = "gcc_eh", kind = "static", modifiers = "-bundle")]
unsafe extern "C" {}

pub(super) const DIAGNOSTICS: &str = "diagnostics";

/// `sun_path` has 108 bytes with the terminating zero.
pub(super) const LONGEST_ENDPOINT: usize = 107;

pub(super) fn runtime_directory(base: &BaseDirs, name: &str) -> Option<PathBuf> {
    Some(base.runtime_dir()?.join(name))
}

pub(super) fn powershell_folder(_home: &Path, config: &Path) -> PathBuf {
    config.join("powershell")
}

pub(super) fn nushell_folder(_home: &Path, config: &Path) -> PathBuf {
    config.join("nushell")
}

/// The name of an abstract socket, which is one per network namespace and not per user.
pub(super) fn instance_name(_state: &Path, hash: u64) -> io::Result<String> {
    Ok(format!("context-tray-{}-{hash:016x}", my_uid()))
}

pub(super) fn close_all_on_exec() {
    // SAFETY: the call only sets a flag on descriptors from 3 up, and gives and takes none of them.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    // The kernel may be older than 5.11.
    if done != 0 {
        close_listed_on_exec("/proc/self/fd");
    }
}

pub(super) fn own_program() -> io::Result<PathBuf> {
    env::current_exe()
}

/// The boot and the clock tick at which the process began.
pub(super) fn identity(pid: u32) -> Option<String> {
    process_number(pid)?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (state, began) = state_and_start(&stat)?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("{}/{began}", boot.trim()))
}

/// Fields 3 and 22 of `/proc/PID/stat`. The name before them may itself hold spaces and brackets.
fn state_and_start(stat: &str) -> Option<(&str, &str)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    Some((fields.next()?, fields.nth(18)?))
}

pub(super) fn command_line(pid: u32) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    let parts = bytes.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
    (!bytes.is_empty()).then(|| parts.collect())
}

pub(super) fn end_process(pid: u32, meant: &str, end: End) -> io::Result<bool> {
    let Some(number) = process_number(pid) else { return Ok(false) };
    // What the descriptor names cannot become another process: the identity is looked at while we hold it.
    let handle = match pidfd_open(number, PidfdFlags::empty()) {
        Ok(handle) => Some(handle),
        Err(Errno::SRCH) => return Ok(false),
        Err(Errno::NOSYS | Errno::PERM) => None,
        Err(error) => return Err(error.into()),
    };
    if identity(pid).as_deref() != Some(meant) {
        return Ok(false);
    }
    let Some(handle) = handle else { return end_by_number(pid, end) };
    match pidfd_send_signal(&handle, signal(end)) {
        Ok(()) => Ok(true),
        Err(Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Boot time runs on while the machine sleeps, the monotonic time does not.
pub(super) fn slept() -> Duration {
    let (monotonic, boot) = (clock(libc::CLOCK_MONOTONIC), clock(libc::CLOCK_BOOTTIME));
    boot.saturating_sub(monotonic)
}

pub(super) fn give_back_memory() {
    give_back_heap();
    give_back_code();
}

#[cfg(target_env = "gnu")]
fn give_back_heap() {
    // SAFETY: the function has no preconditions, and may be called from any thread (malloc_trim(3)).
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn give_back_heap() {}

#[cfg(target_env = "gnu")]
pub(super) fn share_heap() {
    // SAFETY: the function only sets a number of the allocator (mallopt(3)).
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

#[cfg(not(target_env = "gnu"))]
pub(super) fn share_heap() {}

/// As the C library's file is called from glibc 2.34 on.
const C_LIBRARY: &str = "/libc.so.6";

/// The pages of our own code and of the C library's that only the beginning needed: what is needed again is mapped again from
/// the file.
fn give_back_code() {
    let (Ok(program), Ok(maps)) = (env::current_exe(), fs::read_to_string("/proc/self/maps")) else { return };
    let is_meant = |line: &str| program.to_str().is_some_and(|path| line.ends_with(path)) || line.ends_with(C_LIBRARY);
    let code = maps.lines().filter(|line| is_meant(line));
    for (from, to) in code.filter_map(code_range) {
        // SAFETY: a range that holds code, which nobody writes: it is not executed and writable at once, and each access
        // finds the file's bytes there as before (madvise(2), MADV_DONTNEED of a file's private mapping).
        unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(from), to - from, libc::MADV_DONTNEED) };
    }
}

/// The range of a line of `/proc/PID/maps` if it holds code that can't be written.
fn code_range(line: &str) -> Option<(usize, usize)> {
    let (range, rest) = line.split_once(' ')?;
    let (from, to) = range.split_once('-')?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    Some((number(from)?, number(to)?)).filter(|(from, to)| rest.starts_with("r-xp ") && from < to)
}

pub(super) fn file_system(path: &Path) -> io::Result<FsKind> {
    // The field's width and sign differ between architectures; the numbers fit into 32 bits.
    let magic = rustix::fs::statfs(path)?.f_type as u32;
    Ok(match magic {
        0x6969 => FsKind::Remote("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => FsKind::Remote("SMB"),
        0x0102_1997 => FsKind::Remote("9p"),
        0x6573_5546 => FsKind::Remote("FUSE"),
        0x786f_4256 => FsKind::Remote("a VirtualBox shared folder"),
        0xbacb_acbc => FsKind::Remote("a VMware shared folder"),
        0x00c3_6400 => FsKind::Remote("Ceph"),
        0x5346_414f | 0x6b41_4653 => FsKind::Remote("AFS"),
        0x7375_7245 => FsKind::Remote("Coda"),
        _ => FsKind::Local,
    })
}

pub(super) fn private_listener(options: ListenerOptions<'_>) -> ListenerOptions<'_> {
    options.mode(0o600)
}

pub(super) fn peer_pid(stream: &Stream) -> Option<u32> {
    u32::try_from(stream.peer_creds().ok()?.pid()?).ok()
}

pub(super) fn has_desktop() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let bus = || env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists());
    (set("DISPLAY") || set("WAYLAND_DISPLAY")) && (set("DBUS_SESSION_BUS_ADDRESS") || bus())
}

/// Names are what they are, also in their case.
pub(super) fn other_name(_path: &Path) -> Option<OsString> {
    None
}

pub(super) const WATCHES_TREES: bool = false;

pub(super) const NAMES_AS_TYPED: bool = false;

pub(super) const REACH: Reach = Reach::Folder;

pub(super) const MORE_WATCHES: &str = "raise it with: sudo sysctl fs.inotify.max_user_watches=524288";

pub(super) const MORE_WATCHERS: &str = "raise the limit with: sudo sysctl fs.inotify.max_user_instances=1024";

pub(super) fn watch_limits() -> Option<WatchLimits> {
    let limit = |name: &str| fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?.trim().parse().ok();
    Some(WatchLimits { folders: limit("max_user_watches")?, processes: limit("max_user_instances")? })
}

pub(super) fn folder_pickers(title: &str) -> Vec<Command> {
    let mut zenity = Command::new("zenity");
    zenity.args(["--file-selection", "--directory"]).arg(format!("--title={title}"));
    let mut kdialog = Command::new("kdialog");
    kdialog.args(["--title", title, "--getexistingdirectory"]);
    vec![zenity, kdialog]
}

pub(super) const COPY_HINT: &str = "install wl-clipboard (Wayland), xclip or xsel, or run `ctx brief`";

/// Wayland's own comes first where there is one: the others only reach it through X11.
pub(super) fn copiers() -> Vec<Command> {
    let mut wl_copy = Command::new("wl-copy");
    wl_copy.args(["--type", "text/plain;charset=utf-8"]);
    let mut xclip = Command::new("xclip");
    xclip.args(["-selection", "clipboard"]);
    let mut xsel = Command::new("xsel");
    xsel.args(["--clipboard", "--input"]);
    let wayland = env::var_os("WAYLAND_DISPLAY").map(|_| wl_copy);
    wayland.into_iter().chain([xclip, xsel]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_may_hold_brackets_and_spaces() {
        let fields: Vec<String> = (3..=52).map(|field| field.to_string()).collect();
        let stat = format!("42 (a) b (c) {}", fields.join(" "));
        assert_eq!(state_and_start(&stat), Some(("3", "22")));
        assert_eq!(state_and_start("42 (short) S 1"), None);
    }

    #[test]
    fn only_code_that_can_not_be_written_is_given_back() {
        let line = |rights: &str| format!("55f57c3b5000-55f57c689000 {rights} 00131000 fe:00 42   /usr/bin/ctx");
        assert_eq!(code_range(&line("r-xp")), Some((0x55f5_7c3b_5000, 0x55f5_7c68_9000)));
        for other in ["r--p", "rw-p", "rwxp", "r-xs"] {
            assert_eq!(code_range(&line(other)), None);
        }
        assert_eq!(code_range("x"), None);
        give_back_memory();
    }

    #[test]
    fn a_temporary_folder_is_local_and_proc_is_there() {
        assert_eq!(file_system(Path::new("/proc")).unwrap(), FsKind::Local);
        assert!(file_system(Path::new("/nowhere/at/all")).is_err());
    }
}
