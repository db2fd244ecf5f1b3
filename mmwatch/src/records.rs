//! One record per change.

use std::borrow::Cow;
use std::path::Path;
use std::time::SystemTime;

use cli::{Color, Json, Output, Stop, Timestamp, escape, escape_path, in_json, in_words};
use figures::Outcome;

/// What happened.
#[derive(Clone, Copy)]
pub(crate) enum Event<'a> {
    /// The value of a field when it was seen first, where everything is wanted.
    Initial(&'a [u8], &'a Outcome),
    /// A field that was not there before.
    Added(&'a [u8], &'a Outcome),
    /// From the first value to the second, where there is one.
    Changed(&'a [u8], Option<&'a Outcome>, Option<&'a Outcome>),
    /// A field that is not there any more.
    Removed(&'a [u8], &'a Outcome),
    /// A file that was not there before.
    Appeared,
    /// A file that is gone.
    Vanished,
    /// A file that is still there, and whose process has ended.
    Died,
}

/// How records look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Lines,
    Json,
}

impl Event<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Initial(..) => "initial",
            Self::Added(..) => "added",
            Self::Changed(..) => "changed",
            Self::Removed(..) => "removed",
            Self::Appeared => "appeared",
            Self::Vanished => "vanished",
            Self::Died => "died",
        }
    }
}

/// Writes records.
pub(crate) struct Records {
    pub(crate) format: Format,
    pub(crate) color: Color,
}

impl Records {
    pub(crate) fn write(
        &self,
        at: SystemTime,
        path: &Path,
        place: &str,
        event: Event<'_>,
        out: &mut Output,
    ) -> Result<(), Stop> {
        match self.format {
            Format::Lines => self.line(at, path, event, out),
            Format::Json => object(at, path, place, event, out),
        }
    }

    /// `TIME<TAB>FILE<TAB>LABEL<TAB>OLD<TAB>NEW`. What befalls a file as a whole has no label; what was
    /// not there before has no old value, what is there no more has no new one.
    fn line(&self, at: SystemTime, path: &Path, event: Event<'_>, out: &mut Output) -> Result<(), Stop> {
        let (label, old, new): (&[u8], Cow<'_, str>, Cow<'_, str>) = match event {
            Event::Initial(label, new) | Event::Added(label, new) => (label, "".into(), in_words(new)),
            Event::Changed(label, old, new) => {
                (label, old.map_or("".into(), in_words), new.map_or("".into(), in_words))
            }
            Event::Removed(label, old) => (label, in_words(old), "".into()),
            Event::Appeared | Event::Vanished | Event::Died => (b"", "".into(), event.name().into()),
        };
        let (path, label, color) = (escape_path(path), escape(label), self.color);
        write!(out, "{}\t", Timestamp(at))?;
        if !color.is_on() {
            return writeln!(out, "{path}\t{label}\t{old}\t{new}");
        }
        let (before, changed, after) = change(&old, &new);
        let shown = if changed.is_empty() { String::new() } else { color.change(changed).to_string() };
        writeln!(out, "{}\t{}\t{old}\t{before}{shown}{after}", color.head(path), color.label(label))
    }
}

fn object(at: SystemTime, path: &Path, place: &str, event: Event<'_>, out: &mut Output) -> Result<(), Stop> {
    let path = Json::Text(path.as_os_str().as_encoded_bytes());
    write!(out, "{{\"time\":\"{}\",\"event\":\"{}\",\"file\":{path}{place}", Timestamp(at), event.name())?;
    let (label, old, new) = match event {
        Event::Initial(label, new) | Event::Added(label, new) => (label, None, Some(new)),
        Event::Changed(label, old, new) => (label, old, new),
        Event::Removed(label, old) => (label, Some(old), None),
        Event::Appeared | Event::Vanished | Event::Died => return out.write_str("}\n"),
    };
    let value = |value: Option<&Outcome>| value.map_or_else(|| "null".to_owned(), in_json);
    writeln!(out, ",\"label\":{},\"old\":{},\"new\":{}}}", Json::Text(label), value(old), value(new))
}

/// Splits `new` into what it begins with as `old` does, what is different, and what it ends with as `old`
/// does.
fn change<'a>(old: &str, new: &'a str) -> (&'a str, &'a str, &'a str) {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b);
    let begin: usize = same.map(|(_, char)| char.len_utf8()).sum();
    let (old, rest) = (&old[begin..], &new[begin..]);
    let same = old.chars().rev().zip(rest.chars().rev()).take_while(|(a, b)| a == b);
    let end: usize = same.map(|(_, char)| char.len_utf8()).sum();
    let (changed, after) = rest.split_at(rest.len() - end);
    (&new[..begin], changed, after)
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn the_changed_part_is_what_differs() {
        for (old, new, want) in [
            ("1234", "1244", ("12", "4", "4")),
            ("99", "100", ("", "100", "")),
            ("1000", "100", ("100", "", "")),
            ("/a/x.html", "/b/x.html", ("/", "b", "/x.html")),
            ("", "new", ("", "new", "")),
            ("äöü", "äéü", ("ä", "é", "ü")),
            ("same", "same", ("same", "", "")),
        ] {
            assert_eq!(change(old, new), want, "{old} {new}");
        }
    }
}
