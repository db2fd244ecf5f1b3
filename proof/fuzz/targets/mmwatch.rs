//! What mmwatch tells about a file that becomes another.

#![no_main]
#![allow(dead_code)]

#[path = "../../../mmwatch/src/records.rs"]
mod records;
#[path = "../../../mmwatch/src/rows.rs"]
mod rows;
#[path = "../../../mmwatch/src/together.rs"]
mod together;
#[path = "../../../mmwatch/src/until.rs"]
mod until;
#[path = "../../../mmwatch/src/wait.rs"]
mod wait;
#[path = "../../../mmwatch/src/watch.rs"]
mod watch;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cli::{Labels, Tool, When};
use files::Roster;
use libfuzzer_sys::fuzz_target;
use mmstats::{Certainty, Snapshot};
use mmstats_fuzz::{
    Scratch, assert_objects, assert_records, assert_same_but_for_color, printed, run, split, with_scratch,
};

use records::{Format, Records};
use until::Until;
use watch::Watch;

/// What a run prints without the times, which differ from run to run.
fn watched(tool: &Tool, scratch: &Scratch, files: [&[u8]; 2], format: Format, when: When) -> String {
    let color = when.decide(false);
    let text = printed(|out| {
        scratch.fill(files[0]);
        let mut roster = Roster::new(vec![scratch.path().into()], Certainty::Published);
        let mut watch = Watch::new(Labels::default(), Records { format, color }, out);
        watch.initial = true;
        watch.look(tool, &mut roster)?;
        for bytes in [files[1], files[0]] {
            scratch.fill(bytes);
            watch.look(tool, &mut roster)?;
        }
        Ok(())
    });
    if format == Format::Json {
        return text;
    }
    text.lines().map(|line| line.split_once('\t').map_or("", |(_, rest)| rest).to_owned() + "\n").collect()
}

fuzz_target!(|data: &[u8]| {
    let (before, after) = split(data);
    with_scratch(|scratch| {
        run(|tool| {
            let files = [before, after];
            let lines = watched(tool, scratch, files, Format::Lines, When::Never);
            assert_records(&lines, 4);
            let colored = watched(tool, scratch, files, Format::Lines, When::Always);
            assert_same_but_for_color(&colored, &lines);
            assert_objects(&watched(tool, scratch, files, Format::Json, When::Never));
            Ok(())
        });
        // The option's value is no stranger's, but its comparison meets whatever the file holds.
        let Ok(until) = Until::parse(OsStr::from_bytes(after)) else { return };
        scratch.fill(before);
        if let Ok(snapshot) = Snapshot::of(scratch.path()) {
            for field in snapshot.fields().flatten() {
                let _ = until.holds(&field.value().into());
            }
            let _ = until.find_in(&snapshot);
        }
    });
});
