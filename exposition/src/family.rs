//! Families: all series of one name, with what is said of them once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cli::{Output, Stop, escape};

use crate::exposition::Complain;
use crate::text::{label, push_escaped};
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

/// The numbers that have the same labels.
pub(crate) struct Series {
    /// Which files it is of, and its attributes: `cmd="web",route="/a",`.
    pub(crate) labels: String,
    /// The label of the field, without attributes.
    pub(crate) origin: String,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Default)]
struct Family {
    help: Option<String>,
    series: Vec<Series>,
}

/// All of them. A name has one type in the end; until then it may have several.
#[derive(Default)]
pub(crate) struct Families(BTreeMap<String, BTreeMap<Type, Family>>);

impl Families {
    pub(crate) fn add(&mut self, name: String, kind: Type, help: Option<String>, series: Series) {
        let family = self.0.entry(name).or_default().entry(kind).or_default();
        if family.help.is_none() {
            family.help = help;
        }
        family.series.push(series);
    }

    /// Writes all, those of unknown types among them. What cannot be is said and left out.
    pub(crate) fn write(
        mut self,
        complain: &Complain<'_>,
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
        for (name, mut types) in std::mem::take(&mut self.0) {
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
        let origins: HashSet<_> = self.series.iter().map(|series| series.origin.as_str()).collect();
        let mut seen = HashSet::new();
        for series in &self.series {
            let mut labels = series.labels.clone();
            if origins.len() > 1 {
                label(&mut labels, "label", &escape(series.origin.as_bytes()));
            }
            if !seen.insert(labels.clone()) {
                complain(name, &format!("two series are {}: one is left out", series.whose()));
                continue;
            }
            for Sample { ending, bound, value } in &series.samples {
                let labels = format!("{labels}{bound}");
                let labels = labels.trim_end_matches(',');
                match labels {
                    "" => writeln!(out, "{name}{ending} {value}")?,
                    labels => writeln!(out, "{name}{ending}{{{labels}}} {value}")?,
                }
            }
        }
        Ok(())
    }
}
