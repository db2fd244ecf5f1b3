//! Writes what the fuzzer begins with: `seeds CORPUS` fills a directory for each target there with the golden
//! files, files that the library writes, and files made by hand of what is most likely to go wrong.

use std::error::Error;
use std::fs;
use std::path::Path;

use mmstats::{
    Average, Bool, Counter, Gauge, MovingAverage, Options, Static, StaticText, Text, Timer, Version, stats,
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

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = std::env::args_os().nth(1).ok_or("the directory is missing")?;
    let corpus = Path::new(&corpus);
    let mut files = by_hand();
    let dir = tempfile::tempdir()?;
    let every = Options::new().version(Version::V1).dir(dir.path()).create::<Every>()?;
    every.counter.incr();
    files.push(trimmed(&fs::read(every.path())?).to_vec());
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mmstats/tests/golden"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mmstats") {
            files.push(trimmed(&fs::read(path)?).to_vec());
        }
    }
    for target in ONE.iter().chain(&TWO).chain(&["text"]) {
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
    Ok(())
}
