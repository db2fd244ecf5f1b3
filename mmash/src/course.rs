//! How a label's number went, sample by sample.

use std::collections::VecDeque;
use std::mem::size_of;

use figures::Compound;

use crate::shown::{Class, Numbers, Rule, Shown};

/// How many buckets a power of two has in a heat strip.
const PER_OCTAVE: f64 = 2.0;

/// The past of a label, the newest last.
pub(crate) enum Course {
    Lines(VecDeque<Line>),
    Strips(VecDeque<Strip>),
    /// Nothing is drawn of it.
    Nothing,
}

/// A number over all processes, and what it is made of. NaN: there was none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// As the label's kind has it.
    auto: f32,
    sum: f32,
    min: f32,
    max: f32,
    count: u32,
}

/// What was recorded between two samples.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strip {
    pub(crate) count: u64,
    pub(crate) p50: f32,
    pub(crate) p99: f32,
    /// Buckets that are not empty: their numbers, which are half octaves of the unit, and counts.
    pub(crate) cells: Box<[(i16, u32)]>,
}

/// One sample.
pub(crate) enum Point {
    Line(Line),
    Strip(Strip),
    Nothing,
}

impl Line {
    #[allow(clippy::cast_possible_truncation)]
    fn of(numbers: &Numbers, rule: Rule) -> Self {
        let by = |rule| numbers.by(rule).map_or(f32::NAN, |number| number as f32);
        let (auto, sum, min, max) = (by(rule), by(Rule::Sum), by(Rule::Min), by(Rule::Max));
        Self { auto, sum, min, max, count: numbers.count }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn of_one(number: Option<f64>) -> Self {
        let number = number.map_or(f32::NAN, |number| number as f32);
        Self { auto: number, sum: number, min: number, max: number, count: 1 }
    }

    /// By a rule; by that of the label's kind without one.
    pub(crate) fn by(&self, rule: Option<Rule>) -> f32 {
        match rule {
            None | Some(Rule::Latest) => self.auto,
            Some(Rule::Sum) => self.sum,
            Some(Rule::Min) => self.min,
            Some(Rule::Max) => self.max,
            #[allow(clippy::cast_precision_loss)]
            Some(Rule::Avg) => self.sum / self.count as f32,
        }
    }

    /// The least and the greatest of a process.
    pub(crate) fn band(&self) -> (f32, f32) {
        (self.min, self.max)
    }
}

impl Point {
    pub(crate) fn of(class: Class, shown: &Shown) -> Self {
        match class {
            Class::Info => Self::Nothing,
            Class::Counter { .. } => Self::Line(Line::of(&shown.rates.unwrap_or_default(), Rule::Sum)),
            Class::Gauge(rule) => Self::Line(Line::of(&shown.values, rule)),
            Class::Time => Self::Nothing,
            Class::Histogram => Self::Strip(Strip::of(shown.interval.as_ref())),
            Class::Mean | Class::Window | Class::Recent => {
                let view = crate::shown::View { rule: None, is_living: true };
                Self::Line(Line::of_one(shown.drawn(class, view)))
            }
        }
    }
}

impl Strip {
    #[allow(clippy::cast_possible_truncation)]
    fn of(interval: Option<&Compound>) -> Self {
        let Some(Compound::Histogram(total)) = interval else { return Self::default() };
        let mut cells: Vec<(i16, u32)> = Vec::new();
        for (bucket, count) in total.histogram.filled() {
            #[allow(clippy::cast_precision_loss)]
            let middle = bucket.middle() as f64 * total.scale;
            // All that is nothing, or next to it, is in one cell.
            let number = (PER_OCTAVE * middle.max(1e-12).log2()).floor() as i16;
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            match cells.last_mut() {
                Some((last, counted)) if *last == number => *counted = counted.saturating_add(count),
                _ => cells.push((number, count)),
            }
        }
        let part = |name| total.part(name).and_then(|value| value.as_f64()).map_or(f32::NAN, |it| it as f32);
        Self { count: total.count(), p50: part("p50"), p99: part("p99"), cells: cells.into() }
    }
}

impl Course {
    pub(crate) fn new(class: Class) -> Self {
        match class {
            Class::Histogram => Self::Strips(VecDeque::new()),
            Class::Info | Class::Time => Self::Nothing,
            _ => Self::Lines(VecDeque::new()),
        }
    }

    /// Takes in a sample, and keeps at most so many.
    pub(crate) fn push(&mut self, point: Point, kept: usize) {
        match (self, point) {
            (Self::Lines(lines), Point::Line(line)) => push(lines, line, kept),
            (Self::Strips(strips), Point::Strip(strip)) => push(strips, strip, kept),
            _ => {}
        }
    }

    /// What a sample takes in memory, more or less.
    pub(crate) fn bytes_per_sample(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Lines(_) => size_of::<Line>(),
            Self::Strips(strips) => {
                let cells = strips.back().map_or(0, |strip| strip.cells.len());
                size_of::<Strip>() + 8 * cells + 16
            }
        }
    }

    /// What is drawn as a small line: the last `count` samples, a number each.
    pub(crate) fn drawn(&self, rule: Option<Rule>, count: usize) -> Vec<f32> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Lines(lines) => last(lines, count).map(|line| line.by(rule)).collect(),
            Self::Strips(strips) => last(strips, count).map(Strip::p99_or_nothing).collect(),
        }
    }
}

impl Strip {
    fn p99_or_nothing(&self) -> f32 {
        if self.count > 0 { self.p99 } else { f32::NAN }
    }
}

fn push<T>(course: &mut VecDeque<T>, sample: T, kept: usize) {
    course.push_back(sample);
    while course.len() > kept {
        course.pop_front();
    }
    // A course that was longer gives back what it has.
    if course.capacity() > 2 * kept.max(32) {
        course.shrink_to(kept);
    }
}

pub(crate) fn last<T>(course: &VecDeque<T>, count: usize) -> impl Iterator<Item = &T> {
    course.iter().skip(course.len().saturating_sub(count))
}
