//! What can be made of many values.

/// What to make of the values that one label has in several files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// All together.
    Sum,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The value of the first file that has the label.
    One,
    /// The mean of those that are not 0; 0 where all are.
    NonzeroAvg,
    /// The least of those that are not 0; 0 where all are.
    NonzeroMin,
    /// What the field itself says: counters are added up, gauges by their rule, and so on.
    Auto,
}

impl Function {
    /// All of them, with their names on a command line.
    pub const NAMES: [(&str, Self); 8] = [
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
        ("one", Self::One),
        ("nonzero-avg", Self::NonzeroAvg),
        ("nonzero-min", Self::NonzeroMin),
        ("auto", Self::Auto),
    ];

    /// Whether it makes one histogram of several, one mean, one window. The others take each number of such a
    /// value by itself.
    #[must_use]
    pub fn merges(self) -> bool {
        matches!(self, Self::Auto | Self::Sum | Self::One)
    }

    /// Whether it is a mean: the mean of several percentiles is no percentile.
    #[must_use]
    pub fn is_mean(self) -> bool {
        matches!(self, Self::Avg | Self::NonzeroAvg)
    }
}
