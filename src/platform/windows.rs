//! Windows: handles in place of numbers and signals, a named pipe with an owner in place of a private folder.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::os::windows::process::CommandExt as _;
use std::path::{Component, Path, PathBuf, Prefix};
use std::process::{Command, ExitStatus};
use std::ptr;
use std::time::{Duration, Instant};

use directories::BaseDirs;
use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};
use interprocess::local_socket::{ListenerOptions, Stream};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::{U16CStr, U16CString};
use windows_sys::Win32::Foundation::{FILETIME, HANDLE, LocalFree, WAIT_TIMEOUT};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OPEN_REPARSE_POINT, GetDriveTypeW};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, GetCurrentProcess, GetProcessTimes, OpenProcess, OpenProcessToken,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, QueryFullProcessImageNameW,
    TerminateProcess, WaitForSingleObject,
};
use windows_sys::Win32::System::WindowsProgramming::QueryUnbiasedInterruptTime;

use super::files::FsKind;
use super::files::stable_hash;
pub(super) use super::not_linux::*;
use super::process::End;
use super::signals::StopSignal;

pub(super) const DIAGNOSTICS: &str = "diagnostics";

/// What the system allows for a pipe's name.
pub(super) const LONGEST_ENDPOINT: usize = 256;

/// What `GetDriveTypeW` says of a disk of another machine.
const DRIVE_REMOTE: u32 = 4;

/// `ERROR_ACCESS_DENIED` and `ERROR_SHARING_VIOLATION`.
const HELD_BY_ANOTHER: [i32; 2] = [5, 32];

/// How long to wait before asking a pipe again, which has no deadlines of its own.
const PIPE_INTERVAL: Duration = Duration::from_millis(5);

/// The endpoint is no file here.
pub(super) fn runtime_directory(_base: &BaseDirs, _name: &str) -> Option<PathBuf> {
    None
}

pub(super) fn endpoint_path(runtime: &Path, overridden: bool) -> io::Result<PathBuf> {
    let user = my_sid()?;
    let suffix = if overridden { format!("-{:016x}", hash_of(runtime)) } else { String::new() };
    Ok(PathBuf::from(format!(r"\\.\pipe\context-tray-{user}{suffix}")))
}

fn hash_of(path: &Path) -> u64 {
    stable_hash(path.as_os_str().as_encoded_bytes())
}

/// The name of a mutex of this login session.
pub(super) fn instance_name(_state: &Path, hash: u64) -> io::Result<String> {
    Ok(format!("context-tray-{}-{hash:016x}", my_sid()?))
}

/// Handles are not inherited unless it is asked for.
pub(super) fn close_all_on_exec() {}

fn open_process(pid: u32, access: u32) -> io::Result<OwnedHandle> {
    // SAFETY: no pointer is passed.
    let handle = unsafe { OpenProcess(access, 0, pid) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// The moment at which the process began, in units of 100 ns.
pub(super) fn identity(pid: u32) -> Option<String> {
    if pid == 0 {
        return None;
    }
    identity_of(&open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE).ok()?)
}

fn identity_of(process: &OwnedHandle) -> Option<String> {
    let handle = process.as_raw_handle() as HANDLE;
    // SAFETY: the handle is open, and a wait of 0 ms returns at once.
    if unsafe { WaitForSingleObject(handle, 0) } != WAIT_TIMEOUT {
        return None;
    }
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut began, mut ended, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the handle is open, and the four pointers are to values that live through the call.
    let done = unsafe { GetProcessTimes(handle, &mut began, &mut ended, &mut kernel, &mut user) };
    (done != 0).then(|| format!("{:x}.{:08x}", began.dwHighDateTime, began.dwLowDateTime))
}

/// Only the program's path: the arguments of another process can't be read by documented means.
pub(super) fn command_line(pid: u32) -> Option<Vec<String>> {
    let process = open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let mut buffer = vec![0_u16; 32 * 1024];
    let mut length = u32::try_from(buffer.len()).ok()?;
    // SAFETY: the handle is open, and the call writes at most `length` units and says how many.
    let done =
        unsafe { QueryFullProcessImageNameW(process.as_raw_handle() as HANDLE, 0, buffer.as_mut_ptr(), &mut length) };
    let name = buffer.get(..length as usize).filter(|_| done != 0)?;
    Some(vec![OsString::from_wide(name).to_string_lossy().into_owned()])
}

/// There is no request to end that a process without a window would hear, so that this ends it at once.
pub(super) fn end_process(pid: u32, meant: &str, _end: End) -> io::Result<bool> {
    let access = PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
    if identity(pid).as_deref() != Some(meant) {
        return Ok(false);
    }
    let process = open_process(pid, access)?;
    if identity_of(&process).as_deref() != Some(meant) {
        return Ok(false);
    }
    // SAFETY: the handle is open, and was opened with the right to do this.
    match unsafe { TerminateProcess(process.as_raw_handle() as HANDLE, 1) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(true),
    }
}

pub(super) fn detach(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// The tick count runs on while the machine sleeps, the unbiased time does not.
pub(super) fn slept() -> Duration {
    let mut awake = 0;
    // SAFETY: the call writes the time, in units of 100 ns, into the place that it is given, which lives until it returns.
    if unsafe { QueryUnbiasedInterruptTime(&raw mut awake) } == 0 {
        return Duration::ZERO;
    }
    // SAFETY: the function has no preconditions.
    let all = Duration::from_millis(unsafe { GetTickCount64() });
    all.saturating_sub(Duration::from_nanos(awake.saturating_mul(100)))
}

pub(super) fn give_back_memory() {}

pub(super) fn hide_window(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

pub(super) fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

pub(super) const USUAL_EDITOR: &str = "notepad";

/// A program with blanks in its path, or one with options behind it.
pub(super) fn command_of_line(line: &OsStr) -> Command {
    if Path::new(line).is_file() {
        return Command::new(line);
    }
    let line = line.to_string_lossy();
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// Ctrl-C reaches every process of the console; we outlive it, so that the end of the child can be recorded.
pub(super) fn run_in_terminal(command: &mut Command) -> io::Result<ExitStatus> {
    ctrlc::set_handler(|| {}).map_err(io::Error::other)?;
    command.status()
}

pub(super) fn stop_signals(on_signal: impl Fn(StopSignal) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || on_signal(StopSignal::Interrupt)).map_err(io::Error::other)
}

/// Names that are not Unicode can't be told in bytes that others read.
pub(super) fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The index of a file is not to be had from its metadata.
pub(super) fn file_id(_metadata: &Metadata) -> u64 {
    0
}

/// The user's folders are the user's alone by inheritance.
pub(super) fn owned_by_me(_metadata: &Metadata) -> bool {
    true
}

pub(super) fn is_shared(_metadata: &Metadata) -> bool {
    false
}

pub(super) fn is_writable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir() || !metadata.permissions().readonly())
}

/// `\\?\C:\x` is `C:\x`, which is what people write and other programs take.
pub(super) fn without_prefix(path: PathBuf) -> PathBuf {
    let mut components = path.components();
    match components.next() {
        Some(Component::Prefix(prefix)) => match prefix.kind() {
            Prefix::VerbatimDisk(letter) => {
                PathBuf::from(format!("{}:", char::from(letter))).join(components.as_path())
            }
            _ => path,
        },
        _ => path,
    }
}

pub(super) fn open_no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
}

pub(super) fn create_private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn set_private(path: &Path) -> io::Result<()> {
    fs::symlink_metadata(path).map(|_| ())
}

pub(super) fn make_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

pub(super) fn is_held_by_another(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| HELD_BY_ANOTHER.contains(&code))
}

pub(super) fn file_system(path: &Path) -> io::Result<FsKind> {
    let path = path.canonicalize()?;
    let Some(Component::Prefix(prefix)) = path.components().next() else { return Ok(FsKind::Local) };
    let letter = match prefix.kind() {
        Prefix::UNC(..) | Prefix::VerbatimUNC(..) => return Ok(FsKind::Remote("SMB")),
        Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => letter,
        _ => return Ok(FsKind::Local),
    };
    let root: Vec<u16> =
        Path::new(&format!("{}:\\", char::from(letter))).as_os_str().encode_wide().chain([0]).collect();
    // SAFETY: the path ends with a zero.
    let kind = unsafe { GetDriveTypeW(root.as_ptr()) };
    Ok(if kind == DRIVE_REMOTE { FsKind::Remote("SMB") } else { FsKind::Local })
}

/// The pipe's access list names this user and nobody else.
pub(super) fn private_listener(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
    let rules = U16CString::from_str(format!("D:P(A;;GA;;;{})", my_sid()?)).map_err(io::Error::other)?;
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(&rules)?))
}

pub(super) fn peer_is_me(stream: &Stream) -> bool {
    let peer = || {
        let pid = stream.peer_creds().ok()?.pid()?;
        let process = open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
        sid_of(process.as_raw_handle() as HANDLE).ok()
    };
    peer().is_some_and(|sid| my_sid().is_ok_and(|mine| mine == sid))
}

fn my_sid() -> io::Result<String> {
    // SAFETY: the call gives a constant that need not be closed.
    sid_of(unsafe { GetCurrentProcess() })
}

/// The user that a process runs as, in the form `S-1-5-...`.
fn sid_of(process: HANDLE) -> io::Result<String> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the process handle is open, and the pointer is to a value that lives through the call.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // A TOKEN_USER with the longest SID behind it takes less than 100 bytes; u64 gives the alignment.
    let mut buffer = [0_u64; 32];
    let size = u32::try_from(size_of_val(&buffer)).map_err(io::Error::other)?;
    let mut written = 0;
    // SAFETY: the token is open, and the buffer has the size that is passed.
    let done = unsafe {
        GetTokenInformation(token.as_raw_handle() as HANDLE, TokenUser, buffer.as_mut_ptr().cast(), size, &mut written)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has put a TOKEN_USER at the start of the buffer, which is aligned for it.
    let user = unsafe { &*buffer.as_ptr().cast::<TOKEN_USER>() };
    let mut text: *mut u16 = ptr::null_mut();
    // SAFETY: the SID lies in the buffer, which is alive, and the pointer is to a value that lives through the call.
    if unsafe { ConvertSidToStringSidW(user.User.Sid, &mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call gave a string that ends with a zero; it is copied before it is freed, once.
    let sid = unsafe {
        let sid = U16CStr::from_ptr_str(text).to_string_lossy();
        LocalFree(text.cast());
        sid
    };
    Ok(sid)
}

/// Pipes have no deadlines: they are made to answer at once, and asked again.
pub(super) fn prepare_stream(stream: &Stream) -> io::Result<()> {
    stream.set_nonblocking(true)
}

pub(super) fn read_by(stream: &Stream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    ask_until(deadline, || (&mut &*stream).read(buffer))
}

pub(super) fn write_by(stream: &Stream, bytes: &[u8], deadline: Instant) -> io::Result<usize> {
    // A full pipe takes nothing and says so with a zero.
    ask_until(deadline, || match (&mut &*stream).write(bytes) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        done => done,
    })
}

fn ask_until(deadline: Instant, mut ask: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match ask() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
            done => return done,
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(PIPE_INTERVAL);
    }
}

/// The reader asks again every few milliseconds, and finds the pipe closed when its last user drops it.
pub(super) fn hang_up(_stream: &Stream) {}

/// The task bar is always there.
pub(super) fn has_desktop() -> bool {
    true
}

/// By the shell's own classes; the title is passed by the environment, so that nothing in it is taken for a part of the
/// script.
pub(super) fn folder_pickers(title: &str) -> Vec<Command> {
    const SCRIPT: &str = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; \
        Add-Type -AssemblyName System.Windows.Forms; \
        $d = New-Object System.Windows.Forms.FolderBrowserDialog; $d.Description = $env:CONTEXT_TRAY_TITLE; \
        if ($d.ShowDialog() -eq 'OK') { $d.SelectedPath } else { exit 1 }";
    let mut shell = Command::new("powershell");
    shell.args(["-NoProfile", "-STA", "-Command", SCRIPT]).env("CONTEXT_TRAY_TITLE", title);
    hide_window(&mut shell);
    vec![shell]
}

pub(super) const COPY_HINT: &str = "run `ctx brief`";

pub(super) fn copiers() -> Vec<Command> {
    // `clip` would take the text for one in the console's own encoding.
    const SCRIPT: &str = "[Console]::InputEncoding = [Text.UTF8Encoding]::new($false); \
        Set-Clipboard -Value ([Console]::In.ReadToEnd())";
    let mut shell = Command::new("powershell");
    shell.args(["-NoProfile", "-STA", "-Command", SCRIPT]);
    hide_window(&mut shell);
    vec![shell]
}
