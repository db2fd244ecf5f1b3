//! Looks of this library at a thousand followed files, beside a bare `pread` of each.

use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use mmstats::{Certainty, Counter, Instance, Observer, Origin};

use super::files;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

/// The fields that are followed: four columns.
const WANTED: [&[u8]; 4] =
    [b"web.stats.counter.1", b"web.stats.counter.2", b"web.stats.counter.3", b"web.stats.counter.42"];

pub(super) fn run(settings: &Settings, table: &mut Table) {
    let number = if settings.is_quick { 20 } else { 1000 };
    files::raise_limit();
    let (dir, instances) = files::living(settings.memory(), number);
    let wanted = |label: &[u8]| WANTED.contains(&label);
    let mut observer = Observer::new(Certainty::Newest);
    let paths = instances.iter().map(Instance::path);
    let mut followed: Vec<_> =
        paths.map(|path| observer.follow(path, Origin::Found, wanted).unwrap()).collect();
    let Ok(open) = files::open(&instances) else {
        return table.missing("looks at followed files", "too few files may be open");
    };
    let mut memory = vec![0_u8; 8192];
    let start = memory.as_ptr().align_offset(4096);
    let count = || instances.iter().for_each(|instance| instance.iter().for_each(Counter::incr));
    let (mut bare, mut idle, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.rounds(301) {
        let mut read = || {
            time(|| {
                for file in &open {
                    assert!(file.read_at(&mut memory[start..start + 4096], 0).unwrap() > 0);
                }
            })
        };
        let mut look = || {
            time(|| {
                for file in &mut followed {
                    observer.look(file, wanted).unwrap();
                }
            })
        };
        // What was written last is what the caches hold: each side of a ratio comes after the same work.
        bare.push(read());
        idle.push((look(), bare[bare.len() - 1]));
        count();
        let plain = read();
        count();
        busy.push((look(), plain));
    }
    let against = "a bare pread of each";
    table.base(&format!("{against}, {number} files"), Amount::Seconds(median(&bare)));
    for (name, pairs) in [("nothing has changed", idle), ("everything has changed", busy)] {
        let (own, other): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let amount = Amount::Seconds(median(&own));
        let name = format!("{number} looks, {name}");
        table.row(&name, against, &Sample::ratios(&own, &other), amount, Some(1.05));
    }
    drop(instances);
    fs::remove_dir_all(dir).unwrap();
}

fn time(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}
