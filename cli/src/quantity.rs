//! Numbers in units that people read: `21.4us`, `3.2MiB`, `12.3 %`, `2026-11-21 02:46:30`.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use figures::{Compound, Outcome, part};
use mmstats::format::scale::Short;
use mmstats::{HistogramTotal, MetricType, Value};

use crate::escape::escape;
use crate::outcome::in_words;

/// What is less than a minute.
const SECONDS: [(f64, &str); 4] = [(1e-9, "ns"), (1e-6, "us"), (1e-3, "ms"), (1.0, "s")];
/// What a day has, and less.
const LONG: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
const BYTES: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
/// The end of the year 9999, in seconds since 1970.
const END_OF_DATES: f64 = 253_402_300_800.0;

/// A value for people, in the unit that its field names: a number is rounded to three digits or so where the unit is
/// one that has greater and smaller ones. A timestamp is a date, in UTC; `-` if it was never set. Where no unit is
/// named, a number is written in full.
#[must_use]
pub fn quantity<'a>(outcome: &'a Outcome, unit: Option<&str>, kind: MetricType) -> Cow<'a, str> {
    match outcome {
        Outcome::Compound(compound) => line(compound, unit).into(),
        Outcome::Several(values) => {
            let values: Vec<_> = values.iter().map(|value| quantity(value, unit, kind)).collect();
            values.join(", ").into()
        }
        Outcome::Bool(_) | Outcome::Text(_) | Outcome::Texts(_) => in_words(outcome),
        number => match number_of(number) {
            Some(seconds) if kind == MetricType::Timestamp => {
                date(seconds).map_or_else(|| in_words(outcome), Cow::Owned)
            }
            Some(double) => match unit {
                Some(unit) => in_unit(double, unit).unwrap_or_else(|| other(number, unit)).into(),
                None => in_words(outcome),
            },
            None => in_words(outcome),
        },
    }
}

/// Whether a part of a value is in the unit of its field: a count and a rate are not.
#[must_use]
pub fn is_in_unit(part: &str) -> bool {
    !(part.starts_with("count") || part.starts_with("rate"))
}

/// A part of a value, such as `p99` or `rate60`: a count is in no unit, a rate is per second.
#[must_use]
pub fn part_quantity(name: &str, part: &Outcome, unit: Option<&str>) -> String {
    let number = number_of(part).unwrap_or(f64::NAN);
    if name.starts_with("count") {
        in_words(part).into_owned()
    } else if name.starts_with("rate") {
        format!("{}/s", Short(number))
    } else {
        match unit {
            Some(unit) => in_unit(number, unit).unwrap_or_else(|| other(part, unit)),
            None => short(part),
        }
    }
}

/// A value of several numbers in one line: `n=120 mean=2.14ms p50=1.9ms p90=4ms p99=11ms p99.9=20ms max=23ms`.
fn line(compound: &Compound, unit: Option<&str>) -> String {
    let part = |name: &str| {
        let part = compound.part(name)?;
        Some(part_quantity(name, &part.into(), unit))
    };
    let named = |name: &str| part(name).map(|part| format!("{name}={part}"));
    let count = part("count").unwrap_or_else(|| "0".to_owned());
    let mut words = vec![format!("n={count}")];
    match compound {
        Compound::Mean(_) => words.extend(named("mean")),
        Compound::Histogram(total) => {
            words.extend(named("mean"));
            let shown = compound.parts();
            for (name, _) in shown.iter().filter(|(name, _)| part::is_quantile(name)) {
                let sign = if is_at_least(total, name) { ">=" } else { "=" };
                words.extend(part(name).map(|part| format!("{name}{sign}{part}")));
            }
            words.extend(named("max"));
        }
        Compound::Window(window) if window.count() == 0 => return "-".to_owned(),
        Compound::Window(_) => words.extend(["rate", "mean", "max"].into_iter().filter_map(named)),
        Compound::Recent { numbers, .. } => {
            let number = |number: &f64| part_quantity("", &Outcome::Double(*number), unit);
            let numbers: Vec<_> = numbers.iter().map(number).collect();
            return if numbers.is_empty() { "-".to_owned() } else { numbers.join(" ") };
        }
    }
    words.join(" ")
}

/// Whether a percentile is in the last bucket, so that it is only known what it is not below.
fn is_at_least(total: &HistogramTotal, name: &str) -> bool {
    let q = format!("{}e-2", &name[1..]).parse().ok();
    let quantile = q.and_then(|q| total.histogram.quantile(q));
    // The greatest value is exact, and may be the only one there.
    quantile.is_some_and(|quantile| quantile.is_at_least && total.histogram.max() != Some(quantile.value))
}

fn number_of(outcome: &Outcome) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    match outcome {
        Outcome::Integer(value) => Some(*value as f64),
        Outcome::Float(value) => Some((*value).into()),
        Outcome::Double(value) => Some(*value),
        _ => None,
    }
}

/// An integer in full, any other number in four digits.
fn short(number: &Outcome) -> String {
    match number {
        Outcome::Float(value) => Short((*value).into()).to_string(),
        Outcome::Double(value) => Short(*value).to_string(),
        other => in_words(other).into_owned(),
    }
}

/// In a unit that has no greater and smaller ones.
fn other(number: &Outcome, unit: &str) -> String {
    format!("{} {}", short(number), escape(unit.as_bytes()))
}

fn in_unit(number: f64, unit: &str) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    Some(match unit {
        "seconds" => seconds(number),
        "bytes" => bytes(number),
        "ratio" => format!("{} %", three(number * 100.0)),
        _ => return None,
    })
}

fn seconds(number: f64) -> String {
    let (sign, size) = (if number < 0.0 { "-" } else { "" }, number.abs());
    if size == 0.0 {
        return "0s".to_owned();
    }
    if size < 59.95 {
        let fits = |(scale, _): &&(f64, &str)| size / scale < 999.5;
        let (scale, name) = SECONDS.iter().find(fits).unwrap_or(&SECONDS[3]);
        return format!("{sign}{}{name}", three(size / scale));
    }
    if size >= 1e15 {
        return format!("{sign}{}s", Short(size));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let mut rest = size.round() as u64;
    let first = LONG.iter().position(|(length, _)| rest >= *length).unwrap_or(3);
    // Two are enough to compare by: of days, hours, and no seconds.
    let words = LONG[first..].iter().take(2).map(|(length, name)| {
        let count = rest / length;
        rest %= length;
        if count > 0 { format!("{count}{name}") } else { String::new() }
    });
    format!("{sign}{}", words.collect::<String>())
}

fn bytes(number: f64) -> String {
    let (mut size, mut step) = (number, 0);
    while size.abs() >= 1023.5 && step + 1 < BYTES.len() {
        size /= 1024.0;
        step += 1;
    }
    format!("{}{}", three(size), BYTES[step])
}

/// In three digits, more only before the point, and no zeros at the end of a fraction.
fn three(number: f64) -> String {
    let size = number.abs();
    let digits = if size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else {
        2
    };
    if size > 0.0 && size < 0.01 || size >= 1e15 {
        return Short(number).to_string();
    }
    let text = format!("{number:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A moment as people write it, in UTC. `None` of what no calendar has.
fn date(seconds: f64) -> Option<String> {
    if seconds == 0.0 {
        return Some("-".to_owned());
    }
    if !(seconds > 0.0 && seconds < END_OF_DATES) {
        return None;
    }
    let moment = UNIX_EPOCH + Duration::from_secs_f64(seconds.floor());
    let text = humantime::format_rfc3339_seconds(moment).to_string();
    Some(text.replace('T', " ").trim_end_matches('Z').to_owned())
}

/// As [`quantity`], of a value as it was read. It may be in full already.
#[must_use]
pub fn value_quantity(value: Value<'_>, unit: Option<&str>, kind: MetricType) -> String {
    quantity(&value.into(), unit, kind).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: f64, unit: &str) -> String {
        value_quantity(Value::Double(number), Some(unit), MetricType::Gauge)
    }

    #[test]
    fn times_are_in_the_unit_that_fits() {
        for (number, want) in [
            (0.0, "0s"),
            (2.14e-5, "21.4us"),
            (5e-9, "5ns"),
            (2.5e-10, "0.25ns"),
            (9.996e-7, "1us"),
            (0.999_6, "1s"),
            (0.001, "1ms"),
            (1.5, "1.5s"),
            (59.9, "59.9s"),
            (59.96, "1m"),
            (133.0, "2m13s"),
            (3600.4, "1h"),
            (93_784.0, "1d2h"),
            (-0.25, "-250ms"),
            (1e15, "1000000000000000.0s"),
            (f64::INFINITY, "inf seconds"),
        ] {
            assert_eq!(shown(number, "seconds"), want, "{number}");
        }
    }

    #[test]
    fn sizes_ratios_and_other_units_are_named() {
        for (number, unit, want) in [
            (0.0, "bytes", "0B"),
            (1023.0, "bytes", "1023B"),
            (1023.9, "bytes", "1KiB"),
            (3_355_443.2, "bytes", "3.2MiB"),
            (-2048.0, "bytes", "-2KiB"),
            (1e30, "bytes", "867361737988EiB"),
            (1e300, "bytes", "8.674e281EiB"),
            (-1e300, "ratio", "-1e302 %"),
            (0.123, "ratio", "12.3 %"),
            (1.0, "ratio", "100 %"),
            (0.000_012_34, "ratio", "0.001234 %"),
            (41.456_7, "celsius", "41.46 celsius"),
            (f64::NAN, "ratio", "NaN ratio"),
        ] {
            assert_eq!(shown(number, unit), want, "{number}");
        }
        assert_eq!(
            value_quantity(Value::Unsigned(1_234_567), Some("requests"), MetricType::Counter),
            "1234567 requests"
        );
        assert_eq!(value_quantity(Value::Double(0.1 + 0.2), None, MetricType::Gauge), "0.30000000000000004");
    }

    #[test]
    fn moments_are_dates() {
        let shown = |number| value_quantity(Value::Double(number), Some("seconds"), MetricType::Timestamp);
        assert_eq!(shown(1_795_228_800.75), "2026-11-21 02:40:00");
        assert_eq!((shown(0.0).as_str(), shown(-1.0).as_str()), ("-", "-1.0"));
        assert_eq!((shown(1e300).as_str(), shown(f64::NAN).as_str()), ("1e300", "NaN"));
        assert_eq!(shown(END_OF_DATES - 0.5), "9999-12-31 23:59:59");
    }
}
