//! The events, as text.

use std::fmt::Write as _;

use cli::Json;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::course::{Course, Line, Strip, last};
use crate::events::Wanted;
use crate::history::{Label, Mark, Record};
use crate::shown::{View, number};

/// How many points a small line has at most.
const POINTS: usize = 60;
/// How large a piece with the past of labels becomes, in bytes.
const PIECE: usize = 64 * 1024;
/// What stays as it is in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-');

/// Where a label's own page is.
pub(crate) fn address(label: &[u8]) -> String {
    let encoded = percent_encode(label, PLAIN).to_string();
    // A browser would take these for a way up.
    let encoded =
        if encoded.bytes().all(|byte| byte == b'.') { encoded.replace('.', "%2E") } else { encoded };
    format!("/m/{encoded}")
}

fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// `"tick":7,"time":1763750000000,"files":3,"dead":0`
fn head(record: &Record) -> String {
    let time = record.times.back().copied().unwrap_or_default();
    let Record { tick, files, dead_files, .. } = record;
    format!("\"tick\":{tick},\"time\":{time},\"files\":{files},\"dead\":{dead_files}")
}

/// A label and what is said of it.
fn about(place: u32, label: &Label) -> String {
    let text = |text: &Option<String>| match text {
        Some(text) => Json::Text(text.as_bytes()).to_string(),
        None => "null".to_owned(),
    };
    let (name, href) = (Json::Text(&label.name), address(&label.name));
    let (class, unit, help) = (label.about.class.name(), text(&label.about.unit), text(&label.about.help));
    format!(
        "{{\"id\":{place},\"label\":{name},\"href\":\"{href}\",\"class\":\"{class}\",\"unit\":{unit},\"help\":{help}}}"
    )
}

/// `[ID,VALUE,DRAWN,PROCESSES,DEAD FILES,RATE]`
fn values(place: u32, label: &Label, view: View) -> String {
    let class = label.about.class;
    let value = label.shown.value(class, &label.remains, view);
    let digits = |number: Option<f64>| number.map_or("null".to_owned(), digits);
    let (drawn, rate) = (digits(label.shown.drawn(class, view)), digits(label.shown.rate(class, view)));
    format!("[{place},{value},{drawn},{},{},{rate}]", label.shown.processes, label.remains.files)
}

/// All labels and their values.
pub(crate) fn table(record: &Record, view: View) -> String {
    let labels: Vec<_> = record.all().map(|(place, label)| about(place, label)).collect();
    let values: Vec<_> = record.all().map(|(place, label)| values(place, label, view)).collect();
    let (head, labels, values) = (head(record), labels.join(","), values.join(","));
    event("table", &format!("{{{head},\"labels\":[{labels}],\"values\":[{values}]}}"))
}

/// What has changed with the last sample.
pub(crate) fn tick(record: &Record, view: View) -> String {
    if record.gone == record.tick {
        return table(record, view);
    }
    let new: Vec<_> = record
        .all()
        .filter(|(_, label)| label.born >= record.tick)
        .map(|(place, label)| about(place, label))
        .collect();
    let changed = record.all().filter(|(_, label)| label.changed >= record.tick);
    let values: Vec<_> = changed.map(|(place, label)| values(place, label, view)).collect();
    let (head, new, values) = (head(record), new.join(","), values.join(","));
    event("tick", &format!("{{{head},\"labels\":[{new}],\"values\":[{values}]}}"))
}

/// The past of some labels as small lines, from a place on, and where the next piece begins. Where a point is several
/// samples, it is their least and their greatest number.
pub(crate) fn courses(record: &Record, wanted: &Wanted, first: usize) -> (String, usize) {
    let span = wanted.range.div_ceil(POINTS);
    let mut courses = String::new();
    let mut place = first;
    while place < record.labels.len() && courses.len() < PIECE {
        if let Some(label) = &record.labels[place] {
            let drawn = label.course.drawn(wanted.view.rule, wanted.range);
            if drawn.iter().any(|number| !number.is_nan()) {
                let comma = if courses.is_empty() { "" } else { "," };
                let _ = write!(courses, "{comma}[{place},[{}]]", points(&drawn, span, record.tick));
            }
        }
        place += 1;
    }
    let data = format!("{{\"tick\":{},\"span\":{span},\"courses\":[{courses}]}}", record.tick);
    (event("courses", &data), place)
}

/// The points of a small line, the last one with the sample `tick`: numbers, or pairs of the least and the greatest.
fn points(drawn: &[f32], span: usize, tick: u64) -> String {
    if span == 1 {
        return drawn.iter().map(|&it| short(it)).collect::<Vec<_>>().join(",");
    }
    let span = span as u64;
    let first = (tick + 1).saturating_sub(drawn.len() as u64);
    let mut points: Vec<(u64, f32, f32)> = Vec::new();
    for (tick, &number) in (first..).zip(drawn) {
        match points.last_mut() {
            Some((point, least, greatest)) if *point == tick / span => {
                (*least, *greatest) = (least.min(number), greatest.max(number));
            }
            _ => points.push((tick / span, number, number)),
        }
    }
    let pair = |&(_, least, greatest): &(u64, f32, f32)| {
        if least.is_nan() { "null".to_owned() } else { format!("[{},{}]", short(least), short(greatest)) }
    };
    points.iter().map(pair).collect::<Vec<_>>().join(",")
}

/// There is no such label yet.
pub(crate) fn missing() -> String {
    event("missing", "{}")
}

/// All that is known of one label.
pub(crate) fn metric(record: &Record, wanted: &Wanted, place: u32) -> String {
    let Some(label) = record.get(place) else { return missing() };
    let count = wanted.range;
    let (what, drawn): (_, Vec<_>) = match &label.course {
        Course::Nothing => ("lines", Vec::new()),
        Course::Lines(lines) => ("lines", last(lines, count).map(|it| line(it, wanted.view)).collect()),
        Course::Strips(strips) => ("strips", last(strips, count).map(strip).collect()),
    };
    let times: Vec<_> = last(&record.times, drawn.len()).map(u64::to_string).collect();
    let marks = marks(record, place, 0);
    let (head, about, values) = (head(record), about(place, label), values(place, label, wanted.view));
    let (times, drawn, rows) = (times.join(","), drawn.join(","), rows(label));
    event(
        "metric",
        &format!(
            "{{{head},\"about\":{about},\"values\":{values},\"times\":[{times}],\"{what}\":[{drawn}],\"rows\":[{rows}],\"marks\":[{marks}]}}"
        ),
    )
}

/// The last sample of one label.
pub(crate) fn point(record: &Record, wanted: &Wanted, place: u32) -> String {
    let Some(label) = record.get(place) else { return missing() };
    let drawn = match &label.course {
        Course::Nothing => "\"line\":null".to_owned(),
        Course::Lines(lines) => {
            format!("\"line\":{}", lines.back().map_or("null".to_owned(), |it| line(it, wanted.view)))
        }
        Course::Strips(strips) => format!("\"strip\":{}", strips.back().map_or("null".to_owned(), strip)),
    };
    let marks = marks(record, place, record.tick);
    let (head, values, rows) = (head(record), values(place, label, wanted.view), rows(label));
    event("point", &format!("{{{head},\"values\":{values},{drawn},\"rows\":[{rows}],\"marks\":[{marks}]}}"))
}

/// `[NUMBER,LEAST,GREATEST]`
pub(crate) fn line(line: &Line, view: View) -> String {
    let (least, greatest) = line.band();
    format!("[{},{},{}]", short(line.by(view.rule)), short(least), short(greatest))
}

/// `[COUNT,P50,P99,[[CELL,COUNT],...]]`
pub(crate) fn strip(strip: &Strip) -> String {
    let cells: Vec<_> = strip.cells.iter().map(|(cell, count)| format!("[{cell},{count}]")).collect();
    format!("[{},{},{},[{}]]", strip.count, short(strip.p50), short(strip.p99), cells.join(","))
}

fn rows(label: &Label) -> String {
    let row = |row: &crate::history::Row| {
        let process = Json::Text(row.process.as_bytes());
        format!("[{process},{},{}]", row.value, number(row.drawn))
    };
    label.rows.iter().map(row).collect::<Vec<_>>().join(",")
}

/// `[SAMPLE,HAS BEGUN,PROCESS]` of the processes that have a label, from a sample on.
fn marks(record: &Record, place: u32, first: u64) -> String {
    let of_it = |mark: &&Mark| mark.tick >= first && mark.labels.binary_search(&place).is_ok();
    let mark =
        |mark: &Mark| format!("[{},{},{}]", mark.tick, mark.has_begun, Json::Text(mark.process.as_bytes()));
    record.marks.iter().filter(of_it).map(mark).collect::<Vec<_>>().join(",")
}

fn short(number: f32) -> String {
    digits(number.into())
}

/// A number with four digits, for drawing.
fn digits(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    #[allow(clippy::cast_possible_truncation)]
    if number.fract() == 0.0 && number.abs() < 1e5 {
        return (number as i64).to_string();
    }
    let text = format!("{number:.3e}");
    match text.split_once('e') {
        Some((digits, "0")) => digits.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_addresses_that_lead_back() {
        assert_eq!(address(b"web.stats.2XX"), "/m/web.stats.2XX");
        assert_eq!(address("a/b {é}<".as_bytes()), "/m/a%2Fb%20%7B%C3%A9%7D%3C");
        assert_eq!(address(b"\xff"), "/m/%FF");
        assert_eq!(address(b".."), "/m/%2E%2E");
    }

    #[test]
    fn points_of_several_samples_keep_their_peaks() {
        let drawn = [1.0, 9.0, 2.0, f32::NAN, 3.0];
        assert_eq!(points(&drawn, 1, 10), "1,9,2,null,3");
        assert_eq!(points(&drawn, 5, 10), "[1,9],[3,3]", "samples 6 to 9, and 10");
        assert_eq!(points(&[f32::NAN; 3], 2, 3), "null,null");
    }

    #[test]
    fn numbers_for_drawing_are_short() {
        for (number, want) in
            [(0.0, "0"), (1234.0, "1234"), (0.012_346, "1.235e-2"), (1.5, "1.500"), (1e9, "1.000e9")]
        {
            assert_eq!(short(number), want);
        }
        assert_eq!(short(f32::INFINITY), "null");
    }
}
