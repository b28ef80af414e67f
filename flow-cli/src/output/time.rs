//! Times as people read and write them. All are in UTC, so that they are the same for everybody.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Year, month, day, hour, minute, second, millisecond.
fn parts(ms: i64) -> [i64; 7] {
    // Days to a date, after Howard Hinnant's `civil_from_days`.
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let seconds = rest / 1000;
    [year, month, day, seconds / 3600, seconds / 60 % 60, seconds % 60, rest % 1000]
}

/// A moment: `2026-11-23 01:16:43 UTC`.
pub(crate) fn at(ms: i64) -> String {
    let [year, month, day, hour, minute, second, _] = parts(ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The time of day: `01:16:43.120`.
pub(crate) fn clock(ms: i64) -> String {
    let [_, _, _, hour, minute, second, ms] = parts(ms);
    format!("{hour:02}:{minute:02}:{second:02}.{ms:03}")
}

/// A length of time: `12 ms`, `3.4 s`, `2 min 5 s`, `3 h 4 min`, `2 d 1 h`.
pub(crate) fn in_words(ms: i64) -> String {
    let seconds = ms / 1000;
    match ms {
        i64::MIN..1_000 => format!("{} ms", ms.max(0)),
        1_000..60_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60_000..3_600_000 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600_000..86_400_000 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

fn two(large: i64, unit: &str, small: i64, part: &str) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {part}") }
}

/// How long ago a moment was, or how far off it is: `3 min ago`, `in 2 d`.
pub(crate) fn ago(ms: i64) -> String {
    let passed = now_ms() - ms;
    let rough = |ms: i64| match ms / 1000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    };
    match passed {
        0..1_000 => "now".to_owned(),
        1_000.. => format!("{} ago", rough(passed)),
        _ => format!("in {}", rough(-passed)),
    }
}

/// A length of time as it is typed: `90s`, `5m`, `1h 30m`, `2d`, `1w`; a number alone is seconds.
///
/// # Errors
/// How it is to be written.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write it as 90s, 5m, 1h 30m, 2d or 1w".to_owned();
    let (mut total, mut number) = (0_f64, String::new());
    let mut rest = text.trim().chars().filter(|c| !c.is_whitespace()).peekable();
    if rest.peek().is_none() {
        return Err(wrong());
    }
    while rest.peek().is_some() {
        while let Some(digit) = rest.next_if(|c| c.is_ascii_digit() || *c == '.') {
            number.push(digit);
        }
        let mut unit = String::new();
        while let Some(letter) = rest.next_if(|c| c.is_ascii_alphabetic()) {
            unit.push(letter);
        }
        let one = match unit.as_str() {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return Err(wrong()),
        };
        total += number.parse::<f64>().map_err(|_| wrong())? * one;
        number.clear();
    }
    Duration::try_from_secs_f64(total).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(at(1_767_225_599_999), "2025-12-31 23:59:59 UTC");
        assert_eq!(clock(1_767_225_599_009), "23:59:59.009");
    }

    #[test]
    fn lengths() {
        let told = [0, 999, 3_450, 125_000, 7_200_000, 90_000_000].map(in_words);
        assert_eq!(told, ["0 ms", "999 ms", "3.4 s", "2 min 5 s", "2 h", "1 d 1 h"]);
        for (text, seconds) in [("90s", 90.0), ("1h 30m", 5400.0), ("2d", 172_800.0), ("7", 7.0), ("1.5m", 90.0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "soon", "5 parsecs", "s", "-5s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
