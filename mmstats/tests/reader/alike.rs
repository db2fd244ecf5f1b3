//! One snapshot that reads file after file, beside a new one for each: what the file before was makes no difference.

use std::fs;
use std::path::Path;

use mmstats::{
    Average, Bool, Counter, Gauge, Histogram, Options, Origin, Recent, Snapshot, StaticText, Text, Version,
    stats,
};

stats! {
    struct Web {
        hits: Counter { unit: "requests" },
        depth: Gauge<i16>,
        ready: Bool,
        page: Text { initial: "/" },
        version: StaticText { value: "1.0" },
        size: Average,
        last: Recent,
        answer: Histogram { precision: 2 },
    }
}

/// All that a snapshot says.
fn said(snapshot: &mut Snapshot, path: &Path) -> Vec<String> {
    let read = snapshot.read(path, Origin::Found);
    let mut said = vec![format!("{:?}", read.map_err(|error| error.to_string()))];
    said.extend(snapshot.fields().map(|field| match field {
        Ok(field) => format!(
            "{} {} {} {:?} {:?}",
            String::from_utf8_lossy(field.label()),
            field.type_code(),
            field.value(),
            field.unit(),
            field.kind()
        ),
        Err(error) => error.to_string(),
    }));
    for ending in ["sys.pid", "sys.created", "sys.folded", "hits"] {
        said.push(format!("{:?}", snapshot.find(ending).map(|field| field.value().to_string())));
    }
    said.extend(snapshot.defect().map(|defect| defect.to_string()));
    said
}

/// Bytes of a file, with other numbers in it each time.
fn bytes(dir: &Path, version: Version, more: u64) -> Vec<u8> {
    let web = Options::new().version(version).dir(dir).create::<Web>().unwrap();
    web.hits.add(more);
    web.depth.set(-3);
    web.page.set(&"/a".repeat(usize::try_from(more).unwrap()));
    web.size.add(2.5);
    web.last.add(4.0);
    (0..more).for_each(|value| web.answer.record(value));
    let other = web.add_field("more", Counter::spec()).unwrap();
    other.add(more);
    fs::read(web.path()).unwrap()
}

#[test]
fn what_was_read_before_makes_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [5, 17].map(|more| bytes(dir.path(), Version::V2, more));
    let mut cases = vec![one.clone(), other.clone(), bytes(dir.path(), Version::V1, 3), other.clone()];
    cases.extend([Vec::new(), vec![2], other.clone(), vec![9; 300], one.clone(), other.clone()]);
    // Every part of it is another in one of them: heads, labels, values, what says that the list ends.
    for at in (0..other.len()).step_by(if cfg!(miri) { 501 } else { 13 }) {
        let mut changed = other.clone();
        changed[at] ^= 1 << (at % 8);
        cases.extend([changed, one.clone()]);
    }
    for end in (0..other.len()).step_by(257) {
        cases.extend([other[..end].to_vec(), one.clone()]);
    }
    let (path, mut reused) = (dir.path().join("case.mmstats"), Snapshot::new());
    for (number, case) in cases.iter().enumerate() {
        fs::write(&path, case).unwrap();
        assert_eq!(said(&mut reused, &path), said(&mut Snapshot::new(), &path), "case {number}");
    }
    let missing = dir.path().join("missing.mmstats");
    assert_eq!(said(&mut reused, &missing), said(&mut Snapshot::new(), &missing));
    assert_eq!(said(&mut reused, &path), said(&mut Snapshot::new(), &path));
}
