//! What a field says about itself, besides its label and its value.

use std::borrow::Cow;

use crate::format::item::{self, BadItem, Items};
use crate::format::kind::MergeRule;

/// Unit, help and the like, as a spec collects them.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) unit: Option<Cow<'static, str>>,
    pub(crate) help: Option<Cow<'static, str>>,
    pub(crate) merge: Option<MergeRule>,
    pub(crate) scale: Option<f64>,
    pub(crate) quantiles: Vec<f64>,
}

impl About {
    /// Takes a documentation comment for the help, unless there is help.
    pub(crate) fn document(&mut self, doc: &str) {
        self.help.get_or_insert_with(|| Cow::Owned(doc.to_owned()));
    }

    /// Whether all of it may be said, in whichever version.
    pub(crate) fn check(&self) -> Result<(), BadItem> {
        self.unit.as_deref().map_or(Ok(()), item::check_unit)?;
        self.help.as_deref().map_or(Ok(()), item::check_help)?;
        self.scale.map_or(Ok(()), item::check_scale)?;
        item::check_quantiles(&self.quantiles)
    }

    /// For the file.
    pub(crate) fn items(&self) -> Items {
        let text = |text: &Option<Cow<'static, str>>| text.as_deref().map(str::to_owned);
        Items {
            unit: text(&self.unit),
            help: text(&self.help),
            merge: self.merge,
            scale: self.scale,
            quantiles: self.quantiles.clone(),
            model: None,
        }
    }
}

/// The options that every spec has: it keeps them in its field `about`.
macro_rules! described {
    () => {
        /// The unit of the value: `seconds`, `bytes`, `ratio`, `celsius`, or another word of 1 to 63 ASCII
        /// characters without a blank. Default: none.
        #[must_use]
        pub fn unit(mut self, unit: impl Into<std::borrow::Cow<'static, str>>) -> Self {
            self.about.unit = Some(unit.into());
            self
        }

        /// What the field is, in one line. Default: none; in [`stats!`](crate::stats) the first paragraph of
        /// the field's documentation comment.
        #[must_use]
        pub fn help(mut self, help: impl Into<std::borrow::Cow<'static, str>>) -> Self {
            self.about.help = Some(help.into());
            self
        }
    };
}
pub(crate) use described;

/// The option of gauges.
macro_rules! merged {
    () => {
        /// How the values of several files become one.
        #[must_use]
        pub fn merge(mut self, rule: crate::format::kind::MergeRule) -> Self {
            self.about.merge = Some(rule);
            self
        }
    };
}
pub(crate) use merged;
