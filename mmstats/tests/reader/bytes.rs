//! Any bytes at all.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;

use mmstats::Value;
use mmstats::format::type_code::items;
use mmstats::format::v1::{self, Defect};
use proptest::prelude::*;

use super::{field, golden, read, write};

#[test]
fn every_single_byte_may_be_wrong() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["original-0.8.0", "ours"] {
        let mut bytes = fs::read(golden(name)).unwrap();
        let path = write(dir.path(), &bytes);
        let mut file = File::options().write(true).open(&path).unwrap();
        file.flush().unwrap();
        for at in 0..bytes.len() {
            let right = bytes[at];
            for wrong in [0, 1, 0xff, right ^ 0x80, right.wrapping_add(1)] {
                bytes[at] = wrong;
                let (mut next, mut fields) = (v1::FIRST_FIELD, 0);
                while let Ok(Some(record)) = v1::field(&bytes, next) {
                    assert!(record.end > next && record.end <= bytes.len());
                    let value = &bytes[record.value_at(record.current(&bytes))..][..record.shape.size];
                    items(record.code(&bytes)).for_each(|item| drop(Value::decode(&item, value).to_string()));
                    (next, fields) = (record.end, fields + 1);
                }
                assert!(fields <= bytes.len() / 6);
            }
            // And once through the whole reader.
            bytes[at] = right ^ 0xff;
            file.write_all_at(&[bytes[at]], at as u64).unwrap();
            let _ = read(&path);
            bytes[at] = right;
            file.write_all_at(&[right], at as u64).unwrap();
        }
    }
}

/// A type code that Python would take.
fn code() -> impl Strategy<Value = String> {
    let item = (0_usize..20, prop::sample::select(b"cbB?hHiIlLqQfdspx".to_vec()));
    (prop::sample::select(vec!["", "@", "=", "<", ">", "!"]), prop::collection::vec(item, 1..5)).prop_map(
        |(order, items)| {
            let items: String =
                items.iter().map(|(count, code)| format!(" {count}{}", *code as char)).collect();
            format!("{order}{items}b")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_found(
        fields in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..40), code(), 0_u8..3), 0..20),
        tail in 0_usize..9,
    ) {
        let mut bytes = vec![1];
        for (label, code, index) in &fields {
            let size = mmstats::format::type_code::ValueShape::parse(code.as_bytes()).unwrap().size;
            let index = if *index == 2 { 0xff } else { *index };
            let values = vec![0x5a; size * if index == 0xff { 1 } else { 2 }];
            bytes.extend(field(label, code, index, &values));
        }
        bytes.resize(bytes.len() + tail, 0);
        let mut at = 1;
        for (label, code, _) in &fields {
            let record = v1::field(&bytes, at).unwrap().unwrap();
            prop_assert_eq!(record.label(&bytes), &label[..]);
            prop_assert_eq!(record.code(&bytes), code.as_bytes());
            at = record.end;
        }
        prop_assert_eq!(v1::field(&bytes, at), Ok(None));
    }

    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(0xff), any::<u8>()], 0..300)) {
        let mut at = v1::FIRST_FIELD;
        loop {
            match v1::field(&bytes, at) {
                Ok(Some(record)) => {
                    prop_assert!(record.end > at && record.end <= bytes.len());
                    at = record.end;
                }
                Ok(None) => break,
                Err(Defect::Short { end, .. }) => {
                    prop_assert!(end > bytes.len());
                    break;
                }
                Err(_) => break,
            }
        }
    }
}
