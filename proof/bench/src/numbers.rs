//! Numbers as latencies are distributed, the same in each run.

/// So many nanoseconds about 20 us: a lognormal of sigma 1.
pub(crate) fn lognormal(seed: u64) -> impl Iterator<Item = u64> {
    let mut uniform = uniform(seed);
    std::iter::repeat_with(move || (20_000.0 * normal(&mut uniform).exp()) as u64)
}

/// Nine of ten are found in a cache, about 20 us, and the tenth on a disk, about 5 ms.
pub(crate) fn bimodal(seed: u64) -> impl Iterator<Item = u64> {
    let mut uniform = uniform(seed);
    std::iter::repeat_with(move || {
        let middle = if uniform() < 0.9 { 20_000.0 } else { 5_000_000.0 };
        (middle * (0.25 * normal(&mut uniform)).exp()) as u64
    })
}

/// From 0 up to 1.
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// By Box and Muller.
fn normal(uniform: &mut impl FnMut() -> f64) -> f64 {
    let (first, second) = (1.0 - uniform(), uniform());
    (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos()
}
