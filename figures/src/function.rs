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
}

impl Function {
    /// All of them, with their names on a command line.
    pub const NAMES: [(&str, Self); 7] = [
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
        ("one", Self::One),
        ("nonzero-avg", Self::NonzeroAvg),
        ("nonzero-min", Self::NonzeroMin),
    ];
}
