//! What is remembered of a file from row to row.

use crate::amount::Amount;
use crate::fold::Thread;

/// What is remembered of a file.
#[derive(Default)]
pub(crate) struct PolledFile {
    pub(crate) parts: Vec<Part>,
    /// Whether the labels that filters ask for are there.
    pub(crate) is_begun: bool,
    /// Whether the file passes the filters now.
    pub(crate) counts: bool,
    /// Whether it counts since the latest look, and did not before.
    pub(crate) resumes: bool,
    /// Whether all that the file gives to a row are changes of counters.
    pub(crate) only_counters: bool,
    pub(crate) is_known: bool,
    /// Where its thread's end makes a difference.
    pub(crate) thread: Option<Thread>,
}

/// One column in one file.
#[derive(Default)]
pub(crate) struct Part {
    /// Which of the file's fields.
    pub(crate) field: Option<usize>,
    /// The value of a counter of integers at the last look.
    pub(crate) before: Option<i128>,
    /// What is known of the field, if the file says what it means. It does not in version 1, of which there may be
    /// very many files.
    pub(crate) known: Option<Box<Known>>,
}

/// What is known of a field that has a meaning.
pub(crate) struct Known {
    /// Which of the column's classes it is of.
    pub(crate) class: usize,
    pub(crate) scale: f64,
    /// What only grows and is no integer, as it was at the last look.
    pub(crate) amount: Option<Amount>,
    /// The column before it that shows another part of the same field, and so knows what was added to it.
    pub(crate) owner: Option<usize>,
    /// Whether it is that of another.
    pub(crate) is_owner: bool,
}

impl Known {
    /// Whether what was added so far is known.
    pub(crate) fn has_past(&self) -> bool {
        self.owner.is_some() || self.amount.is_some()
    }

    pub(crate) fn new((class, scale): (usize, f64)) -> Self {
        Self { class, scale, amount: None, owner: None, is_owner: false }
    }
}

impl Part {
    /// The class of the field and its scale, if the file says what it means.
    pub(crate) fn class(&self) -> Option<(usize, f64)> {
        self.known.as_ref().map(|known| (known.class, known.scale))
    }

    /// Whether there is nothing to be found out where no byte has changed: there is no such field, or a counter of a
    /// file that says nothing about it.
    #[inline]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.known.is_none() && (self.before.is_some() || self.field.is_none())
    }

    /// What comes next is of no known past.
    pub(crate) fn forget(&mut self) {
        self.before = None;
        if let Some(known) = &mut self.known {
            known.amount = None;
        }
    }

    fn owner(&self) -> Option<usize> {
        self.known.as_ref()?.owner
    }

    /// What was shown of it so far.
    fn shown(&self) -> Amount {
        match self.known.as_ref().and_then(|known| known.amount.as_ref()) {
            Some(amount) => amount.clone(),
            None => self.before.map_or(Amount::Nothing, |before| Amount::Integer(before.max(0))),
        }
    }
}

impl PolledFile {
    /// Which of the file's fields a column shows.
    pub(crate) fn field_of(&self, column: usize) -> Option<usize> {
        self.parts.get(column)?.field
    }

    /// What was shown of the file so far, by column.
    pub(crate) fn shown(&self) -> impl Iterator<Item = Amount> {
        self.parts.iter().map(|part| part.owner().map_or(part, |owner| &self.parts[owner]).shown())
    }
}
