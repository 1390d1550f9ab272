//! Everything that is tested through the real binaries, as one target.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

#[cfg(target_os = "linux")]
mod bus;
#[cfg(target_os = "linux")]
mod tray;
