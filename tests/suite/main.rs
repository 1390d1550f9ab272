//! The integration tests: one target, so that they link once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it goes wrong, and says where")]

#[cfg(target_os = "linux")]
mod bus;
mod attacks;
mod brief;
mod check;
mod cli;
mod config;
mod deaths;
#[cfg(target_os = "linux")]
mod desktop;
mod doctor;
#[cfg(unix)]
mod editors;
mod env;
mod generated;
#[cfg(target_os = "linux")]
mod hooks;
#[cfg(target_os = "linux")]
mod interposed;
mod ipc;
mod layers;
#[cfg(target_os = "linux")]
mod life;
mod living;
#[cfg(target_os = "linux")]
mod manners;
mod mcp;
#[cfg(target_os = "linux")]
mod menu;
#[cfg(target_os = "linux")]
mod nushell;
mod pauses;
mod record;
mod redact;
mod replay;
mod rules;
mod schemas;
mod sessions;
#[cfg(target_os = "linux")]
mod shells;
#[cfg(target_os = "linux")]
mod signals;
mod snippets;
mod storms;
mod streams;
mod terminal;
#[cfg(target_os = "linux")]
mod tray;
#[cfg(windows)]
mod windows;
mod wire;

/// A file that is not a module here would never run.
#[test]
fn no_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite");
    let listed = std::fs::read_to_string(format!("{folder}/main.rs")).unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        assert!(module == "main" || listed.contains(&format!("mod {module};")), "{name} is no module of main.rs");
    }
}
