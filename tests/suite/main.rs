//! Everything that is tested through the real binaries, as one target.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod tray;
