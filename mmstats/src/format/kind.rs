//! What a value is made of, what it means, and how several become one.

use std::fmt;

/// Makes an enum whose members have a number in the file and a name that people see.
macro_rules! numbered {
    (
        $(#[$doc:meta])*
        pub enum $name:ident : $number:ty {
            $($(#[$member_doc:meta])* $member:ident = $id:literal $text:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$member_doc])* $member,)+
        }

        impl $name {
            /// All that this version of the library knows, by number.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The number in the file.
            #[must_use]
            pub const fn id(self) -> $number {
                match self {
                    $(Self::$member => $id,)+
                }
            }

            /// What has this number in the file, if this version of the library knows it.
            #[must_use]
            pub const fn from_id(id: $number) -> Option<Self> {
                match id {
                    $($id => Some(Self::$member),)+
                    _ => None,
                }
            }

            /// The name that people see.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$member => $text,)+
                }
            }

            /// What has this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

numbered! {
    /// What a value is made of: how many bytes, and how to read them.
    pub enum DataType: u16 {
        /// An unsigned integer of 8 bytes.
        U64 = 1 "u64",
        /// An unsigned integer of 4 bytes.
        U32 = 2 "u32",
        /// An unsigned integer of 2 bytes.
        U16 = 3 "u16",
        /// An unsigned integer of 1 byte.
        U8 = 4 "u8",
        /// A signed integer of 8 bytes.
        I64 = 5 "i64",
        /// A signed integer of 4 bytes.
        I32 = 6 "i32",
        /// A signed integer of 2 bytes.
        I16 = 7 "i16",
        /// A signed integer of 1 byte.
        I8 = 8 "i8",
        /// An IEEE 754 number of 8 bytes.
        F64 = 9 "f64",
        /// An IEEE 754 number of 4 bytes.
        F32 = 10 "f32",
        /// One byte: 0 is false, 1 is true.
        Bool = 11 "bool",
        /// Text that changes: [`super::text`].
        Text = 12 "text",
        /// Text that was there before the field was, and never changes.
        FixedText = 13 "fixed text",
        /// A sum and a count: [`super::mean`].
        Mean = 14 "mean",
        /// The last N numbers: [`super::recent`].
        Recent = 15 "recent",
        /// How often which values were seen: [`super::histogram`].
        Histogram = 16 "histogram",
        /// What was seen in the last N seconds: [`super::window`].
        Window = 17 "window",
    }
}

impl DataType {
    /// The size of a value in bytes, where all of this type have the same.
    #[must_use]
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::U64 | Self::I64 | Self::F64 => Some(8),
            Self::U32 | Self::I32 | Self::F32 => Some(4),
            Self::U16 | Self::I16 => Some(2),
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::Mean => Some(super::mean::SIZE),
            Self::Text | Self::FixedText | Self::Recent | Self::Histogram | Self::Window => None,
        }
    }

    /// Whether a value is one number, a bool included, which the processor stores at once.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self.size(), Some(1..=8))
    }
}

numbered! {
    /// What a value means, and so what a reader may do with it.
    pub enum MetricType: u16 {
        /// Nobody has said.
        Unknown = 0 "unknown",
        /// How often something happened, or how much of it: it only goes up.
        Counter = 1 "counter",
        /// How it is now: it goes up and down.
        Gauge = 2 "gauge",
        /// Seconds since 1970, UTC.
        Timestamp = 3 "timestamp",
        /// Text, or a number that names something, such as a process id.
        Info = 4 "info",
        /// A sum and a count.
        Mean = 5 "mean",
        /// How often which values were seen.
        Histogram = 6 "histogram",
        /// What was seen in the last seconds.
        Window = 7 "window",
        /// The last numbers.
        Recent = 8 "recent",
    }
}

impl MetricType {
    /// Whether a value of this type may mean this.
    #[must_use]
    pub const fn fits(self, data: DataType) -> bool {
        match self {
            Self::Unknown => true,
            Self::Counter | Self::Timestamp => data.is_number() && !matches!(data, DataType::Bool),
            Self::Gauge => data.is_number(),
            Self::Info => data.is_number() || matches!(data, DataType::Text | DataType::FixedText),
            Self::Mean => matches!(data, DataType::Mean),
            Self::Histogram => matches!(data, DataType::Histogram),
            Self::Window => matches!(data, DataType::Window),
            Self::Recent => matches!(data, DataType::Recent),
        }
    }
}

numbered! {
    /// How the gauges of several files become one number.
    pub enum MergeRule: u8 {
        /// They do not: each is shown for itself.
        None = 0 "none",
        /// Their sum.
        Sum = 1 "sum",
        /// Their arithmetic mean.
        Avg = 2 "avg",
        /// The least.
        Min = 3 "min",
        /// The greatest.
        Max = 4 "max",
        /// That of the file that was made last.
        Latest = 5 "latest",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back() {
        for &data in DataType::ALL {
            assert_eq!(
                (DataType::from_id(data.id()), DataType::from_name(data.name())),
                (Some(data), Some(data))
            );
        }
        for &metric in MetricType::ALL {
            assert_eq!(MetricType::from_id(metric.id()), Some(metric));
            assert_eq!(MetricType::from_name(&metric.to_string()), Some(metric));
        }
        for &rule in MergeRule::ALL {
            assert_eq!(
                (MergeRule::from_id(rule.id()), MergeRule::from_name(rule.name())),
                (Some(rule), Some(rule))
            );
        }
        assert_eq!(DataType::from_id(0), None);
        assert_eq!(DataType::from_id(18), None);
        assert_eq!(MetricType::from_id(9), None);
        assert_eq!(MergeRule::from_id(6), None);
    }

    #[test]
    fn every_type_means_something_besides_unknown() {
        for &data in DataType::ALL {
            assert!(MetricType::ALL[1..].iter().any(|metric| metric.fits(data)), "{data}");
            assert!(MetricType::Unknown.fits(data));
        }
        assert!(!MetricType::Counter.fits(DataType::Bool));
        assert!(!MetricType::Gauge.fits(DataType::Text));
    }
}
