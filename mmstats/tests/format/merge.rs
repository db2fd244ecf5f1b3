//! Histograms: what a quantile may be wrong by, and that merging loses nothing.

use mmstats::format::histogram::{Histogram, Shape};
use proptest::prelude::*;

use crate::identity::{any_shape, any_values, filled};

/// The exact value of a rank, by sorting.
fn exact(values: &[u64], q: f64) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let count = sorted.len();
    let rank = (1..=count).find(|&rank| rank as f64 / count as f64 >= q).unwrap();
    sorted[rank - 1]
}

proptest! {
    #[test]
    fn a_quantile_is_in_the_bucket_of_the_exact_one(
        shape in any_shape(), values in any_values(), q in 0.0..=1.0_f64
    ) {
        let histogram = filled(shape, &values);
        let Some(quantile) = histogram.quantile(q) else {
            prop_assert!(values.is_empty());
            return Ok(());
        };
        let exact = exact(&values, q);
        prop_assert_eq!(shape.index(quantile.value), shape.index(exact));
        prop_assert!(quantile.value <= histogram.max().unwrap());
        if quantile.is_at_least {
            prop_assert!(quantile.value <= exact);
        } else {
            // Half a bucket, and a bucket is 2^-p of its lower edge.
            let wrong = quantile.value.abs_diff(exact);
            prop_assert!(u128::from(wrong) << (shape.p() + 1) <= u128::from(exact), "{:?} for {}", quantile, exact);
        }
    }

    #[test]
    fn merging_is_as_if_all_were_recorded_in_one(
        one in any_shape(), two in any_shape(), values in any_values(), more in any_values()
    ) {
        let mut merged = filled(one, &values);
        merged.merge(&filled(two, &more));
        let all = [values.clone(), more.clone()].concat();
        prop_assert_eq!(&merged, &filled(one.common(two), &all));
        let mut other_way = filled(two, &more);
        other_way.merge(&filled(one, &values));
        prop_assert_eq!(&merged, &other_way);
        let rest = merged.since(&filled(one, &values));
        let want = filled(one.common(two), &more);
        prop_assert_eq!((rest.counts(), rest.sum()), (want.counts(), want.sum()));
    }

    #[test]
    fn bounds_count_exactly_what_is_not_above_them(shape in any_shape(), values in any_values()) {
        for (bound, count) in filled(shape, &values).cumulative() {
            prop_assert_eq!(count, values.iter().filter(|value| **value <= bound).count() as u64, "{}", bound);
        }
    }

    #[test]
    fn a_value_is_in_the_bucket_that_counts_it(shape in any_shape(), value in any::<u64>(), shift in 0..64_u32) {
        let value = value >> shift;
        let bucket = shape.bucket(shape.index(value));
        prop_assert!(bucket.lower <= value && bucket.upper.is_none_or(|upper| value < upper));
    }
}

#[test]
fn percentiles_of_a_long_tail_are_within_the_error_of_the_manual() {
    // A lognormal distribution around a millisecond, in nanoseconds, by a fixed sequence.
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let values: Vec<_> = (0..100_000)
        .map(|_| {
            let normal = (-2.0 * random().max(1e-300).ln()).sqrt() * (std::f64::consts::TAU * random()).cos();
            (1e6 * (normal * 0.8).exp()) as u64
        })
        .collect();
    let mut threads =
        [Histogram::new(Shape::new(5, 42).unwrap()), Histogram::new(Shape::new(5, 42).unwrap())];
    for (turn, &value) in values.iter().enumerate() {
        threads[turn % 2].record(value);
    }
    let mut all = threads[0].clone();
    all.merge(&threads[1]);
    for q in [0.5, 0.9, 0.99, 0.999] {
        let (exact, found) = (exact(&values, q) as f64, all.quantile(q).unwrap().value as f64);
        assert!((found - exact).abs() / exact <= 1.0 / 64.0, "{q}: {found} for {exact}");
    }
    assert_eq!(all.max(), values.iter().copied().max());
}
