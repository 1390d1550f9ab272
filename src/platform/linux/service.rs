//! The protocol of `sd_notify(3)`: one datagram to the socket that the environment names.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use super::super::service::News;

pub(in super::super) fn tell_service_manager(news: News) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else { return };
    let text = match news {
        News::Ready => "READY=1",
        News::Alive => "WATCHDOG=1",
        News::Ending => "STOPPING=1",
    };
    if let Err(error) = send(&socket, text) {
        tracing::warn!(%error, "the service manager can't be told {text}");
    }
}

fn send(socket: &OsStr, text: &str) -> io::Result<()> {
    // A name that begins with @ is not in the file system.
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(text.as_bytes(), &address).map(drop)
}

/// Half of what it waits, as the manual advises.
pub(in super::super) fn service_interval() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
    let longest = number("WATCHDOG_USEC").filter(|longest| is_ours && *longest > 0)?;
    Some(Duration::from_micros(longest / 2))
}
