//! What comes out of many values, as it is shown.

use std::borrow::Cow;

use figures::Outcome;

use crate::compound::push_compound;
use crate::escape::escape;
use crate::json::Json;

/// For a record or a terminal: numbers as [`mmstats::Value`] writes them, texts escaped.
#[must_use]
pub fn in_words(outcome: &Outcome) -> Cow<'_, str> {
    match outcome {
        Outcome::Bool(value) => value.to_string().into(),
        Outcome::Integer(value) => value.to_string().into(),
        // Debug: see `Value`'s Display.
        Outcome::Float(value) => format!("{value:?}").into(),
        Outcome::Double(value) => format!("{value:?}").into(),
        Outcome::Text(text) => escape(text),
        Outcome::Texts(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| escape(text)).collect();
            texts.join(", ").into()
        }
        Outcome::Several(values) => {
            let values: Vec<_> = values.iter().map(in_words).collect();
            values.join(", ").into()
        }
        Outcome::Compound(compound) => compound.to_string().into(),
    }
}

/// As JSON: several texts are a list.
#[must_use]
pub fn in_json(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Bool(value) => Json::Bool(*value).to_string(),
        Outcome::Integer(value) => Json::Integer(*value).to_string(),
        Outcome::Float(value) => Json::Float(*value).to_string(),
        Outcome::Double(value) => Json::Double(*value).to_string(),
        Outcome::Text(text) => Json::Text(text).to_string(),
        Outcome::Texts(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| Json::Text(text).to_string()).collect();
            format!("[{}]", texts.join(","))
        }
        Outcome::Several(values) => {
            let values: Vec<_> = values.iter().map(in_json).collect();
            format!("[{}]", values.join(","))
        }
        Outcome::Compound(compound) => {
            let mut object = Vec::new();
            push_compound(&mut object, compound);
            String::from_utf8_lossy(&object).into_owned()
        }
    }
}
