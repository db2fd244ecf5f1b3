//! What becomes of a field: series of one family, or of several.

use std::rc::Rc;

use figures::{Compound, Outcome, Tallied};
use mmstats::{HistogramTotal, Mean, MetricType, Value, WindowTotal};

use crate::family::{Families, Sample, Samples, Series, Type};
use crate::name::{Parsed, in_unit, info, moment, sanitized, total, window};
use crate::text::{Number, attribute, for_go, label};

/// Adds what all files of one key have made of a label. `labels` says which files, and `key` which key of all that is.
pub(crate) fn add(families: &mut Families, prefix: &str, (key, labels): (u32, &Rc<str>), tallied: &Tallied) {
    let parsed = Parsed::of(&tallied.label, labels.contains(",unit=\""));
    // Mostly there are none, and all series of a key have the same labels.
    let labels = match &parsed.attributes[..] {
        [] => Rc::clone(labels),
        attributes => {
            let mut labels = labels.to_string();
            for (name, value) in attributes {
                label(&mut labels, name, &attribute(value));
            }
            labels.into()
        }
    };
    let about = &tallied.about;
    let adder = Adder {
        families,
        key,
        name: sanitized(prefix, &parsed.name),
        origin: &parsed.name,
        labels,
        unit: about.unit.as_deref(),
        help: about.help.as_deref(),
    };
    match &tallied.outcome {
        Outcome::Compound(compound) => adder.compound(compound),
        scalar => adder.scalar(about.kind, scalar),
    }
}

struct Adder<'a> {
    families: &'a mut Families,
    key: u32,
    name: String,
    origin: &'a str,
    labels: Rc<str>,
    unit: Option<&'a str>,
    help: Option<&'a str>,
}

impl Adder<'_> {
    fn scalar(mut self, kind: MetricType, outcome: &Outcome) {
        if kind == MetricType::Info {
            return self.info(outcome);
        }
        let Some(value) = number(outcome) else { return };
        let (kind, name) = match kind {
            MetricType::Counter => (Type::Counter, total(&self.name, self.unit)),
            MetricType::Timestamp => (Type::Gauge, moment(&self.name)),
            _ => (Type::Gauge, in_unit(&self.name, "", self.unit)),
        };
        self.add(name, kind, "", Samples::One(value));
    }

    /// The text format has no type for it: a gauge of 1, whose label says it.
    fn info(mut self, outcome: &Outcome) {
        let values = match outcome {
            Outcome::Text(text) => vec![cli::escape(text).into_owned()],
            Outcome::Texts(texts) => texts.iter().map(|text| cli::escape(text).into_owned()).collect(),
            Outcome::Several(several) => {
                let one = |outcome: &Outcome| match outcome {
                    Outcome::Text(text) => Some(cli::escape(text).into_owned()),
                    other => number_text(other),
                };
                several.iter().filter_map(one).collect()
            }
            other => number_text(other).into_iter().collect(),
        };
        let name = info(&self.name);
        let labels = self.labels.clone();
        let mut seen = std::collections::HashSet::new();
        for value in values {
            // Two may be escaped alike.
            if seen.insert(value.clone()) {
                let mut labels = labels.to_string();
                label(&mut labels, "value", &value);
                self.labels = labels.into();
                self.add(name.clone(), Type::Gauge, "", Samples::One(Number::Unsigned(1)));
            }
        }
    }

    fn compound(mut self, compound: &Compound) {
        match compound {
            Compound::Mean(mean) => self.mean(mean),
            Compound::Histogram(histogram) => self.histogram(histogram),
            Compound::Window(all) => self.window(all),
            Compound::Recent { .. } => {
                for (name, what) in [("last", "the last number"), ("mean", "mean"), ("max", "maximum")] {
                    self.part(name, name, what, compound.part(name));
                }
            }
        }
    }

    fn mean(&mut self, mean: &Mean) {
        let name = in_unit(&self.name, "", self.unit);
        let sum = sample("_sum", for_go(Value::Double(mean.sum)));
        self.add(name, Type::Summary, "", Samples::of(vec![sum, sample("_count", mean.count.to_string())]));
    }

    /// Bounds follow from the precision and the range alone, never from what was recorded; and every number follows
    /// from the buckets, so that they fit together.
    fn histogram(&mut self, total: &HistogramTotal) {
        let name = in_unit(&self.name, "", self.unit);
        let bound = |bound: Value<'_>| for_go(bound.in_unit(total.scale));
        let mut samples: Vec<_> = total
            .histogram
            .cumulative()
            .into_iter()
            .map(|(upper, count)| bucket(&bound(Value::Unsigned(upper)), count))
            .collect();
        samples.push(bucket("+Inf", total.count()));
        samples.push(sample("_sum", for_go(Value::Double(total.sum()))));
        samples.push(sample("_count", total.count().to_string()));
        self.add(name, Type::Histogram, "", Samples::of(samples));
    }

    fn window(&mut self, all: &WindowTotal) {
        self.name = window(&self.name);
        let span = format!("the last {} seconds", all.length());
        for (part, what) in [("mean", "mean"), ("max", "maximum")] {
            self.part(part, part, &format!("{what} of {span}"), all.part(part));
        }
        self.unit = None;
        self.part("rate", "rate", &format!("how often per second, over {span}"), all.part("rate"));
    }

    /// A gauge of its own. What is nothing is not there.
    fn part(&mut self, name: &str, ending: &str, what: &str, value: Option<Value<'_>>) {
        debug_assert!(!name.is_empty());
        if let Some(value) = value {
            let name = in_unit(&self.name, ending, self.unit);
            self.add(name, Type::Gauge, what, Samples::One(Number::Text(for_go(value).into())));
        }
    }

    fn add(&mut self, name: String, kind: Type, part: &str, samples: Samples) {
        let help = self.help.map(|help| match part {
            "" => help.to_owned(),
            part => format!("{} ({part})", help.trim_end_matches('.')),
        });
        let origin = self.families.origin(self.origin);
        let series = Series { key: self.key, labels: Rc::clone(&self.labels), origin, samples };
        self.families.add(name, kind, help, series);
    }
}

fn sample(ending: &'static str, value: String) -> Sample {
    Sample { ending, bound: String::new(), value }
}

fn bucket(upper: &str, count: u64) -> Sample {
    Sample { ending: "_bucket", bound: format!("le=\"{upper}\","), value: count.to_string() }
}

/// `None` of text, and of several numbers that do not become one.
fn number(outcome: &Outcome) -> Option<Number> {
    Some(match outcome {
        Outcome::Bool(value) => Number::Bool(*value),
        Outcome::Integer(value) => (*value).into(),
        Outcome::Float(value) => Number::Float(*value),
        Outcome::Double(value) => Number::Double(*value),
        Outcome::Text(_) | Outcome::Texts(_) | Outcome::Several(_) | Outcome::Compound(_) => return None,
    })
}

fn number_text(outcome: &Outcome) -> Option<String> {
    let mut text = Vec::new();
    number(outcome)?.push_to(&mut text);
    Some(String::from_utf8_lossy(&text).into_owned())
}
