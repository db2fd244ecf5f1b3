//! A value of whatever type, out of three looks at its bytes.

use super::What;
use super::histogram::{self, Histogram};
use super::kind::DataType;
use super::mean::{self, Mean};
use super::recent::{self, Recent};
use super::text;
use super::value::Value;
use super::window::{self, Window};

/// What a value holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reading<'a> {
    /// One number or bool, or a text.
    Value(Value<'a>),
    /// A sum and a count.
    Mean(Mean),
    /// The last numbers.
    Recent(Recent),
    /// How often which values were seen.
    Histogram(Histogram),
    /// What was seen in the last seconds.
    Window(Window),
}

/// Whether bytes may be a value of this type, by their number and by what never changes in them.
///
/// # Errors
/// What is wrong with them.
pub fn check(data: DataType, value: &[u8]) -> Result<(), What> {
    match data {
        DataType::Text => text::capacity(value).map(drop),
        DataType::Recent => recent::kept(value).map(drop),
        DataType::Histogram => histogram::shape(value).map(drop),
        DataType::Window => window::seconds(value).map(drop),
        _ => Ok(()),
    }
}

/// Reads a value. `None`: it changed too fast, so look again, the second look taking the place of the first
/// and the third that of the second.
///
/// The first look may be the one that found the field's record, so it may have seen the value as it was before
/// the field was there: zeros. That does no harm.
///
/// # Errors
/// If the value cannot be of this type: see [`What`]. The field is as good as one of an unknown type.
pub fn read<'a>(data: DataType, looks: [&'a [u8]; 3]) -> Result<Option<Reading<'a>>, What> {
    let [before, now, after] = looks;
    if let Some(value) = number(data, now) {
        return Ok(Some(Reading::Value(value)));
    }
    match data {
        DataType::Text => text::read(looks).map(|text| text.map(|text| Reading::Value(Value::Text(text)))),
        DataType::FixedText => Ok(Some(Reading::Value(Value::Text(now)))),
        DataType::Mean => mean::read([before, now]).map(|mean| mean.map(Reading::Mean)),
        DataType::Recent => recent::read(looks).map(|recent| recent.map(Reading::Recent)),
        DataType::Histogram => Histogram::decode(now).map(|histogram| Some(Reading::Histogram(histogram))),
        DataType::Window => window::read([before, now, after]).map(|window| window.map(Reading::Window)),
        _ => Err(What::ValueSize(data, now.len())),
    }
}

/// A number or bool, if the bytes are as many as one of this type has.
#[must_use]
pub fn number<'a>(data: DataType, bytes: &[u8]) -> Option<Value<'a>> {
    Some(match data {
        DataType::U64 => Value::Unsigned(u64::from_ne_bytes(bytes.try_into().ok()?)),
        DataType::U32 => Value::Unsigned(u32::from_ne_bytes(bytes.try_into().ok()?).into()),
        DataType::U16 => Value::Unsigned(u16::from_ne_bytes(bytes.try_into().ok()?).into()),
        DataType::U8 => Value::Unsigned(u8::from_ne_bytes(bytes.try_into().ok()?).into()),
        DataType::I64 => Value::Signed(i64::from_ne_bytes(bytes.try_into().ok()?)),
        DataType::I32 => Value::Signed(i32::from_ne_bytes(bytes.try_into().ok()?).into()),
        DataType::I16 => Value::Signed(i16::from_ne_bytes(bytes.try_into().ok()?).into()),
        DataType::I8 => Value::Signed(i8::from_ne_bytes(bytes.try_into().ok()?).into()),
        DataType::F64 => Value::Double(f64::from_ne_bytes(bytes.try_into().ok()?)),
        DataType::F32 => Value::Float(f32::from_ne_bytes(bytes.try_into().ok()?)),
        DataType::Bool => Value::Bool(u8::from_ne_bytes(bytes.try_into().ok()?) != 0),
        _ => return None,
    })
}
