//! The format over bytes, and the reader over a file of the same bytes: no panic, nothing out of bounds,
//! and both find the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mmstats::format::type_code::{ValueShape, items, trimmed};
use mmstats::format::v1::{self, Defect, FIRST_FIELD, Record, VERSION};
use mmstats::format::v2;
use mmstats::live::Clues;
use mmstats::{Origin, Snapshot, Value};
use mmstats_fuzz::with_scratch;

/// A type code may promise more items than anybody can count.
const ITEMS: usize = 10_000;

/// The code alone: its items lie within its size, in order.
fn code(code: &[u8]) {
    let Ok(shape) = ValueShape::parse(code) else { return };
    assert_eq!(items(code).next(), Some(shape.first));
    let mut at = 0;
    for item in items(code).take(ITEMS) {
        assert!(item.offset >= at && item.offset + item.size <= shape.size, "{item:?} {shape:?}");
        at = item.offset + item.size;
    }
    // White space between a code's parts moves nothing but the value.
    if code.first() != Some(&b' ') {
        assert_eq!(ValueShape::parse(trimmed(code).as_bytes()), Ok(shape));
    }
}

/// The list of fields, as bytes have it.
fn list(bytes: &[u8]) -> (Vec<Record>, Option<Defect>) {
    let (mut records, mut at) = (Vec::new(), FIRST_FIELD);
    loop {
        match v1::field(bytes, at) {
            Ok(Some(record)) => {
                assert!(record.at == at && record.end > at && record.end <= bytes.len());
                assert_eq!(record.value_at(1 + usize::from(record.buffered)), record.end);
                at = record.end;
                records.push(record);
            }
            Ok(None) => return (records, None),
            Err(defect) => return (records, Some(defect)),
        }
    }
}

/// A field's values: those that a reader is given are those that the bytes say.
fn values(bytes: &[u8], record: &Record, field: &mmstats::SnapshotField<'_>) {
    let raw = &bytes[record.value_at(record.current(bytes))..][..record.shape.size];
    assert_eq!((field.label(), field.value_bytes()), (record.label(bytes), raw));
    let mut all = items(record.code(bytes)).zip(field.values()).take(ITEMS);
    assert!(all.all(|(item, value)| Value::decode(&item, raw).to_string() == value.to_string()));
    let _ = (field.type_code(), field.value().as_integer(), field.value().as_f64());
}

/// A snapshot of a file of version 2: all that it says lies within the bytes.
fn version_2(bytes: &[u8], snapshot: &Snapshot) {
    for field in snapshot.fields().flatten() {
        assert!(field.value_bytes().len() <= bytes.len() && field.offset() < bytes.len());
        let _ = (field.value().to_string(), field.parts(), field.part("p99"), field.quantiles());
        let _ = (field.unit(), field.help(), field.model(), field.merge(), field.type_code());
    }
    assert!(snapshot.records().all(|(record, _)| record.end() <= bytes.len()));
}

fuzz_target!(|data: &[u8]| {
    code(data);
    let (records, defect) = list(data);
    with_scratch(|scratch| {
        scratch.fill(data);
        let mut snapshot = Snapshot::new();
        let read = snapshot.read_file(scratch.file(), scratch.path());
        let is_version_2 = v2::head(data).is_ok();
        assert_eq!(read.is_ok(), data.first() == Some(&VERSION) || is_version_2, "{read:?}");
        if is_version_2 {
            version_2(data, &snapshot);
            assert!(Clues::of(&snapshot).is_ok());
        } else if read.is_ok() {
            let fields: Vec<_> = snapshot.fields().flatten().collect();
            assert_eq!(fields.len(), records.len());
            assert_eq!(snapshot.defect().is_some(), defect.is_some(), "{defect:?}");
            for (field, record) in fields.iter().zip(&records) {
                code(record.code(data));
                values(data, record, field);
            }
            assert!(Clues::of(&snapshot).is_ok());
        }
        let whole = snapshot.read_whole(scratch.path(), Origin::Found);
        assert!(whole.is_ok() && snapshot.bytes() == data, "{whole:?}");
    });
});
