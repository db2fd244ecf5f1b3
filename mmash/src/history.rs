//! What has been seen so far: every label, its values now, and how they came to be what they are.

use std::collections::{HashMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use mmstats::MetricType;

use crate::course::{Course, Point};
use crate::shown::{Class, Remains, Shown};

/// For how many samples the past is kept, if there is room.
pub(crate) const SAMPLES: usize = 600;
/// How much memory the past of all labels may take, in bytes.
const MEMORY: usize = 32 * 1024 * 1024;
/// How many labels there may be. More are left out.
pub(crate) const LABELS: usize = 50_000;
/// How many beginnings and ends of programs are remembered.
const MARKS: usize = 500;

/// A label, in the place that it keeps as long as it is there.
pub(crate) struct Label {
    pub(crate) name: Vec<u8>,
    pub(crate) about: About,
    /// The sample with which this was learnt.
    pub(crate) born: u64,
    /// The sample that differed last from the one before.
    pub(crate) changed: u64,
    pub(crate) shown: Shown,
    pub(crate) remains: Remains,
    pub(crate) course: Course,
    /// How many people look at it alone: then its processes are listed.
    pub(crate) observers: usize,
    pub(crate) rows: Vec<Row>,
    /// For how many samples nobody has had it.
    missed: usize,
}

/// What the files say of a label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct About {
    pub(crate) class: Class,
    pub(crate) kind: MetricType,
    pub(crate) unit: Option<String>,
    pub(crate) help: Option<String>,
}

/// One process, where a label is looked at alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) process: String,
    /// In JSON.
    pub(crate) value: String,
    pub(crate) drawn: Option<f64>,
}

/// A program that has begun or ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) tick: u64,
    pub(crate) has_begun: bool,
    pub(crate) process: String,
    /// The labels that it has, sorted.
    pub(crate) labels: Vec<u32>,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Record {
    /// How many samples there have been.
    pub(crate) tick: u64,
    /// When the last ones were taken, in milliseconds since 1970.
    pub(crate) times: VecDeque<u64>,
    pub(crate) labels: Vec<Option<Label>>,
    known: HashMap<Vec<u8>, u32>,
    free: Vec<u32>,
    pub(crate) marks: VecDeque<Mark>,
    /// The last sample with which a label went for good.
    pub(crate) gone: u64,
    pub(crate) files: usize,
    pub(crate) dead_files: usize,
}

impl Record {
    /// A label's place. `None` if there are too many.
    pub(crate) fn place(&mut self, name: &[u8], about: impl FnOnce() -> About) -> Option<u32> {
        if let Some(&place) = self.known.get(name) {
            let born = self.tick + 1;
            let label = self.get_mut(place)?;
            // What one file says counts for those that do not say anything.
            if label.about.kind == MetricType::Unknown {
                let about = about();
                if about.kind != MetricType::Unknown {
                    (label.course, label.about) = (Course::new(about.class), about);
                    (label.born, label.changed) = (born, born);
                }
            }
            return Some(place);
        }
        if self.known.len() >= LABELS {
            return None;
        }
        let about = about();
        let label = Label {
            name: name.to_vec(),
            course: Course::new(about.class),
            about,
            born: self.tick + 1,
            changed: self.tick + 1,
            shown: Shown::default(),
            remains: Remains::default(),
            observers: 0,
            rows: Vec::new(),
            missed: 0,
        };
        let place = self.free.pop().unwrap_or_else(|| {
            self.labels.push(None);
            u32::try_from(self.labels.len() - 1).unwrap_or(u32::MAX)
        });
        *self.labels.get_mut(place as usize)? = Some(label);
        self.known.insert(name.to_vec(), place);
        Some(place)
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<u32> {
        self.known.get(name).copied()
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Label> {
        self.labels.get(place as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Label> {
        self.labels.get_mut(place as usize)?.as_mut()
    }

    /// All labels with their places.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Label)> {
        let places = (0..).zip(&self.labels);
        places.filter_map(|(place, label)| Some((place, label.as_ref()?)))
    }

    /// Takes in the values of a new sample, by place.
    pub(crate) fn take(&mut self, shown: Vec<Shown>) {
        self.tick += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.times.push_back(u64::try_from(now).unwrap_or(u64::MAX));
        let kept = self.kept();
        while self.times.len() > kept {
            self.times.pop_front();
        }
        let mut shown = shown.into_iter();
        for (place, slot) in (0..).zip(&mut self.labels) {
            let now = shown.next().unwrap_or_default();
            let Some(label) = slot else { continue };
            let is_there = now.processes > 0 || label.remains.files > 0 || label.observers > 0;
            label.missed = if is_there { 0 } else { label.missed + 1 };
            if label.missed > SAMPLES {
                self.known.remove(&label.name);
                *slot = None;
                self.free.push(place);
                self.gone = self.tick;
                continue;
            }
            if label.shown != now {
                label.changed = self.tick;
            }
            label.course.push(Point::of(label.about.class, &now), kept);
            label.shown = now;
        }
    }

    /// How many samples are kept: fewer if there are many labels.
    fn kept(&self) -> usize {
        let each: usize = self.all().map(|(_, label)| label.course.bytes_per_sample()).sum();
        (MEMORY / each.max(1)).clamp(30, SAMPLES)
    }

    /// What nobody has said of a label turned out to be wrong: it falls, so it is no counter.
    pub(crate) fn is_gauge(&mut self, place: u32) {
        let born = self.tick + 1;
        if let Some(label) = self.get_mut(place) {
            label.about.class = Class::Gauge(crate::shown::Rule::Sum);
            label.course = Course::new(label.about.class);
            (label.born, label.changed) = (born, born);
        }
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        if self.marks.len() >= MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
    }
}
