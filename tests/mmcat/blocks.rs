//! Files of version 2: records, blocks, and values taken apart.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::outcome;
use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::{Options, Version};

use super::{add, place, run};

fn golden(order: &str) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mmstats/tests/golden");
    golden.join(format!("v2-{order}.mmstats"))
}

const ORDERS: [&str; 2] = if cfg!(target_endian = "little") { ["little", "big"] } else { ["big", "little"] };

#[test]
fn the_dump_says_what_every_byte_is() {
    let mut image = Image::new();
    let items = Items { unit: Some("bytes".into()), ..Items::default() };
    let hits = Description { label: "hits", data: DataType::U32, metric: MetricType::Counter, items };
    image.add(&hits, &42_u32.to_ne_bytes()).unwrap();
    let dir = place(&image.finish());
    let (out, err, code) = run(dir.path(), &["f"]);
    assert_eq!((&*err, code), ("", 0));
    if cfg!(target_endian = "big") {
        return;
    }
    let want = "\
==> f
00000000  02                       |.|         version      2
00000001  01                       |.|         byte-order   1 little-endian
00000002  00 00                    |..|        padding      2, all zero
00000004  08 00 00 00              |....|      first-record 8
00000008  38 02 00 00              |8...|      record-size  568
0000000c  00 00                    |..|        record-type  0 block
0000000e  00 00 00 00 00 00 00 00  |........|  gap          50, all zero
*
          hits:
00000040  2a 00 00 00              |*...|      value        42
00000044  00 00 00 00              |....|      padding      4, all zero
00000048  00 00 00 00 00 00 00 00  |........|  gap          504, all zero
*
00000240  28 00 00 00              |(...|      record-size  40
00000244  01 00                    |..|        record-type  1 field
00000246  02 00                    |..|        data-type    2 u32
00000248  01 00                    |..|        metric-type  1 counter
0000024a  04 00                    |..|        label-size   4
0000024c  40 00 00 00              |@...|      value-at     64
00000250  04 00 00 00              |....|      value-size   4
00000254  0c 00 00 00              |....|      items-size   12
00000258  68 69 74 73              |hits|      label        hits
0000025c  01 00                    |..|        item-id      1 unit
0000025e  05 00                    |..|        item-size    5
00000260  62 79 74 65 73           |bytes|     item         bytes
00000265  00 00 00                 |...|       padding      3, all zero
00000268  00 00 00 00              |....|      end
0000026c  00 00 00 00 00 00 00 00  |........|  tail         3476, all zero
*
00001000
";
    assert_eq!(out, want);
}

/// Role and value of the regions of a label, as `lines` has them, without the field's record.
fn values(lines: &str, label: &str) -> Vec<String> {
    let fields = lines.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let of_value = ["value", "spare", "control", "skipped", "unknown"];
    let regions = fields.filter(|region| region[4] == label && of_value.contains(&region[3]));
    regions.map(|region| format!("{} {}", region[3], region[5]).trim_end().to_owned()).collect()
}

#[test]
fn every_type_of_value_is_taken_apart() {
    let (lines, err, code) = run(Path::new("/"), &["-o", "lines", golden(ORDERS[0]).to_str().unwrap()]);
    assert_eq!((&*err, code), ("", 0));
    let mut next = 0;
    for line in lines.lines() {
        let region: Vec<_> = line.split('\t').collect();
        assert_eq!(region.len(), 6, "{line}");
        assert_eq!(region[1].parse::<usize>().unwrap(), next, "{line}");
        next += region[2].parse::<usize>().unwrap();
    }
    assert_eq!(next, 4096);
    for (label, want) in [
        ("a.u64", &["value 72623859790382856"][..]),
        ("a.i8", &["value -5"]),
        ("a.f64", &["value -1.5"]),
        ("a.f32", &["value 0.25"]),
        ("a.bool", &["value true"]),
        ("a.fixed", &["value für immer"]),
        (
            "a.text",
            &[
                "control settings 2, copy 0 is read",
                "control capacity 11",
                "control length 9",
                "value grün ✓",
                "spare",
                "control length 5",
                "spare first",
                "spare",
            ],
        ),
        (
            "a.mean",
            &[
                "spare sum 0.75",
                "spare count 2",
                "spare check agrees",
                "value sum -1.25",
                "value count 3",
                "value check agrees",
            ],
        ),
        (
            "a.recent",
            &[
                "control next 6",
                "value number 5: -6.0",
                "spare number 1: 2.0",
                "value number 2: 3.0",
                "value number 3: 4.0",
                "value number 4: 5.5",
            ],
        ),
        (
            "a.histogram",
            &[
                "value count 9",
                "value sum 685",
                "value max 300",
                "control precision 2",
                "control range 8",
                "value 0: 1",
                "value 1: 1",
                "value buckets 2 to 6, empty",
                "value 7: 1",
                "value 8 to 9: 2",
                "value 10 to 11: 1",
                "value buckets 10 to 21, empty",
                "value 96 to 111: 1",
                "value buckets 23 to 26, empty",
                "value from 224: 2",
            ],
        ),
    ] {
        assert_eq!(values(&lines, label), want, "{label}");
    }
    let window = values(&lines, "a.window");
    assert_eq!(window[0], "control seconds 3");
    assert_eq!(
        window[1..6],
        ["value stamp 101", "value sum 4.5", "value count 2", "value max 4.0", "value check agrees"]
    );
    assert_eq!(window[6], "spare stamp 0");
    assert_eq!(window[11], "value stamp 99");
    assert_eq!(window.last().unwrap(), "spare slot 2, empty");
    for unknown in [
        "\tdata-type\tof.the.future\t99 (unknown)\n",
        "\trecord-type\t\t1799 (unknown)\n",
        "\tskipped\t\t\n",
        "\titem-id\ta.last\t999 (unknown)\n",
        "\titem\ta.last\t(unknown)\n",
        "\titem\ta.histogram\t0.5 0.9\n",
        "\titem\ta.histogram\t0.001\n",
        "\titem\ta.u32\t4 max\n",
    ] {
        assert!(lines.contains(unknown), "{unknown:?}");
    }
}

#[test]
fn a_file_of_the_other_byte_order_is_refused_in_words() {
    let path = golden(ORDERS[1]);
    let path = path.to_str().unwrap();
    let words = format!("made on a {}-endian machine, and this one is {}-endian", ORDERS[1], ORDERS[0]);
    let (out, err, code) = run(Path::new("/"), &[path]);
    assert!(out.contains(&format!("unknown: byte 1: {words}\n")), "{out}");
    assert_eq!((&*err, code), ("", 0));
    assert_eq!(
        run(Path::new("/"), &["--check", path]),
        (format!("{path}\t1\tdefect\t\t{words}\n"), String::new(), 1)
    );
}

#[test]
fn what_a_writer_writes_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    #[allow(dead_code)]
    mod model {
        mmstats::stats! {
            /// One field of each kind.
            pub struct Every {
                pub hits: mmstats::Counter,
                pub level: mmstats::Gauge<f64>,
                pub flag: mmstats::Bool,
                pub state: mmstats::Text,
                pub ratio: mmstats::Average,
                pub answer: mmstats::Timer,
                pub size: mmstats::Histogram,
                pub load: mmstats::Window,
                pub last: mmstats::Recent,
            }
        }
    }
    let options = Options::new().dir(dir.path()).version(Version::V2);
    let every = options.create::<model::Every>().unwrap();
    every.hits.incr();
    every.state.set("up");
    every.answer.record(Duration::from_millis(3));
    every.size.record(70_000);
    every.load.add(1.5);
    every.last.add(2.5);
    assert_eq!(run(dir.path(), &["--check", "."]), (String::new(), String::new(), 0));
    let (out, err, code) = run(dir.path(), &["."]);
    assert_eq!((&*err, code), ("", 0));
    assert!(!out.contains("unknown:"), "{out}");
}

#[test]
fn a_large_value_is_shown_part_by_part() {
    let mut histogram = Histogram::new(Shape::new(14, 64).unwrap());
    let shape = histogram.shape();
    for index in 0..shape.buckets() {
        histogram.record(shape.bucket(index).lower);
    }
    let mut image = Image::new();
    add(&mut image, "large", DataType::Histogram, MetricType::Histogram, &histogram.encode());
    let dir = place(&image.finish());
    // The bytes are there twice, and nothing else is as large.
    let limited = "ulimit -v 65536; \"$0\" -o lines f | tail -n 1";
    let mut command = Command::new("sh");
    let output = command.args(["-c", limited, env!("CARGO_BIN_EXE_mmcat")]).current_dir(dir.path()).output();
    let (out, err, _) = outcome(&output.unwrap());
    assert_eq!(err, "");
    assert!(out.contains("\ttail\t"), "{out}");
}
