//! `--check` knows the rules of version 2.

use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::{self, Items};
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::mean::Mean;
use mmstats::format::text;
use mmstats::format::v2::{self, FieldHead};
use mmstats::format::window::{self, Slot};

use super::{add, place, run};

/// A file, and where its parts are.
struct Made {
    bytes: Vec<u8>,
    label: String,
}

impl Made {
    fn new(label: &str, data: DataType, metric: MetricType, items: Items, value: &[u8]) -> Self {
        let mut image = Image::new();
        if data == DataType::Window {
            add(&mut image, "sys.boot_id", DataType::FixedText, MetricType::Info, b"a");
        }
        image.add(&Description { label, data, metric, items }, value).unwrap();
        Self { bytes: image.finish(), label: label.to_owned() }
    }

    fn field(&self) -> v2::Field {
        let records = v2::records(&self.bytes, v2::HEAD).map(Result::unwrap);
        records
            .filter(|record| record.kind(&self.bytes) == v2::FIELD)
            .last()
            .map(|record| v2::field(&self.bytes, record).unwrap())
            .unwrap()
    }

    /// The one thing that is wrong after `bytes` were put to offset `at`.
    fn with(mut self, at: usize, bytes: &[u8]) -> (usize, String) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.finding()
    }

    /// As [`Made::with`], at an offset in the value.
    fn with_value(self, at: usize, bytes: &[u8]) -> (usize, String) {
        let value = self.field().value.start;
        let (found, words) = self.with(value + at, bytes);
        (found - value, words)
    }

    fn finding(self) -> (usize, String) {
        let dir = place(&self.bytes);
        let (out, err, code) = run(dir.path(), &["--check", "f"]);
        // A value that is never whole seems to change all the time.
        assert!(err.is_empty() || err.ends_with(" changes faster than it can be read\n"), "{err}");
        let fields: Vec<_> = out.trim_end_matches('\n').split('\t').collect();
        assert_eq!(fields.len(), 5, "one finding: {out}");
        assert!(fields[3] == self.label || fields[3].is_empty(), "{out}");
        assert_eq!(code, i32::from(fields[2] == "defect"), "{out}");
        (fields[1].parse().unwrap(), format!("{}: {}", fields[2], fields[4]))
    }
}

fn number() -> Made {
    Made::new("n", DataType::U32, MetricType::Gauge, Items::default(), &[1; 4])
}

#[test]
fn what_is_wrong_with_records_and_places_is_said() {
    let at = |made: Made, offset: usize, bytes: &[u8]| {
        let record = made.field().record.at;
        let (found, words) = made.with(record + offset, bytes);
        (found - record, words)
    };
    let found = |at: usize, words: &str| (at, words.to_owned());
    assert_eq!(number().with(3, &[1]), found(3, "defect: padding bytes are not zero"));
    assert_eq!(
        number().with(0x50, &[1]),
        found(0x50, "defect: bytes of a block that no field points to are not zero")
    );
    assert_eq!(number().with(0x46, &[1]), found(0x46, "defect: padding bytes are not zero"));
    assert_eq!(number().with(4000, &[1]), found(4000, "defect: trailing bytes are not zero"));
    assert_eq!(at(number(), 26, &[1]), found(26, "defect: padding bytes are not zero"));
    assert_eq!(
        at(number(), 6, &[77, 77]),
        found(6, "warning: data type 19789 is unknown: readers skip the field")
    );
    assert_eq!(at(number(), 8, &[77, 77]), found(8, "warning: metric type 19789 is unknown: it counts as 0"));
    let five = 5_u16.to_ne_bytes();
    assert_eq!(at(number(), 8, &five), found(8, "defect: u32 cannot be of metric type mean"));
    let mut other = number();
    other.label = "\\xff".into();
    assert_eq!(at(other, 24, &[0xff]), found(24, "defect: label is not UTF-8"));
    // Nothing is known of the value then, so its bytes belong to nobody.
    let empty = Made::new("n", DataType::U32, MetricType::Gauge, Items::default(), &[0; 4]);
    assert_eq!(at(empty, 10, &[0, 0]), found(10, "defect: the label is empty"));
    let empty = Made::new("n", DataType::U32, MetricType::Gauge, Items::default(), &[0; 4]);
    assert_eq!(
        at(empty, 12, &4092_u32.to_ne_bytes()),
        found(12, "defect: a value cannot begin at byte 4092")
    );
    let empty = Made::new("n", DataType::U32, MetricType::Gauge, Items::default(), &[0; 4]);
    assert_eq!(at(empty, 12, &4088_u32.to_ne_bytes()), found(12, "defect: the value is not in a block"));
    let empty = Made::new("n", DataType::U32, MetricType::Gauge, Items::default(), &[0; 4]);
    let unknown = found(4, "warning: record type 9 is unknown: readers skip it");
    assert_eq!(at(empty, 4, &9_u16.to_ne_bytes()), unknown);

    let twice = || {
        let mut image = Image::new();
        let value = add(&mut image, "one", DataType::U64, MetricType::Gauge, &[1; 8]);
        let value_at = u32::try_from(value).unwrap();
        let head = FieldHead { data: 1, metric: 2, label: "two", items: &[], value_at, value_size: 8 };
        image.record(head.encode()).unwrap();
        Made { bytes: image.finish(), label: "two".into() }
    };
    let place = twice().field().record.at + 12;
    assert_eq!(twice().finding(), found(place, "defect: the value overlaps that of one"));

    let mut image = Image::new();
    let spread = add(&mut image, "n", DataType::Mean, MetricType::Mean, &[0; 48]);
    let mut made = Made { bytes: image.finish(), label: "n".into() };
    let place = made.field().record.at + 12;
    made.bytes[place..place + 4].copy_from_slice(&u32::try_from(spread + 48).unwrap().to_ne_bytes());
    assert_eq!(made.finding(), found(place, "warning: the value is in more cache lines than it needs"));

    let label =
        |label| Made::new(label, DataType::U64, MetricType::Counter, Items::default(), &[1; 8]).finding().1;
    assert_eq!(label("hits{a=b}"), "warning: the attribute a has no value in quotes");
}

#[test]
fn what_is_wrong_with_items_is_said() {
    let made = |items: &[u8]| {
        let mut image = Image::new();
        let value = add(&mut image, "one", DataType::U64, MetricType::Gauge, &[0; 8]);
        let value_at = u32::try_from(value + 8).unwrap();
        image
            .record(FieldHead { data: 1, metric: 2, label: "two", items, value_at, value_size: 8 }.encode())
            .unwrap();
        let made = Made { bytes: image.finish(), label: "two".into() };
        let items = made.field().items.start;
        let (at, words) = made.finding();
        (at - items, words)
    };
    let item = |id: u16, bytes: &[u8]| {
        let size = u16::try_from(bytes.len()).unwrap();
        let mut item = [&id.to_ne_bytes(), &size.to_ne_bytes(), bytes].concat();
        item.resize(item.len().next_multiple_of(4), 0);
        item
    };
    let found = |at: usize, words: &str| (at, words.to_owned());
    let unit = item(item::UNIT, b"bytes");
    assert_eq!(made(&item(77, b"x")), found(0, "warning: item 77 is unknown: readers skip it"));
    assert_eq!(
        made(&[&*unit, &*unit].concat()),
        found(12, "warning: item 1 is there already, and the first counts")
    );
    assert_eq!(
        made(&item(item::UNIT, b"kilo bytes")),
        found(0, "defect: the unit is not 1 to 63 graphic characters")
    );
    assert_eq!(made(&item(item::HELP, b"a\nb")), found(0, "defect: the help is not one line of text"));
    assert_eq!(made(&item(item::MERGE, &[9])), found(0, "defect: the merge rule is unknown"));
    assert_eq!(made(&item(item::SCALE, &[0; 8])), found(0, "defect: the scale is no number above 0"));
    assert_eq!(
        made(&item(item::QUANTILES, &[1; 7])),
        found(0, "defect: the quantiles are not numbers from 0 to 1")
    );
    let (at, words) = made(&[&unit[..], &item(item::HELP, b"abcd")[..6]].concat());
    assert!(at == 12 && words.starts_with("defect: truncated: the item would end at byte "), "{at} {words}");
}

#[test]
fn what_is_wrong_with_values_is_said() {
    let none = Items::default;
    let found = |at: usize, words: &str| (at, words.to_owned());
    let bool = Made::new("v", DataType::Bool, MetricType::Gauge, none(), &[7]);
    assert_eq!(bool.with_value(0, &[7]), found(0, "defect: a bool is 0 or 1, not 7"));

    let text = || Made::new("v", DataType::Text, MetricType::Info, none(), &text::encode("text", 16));
    assert_eq!(text().with_value(18, &[0xff]), found(18, "defect: text is not UTF-8"));
    assert_eq!(text().with_value(12, &[1]), found(12, "defect: padding bytes are not zero"));
    assert_eq!(
        text().with_value(8, &17_u32.to_ne_bytes()),
        found(0, "defect: text of 17 bytes in a field for 16")
    );
    assert_eq!(
        text().with_value(4, &99_u32.to_ne_bytes()),
        found(0, "defect: 56 bytes are no value of type text")
    );
    let fixed = Made::new("v", DataType::FixedText, MetricType::Info, none(), b"a\xff");
    assert_eq!(fixed.with_value(0, b"a"), found(1, "defect: text is not UTF-8"));

    let mean =
        || Made::new("v", DataType::Mean, MetricType::Mean, none(), &Mean { sum: 1.0, count: 1 }.encode());
    assert_eq!(
        mean().with_value(0, &[[7; 24], [7; 24]].concat()),
        found(0, "defect: no copy agrees with its check")
    );
    let recent = Made::new("v", DataType::Recent, MetricType::Recent, none(), &[0; 16]);
    assert_eq!(recent.with_value(0, &[0]), found(0, "defect: 16 bytes are no value of type recent"));

    let histogram = || {
        let mut histogram = Histogram::new(Shape::new(2, 8).unwrap());
        histogram.record(9);
        Made::new("v", DataType::Histogram, MetricType::Histogram, none(), &histogram.encode())
    };
    let of = |at, word: u64| histogram().with_value(at, &word.to_ne_bytes());
    assert_eq!(of(0, 3), found(0, "defect: count is 3, but the buckets have 1"));
    assert_eq!(of(16, 200), found(16, "defect: max is 200, but no bucket up there has a value"));
    let (at, words) = histogram().with_value(24, &9_u32.to_ne_bytes());
    assert_eq!((at, &*words), (0, "defect: no histogram has precision 9 and range 8"));

    let slot = |stamp| Slot { stamp, sum: 1.0, count: 1, max: 1.0 };
    let value = window::encode(&[slot(99), slot(100)], 3);
    let window = || Made::new("v", DataType::Window, MetricType::Window, none(), &value);
    let words = |slot: Slot| slot.words().into_iter().flat_map(u64::to_ne_bytes).collect::<Vec<_>>();
    let ring = |place: usize| window::RING + place * window::SLOT;
    assert_eq!(
        window().with_value(ring(0), &[7]),
        found(ring(0), "defect: slot 0 does not agree with its check")
    );
    assert_eq!(
        window().with_value(ring(2), &words(slot(99))),
        found(ring(2), "defect: stamp 99 does not belong in slot 2")
    );
    assert_eq!(
        window().with_value(ring(2), &words(slot(101))),
        found(ring(2), "defect: stamp 101 is after the current one, 100")
    );
    let both = [[7; window::SLOT], [7; window::SLOT]].concat();
    assert_eq!(window().with_value(window::COPIES, &both), found(0, "defect: no copy agrees with its check"));
    let mut image = Image::new();
    add(&mut image, "v", DataType::Window, MetricType::Window, &value);
    let made = Made { bytes: image.finish(), label: "v".into() };
    let at = made.field().record.at;
    let words = "warning: a window without sys.boot_id: its seconds may be of another boot";
    assert_eq!(made.finding(), found(at, words));
}

#[test]
fn two_labels_that_are_the_same_are_a_defect() {
    let mut image = Image::new();
    add(&mut image, "n", DataType::U8, MetricType::Gauge, &[1]);
    add(&mut image, "n", DataType::U8, MetricType::Gauge, &[2]);
    let (_, words) = Made { bytes: image.finish(), label: "n".into() }.finding();
    assert!(words.starts_with("defect: label is at byte "), "{words}");
}
