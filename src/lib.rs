//! Context Tray: an agent in the system tray that keeps a trustworthy local record of what happens in each of a
//! developer's projects.
//!
//! # One sentence
//!
//! Events are hints, the disk is the truth: the watcher only says *where to look*, a scan of that place is compared with
//! an in-memory index of the tree, and the difference is what gets recorded; everything else is a closed enum in,
//! effects out.
//!
//! The modules below stand in the order of their dependencies: a module uses only modules above it, and a test
//! (`tests/suite/layers.rs`) enforces that.

// Vocabulary: plain data and serde; no I/O, no clock.
pub mod project;
pub mod entry;
pub mod status;
pub mod request;
pub mod notice;
pub mod config;

// Core: pure functions and state machines; a time is an argument.
pub mod rules;
pub mod tree;
pub mod pace;
pub mod line;
pub mod supervise;
pub mod menu;

// Shell: each module owns exactly one outside thing.
pub mod platform;
pub mod locate;
pub mod registry;
pub mod spool;
pub mod snapshot;
pub mod journal;
pub mod scan;
pub mod watch;
pub mod ipc;
pub mod diagnostics;
pub mod tracker;
pub mod agent;
