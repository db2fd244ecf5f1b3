//! A file with a defect is followed all the same, and what comes after the defect once that is mended.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;

use harness::{Watch, counter};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};

use super::every::Changes;
use super::mmwatch;

/// Follows the file with these bytes, then lets `mend` write to it, and gives the record of the field that is there
/// then.
fn added(bytes: &[u8], mend: impl FnOnce(&File)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.mmstats");
    fs::write(&path, bytes).unwrap();
    let watch = Watch::start(mmwatch(&["-i", "-d", "0.02", "--timeout", "20", "-c", "2"]).arg(&path));
    assert_eq!(watch.change(), "first\t\t1");
    mend(&OpenOptions::new().write(true).open(&path).unwrap());
    let added = watch.change();
    watch.end();
    added
}

#[test]
fn in_version_1() {
    let (first, later) = (counter("first", 1), counter("later", 7));
    let whole = [&[1][..], &first, &later, &[0; 20]].concat();
    let at = 1 + first.len();
    // A type that nobody knows.
    let mut unknown = whole.clone();
    let code = at + later.len() - 18;
    assert_eq!(unknown[code], b'Q');
    unknown[code] = b'X';
    let mend = |file: &File| file.write_all_at(b"Q", code as u64).unwrap();
    assert_eq!(added(&unknown, mend), "later\t\t7");
    // The file ends too soon.
    let mend = |file: &File| file.write_all_at(&whole, 0).unwrap();
    assert_eq!(added(&whole[..at + 4], mend), "later\t\t7");
}

#[test]
fn in_version_2() {
    let mut image = Image::new();
    let mut add = |label: &str, value: u64| {
        let items = Items::default();
        let field = Description { label, data: DataType::U64, metric: MetricType::Counter, items };
        image.add(&field, &value.to_ne_bytes()).unwrap()
    };
    add("first", 1);
    add("later", 7);
    let whole = image.finish();
    let at = whole.windows(5).position(|window| window == b"later").unwrap() - 24;
    // A size that no record has.
    let mut odd = whole.clone();
    odd[at..at + 4].copy_from_slice(&33_u32.to_ne_bytes());
    let mend = |file: &File| file.write_all_at(&whole[at..at + 4], at as u64).unwrap();
    assert_eq!(added(&odd, mend), "later\t\t7");
    // The file ends too soon.
    let mend = |file: &File| file.write_all_at(&whole, 0).unwrap();
    assert_eq!(added(&whole[..at + 8], mend), "later\t\t7");
}
