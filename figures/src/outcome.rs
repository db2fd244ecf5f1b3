//! What comes out of many values.

use mmstats::Value;

/// What a [`crate::Function`] has made of the values of a label, or a value that is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Of bools, where one of them is the answer.
    Bool(bool),
    /// Of integers, and of bools that were counted. In full.
    Integer(i128),
    /// A single `f`, where it is the answer.
    Float(f32),
    /// Of floats, and every mean.
    Double(f64),
    /// Of one file.
    Text(Vec<u8>),
    /// The distinct values, sorted.
    Texts(Vec<Vec<u8>>),
}

impl From<Value<'_>> for Outcome {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::Signed(value) => Self::Integer(value.into()),
            Value::Unsigned(value) => Self::Integer(value.into()),
            Value::Float(value) => Self::Float(value),
            Value::Double(value) => Self::Double(value),
            Value::Text(bytes) => Self::Text(bytes.to_vec()),
            compound => {
                compound.as_f64().map_or_else(|| Self::Text(compound.to_string().into()), Self::Double)
            }
        }
    }
}
