//! What is given once.

use std::ffi::c_int;

use mmstats::{DataType, Static, StaticText};

use crate::border::Chars;
use crate::error::Failure;
use crate::spec::{Given, Spec, choose};
use crate::stats::{Kind, Stats, add};

const NUMBER: Kind = Kind { name: "a static number", options: &["unit", "help", "type"] };
const TEXT: Kind = Kind { name: "a static text", options: &["unit", "help"] };

/// Adds a number of the type that was chosen.
#[allow(clippy::cast_lossless, clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
#[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, trivial_numeric_casts)]
fn add_number(
    stats: Option<&Stats>,
    label: Chars<'_>,
    number: Given,
    spec: Option<&Spec>,
) -> Result<c_int, Failure> {
    let natural = match number {
        Given::F64(_) => DataType::F64,
        Given::I64(_) => DataType::I64,
        Given::U64(_) => DataType::U64,
    };
    macro_rules! of_type {
        ($stats:expr, $label:expr, $spec:expr, $($type:ident $number:ty)*) => {
            match $spec.data_type.unwrap_or(natural) {
                $(DataType::$type => {
                    let value = match number {
                        Given::F64(number) => number as $number,
                        Given::I64(number) => number as $number,
                        Given::U64(number) => number as $number,
                    };
                    let chosen = choose!($spec, Static::<$number>::spec(), unit help);
                    $stats.instance.add_field($label, chosen.value(value))?;
                })*
                // Only numbers can be chosen.
                _ => return Err(Failure::invalid("a static number is a number")),
            }
        };
    }
    add(stats, label, spec, &NUMBER, |stats, label, spec| {
        of_type!(stats, label, spec,
            F64 f64 U64 u64 U32 u32 U16 u16 U8 u8 I64 i64 I32 i32 I16 i16 I8 i8 F32 f32);
        Ok(())
    })?;
    Ok(0)
}

export! {
    /// Adds a number.
    fn mmstats_add_static(stats: Option<&Stats>, label: Chars<'_>, value: f64, spec: Option<&Spec>)
        -> c_int, else -1; {
        add_number(stats, label, Given::F64(value), spec)
    }

    /// Adds a number.
    fn mmstats_add_static_i64(stats: Option<&Stats>, label: Chars<'_>, value: i64, spec: Option<&Spec>)
        -> c_int, else -1; {
        add_number(stats, label, Given::I64(value), spec)
    }

    /// Adds a number.
    fn mmstats_add_static_u64(stats: Option<&Stats>, label: Chars<'_>, value: u64, spec: Option<&Spec>)
        -> c_int, else -1; {
        add_number(stats, label, Given::U64(value), spec)
    }

    /// Adds a text.
    fn mmstats_add_static_text(stats: Option<&Stats>, label: Chars<'_>, value: Chars<'_>, spec: Option<&Spec>)
        -> c_int, else -1; {
        add(stats, label, spec, &TEXT, |stats, label, spec| {
            let bytes = value.bytes().unwrap_or_default();
            let value = String::from_utf8_lossy(bytes).into_owned();
            let chosen = choose!(spec, StaticText::spec(), unit help);
            stats.instance.add_field(label, chosen.value(value))?;
            Ok(())
        })?;
        Ok(0)
    }
}
