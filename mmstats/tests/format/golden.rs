//! The bytes of version 2, once and for all: `golden/v2-little.mmstats` and `golden/v2-big.mmstats`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::{self, Items};
use mmstats::format::kind::{DataType, MergeRule, MetricType};
use mmstats::format::mean::Mean;
use mmstats::format::window::Slot;
use mmstats::format::{Defect, What, attributes, recent, text, v2, window};

use crate::show::{fields, lines};

/// When the golden file is looked at, by the clock of its window.
pub(crate) const NOW: Duration = Duration::new(101, 500_000_000);

const OURS: &str = if cfg!(target_endian = "little") { "v2-little.mmstats" } else { "v2-big.mmstats" };
const OTHERS: &str = if cfg!(target_endian = "little") { "v2-big.mmstats" } else { "v2-little.mmstats" };

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub(crate) fn golden() -> Vec<u8> {
    fs::read(path(OURS)).unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A text that was set twice: the first is in copy 1 still.
fn changed_text() -> Vec<u8> {
    let mut value = text::encode("grün ✓", 11);
    value[text::copy_at(1, 11)..][..13].copy_from_slice(&text::encode_copy("first", 11));
    value[..4].copy_from_slice(&2_u32.to_ne_bytes());
    value
}

/// A mean of three numbers: two of them are in copy 0 still.
fn filled_mean() -> Vec<u8> {
    [Mean { sum: 0.75, count: 2 }.encode_copy(), Mean { sum: -1.25, count: 3 }.encode_copy()].concat()
}

fn filled_histogram() -> Vec<u8> {
    let mut histogram = Histogram::new(Shape::new(2, 8).unwrap());
    [0, 1, 7, 8, 9, 10, 100, 250, 300].into_iter().for_each(|value| histogram.record(value));
    histogram.encode()
}

fn filled_window() -> Vec<u8> {
    let slot = |stamp, sum, count, max| Slot { stamp, sum, count, max };
    window::encode(&[slot(99, 1.0, 1, 1.0), slot(100, -3.0, 2, -1.0), slot(101, 4.5, 2, 4.0)], 3)
}

/// One field of every type, a field, a record and an item that nobody knows.
fn build() -> Vec<u8> {
    let mut image = Image::new();
    let mut add = |label: &str, data, metric, items: Items, value: &[u8]| {
        image.add(&Description { label, data, metric, items }, value).unwrap();
    };
    let none = Items::default;
    let items = Items { unit: some("requests"), help: some("Requests answered ✓"), ..none() };
    add("a.u64", DataType::U64, MetricType::Counter, items, &0x0102_0304_0506_0708_u64.to_ne_bytes());
    let items = Items { merge: Some(MergeRule::Max), ..none() };
    add("a.u32", DataType::U32, MetricType::Gauge, items, &0x0102_0304_u32.to_ne_bytes());
    add("a.u16", DataType::U16, MetricType::Gauge, none(), &0x0102_u16.to_ne_bytes());
    add("a.u8", DataType::U8, MetricType::Info, none(), &[200]);
    add("a.i64", DataType::I64, MetricType::Gauge, none(), &(-2_i64).to_ne_bytes());
    add("a.i32", DataType::I32, MetricType::Gauge, none(), &(-3_i32).to_ne_bytes());
    add("a.i16", DataType::I16, MetricType::Gauge, none(), &(-4_i16).to_ne_bytes());
    add("a.i8", DataType::I8, MetricType::Unknown, none(), &(-5_i8).to_ne_bytes());
    let items = Items { unit: some("bytes"), scale: Some(1024.0), model: some("golden"), ..none() };
    add("a.f64", DataType::F64, MetricType::Gauge, items, &(-1.5_f64).to_ne_bytes());
    add("a.f32", DataType::F32, MetricType::Gauge, none(), &0.25_f32.to_ne_bytes());
    add("a.bool", DataType::Bool, MetricType::Gauge, none(), &[1]);
    let items = Items { unit: some("seconds"), ..none() };
    add("a.time", DataType::F64, MetricType::Timestamp, items.clone(), &1_795_228_800.5_f64.to_ne_bytes());
    add("a.text", DataType::Text, MetricType::Info, none(), &changed_text());
    add("a.fixed", DataType::FixedText, MetricType::Info, none(), "für immer".as_bytes());
    add("a.mean", DataType::Mean, MetricType::Mean, items.clone(), &filled_mean());
    add(
        "a.recent",
        DataType::Recent,
        MetricType::Recent,
        none(),
        &recent::encode(&[1., 2., 3., 4., 5.5, -6.], 4),
    );
    let shown = Items { scale: Some(0.001), quantiles: vec![0.5, 0.9], ..items.clone() };
    add("a.histogram", DataType::Histogram, MetricType::Histogram, shown, &filled_histogram());
    add("a.window", DataType::Window, MetricType::Window, items, &filled_window());
    let label = attributes::build("a.requests", &[("route", "/\"a\""), ("method", "GET")]).unwrap();
    add(&label, DataType::U64, MetricType::Counter, none(), &42_u64.to_ne_bytes());

    let unknown = |label, data, items: &[u8]| {
        v2::FieldHead { data, metric: 1, label, items, value_at: 8, value_size: 8 }.encode()
    };
    image.record(unknown("of.the.future", 99, &[])).unwrap();
    let late = [999_u16.to_ne_bytes(), 4_u16.to_ne_bytes(), [1; 2], [1; 2]].concat();
    let late = [late, Items { unit: some("ratio"), ..none() }.encode().unwrap()].concat();
    image.record([[0; 4], [7, 7, 0xff, 0xff]].concat()).unwrap();
    let at = u32::try_from(
        image
            .add(
                &Description {
                    label: "a.before",
                    data: DataType::U8,
                    metric: MetricType::Gauge,
                    items: none(),
                },
                &[7],
            )
            .unwrap(),
    )
    .unwrap();
    let last =
        v2::FieldHead { data: 4, metric: 2, label: "a.last", items: &late, value_at: at, value_size: 1 };
    image.record(last.encode()).unwrap();
    image.finish()
}

#[test]
fn the_encoder_writes_the_golden_files() {
    let built = build();
    if std::env::var_os("MMSTATS_BLESS").is_some() {
        fs::write(path(OURS), &built).unwrap();
        fs::write(path(OTHERS), swapped(&built)).unwrap();
        fs::write(path("v2.lines"), lines(&built, NOW).unwrap().join("\n") + "\n").unwrap();
    }
    assert!(built == golden(), "the bytes differ: see {OURS}");
    assert!(swapped(&built) == fs::read(path(OTHERS)).unwrap(), "the bytes differ: see {OTHERS}");
}

#[test]
fn the_golden_file_reads_as_it_was_written() {
    let found = lines(&golden(), NOW).unwrap().join("\n") + "\n";
    assert_eq!(found, fs::read_to_string(path("v2.lines")).unwrap());
}

#[test]
fn a_file_of_the_other_byte_order_is_refused_in_words() {
    let other = fs::read(path(OTHERS)).unwrap();
    assert_eq!(v2::head(&other), Err(Defect { at: 1, what: What::OtherOrder }));
    let words = What::OtherOrder.to_string();
    assert!(words.starts_with("made on a "), "{words}");
}

#[test]
fn heads_that_cannot_be_are_said() {
    let of = |bytes: &[u8]| v2::head(bytes).unwrap_err().to_string();
    assert_eq!(of(&[]), "byte 0: truncated: the head would end at byte 8");
    assert_eq!(of(&golden()[..7]), "byte 0: truncated: the head would end at byte 8");
    assert_eq!(of(&[1]), "byte 0: version 1, not 2");
    assert_eq!(of(&[2, 3]), "byte 1: byte order 3 is neither 1 (little-endian) nor 2 (big-endian)");
    for first in [0_u32, 4, 12] {
        let head = [&golden()[..4], &first.to_ne_bytes()].concat();
        assert_eq!(of(&head), format!("byte 4: the first record cannot begin at byte {first}"));
    }
}

#[test]
fn a_defect_is_one_of_its_field_only() {
    let bytes = golden();
    let (found, _) = fields([&bytes; 4]).unwrap();
    let count = found.len();
    let third = found[2].clone().unwrap();
    for (offset, wrong, words) in [
        (10, vec![0, 0], "byte {}: the label is empty"),
        (10, vec![0xff, 0xff], "byte {}: the label would end at byte 65559 of the record, which is shorter"),
        (12, 4_u32.to_ne_bytes().to_vec(), "byte {}: a value cannot begin at byte 4"),
        (12, 68_u32.to_ne_bytes().to_vec(), "byte {}: a value cannot begin at byte 68"),
        (12, 4096_u32.to_ne_bytes().to_vec(), "byte {}: truncated: the value would end at byte 4098"),
        (16, 4_u32.to_ne_bytes().to_vec(), "byte {}: 4 bytes are no value of type u16"),
        (
            20,
            vec![0xff; 4],
            "byte {}: the items would end at byte 4294967324 of the record, which is shorter",
        ),
    ] {
        let mut bytes = bytes.clone();
        let at = third.record.at + offset;
        bytes[at..at + wrong.len()].copy_from_slice(&wrong);
        let (found, end) = fields([&bytes; 4]).unwrap();
        assert_eq!((found.len(), end), (count, None));
        assert_eq!(found.iter().filter(|field| field.is_err()).count(), 1);
        assert_eq!(found[2].as_ref().unwrap_err().to_string(), words.replace("{}", &at.to_string()));
    }
    let mut cut = bytes.clone();
    let at = third.record.at;
    cut[at..at + 4].copy_from_slice(&20_u32.to_ne_bytes());
    let (found, end) = fields([&cut; 4]).unwrap();
    assert_eq!(
        (found.len(), end.unwrap().to_string()),
        (2, format!("byte {at}: record size 20 is no multiple of 8"))
    );
}

/// The same file, as a machine of the other byte order writes it.
fn swapped(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut turn = |at: usize, sizes: &[usize]| {
        let mut at = at;
        for &size in sizes {
            out[at..at + size].reverse();
            at += size;
        }
    };
    turn(2, &[2, 4]);
    for record in v2::records(bytes, v2::HEAD).map(Result::unwrap) {
        turn(record.at, &[4, 2]);
        if record.kind(bytes) != v2::FIELD {
            continue;
        }
        turn(record.at + 6, &[2, 2, 2, 4, 4, 4]);
        let field = v2::field(bytes, record).unwrap();
        for item in item::walk(&bytes[field.items.clone()]).map(Result::unwrap) {
            let at = field.items.start + item.at;
            turn(at, &[2, 2]);
            if matches!(item.id, item::SCALE | item::QUANTILES) {
                turn(at + 4, &vec![8; item.bytes.len() / 8]);
            }
        }
        let (at, size) = (field.value.start, field.value.len());
        match field.data_type() {
            // `a.last` has the value of the field before.
            None | Some(DataType::FixedText) => {}
            Some(DataType::Text) => {
                turn(at, &[4, 4]);
                turn(at + text::copy_at(0, 11), &[4, 4]);
                turn(at + text::copy_at(1, 11), &[4, 4]);
            }
            Some(DataType::Histogram) => {
                turn(at, &[8, 8, 8, 4, 4]);
                turn(at + 32, &vec![8; size / 8 - 4]);
            }
            Some(DataType::Window) => {
                turn(at, &[4, 4]);
                turn(at + 8, &vec![8; size / 8 - 1]);
            }
            Some(DataType::Mean | DataType::Recent) => turn(at, &vec![8; size / 8]),
            Some(_) => turn(at, &[size]),
        }
    }
    out[1] = 3 - out[1];
    out
}
