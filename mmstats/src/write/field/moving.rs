//! The mean of the latest values.

use std::cell::Cell;
use std::collections::TryReserveError;

use super::Spec;
use crate::error::Error;
use crate::format::kind::{DataType, MergeRule, MetricType};
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Number};
use crate::write::memory::slot::WordSlot;
use crate::write::model::labelled;

/// Values that a [`MovingAverage`] looks back on where nothing else is said.
const DEFAULT_WINDOW: usize = 100;

/// The mean of the latest values, 100 of them or as many as the window was made for; 0 before the
/// first. On disk an `f64`, whose mean is taken over several files; in version 1 `d`, two buffers.
///
/// The sum is kept, not counted anew at each value, so an update costs the same with any window. It is
/// counted anew at each turn of the window, so that rounding does not pile up.
///
/// ```
/// use mmstats::{MovingAverage, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let load = Options::new().dir(dir).create_with(|fields| fields.add("load", MovingAverage::spec()))?;
/// for value in 0..1000 {
///     load.add(f64::from(value));
/// }
/// assert_eq!(load.value(), 949.5, "of the latest 100");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MovingAverage {
    slot: WordSlot<f64>,
    window: Ring,
}

/// The latest values and their sum.
pub(super) struct Ring {
    values: Box<[Cell<f64>]>,
    /// The oldest value, and the next to go.
    next: Cell<usize>,
    /// How many values are there, up to the window's size; 1 before the first.
    filled: Cell<f64>,
    sum: Cell<f64>,
    is_full: Cell<bool>,
}

impl Ring {
    pub(super) fn new(size: usize) -> Result<Self, TryReserveError> {
        let size = size.max(1);
        let mut values = Vec::new();
        values.try_reserve_exact(size)?;
        values.resize(size, Cell::new(0.0));
        let values = values.into();
        let (next, filled, sum) = (Cell::new(0), Cell::new(1.0), Cell::new(0.0));
        Ok(Self { values, next, filled, sum, is_full: Cell::new(false) })
    }

    /// Takes a value in and gives the mean.
    #[inline]
    pub(super) fn add(&self, value: f64) -> f64 {
        let at = self.next.get();
        // One addition after the other would make the kept sum wait twice.
        let change = value - self.values[at].replace(value);
        let mut sum = self.sum.get() + change;
        let next = at + 1;
        let turn = next == self.values.len();
        self.next.set(if turn { 0 } else { next });
        // An infinity would stay in a kept sum as NaN when it leaves the window.
        if turn || !sum.is_finite() {
            sum = self.fresh_sum();
        }
        self.sum.set(sum);
        if !self.is_full.get() {
            #[allow(clippy::cast_precision_loss)]
            self.filled.set(next as f64);
            self.is_full.set(turn);
        }
        sum / self.filled.get()
    }

    /// Four sums at once: one alone would wait for each addition before the next.
    fn fresh_sum(&self) -> f64 {
        let mut chunks = self.values.chunks_exact(4);
        let mut sums = [0.0; 4];
        for chunk in &mut chunks {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *sum += value.get();
            }
        }
        sums.iter().sum::<f64>() + chunks.remainder().iter().map(Cell::get).sum::<f64>()
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum.get() / self.filled.get()
    }
}

/// What can be chosen for a [`MovingAverage`].
#[derive(Clone, Debug)]
pub struct MovingAverageSpec {
    window: usize,
    about: About,
}

impl Default for MovingAverageSpec {
    fn default() -> Self {
        let about = About { merge: Some(MergeRule::Avg), ..About::default() };
        Self { window: DEFAULT_WINDOW, about }
    }
}

impl MovingAverageSpec {
    crate::write::about::described!();
    crate::write::about::merged!();

    /// How many values it looks back on, at least 1, for 8 bytes of memory each. Default: 100.
    #[must_use]
    pub fn window(mut self, values: usize) -> Self {
        self.window = values;
        self
    }
}

impl Spec for MovingAverageSpec {
    type Field = MovingAverage;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<MovingAverage, Error> {
        let label = labelled(label, name);
        let too_large = |_| builder.too_large(label, "has a window that memory cannot hold");
        let window = Ring::new(self.window).map_err(too_large)?;
        let data = Data::Number(Number::eight(DataType::F64, "d", 0_f64.to_ne_bytes()));
        let field = Description { data, metric: MetricType::Gauge, about: &self.about };
        Ok(MovingAverage { slot: builder.place(label, &field)?.number(), window })
    }
}

super::spec_of!(MovingAverage, MovingAverageSpec);

impl MovingAverage {
    /// Adds a value; the oldest goes if the window is full.
    #[inline]
    pub fn add(&self, value: f64) {
        self.slot.set(self.window.add(value));
    }

    /// The mean of the window, 0 where nothing was added.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.window.mean()
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn the_mean_is_of_what_the_window_holds() {
        let window = Ring::new(3).unwrap();
        assert_eq!(window.mean(), 0.0);
        let means = [1.0, 2.0, 6.0, 10.0, 20.0].map(|value| window.add(value));
        assert_eq!(means, [1.0, 1.5, 3.0, 6.0, 12.0]);
    }

    #[test]
    fn an_infinity_is_forgotten_with_its_turn() {
        let window = Ring::new(2).unwrap();
        for value in [f64::INFINITY, f64::NAN, 1.0, 3.0] {
            window.add(value);
        }
        assert_eq!(window.mean(), 2.0);
    }

    #[test]
    fn rounding_does_not_pile_up() {
        let window = Ring::new(10).unwrap();
        window.add(1e17);
        for _ in 0..1_000_007 {
            window.add(0.1);
        }
        assert!((window.mean() - 0.1).abs() < 1e-12, "{}", window.mean());
    }
}
