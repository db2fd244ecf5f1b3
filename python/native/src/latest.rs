//! The last values, and their mean.

use std::mem;

/// A ring of the last values.
pub(crate) struct Latest {
    values: Vec<f64>,
    size: usize,
    next: usize,
}

impl Latest {
    pub(crate) fn new(size: usize) -> Self {
        Self { values: Vec::new(), size: size.max(1), next: 0 }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.size);
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64) {
        match self.values.get_mut(self.next) {
            Some(oldest) => *oldest = value,
            None => self.values.push(value),
        }
        self.next = (self.next + 1) % self.size;
    }

    /// Rounded once, as `math.fsum` has it, so it does not depend on the order of the values.
    #[allow(clippy::cast_precision_loss, reason = "there are not 2^53 of them")]
    pub(crate) fn mean(&self) -> f64 {
        if self.values.is_empty() { 0.0 } else { sum(&self.values) / self.values.len() as f64 }
    }
}

/// The exact sum, rounded once: Shewchuk's partial sums, which do not overlap, from the least to the greatest.
/// Of values that are infinite or no numbers, and where it is too large, what plain addition gives.
fn sum(values: &[f64]) -> f64 {
    let mut partials: Vec<f64> = Vec::new();
    for &value in values {
        let mut value = value;
        let mut kept = 0;
        for at in 0..partials.len() {
            let mut partial = partials[at];
            if value.abs() < partial.abs() {
                mem::swap(&mut value, &mut partial);
            }
            let high = value + partial;
            let low = partial - (high - value);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            value = high;
        }
        if !value.is_finite() {
            return values.iter().sum();
        }
        partials.truncate(kept);
        if value != 0.0 {
            partials.push(value);
        }
    }
    rounded(&partials)
}

fn rounded(partials: &[f64]) -> f64 {
    let mut rest = partials.iter().rev();
    let mut high = rest.next().copied().unwrap_or(0.0);
    let mut low = 0.0;
    for &partial in rest.by_ref() {
        let before = high;
        high = before + partial;
        low = partial - (high - before);
        if low != 0.0 {
            break;
        }
    }
    // Half-way cases go to the even number, unless the next partial says on which side of the half the sum is.
    if let Some(&next) = rest.next() {
        if (low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0) {
            let twice = low * 2.0;
            let further = high + twice;
            if twice.to_bits() == (further - high).to_bits() {
                high = further;
            }
        }
    }
    high
}
