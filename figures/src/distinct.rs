//! The distinct ones of many numbers.

use mmstats::Value;

use crate::outcome::Outcome;

/// Numbers, as they came.
#[derive(Default)]
pub(crate) struct Distinct {
    /// Most numbers are small, and there may be very many: adding one must cost next to nothing.
    small: Vec<i64>,
    others: Vec<Outcome>,
}

impl Distinct {
    pub(crate) fn add(&mut self, value: Value<'_>) {
        let small = match value {
            Value::Signed(number) => Some(number),
            Value::Unsigned(number) => i64::try_from(number).ok(),
            _ => None,
        };
        match small {
            // The same again and again is common.
            Some(number) if self.small.last() == Some(&number) => {}
            Some(number) => self.small.push(number),
            None => self.others.push(value.into()),
        }
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.small.extend(other.small);
        self.others.extend(other.others);
    }

    /// Each once, in order.
    pub(crate) fn sorted(mut self) -> Vec<Outcome> {
        self.small.sort_unstable();
        self.small.dedup();
        let small = self.small.into_iter().map(|number| Outcome::Integer(number.into()));
        self.others.extend(small);
        self.others.sort_by(Outcome::order);
        self.others.dedup_by(|a, b| a.order(b).is_eq());
        self.others
    }
}
