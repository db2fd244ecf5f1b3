//! Writes what the fuzzer begins with: `seeds CORPUS` fills a directory for each target there with the golden
//! files, files that the library writes, and files made by hand of what is most likely to go wrong.

use std::error::Error;
use std::fs;
use std::path::Path;

use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::{histogram, mean, recent, text, v2, window};
use mmstats::{
    Average, Bool, Counter, FOLD_LABEL, FOLDED_LABEL, Gauge, Histogram, MergeRule, MovingAverage, Options,
    Recent, Static, StaticText, Text, Timer, Timestamp, UpDown, Version, Window, stats,
};

/// Targets whose input is one file, and those whose input is two.
const ONE: [&str; 3] = ["reader", "slurpstats", "mmcat"];
const TWO: [&str; 3] = ["follow", "pollstats", "mmwatch"];

/// Texts that want to be more than text.
const TEXTS: [&[u8]; 12] = [
    b"plain",
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07",
    b"a\tb\nc\rd",
    b"\x80\x9b31m\xff",
    "\u{9b}31m\u{85}".as_bytes(),
    "\u{202e}cod.exe\u{2066}\u{200f}\u{61c}".as_bytes(),
    "\u{2028}\u{2029}".as_bytes(),
    "grün ✓ 日本".as_bytes(),
    b"\"} 1\\\n# HELP x\",{}",
    b"\xe2\x80",
    b"\\x1b",
];

/// Type codes: every letter, every order, several items, counts, white space, and what is refused.
const CODES: &[&str] = &[
    "b",
    "B",
    "?",
    "c",
    "s",
    "p",
    "x",
    "h",
    "H",
    "i",
    "I",
    "l",
    "L",
    "q",
    "Q",
    "n",
    "N",
    "P",
    "f",
    "d",
    "<Q",
    ">d",
    "!h",
    "=l",
    "@Q",
    "5s",
    "5p",
    "2h3s",
    "bQ0I",
    " \t\x0bI ",
    "99999999999999999999s",
    "5 5s",
];

stats! {
    struct Every {
        counter: Counter,
        gauge: Gauge<i16> { initial: -7 },
        float: Gauge<f32> { initial: 0.1 },
        yes: Bool { initial: true },
        text: Text { size: 20, initial: "grün" },
        average: Average,
        moving: MovingAverage { window: 2 },
        timer: Timer,
        label: StaticText { value: "static" },
        number: Static<f64> { value: f64::NAN },
    }
}

stats! {
    /// What only version 2 has, small enough for two of these in one input.
    struct New {
        /// Requests that were answered.
        requests: Counter { unit: "requests" },
        open: UpDown,
        load: Gauge<f64> { unit: "ratio", merge: MergeRule::Max },
        size: Histogram { unit: "bytes", precision: 1, range: 20, quantiles: [0.5, 0.999] },
        last: Recent { keep: 3 },
        minute: Window { seconds: 5, unit: "seconds" },
        mean: Average,
        since: Timestamp,
        text: Text { size: 20, initial: "gr\u{fc}n" },
    }
}

/// A file of version 2 with one field, and what comes after its records.
fn version_2(label: &str, data: DataType, metric: MetricType, items: Items, value: &[u8]) -> Vec<u8> {
    let mut image = Image::new();
    // It fails for files of gigabytes only.
    let _ = image.add(&Description { label, data, metric, items }, value);
    let mut file = list_of_2(&image.finish()).to_vec();
    // The library writes no help that is more than text.
    if let Some(at) = file.windows(4).position(|bytes| bytes == b"what") {
        file[at..at + 4].copy_from_slice(b"\x1b[1m");
    }
    file
}

/// The records, the value of each, and the size of 0 that ends them.
fn list_of_2(bytes: &[u8]) -> &[u8] {
    let Ok(first) = v2::head(bytes) else { return bytes };
    let end = v2::records(bytes, first).flatten().map(|record| record.end()).max().unwrap_or(first);
    &bytes[..bytes.len().min(end + 8)]
}

/// The file of a thread that was folded, or with 0 that of its process, or that of the departed, which lists one.
fn that_adds_up(thread: u64, departed: Option<&str>) -> Vec<u8> {
    let mut image = Image::new();
    let mut add = |label, data, metric, value: &[u8]| {
        // It fails for files of gigabytes only.
        let _ = image.add(&Description { label, data, metric, items: Items::default() }, value);
    };
    match departed {
        Some(list) => {
            add(mmstats::departed::DEPARTED_LABEL, DataType::FixedText, MetricType::Info, list.as_bytes())
        }
        None => {
            for (label, number) in [("sys.pid", 7), ("sys.tid", thread), (FOLD_LABEL, 5)] {
                add(label, DataType::U64, MetricType::Info, &number.to_ne_bytes());
            }
        }
    }
    add(FOLDED_LABEL, DataType::U64, MetricType::Gauge, &2_u64.to_ne_bytes());
    add("n", DataType::U64, MetricType::Counter, &100_u64.to_ne_bytes());
    list_of_2(&image.finish()).to_vec()
}

/// Each data type; then one thing wrong in each.
fn by_hand_of_2() -> Vec<Vec<u8>> {
    let none = Items::default;
    let named = || Items {
        unit: Some("seconds".into()),
        help: Some("what it is".into()),
        merge: Some(MergeRule::Latest),
        scale: Some(1e-9),
        quantiles: vec![0.0, 0.5, 0.999, 1.0],
        model: Some("Web".into()),
    };
    let shape = histogram::Shape::new(1, 8).unwrap_or_default();
    let mut counts = histogram::Histogram::new(shape);
    [0, 3, 200, 1000].iter().for_each(|&number| counts.record(number));
    let slots = [1, 2, 9].map(|stamp| window::Slot { stamp, sum: 3.0, count: 2, max: f64::INFINITY });
    let eight = 0x4059_0000_0000_0000_u64.to_ne_bytes();
    let mut files = vec![
        version_2("n", DataType::U64, MetricType::Counter, none(), &eight),
        version_2("n{a=\"\\\"\"}", DataType::F64, MetricType::Gauge, named(), &eight),
        version_2("n", DataType::I16, MetricType::Timestamp, none(), &eight[..2]),
        version_2("n", DataType::Bool, MetricType::Gauge, none(), &[2]),
        version_2("t", DataType::Text, MetricType::Info, named(), &text::encode("\u{2066}a\tb", 9)),
        version_2("t", DataType::FixedText, MetricType::Info, none(), b"\x1b[31m\xff"),
        version_2(
            "m",
            DataType::Mean,
            MetricType::Mean,
            named(),
            &mean::Mean { sum: 3.5, count: 2 }.encode(),
        ),
        version_2(
            "r",
            DataType::Recent,
            MetricType::Recent,
            none(),
            &recent::encode(&[1.0, -0.0, f64::NAN], 2),
        ),
        version_2("h", DataType::Histogram, MetricType::Histogram, named(), &counts.encode()),
        version_2("h", DataType::Histogram, MetricType::Histogram, none(), &counts.encode()),
        version_2("w", DataType::Window, MetricType::Window, none(), &window::encode(&slots, 3)),
        version_2("w", DataType::Window, MetricType::Counter, none(), &window::encode(&slots, 3)),
        v2::encode_head().to_vec(),
    ];
    files.extend([0, 8].map(|thread| that_adds_up(thread, None)));
    files.push(that_adds_up(0, Some("12:7:1.5:a%20b-7-8.mmstats 13:7:0.0:a-7-0.mmstats")));
    let good = files[8].clone();
    let Some(record) = v2::head(&good)
        .ok()
        .and_then(|first| v2::records(&good, first).flatten().find(|record| record.kind(&good) == v2::FIELD))
    else {
        return files;
    };
    // The byte order, the first record, and each number of the field's head.
    let places = [(1, 1), (4, 4), (0, 4), (4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 4)];
    for (number, (offset, size)) in places.into_iter().enumerate() {
        let at = if number < 2 { offset } else { record.at + offset };
        for byte in [0, 1, 3, 0x7f, 0xff] {
            let mut file = good.clone();
            file[at..at + size].fill(byte);
            files.push(file);
        }
    }
    files
}

fn field(label: &[u8], code: &[u8], index: u8, values: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_ne_bytes();
    [&size(label)[..], label, &size(code), code, &[index], values].concat()
}

fn file(fields: &[Vec<u8>]) -> Vec<u8> {
    [&[1][..], &fields.concat(), &[0, 0]].concat()
}

/// Without the zeros behind the end of the list, but for those that end it.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &bytes[..bytes.len().min(end + 20)]
}

fn by_hand() -> Vec<Vec<u8>> {
    let counter = |value: u64| field(b"a", b"Q", 1, &[value.to_ne_bytes(), [0; 8]].concat());
    let padded = |value: u64| field(b"a", b"  Q", 0, &[[0; 8], value.to_ne_bytes()].concat());
    let double = |value: f64| field(b"f", b"d", 255, &value.to_ne_bytes());
    let mut files = vec![
        Vec::new(),
        vec![1],
        vec![2, 0],
        file(&[]),
        file(&[counter(1)]),
        file(&[counter(5), double(0.5)]),
        file(&[padded(u64::MAX), double(f64::NAN)]),
        file(&[double(f64::INFINITY), double(f64::NEG_INFINITY), counter(2), counter(3)]),
        file(&[field(b"sys.pid", b"I", 255, &1_u32.to_ne_bytes()), field(b"sys.tid", b"q", 255, &[255; 8])]),
        file(&[field(b"org.mmstats.version", b"5s", 255, b"0.1.0"), counter(7)]),
        file(&[field(b"long", b"5000s", 255, &[b'y'; 5000]), counter(9)]),
        file(&[field(b"a", b"Q", 2, &[0; 16])]),
        file(&[field(b"a", b"999999999s", 1, &[0; 16])]),
    ];
    for text in TEXTS {
        let code = format!("{}s", text.len());
        files.push(file(&[field(text, b"B", 255, &[7]), field(b"text", code.as_bytes(), 255, text)]));
    }
    files.extend(CODES.iter().map(|code| file(&[field(b"a", code.as_bytes(), 1, &[0xfe; 34])])));
    files
}

/// What mmash is asked for, and by which name.
const ADDRESSES: [&str; 18] = [
    "/",
    "/mmash.js",
    "/stats",
    "/stats/",
    "/stats/web.?aggr=sum&exact=1",
    "/stats/?glob=new*",
    "/stats/?glob=%5B",
    "/files/*-1",
    "/files/%2e%2e%2f*",
    "/metrics?prefix=web.&aggr=auto",
    "/api/1/labels",
    "/api/1/label/a%2Fb%00%ff",
    "/api/1/files",
    "/api/1/events?range=60&aggr=max&living=1",
    "/api/1/events?label=requests",
    "/m/%3Cscript%3E",
    "//evil.example/%5c",
    "http://localhost/healthz",
];
const HOSTS: [&str; 6] =
    ["localhost:5002", "127.0.0.1", "[::1]:1", "a.localhost", "stats.example", "evil.example"];

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = std::env::args_os().nth(1).ok_or("the directory is missing")?;
    let corpus = Path::new(&corpus);
    let mut files = by_hand();
    files.extend(by_hand_of_2());
    let dir = tempfile::tempdir()?;
    let new = Options::new().version(Version::V2).dir(dir.path()).filename("new.mmstats").create::<New>()?;
    new.requests.incr();
    new.size.record(1480);
    for number in [1.0, 2.5, f64::INFINITY] {
        new.last.add(number);
        new.minute.add(number);
        new.mean.add(number);
    }
    files.push(list_of_2(&fs::read(new.path())?).to_vec());
    let every = Options::new().version(Version::V1).dir(dir.path()).create::<Every>()?;
    every.counter.incr();
    files.push(trimmed(&fs::read(every.path())?).to_vec());
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mmstats/tests/golden"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mmstats") {
            let bytes = fs::read(path)?;
            files.push(if v2::head(&bytes).is_ok() { list_of_2(&bytes) } else { trimmed(&bytes) }.to_vec());
        }
    }
    for target in ONE.iter().chain(&TWO).chain(&["text", "mmash"]) {
        fs::create_dir_all(corpus.join(target))?;
    }
    for (number, file) in files.iter().enumerate() {
        for target in ONE {
            fs::write(corpus.join(target).join(format!("seed-{number}")), file)?;
        }
        // A neighbour is alike or very different; either is worth a look.
        for step in [1, 3] {
            let after = &files[(number + step) % files.len()];
            let both = [&u16::try_from(file.len())?.to_le_bytes()[..], file, after].concat();
            for target in TWO {
                fs::write(corpus.join(target).join(format!("seed-{number}-{step}")), &both)?;
            }
        }
    }
    for (number, text) in TEXTS.iter().enumerate() {
        fs::write(corpus.join("text").join(format!("seed-{number}")), text)?;
    }
    for (number, target) in ADDRESSES.iter().enumerate() {
        for (place, host) in HOSTS.iter().enumerate() {
            let request = format!("{target}\n{host}");
            fs::write(corpus.join("mmash").join(format!("seed-{number}-{place}")), request)?;
        }
    }
    Ok(())
}
