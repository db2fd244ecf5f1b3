use super::*;

#[test]
fn sizes_are_those_of_the_manual() {
    for (p, buckets) in [(4, 624), (5, 1216), (6, 2368)] {
        assert_eq!(Shape::new(p, 42).unwrap().buckets(), buckets);
    }
    assert_eq!(Shape::new(16, 64).unwrap().buckets(), 49 << 16);
    for (p, n) in [(17, 64), (5, 65), (5, 5), (5, 4), (u32::MAX, 0)] {
        assert_eq!(Shape::new(p, n), None);
    }
}

#[test]
fn the_example_of_the_manual() {
    let shape = Shape::new(5, 42).unwrap();
    assert_eq!(shape.index(1000), 190);
    assert_eq!(shape.bucket(190), Bucket { lower: 992, upper: Some(1008) });
    assert_eq!(shape.bucket(190).middle(), 1000);
}

#[test]
fn buckets_follow_one_another_without_a_gap() {
    for p in 0..=7 {
        for n in p + 1..=64 {
            let shape = Shape::new(p, n).unwrap();
            let mut next = 0;
            for index in 0..shape.buckets() {
                let bucket = shape.bucket(index);
                assert_eq!(bucket.lower, next, "{shape:?} {index}");
                assert_eq!(shape.index(bucket.lower), index, "{shape:?} {index}");
                let Some(upper) = bucket.upper else {
                    assert_eq!(index, shape.buckets() - 1);
                    assert_eq!(shape.index(u64::MAX), index);
                    continue;
                };
                assert_eq!(shape.index(upper - 1), index, "{shape:?} {index}");
                next = upper;
            }
        }
    }
}

#[test]
fn bounds_are_two_per_octave_and_edges_of_buckets() {
    let of = |p, n| Shape::new(p, n).unwrap().bounds().collect::<Vec<_>>();
    assert_eq!(of(5, 64)[..9], [0, 1, 2, 3, 5, 7, 11, 15, 23]);
    assert_eq!(of(0, 4), [0, 1, 3, 7]);
    assert_eq!(of(1, 4), [0, 1, 2, 3, 5, 7, 11]);
    for p in 0..=16 {
        for n in p + 1..=64 {
            let shape = Shape::new(p, n).unwrap();
            for bound in shape.bounds() {
                assert_eq!(shape.bucket(shape.index(bound)).upper, Some(bound + 1), "{shape:?}");
            }
        }
    }
}

#[test]
fn ranks_are_exact_where_the_product_is_not() {
    for (q, count, want) in [
        (0.0, 5, 1),
        (0.5, 5, 3),
        (0.5, 4, 2),
        (0.07, 100, 7),
        (0.99, 100, 99),
        (0.999, 1000, 999),
        (1.0, 1 << 53, 1 << 53),
    ] {
        assert_eq!(rank(q, count), Some(want), "{q} of {count}");
    }
    for count in 1..=2000_u32 {
        for rank_wanted in 1..=count {
            let q = f64::from(rank_wanted) / f64::from(count);
            assert_eq!(rank(q, u64::from(count)), Some(u64::from(rank_wanted)));
        }
    }
    assert_eq!(rank(0.5, 0), None);
    for q in [-0.1, 1.1, f64::NAN] {
        assert_eq!(rank(q, 5), None);
    }
}

#[test]
fn the_last_bucket_says_at_least() {
    let mut histogram = Histogram::new(Shape::new(2, 8).unwrap());
    for value in [1, 255, 256, u64::MAX] {
        histogram.record(value);
    }
    assert_eq!(histogram.quantile(0.25), Some(Quantile { value: 1, is_at_least: false }));
    assert_eq!(histogram.quantile(0.5), Some(Quantile { value: 224, is_at_least: true }));
    assert_eq!(histogram.max(), Some(u64::MAX));
    assert_eq!(histogram.cumulative().last(), Some(&(191, 1)));
}

#[test]
fn a_maximum_that_was_loaded_too_early_does_no_harm() {
    let mut histogram = Histogram::new(Shape::new(2, 8).unwrap());
    histogram.record(100);
    let mut bytes = histogram.encode();
    bytes[16..24].fill(0);
    let seen = Histogram::decode(&bytes).unwrap();
    assert_eq!(seen.max(), Some(96));
    assert_eq!(seen.quantile(0.5), Some(Quantile { value: 96, is_at_least: false }));
}

#[test]
fn an_interval_is_a_difference() {
    let shape = Shape::new(5, 42).unwrap();
    let mut histogram = Histogram::new(shape);
    histogram.record(5000);
    let earlier = histogram.clone();
    histogram.record(100);
    histogram.record(200);
    let interval = histogram.since(&earlier);
    assert_eq!((interval.count(), interval.sum()), (2, 300));
    assert_eq!(interval.max(), Some(203), "the upper edge, for the greatest of all is of before");
    histogram.record(6000);
    assert_eq!(histogram.since(&earlier).max(), Some(6000));
    assert_eq!(histogram.since(&histogram).quantile(0.5), None);
}

#[test]
fn shapes_that_cannot_be_are_said() {
    let mut value = Histogram::new(Shape::new(2, 8).unwrap()).encode();
    assert_eq!(shape(&value[..31]), Err(What::ValueSize(DataType::Histogram, 31)));
    assert_eq!(shape(&value[..32]), Err(What::ValueSize(DataType::Histogram, 32)));
    value[24..28].copy_from_slice(&8_u32.to_ne_bytes());
    assert_eq!(shape(&value), Err(What::Shape { p: 8, n: 8 }));
}

/// The manual's formula, word by word.
fn by_the_manual(p: u32, n: u32, v: u64) -> usize {
    let buckets = ((n - p + 1) as usize) << p;
    if n < 64 && v >= 1 << n {
        return buckets - 1;
    }
    if v < 1 << (p + 1) {
        return usize::try_from(v).unwrap();
    }
    let e = 63 - v.leading_zeros();
    usize::try_from((u64::from(e - p + 1) << p) + ((v - (1 << e)) >> (e - p))).unwrap()
}

#[test]
fn a_number_falls_where_the_manual_says() {
    let near = |bit: u32| {
        let power = 1_u64 << bit;
        [power - 1, power, power + 1, power + power / 2, power + power / 3, power + power / 7 * 6]
    };
    let edges = (0..64).flat_map(near).chain([0, 5, 1_000, 1_000_000_007, u64::MAX - 1, u64::MAX]);
    for (p, n) in [(0, 1), (0, 64), (4, 42), (5, 42), (6, 64), (15, 20), (16, 64)] {
        let shape = Shape::new(p, n).unwrap();
        for value in edges.clone() {
            assert_eq!(shape.index(value), by_the_manual(p, n, value), "{value} with p = {p}, n = {n}");
        }
    }
}
