//! Followed files: looked at again and again, whatever their writers do meanwhile.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mmstats::{
    Certainty, Counter, ErrorKind, Followed, Gauge, Observation, Observer, Options, Origin, Text, Value,
    Version, stats,
};

stats! {
    struct Web {
        hits: Counter,
        depth: Gauge<i64>,
        page: Text,
    }
}

fn values(followed: &Followed) -> Vec<String> {
    let shown = followed.fields().map(|field| {
        let label = String::from_utf8_lossy(field.label()).into_owned();
        format!("{label} {} {} {}", field.type_code(), field.bits(), field.value().unwrap())
    });
    shown.collect()
}

fn ours(label: &[u8]) -> bool {
    !label.starts_with(b"sys.") && !label.starts_with(b"org.")
}

fn follow(observer: &mut Observer, path: &Path) -> Followed {
    observer.follow(path, Origin::Found, ours).unwrap()
}

#[test]
fn looks_tell_what_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    let made = |version| Options::new().version(version).dir(dir.path()).create::<Web>().unwrap();
    let (first, second) = (made(Version::V1), made(Version::V2));
    let forms = [["Q", "q", "255s 2040"], ["u64", "i64", "text 4288"]];
    let cases = [(&first, &forms[0]), (&second, &forms[1])];
    let all = cases.iter().flat_map(|case| [(case, Certainty::Newest), (case, Certainty::Published)]);
    for (&(web, [unsigned, signed, text]), looks) in all {
        let mut observer = Observer::new(looks);
        let mut followed = follow(&mut observer, web.path());
        let mut look = || (observer.look(&mut followed, ours).unwrap(), values(&followed));
        web.hits.add(1);
        web.depth.set(-4);
        web.page.set("/a");
        let hits = web.hits.value();
        let want = vec![
            format!("hits {unsigned} 64 {hits}"),
            format!("depth {signed} 64 -4"),
            format!("page {text} /a"),
        ];
        assert_eq!(look(), (Observation::Changed, want.clone()));
        assert_eq!(look(), (Observation::Unchanged, want));
        web.depth.set(-5);
        assert_eq!(
            (look().0, look().1[1].as_str()),
            (Observation::Changed, format!("depth {signed} 64 -5").as_str())
        );
        web.page.set("/b");
        assert_eq!(
            (look().0, look().1[2].as_str()),
            (Observation::Changed, format!("page {text} /b").as_str())
        );
    }
}

#[test]
fn a_field_that_is_added_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let web = Options::new().dir(dir.path()).create::<Web>().unwrap();
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = follow(&mut observer, web.path());
    for number in 0..300 {
        web.add_field(&format!("late.{number}"), Counter::spec()).unwrap().add(number);
        assert_eq!(observer.look(&mut followed, ours).unwrap(), Observation::Anew);
        let last = followed.fields().last().unwrap();
        assert_eq!(
            (last.label(), last.value()),
            (format!("late.{number}").as_bytes(), Some(Value::Unsigned(number)))
        );
        assert_eq!(observer.look(&mut followed, ours).unwrap(), Observation::Unchanged);
    }
    assert!(fs::metadata(web.path()).unwrap().len() > 4096, "over more than one page");
}

/// A file as others write it: these fields, each of which has one value.
fn packed(fields: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![1];
    for (label, code, value) in fields {
        for text in [label, code] {
            bytes.extend(u16::try_from(text.len()).unwrap().to_ne_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes.push(0xff);
        bytes.extend(*value);
    }
    bytes.resize(4096, 0);
    bytes
}

#[test]
fn a_file_whose_fields_are_others_is_read_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mmstats");
    let [one, two] = [packed(&[("a", "B", &[1]), ("b", "B", &[2])]), packed(&[("c", "B", &[3])])];
    fs::write(&path, &one).unwrap();
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = follow(&mut observer, &path);
    fs::write(&path, &two).unwrap();
    assert_eq!(observer.look(&mut followed, ours).unwrap(), Observation::Anew);
    assert_eq!(values(&followed), ["c B 8 3"]);
    for (bytes, kind) in [(&b""[..], ErrorKind::Version), (b"no", ErrorKind::Version)] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(observer.look(&mut followed, ours).unwrap_err().kind(), kind);
    }
    fs::write(&path, &one).unwrap();
    assert_eq!(observer.look(&mut followed, ours).unwrap(), Observation::Anew);
    assert_eq!(values(&followed), ["a B 8 1", "b B 8 2"]);
    fs::write(&path, &one[..9]).unwrap();
    assert_eq!(observer.look(&mut followed, ours).unwrap(), Observation::Anew, "it is shorter");
    assert_eq!(values(&followed), ["a B 8 1"]);
}

#[test]
fn a_writer_that_begins_again_in_the_same_file_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mmstats");
    let file = |pid: u32, created: f64, hits: u8| {
        let (pid, created) = (pid.to_ne_bytes(), created.to_ne_bytes());
        packed(&[("app.sys.pid", "I", &pid), ("app.sys.created", "d", &created), ("hits", "B", &[hits])])
    };
    fs::write(&path, file(7, 1.5, 100)).unwrap();
    let wanted = |label: &[u8]| label == b"hits";
    let mut observer = Observer::new(Certainty::Newest);
    // The same fields and even the same value: only who wrote them is another. A process id may come again.
    for (pid, created, hits) in [(8, 1.5, 100), (8, 2.5, 100), (9, 3.5, 3), (9, 4.5, 200)] {
        let mut followed = observer.follow(&path, Origin::Found, wanted).unwrap();
        assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Unchanged);
        let before = values(&followed);
        fs::write(&path, file(pid, created, hits)).unwrap();
        for _ in 0..2 {
            assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Replaced);
            assert_eq!(values(&followed), before);
        }
    }
    // One that has just begun has not signed yet.
    let mut followed = observer.follow(&path, Origin::Found, wanted).unwrap();
    fs::write(&path, packed(&[("app.sys.pid", "I", &[0; 4])])).unwrap();
    assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Anew);
    fs::write(&path, file(9, 4.5, 201)).unwrap();
    assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Anew, "the same as before");
    assert_eq!(values(&followed), ["hits B 8 201"]);
}

#[test]
fn a_write_buffer_that_makes_no_sense_is_noticed() {
    // A fuzzer found it: one value, and a write buffer byte of 7 in place of 255.
    let one = 1_u16.to_ne_bytes();
    let damaged = [&[1][..], &one, b"a", &one, b"B\x07\xf8\0\0"].concat();
    let mut sound = damaged.clone();
    sound[7] = 0xff;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mmstats");
    fs::write(&path, &sound).unwrap();
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = follow(&mut observer, &path);
    assert_eq!(values(&followed), ["a B 8 248"]);
    fs::write(&path, &damaged).unwrap();
    assert_eq!(observer.look(&mut followed, ours).unwrap(), Observation::Anew);
    assert!(values(&followed).is_empty());
    let defect = observer.snapshot().defect().unwrap();
    assert_eq!(defect.reason().to_string(), "field at byte 1: write buffer 7 is neither 0, 1 nor 255");
}

#[test]
fn an_open_file_outlives_its_name_and_a_closed_one_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let web = options.create::<Web>().unwrap();
    let mut observer = Observer::new(Certainty::Newest);
    let (mut open, mut closed) = (follow(&mut observer, web.path()), follow(&mut observer, web.path()));
    closed.close();
    assert_eq!((open.is_open(), closed.is_open()), (true, false));
    assert_eq!((open.is_locked().unwrap(), closed.is_locked().unwrap()), (true, true));
    assert_eq!(open.identity(), closed.identity());
    web.hits.add(2);
    for followed in [&mut open, &mut closed] {
        assert_eq!(observer.look(followed, ours).unwrap(), Observation::Changed);
    }
    web.hits.add(3);
    let path = web.path().to_owned();
    web.remove().unwrap();
    assert_eq!(observer.look(&mut open, ours).unwrap(), Observation::Changed);
    assert_eq!(open.field(0).value(), Some(Value::Unsigned(5)), "its last counts");
    assert!(observer.look(&mut closed, ours).unwrap_err().is_not_found());
    drop(web);
    assert!(!open.is_locked().unwrap());
    let _again = options.create::<Web>().unwrap();
    assert!(path.exists());
    assert_eq!(observer.look(&mut closed, ours).unwrap(), Observation::Replaced);
}

#[test]
fn nothing_runs_backwards_or_is_torn_under_a_writer() {
    let dir = tempfile::tempdir().unwrap();
    let web = Options::new().dir(dir.path()).create::<Web>().unwrap();
    let path = web.path().to_owned();
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let writer = std::thread::spawn(move || {
        let texts = ["a".repeat(200), "b".repeat(250)];
        let mut n = 0_usize;
        while !stop.load(Ordering::Relaxed) {
            web.hits.incr();
            n += 1;
            if n % 4096 == 0 {
                web.page.set(&texts[n / 4096 % 2]);
            }
        }
        web
    });
    let (mut one, mut two) = (Observer::new(Certainty::Newest), Observer::new(Certainty::Published));
    let (mut by_one, mut by_two) = (follow(&mut one, &path), follow(&mut two, &path));
    let mut last = [0; 2];
    for _ in 0..30_000 {
        for (number, (observer, followed)) in
            [(&mut one, &mut by_one), (&mut two, &mut by_two)].into_iter().enumerate()
        {
            observer.look(followed, ours).unwrap();
            let Some(Value::Unsigned(now)) = followed.field(0).value() else { panic!("no counter") };
            // One look may be one update ahead.
            let ahead = if number == 0 { 2 } else { 0 };
            assert!(now + ahead >= last[number], "{now} after {}", last[number]);
            last[number] = now;
            let Some(Value::Text(text)) = followed.field(2).value() else { panic!("no text") };
            assert!(text.windows(2).all(|pair| pair[0] == pair[1]), "torn: {}", text.escape_ascii());
        }
    }
    done.store(true, Ordering::Relaxed);
    drop(writer.join().unwrap());
    assert!(last.iter().all(|&last| last > 0));
}

#[test]
fn files_with_the_same_fields_are_asked_about_once() {
    let dir = tempfile::tempdir().unwrap();
    let web = |name: &str| {
        let web = Options::new().version(Version::V2).dir(dir.path()).filename(name).create::<Web>().unwrap();
        web.page.set(name);
        web.hits.add(name.len() as u64);
        web
    };
    let files = [web("a.mmstats"), web("another.mmstats"), web("third.mmstats"), web("d.mmstats")];
    let _more = files[2].add_field("more", Gauge::<u64>::spec()).unwrap();
    for is_constant in [false, true] {
        let mut observer = Observer::new(Certainty::Newest);
        if is_constant {
            observer = observer.constant();
        }
        let mut asked = Vec::new();
        let mut followed: Vec<_> = files
            .iter()
            .map(|file| {
                let mut count = 0;
                let followed = observer.follow(file.path(), Origin::Found, |label| {
                    count += 1;
                    ours(label)
                });
                asked.push(count > 0);
                followed.unwrap()
            })
            .collect();
        assert_eq!(asked, [true, !is_constant, true, true], "the third file has one field more");
        let set = followed[0].field_set().unwrap();
        let have: Vec<_> = followed.iter().map(|file| file.has_fields(&set)).collect();
        assert_eq!(have, [true, true, false, true]);
        for (followed, file) in followed.iter_mut().zip(&files) {
            let name = file.path().file_name().unwrap().to_str().unwrap();
            let first = values(followed);
            let count = first[0].rsplit_once(' ').unwrap().1.to_owned();
            assert_eq!(
                (count, first[2].clone()),
                (file.hits.value().to_string(), format!("page text 4288 {name}"))
            );
            assert_eq!(observer.look(followed, ours).unwrap(), Observation::Unchanged);
            file.hits.add(100);
            assert_eq!(observer.look(followed, ours).unwrap(), Observation::Changed);
            assert_eq!(values(followed)[0], format!("hits u64 64 {}", file.hits.value()));
        }
    }
}
