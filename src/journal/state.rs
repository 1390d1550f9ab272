//! `session_state.json`: what is so now, replaced atomically after every batch.
//!
//! The keys at the top are Context Engine's, with its types; ours stand under `tracker`. That tool rewrites the file without
//! a lock, so it is read anew each time, and keys that we don't know are kept. A file that is not an object is set
//! aside and built anew.

use std::fs;
use std::io;
use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Begin, now, read};
use crate::entry::{Entry, What};
use crate::line::{self, Line};
use crate::platform::files;
use crate::project::ProjectRoot;
use crate::redact::Redactor;
use crate::status::{LastCommand, LastEvent, Mark, State, WatchMode};

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
    /// When a pause ends: never of a live tracker, and written so that nothing of the last pause stays.
    pub paused_until: Option<String>,
    /// The folders that are recorded; Context Engine's part of the file has them.
    #[serde(skip)]
    pub watching: Vec<PathBuf>,
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
            paused_until: None,
            watching: Vec::new(),
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
    pub(super) log_seq: Option<u64>,
    pub(super) redactor: &'a Redactor,
    /// How many secrets were taken out since the last update.
    pub(super) redactions: u64,
}

/// Writes the file. Call it under the lock.
pub(super) fn update(root: &ProjectRoot, update: &Update<'_>) -> io::Result<()> {
    let mut state = load(root)?;
    // Context Engine writes the commands themselves.
    redact_commands(&mut state, update.redactor);
    state.insert("schema".into(), SCHEMA.into());
    if let Some(facts) = update.tracker {
        let is_live = matches!(facts.state, State::Starting | State::Running);
        state.insert("status".into(), if is_live { "running" } else { "stopped" }.into());
        state.insert("started_at".into(), plain_time(&facts.started_at));
        let stopped_at = facts.stopped_at.as_deref().map_or(Value::Null, plain_time);
        state.insert("stopped_at".into(), stopped_at);
        let watching = if facts.watching.is_empty() { json!([root.path()]) } else { json!(facts.watching) };
        state.insert("watching".into(), watching);
    }
    let tracker = object(&mut state, "tracker");
    if let Some(Value::Object(facts)) = update.tracker.map(serde_json::to_value).transpose()? {
        tracker.extend(facts);
    }
    if let Some(size) = update.log_size {
        tracker.insert("log_size".into(), size.into());
    }
    if let Some(seq) = update.log_seq {
        tracker.insert("log_seq".into(), seq.into());
    }
    count_redactions(tracker, update.redactions);
    let event = update.lines.iter().rev().find(|line| line.is_event);
    let event = event.map(|line| (LastEvent { time: wire_time(&line.time), detail: line.detail.clone() }, line.time));
    let command = update.batch.iter().rev().find_map(last_command);
    note(&mut state, event, command)?;
    store(root, &state)
}

/// Adds to the number of secrets that were taken out of the record so far.
fn count_redactions(tracker: &mut Map<String, Value>, more: u64) {
    let so_far = tracker.get("redactions").and_then(Value::as_u64).unwrap_or(0);
    tracker.insert("redactions".into(), (so_far + more).into());
}

/// Takes the secrets out of the last command; gives their number.
fn redact_commands(state: &mut Map<String, Value>, redactor: &Redactor) -> u64 {
    let mut count = 0;
    let mut redact = |command: Option<&mut Value>| {
        let Some(Value::Object(command)) = command else { return };
        if let Some(Value::String(text)) = command.get_mut("command") {
            count += redactor.in_place(text, Redactor::command);
        }
        if let Some(Value::String(text)) = command.get_mut("status") {
            count += redactor.in_place(text, Redactor::text);
        }
    };
    redact(state.get_mut("last_command"));
    redact(state.get_mut("tracker").and_then(|tracker| tracker.get_mut("last_command")));
    count
}

/// What the redaction of the other files changes in this one.
pub(super) struct Redacted {
    /// The size of `session.md` up to the end of our last write, if that is known.
    pub(super) log_size: Option<u64>,
    /// How many secrets were taken out of the entries.
    pub(super) redactions: u64,
}

/// Takes the secrets out of the file, or only gives their number. Call it under the lock.
pub(super) fn redact(root: &ProjectRoot, redactor: &Redactor, others: &Redacted, is_dry: bool) -> io::Result<u64> {
    let Some(mut state) = read_bounded(root)?.and_then(|bytes| parse(&bytes)) else { return Ok(0) };
    let was = state.clone();
    let mut count = redact_commands(&mut state, redactor);
    // Of the events, only a commit has words of the user's.
    let mut redact = |event: Option<&mut Value>| {
        if let Some(Value::String(detail)) = event.and_then(|event| event.get_mut("detail"))
            && detail.starts_with("Committed: ")
        {
            count += redactor.in_place(detail, Redactor::text);
        }
    };
    redact(state.get_mut("last_event"));
    redact(state.get_mut("tracker").and_then(|tracker| tracker.get_mut("last_event")));
    if let Some(size) = others.log_size {
        object(&mut state, "tracker").insert("log_size".into(), size.into());
    }
    if others.redactions > 0 {
        count_redactions(object(&mut state, "tracker"), others.redactions);
    }
    if !is_dry && state != was {
        store(root, &state)?;
    }
    Ok(count)
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

/// Says what the agent knows of a project that has no tracker, and since when if the file does not tell. Call it under the lock.
pub(super) fn mark(root: &ProjectRoot, mark: &Mark, ended: &DateTime<FixedOffset>) -> io::Result<()> {
    let mut state = load(root)?;
    let stopped_at = wire_time(ended);
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
    tracker.insert("state".into(), serde_json::to_value(mark.state)?);
    tracker.insert("reason".into(), mark.reason.clone().into());
    tracker.insert("paused_until".into(), mark.paused_until.clone().into());
    store(root, &state)
}

/// What the file says of `session.md`.
pub(super) struct Logged {
    /// The size that our last write left it with.
    pub(super) size: Option<u64>,
    /// The entry up to which all that has a line stands in it.
    pub(super) seq: Option<u64>,
}

/// What the last write left `session.md` like; none where the file does not tell.
pub(super) fn logged(root: &ProjectRoot) -> Option<Logged> {
    let state = parse(&read_bounded(root).ok()??)?;
    let tracker = state.get("tracker")?;
    let number = |key: &str| tracker.get(key).and_then(Value::as_u64);
    Some(Logged { size: number("log_size"), seq: number("log_seq") })
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
