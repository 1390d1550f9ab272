//! How `log`, `note` and `run` get a record onto the disk: by the agent, else by themselves, else into the spool.
//!
//! The ways may overlap, as when an agent answers too late: the record's id keeps it from being written twice.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant, UNIX_EPOCH};

use chrono::Local;
use context_tray::config::Config;
use context_tray::entry::Record;
use context_tray::ipc::client::Client;
use context_tray::journal::Journal;
use context_tray::locate;
use context_tray::project::ProjectRoot;
use context_tray::redact::Redactor;
use context_tray::request::{Failure, Request};
use context_tray::spool::{self, Spooled};

use super::Context;
use crate::error::Error;

/// The agent has this long to connect and to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// The journal's lock is held for one append.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// A number that no other record has.
pub(super) fn new_id() -> String {
    let now = UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_micros());
    // Each state is seeded by the system's randomness.
    let random = RandomState::new().build_hasher().finish();
    format!("{now:x}-{random:016x}")
}

/// Puts the record onto the disk.
pub(super) fn keep(context: &Context<'_>, root: &ProjectRoot, record: Record) -> Result<(), Error> {
    let Err(failure) = by_agent(context, root, &record) else { return Ok(()) };
    context.output.explain(&format!("{}; writing the journal without the agent", failure.message));
    let time = Local::now().fixed_offset();
    // Without the user's patterns nothing is written, not even into the spool.
    let (config, _) = locate::load_config(&context.directories, Some(root))?;
    let Err(failure) = by_ourselves(context, root, &config, record.clone()) else { return Ok(()) };
    let spooled = Spooled { project: root.path().to_path_buf(), time, record };
    spool::append(&context.directories, &Redactor::new(&config.redact), spooled)?;
    let later = "it is kept in the state folder and written when it can be";
    context.output.warn(&format!("not in the journal yet ({}); {later}", failure.message));
    Ok(())
}

fn by_agent(context: &Context<'_>, root: &ProjectRoot, record: &Record) -> Result<(), Failure> {
    let deadline = Instant::now() + ANSWER;
    let mut client = Client::connect(&context.directories, deadline)?;
    let request = Request::Record { project: root.path().to_path_buf(), record: record.clone() };
    client.request(request, deadline).map(|_| ())
}

fn by_ourselves(context: &Context<'_>, root: &ProjectRoot, config: &Config, record: Record) -> Result<(), Failure> {
    let mut journal = Journal::open(root, config);
    spool::take(&context.directories, root.path(), |spooled| {
        journal.append_record_at(spooled.record, spooled.time, LOCK_WAIT).map(|_| ())
    })?;
    journal.append_record(record, LOCK_WAIT).map(|_| ())
}
