//! A followed file that becomes another: the observer sees what a new reader sees.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mmstats::{Looks, Observer, Origin, Snapshot};
use mmstats_fuzz::{split, with_scratch};

/// The fields that are followed: all, or those of some labels.
fn wants(label: &[u8]) -> bool {
    label.first().is_none_or(|first| first % 4 != 3)
}

fuzz_target!(|data: &[u8]| {
    let (before, after) = split(data);
    with_scratch(|scratch| {
        for looks in [Looks::One, Looks::Two] {
            scratch.fill(before);
            let mut observer = Observer::new(looks);
            let Ok(mut followed) = observer.follow(scratch.path(), Origin::Found, wants) else { return };
            for bytes in [before, after, before] {
                scratch.fill(bytes);
                let looked = observer.look(&mut followed, wants);
                let read = Snapshot::of(scratch.path());
                let (Ok(_), Ok(snapshot)) = (looked, read) else { continue };
                // A list that ends in a defect is not looked at behind the last wanted field, so it may be
                // longer by now.
                let fields = snapshot.fields().flatten().filter(|field| wants(field.label()));
                for (seen, field) in followed.fields().zip(fields) {
                    assert_eq!(seen.label(), field.label());
                    let value = seen.value().map(|value| value.to_string());
                    assert_eq!(value, Some(field.value().to_string()));
                }
            }
        }
    });
});
