//! Context Tray: an agent in the system tray that keeps a trustworthy local record of what happens in each of a
//! developer's projects.
//!
//! This page is the architecture. In one sentence: events are hints, the disk is the truth. The watcher only says *where
//! to look*, a scan of that place is compared with an in-memory index of the tree, and the difference is what gets
//! recorded; everything else is a closed enum in, effects out.
//!
//! # Processes
//!
//! ```text
//! context-tray (agent, one per user)          ctx (companion, short-lived)
//!   main thread: tray and notices               status, list, tail, brief, check: read .context/ themselves
//!   agent thread: owns all state                start, stop, log, run, sync: one request to the agent
//!   one thread for all trackers' lines          no agent: log appends by itself, start launches one
//!     |                                         mcp: the same questions, asked by an assistant, until its input ends
//!     |  stdin: Record, Sync, Ping, Stop   stdout: Ready, Status, Recorded ... (JSON lines)
//!     v
//! ctx tracker --project DIR (one process per recorded project)
//! ```
//!
//! A tracker is a process, so that a signal to the number in `session.pid` ends exactly that project's session, and the death
//! of one touches no other. The agent is its parent: the end of its standard input means that the agent is gone, and it
//! stops; there are no orphans. `ctx agent run` is the same agent without a tray.
//!
//! Liveness is never a number: a tracker holds `tracker.lock` for its whole life, the agent holds its own lock, and the
//! kernel releases both however a process ends. A process is signalled only by its handle, or by its number together
//! with the identity (boot and start time) that it wrote down itself.
//!
//! # The two flows of data
//!
//! A file is saved: [`watch`] puts a hint on a channel; the [`tracker`]'s loop gives it to [`pace`] and sleeps until its
//! deadline; then [`scan`] looks at the place, [`tree`] says what changed, and [`journal`] writes one batch to
//! `events.jsonl`, `session.md` and `session_state.json`, in this order; the agent hears of it, and the tray follows.
//!
//! A session begins: [`index`] gives the tree as the last session knew it, from a snapshot with the record's later entries
//! replayed on it; the difference to what a scan sees now is what happened meanwhile, and is told below a gap.
//!
//! A command is logged: `ctx log` sends one request; [`supervise`] picks the project's tracker; that one writes what is
//! dirty first and then the command, and answers; "done" on the command line means on disk. Without a tracker the agent
//! appends, without an agent `ctx` does, through the same code under the same lock; what can't be written at all waits in
//! the [`spool`]. Whoever appends drops a client's id that is there already, so no retry makes a second line.
//!
//! No hop of either flow asks anything back. Whatever way a command takes, [`redact`] takes its secrets out where it gets its
//! number in the journal, or where it is put into the spool; before, it lies in memory only.
//!
//! A question is answered from the record alone: [`journal::read`] hands out entries from the newest back, and [`mod@brief`] and
//! [`check`] make a digest or a verdict of them, without a clock; `ctx` only sees to it that the record is up to date. An assistant
//! asks the same by `ctx mcp`, whose tools call what the verbs call.
//!
//! # What is not there, on purpose
//!
//! * No async runtime: a few threads block on channels and wake for nothing. Idle costs no CPU; the agent asks its trackers
//!   for a sign of life once a minute, which is also when it sees that a sleep of the machine has skipped the end of a pause.
//!   Nobody waits for these signs, so that those of a hundred trackers wake it no more often than that of one.
//!   While a folder is gone that should be recorded, it is looked for every few seconds, since nothing tells of a mount or of a
//!   name that is back. There is no other timer, but for a service manager's watchdog where one asks, and while a session bus is looked for;
//!   on macOS the thread of each tracker's watcher wakes twice a second besides, which is notify's.
//!   The exception is `ctx mcp`, whose protocol's SDK asks for a runtime: it has one of a single thread, to itself.
//! * No decision below the core: the modules of the shell each own one outside thing and only do what they are told.
//! * No `unsafe` and no question which operating system this is outside [`platform`] (and the two event loops of the tray);
//!   `tests/suite/layers.rs` enforces both.
//! * No panic in normal operation: `unwrap` and `expect` are for tests.
//!
//! # Where something goes
//!
//! | to add | touch | what guides |
//! |---|---|---|
//! | a verb of `ctx` | `bin/ctx/args.rs` and one file in `commands/` | the compiler; examples are asked for; `UPDATE_GOLDEN=1` for help, completions, manual |
//! | a value of the configuration | [`config`], its row in `config/keys.rs` and its line in the template | a unit test compares the three |
//! | a tool for assistants | a `Question` in `commands/mcp/questions.rs` with the code of a verb | the compiler; `schemas.json` |
//! | something that the agent answers | a variant in [`request`] | exhaustive matches in [`supervise`]; a missing golden file |
//! | an item of the menu | an `Item` in [`menu`] with its [`request::Request`] | its unit test; `tray.rs` stays as it is |
//! | a kind of record | a variant in [`entry`] | matches in [`mod@line`] and [`mod@brief`] |
//! | a form of secret | a row in `redact/tokens.rs` or `redact/programs.rs` | the corpus in `tests/golden/redact` |
//! | something that the disk may do | a case in `tree/tests.rs`; where time matters, a file in `tests/golden/coalescing` | the property test in the former |
//! | an editor | its operations in `tests/golden/editors` | `tests/golden/editors/record` writes them down |
//!
//! # Where this differs from the first design, and why
//!
//! * [`locate`], [`registry`], [`spool`] and [`snapshot`] are modules of their own in place of functions of the agent: the
//!   companion needs each of them when no agent runs. [`snapshot`] is also what the agent and the trackers report, so that the tray,
//!   `ctx status` and `ctx list` can't tell different stories. It waits for a writer that is just at it, so that a command can be
//!   answered before the state file is written.
//! * A command waits for a cookie, a file whose event comes behind those of all older changes, as `ctx sync` does: else
//!   it could stand before what it changed.
//! * A change of several paths is ordered by what must come before what (`tree/changes.rs`), and by the order of the
//!   hints only where that is free: replaying entries one by one is exact only so.
//! * An entry of a move says `replaced` where something gave way to it: of a record that is not read from its beginning nobody
//!   could tell else whether the file was new under that name, as after the slow save of an editor.
//! * The agent answers `Agent` with counts, not with every project: a list of two hundred would not fit into a message,
//!   and `ctx list` reads the disk anyway.
//! * Where the system's watches cover whole trees (Windows, macOS) there is one for the root, and [`watch`] passes over what
//!   does not count: a watch on each folder would keep the folders above it from being renamed on Windows.
//! * On macOS there is no watch but that of a tree, so git's patterns in the home folder have none, and the endpoint lies in the
//!   system's folder for the user's caches: the temporary one is another in each shell that says so, and is cleaned.
//! * On Windows a tracker is asked to end by an event that carries its number and its identity, in place of a signal.
//! * A paused project has no tracker: the pause is a wish, remembered with the others, and the session that follows tells it as
//!   a gap. So it costs nothing, and outlives whatever ends meanwhile.
//! * The doctor is a verb of the companion, not of the agent: it must work when the agent does not. The agent's menu has the
//!   companion write the report.
//!
//! The modules stand in the order of their dependencies: a module uses only modules above it, and
//! `tests/suite/layers.rs` enforces that.

// Vocabulary: plain data and serde; no I/O, no clock.
pub mod project;
pub mod entry;
pub mod config;
pub mod status;
pub mod request;
pub mod notice;

// Core: pure functions and state machines; a time is an argument.
pub mod rules;
pub mod tree;
pub mod pace;
pub mod line;
pub mod command;
pub mod redact;
pub mod supervise;
pub mod menu;
pub mod check;
pub mod brief;

// Shell: each module owns exactly one outside thing.
pub mod platform;
pub mod locate;
pub mod settings;
pub mod registry;
pub mod spool;
pub mod snapshot;
pub mod journal;
pub mod readers;
pub mod index;
pub mod git;
pub mod scan;
pub mod watch;
pub mod ipc;
pub mod diagnostics;
pub mod tracker;
pub mod agent;
