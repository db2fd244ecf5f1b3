//! The least or the greatest of many values.

use std::cmp::Ordering;

use mmstats::Value;

use crate::compare::compare;
use crate::outcome::Outcome;

/// The value that is furthest out so far, and the same as a number to compare by.
#[derive(Default)]
pub(crate) struct Extreme(Option<(Outcome, Number)>);

/// A value that can be more or less than another.
#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    /// Bools are 0 and 1; text is none.
    fn of(value: Value<'_>) -> Option<Self> {
        value.as_integer().map(Self::Integer).or_else(|| value.as_f64().map(Self::Float))
    }
}

impl Extreme {
    /// The value, if there was a number.
    pub(crate) fn get(&self) -> Option<&Outcome> {
        self.0.as_ref().map(|(outcome, _)| outcome)
    }

    /// Takes a value in place of the one so far if it is further out, in the direction that `by` says.
    pub(crate) fn consider(&mut self, value: Value<'_>, by: Ordering) {
        if self.is_beaten_by(value, by) {
            self.0 = Number::of(value).map(|number| (value.into(), number));
        }
    }

    /// Numbers are compared in full; NaN beats nothing and is beaten by everything.
    fn is_beaten_by(&self, value: Value<'_>, by: Ordering) -> bool {
        let Some((_, best)) = self.0 else { return true };
        let order = match (Number::of(value), best) {
            (Some(Number::Integer(value)), Number::Integer(best)) => Some(value.cmp(&best)),
            (Some(Number::Integer(value)), Number::Float(best)) => compare(value, best).or(Some(by)),
            (Some(Number::Float(value)), Number::Integer(best)) => {
                compare(best, value).map(Ordering::reverse)
            }
            (Some(Number::Float(value)), Number::Float(best)) if best.is_nan() => {
                return !value.is_nan();
            }
            (Some(Number::Float(value)), Number::Float(best)) => value.partial_cmp(&best),
            (None, _) => None,
        };
        order == Some(by)
    }
}
