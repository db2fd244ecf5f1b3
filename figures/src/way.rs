//! Which values can become one, and how.

use mmstats::{MergeRule, MetricType, Value};

use crate::function::Function;
use crate::sample::Sample;

/// What values of one label have in common that can become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// Numbers and texts of which nobody has said what they mean. Where values are merged by their kinds, those of
    /// the dead apart: another file may say that they are gauges.
    Unknown {
        is_alive: bool,
    },
    /// Numbers, whatever they mean: the function is the user's choice.
    Number,
    /// Numbers that are added up.
    Counter,
    /// Numbers that become one by a rule.
    Gauge(MergeRule),
    /// Numbers of which the greatest counts.
    Timestamp,
    /// What is never calculated with.
    Info,
    Mean,
    /// Of one scale, here as bits.
    Histogram(u64),
    /// Its seconds.
    Window(u32),
    Recent,
}

/// How numbers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Function(Function),
    /// That of the newest file.
    Latest,
    /// The distinct ones.
    Distinct,
    /// Not known yet: another file may say it. `Some` is what the user wants of numbers, `None` that the kind decides.
    Any(Option<Function>),
}

impl Way {
    pub(crate) fn of(function: Function, sample: &Sample<'_>, is_alive: bool) -> Self {
        match (sample.value, sample.kind, function) {
            (Value::Mean(_), ..) => Self::Mean,
            (Value::Histogram(histogram), ..) => Self::Histogram(histogram.scale().to_bits()),
            (Value::Window(window), ..) => Self::Window(window.length()),
            (Value::Recent(_), ..) => Self::Recent,
            (_, MetricType::Info, _) => Self::Info,
            // A sum of moments would be none.
            (_, MetricType::Timestamp, Function::Auto | Function::Sum) => Self::Timestamp,
            (_, MetricType::Counter, Function::Auto) => Self::Counter,
            (_, MetricType::Gauge, Function::Auto) => Self::Gauge(sample.merge.unwrap_or(MergeRule::Sum)),
            (_, MetricType::Counter | MetricType::Gauge | MetricType::Timestamp, _) => Self::Number,
            _ => Self::Unknown { is_alive: is_alive || function != Function::Auto },
        }
    }

    /// How numbers that have this in common become one.
    pub(crate) fn how(self, function: Function) -> How {
        match self {
            Self::Counter => How::Function(Function::Sum),
            Self::Timestamp => How::Function(Function::Max),
            Self::Gauge(rule) => match rule {
                MergeRule::Avg => How::Function(Function::Avg),
                MergeRule::Min => How::Function(Function::Min),
                MergeRule::Max => How::Function(Function::Max),
                MergeRule::Latest => How::Latest,
                MergeRule::None => How::Distinct,
                _ => How::Function(Function::Sum),
            },
            Self::Unknown { .. } if function == Function::Auto => How::Distinct,
            _ if function == Function::One => How::Function(Function::One),
            Self::Info => How::Distinct,
            _ => How::Function(function),
        }
    }

    /// What has to be kept of numbers until it is known how they become one.
    pub(crate) fn to_keep(self, function: Function) -> How {
        match (self, function) {
            (_, Function::One) => How::Function(Function::One),
            (Self::Unknown { .. }, Function::Auto) => How::Any(None),
            (Self::Unknown { .. }, _) => How::Any(Some(function)),
            _ => self.how(function),
        }
    }

    /// Whether values of unknown kind can be among them.
    pub(crate) fn takes_unknown(self) -> bool {
        matches!(self, Self::Number | Self::Counter | Self::Gauge(_) | Self::Timestamp | Self::Info)
    }

    /// What it is, for who is told that it is left out.
    pub(crate) fn name(self, kind: MetricType) -> String {
        match self {
            Self::Unknown { .. } => "a number".to_owned(),
            Self::Info => "info".to_owned(),
            _ => format!("a {kind}"),
        }
    }

    /// What tells it from others of its kind.
    pub(crate) fn detail(self) -> String {
        match self {
            Self::Gauge(rule) => format!("merged by {rule}"),
            Self::Histogram(bits) => format!("a histogram of scale {:?}", f64::from_bits(bits)),
            Self::Window(seconds) => format!("a window of {seconds} seconds"),
            _ => String::new(),
        }
    }
}
