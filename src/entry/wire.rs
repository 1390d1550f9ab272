//! Reading a line of `events.jsonl`, in one pass.
//!
//! What can be derived for an [`Entry`] reads its line into a tree of values, and what a kind has out of that, as often as the
//! types are nested: two thirds of the time that a brief of a big record takes. A name stands for one type in all kinds, so that
//! one flat list of fields reads them all.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeZone as _};
use serde::de::Error;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Deserializer};

use super::{
    Entry, EntryKind, EntryPath, FileChange, FoundBy, Gap, GapReason, Git, GitAction, Lifecycle, MAX_SEQ, Move, Note,
    PathText, Ran, Reason, Source, What,
};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Created,
    Edited,
    Deleted,
    Moved,
    Ran,
    Note,
    Git,
    Started,
    Stopped,
    Gap,
}

/// The fields of all kinds.
#[derive(Deserialize)]
struct Line<'a> {
    v: u32,
    seq: u64,
    #[serde(borrow)]
    time: Cow<'a, str>,
    session: Option<String>,
    kind: Kind,

    path: Option<PathText>,
    path_bytes: Option<String>,
    entry: Option<EntryKind>,
    size: Option<u64>,
    mtime_ns: Option<i64>,
    found_by: Option<FoundBy>,

    /// A path, a branch or a time.
    from: Option<String>,
    /// The same.
    to: Option<String>,
    from_bytes: Option<String>,
    to_bytes: Option<String>,
    #[serde(default)]
    replaced: bool,

    id: Option<String>,
    command: Option<String>,
    status: Option<String>,
    exit_code: Option<i32>,
    duration_ms: Option<u64>,
    began_ns: Option<i64>,
    cwd: Option<String>,
    source: Option<Source>,
    files_changed: Option<u64>,
    #[serde(default)]
    late: bool,
    #[serde(default)]
    redactions: u32,
    text: Option<String>,

    action: Option<GitAction>,
    commit: Option<String>,
    subject: Option<String>,

    pid: Option<u32>,
    version: Option<String>,
    /// Of a session's begin or end, or of a gap.
    reason: Option<String>,
    changes_found: Option<u64>,
}

impl Entry {
    /// What a line of the record says; none where it is no entry, which is passed over.
    pub fn from_line(line: &[u8]) -> Option<Entry> {
        // Looked at as text once, not string by string.
        serde_json::from_str(str::from_utf8(line).ok()?).ok()
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut line = Line::deserialize(deserializer)?;
        // A line with a place that nothing could follow is no entry.
        if line.seq > MAX_SEQ {
            return Err(D::Error::custom("seq is too high"));
        }
        let (v, seq, session) = (line.v, line.seq, line.session.take());
        Ok(Entry { v, seq, time: time(&line.time)?, session, what: line.what()? })
    }
}

/// In any form of RFC 3339.
fn time<E: Error>(text: &str) -> Result<DateTime<FixedOffset>, E> {
    match own_time(text) {
        Some(time) => Ok(time),
        None => DateTime::deserialize(StrDeserializer::new(text)),
    }
}

/// In the one form that we write, `2026-11-24T10:00:00.123+01:00`: every line has one, and what reads all forms takes ten times
/// as long.
fn own_time(text: &str) -> Option<DateTime<FixedOffset>> {
    let bytes: &[u8; 29] = text.as_bytes().try_into().ok()?;
    let number = |at: Range<usize>| {
        let mut number = 0;
        for byte in &bytes[at] {
            number = 10 * number + u32::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        Some(number)
    };
    let between = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b':')];
    let sign = match bytes[23] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if between.iter().any(|(at, byte)| bytes[*at] != *byte) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(0..4)?.try_into().ok()?, number(5..7)?, number(8..10)?)?;
    let local = date.and_hms_milli_opt(number(11..13)?, number(14..16)?, number(17..19)?, number(20..23)?)?;
    let minutes = number(27..29).filter(|minutes| *minutes < 60)?;
    let east = i32::try_from(number(24..26)? * 3600 + minutes * 60).ok()?;
    FixedOffset::east_opt(sign * east)?.from_local_datetime(&local).single()
}

fn needed<T, E: Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

impl Line<'_> {
    fn what<E: Error>(self) -> Result<What, E> {
        Ok(match self.kind {
            Kind::Created => What::Created(self.change()?),
            Kind::Edited => What::Edited(self.change()?),
            Kind::Deleted => What::Deleted(self.change()?),
            Kind::Moved => What::Moved(self.moved()?),
            Kind::Ran => What::Ran(self.ran()?),
            Kind::Note => {
                What::Note(Note { id: needed(self.id, "id")?, text: needed(self.text, "text")?, late: self.late })
            }
            Kind::Git => What::Git(Git {
                action: needed(self.action, "action")?,
                from: self.from,
                to: self.to,
                commit: self.commit,
                subject: self.subject,
            }),
            Kind::Started => What::Started(self.lifecycle()?),
            Kind::Stopped => What::Stopped(self.lifecycle()?),
            Kind::Gap => What::Gap(self.gap()?),
        })
    }

    fn change<E: Error>(self) -> Result<FileChange, E> {
        Ok(FileChange {
            path: EntryPath { text: needed(self.path, "path")?, bytes: self.path_bytes },
            entry: needed(self.entry, "entry")?,
            size: self.size,
            mtime_ns: self.mtime_ns,
            found_by: needed(self.found_by, "found_by")?,
        })
    }

    fn moved<E: Error>(self) -> Result<Move, E> {
        Ok(Move {
            from: PathText(needed(self.from, "from")?),
            to: PathText(needed(self.to, "to")?),
            from_bytes: self.from_bytes,
            to_bytes: self.to_bytes,
            entry: needed(self.entry, "entry")?,
            replaced: self.replaced,
            size: needed(self.size, "size")?,
            mtime_ns: needed(self.mtime_ns, "mtime_ns")?,
            found_by: needed(self.found_by, "found_by")?,
        })
    }

    fn ran<E: Error>(self) -> Result<Ran, E> {
        Ok(Ran {
            id: needed(self.id, "id")?,
            command: needed(self.command, "command")?,
            status: needed(self.status, "status")?,
            exit_code: self.exit_code,
            duration_ms: self.duration_ms,
            began_ns: self.began_ns,
            cwd: self.cwd,
            source: needed(self.source, "source")?,
            files_changed: self.files_changed,
            late: self.late,
            redactions: self.redactions,
        })
    }

    fn lifecycle<E: Error>(self) -> Result<Lifecycle, E> {
        Ok(Lifecycle {
            pid: needed(self.pid, "pid")?,
            version: needed(self.version, "version")?,
            reason: Reason::deserialize(StrDeserializer::new(&needed(self.reason, "reason")?))?,
        })
    }

    fn gap<E: Error>(self) -> Result<Gap, E> {
        Ok(Gap {
            from: time(&needed(self.from, "from")?)?,
            to: time(&needed(self.to, "to")?)?,
            reason: GapReason::deserialize(StrDeserializer::new(&needed(self.reason, "reason")?))?,
            changes_found: self.changes_found,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    /// One of each kind with every field that it may have, in the order in which they are written.
    const KINDS: [&str; 9] = [
        r#""kind":"created","path":"a/\\xff","path_bytes":"YS//","entry":"symlink","size":3,"mtime_ns":-1,"found_by":"poll""#,
        r#""kind":"edited","path":"a","entry":"file","found_by":"watch""#,
        r#""kind":"deleted","path":"a","entry":"dir","found_by":"scan""#,
        r#""kind":"moved","from":"a","to":"b","from_bytes":"YQ==","to_bytes":"Yg==","entry":"file","replaced":true,"size":3,"mtime_ns":1,"found_by":"watch""#,
        r#""kind":"ran","id":"1","command":"make \"x\"","status":"Failed (exit 2)","exit_code":2,"duration_ms":3,"began_ns":4,"cwd":"/","source":"run","files_changed":5,"late":true,"redactions":6"#,
        r#""kind":"note","id":"1","text":"t","late":true"#,
        r#""kind":"git","action":"switch","from":"main","to":"topic","commit":"ab12cd3","subject":"s""#,
        r#""kind":"stopped","pid":7,"version":"0.1.0","reason":"agent-gone""#,
        r#""kind":"gap","from":"2026-11-24T10:00:00.000+01:00","to":"2026-11-24T10:00:00.001+01:00","reason":"killed","changes_found":0"#,
    ];

    fn line(rest: &str) -> String {
        format!(r#"{{"v":1,"seq":1,"time":"2026-11-24T10:00:00.123+01:00","session":"s",{rest}}}"#)
    }

    #[test]
    fn each_kind_is_read_as_it_is_written() {
        for rest in KINDS {
            let text = line(rest);
            let entry: Entry = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(serde_json::to_string(&entry).unwrap(), text);
        }
    }

    #[test]
    fn what_lacks_a_field_or_names_an_unknown_kind_is_no_entry() {
        let error = |rest: &str| serde_json::from_str::<Entry>(&line(rest)).unwrap_err().to_string();
        assert!(error(r#""kind":"edited","entry":"file","found_by":"watch""#).contains("missing field `path`"));
        assert!(error(r#""kind":"gap","from":"now","to":"then","reason":"killed""#).contains("invalid"));
        assert!(error(r#""kind":"sung","path":"a""#).contains("unknown variant `sung`"));
        assert!(error(r#""path":"a""#).contains("missing field `kind`"));
    }

    #[test]
    fn fields_that_a_later_version_adds_are_passed_over() {
        let text = line(&format!(r#"{},"new":{{"of":["any","kind"]}}"#, KINDS[1]));
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), serde_json::from_str(&line(KINDS[1])).unwrap());
    }

    proptest! {
        #[test]
        fn a_time_as_we_write_it_is_read_as_by_who_reads_all_forms(ms in -60_000_000_000_000_i64..200_000_000_000_000, minutes in -1439..1440) {
            let Some(utc) = DateTime::from_timestamp_millis(ms) else { return Ok(()) };
            let text = utc.with_timezone(&FixedOffset::east_opt(minutes * 60).unwrap()).to_rfc3339_opts(SecondsFormat::Millis, false);
            prop_assert_eq!(own_time(&text), DateTime::parse_from_rfc3339(&text).ok());
        }

        #[test]
        fn what_is_no_time_in_our_form_is_left_to_others(at in 0..29_usize, byte in "[ -~]") {
            let mut text = String::from("2026-11-24T10:00:00.123+01:00");
            text.replace_range(at..=at, &byte);
            prop_assert!(own_time(&text).is_none_or(|time| DateTime::parse_from_rfc3339(&text) == Ok(time)));
        }
    }
}
