//! The writer of this library, in a process of its own. Ends with its parent.

use std::error::Error;
use std::io::Write;
use std::os::unix::process::parent_id;
use std::path::Path;

use mmstats::{Counter, Error as StatsError, Gauge, Instance, Number, Options, Spec, Text, Version};

use crate::kinds::{ADDED, Kind, PREFIX, Texts, What, kinds};

/// Updates between two looks whether the parent is still there.
const STRETCH: usize = 10_000;

/// Writes values of the kind that is called `name` to the file at `path`.
pub(crate) fn write(name: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let kind = kinds().into_iter().find(|kind| kind.name == name).ok_or("no such kind")?;
    let writer = Writer::new(&kind, path)?;
    match kind.what {
        What::Added => writer.fields(),
        What::Count => writer.count(),
        What::U16 => writer.numbers(|bits| bits as u16),
        What::U32 => writer.numbers(|bits| bits as u32),
        What::U64 => writer.numbers(|bits| bits),
        What::F64 => writer.numbers(f64::from_bits),
        What::Text(texts) => writer.texts(texts),
    }
}

struct Writer<'a> {
    kind: &'a Kind,
    options: Options,
    parent: u32,
}

impl<'a> Writer<'a> {
    fn new(kind: &'a Kind, path: &Path) -> Result<Self, Box<dyn Error>> {
        let parent = parent_id();
        let dir = path.parent().ok_or("no directory")?;
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("no name")?;
        Ok(Self { kind, options: Options::new().version(Version::V1).dir(dir).filename(name), parent })
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
        let mut memory = [0; 256];
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
        ready()?;
        let stretch = (STRETCH / self.kind.fields).max(1) as u64;
        let mut n = 0;
        while parent_id() == self.parent {
            for _ in 0..stretch {
                n += 1;
                round(n);
            }
        }
        Ok(())
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
                ready()?;
            }
            is_first = false;
        }
        Ok(())
    }
}

fn ready() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(b"ready\n")?;
    out.flush()
}
