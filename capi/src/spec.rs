//! What is chosen for a field, before it is added.

use std::ffi::{c_int, c_uint};

use mmstats::{DataType, MergeRule};

use crate::bad::Bad;
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
    bad: Bad<Choice>,
}

/// What is chosen on its own.
#[derive(Clone, Debug, PartialEq)]
enum Choice {
    Option(&'static str),
    /// The attribute of a name, which may be no text.
    Attribute(Option<Vec<u8>>),
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
        if let Some(bad) = self.bad.first() {
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

    /// Notes what is wrong with what was just chosen for an option, or that nothing is.
    fn judge(&mut self, option: &'static str, wrong: Option<&'static str>) {
        self.bad.judge(Choice::Option(option), wrong);
    }

    /// Text of C's for an option. It may be null: then nothing is chosen.
    fn text(&mut self, option: &'static str, text: Chars<'_>, bad: &'static str) -> Option<String> {
        let text = text.bytes().map(std::str::from_utf8);
        self.judge(option, matches!(text, Some(Err(_))).then_some(bad));
        Some(text?.ok()?.to_owned())
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
        let (name, value) = (name.bytes(), value.bytes());
        let attribute = match (name.map(std::str::from_utf8), value.map(std::str::from_utf8)) {
            (Some(Ok(name)), Some(Ok(value))) => Ok((name, value)),
            (Some(Err(_)), _) => Err("an attribute's name is not UTF-8"),
            (_, Some(Err(_))) => Err("an attribute's value is not UTF-8"),
            (None, _) | (_, None) => Err("an attribute lacks its name or its value"),
        };
        spec.bad.judge(Choice::Attribute(name.map(<[u8]>::to_vec)), attribute.err());
        let Ok((name, value)) = attribute else { return };
        match spec.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => spec.attributes.push((name.to_owned(), value.to_owned())),
        }
    }

    /// The unit.
    fn mmstats_spec_unit(spec: Option<&mut Spec>, unit: Chars<'_>) {
        if let Some(spec) = spec {
            spec.unit = spec.text("unit", unit, "the unit is not UTF-8");
        }
    }

    /// What it is.
    fn mmstats_spec_help(spec: Option<&mut Spec>, help: Chars<'_>) {
        if let Some(spec) = spec {
            spec.help = spec.text("help", help, "the help is not UTF-8");
        }
    }

    /// How several become one.
    fn mmstats_spec_merge(spec: Option<&mut Spec>, rule: c_int) {
        let Some(spec) = spec else { return };
        spec.merge = u8::try_from(rule).ok().and_then(MergeRule::from_id);
        spec.judge("merge", spec.merge.is_none().then_some("there is no merge rule of this number"));
    }

    /// The type of a number.
    fn mmstats_spec_type(spec: Option<&mut Spec>, data_type: c_int) {
        let Some(spec) = spec else { return };
        let is_number = |data_type: &DataType| data_type.is_number() && *data_type != DataType::Bool;
        spec.data_type = u16::try_from(data_type).ok().and_then(DataType::from_id).filter(is_number);
        let wrong = spec.data_type.is_none().then_some("there is no type of a number that has this number");
        spec.judge("type", wrong);
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
            spec.initial_text = spec.text("initial_text", text, "the first text is not UTF-8");
        }
    }

    /// Bytes of a text.
    fn mmstats_spec_size(spec: Option<&mut Spec>, bytes: usize) {
        if let Some(spec) = spec {
            spec.size = Some(bytes);
            spec.judge("size", (bytes == 0).then_some("a text holds at least 1 byte"));
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
