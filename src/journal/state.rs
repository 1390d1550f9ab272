//! `session_state.json`: what is so now, replaced atomically after every batch.
//!
//! The keys at the top are Context Engine's, with its types; ours stand under `tracker`. That tool rewrites the file without
//! a lock, so it is read anew each time, and keys that we don't know are kept. A file that is not an object is set
//! aside and built anew.

use std::fs;
use std::io;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Begin, now, read};
use crate::entry::{Entry, What};
use crate::line::{self, Line};
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::status::{LastCommand, LastEvent, State, WatchMode};

/// The version of our part of the file.
const SCHEMA: u32 = 1;

/// A state file beyond this many bytes is not ours.
pub const MAX_STATE_FILE: u64 = 1 << 20;

/// What the file says of the tracker, under `tracker`. Times are RFC 3339 with the local offset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackerFacts {
    /// The live tracker's.
    pub pid: Option<u32>,
    /// What tells this process from a later one of the same number.
    pub identity: Option<String>,
    /// The program's.
    pub version: String,
    /// When the session began.
    pub started_at: String,
    /// When it ended.
    pub stopped_at: Option<String>,
    /// What the tracker is at.
    pub state: State,
    /// Why it is `backoff` or `failed`.
    pub reason: Option<String>,
    /// How changes are learnt of.
    pub watch_mode: Option<WatchMode>,
    /// Why the record may come late or with gaps.
    pub degraded: Option<String>,
    /// What is wrong with the configuration.
    pub config_problem: Option<String>,
    /// How many folders have a watch.
    pub directories_watched: u64,
    /// How many files the index holds.
    pub files_indexed: u64,
    /// The id of the session.
    pub session: Option<String>,
}

impl TrackerFacts {
    pub(super) fn starting(begin: &Begin, started: &DateTime<FixedOffset>, session: Option<String>) -> Self {
        Self {
            pid: Some(begin.pid),
            identity: begin.identity.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: wire_time(started),
            stopped_at: None,
            state: State::Starting,
            reason: None,
            watch_mode: None,
            degraded: None,
            config_problem: None,
            directories_watched: 0,
            files_indexed: 0,
            session,
        }
    }

    pub(super) fn stop(&mut self, at: &DateTime<FixedOffset>) {
        self.pid = None;
        self.state = State::Stopped;
        self.stopped_at = Some(wire_time(at));
    }
}

/// A time as our part of the file says it.
pub fn wire_time(time: &DateTime<FixedOffset>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// A time as Context Engine's part of the file says it.
fn plain_time(time: &str) -> Value {
    let parsed = DateTime::parse_from_rfc3339(time);
    parsed.map_or(Value::Null, |time| time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string().into())
}

/// What a batch changes in the file.
pub(super) struct Update<'a> {
    pub(super) batch: &'a [Entry],
    pub(super) lines: &'a [Line],
    pub(super) tracker: Option<&'a TrackerFacts>,
    pub(super) log_size: Option<u64>,
}

/// Writes the file. Call it under the lock.
pub(super) fn update(root: &ProjectRoot, update: &Update<'_>) -> io::Result<()> {
    let mut state = load(root)?;
    state.insert("schema".into(), SCHEMA.into());
    if let Some(facts) = update.tracker {
        let is_live = matches!(facts.state, State::Starting | State::Running);
        state.insert("status".into(), if is_live { "running" } else { "stopped" }.into());
        state.insert("started_at".into(), plain_time(&facts.started_at));
        let stopped_at = facts.stopped_at.as_deref().map_or(Value::Null, plain_time);
        state.insert("stopped_at".into(), stopped_at);
        state.insert("watching".into(), json!([root.path()]));
    }
    let tracker = object(&mut state, "tracker");
    if let Some(Value::Object(facts)) = update.tracker.map(serde_json::to_value).transpose()? {
        tracker.extend(facts);
    }
    if let Some(size) = update.log_size {
        tracker.insert("log_size".into(), size.into());
    }
    let event = update.lines.iter().rev().find(|line| line.is_event);
    let event = event.map(|line| (LastEvent { time: wire_time(&line.time), detail: line.detail.clone() }, line.time));
    let command = update.batch.iter().rev().find_map(last_command);
    note(&mut state, event, command)?;
    store(root, &state)
}

fn last_command(entry: &Entry) -> Option<(LastCommand, DateTime<FixedOffset>)> {
    let What::Ran(ran) = &entry.what else { return None };
    let time = wire_time(&entry.time);
    Some((LastCommand { time, command: ran.command.clone(), status: ran.status.clone() }, entry.time))
}

/// The last event and the last command, in both tools' words.
fn note(
    state: &mut Map<String, Value>,
    event: Option<(LastEvent, DateTime<FixedOffset>)>,
    command: Option<(LastCommand, DateTime<FixedOffset>)>,
) -> io::Result<()> {
    let clock = |time: DateTime<FixedOffset>| time.format("%H:%M:%S").to_string();
    if let Some((event, time)) = event {
        state.insert("last_event".into(), json!({"timestamp": clock(time), "detail": event.detail}));
        object(state, "tracker").insert("last_event".into(), serde_json::to_value(event)?);
    }
    if let Some((command, time)) = command {
        let plain = json!({"timestamp": clock(time), "command": command.command, "status": command.status});
        state.insert("last_command".into(), plain);
        object(state, "tracker").insert("last_command".into(), serde_json::to_value(command)?);
    }
    Ok(())
}

/// Says what the agent knows of a project that has no tracker. Call it under the lock.
pub(super) fn mark(root: &ProjectRoot, is: State, reason: Option<&str>) -> io::Result<()> {
    let mut state = load(root)?;
    let stopped_at = wire_time(&now());
    state.insert("status".into(), "stopped".into());
    let plain = plain_time(&stopped_at);
    let was_stopped = state.get("stopped_at").is_some_and(|at| !at.is_null());
    if !was_stopped {
        state.insert("stopped_at".into(), plain);
    }
    let tracker = object(&mut state, "tracker");
    if !was_stopped {
        tracker.insert("stopped_at".into(), stopped_at.into());
    }
    tracker.insert("pid".into(), Value::Null);
    tracker.insert("state".into(), serde_json::to_value(is)?);
    tracker.insert("reason".into(), reason.map_or(Value::Null, Value::from));
    store(root, &state)
}

/// The size that our last write left `session.md` with.
pub(super) fn log_size(root: &ProjectRoot) -> Option<u64> {
    parse(&read_bounded(root).ok()??)?.get("tracker")?.get("log_size")?.as_u64()
}

/// Whether the file says something.
pub(super) fn is_sound(root: &ProjectRoot) -> bool {
    read_bounded(root).is_ok_and(|bytes| bytes.is_some_and(|bytes| parse(&bytes).is_some()))
}

/// The file as an object; a damaged one is set aside, and what it said is taken from `events.jsonl`.
fn load(root: &ProjectRoot) -> io::Result<Map<String, Value>> {
    let Some(bytes) = read_bounded(root)? else { return Ok(Map::new()) };
    if let Some(state) = parse(&bytes) {
        return Ok(state);
    }
    let aside = root.context_dir().join(format!("session_state.json.corrupt-{}", now().format("%Y%m%dT%H%M%S%.3f")));
    tracing::warn!(aside = %aside.display(), "the state file is damaged; it is set aside and built anew");
    fs::rename(root.state(), &aside)?;
    rebuild(root)
}

fn rebuild(root: &ProjectRoot) -> io::Result<Map<String, Value>> {
    let mut state = Map::new();
    let is_command = |entry: &Entry| matches!(entry.what, What::Ran(_));
    let is_event = |entry: &Entry| !matches!(entry.what, What::Ran(_) | What::Note(_));
    let command = read::last(root, 1, &is_command)?.last().and_then(last_command);
    let event = read::last(root, 1, &is_event)?
        .pop()
        .map(|entry| (LastEvent { time: wire_time(&entry.time), detail: line::detail(&entry.what) }, entry.time));
    note(&mut state, event, command)?;
    Ok(state)
}

fn parse(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(state)) => Some(state),
        _ => None,
    }
}

/// The file's bytes; none when there is none. A file beyond all measure counts as damaged.
fn read_bounded(root: &ProjectRoot) -> io::Result<Option<Vec<u8>>> {
    match read::bounded(&root.state(), MAX_STATE_FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(Some(Vec::new())),
        // Whatever lies there in place of a file is in the way.
        Err(_) if fs::symlink_metadata(root.state()).is_ok_and(|metadata| !metadata.is_file()) => Ok(Some(Vec::new())),
        Err(error) => Err(error),
    }
}

/// A member that is an object, made so where it is not.
fn object<'a>(state: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let value = state.entry(key).or_insert_with(|| Map::new().into());
    if !value.is_object() {
        *value = Map::new().into();
    }
    match value {
        Value::Object(object) => object,
        _ => unreachable!("made an object just now"),
    }
}

fn store(root: &ProjectRoot, state: &Map<String, Value>) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(state)?;
    bytes.push(b'\n');
    files::replace(&root.state(), &bytes)
}
