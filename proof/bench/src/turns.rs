//! Candidates that take turns in short rounds.

use std::time::Instant;

use crate::table::{Amount, Table};

/// What came out in each round.
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn ratios(own: &[f64], other: &[f64]) -> Self {
        Self::of(own.iter().zip(other).map(|(own, other)| own / other))
    }

    pub(crate) fn differences(own: &[f64], other: &[f64]) -> Self {
        Self::of(own.iter().zip(other).map(|(own, other)| own - other))
    }

    /// The value that this part of all is below.
    pub(crate) fn at(&self, part: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * part).round() as usize]
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    Sample::of(values.iter().copied()).median()
}

struct Candidate<'a> {
    name: &'static str,
    /// Names of other candidates, each with its budget.
    against: Vec<(&'static str, Option<f64>)>,
    times: u64,
    work: Box<dyn FnMut(u64) + 'a>,
}

/// Candidates for one comparison, in the order that they are printed in.
#[derive(Default)]
pub(crate) struct Turns<'a> {
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Turns<'a> {
    /// Work that is done `times` times a round.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        against: &[(&'static str, Option<f64>)],
        times: u64,
        work: impl FnMut(u64) + 'a,
    ) {
        self.candidates.push(Candidate { name, against: against.to_vec(), times, work: Box::new(work) });
    }

    /// Measures and prints. Gives the seconds of one operation, by candidate and round.
    pub(crate) fn run(mut self, rounds: usize, table: &mut Table) -> Vec<Vec<f64>> {
        let mut seconds = vec![Vec::with_capacity(rounds); self.candidates.len()];
        // The first round only warms up.
        for round in 0..=rounds {
            for (candidate, seconds) in self.candidates.iter_mut().zip(&mut seconds) {
                let begin = Instant::now();
                (candidate.work)(candidate.times);
                let passed = begin.elapsed().as_secs_f64();
                if round > 0 {
                    seconds.push(passed / candidate.times as f64);
                }
            }
        }
        for (candidate, own) in self.candidates.iter().zip(&seconds) {
            let amount = Amount::Seconds(median(own));
            if candidate.against.is_empty() {
                table.base(candidate.name, amount);
            }
            for (other, budget) in &candidate.against {
                let place = self.candidates.iter().position(|candidate| candidate.name == *other);
                let place = place.unwrap_or_else(|| panic!("no candidate is called {other}"));
                let ratios = Sample::ratios(own, &seconds[place]);
                table.row(candidate.name, other, &ratios, amount, *budget);
            }
        }
        seconds
    }
}
