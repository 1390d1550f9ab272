//! Times as they are typed.

use std::time::Duration;

use context_tray::request::Span;

/// A span such as `500ms`, `10s`, `5m`, `2h` or `3d`; a number alone is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" | "" => 1000,
        "m" | "min" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return Err("expected a time such as 500ms, 10s, 5m, 2h or 3d".into()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number and a unit, such as 10s".to_owned())?;
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(|| "that is too long".to_owned())
}

/// A longer pause is a stop.
const LONGEST_PAUSE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How long a pause lasts: a [`duration`], or `tomorrow`.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    if text == "tomorrow" {
        return Ok(Span::UntilTomorrow);
    }
    let time = duration(text).map_err(|_| "expected a time such as 15m, 2h or 3d, or \"tomorrow\"".to_owned())?;
    if time.is_zero() || time > LONGEST_PAUSE {
        return Err("a pause is longer than nothing and at most a year; `ctx stop` ends recording for good".to_owned());
    }
    Ok(Span::Seconds(time.as_millis().div_ceil(1000) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_a_while() {
        assert_eq!(span("tomorrow"), Ok(Span::UntilTomorrow));
        assert_eq!(span("1ms"), Ok(Span::Seconds(1)));
        assert_eq!(span("366d"), Ok(Span::Seconds(366 * 86_400)));
        assert!(span("soon").unwrap_err().contains("tomorrow"));
        for bad in ["0s", "0", "367d", "99999999999d"] {
            assert!(span(bad).unwrap_err().contains("a year"), "{bad}");
        }
    }

    #[test]
    fn spans_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("3d"), Ok(Duration::from_secs(3 * 86_400)));
        for bad in ["", "s", "1y", "-1s", "99999999999999999999s", "99999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
