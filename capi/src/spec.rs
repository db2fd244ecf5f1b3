//! What is chosen for a field, before it is added.

use std::ffi::{c_int, c_uint};

use mmstats::{DataType, MergeRule};

use crate::border::{Array, Chars};

/// A number, as C gave it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given {
    F64(f64),
    I64(i64),
    U64(u64),
}

impl Given {
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::F64(number) => number,
            Self::I64(number) => number as f64,
            Self::U64(number) => number as f64,
        }
    }
}

/// C's `mmstats_spec`. What is `None` was not chosen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    pub(crate) unit: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) merge: Option<MergeRule>,
    pub(crate) data_type: Option<DataType>,
    pub(crate) initial: Option<Given>,
    pub(crate) initial_text: Option<String>,
    pub(crate) size: Option<usize>,
    pub(crate) precision: Option<u32>,
    pub(crate) range: Option<u32>,
    pub(crate) scale: Option<f64>,
    pub(crate) durations: Option<()>,
    pub(crate) quantiles: Option<Vec<f64>>,
    pub(crate) seconds: Option<u32>,
    pub(crate) keep: Option<usize>,
    attributes: Vec<(String, String)>,
    /// What makes no sense, for the call that uses it.
    bad: Option<&'static str>,
}

impl Spec {
    /// What was chosen, by name.
    fn chosen(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.unit.is_some(), "unit"),
            (self.help.is_some(), "help"),
            (self.merge.is_some(), "merge"),
            (self.data_type.is_some(), "type"),
            (self.initial.is_some(), "initial"),
            (self.initial_text.is_some(), "initial_text"),
            (self.size.is_some(), "size"),
            (self.precision.is_some(), "precision"),
            (self.range.is_some(), "range"),
            (self.scale.is_some(), "scale"),
            (self.durations.is_some(), "durations"),
            (self.quantiles.is_some(), "quantiles"),
            (self.seconds.is_some(), "seconds"),
            (self.keep.is_some(), "keep"),
        ];
        all.into_iter().filter_map(|(is_chosen, name)| is_chosen.then_some(name))
    }

    /// Whether all that was chosen makes sense for a field that has these options, and may be called `kind`.
    pub(crate) fn check(&self, kind: &str, options: &[&str]) -> Result<(), String> {
        if let Some(bad) = self.bad {
            return Err(bad.to_owned());
        }
        match self.chosen().find(|name| !options.contains(name)) {
            Some(name) => Err(format!("{kind} has no option {name}")),
            None => Ok(()),
        }
    }

    /// A label with the attributes.
    pub(crate) fn label(&self, label: &str) -> String {
        if self.attributes.is_empty() {
            return label.to_owned();
        }
        let attributes: Vec<_> = self.attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
        mmstats::label(label, &attributes)
    }

    /// Text of C's, which may be null: then nothing is chosen.
    fn text(&mut self, text: Chars<'_>, bad: &'static str) -> Option<String> {
        match std::str::from_utf8(text.bytes()?) {
            Ok(text) => Some(text.to_owned()),
            Err(_) => {
                self.bad = Some(bad);
                None
            }
        }
    }
}

/// Hands what was chosen to a spec of the library's.
macro_rules! choose {
    ($from:expr, $to:expr, $($option:ident)*) => {{
        let to = $to;
        $( let to = match $from.$option.take() { Some(chosen) => to.$option(chosen), None => to }; )*
        to
    }};
}
pub(crate) use choose;

/// What C chose as one number or another.
fn choose_number(spec: Option<&mut Spec>, number: Given) {
    if let Some(spec) = spec {
        spec.initial = Some(number);
    }
}

export! {
    /// The defaults.
    fn mmstats_spec_new() -> Option<Box<Spec>> {
        Some(Box::default())
    }

    /// Frees a spec.
    fn mmstats_spec_free(spec: Option<Box<Spec>>) {
        drop(spec);
    }

    /// An attribute of the label.
    fn mmstats_spec_attribute(spec: Option<&mut Spec>, name: Chars<'_>, value: Chars<'_>) {
        let Some(spec) = spec else { return };
        let name = spec.text(name, "an attribute's name is not UTF-8");
        let value = spec.text(value, "an attribute's value is not UTF-8");
        match (name, value) {
            (Some(name), Some(value)) => spec.attributes.push((name, value)),
            _ if spec.bad.is_none() => spec.bad = Some("an attribute lacks its name or its value"),
            _ => {}
        }
    }

    /// The unit.
    fn mmstats_spec_unit(spec: Option<&mut Spec>, unit: Chars<'_>) {
        if let Some(spec) = spec {
            spec.unit = spec.text(unit, "the unit is not UTF-8");
        }
    }

    /// What it is.
    fn mmstats_spec_help(spec: Option<&mut Spec>, help: Chars<'_>) {
        if let Some(spec) = spec {
            spec.help = spec.text(help, "the help is not UTF-8");
        }
    }

    /// How several become one.
    fn mmstats_spec_merge(spec: Option<&mut Spec>, rule: c_int) {
        let Some(spec) = spec else { return };
        spec.merge = u8::try_from(rule).ok().and_then(MergeRule::from_id);
        if spec.merge.is_none() {
            spec.bad = Some("there is no merge rule of this number");
        }
    }

    /// The type of a number.
    fn mmstats_spec_type(spec: Option<&mut Spec>, data_type: c_int) {
        let Some(spec) = spec else { return };
        let is_number = |data_type: &DataType| data_type.is_number() && *data_type != DataType::Bool;
        spec.data_type = u16::try_from(data_type).ok().and_then(DataType::from_id).filter(is_number);
        if spec.data_type.is_none() {
            spec.bad = Some("there is no type of a number that has this number");
        }
    }

    /// The first value.
    fn mmstats_spec_initial(spec: Option<&mut Spec>, value: f64) {
        choose_number(spec, Given::F64(value));
    }

    /// The first value.
    fn mmstats_spec_initial_i64(spec: Option<&mut Spec>, value: i64) {
        choose_number(spec, Given::I64(value));
    }

    /// The first value.
    fn mmstats_spec_initial_u64(spec: Option<&mut Spec>, value: u64) {
        choose_number(spec, Given::U64(value));
    }

    /// The first text.
    fn mmstats_spec_initial_text(spec: Option<&mut Spec>, text: Chars<'_>) {
        if let Some(spec) = spec {
            spec.initial_text = spec.text(text, "the first text is not UTF-8");
        }
    }

    /// Bytes of a text.
    fn mmstats_spec_size(spec: Option<&mut Spec>, bytes: usize) {
        if let Some(spec) = spec {
            spec.size = Some(bytes);
        }
    }

    /// How finely sizes are told apart.
    fn mmstats_spec_precision(spec: Option<&mut Spec>, bits: c_uint) {
        if let Some(spec) = spec {
            spec.precision = Some(bits);
        }
    }

    /// Up to which size.
    fn mmstats_spec_range(spec: Option<&mut Spec>, bits: c_uint) {
        if let Some(spec) = spec {
            spec.range = Some(bits);
        }
    }

    /// What a number is multiplied with.
    fn mmstats_spec_scale(spec: Option<&mut Spec>, scale: f64) {
        if let Some(spec) = spec {
            spec.scale = Some(scale);
        }
    }

    /// For times.
    fn mmstats_spec_durations(spec: Option<&mut Spec>) {
        if let Some(spec) = spec {
            spec.durations = Some(());
        }
    }

    /// Which quantiles readers show.
    fn mmstats_spec_quantiles(spec: Option<&mut Spec>, quantiles: Array<'_, f64>, len: usize) {
        if let Some(spec) = spec {
            spec.quantiles = Some(quantiles.with_len(len).to_vec());
        }
    }

    /// Seconds of a window.
    fn mmstats_spec_seconds(spec: Option<&mut Spec>, seconds: u32) {
        if let Some(spec) = spec {
            spec.seconds = Some(seconds);
        }
    }

    /// Numbers that are kept.
    fn mmstats_spec_keep(spec: Option<&mut Spec>, numbers: usize) {
        if let Some(spec) = spec {
            spec.keep = Some(numbers);
        }
    }
}
