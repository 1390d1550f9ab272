//! `ctx tail`: the last entries of the record, and those that come.

use std::path::{Component, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _};
use context_tray::entry::{Entry, What};
use context_tray::journal::read::{self, Follow};
use context_tray::line::line;
use context_tray::project::ProjectRoot;
use context_tray::request::{Failure, FailureCode};

use super::Context;
use crate::args::{Kind, Tail, duration};
use crate::error::Error;

/// How many entries are shown unless it is said otherwise.
const LINES: usize = 20;

pub(super) fn run(context: &Context<'_>, tail: &Tail) -> Result<ExitCode, Error> {
    let root = context.project_to_write(None)?;
    let filter = Filter::new(context, &root, tail)?;
    let lines = tail.lines.unwrap_or(if tail.since.is_some() { usize::MAX } else { LINES });
    let unreadable = |error: std::io::Error| {
        Failure::new(FailureCode::Io, format!("cannot read {}: {error}", root.events().display()))
    };
    // Begun before the last entries are read, so that none falls in between.
    let follow = if tail.follow { Some(Follow::from_end(&root).map_err(unreadable)?) } else { None };
    let mut shown = 0;
    for entry in read::last(&root, lines, &|entry| filter.keeps(entry)).map_err(unreadable)? {
        shown = entry.seq;
        print(context, tail, &entry)?;
    }
    let Some(mut follow) = follow else { return Ok(ExitCode::SUCCESS) };
    loop {
        for entry in follow.wait().map_err(unreadable)? {
            if entry.seq > shown && filter.keeps(&entry) {
                print(context, tail, &entry)?;
            }
        }
    }
}

fn print(context: &Context<'_>, tail: &Tail, entry: &Entry) -> Result<(), Error> {
    let text = if tail.json { serde_json::to_string(entry).map_err(std::io::Error::from)? } else { line(entry) };
    Ok(context.output.data(&text)?)
}

/// Which entries are shown: those that every given condition holds for.
struct Filter<'t> {
    kinds: &'t [Kind],
    since: Option<DateTime<FixedOffset>>,
    text: Option<&'t str>,
    /// Relative to the root, with `/`.
    path: Option<String>,
}

impl<'t> Filter<'t> {
    fn new(context: &Context<'_>, root: &ProjectRoot, tail: &'t Tail) -> Result<Self, Error> {
        let since = match &tail.since {
            Some(text) => Some(moment(text, Local::now().fixed_offset()).ok_or_else(|| {
                Error::usage(format!(
                    "--since {text:?} is neither a span such as 2h nor a time such as 2026-11-22T10:00"
                ))
            })?),
            None => None,
        };
        let path = tail.path.as_ref().map(|path| relative(&context.folder.join(path), root));
        Ok(Filter { kinds: &tail.kind, since, text: tail.grep.as_deref(), path })
    }

    fn keeps(&self, entry: &Entry) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind(&entry.what)))
            && self.since.is_none_or(|since| entry.time >= since)
            && self.text.is_none_or(|text| line(entry).contains(text))
            && self.path.as_ref().is_none_or(|path| concerns(&entry.what, path))
    }
}

fn kind(what: &What) -> Kind {
    match what {
        What::Created(_) => Kind::Created,
        What::Edited(_) => Kind::Edited,
        What::Deleted(_) => Kind::Deleted,
        What::Moved(_) => Kind::Moved,
        What::Ran(_) => Kind::Ran,
        What::Note(_) => Kind::Note,
        What::Git(_) => Kind::Git,
        What::Started(_) => Kind::Started,
        What::Stopped(_) => Kind::Stopped,
        What::Gap(_) => Kind::Gap,
    }
}

/// Whether an entry is about the path or something below it.
fn concerns(what: &What, path: &str) -> bool {
    let is_at = |at: &str| path.is_empty() || at.strip_prefix(path).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    match what {
        What::Created(change) | What::Edited(change) | What::Deleted(change) => is_at(&change.path.text.0),
        What::Moved(moved) => is_at(&moved.from.0) || is_at(&moved.to.0),
        _ => false,
    }
}

/// The path as entries have it. It need not exist any more.
fn relative(path: &std::path::Path, root: &ProjectRoot) -> String {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    let below = plain.strip_prefix(root.path()).map(PathBuf::from).unwrap_or(plain);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The moment that a span before `now`, or a time, means. A time without an offset is local, one without a date is today's.
fn moment(text: &str, now: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
    if let Ok(span) = duration(text) {
        return now.checked_sub_signed(TimeDelta::from_std(span.max(Duration::from_secs(1))).ok()?);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time);
    }
    let local = local_time(text, now)?;
    Local.from_local_datetime(&local).earliest().map(|time| time.fixed_offset())
}

fn local_time(text: &str, now: DateTime<FixedOffset>) -> Option<NaiveDateTime> {
    for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Some(time);
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return day.and_hms_opt(0, 0, 0);
    }
    let clock = ["%H:%M:%S", "%H:%M"].iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok())?;
    Some(now.date_naive().and_time(clock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spans_or_times() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00+01:00").unwrap();
        assert_eq!(moment("2h", now).unwrap().to_rfc3339(), "2026-11-22T10:00:00+01:00");
        assert_eq!(moment("2026-11-22T10:00:00Z", now).unwrap().to_rfc3339(), "2026-11-22T10:00:00+00:00");
        assert!(moment("2026-11-22", now).is_some());
        assert!(moment("09:30", now).unwrap() < now);
        assert_eq!(moment("yesterday", now), None);
    }

    #[test]
    fn a_path_is_the_file_or_the_folder_and_not_its_namesake() {
        let change = |path: &str| {
            let json = format!("{{\"kind\":\"edited\",\"path\":\"{path}\",\"entry\":\"file\",\"found_by\":\"watch\"}}");
            serde_json::from_str::<What>(&json).unwrap()
        };
        assert!(concerns(&change("src/main.rs"), "src"));
        assert!(concerns(&change("src"), "src"));
        assert!(concerns(&change("src"), ""));
        assert!(!concerns(&change("srcs/main.rs"), "src"));
    }
}
