//! The original (mmstats 0.8.0 under Python 2.7) reads what our writer makes, and our reader what the
//! original makes, value by value.
//!
//! It is found as `$MMSTATS_PYTHON2` or `python2.7`, which must be able to `import mmstats`. Without it
//! these tests say that they are skipped.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::skip;
use mmstats::format::type_code::{ValueShape, items};
use mmstats::{
    Bool, Builder, Counter, Error, Gauge, Options, Snapshot, Static, StaticText, Text, Value, Version,
};
use serde_json::Value as Json;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/peer.py2");

fn python() -> Option<Command> {
    let python = std::env::var_os("MMSTATS_PYTHON2").unwrap_or_else(|| "python2.7".into());
    let works = Command::new(&python).args(["-c", "import mmstats"]).output();
    if works.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(python));
    }
    skip("no Python 2.7 with mmstats 0.8.0 (MMSTATS_PYTHON2 may name one)");
    None
}

/// Runs the peer and gives what it printed, one JSON value per line.
fn peer(mut python: Command, args: &[&std::ffi::OsStr], input: &str) -> Vec<Json> {
    let command = python.arg(PEER).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value in the words of the peer.
fn plain(value: Value<'_>) -> Json {
    match value {
        Value::Text(bytes) => serde_json::json!({"text": hex(bytes)}),
        Value::Bool(value) => serde_json::json!({"bool": value}),
        Value::Signed(value) => serde_json::json!({"int": value.to_string()}),
        Value::Unsigned(value) => serde_json::json!({"int": value.to_string()}),
        Value::Float(value) => serde_json::json!({"float": f64::from(value).to_bits().to_string()}),
        Value::Double(value) => serde_json::json!({"float": value.to_bits().to_string()}),
        compound => panic!("{compound} is not of version 1"),
    }
}

/// Python's `float.hex()` made comparable.
fn normal(mut value: Json) -> Json {
    if let Some(Json::String(text)) = value.get("float") {
        let bits = from_hex(text).to_bits().to_string();
        value = serde_json::json!({"float": bits});
    }
    value
}

fn from_hex(text: &str) -> f64 {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let magnitude = match text {
        "inf" => f64::INFINITY,
        "nan" => return f64::NAN,
        _ => {
            let (digits, exponent) = text.strip_prefix("0x").unwrap().split_once('p').unwrap();
            let (whole, fraction) = digits.split_once('.').unwrap();
            let mantissa = u64::from_str_radix(&format!("{whole}{fraction}"), 16).unwrap();
            let exponent: i32 = exponent.parse().unwrap();
            let shift = exponent - 4 * i32::try_from(fraction.len()).unwrap();
            // In two steps, since 2^-1074 is the least there is.
            (mantissa as f64) * 2_f64.powi(shift / 2) * 2_f64.powi(shift - shift / 2)
        }
    };
    if negative { -magnitude } else { magnitude }
}

/// Labels and values as our reader sees them, in the words of the peer.
fn ours(path: &Path) -> Vec<Json> {
    let snapshot = Snapshot::of(path).unwrap();
    assert!(snapshot.defect().is_none());
    let fields = snapshot.fields().map(Result::unwrap);
    fields.map(|field| serde_json::json!([hex(field.label()), plain(field.value())])).collect()
}

fn theirs(lines: Vec<Json>) -> Vec<Json> {
    lines.into_iter().map(|line| serde_json::json!([line[0], normal(line[1].clone())])).collect()
}

#[test]
fn our_reader_reads_what_the_original_writes() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let said = theirs(peer(python, &["write".as_ref(), dir.path().as_os_str()], ""));
    let path = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(ours(&path), said);
    assert_eq!(said.len(), 32);
}

/// Each field type under labels of every length from 1 to 64, so that every alignment occurs; long
/// and foreign labels; the extremes of each type.
fn every(fields: &mut Builder<'_>) -> Result<(), Error> {
    for length in 1..=64 {
        let label = |kind: &str| format!("{kind}{}", "x".repeat(length));
        let n = u8::try_from(length).unwrap();
        fields.add(&label("Q"), Counter::spec())?.add(u64::MAX - u64::from(n));
        fields.add(&label("I"), Gauge::<u32>::spec().initial(u32::MAX - u32::from(n)))?;
        fields.add(&label("H"), Gauge::<u16>::spec().initial(u16::from(n)))?;
        fields.add(&label("q"), Gauge::<i64>::spec().initial(i64::MIN + i64::from(n)))?;
        fields.add(&label("i"), Gauge::<i32>::spec())?.set(-i32::from(n));
        fields.add(&label("h"), Gauge::<i16>::spec())?.set(-i16::from(n));
        fields.add(&label("b"), Gauge::<i8>::spec())?.set(-1);
        fields.add(&label("f"), Gauge::<f32>::spec())?.set(0.1 * f32::from(n));
        fields.add(&label("d"), Gauge::<f64>::spec())?.set(1e300 / f64::from(n));
        fields.add(&label("?"), Bool::spec())?.set(n % 2 == 0);
        fields.add(&label("s"), Text::spec().size(length))?.set("täxt, cut somewhere: ✓✓✓✓");
        fields.add(&label("256s"), StaticText::spec().value("static ✓"))?;
        fields.add(&label("sI"), Static::<u32>::spec().value(1))?;
        fields.add(&label("sd"), Static::<f64>::spec().value(0.1))?;
    }
    fields.add("grün.日本", Counter::spec())?.incr();
    fields.add(&"l".repeat(256), Counter::spec())?.add(256);
    fields.add(&"m".repeat(65_535), Counter::spec())?.add(65_535);
    Ok(())
}

#[test]
fn the_original_reads_what_our_writer_makes() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().version(Version::V1).dir(dir.path()).create_with(every).unwrap();
    stats.add_field("late", Counter::spec()).unwrap().add(7);
    let said = theirs(peer(python, &["read".as_ref(), stats.path().as_os_str()], ""));
    assert_eq!(said, ours(stats.path()));
    assert_eq!(said.len(), 7 + 64 * 14 + 4);
}

#[test]
fn type_codes_mean_what_they_mean_to_python() {
    let Some(python) = python() else { return };
    // A fixed walk through the codes: every code alone, in every byte order, and in company.
    let mut codes = Vec::new();
    let letters = "cbB?hHiIlLqQfdspPx";
    for order in ["", "@", "=", "<", ">", "!"] {
        for a in letters.chars() {
            codes.push(format!("{order}{a}"));
            for (i, b) in letters.chars().enumerate() {
                codes.push(format!("{order}{a}{b}"));
                codes.push(format!("{order} {a}\t 3{b}0{a}",));
                codes.push(format!("{order}{}{b}{}{a}", i % 5, i % 3));
            }
        }
    }
    for odd in
        ["", " ", "@", "5 5s", "5 s", " <Q", "z", "Q<", "0s", "7p", "<P", "\u{b}Q", "9999999999s", "Q5"]
    {
        codes.push(odd.to_owned());
    }
    // Python 2.7 itself breaks on a Pascal string that has no room for its length.
    codes.retain(|code| !code.contains("0p"));
    let data: Vec<u8> = (0..200_u16).map(|n| (n.wrapping_mul(97) >> 1) as u8).collect();
    let input: String =
        codes.iter().map(|code| format!("{} {}\n", hex(code.as_bytes()), hex(&data))).collect();
    let said = peer(python, &["struct".as_ref()], &input);
    assert_eq!(said.len(), codes.len());
    for (code, said) in codes.iter().zip(said) {
        let shape = ValueShape::parse(code.as_bytes());
        let Json::Array(said) = said else {
            assert!(shape.is_err(), "{code:?}: the original refuses it");
            continue;
        };
        let Some(values) = said[1].as_array() else {
            assert_eq!(shape.unwrap().size as u64, said[0].as_u64().unwrap(), "{code:?}");
            continue;
        };
        if values.is_empty() {
            assert_eq!(shape, Err(mmstats::format::type_code::BadCode::NoItem), "{code:?}");
            continue;
        }
        let shape = shape.unwrap_or_else(|bad| panic!("{code:?}: {bad}"));
        assert_eq!(shape.size as u64, said[0].as_u64().unwrap(), "{code:?}");
        let found: Vec<_> = items(code.as_bytes()).map(|item| plain(Value::decode(&item, &data))).collect();
        let want: Vec<_> = values.iter().map(|value| until_nul(normal(value.clone()))).collect();
        assert_eq!(found, want, "{code:?}");
    }
}

/// The original cuts text at the first NUL when it shows it; `struct` itself does not.
fn until_nul(value: Json) -> Json {
    match value.get("text").and_then(Json::as_str) {
        Some(hex) => {
            let bytes = hex.as_bytes().chunks(2).take_while(|pair| *pair != b"00").flatten();
            serde_json::json!({"text": String::from_utf8(bytes.copied().collect()).unwrap()})
        }
        None => value,
    }
}

#[test]
fn the_original_tool_prints_our_files() {
    let Some(mut python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(Version::V1)
        .dir(dir.path())
        .create_with(|b| b.add("web.hits", Counter::spec()))
        .unwrap();
    stats.add(3);
    // What setuptools puts into the `slurpstats` that it installs.
    let run = "import sys; from mmstats import slurpstats; sys.exit(slurpstats.main())";
    let output = python.args(["-c", run]).arg(stats.path()).output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    assert_eq!(lines.next().unwrap(), format!("==> {}", stats.path().display()));
    assert_eq!(lines.find(|line| line.contains("web.hits")).unwrap(), "  web.hits            3");
    let mut own = Command::new(env!("CARGO_BIN_EXE_slurpstats"));
    let own = own.args(["-o", "text", "-p", "web."]).arg(stats.path()).output().unwrap();
    assert_eq!(
        String::from_utf8(own.stdout).unwrap(),
        format!("==> {}\n  web.hits 3\n\n", stats.path().display())
    );
}
