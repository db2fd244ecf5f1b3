//! A followed file that becomes another: what the observer sees is there.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mmstats::{Certainty, DataType, FollowedField, Observation, Observer, Origin, Snapshot, SnapshotField};
use mmstats_fuzz::{split, with_scratch};

/// The fields that are followed where not all are.
fn some(label: &[u8]) -> bool {
    label.first().is_none_or(|first| first % 4 != 3)
}

fuzz_target!(|data: &[u8]| {
    let (before, after) = split(data);
    with_scratch(|scratch| {
        for (looks, all) in
            [(Certainty::Newest, true), (Certainty::Published, true), (Certainty::Newest, false)]
        {
            let wants = |label: &[u8]| all || some(label);
            scratch.fill(before);
            let mut observer = Observer::new(looks);
            let Ok(mut followed) = observer.follow(scratch.path(), Origin::Found, wants) else { return };
            for bytes in [before, after, before] {
                scratch.fill(bytes);
                let looked = observer.look(&mut followed, wants);
                let read = Snapshot::of(scratch.path());
                let (Ok(looked), Ok(snapshot)) = (looked, read) else { continue };
                // Another writer's, of which nothing has been taken in: what was seen is of the file before.
                if looked == Observation::Replaced {
                    continue;
                }
                // Only the heads of followed fields are looked at again, since none ever changes in a file
                // that a writer made. Where strangers change the others in place, what is followed may lie
                // in the midst of something else by now.
                let mut fields = snapshot.fields().flatten();
                // In version 2 it is taken for granted, too, that a text changes only with its number, and windows
                // change by themselves.
                let is_certain = |seen: &FollowedField<'_>| match seen.data_type() {
                    None => all || looked == Observation::Anew,
                    Some(data) => looked == Observation::Anew && data != DataType::Window,
                };
                let could_be_had = |seen: &FollowedField<'_>| seen.value().is_some();
                for seen in followed.fields().filter(could_be_had).filter(is_certain) {
                    let value = seen.value().map(|value| value.to_string());
                    let is_seen = |field: &SnapshotField<'_>| {
                        field.label() == seen.label() && Some(field.value().to_string()) == value
                    };
                    assert!(fields.any(|field| is_seen(&field)), "{looked:?}: {:?} {value:?}", seen.label());
                }
                if looked == Observation::Anew {
                    let wanted = snapshot.fields().flatten().filter(|field| wants(field.label()));
                    assert_eq!(followed.fields().filter(could_be_had).count(), wanted.count());
                }
            }
        }
    });
});
