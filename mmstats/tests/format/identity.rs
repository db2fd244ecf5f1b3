//! What is encoded is parsed as the same.

use std::time::Duration;

use mmstats::Value;
use mmstats::format::attributes;
use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MergeRule, MetricType};
use mmstats::format::mean::Mean;
use mmstats::format::reading::Reading;
use mmstats::format::recent::{self, Recent};
use mmstats::format::window::{self, Slot};
use mmstats::format::{text, v2};
use proptest::prelude::*;

use crate::show::{fields, value};

/// What a value was made of, by which it is known again.
#[derive(Clone, Debug)]
enum Made {
    Number(u64),
    Text(String, u32),
    Fixed(String),
    Mean(Mean),
    Recent(Vec<f64>, usize),
    Histogram(Shape, Vec<u64>),
    Window(Vec<Slot>, u32),
}

impl Made {
    fn data(&self) -> DataType {
        match self {
            Self::Number(_) => DataType::U64,
            Self::Text(..) => DataType::Text,
            Self::Fixed(_) => DataType::FixedText,
            Self::Mean(_) => DataType::Mean,
            Self::Recent(..) => DataType::Recent,
            Self::Histogram(..) => DataType::Histogram,
            Self::Window(..) => DataType::Window,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Number(number) => number.to_ne_bytes().to_vec(),
            Self::Text(text, capacity) => text::encode(text, *capacity),
            Self::Fixed(text) => text.clone().into_bytes(),
            Self::Mean(mean) => mean.encode(),
            Self::Recent(numbers, n) => recent::encode(numbers, *n),
            Self::Histogram(shape, values) => filled(*shape, values).encode(),
            Self::Window(slots, seconds) => window::encode(slots, *seconds),
        }
    }

    fn is(&self, reading: &Reading<'_>) -> bool {
        match (self, reading) {
            (Self::Number(number), Reading::Value(value)) => *value == Value::Unsigned(*number),
            (Self::Text(text, capacity), Reading::Value(value)) => {
                *value == Value::Text(text::cut(text, *capacity as usize).as_bytes())
            }
            (Self::Fixed(text), Reading::Value(value)) => *value == Value::Text(text.as_bytes()),
            (Self::Mean(mean), Reading::Mean(found)) => mean == found,
            (Self::Recent(numbers, n), Reading::Recent(found)) => {
                let first = numbers.len().saturating_sub(*n);
                *found == Recent { first: first as u64, numbers: numbers[first..].to_vec() }
            }
            (Self::Histogram(shape, values), Reading::Histogram(found)) => filled(*shape, values) == *found,
            (Self::Window(slots, _), Reading::Window(found)) => {
                let Some(last) = slots.last() else { return found.summary(Duration::ZERO).is_none() };
                let want: u64 = slots.iter().map(|slot| slot.count).sum();
                found.summary(Duration::from_secs(last.stamp - 1)).map(|all| all.count) == Some(want)
            }
            _ => false,
        }
    }
}

pub(crate) fn filled(shape: Shape, values: &[u64]) -> Histogram {
    let mut histogram = Histogram::new(shape);
    values.iter().for_each(|&value| histogram.record(value));
    histogram
}

pub(crate) fn any_shape() -> impl Strategy<Value = Shape> {
    (0..=8_u32, 1..=64_u32).prop_map(|(p, more)| Shape::new(p, (p + more).min(64)).unwrap())
}

/// Values of every magnitude.
pub(crate) fn any_values() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec((any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift), 0..200)
}

fn any_made() -> impl Strategy<Value = Made> {
    let numbers = || prop::collection::vec(-1e9..1e9_f64, 0..20);
    prop_oneof![
        any::<u64>().prop_map(Made::Number),
        (".{0,40}", 0..60_u32).prop_map(|(text, capacity)| Made::Text(text, capacity)),
        ".{0,100}".prop_map(Made::Fixed),
        (any::<f64>().prop_filter("not a number", |sum| !sum.is_nan()), any::<u64>())
            .prop_map(|(sum, count)| Made::Mean(Mean { sum, count })),
        (numbers(), 1..12_usize).prop_map(|(numbers, n)| Made::Recent(numbers, n)),
        (any_shape(), any_values()).prop_map(|(shape, values)| Made::Histogram(shape, values)),
        (numbers(), 1..40_u32, 1..1_u64 << 40).prop_map(|(numbers, seconds, first)| {
            let kept = numbers.iter().take(seconds as usize);
            let slots =
                (first..).zip(kept).map(|(stamp, &sum)| Slot { stamp, sum, count: stamp % 7 + 1, max: sum });
            Made::Window(slots.collect(), seconds)
        }),
    ]
}

fn any_items() -> impl Strategy<Value = Items> {
    (
        prop::option::of("[!-~]{1,63}"),
        prop::option::of("[^\\p{Cc}\u{2028}\u{2029}]{1,50}"),
        prop::option::of(prop::sample::select(MergeRule::ALL)),
        prop::option::of(1e-12..1e12_f64),
        prop::collection::vec(0.0..=1.0_f64, 0..5),
        prop::option::of("[a-zü.]{1,20}"),
    )
        .prop_map(|(unit, help, merge, scale, quantiles, model)| Items {
            unit,
            help,
            merge,
            scale,
            quantiles,
            model,
        })
}

proptest! {
    #[test]
    fn a_file_is_read_back(
        made in prop::collection::vec(
            ("[^\0]{1,60}", any_made(), prop::sample::select(MetricType::ALL), any_items(), any::<bool>()), 0..40,
        )
    ) {
        let mut image = Image::new();
        for (label, made, metric, items, is_new_line) in &made {
            let field = Description { label, data: made.data(), metric: *metric, items: items.clone() };
            if *is_new_line {
                image.new_line();
            }
            image.add(&field, &made.bytes()).unwrap();
        }
        let bytes = image.finish();
        prop_assert_eq!(bytes.len() % 4096, 0);
        let (found, end) = fields([&bytes; 4]).unwrap();
        prop_assert_eq!(end, None);
        prop_assert_eq!(found.len(), made.len());
        for (field, (label, made, metric, items, _)) in found.into_iter().zip(&made) {
            let field = field.unwrap();
            prop_assert_eq!(&bytes[field.label.clone()], label.as_bytes());
            prop_assert_eq!(field.metric, metric.id());
            prop_assert_eq!(Items::parse(&bytes[field.items.clone()]), (items.clone(), Vec::new()));
            let reading = value(&field, field.data_type().unwrap(), [&bytes; 3]).unwrap().unwrap();
            prop_assert!(made.is(&reading), "{:?} as {:?}", made, reading);
        }
    }

    #[test]
    fn a_record_without_its_size_is_not_there(label in "[a-z]{1,40}", items in any_items()) {
        let items = items.encode().unwrap();
        let head = v2::FieldHead { data: 1, metric: 1, label: &label, items: &items, value_at: 8, value_size: 8 };
        let record = head.encode();
        prop_assert_eq!(record.len(), head.size());
        prop_assert_eq!(v2::record(&record, 0), Ok(None));
    }

    #[test]
    fn attributes_are_read_back(
        name in "[^{}]{1,20}",
        mut attributes in prop::collection::vec(("[a-zA-Z][a-zA-Z0-9_]{0,8}", "(?s).{0,20}"), 0..5),
    ) {
        attributes.sort();
        attributes.dedup_by(|a, b| a.0 == b.0);
        let pairs: Vec<_> = attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
        let label = attributes::build(&name, &pairs).unwrap();
        let found = attributes::parse(&label).unwrap();
        prop_assert_eq!(found.name, &name);
        let found: Vec<_> = found.attributes.iter().map(|(name, value)| (*name, &**value)).collect();
        prop_assert_eq!(found, pairs);
        prop_assert!(attributes.is_empty() || !label.contains('\n') || name.contains('\n'));
    }

    #[test]
    fn what_is_parsed_as_attributes_is_written_so(label in "[a-z]{1,3}[{][a-b_=\",\\\\n}]{0,12}[}]") {
        if let Ok(found) = attributes::parse(&label) {
            let pairs: Vec<_> = found.attributes.iter().map(|(name, value)| (*name, &**value)).collect();
            prop_assert_eq!(attributes::build(found.name, &pairs).unwrap(), label);
        }
    }
}
