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

    /// Takes what another has found in place of the one so far if it is further out.
    pub(crate) fn absorb(&mut self, other: Self, by: Ordering) {
        if let Some((outcome, number)) = other.0 {
            if self.is_beaten_by(Some(number), by) {
                self.0 = Some((outcome, number));
            }
        }
    }

    /// Takes a value in place of the one so far if it is further out, in the direction that `by` says.
    pub(crate) fn consider(&mut self, value: Value<'_>, by: Ordering) {
        let number = Number::of(value);
        if self.is_beaten_by(number, by) {
            self.0 = number.map(|number| (value.into(), number));
        }
    }

    /// Numbers are compared in full; NaN beats nothing and is beaten by everything.
    fn is_beaten_by(&self, number: Option<Number>, by: Ordering) -> bool {
        let Some((_, best)) = self.0 else { return true };
        let order = match (number, best) {
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
