//! What the record tells about a command: when it began, whether it succeeded, what changed since.
//!
//! A change is recorded a moment after it was made, so its entry's time alone says too little: what was saved just before a
//! command began is often written down while it runs. The file's own mtime says more, where it can be believed.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset};

use crate::entry::{Entry, EntryKind, FileChange, FoundBy, Ran, Source, What};

/// A change that is watched is recorded this long after it was made at the latest, in nanoseconds; a file whose mtime
/// is older than that brought it along (`cp -p`, `tar`).
const RECORDED_WITHIN: i64 = 10_000_000_000;

/// How far the clock that stamps files lies behind the one that we read, in nanoseconds: one tick of the kernel.
pub(crate) const TICK: i64 = 10_000_000;

/// The result of a command that went well.
pub const SUCCESS: &str = "Success";

/// How a result begins that says that it did not.
const FAILURES: [&str; 4] = ["Failed", "Failure", "Fail", "Error"];

/// When the command began, in nanoseconds since the Unix epoch. Where nobody said so it was recorded at its end.
pub fn began_ns(ran: &Ran, recorded: &DateTime<FixedOffset>) -> i64 {
    let duration = i64::try_from(ran.duration_ms.unwrap_or(0)).unwrap_or(i64::MAX);
    ran.began_ns.unwrap_or_else(|| nanoseconds(recorded).saturating_sub(duration.saturating_mul(1_000_000)))
}

/// Whether the command did what it was asked for, as far as whoever recorded it knows. Of a result and an exit code that
/// contradict each other the worse counts.
pub fn succeeded(ran: &Ran) -> bool {
    ran.exit_code.map_or(ran.status == SUCCESS, |code| code == 0 && !says_failure(&ran.status))
}

/// Whether the command failed, as far as whoever recorded it knows; a result in other words is neither.
pub fn failed(ran: &Ran) -> bool {
    says_failure(&ran.status) || ran.exit_code.is_some_and(|code| code != 0)
}

/// Whether a result in words says the opposite of an exit code.
pub fn contradict(status: &str, exit_code: i32) -> bool {
    if exit_code == 0 { says_failure(status) } else { first_word(status).eq_ignore_ascii_case(SUCCESS) }
}

fn says_failure(status: &str) -> bool {
    FAILURES.iter().any(|word| first_word(status).eq_ignore_ascii_case(word))
}

fn first_word(status: &str) -> &str {
    status.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// When the change of a file was made, at the latest; in nanoseconds since the Unix epoch. None for what is no change of a
/// file. `unseen_since` is where the gap begins behind which a scan found it.
pub fn changed_ns(entry: &Entry, unseen_since: Option<&DateTime<FixedOffset>>) -> Option<i64> {
    let recorded = nanoseconds(&entry.time);
    let change: &FileChange = match &entry.what {
        What::Created(change) | What::Edited(change) if change.entry != EntryKind::Dir => change,
        What::Deleted(change) if change.entry != EntryKind::Dir => return Some(recorded),
        What::Moved(_) => return Some(recorded),
        _ => return None,
    };
    let earliest = match (change.found_by, unseen_since) {
        (FoundBy::Scan, Some(since)) => nanoseconds(since),
        (FoundBy::Scan, None) => i64::MIN,
        (FoundBy::Watch | FoundBy::Poll, _) => recorded.saturating_sub(RECORDED_WITHIN),
    };
    // A date in the future, or from before the change can have been made, was brought along.
    Some(change.mtime_ns.filter(|mtime| (earliest..=recorded).contains(mtime)).unwrap_or(recorded))
}

/// How many files changed since a command began, told from the entries since then. None when not all of its time was
/// observed, and for a command that `ctx` did not run itself.
pub fn files_changed(ran: &Ran, recorded: &DateTime<FixedOffset>, since: &[Entry]) -> Option<u64> {
    let is_unobserved = since.iter().any(|entry| matches!(entry.what, What::Started(_)));
    if ran.source != Source::Run || is_unobserved {
        return None;
    }
    let began = began_ns(ran, recorded).saturating_sub(TICK);
    let changed = since.iter().filter(|entry| changed_ns(entry, None).is_some_and(|at| at >= began));
    let paths: HashSet<&str> = changed.filter_map(path).collect();
    Some(paths.len() as u64)
}

/// The path that a change leaves behind.
fn path(entry: &Entry) -> Option<&str> {
    match &entry.what {
        What::Created(change) | What::Edited(change) | What::Deleted(change) => Some(&change.path.text.0),
        What::Moved(moved) => Some(&moved.to.0),
        _ => None,
    }
}

/// Nanoseconds since the Unix epoch; the end of time for a year that has none.
pub fn nanoseconds(time: &DateTime<FixedOffset>) -> i64 {
    time.timestamp_nanos_opt().unwrap_or(if time.timestamp() < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `at` seconds past ten.
    fn time(at: f64) -> DateTime<FixedOffset> {
        let ten = DateTime::parse_from_rfc3339("2026-11-22T10:00:00+01:00").unwrap();
        ten + chrono::TimeDelta::milliseconds((at * 1000.0) as i64)
    }

    fn entry(at: f64, json: &str) -> Entry {
        let head = format!("{{\"v\":1,\"seq\":1,\"time\":\"{}\"", time(at).to_rfc3339());
        serde_json::from_str(&format!("{head},{json}}}")).unwrap()
    }

    fn edited(at: f64, path: &str, mtime: f64, found_by: &str) -> Entry {
        let mtime = nanoseconds(&time(mtime));
        let json = format!(
            "\"kind\":\"edited\",\"path\":\"{path}\",\"entry\":\"file\",\"mtime_ns\":{mtime},\"found_by\":\"{found_by}\""
        );
        entry(at, &json)
    }

    fn ran(began: f64) -> Ran {
        let began = nanoseconds(&time(began));
        let json = format!(
            "{{\"id\":\"1\",\"command\":\"c\",\"status\":\"Success\",\"source\":\"run\",\"began_ns\":{began},\"duration_ms\":5000}}"
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_command_began_when_it_said_so_or_its_duration_before_it_was_recorded() {
        assert_eq!(began_ns(&ran(1.0), &time(9.0)), nanoseconds(&time(1.0)));
        let silent = Ran { began_ns: None, ..ran(1.0) };
        assert_eq!(began_ns(&silent, &time(9.0)), nanoseconds(&time(4.0)));
    }

    #[test]
    fn the_exit_code_decides_and_else_the_word() {
        assert!(succeeded(&ran(0.0)));
        assert!(!succeeded(&Ran { exit_code: Some(3), ..ran(0.0) }));
        assert!(succeeded(&Ran { exit_code: Some(0), status: "Passed".into(), ..ran(0.0) }));
        let timeout = Ran { status: "Failed (timeout)".into(), ..ran(0.0) };
        let unknown = Ran { status: "deployed".into(), ..ran(0.0) };
        assert_eq!((succeeded(&timeout), failed(&timeout)), (false, true));
        assert_eq!((succeeded(&unknown), failed(&unknown)), (false, false));
        assert!(failed(&Ran { exit_code: Some(3), ..ran(0.0) }));
    }

    #[test]
    fn of_a_result_and_an_exit_code_that_contradict_each_other_the_worse_counts() {
        for (status, code, is_contradiction) in [
            ("Failed (3 tests)", 0, true),
            ("FAILED", 0, true),
            ("error: no such file", 0, true),
            ("Success", 3, true),
            ("Success", 0, false),
            ("Failover done", 0, false),
            ("Failed (timeout)", 124, false),
            ("deployed", 3, false),
            ("", 0, false),
        ] {
            assert_eq!(contradict(status, code), is_contradiction, "{status:?} and {code}");
            let told = Ran { exit_code: Some(code), status: status.into(), ..ran(0.0) };
            let is_bad = is_contradiction || code != 0;
            assert_eq!((succeeded(&told), failed(&told)), (!is_bad, is_bad), "{status:?} and {code}");
        }
    }

    #[test]
    fn an_mtime_is_believed_unless_it_was_brought_along() {
        let at = |entry: &Entry, since: Option<f64>| changed_ns(entry, since.map(time).as_ref());
        assert_eq!(at(&edited(20.0, "a", 19.8, "watch"), None), Some(nanoseconds(&time(19.8))));
        assert_eq!(at(&edited(20.0, "a", 2.0, "watch"), None), Some(nanoseconds(&time(20.0))));
        assert_eq!(at(&edited(20.0, "a", 99.0, "watch"), None), Some(nanoseconds(&time(20.0))));
        assert_eq!(at(&edited(20.0, "a", 5.0, "scan"), Some(4.0)), Some(nanoseconds(&time(5.0))));
        assert_eq!(at(&edited(20.0, "a", 5.0, "scan"), Some(6.0)), Some(nanoseconds(&time(20.0))));
        let gone = entry(7.0, r#""kind":"deleted","path":"a","entry":"file","found_by":"watch""#);
        assert_eq!(at(&gone, None), Some(nanoseconds(&time(7.0))));
        let folder = entry(7.0, r#""kind":"created","path":"a","entry":"dir","found_by":"watch""#);
        assert_eq!(at(&folder, None), None);
    }

    #[test]
    fn files_are_counted_once_and_only_those_that_changed_since_the_command_began() {
        let entries = [
            // Saved before, written down after the begin.
            edited(1.1, "before", 0.9, "watch"),
            edited(2.0, "a", 1.9, "watch"),
            edited(3.0, "a", 2.9, "watch"),
            edited(3.0, "unpacked", -500.0, "watch"),
            entry(4.0, r#""kind":"created","path":"dir","entry":"dir","found_by":"watch""#),
            entry(4.0, r#""kind":"deleted","path":"b","entry":"file","found_by":"watch""#),
        ];
        assert_eq!(files_changed(&ran(1.0), &time(6.0), &entries), Some(3));
        assert_eq!(files_changed(&ran(1.0), &time(6.0), &[]), Some(0));
        let told = Ran { source: Source::Log, ..ran(1.0) };
        assert_eq!(files_changed(&told, &time(6.0), &entries), None);
        let began = entry(2.0, r#""kind":"started","pid":1,"version":"0.1.0","reason":"user""#);
        assert_eq!(files_changed(&ran(1.0), &time(6.0), &[began]), None);
    }
}
