//! What is known of one label at one moment, over all processes that have it.

use cli::Json;
use figures::Compound;
use mmstats::{MergeRule, MetricType, Value};

/// How the values of several processes become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Sum,
    Avg,
    Min,
    Max,
    Latest,
}

/// What a label is, which says what is drawn of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It only goes up: drawn is how fast. If `is_guess`, nobody has said so: an integer of version 1 that has not
    /// fallen so far.
    Counter {
        is_guess: bool,
    },
    Gauge(Rule),
    /// Seconds since 1970.
    Time,
    /// What is never calculated with.
    Info,
    Mean,
    Histogram,
    Window,
    Recent,
}

impl Class {
    /// By what the file says of a field, and by its value.
    pub(crate) fn of(label: &[u8], kind: MetricType, merge: Option<MergeRule>, value: Value<'_>) -> Self {
        match (value, kind) {
            (Value::Text(_), _) | (_, MetricType::Info) => Self::Info,
            (Value::Mean(_), _) => Self::Mean,
            (Value::Histogram(_), _) => Self::Histogram,
            (Value::Window(_), _) => Self::Window,
            (Value::Recent(_), _) => Self::Recent,
            (_, MetricType::Counter) => Self::Counter { is_guess: false },
            (_, MetricType::Timestamp) => Self::Time,
            (_, MetricType::Gauge) => Self::Gauge(match merge {
                Some(MergeRule::Avg) => Rule::Avg,
                Some(MergeRule::Min) => Rule::Min,
                Some(MergeRule::Max) => Rule::Max,
                Some(MergeRule::Latest | MergeRule::None) => Rule::Latest,
                _ => Rule::Sum,
            }),
            _ if label.ends_with(b"sys.created") => Self::Time,
            // Process ids and their like.
            _ if is_of_system(label) => Self::Info,
            (Value::Unsigned(_) | Value::Signed(_), _) => Self::Counter { is_guess: true },
            (Value::Bool(_), _) => Self::Gauge(Rule::Sum),
            _ => Self::Gauge(Rule::Avg),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Counter { .. } => "counter",
            Self::Gauge(_) => "gauge",
            Self::Time => "time",
            Self::Info => "info",
            Self::Mean => "mean",
            Self::Histogram => "histogram",
            Self::Window => "window",
            Self::Recent => "recent",
        }
    }

    /// How its numbers become one where nobody chooses.
    pub(crate) fn rule(self) -> Rule {
        match self {
            Self::Gauge(rule) => rule,
            Self::Time => Rule::Max,
            _ => Rule::Sum,
        }
    }
}

fn is_of_system(label: &[u8]) -> bool {
    let at = label.iter().rposition(|&byte| byte == b'.').unwrap_or_default();
    label[..at].ends_with(b"sys") || label.starts_with(b"org.mmstats.")
}

/// Numbers of several processes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) sum: f64,
    pub(crate) count: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
    latest: (f64, f64),
}

impl Default for Numbers {
    fn default() -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { sum: 0.0, count: 0, min, max, latest: (f64::NEG_INFINITY, 0.0) }
    }
}

impl Numbers {
    /// Takes in what `count` files of a process have together, or what one process has.
    pub(crate) fn add(&mut self, number: f64, count: u32, created: f64) {
        self.sum += number;
        self.count += count;
        let each = number / f64::from(count.max(1));
        (self.min, self.max) = (self.min.min(each), self.max.max(each));
        if created >= self.latest.0 {
            self.latest = (created, each);
        }
    }

    /// What they become; `None` of nothing.
    pub(crate) fn by(&self, rule: Rule) -> Option<f64> {
        (self.count > 0).then_some(match rule {
            Rule::Sum => self.sum,
            Rule::Avg => self.sum / f64::from(self.count),
            Rule::Min => self.min,
            Rule::Max => self.max,
            Rule::Latest => self.latest.1,
        })
    }
}

/// A label's values at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// The numbers of the living.
    pub(crate) values: Numbers,
    /// Their sum in full, if all are integers.
    pub(crate) exact: Option<i128>,
    /// What is counted per second.
    pub(crate) rates: Option<Numbers>,
    /// Distinct texts, and numbers that name something.
    pub(crate) texts: Vec<String>,
    /// All that the living have, where a value is several numbers.
    pub(crate) total: Option<Compound>,
    /// What was added to it since the moment before.
    pub(crate) interval: Option<Compound>,
    /// How many values were recorded per second, where a value is several numbers.
    pub(crate) recorded: Option<f64>,
    /// How many processes have it.
    pub(crate) processes: u32,
}

/// What the files of programs that have ended hold under a label.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Remains {
    pub(crate) files: u32,
    pub(crate) sum: f64,
    pub(crate) exact: Option<i128>,
    pub(crate) total: Option<Compound>,
}

/// What is asked for of all labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// `None`: as each label's kind has it.
    pub(crate) rule: Option<Rule>,
    /// Whether the dead are left out.
    pub(crate) is_living: bool,
}

impl Shown {
    /// The value in JSON.
    pub(crate) fn value(&self, class: Class, remains: &Remains, view: View) -> String {
        match class {
            Class::Info => {
                let texts: Vec<_> =
                    self.texts.iter().map(|text| Json::Text(text.as_bytes()).to_string()).collect();
                format!("[{}]", texts.join(","))
            }
            Class::Mean | Class::Histogram | Class::Window | Class::Recent => {
                let total = match (&self.total, &remains.total) {
                    (Some(living), Some(dead)) if !view.is_living => {
                        let mut all = living.clone();
                        // Where they are unlike, the living count.
                        let _ = all.merge(dead);
                        Some(all)
                    }
                    (None, dead) if !view.is_living => dead.clone(),
                    (living, _) => living.clone(),
                };
                parts(total.as_ref())
            }
            Class::Counter { .. } => {
                let rule = view.rule.unwrap_or(Rule::Sum);
                let with_dead = rule == Rule::Sum && !view.is_living && remains.files > 0;
                match (self.exact, remains.exact) {
                    (Some(sum), _) if rule == Rule::Sum && !with_dead => return sum.to_string(),
                    (Some(sum), Some(dead)) if with_dead => return (sum + dead).to_string(),
                    (None, Some(dead)) if with_dead && self.values.count == 0 => return dead.to_string(),
                    _ => {}
                }
                let dead = if with_dead { remains.sum } else { 0.0 };
                let living = self.values.by(rule);
                number(living.map_or(with_dead.then_some(dead), |living| Some(living + dead)))
            }
            Class::Gauge(_) | Class::Time => number(self.values.by(view.rule_of(class))),
        }
    }

    /// The number that is drawn.
    pub(crate) fn drawn(&self, class: Class, view: View) -> Option<f64> {
        let part = |of: &Option<Compound>, name: &str| of.as_ref()?.part(name)?.as_f64();
        match class {
            Class::Counter { .. } => self.rates?.by(view.rule.unwrap_or(Rule::Sum)),
            Class::Gauge(_) | Class::Time => self.values.by(view.rule_of(class)),
            Class::Info => None,
            Class::Mean => part(&self.interval, "mean"),
            Class::Histogram => part(&self.interval, "p99"),
            Class::Window => part(&self.total, "rate"),
            Class::Recent => part(&self.total, "mean"),
        }
    }
}

impl Shown {
    /// How much is counted or recorded per second.
    pub(crate) fn rate(&self, class: Class, view: View) -> Option<f64> {
        match class {
            Class::Counter { .. } => self.drawn(class, view),
            Class::Window => self.total.as_ref()?.part("rate")?.as_f64(),
            _ => self.recorded,
        }
    }
}

impl View {
    pub(crate) fn rule_of(self, class: Class) -> Rule {
        match class {
            // A sum of moments would be none.
            Class::Time => Rule::Max,
            _ => self.rule.unwrap_or_else(|| class.rule()),
        }
    }
}

/// `{"count":3,"mean":0.5,...}`.
pub(crate) fn parts(compound: Option<&Compound>) -> String {
    let Some(compound) = compound else { return "null".to_owned() };
    let parts = compound.parts().into_iter();
    let parts: Vec<_> =
        parts.map(|(name, value)| format!("{}:{}", Json::Text(name.as_bytes()), Json::from(value))).collect();
    format!("{{{}}}", parts.join(","))
}

pub(crate) fn number(number: Option<f64>) -> String {
    match number {
        // As a browser writes it; and nothing is longer than it has to be.
        #[allow(clippy::cast_possible_truncation)]
        Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => (number as i64).to_string(),
        Some(number) => Json::Double(number).to_string(),
        None => "null".to_owned(),
    }
}
