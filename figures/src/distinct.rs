//! The distinct ones of many numbers.

use mmstats::Value;

use crate::outcome::Outcome;

/// Numbers, as they came.
#[derive(Default)]
pub(crate) struct Distinct {
    /// Most numbers are small, and there may be very many: adding one must cost next to nothing.
    small: Vec<i64>,
    others: Vec<Outcome>,
    is_full: bool,
}

/// How many are kept where most likely nobody asks for them.
const FEW: usize = 1000;

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

    /// As [`Distinct::add`], but where there are too many, none are kept.
    pub(crate) fn add_to_few(&mut self, value: Value<'_>) {
        if self.is_full {
            return;
        }
        self.add(value);
        if self.small.len() + self.others.len() > FEW {
            *self = Self { is_full: true, ..Self::default() };
        }
    }

    /// Whether there were too many, so that none are there.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
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
