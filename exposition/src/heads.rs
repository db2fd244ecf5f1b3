//! What is said of fields besides their values, and the texts that they have: once for all files.

use std::collections::HashMap;

use figures::Sample;
use mmstats::{MergeRule, MetricType, SnapshotField, Value};

/// What is said of a field besides its value.
pub(crate) struct Head {
    pub(crate) label: Vec<u8>,
    pub(crate) code: String,
    pub(crate) kind: MetricType,
    pub(crate) merge: Option<MergeRule>,
    pub(crate) unit: Option<String>,
    pub(crate) help: Option<String>,
    scale: f64,
    pub(crate) shape: Shape,
}

/// What the bits of a value in its unit mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Bool,
    Signed,
    Unsigned,
    Float,
    Double,
    /// Its place among the texts.
    Text,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Heads {
    heads: Vec<Head>,
    /// The heads of a label.
    known: HashMap<Vec<u8>, Vec<u32>>,
    /// The place after that of the head that came last. Files of one program have theirs in one order.
    next: usize,
    texts: Vec<Vec<u8>>,
    known_texts: HashMap<Vec<u8>, u32>,
}

impl Heads {
    pub(crate) fn get(&self, place: u32) -> &Head {
        &self.heads[place as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// One of the texts.
    pub(crate) fn text(&self, bits: u64) -> &[u8] {
        usize::try_from(bits).ok().and_then(|place| self.texts.get(place)).map_or(b"", Vec::as_slice)
    }

    /// The bits of a value. `None` of a value of several numbers.
    pub(crate) fn simple(&mut self, value: Value<'_>) -> Option<u64> {
        Some(match value {
            Value::Bool(value) => value.into(),
            Value::Signed(value) => u64::from_ne_bytes(value.to_ne_bytes()),
            Value::Unsigned(value) => value,
            Value::Float(value) => value.to_bits().into(),
            Value::Double(value) => value.to_bits(),
            Value::Text(text) => match self.known_texts.get(text) {
                Some(place) => (*place).into(),
                None => {
                    let place = u32::try_from(self.texts.len()).ok()?;
                    self.texts.push(text.to_vec());
                    self.known_texts.insert(text.to_vec(), place);
                    place.into()
                }
            },
            _ => return None,
        })
    }

    /// The value of such bits, with all that is said of it.
    pub(crate) fn sample<'a>(&'a self, head: &'a Head, bits: u64) -> Sample<'a> {
        #[allow(clippy::cast_possible_truncation)]
        let value = match head.shape {
            Shape::Bool => Value::Bool(bits != 0),
            Shape::Signed => Value::Signed(i64::from_ne_bytes(bits.to_ne_bytes())),
            Shape::Unsigned => Value::Unsigned(bits),
            Shape::Float => Value::Float(f32::from_bits(bits as u32)),
            Shape::Double => Value::Double(f64::from_bits(bits)),
            Shape::Text => Value::Text(self.text(bits)),
        };
        let Head { kind, merge, scale, .. } = *head;
        Sample { value, kind, merge, unit: head.unit.as_deref(), help: head.help.as_deref(), scale }
    }

    /// Where what is said of a field is. `None` of a value of several numbers.
    pub(crate) fn place(&mut self, field: &SnapshotField<'_>, sample: &Sample<'_>) -> Option<u32> {
        let shape = Shape::of(sample.value)?;
        let is_same =
            |place: &usize| self.heads.get(*place).is_some_and(|head| head.is_of(field, sample, shape));
        let found = Some(self.next).filter(is_same).or_else(|| {
            let known = self.known.get(field.label())?;
            known.iter().map(|&place| place as usize).find(is_same)
        });
        let place = found.unwrap_or(self.heads.len());
        let number = u32::try_from(place).ok()?;
        if found.is_none() {
            self.known.entry(field.label().to_vec()).or_default().push(number);
            self.heads.push(Head {
                label: field.label().to_vec(),
                code: field.type_code().into_owned(),
                kind: sample.kind,
                merge: sample.merge,
                unit: sample.unit.map(str::to_owned),
                help: sample.help.map(str::to_owned),
                scale: sample.scale,
                shape,
            });
        }
        self.next = place + 1;
        Some(number)
    }
}

impl Shape {
    fn of(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Bool(_) => Self::Bool,
            Value::Signed(_) => Self::Signed,
            Value::Unsigned(_) => Self::Unsigned,
            Value::Float(_) => Self::Float,
            Value::Double(_) => Self::Double,
            Value::Text(_) => Self::Text,
            _ => return None,
        })
    }
}

impl Head {
    fn is_of(&self, field: &SnapshotField<'_>, sample: &Sample<'_>, shape: Shape) -> bool {
        self.label == field.label()
            && self.kind == sample.kind
            && self.shape == shape
            && self.merge == sample.merge
            && self.unit.as_deref() == sample.unit
            && self.help.as_deref() == sample.help
            && self.scale.to_bits() == sample.scale.to_bits()
            && self.code == field.type_code()
    }
}
