//! The values of options.

use std::ffi::OsStr;
use std::time::Duration;

use files::Operands;

use crate::stop::Stop;

/// Reads the value of an option that takes seconds, fractions allowed, `least` or more.
///
/// # Errors
/// [`Stop::Usage`].
pub fn seconds(option: &str, value: &OsStr, least: f64) -> Result<Duration, Stop> {
    let seconds = value.to_str().and_then(|text| text.parse::<f64>().ok());
    // A year: far from what an `Instant` cannot hold.
    match seconds.filter(|seconds| (least..=31_536_000.0).contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err(Stop::Usage(format!("{option} takes seconds, {least} or more, not {value:?}"))),
    }
}

/// Reads the value of an option that takes a whole number, `least` or more.
///
/// # Errors
/// [`Stop::Usage`].
pub fn number(option: &str, value: &OsStr, least: u64) -> Result<u64, Stop> {
    let number = value.to_str().and_then(|text| text.parse().ok()).filter(|&number| number >= least);
    number.ok_or_else(|| Stop::Usage(format!("{option} takes a number, {least} or more, not {value:?}")))
}

/// Reads the value of an option that takes one of several words.
///
/// # Errors
/// [`Stop::Usage`], with all the words.
pub fn word<T: Copy>(option: &str, value: &OsStr, words: &[(&str, T)]) -> Result<T, Stop> {
    if let Some((_, meant)) = words.iter().find(|(word, _)| value == *word) {
        return Ok(*meant);
    }
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    let words = match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    };
    Err(Stop::Usage(format!("{option} takes {words}, not {value:?}")))
}

/// Takes the value of `--pid`: a process id, or the name of processes.
///
/// # Errors
/// [`Stop::Usage`].
pub fn process(operands: &mut Operands, value: &OsStr) -> Result<(), Stop> {
    if operands.add_process(value) {
        return Ok(());
    }
    Err(Stop::Usage("--pid takes a process id or the name of processes, not \"\"".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_fractions_and_must_make_sense() {
        let read = |text: &str| seconds("--delay", OsStr::new(text), 0.01).ok();
        assert_eq!(read("1"), Some(Duration::from_secs(1)));
        assert_eq!(read("0.25"), Some(Duration::from_millis(250)));
        for text in ["0", "-1", "0.001", "nan", "inf", "1e300", "", "1s"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_whole_and_large_enough() {
        let read = |text: &str| number("--count", OsStr::new(text), 1).ok();
        assert_eq!(read("1"), Some(1));
        for text in ["0", "-1", "1.0", "", "18446744073709551616"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn other_words_are_refused_with_those_that_are_known() {
        let read = |text: &str, words: &[(&str, u8)]| match word("--output", OsStr::new(text), words) {
            Ok(meant) => meant.to_string(),
            Err(Stop::Usage(message)) => message,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(read("json", &[("text", 0), ("json", 1)]), "1");
        let words = [("text", 0), ("tsv", 1), ("json", 2)];
        assert_eq!(read("csv", &words), "--output takes text, tsv or json, not \"csv\"");
        assert_eq!(read("", &words[..2]), "--output takes text or tsv, not \"\"");
    }
}
