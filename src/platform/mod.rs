//! What differs between operating systems, behind the same functions on each.
//!
//! The files named after a subject (`process`, `files` ...) say what a function promises; `linux`, `macos` and
//! `windows` keep the promise, with `unix` for what the first two share. This is the only place in the library that asks
//! for the operating system, and the only one with `unsafe` code. A new platform is a new file here: the compiler
//! names the functions it lacks. What of macOS is checked how, and what nobody has seen run, is told in `packaging/README.md`.

#![allow(unsafe_code)]

pub mod autostart;
pub mod desktop;
pub mod directories;
pub mod files;
pub mod instance;
pub mod output;
pub mod pipes;
pub mod process;
pub mod program;
pub mod service;
pub mod signals;
pub mod socket;

pub use desktop::open;
pub use directories::{Directories, Endpoint};
pub use files::set_private;
pub use process::exit_code;
pub use signals::{StopSignal, stop_signals};

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod os;

#[cfg(unix)]
mod unix;

#[cfg(not(target_os = "linux"))]
mod not_linux;

// Pure, so that its tests need no Mac.
#[cfg(any(target_os = "macos", test))]
#[path = "macos/forms.rs"]
mod forms;
