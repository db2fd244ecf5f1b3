//! The writer of this library, in a process of its own. Ends with its parent.

use std::error::Error;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::thread;

use mmstats::{
    Average, Counter, Error as StatsError, Gauge, Histogram, Instance, Number, Options, Recent,
    SharedCounter, SharedHistogram, Spec, Text, Version, Window,
};

use crate::kinds::{
    ADDED, BUCKETS, KEPT, Kind, LONGEST, PREFIX, Texts, WINDOW_SECONDS, WRITERS, What, added, kinds,
};
use crate::say_ready;

/// Updates between two looks whether the parent is still there.
const STRETCH: usize = 10_000;

/// Writes values of the kind that is called `name` to the file at `path`, in a version.
pub(crate) fn write(version: Version, name: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let kind = kinds().into_iter().find(|kind| kind.name == name).ok_or("no such kind")?;
    let writer = Writer::new(&kind, version, path)?;
    match kind.what {
        What::Added => writer.fields(),
        What::Count => writer.count(),
        What::U16 => writer.numbers(|bits| bits as u16),
        What::U32 => writer.numbers(|bits| bits as u32),
        What::U64 => writer.numbers(|bits| bits),
        What::F64 => writer.numbers(f64::from_bits),
        What::Text(texts) => writer.texts(texts),
        What::Mean => {
            let means = writer.create(Average::spec)?;
            let means: &[Average] = &means;
            writer.rounds(|n| means.iter().for_each(|mean| mean.add(added(n))))
        }
        What::Window => {
            let windows = writer.create(|| Window::spec().seconds(WINDOW_SECONDS))?;
            let windows: &[Window] = &windows;
            writer.rounds(|n| windows.iter().for_each(|window| window.add(added(n))))
        }
        What::Recent => {
            let recents = writer.create(|| Recent::spec().keep(KEPT))?;
            let recents: &[Recent] = &recents;
            writer.rounds(|n| recents.iter().for_each(|recent| recent.add(n as f64)))
        }
        What::Histogram => {
            let histograms = writer.create(Histogram::spec)?;
            let histograms: &[Histogram] = &histograms;
            writer.rounds(|n| histograms.iter().for_each(|histogram| histogram.record(n % BUCKETS)))
        }
        What::SharedCount => {
            let counters = writer.create(SharedCounter::spec)?;
            let counters: &[SharedCounter] = &counters;
            writer.at_once(|_| counters.iter().for_each(|counter| counter.add(What::SharedCount.number(1))))
        }
        What::SharedHistogram => {
            let histograms = writer.create(SharedHistogram::spec)?;
            let histograms: &[SharedHistogram] = &histograms;
            writer.at_once(|n| histograms.iter().for_each(|histogram| histogram.record(n % BUCKETS)))
        }
    }
}

struct Writer<'a> {
    kind: &'a Kind,
    options: Options,
    parent: u32,
}

impl<'a> Writer<'a> {
    fn new(kind: &'a Kind, version: Version, path: &Path) -> Result<Self, Box<dyn Error>> {
        let parent = parent_id();
        let folder = path.parent().ok_or("no folder")?;
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("no name")?;
        Ok(Self { kind, options: Options::new().version(version).dir(folder).filename(name), parent })
    }

    fn create<S: Spec>(&self, spec: impl Fn() -> S) -> Result<Instance<Vec<S::Field>>, StatsError> {
        self.options.create_with(|builder| {
            (0..self.kind.fields).map(|n| builder.add(&format!("{PREFIX}{n:04}"), spec())).collect()
        })
    }

    fn count(&self) -> Result<(), Box<dyn Error>> {
        let counters = self.create(Counter::spec)?;
        let counters: &[Counter] = &counters;
        self.rounds(|n| {
            let value = What::Count.number(n);
            counters.iter().for_each(|counter| counter.set(value));
        })
    }

    fn numbers<T: Number>(&self, of_bits: fn(u64) -> T) -> Result<(), Box<dyn Error>> {
        let gauges = self.create(|| Gauge::<T>::spec().initial(of_bits(0)))?;
        let gauges: &[Gauge<T>] = &gauges;
        self.rounds(|n| {
            let value = of_bits(self.kind.what.number(n));
            gauges.iter().for_each(|gauge| gauge.set(value));
        })
    }

    fn texts(&self, texts: Texts) -> Result<(), Box<dyn Error>> {
        let mut memory = [0; LONGEST];
        let initial = texts.text(0, &mut memory).to_owned();
        let fields = self.create(|| Text::spec().size(texts.size).initial(initial.as_str()))?;
        let fields: &[Text] = &fields;
        self.rounds(|n| {
            let text = texts.text(n, &mut memory);
            fields.iter().for_each(|field| field.set(text));
        })
    }

    /// Calls `round` again and again, which updates every field once.
    fn rounds(&self, mut round: impl FnMut(u64)) -> Result<(), Box<dyn Error>> {
        say_ready()?;
        self.stretches(0, &mut round);
        Ok(())
    }

    /// The same on several threads, each of which begins with another number.
    fn at_once(&self, round: impl Fn(u64) + Sync) -> Result<(), Box<dyn Error>> {
        say_ready()?;
        thread::scope(|scope| {
            for number in 0..WRITERS {
                let mut round = &round;
                scope.spawn(move || self.stretches(number * BUCKETS / WRITERS, &mut round));
            }
        });
        Ok(())
    }

    fn stretches(&self, mut n: u64, round: &mut impl FnMut(u64)) {
        let stretch = (STRETCH / self.kind.fields).max(1) as u64;
        while parent_id() == self.parent {
            for _ in 0..stretch {
                n += 1;
                round(n);
            }
        }
    }

    /// Adds fields to file after file.
    fn fields(&self) -> Result<(), Box<dyn Error>> {
        let labels: Vec<_> = (0..ADDED).map(|n| format!("field.{n:04}")).collect();
        let mut is_first = true;
        while parent_id() == self.parent {
            let instance = self.options.create::<()>()?;
            for label in &labels {
                instance.add_field(label, Text::spec().size(16).initial("whole"))?;
            }
            if is_first {
                say_ready()?;
            }
            is_first = false;
        }
        Ok(())
    }
}
