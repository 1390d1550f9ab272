//! Every message has a golden file, named after its enum and its kind, that parses and is written again to the letter.
//!
//! The files are never edited: what was once sent must be understood for ever. A new variant needs a new file, and
//! the matches below name each variant so that the compiler asks for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use context_tray::request::{FailureCode, FromTracker, Outcome, ReplyLine, Request, RequestLine, Response, ToTracker};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/wire"))
}

/// Parses a golden file and checks that it is written again as it was.
fn round_trip<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    let line = text.trim_end();
    let message: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(serde_json::to_string(&message).unwrap(), line, "{name}");
    message
}

fn request_kind(request: &Request) -> &'static str {
    match request {
        Request::Agent => "agent",
        Request::Start { .. } => "start",
        Request::Stop { .. } => "stop",
        Request::Pause { .. } => "pause",
        Request::StartAll => "start_all",
        Request::StopAll => "stop_all",
        Request::Forget { .. } => "forget",
        Request::CleanUp { .. } => "clean_up",
        Request::Record { .. } => "record",
        Request::Sync { .. } => "sync",
        Request::Mute { .. } => "mute",
        Request::LaunchAtLogin { .. } => "launch_at_login",
        Request::CopyBrief { .. } => "copy_brief",
        Request::AddProject => "add_project",
        Request::Open { .. } => "open",
        Request::Shutdown { .. } => "shutdown",
    }
}
const REQUESTS: [&str; 16] = [
    "agent",
    "start",
    "stop",
    "pause",
    "start_all",
    "stop_all",
    "forget",
    "clean_up",
    "record",
    "sync",
    "mute",
    "launch_at_login",
    "copy_brief",
    "add_project",
    "open",
    "shutdown",
];

fn response_kind(response: &Response) -> &'static str {
    match response {
        Response::Agent(_) => "agent",
        Response::Session { .. } => "session",
        Response::Stopped { .. } => "stopped",
        Response::Recorded { .. } => "recorded",
        Response::Done => "done",
    }
}
const RESPONSES: [&str; 5] = ["agent", "session", "stopped", "recorded", "done"];

fn to_tracker_kind(message: &ToTracker) -> &'static str {
    match message {
        ToTracker::Record { .. } => "record",
        ToTracker::Sync { .. } => "sync",
        ToTracker::Ping { .. } => "ping",
        ToTracker::Stop => "stop",
        ToTracker::Pause => "pause",
    }
}
const TO_TRACKER: [&str; 5] = ["record", "sync", "ping", "stop", "pause"];

fn from_tracker_kind(message: &FromTracker) -> &'static str {
    match message {
        FromTracker::Ready { .. } => "ready",
        FromTracker::Status { .. } => "status",
        FromTracker::Recorded { .. } => "recorded",
        FromTracker::Synced { .. } => "synced",
        FromTracker::Busy => "busy",
        FromTracker::Refused { .. } => "refused",
        FromTracker::Signalled => "signalled",
        FromTracker::Failed { .. } => "failed",
    }
}
const FROM_TRACKER: [&str; 8] = ["ready", "status", "recorded", "synced", "busy", "refused", "signalled", "failed"];

fn failure_kind(code: FailureCode) -> &'static str {
    match code {
        FailureCode::BadRequest => "bad_request",
        FailureCode::TooLong => "too_long",
        FailureCode::Version => "version",
        FailureCode::Forbidden => "forbidden",
        FailureCode::BadProject => "bad_project",
        FailureCode::NotRunning => "not_running",
        FailureCode::Io => "io",
        FailureCode::Watch => "watch",
        FailureCode::Busy => "busy",
        FailureCode::Timeout => "timeout",
        FailureCode::ShuttingDown => "shutting_down",
        FailureCode::Internal => "internal",
    }
}
const FAILURES: [&str; 12] = [
    "bad_request",
    "too_long",
    "version",
    "forbidden",
    "bad_project",
    "not_running",
    "io",
    "watch",
    "busy",
    "timeout",
    "shutting_down",
    "internal",
];

/// The golden files whose names begin with `prefix`, each read by `kind`, are exactly the kinds that there are. A kind
/// may have more than one file: `record.note` is one of `record`.
fn check(prefix: &str, kinds: &[&str], kind: impl Fn(&str) -> &'static str) {
    let mut seen = BTreeSet::new();
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(label) = name.strip_suffix(".json").and_then(|stem| stem.strip_prefix(&format!("{prefix}."))) else {
            continue;
        };
        let found = kind(&name);
        assert_eq!(label.split('.').next(), Some(found), "{name}");
        seen.insert(found);
    }
    assert_eq!(seen, kinds.iter().copied().collect(), "{prefix}: each kind needs a file in tests/golden/wire");
}

#[test]
fn every_request_is_as_it_was() {
    check("request", &REQUESTS, |name| request_kind(&round_trip::<RequestLine>(name).request));
}

#[test]
fn every_response_is_as_it_was() {
    check("response", &RESPONSES, |name| match round_trip::<ReplyLine>(name).outcome {
        Outcome::Ok(response) => response_kind(&response),
        Outcome::Error(failure) => panic!("{name}: {failure}"),
    });
}

#[test]
fn every_failure_is_as_it_was() {
    check("failure", &FAILURES, |name| match round_trip::<ReplyLine>(name).outcome {
        Outcome::Ok(_) => panic!("{name} is no failure"),
        Outcome::Error(failure) => failure_kind(failure.code),
    });
}

#[test]
fn every_message_to_a_tracker_is_as_it_was() {
    check("to-tracker", &TO_TRACKER, |name| to_tracker_kind(&round_trip(name)));
}

#[test]
fn every_message_from_a_tracker_is_as_it_was() {
    check("from-tracker", &FROM_TRACKER, |name| from_tracker_kind(&round_trip(name)));
}

#[test]
fn every_golden_file_is_looked_at() {
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let prefix = name.split('.').next().unwrap();
        let known = ["request", "response", "failure", "to-tracker", "from-tracker"].contains(&prefix);
        assert!(known && name.ends_with(".json"), "{name} is looked at by no test");
    }
}
