//! File numbers that are mostly one after the other.

use std::ops::Range;

/// Numbers in the order in which they came, which is mostly theirs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    runs: Vec<Range<usize>>,
    count: usize,
}

impl Runs {
    /// Adds one, unless it is the one that was added last.
    pub(crate) fn add(&mut self, number: usize) {
        match self.runs.last_mut() {
            Some(last) if last.end == number + 1 => return,
            Some(last) if last.end == number => last.end += 1,
            _ => self.runs.push(number..number + 1),
        }
        self.count += 1;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.runs.iter().cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let mut runs = Runs::default();
        [1, 2, 2, 3, 7, 8, 5].into_iter().for_each(|number| runs.add(number));
        assert_eq!(runs.iter().collect::<Vec<_>>(), [1, 2, 3, 7, 8, 5]);
        assert_eq!((runs.count(), runs.runs.len()), (6, 3));
    }
}
