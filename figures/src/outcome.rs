//! What comes out of many values.

use std::borrow::Cow;
use std::cmp::Ordering;

use mmstats::Value;

use crate::compare::compare;
use crate::compound::Compound;

/// What a [`crate::Function`] has made of the values of a label, or a value that is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Of bools, where one of them is the answer.
    Bool(bool),
    /// Of integers, and of bools that were counted. In full.
    Integer(i128),
    /// A single `f`, where it is the answer.
    Float(f32),
    /// Of floats, and every mean.
    Double(f64),
    /// Of one file.
    Text(Vec<u8>),
    /// The distinct texts, sorted.
    Texts(Vec<Vec<u8>>),
    /// The distinct values, at least one of them no text, sorted: bools, numbers, texts.
    Several(Vec<Outcome>),
    /// A value of several numbers.
    Compound(Box<Compound>),
}

impl Outcome {
    /// The numbers that a tool shows where nobody chooses, with their names; of all but [`Outcome::Compound`]
    /// itself, under an empty name.
    #[must_use]
    pub fn parts(&self) -> Vec<(Cow<'static, str>, Self)> {
        match self {
            Self::Compound(compound) => {
                compound.parts().into_iter().map(|(name, value)| (name, value.into())).collect()
            }
            scalar => vec![(Cow::Borrowed(""), scalar.clone())],
        }
    }

    /// The part of this name: see [`Value::part`].
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Self> {
        match self {
            Self::Compound(compound) => compound.part(name).map(Self::from),
            _ => None,
        }
    }

    /// The order in which distinct values are shown. Two are equal if they are the same.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let number = |outcome: &Self| match outcome {
            Self::Float(value) => f64::from(*value),
            Self::Double(value) => *value,
            _ => 0.0,
        };
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Integer(a), Self::Float(_) | Self::Double(_)) => {
                compare(*a, number(other)).map_or(Ordering::Less, |order| order.then(Ordering::Less))
            }
            (Self::Float(_) | Self::Double(_), Self::Integer(_)) => other.order(self).reverse(),
            (Self::Float(_) | Self::Double(_), Self::Float(_) | Self::Double(_)) => {
                number(self).total_cmp(&number(other))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Integer(_) | Self::Float(_) | Self::Double(_) => 1,
            Self::Text(_) => 2,
            Self::Texts(_) | Self::Several(_) | Self::Compound(_) => 3,
        }
    }
}

impl From<Value<'_>> for Outcome {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::Signed(value) => Self::Integer(value.into()),
            Value::Unsigned(value) => Self::Integer(value.into()),
            Value::Float(value) => Self::Float(value),
            Value::Double(value) => Self::Double(value),
            Value::Text(bytes) => Self::Text(bytes.to_vec()),
            compound => match Compound::of(compound) {
                Some(compound) => Self::Compound(Box::new(compound)),
                // A kind of value that this crate does not know.
                None => Self::Text(compound.to_string().into()),
            },
        }
    }
}
