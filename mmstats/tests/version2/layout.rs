//! Where the writer puts things, and what a reader sees while it does.

use std::fs;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::MetricType;
use mmstats::{Average, Bool, Counter, Gauge, Histogram, MergeRule, Text, Timer, Version, Window, stats};

use crate::{line, parsed, place, show};

stats! {
    /// Ten in a row.
    struct Ten {
        a: Counter,
        b: Counter,
        c: Counter,
        d: Counter,
        e: Counter,
        f: Counter,
        g: Counter,
        h: Counter,
        i: Counter,
        j: Counter,
    }

    /// Small values and large ones.
    struct Mixed {
        /// Helps.
        first: Counter { unit: "requests" },
        mean: Average,
        ten: Ten = "ten.",
        text: Text { size: 300, initial: "text" },
        took: Timer { quantiles: [0.5] },
        ready: Bool { initial: true },
        load: Gauge<f64> { merge: MergeRule::Avg },
        window: Window { seconds: 5 },
        last: Average,
    }
}

const LINE: usize = 64;

#[test]
fn ten_counters_touch_two_cache_lines() {
    let (_dir, options) = place(Version::V2);
    for prefix in ["", "a.prefix.of.some.length."] {
        let ten = options.clone().label_prefix(prefix).create::<Ten>().unwrap();
        let (_, fields) = parsed(ten.path());
        let mut touched: Vec<_> = fields[fields.len() - 10..]
            .iter()
            .flat_map(|(_, field)| [field.value.start / LINE, (field.value.end - 1) / LINE])
            .collect();
        let others = fields[..fields.len() - 10].iter().map(|(_, field)| (field.value.end - 1) / LINE);
        assert!(others.into_iter().all(|line| !touched.contains(&line)), "what never changes lies elsewhere");
        touched.dedup();
        assert_eq!(touched.len(), 2, "{touched:?}");
    }
}

#[test]
fn the_file_is_byte_for_byte_where_the_page_has_it() {
    let (_dir, options) = place(Version::V2);
    let mixed = options.create::<Mixed>().unwrap();
    mixed.first.incr();
    mixed.mean.add(2.5);
    mixed.ten.j.add(1000);
    mixed.took.record(std::time::Duration::from_millis(3));
    mixed.add_field_late();
    let (bytes, fields) = parsed(mixed.path());
    let mut image = Image::new();
    for (label, field) in &fields {
        let (items, defects) = Items::parse(&bytes[field.items.clone()]);
        assert!(defects.is_empty());
        let (data, metric) = (field.data_type().unwrap(), MetricType::from_id(field.metric).unwrap());
        assert!(metric != MetricType::Unknown && metric.fits(data), "{label}");
        image.add(&Description { label, data, metric, items }, &bytes[field.value.clone()]).unwrap();
        if label == mmstats::MODEL_LABEL {
            image.new_line();
        }
        let (from, to) = (field.value.start / LINE, (field.value.end - 1) / LINE);
        assert!(from == to || field.value.start % LINE == 0, "{label} begins or is within a line");
    }
    assert!(image.finish() == bytes, "{fields:?}");
    assert_eq!(mixed.size(), bytes.len());
}

trait AddLate {
    fn add_field_late(&self);
}

impl AddLate for mmstats::Instance<Mixed> {
    fn add_field_late(&self) {
        self.add_field("late", Counter::spec().help("Late")).unwrap().add(3);
        self.add_field("late.large", Histogram::spec().precision(8)).unwrap().record(77);
    }
}

#[test]
fn fields_added_late_are_right_over_many_mappings() {
    let (_dir, options) = place(Version::V2);
    let stats = options.create::<()>().unwrap();
    let counters: Vec<_> =
        (0..5000).map(|n| stats.add_field(&format!("late.{n}"), Counter::spec()).unwrap()).collect();
    let large: Vec<_> =
        (0..30).map(|n| stats.add_field(&format!("h.{n}"), Histogram::spec()).unwrap()).collect();
    (0..).zip(&counters).for_each(|(n, counter)| counter.set(n));
    (0..).zip(&large).for_each(|(n, histogram)| histogram.record(n));
    assert!(stats.size() > 8 * 64 * 1024);
    let (bytes, fields) = parsed(stats.path());
    let number = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
    let late: Vec<_> = fields.iter().filter(|(label, _)| label.starts_with("late.")).collect();
    assert_eq!(late.len(), 5000);
    (0..).zip(late).for_each(|(n, (_, field))| assert_eq!(number(field.value.start), n));
    for n in 0..30 {
        let want = format!("histogram\thistogram\t-\tcount=1 sum={n} max={n}");
        assert_eq!(line(stats.path(), &format!("h.{n}")).unwrap(), want);
    }
}

#[test]
fn a_reader_sees_whole_fields_while_they_are_added() {
    let (_dir, options) = place(Version::V2);
    let stats = options.create::<()>().unwrap();
    let path = stats.path().to_owned();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Set also by a panic, or nobody would end.
            struct Done<'a>(&'a AtomicBool);
            impl Drop for Done<'_> {
                fn drop(&mut self) {
                    self.0.store(true, Ordering::Release);
                }
            }
            let _done = Done(&done);
            let stats = stats;
            for n in 0..1500_u32 {
                let label = format!("field.{n}");
                match n % 3 {
                    0 => drop(stats.add_field(&label, Gauge::<u32>::spec().initial(n)).unwrap()),
                    1 => drop(stats.add_field(&label, Text::spec().initial(n.to_string())).unwrap()),
                    _ => drop(stats.add_field(&label, Histogram::spec().range(20)).unwrap()),
                }
            }
            stats.keep();
        });
        let file = fs::File::open(&path).unwrap();
        let look = || {
            let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
            let read = file.read_at(&mut bytes, 0).unwrap();
            bytes.truncate(read);
            bytes
        };
        let mut seen = 0;
        loop {
            let last = done.load(Ordering::Acquire);
            let first = look();
            let second = look();
            // The value by the looks after the one that the record is from.
            let (fields, _) = show::fields([&first, &second, &second, &second]).unwrap();
            let own: Vec<_> = fields.into_iter().map(Result::unwrap).skip(8).collect();
            for (n, field) in own.iter().enumerate() {
                assert_eq!(second[field.label.clone()], *format!("field.{n}").as_bytes());
                let reading = show::value(field, field.data_type().unwrap(), [&second; 3]).unwrap();
                assert!(reading.is_some(), "field {n}");
                if n % 3 == 0 {
                    assert_eq!(second[field.value.clone()], u32::try_from(n).unwrap().to_ne_bytes());
                }
            }
            assert!(own.len() >= seen, "none goes");
            seen = own.len();
            if last {
                break;
            }
        }
        assert_eq!(seen, 1500);
    });
}

#[test]
fn the_dead_of_version_2_are_replaced() {
    let (_dir, options) = place(Version::V2);
    let options = options.filename("x.mmstats");
    let first = options.create::<Ten>().unwrap();
    assert_eq!(options.create::<Ten>().unwrap_err().kind(), mmstats::ErrorKind::Held);
    first.keep();
    drop(first);
    let second = options.create::<Ten>().unwrap();
    second.a.add(5);
    assert_eq!(line(second.path(), "a").unwrap(), "counter\tu64\t-\t5");
}
