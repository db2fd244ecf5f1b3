//! What mmcat makes of any bytes: regions that cover them, a dump, records, findings.

#![no_main]
#![allow(dead_code)]

#[path = "../../../mmcat/src/check/mod.rs"]
mod check;
#[path = "../../../mmcat/src/dump.rs"]
mod dump;
#[path = "../../../mmcat/src/number.rs"]
mod number;
#[path = "../../../mmcat/src/record.rs"]
mod record;
#[path = "../../../mmcat/src/region/mod.rs"]
mod region;
#[path = "../../../mmcat/src/values.rs"]
mod values;

use std::path::Path;

use cli::When;
use libfuzzer_sys::fuzz_target;
use mmstats_fuzz::{assert_clean, assert_records, assert_same_but_for_color, printed};

fuzz_target!(|data: &[u8]| {
    let (plain, colored) = (When::Never.decide(false), When::Always.decide(false));
    let path = Path::new("a\x1b[31m\tb.mmstats");
    let mut at = 0;
    for region in region::regions(data) {
        assert!(region.at == at, "{region:?}");
        assert_eq!(region.bytes, &data[at..at + region.bytes.len()]);
        at += region.bytes.len();
    }
    assert_eq!(at, data.len());
    let dump = |color| printed(|out| dump::write(path, data, color, out));
    assert_clean(&dump(plain));
    assert_same_but_for_color(&dump(colored), &dump(plain));
    let records = |color| printed(|out| record::write(path, data, color, out));
    assert_records(&records(plain), 6);
    assert_same_but_for_color(&records(colored), &records(plain));
    let findings = check::findings(data);
    assert!(findings.iter().all(|finding| finding.at <= data.len()));
    let check = |color| printed(|out| check::write(path, &findings, color, out));
    assert_records(&check(plain), 5);
    assert_same_but_for_color(&check(colored), &check(plain));
});
