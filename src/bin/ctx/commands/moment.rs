//! What `--since` means.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _};

use crate::args::duration;
use crate::error::Error;

/// The moment that `--since` names.
pub(super) fn since(text: &str) -> Result<DateTime<FixedOffset>, Error> {
    moment(text, Local::now().fixed_offset()).ok_or_else(|| {
        Error::usage(format!("--since {text:?} is neither a span such as 2h nor a time such as 2026-11-22T10:00"))
    })
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
}
