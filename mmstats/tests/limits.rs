//! Limits on a process, and sizes that nothing can hold: errors, never the end of the program.

#![allow(clippy::unwrap_used)]

#[path = "common/child.rs"]
mod child;

use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;

use child::{assert_ended_well, in_child};
use mmstats::{
    Certainty, Counter, Error, ErrorKind, Instance, Model, MovingAverage, Observation, Observer, Options,
    Origin, Snapshot, Spec, Text, per_thread, stats,
};
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};

stats! {
    struct Hits {
        hits: Counter,
    }
}

fn hits(path: &Path) -> String {
    Snapshot::of(path).unwrap().find("hits").unwrap().value().to_string()
}

fn limit_file_size(bytes: u64) {
    // The type is not the same everywhere.
    #[allow(clippy::useless_conversion)]
    let bytes = bytes.try_into().unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, bytes, bytes).unwrap();
}

#[track_caller]
fn assert_too_large(error: &Error) {
    assert_eq!(error.as_io().unwrap().raw_os_error(), Some(Errno::EFBIG as i32));
    assert_eq!(error.reason().to_string(), "allocating its blocks: File too large");
}

per_thread! {
    static THREAD: Hits = Options::new();
}

#[test]
fn a_limit_on_file_sizes_is_an_error_and_no_signal() {
    let dir = tempfile::tempdir().unwrap();
    let status = in_child(|| {
        limit_file_size(0);
        let error = Options::new().dir(dir.path()).create::<Hits>().unwrap_err();
        assert_too_large(&error);
        let private = Options::new().dir(dir.path()).create_or_private::<Hits>();
        private.hits.add(3);
        assert_eq!(private.hits.value(), 3);
        assert_too_large(private.error().unwrap());
        // SAFETY: the forked child has one thread.
        unsafe { std::env::set_var("MMSTATS_PATH", dir.path()) };
        THREAD.with(|stats| {
            stats.hits.incr();
            assert_too_large(stats.error().unwrap());
        });
    });
    assert_ended_well(status);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_file_does_not_grow_beyond_the_limit_and_what_it_has_works_on() {
    let dir = tempfile::tempdir().unwrap();
    let status = in_child(|| {
        let stats = Options::new().dir(dir.path()).create::<Hits>().unwrap();
        let page = stats.size() as u64;
        // What fits to the byte is fine.
        limit_file_size(3 * page);
        let mut late = Vec::new();
        let error = loop {
            match stats.add_field(&format!("late.{}", late.len()), Counter::spec()) {
                Ok(counter) => late.push(counter),
                Err(error) => break error,
            }
        };
        assert_too_large(&error);
        assert_eq!(fs::metadata(stats.path()).unwrap().len(), 3 * page);
        late.iter().for_each(Counter::incr);
        stats.hits.incr();
        assert_eq!(hits(stats.path()), "1");
        assert_eq!(Snapshot::of(stats.path()).unwrap().fields().count(), 10 + late.len());
    });
    assert_ended_well(status);
}

/// What adding such a field says, in a file that is to be made, to one that is there, and in private memory.
fn refused<S: Spec + Clone>(spec: &S) -> [Error; 3] {
    let dir = tempfile::tempdir().unwrap();
    let made = Options::new().dir(dir.path()).create_with(|fields| fields.add("large", spec.clone()));
    let first = made.map(drop).unwrap_err();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    let others = [Options::new().dir(dir.path()), Options::new().dir(dir.path().join("missing"))];
    let [second, third] = others.map(|options| {
        let stats = options.create_or_private::<Hits>();
        let error = stats.add_field("large", spec.clone()).map(drop).unwrap_err();
        // The label is free still, and what was there works on.
        stats.add_field("large", Counter::spec()).unwrap().incr();
        stats.hits.incr();
        assert_eq!(stats.hits.value(), 1);
        error
    });
    [first, second, third]
}

#[test]
fn text_that_is_too_large_is_refused_by_name() {
    let sizes = [
        usize::MAX,
        usize::MAX / 2,
        usize::MAX / 2 - 4600,
        1 << (usize::BITS - 2),
        Snapshot::LIMIT,
        Snapshot::LIMIT / 2,
    ];
    for size in sizes {
        for error in refused(&Text::spec().size(size)) {
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{size}: {error}");
            let want = "label \"large\" would end beyond 268435456 bytes, where no reader looks";
            assert_eq!(error.reason().to_string(), want);
        }
    }
}

#[test]
fn a_file_as_large_as_readers_look_at_is_made() {
    let dir = tempfile::tempdir().unwrap();
    // Room for what every instance begins with.
    let size = Snapshot::LIMIT / 2 - 1024;
    let options = Options::new().dir(dir.path());
    let stats = match options.create_with(|fields| fields.add("large", Text::spec().size(size))) {
        Ok(stats) => stats,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    assert_eq!(fs::metadata(stats.path()).unwrap().len(), Snapshot::LIMIT as u64);
    stats.set("end to end");
    assert_eq!(stats.value(), "end to end");
}

#[test]
fn a_window_that_is_too_large_is_refused_by_name() {
    // More than an address can count, and more than there can be: 32 bits could have it.
    let unlikely = cfg!(target_pointer_width = "64").then_some(usize::MAX / 16);
    for window in [usize::MAX, usize::MAX / 8].into_iter().chain(unlikely) {
        for error in refused(&MovingAverage::spec().window(window)) {
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{window}: {error}");
            let want = "label \"large\" has a window that memory cannot hold";
            assert_eq!(error.reason().to_string(), want);
        }
    }
}

#[test]
fn a_model_of_impossible_sizes_says_so_at_the_first_try() {
    struct Large;
    impl Model for Large {
        fn build(fields: &mut mmstats::Builder<'_>) -> Result<Self, Error> {
            fields.add("large", Text::spec().size(usize::MAX)).map(|_| Self)
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path());
    let said =
        std::panic::catch_unwind(|| options.create_or_private::<Large>().path().to_owned()).unwrap_err();
    let said = said.downcast::<String>().unwrap();
    assert!(said.contains("label \"large\" would end beyond"), "{said}");
}

#[test]
fn adding_while_fields_are_added_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let stats: Instance<Hits> = Options::new().dir(dir.path()).create().unwrap();
    let size = stats.size();
    let busy = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(error.path(), stats.path());
        assert_eq!(error.reason().to_string(), "fields are being added to the instance: use their builder");
    };
    let added = stats.add_fields(|fields| {
        let first = fields.add("first", Counter::spec())?;
        busy(stats.add_field("second", Counter::spec()).map(drop).unwrap_err());
        busy(stats.add_fields(|_| Ok(())).unwrap_err());
        busy(stats.flush(false).unwrap_err());
        busy(stats.remove().unwrap_err());
        assert_eq!(stats.size(), size, "as it was before");
        stats.hits.incr();
        stats.keep();
        fields.add("second", Text::spec().size(5000)).map(|second| (first, second))
    });
    let (first, second) = added.unwrap();
    first.incr();
    second.set("text");
    assert!(stats.size() > size);
    let snapshot = Snapshot::of(stats.path()).unwrap();
    assert_eq!(snapshot.find("second").unwrap().value().to_string(), "text");
    stats.remove().unwrap();
    assert!(!stats.path().exists());
}

#[test]
fn more_files_are_followed_than_may_be_open() {
    let dir = tempfile::tempdir().unwrap();
    let web = Options::new().dir(dir.path()).create::<Hits>().unwrap();
    let paths: Vec<_> = (0..60).map(|number| dir.path().join(format!("copy-{number}.mmstats"))).collect();
    for path in &paths {
        fs::copy(web.path(), path).unwrap();
    }
    let status = in_child(|| {
        // Others may be open already.
        let used = u64::try_from(fs::File::open(&paths[0]).unwrap().as_raw_fd()).unwrap();
        // The type is not the same everywhere.
        #[allow(clippy::useless_conversion)]
        let limit = (used + 30).try_into().unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, limit, limit).unwrap();
        let mut observer = Observer::new(Certainty::Newest);
        let mut follow = |path: &std::path::PathBuf| {
            observer.follow(path, Origin::Found, |label| label == b"hits").unwrap()
        };
        let mut followed: Vec<_> = paths.iter().map(&mut follow).collect();
        assert!(followed[0].is_open() && !followed[59].is_open());
        // Where one is free again, it is opened for a moment.
        followed.remove(0);
        let looked = observer.look(followed.last_mut().unwrap(), |label| label == b"hits");
        assert_eq!(looked.unwrap(), Observation::Unchanged);
    });
    assert_ended_well(status);
}
