//! Values of one label that can become one, and which of several groups counts.

use mmstats::Value;

use crate::aggregate::{About, LeftOut};
use crate::compound::Compound;
use crate::function::Function;
use crate::numbers::Numbers;
use crate::outcome::Outcome;
use crate::runs::Runs;
use crate::sample::{Sample, Source};
use crate::way::{How, Way};

/// Values that can become one.
pub(crate) struct Group {
    way: Way,
    about: About,
    /// Whether a raw number was multiplied with something.
    is_scaled: bool,
    content: Content,
    /// The files that have such a value.
    files: Runs,
}

enum Content {
    Numbers(Box<Numbers>),
    Compound(String, Compound),
}

/// What has become of a label.
pub(crate) struct Resolved {
    pub(crate) code: String,
    pub(crate) about: About,
    pub(crate) outcome: Outcome,
    pub(crate) left_out: Vec<LeftOut>,
}

impl Group {
    pub(crate) fn new(
        function: Function,
        way: Way,
        source: &Source,
        code: String,
        sample: &Sample<'_>,
    ) -> Self {
        let content = match Compound::of(sample.value) {
            Some(compound) => Content::Compound(code, compound),
            None => {
                Content::Numbers(Box::new(Numbers::new(way.to_keep(function), source, code, sample.value)))
            }
        };
        let about = About {
            kind: sample.kind,
            unit: sample.unit.map(str::to_owned),
            help: sample.help.map(str::to_owned),
        };
        let mut files = Runs::default();
        files.add(source.file);
        Self { way, about, is_scaled: sample.scale != 1.0, content, files }
    }

    /// Whether a value belongs to it. One that has no unit is in that of the others, as while a release that has a
    /// unit replaces one that has none; unless only one of them is multiplied with something.
    pub(crate) fn has(&self, way: Way, sample: &Sample<'_>) -> bool {
        let is_in_its_unit = match (self.about.unit.as_deref(), sample.unit) {
            (Some(own), Some(unit)) => own == unit,
            (None, None) => true,
            _ => self.is_scaled == (sample.scale != 1.0),
        };
        self.way == way && is_in_its_unit
    }

    pub(crate) fn add(
        &mut self,
        function: Function,
        source: &Source,
        code: impl FnOnce() -> String,
        sample: &Sample<'_>,
    ) {
        self.is_scaled |= sample.scale != 1.0;
        if self.about.unit.is_none() {
            self.about.unit = sample.unit.map(str::to_owned);
        }
        match &mut self.content {
            Content::Numbers(numbers) => {
                numbers.add(self.way.to_keep(function), source, code, sample.value);
            }
            Content::Compound(_, all) => {
                let more = Compound::of(sample.value);
                if function == Function::One || more.is_none_or(|more| all.merge(&more).is_err()) {
                    return;
                }
            }
        }
        self.files.add(source.file);
    }

    /// Takes in what is of unknown kind, as far as that is possible; files with anything else are left out.
    fn absorb(&mut self, unknown: Self, left_out: &mut Vec<LeftOut>) {
        let Way::Unknown { is_alive } = unknown.way else { return };
        let (Content::Numbers(numbers), Content::Numbers(more)) = (&mut self.content, unknown.content) else {
            return;
        };
        let mut more = *more;
        let is_info = self.way == Way::Info;
        if more.values.count() > 0 && !is_info && (self.is_scaled || !self.way.takes_unknown()) {
            let here = "a number of unknown scale";
            left_out.extend(unknown.files.iter().map(|file| LeftOut::new(file, here, "another elsewhere")));
            return;
        }
        if is_info && more.distinct.is_full() {
            let (here, elsewhere) = ("one of very many numbers", "info elsewhere");
            left_out.extend(unknown.files.iter().map(|file| LeftOut::new(file, here, elsewhere)));
            return;
        }
        if !is_info && numbers.values.count() > 0 {
            // Their numbers may count: a type may have text beside them in another file only.
            left_out.extend(more.text_files.drain(..).map(LeftOut::text));
            more.values.texts.clear();
        }
        // A gauge of the dead says nothing.
        if is_alive || !matches!(self.way, Way::Gauge(_)) {
            numbers.absorb(more);
        }
    }

    fn finish(self, function: Function, mut left_out: Vec<LeftOut>) -> Resolved {
        let how = self.way.how(function);
        match self.content {
            Content::Numbers(mut numbers) => {
                // Where all are shown, nothing is left out.
                if numbers.values.count() > 0 && how != How::Distinct {
                    left_out.extend(numbers.text_files.drain(..).map(LeftOut::text));
                }
                let code = std::mem::take(&mut numbers.code);
                Resolved { code, about: self.about, outcome: numbers.outcome(how), left_out }
            }
            Content::Compound(code, compound) => {
                let outcome = Outcome::Compound(Box::new(compound));
                Resolved { code, about: self.about, outcome, left_out }
            }
        }
    }
}

/// One outcome of all groups of a label: that of the group that most files are in, or the first of these. What is
/// of unknown kind goes with the others where it can.
pub(crate) fn resolve(function: Function, mut groups: Vec<Group>) -> Option<Resolved> {
    let mut left_out = Vec::new();
    if groups.len() == 1 {
        return groups.pop().map(|group| group.finish(function, left_out));
    }
    let is_unknown = |group: &Group| matches!(group.way, Way::Unknown { .. });
    let (unknown, mut known): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_unknown);
    // What can be calculated with comes before what only names something, as a number comes before text.
    let rank = |group: &Group| (!matches!(group.way, Way::Info), group.files.count());
    let most = known.iter().map(rank).max();
    let winner = known.iter().position(|group| Some(rank(group)) == most);
    let Some(winner) = winner else {
        let mut unknown = unknown.into_iter();
        let mut first = unknown.next()?;
        for group in unknown {
            if let (Content::Numbers(all), Content::Numbers(more)) = (&mut first.content, group.content) {
                all.absorb(*more);
            }
        }
        return Some(first.finish(function, left_out));
    };
    let mut winner = known.remove(winner);
    for group in known {
        let (here, there) = difference(&group, &winner);
        left_out.extend(group.files.iter().map(|file| LeftOut::new(file, &here, &there)));
    }
    for group in unknown {
        if matches!(winner.content, Content::Numbers(_)) {
            winner.absorb(group, &mut left_out);
            continue;
        }
        let there = format!("{} elsewhere", winner.way.name(winner.about.kind));
        let texts = match &group.content {
            Content::Numbers(numbers) => numbers.text_files.clone(),
            Content::Compound(..) => Vec::new(),
        };
        left_out.extend(group.files.iter().map(|file| {
            let here = if texts.contains(&file) { "text" } else { "a number" };
            LeftOut::new(file, here, &there)
        }));
    }
    left_out.sort_by_key(|left_out| left_out.file);
    Some(winner.finish(function, left_out))
}

/// What one group is, and what the other is, in words.
fn difference(one: &Group, other: &Group) -> (String, String) {
    let pairs = [
        (one.way.name(one.about.kind), other.way.name(other.about.kind)),
        (one.way.detail(), other.way.detail()),
        (one.about.in_unit(), other.about.in_unit()),
    ];
    let found = pairs.into_iter().find(|(here, there)| here != there);
    let (here, there) = found.unwrap_or_else(|| ("one thing".to_owned(), "another".to_owned()));
    (here, format!("{there} elsewhere"))
}

impl About {
    fn in_unit(&self) -> String {
        self.unit.as_ref().map_or("without a unit".to_owned(), |unit| format!("in {unit}"))
    }
}

/// The type of a part, as that of a field.
pub(crate) fn code_of(value: Value<'_>) -> String {
    let code = match value {
        Value::Unsigned(_) => "u64",
        Value::Signed(_) => "i64",
        Value::Bool(_) => "bool",
        Value::Float(_) => "f32",
        _ => "f64",
    };
    code.to_owned()
}
