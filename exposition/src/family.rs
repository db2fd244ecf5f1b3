//! Families: all series of one name, with what is said of them once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use cli::{Output, Stop, escape};

use crate::exposition::Complain;
use crate::heads::Heads;
use crate::sheet::{Column, Sheet};
use crate::text::{Number, label, push_escaped};
use crate::untyped::Untyped;

/// What is said of a number of which its file says nothing.
pub(crate) const HELP: &str = "Published by a running program through a mmstats file.";

/// What Prometheus may do with a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Type {
    Counter,
    Gauge,
    Histogram,
    Summary,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }

    /// What the names of its samples end with, that are not the family's own.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["_sum", "_count"],
            Self::Counter | Self::Gauge => &[],
        }
    }
}

/// One number.
pub(crate) struct Sample {
    /// What the name ends with besides the family's.
    pub(crate) ending: &'static str,
    /// `le="0.5",`, or nothing.
    pub(crate) bound: String,
    pub(crate) value: String,
}

/// The numbers that have the same labels. There may be millions of such, most of one number.
pub(crate) enum Samples {
    One(Number),
    Several(Box<[Sample]>),
}

impl Samples {
    pub(crate) fn of(samples: Vec<Sample>) -> Self {
        Self::Several(samples.into())
    }
}

/// What has labels of its own.
pub(crate) struct Series {
    /// The number of its key among all of them.
    pub(crate) key: u32,
    /// Which files it is of, and its attributes: `cmd="web",route="/a",`.
    pub(crate) labels: Rc<str>,
    /// The label of the field, without attributes.
    pub(crate) origin: Rc<str>,
    pub(crate) samples: Samples,
}

#[derive(Default)]
struct Family {
    help: Option<String>,
    series: Vec<Series>,
    /// In place of series: columns of tables.
    columns: Vec<Column>,
}

/// All of them. A name has one type in the end; until then it may have several.
#[derive(Default)]
pub(crate) struct Families {
    families: BTreeMap<String, BTreeMap<Type, Family>>,
    origins: HashSet<Rc<str>>,
}

impl Families {
    /// A field's label, which many series have in common.
    pub(crate) fn origin(&mut self, label: &str) -> Rc<str> {
        if let Some(origin) = self.origins.get(label) {
            return Rc::clone(origin);
        }
        let origin = Rc::from(label);
        self.origins.insert(Rc::clone(&origin));
        origin
    }

    pub(crate) fn add(&mut self, name: String, kind: Type, help: Option<String>, series: Series) {
        let family = self.families.entry(name).or_default().entry(kind).or_default();
        if family.help.is_none() {
            family.help = help;
        }
        family.series.push(series);
    }

    /// Whether there is a family of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.families.contains_key(name)
    }

    /// Adds a family that nobody else adds anything to.
    pub(crate) fn add_columns(&mut self, name: &str, kind: Type, help: Option<String>, columns: Vec<Column>) {
        let family = Family { help, series: Vec::new(), columns };
        self.families.insert(name.to_owned(), BTreeMap::from([(kind, family)]));
    }

    /// Adds series to those of a name. Both are sorted by key, and so are all of them then.
    pub(crate) fn merge(&mut self, name: &str, kind: Type, help: Option<String>, series: Vec<Series>) {
        let family = self.families.entry(name.to_owned()).or_default().entry(kind).or_default();
        family.help = family.help.take().or(help);
        let mut others =
            std::mem::replace(&mut family.series, Vec::with_capacity(series.len())).into_iter().peekable();
        for series in series {
            while let Some(other) = others.next_if(|other| other.key <= series.key) {
                family.series.push(other);
            }
            family.series.push(series);
        }
        family.series.extend(others);
    }

    /// Writes all, those of unknown types among them. What cannot be is said and left out.
    pub(crate) fn write(
        mut self,
        complain: &Complain<'_>,
        (sheet, heads): (&Sheet, &Heads),
        untyped: &[Untyped],
        out: &mut Output,
    ) -> Result<(), Stop> {
        let mut chosen = self.choose(complain);
        drop_overlaps(complain, &mut chosen);
        let mut others: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
        for (name, lines) in untyped.iter().flat_map(Untyped::families) {
            others.entry(name).or_default().push(lines);
        }
        // What is said of a name comes once, so both are gone through side by side.
        let names: BTreeSet<_> = chosen.keys().map(String::as_str).chain(others.keys().copied()).collect();
        for name in names {
            let typed = chosen.get(name);
            let kind = typed.map_or("untyped", |(kind, _)| kind.name());
            let help = typed.and_then(|(_, family)| family.help.as_deref()).unwrap_or(HELP);
            let mut said = String::new();
            push_escaped(&mut said, &escape(help.as_bytes()), false);
            writeln!(out, "# HELP {name} {said}")?;
            writeln!(out, "# TYPE {name} {kind}")?;
            if let Some((_, family)) = typed {
                sheet.write(heads, name, &family.columns, out)?;
                family.write(complain, name, out)?;
            }
            for lines in others.get(name).into_iter().flatten() {
                match typed {
                    Some((kind @ (Type::Histogram | Type::Summary), _)) => {
                        let why =
                            format!("numbers of unknown kind here and a {} elsewhere: left out", kind.name());
                        complain(name, &why);
                    }
                    _ => out.write_bytes(lines)?,
                }
            }
        }
        Ok(())
    }

    /// The type of each name: that of the most series, or the first of these.
    fn choose(&mut self, complain: &Complain<'_>) -> BTreeMap<String, (Type, Family)> {
        let mut chosen = BTreeMap::new();
        for (name, mut types) in std::mem::take(&mut self.families) {
            let most = types.values().map(|family| family.series.len()).max();
            let kind =
                types.iter().find(|(_, family)| Some(family.series.len()) == most).map(|(kind, _)| *kind);
            let Some((kind, family)) = kind.and_then(|kind| Some((kind, types.remove(&kind)?))) else {
                continue;
            };
            for (other, left_out) in types {
                for series in left_out.series {
                    let (other, kind) = (other.name(), kind.name());
                    let whose = series.whose();
                    complain(&name, &format!("a {other} in {whose} and a {kind} elsewhere: left out"));
                }
            }
            chosen.insert(name, (kind, family));
        }
        chosen
    }
}

/// Leaves out families whose name is that of another's samples.
fn drop_overlaps(complain: &Complain<'_>, families: &mut BTreeMap<String, (Type, Family)>) {
    let taken: Vec<_> = families
        .iter()
        .flat_map(|(name, (kind, _))| {
            kind.endings().iter().map(move |ending| (format!("{name}{ending}"), *kind))
        })
        .collect();
    for (name, kind) in taken {
        if families.remove(&name).is_some() {
            let kind = kind.name();
            complain(&name, &format!("the name belongs to a {kind}, too: left out"));
        }
    }
}

impl Series {
    /// Which field of which files, in words.
    fn whose(&self) -> String {
        format!("{} of {{{}}}", self.origin, self.labels.trim_end_matches(','))
    }
}

impl Family {
    fn write(&self, complain: &Complain<'_>, name: &str, out: &mut Output) -> Result<(), Stop> {
        let has_several = self.series.windows(2).any(|pair| pair[0].origin != pair[1].origin);
        let mut seen: HashSet<Cow<'_, str>> = HashSet::with_capacity(self.series.len());
        for series in &self.series {
            let mut labels = Cow::Borrowed(&*series.labels);
            if has_several {
                label(labels.to_mut(), "label", &escape(series.origin.as_bytes()));
            }
            match &series.samples {
                _ if seen.contains(&labels) => {
                    complain(name, &format!("two series are {}: one is left out", series.whose()));
                    continue;
                }
                Samples::One(value) => write_sample(out, [name, "", &labels, ""], |out| value.push_to(out))?,
                Samples::Several(samples) => {
                    for Sample { ending, bound, value } in samples {
                        let push = |out: &mut Vec<u8>| out.extend_from_slice(value.as_bytes());
                        write_sample(out, [name, ending, &labels, bound], push)?;
                    }
                }
            }
            seen.insert(labels);
        }
        Ok(())
    }
}

/// One line: a name in two parts, labels in two parts, a number.
fn write_sample(
    out: &mut Output,
    [name, ending, labels, bound]: [&str; 4],
    push: impl FnOnce(&mut Vec<u8>),
) -> Result<(), Stop> {
    // The comma after the last.
    let (labels, bound) = match bound {
        "" => (labels.trim_end_matches(','), ""),
        bound => (labels, bound.trim_end_matches(',')),
    };
    out.gather(|out| {
        [name, ending].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        if !(labels.is_empty() && bound.is_empty()) {
            ["{", labels, bound, "}"].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        }
        out.push(b' ');
        push(out);
        out.push(b'\n');
    })
}
