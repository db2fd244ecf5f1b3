//! Units, and how finely histograms tell values in them.

use metrics::Unit;

const KIBI: f64 = 1.0 / 1024.0;

/// The unit as the file names it. What is counted has none.
pub(crate) fn name(unit: Unit) -> Option<&'static str> {
    (unit != Unit::Count).then(|| unit.as_str())
}

/// What a histogram's values are whole multiples of.
pub(crate) fn scale(unit: Option<Unit>) -> f64 {
    match unit {
        Some(Unit::Seconds | Unit::GigabitsPerSecond) => 1e-9,
        Some(Unit::TerabitsPerSecond) => 1e-12,
        Some(Unit::Milliseconds | Unit::MegabitsPerSecond) | None | Some(Unit::Percent) => 1e-6,
        Some(Unit::Microseconds | Unit::KilobitsPerSecond | Unit::CountPerSecond) => 1e-3,
        Some(Unit::Kibibytes) => KIBI,
        Some(Unit::Mebibytes) => KIBI * KIBI,
        Some(Unit::Gibibytes) => KIBI * KIBI * KIBI,
        Some(Unit::Tebibytes) => KIBI * KIBI * KIBI * KIBI,
        Some(Unit::Nanoseconds | Unit::Bytes | Unit::Count | Unit::BitsPerSecond) => 1.0,
    }
}

/// The unit that a name says.
pub(crate) fn of_name(name: &str) -> Option<Unit> {
    let (_, last) = name.rsplit_once(['_', '.'])?;
    let unit = Unit::from_string(last)?;
    (unit.is_time_based() || unit == Unit::Bytes).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_its_unit() {
        assert_eq!(of_name("http_request_duration_seconds"), Some(Unit::Seconds));
        assert_eq!(of_name("sent.bytes"), Some(Unit::Bytes));
        assert_eq!(of_name("seconds"), None);
        assert_eq!(of_name("queue_count"), None);
    }
}
