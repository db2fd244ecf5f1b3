//! mmstats(5) is enough to write a reader and a writer of version 2 from: two in Python, made so, and ours
//! agree on what is in a file.

#[path = "../../mmstats/tests/format/show.rs"]
mod show;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{has, outcome};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MergeRule, MetricType};
use mmstats::format::reading::Reading;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn python(program: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join("tests/python").join(program)).env("PYTHONIOENCODING", "utf-8");
    command
}

/// What the reader in Python prints of a file at some time of the clock.
fn printed(path: &Path, now: Duration) -> String {
    let output = python("read_v2.py").arg(path).arg(now.as_secs_f64().to_string()).output().unwrap();
    let (out, err, code) = outcome(&output);
    assert_eq!((&*err, code), ("", Some(0)));
    out
}

#[test]
fn a_reader_made_from_the_page_reads_the_golden_file() {
    if !has("python3") {
        return;
    }
    let golden = root().join("mmstats/tests/golden");
    let (ours, others) = if cfg!(target_endian = "little") {
        ("v2-little.mmstats", "v2-big.mmstats")
    } else {
        ("v2-big.mmstats", "v2-little.mmstats")
    };
    let want = fs::read_to_string(golden.join("v2.lines")).unwrap();
    assert_eq!(printed(&golden.join(ours), Duration::from_millis(101_500)), want);
    let (out, err, code) = outcome(&python("read_v2.py").arg(golden.join(others)).output().unwrap());
    assert_eq!((&*out, code), ("", Some(1)));
    assert!(err.contains("byte order"), "{err}");
}

#[test]
fn a_writer_made_from_the_page_writes_what_we_read() {
    if !has("python3") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("peer.mmstats");
    let mut command = python("write_v2.py");
    let mut peer = command.arg(&path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut answer = String::new();
    BufReader::new(peer.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, "ready\n");

    let bytes = fs::read(&path).unwrap();
    let (fields, end) = show::fields([&bytes; 4]).unwrap();
    assert_eq!(end, None);
    let fields: Vec<_> = fields.into_iter().map(Result::unwrap).collect();
    // The clock is asked by the writer alone, so that it does not matter how long this takes.
    let stamp = fields.iter().find_map(|field| {
        match show::value(field, field.data_type().unwrap(), [&bytes; 3]).unwrap().unwrap() {
            Reading::Window(window) => window.slots.iter().map(|slot| slot.stamp).max(),
            _ => None,
        }
    });
    let now = Duration::from_secs(stamp.unwrap() - 1);
    let lines = show::lines(&bytes, now).unwrap();
    let want = [
        &format!("sys.pid\tinfo\tu32\t-\t{}", peer.id()),
        "org.mmstats.version\tinfo\tfixed text\t-\ta peer",
        "number.u64\tgauge\tu64\t-\t101",
        "number.u32\tgauge\tu32\t-\t102",
        "number.u16\tgauge\tu16\t-\t103",
        "number.u8\tgauge\tu8\t-\t104",
        "number.i64\tgauge\ti64\t-\t105",
        "number.i32\tgauge\ti32\t-\t106",
        "number.i16\tgauge\ti16\t-\t107",
        "number.i8\tgauge\ti8\t-\t108",
        "number.f64\tgauge\tf64\t-\t-0.5",
        "number.f32\tgauge\tf32\t-\t1.25",
        "number.bool\tgauge\tbool\t-\ttrue",
        "hits{route=\"/a\"}\tcounter\tu64\trequests\t1000",
        "fixed\tinfo\tfixed text\t-\tfür immer",
        "text\tinfo\ttext\t-\tgrün 1000 ✓",
        "mean\tmean\tmean\tseconds\tcount=1000 sum=250250.0",
        "recent\trecent\trecent\t-\t498.0 498.5 499.0 499.5 500.0",
        "window\twindow\twindow\tseconds\tcount=1000 sum=250250.0 max=500.0",
        "histogram\thistogram\thistogram\tseconds\tcount=1000 sum=333933500 max=1100000 \
         0.5:251904 0.99:974848 1.0:>=1032192",
        "late\tgauge\ti64\t-\t-7",
    ];
    assert_eq!(lines, want);
    assert_eq!(printed(&path, now), lines.join("\n") + "\n");

    let items = |label: &str| {
        let field = fields.iter().find(|field| bytes[field.label.clone()] == *label.as_bytes()).unwrap();
        Items::parse(&bytes[field.items.clone()])
    };
    let help = Items { unit: Some("requests".into()), help: Some("Hits ✓".into()), ..Items::default() };
    assert_eq!(items("hits{route=\"/a\"}"), (help, Vec::new()));
    assert_eq!(items("late"), (Items { merge: Some(MergeRule::Max), ..Items::default() }, Vec::new()));
    assert_eq!(items("histogram").0.scale, Some(1e-9));

    // Ten numbers in a row lie in two cache lines.
    let numbers = fields.iter().filter(|field| bytes[field.label.clone()].starts_with(b"number."));
    let mut cache_lines: Vec<_> = numbers.take(10).map(|field| field.value.start / 64).collect();
    cache_lines.dedup();
    assert_eq!(cache_lines.len(), 2);

    drop(peer.stdin.take());
    assert!(peer.wait().unwrap().success());
    assert!(!path.exists());
}

#[test]
fn the_example_of_the_page_is_a_file() {
    let page = fs::read_to_string(root().join("man/mmstats.5")).unwrap();
    let example =
        page.split("The same values as a file of version 2").nth(1).unwrap().split(".Ed").next().unwrap();
    let mut bytes = vec![0; 4096];
    let mut count = 0;
    for line in example.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit())) {
        let (at, rest) = line.trim_start().split_once("  ").unwrap();
        let at: usize = at.parse().unwrap();
        for (place, byte) in rest.split("  ").next().unwrap().split(' ').enumerate() {
            bytes[at + place] = u8::from_str_radix(byte, 16).unwrap();
            count += 1;
        }
    }
    assert_eq!(count, 8 + 6 + 8 + 40 + 4);
    if cfg!(target_endian = "big") {
        return;
    }
    let mut image = Image::new();
    let items = Items { unit: Some("requests".into()), ..Items::default() };
    let hits = Description { label: "hits", data: DataType::U64, metric: MetricType::Counter, items };
    image.add(&hits, &42_u64.to_ne_bytes()).unwrap();
    assert!(image.finish() == bytes, "the page shows other bytes");
    assert_eq!(show::lines(&bytes, Duration::ZERO).unwrap(), ["hits\tcounter\tu64\trequests\t42"]);
}
