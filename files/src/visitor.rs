//! What a program does with the files it follows.

use mmstats::{Error, Observation, Observer};

use crate::member::{Left, Member};

/// What a program does with the files it follows.
pub trait Visitor {
    /// What it remembers of each.
    type State: Default;

    /// Why it goes no further.
    type Stop;

    /// The labels of a file come next: all of them, in order. None come where they are those of the file before: what
    /// was heard and answered then holds once more.
    fn begin(&mut self) {}

    /// Whether it wants this field. It must always want the same labels.
    fn wants(&mut self, label: &[u8]) -> bool;

    /// A file was looked at. [`Observation::Anew`] the first time, and whenever its fields are others.
    ///
    /// # Errors
    /// Whatever stops the program.
    fn visit(&mut self, member: &mut Member<Self::State>, looked: Observation) -> Result<(), Self::Stop>;

    /// A file is followed no longer. There was a last look at it, if that was possible.
    ///
    /// # Errors
    /// Whatever stops the program.
    fn leave(
        &mut self,
        member: &mut Member<Self::State>,
        looked: Observation,
        why: Left,
    ) -> Result<(), Self::Stop>;
}

/// Looks at a member.
pub(crate) fn look<V: Visitor>(
    observer: &mut Observer,
    member: &mut Member<V::State>,
    visitor: &mut V,
) -> Result<Observation, Error> {
    observer.look(&mut member.file, wanted(visitor))
}

/// Asks the visitor about the labels of one file.
pub(crate) fn wanted<V: Visitor>(visitor: &mut V) -> impl FnMut(&[u8]) -> bool {
    let mut has_begun = false;
    move |label| {
        if !has_begun {
            visitor.begin();
            has_begun = true;
        }
        visitor.wants(label)
    }
}
