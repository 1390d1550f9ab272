//! Processes by their handles, and the user that one runs as.

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStringExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::os::windows::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::ptr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use widestring::{U16CStr, U16CString};
use windows_sys::Win32::Foundation::{
    FILETIME, HANDLE, HANDLE_FLAG_INHERIT, LocalFree, SetHandleInformation, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CreateEventW, EVENT_MODIFY_STATE, GetCurrentProcess, GetProcessTimes,
    INFINITE, OpenEventW, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    PROCESS_TERMINATE, QueryFullProcessImageNameW, SetEvent, TerminateProcess, WaitForSingleObject,
};
use windows_sys::Win32::System::WindowsProgramming::QueryUnbiasedInterruptTime;

use super::super::process::{End, Ended};
use super::super::signals::StopSignal;

fn open(pid: u32, access: u32) -> io::Result<OwnedHandle> {
    // SAFETY: no pointer is passed.
    let handle = unsafe { OpenProcess(access, 0, pid) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

pub(in super::super) fn identity(pid: u32) -> Option<String> {
    identity_of(&open(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE).ok()?)
}

/// The moment at which the process began, in units of 100 ns; none for one that has ended and is still held by somebody.
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
pub(in super::super) fn command_line(pid: u32) -> Option<Vec<String>> {
    let process = open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let mut buffer = vec![0_u16; 32 * 1024];
    let mut length = u32::try_from(buffer.len()).ok()?;
    // SAFETY: the handle is open, and the call writes at most `length` units and says how many.
    let done =
        unsafe { QueryFullProcessImageNameW(process.as_raw_handle() as HANDLE, 0, buffer.as_mut_ptr(), &mut length) };
    let name = buffer.get(..length as usize).filter(|_| done != 0)?;
    Some(vec![OsString::from_wide(name).to_string_lossy().into_owned()])
}

/// One that waits for it is told by its event; any other knows no request to end, and is ended at once.
pub(in super::super) fn end_process(pid: u32, meant: &str, end: End) -> io::Result<bool> {
    if identity(pid).as_deref() != Some(meant) {
        return Ok(false);
    }
    let process = open(pid, PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE)?;
    // What the handle names cannot become another process: the identity is looked at while we hold it.
    if identity_of(&process).as_deref() != Some(meant) {
        return Ok(false);
    }
    if end == End::Asked && ask_to_end(pid, meant) {
        return Ok(true);
    }
    // SAFETY: the handle is open, and was opened with the right to do this.
    match unsafe { TerminateProcess(process.as_raw_handle() as HANDLE, 1) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(true),
    }
}

pub(in super::super) fn detach(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

pub(in super::super) fn hide_window(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

/// What a child inherits it inherits although it was given other streams: whoever reads our output would wait for the child's
/// end too. A stream that a child is really to have is duplicated for it.
pub(in super::super) fn close_all_on_exec() {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: the calls only set a flag on a handle of ours, and refuse what is none.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
}

pub(in super::super) fn give_back_memory() {}

pub(in super::super) fn share_heap() {}

/// The tick count runs on while the machine sleeps, the unbiased time does not.
pub(in super::super) fn slept() -> Duration {
    let mut awake = 0;
    // SAFETY: the call writes the time, in units of 100 ns, into the place that it is given, which lives until it returns.
    if unsafe { QueryUnbiasedInterruptTime(&raw mut awake) } == 0 {
        return Duration::ZERO;
    }
    // SAFETY: the function has no preconditions.
    let all = Duration::from_millis(unsafe { GetTickCount64() });
    all.saturating_sub(Duration::from_nanos(awake.saturating_mul(100)))
}

pub(in super::super) fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

/// Ctrl-C reaches every process of the console; we outlive it, so that the end of the child can be recorded.
pub(in super::super) fn run_in_terminal(command: &mut Command) -> io::Result<Ended> {
    ctrlc::set_handler(|| {}).map_err(io::Error::other)?;
    command.status().map(|status| Ended { status, interrupt: None })
}

/// There are no signals.
pub(in super::super) fn end_by_signal(_signal: i32) {}

/// From the console, or by the event that takes the place of SIGTERM.
pub(in super::super) fn stop_signals(on_signal: impl Fn(StopSignal) + Send + 'static) -> io::Result<()> {
    let (signals, received) = mpsc::channel();
    let terminate = signals.clone();
    let event = ending_event()?;
    thread::Builder::new().name("end".into()).spawn(move || {
        // SAFETY: the handle is open for as long as this thread lives.
        while unsafe { WaitForSingleObject(event.as_raw_handle() as HANDLE, INFINITE) } == WAIT_OBJECT_0
            && terminate.send(StopSignal::Terminate).is_ok()
        {}
    })?;
    thread::Builder::new().name("signals".into()).spawn(move || received.iter().for_each(on_signal))?;
    ctrlc::set_handler(move || {
        let _ = signals.send(StopSignal::Interrupt);
    })
    .map_err(io::Error::other)
}

/// What the event is called by which a process is asked to end. Its identity keeps a later process of this number apart.
fn ending_event_name(pid: u32, identity: &str) -> io::Result<U16CString> {
    U16CString::from_str(format!(r"Local\context-tray-end-{pid}-{identity}")).map_err(io::Error::other)
}

/// Our own event: not set, and reset by each wait that ends.
fn ending_event() -> io::Result<OwnedHandle> {
    let pid = std::process::id();
    let identity = identity(pid).ok_or_else(|| io::Error::other("the system does not tell when this process began"))?;
    let name = ending_event_name(pid, &identity)?;
    // SAFETY: the name ends with a zero, and null means the rights that are usual: the user's own.
    let event = unsafe { CreateEventW(ptr::null(), 0, 0, name.as_ptr()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(event) })
}

/// Sets the event of a process; false where it has none.
fn ask_to_end(pid: u32, identity: &str) -> bool {
    let Ok(name) = ending_event_name(pid, identity) else { return false };
    // SAFETY: the name ends with a zero.
    let event = unsafe { OpenEventW(EVENT_MODIFY_STATE, 0, name.as_ptr()) };
    if event.is_null() {
        return false;
    }
    // SAFETY: the handle is open and nobody else's, and is closed behind the call.
    unsafe {
        let event = OwnedHandle::from_raw_handle(event);
        SetEvent(event.as_raw_handle() as HANDLE) != 0
    }
}

/// The login session that we run in, where the system tells.
pub(super) fn session() -> Option<u32> {
    let mut session = 0;
    // SAFETY: the pointer is to a value that lives through the call.
    (unsafe { ProcessIdToSessionId(std::process::id(), &mut session) } != 0).then_some(session)
}

/// The user that we run as, in the form `S-1-5-...`.
pub(super) fn my_sid() -> io::Result<String> {
    // SAFETY: the call gives a constant that need not be closed.
    sid_of(unsafe { GetCurrentProcess() })
}

/// The user that a process runs as, in the same form.
pub(super) fn user_of(pid: u32) -> io::Result<String> {
    sid_of(open(pid, PROCESS_QUERY_LIMITED_INFORMATION)?.as_raw_handle() as HANDLE)
}

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
