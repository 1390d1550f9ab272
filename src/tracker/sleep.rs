//! Notices that the machine slept.
//!
//! Nobody is told of it who runs no longer than a tracker's loop does between two inputs; the agent's sign of life, once a
//! minute, makes sure that one comes soon behind it. Two clocks tell: one that runs on while the machine sleeps, and one
//! that does not.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::platform::process;

/// A shorter sleep is the difference between two looks at two clocks.
const LEAST: Duration = Duration::from_secs(1);

/// The machine slept at most this long before it is noticed, for the agent asks for a sign of life in between.
const NOTICED_WITHIN: Duration = Duration::from_secs(60);

/// How long the machine had slept when we looked last.
pub(super) struct Sleep(Duration);

impl Default for Sleep {
    fn default() -> Self {
        Sleep(process::slept())
    }
}

impl Sleep {
    /// When the sleep may have begun that has ended since the last call; none when there was none.
    pub(super) fn since(&mut self, now: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        self.since_at(process::slept(), now)
    }

    fn since_at(&mut self, slept: Duration, now: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        let span = slept.saturating_sub(std::mem::replace(&mut self.0, slept));
        let back = TimeDelta::from_std(span + NOTICED_WITHIN).ok()?;
        (span >= LEAST).then(|| now - back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_noticed_once_and_with_the_time_that_it_may_have_begun() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00+01:00").unwrap();
        let mut sleep = Sleep(Duration::from_secs(100));
        assert_eq!(sleep.since_at(Duration::from_millis(100_001), now), None);
        let since = sleep.since_at(Duration::from_millis(100_001 + 3_600_000), now).unwrap();
        assert_eq!(since.to_rfc3339(), "2026-11-22T10:59:00+01:00");
        assert_eq!(sleep.since_at(Duration::from_millis(100_001 + 3_600_000), now), None);
    }

    #[test]
    fn this_machine_has_not_slept_between_two_looks() {
        assert_eq!(Sleep::default().since(crate::journal::now()), None);
    }
}
