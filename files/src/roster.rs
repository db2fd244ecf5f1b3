//! The files that a live program follows: which join, which leave, what they hold.

use std::path::Path;
use std::sync::Arc;

use mmstats::departed::is_departed;
use mmstats::{Certainty, Error, Observation, Observer};

use crate::coroner::Coroner;
use crate::limit::open_files;
use crate::member::{Left, Member, Writer};
use crate::notice::{Hear, Notice};
use crate::operands::Operands;
use crate::outsiders::{Outsider, Outsiders};
use crate::places::{Candidate, Places};
use crate::processes::Walker;
use crate::questions::Questions;
use crate::search::Found;
use crate::state::State;
use crate::visitor::{Visitor, look, wanted};

/// All of them.
pub struct Roster<S> {
    places: Places,
    observer: Observer,
    coroner: Coroner,
    /// Sorted by path.
    members: Vec<Member<S>>,
    outsiders: Outsiders,
    /// How many files may be kept open.
    limit: usize,
    questions: Questions,
    has_looked: bool,
}

impl<S: Default> Roster<S> {
    /// Without members before the first look.
    #[must_use]
    pub fn new(operands: impl Into<Operands>, certainty: Certainty) -> Self {
        Self {
            places: Places::new(operands.into()),
            observer: Observer::new(certainty).constant(),
            coroner: Coroner::new(),
            members: Vec::new(),
            outsiders: Outsiders::new(),
            limit: open_files(),
            questions: Questions::default(),
            has_looked: false,
        }
    }

    /// For a program that waits for files to come: that a named one is not there yet is no error.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.has_looked = true;
        self.places.hush();
        self
    }

    /// Those that are followed, sorted by path.
    #[must_use]
    pub fn members(&self) -> &[Member<S>] {
        &self.members
    }

    /// Those that are followed, for a program that decides when it has seen them all.
    pub fn members_mut(&mut self) -> &mut [Member<S>] {
        &mut self.members
    }

    /// Whether the file at `path` is left out since its process has ended.
    #[must_use]
    pub fn is_dead(&self, path: &Path) -> bool {
        self.outsiders.is_dead(path)
    }

    /// Why there is nothing to follow. `None` if there are files that cannot be read: that was handed over.
    #[must_use]
    pub fn absence(&self) -> Option<Notice<'_>> {
        let looked = self.places.looked();
        if self.outsiders.has_dead() {
            return Some(Notice::NoLivingFiles(looked));
        }
        self.outsiders.is_empty().then_some(Notice::NoFiles(looked))
    }

    /// Looks where files come and go, then at every file.
    ///
    /// # Errors
    /// Whatever the visitor gives.
    pub fn look<V: Visitor<State = S>>(
        &mut self,
        visitor: &mut V,
        hear: &mut Hear<'_>,
    ) -> Result<(), V::Stop> {
        match self.places.look(hear) {
            Some(places) => self.meet(&places, visitor, hear)?,
            None => self.retry(visitor, hear)?,
        }
        self.has_looked = true;
        // Asked before the look, so that no value of a process that has ended by now is shown as if it lived.
        let dead = self.questions.ask(&mut self.members, &mut self.coroner);
        let mut gone = Vec::new();
        let mut begins_again = Vec::new();
        for (number, member) in self.members.iter_mut().enumerate() {
            if std::mem::take(&mut member.is_fresh) {
                continue;
            }
            let looked = match look(&mut self.observer, member, visitor) {
                Ok(Observation::Replaced) => {
                    begins_again.push((member.found(), member.is_named));
                    gone.push((number, Observation::Unchanged, Left::Removed));
                    continue;
                }
                Ok(looked) => looked,
                Err(error) => {
                    let why = self.outsiders.turn_away(member, &error, hear);
                    gone.push((number, Observation::Unchanged, why));
                    continue;
                }
            };
            if dead.contains(&number) {
                gone.push((number, looked, member.why_it_leaves(true)));
            } else {
                visitor.visit(member, looked)?;
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        self.questions.regroup();
        let mut gone = gone.into_iter().peekable();
        for (number, member) in std::mem::take(&mut self.members).into_iter().enumerate() {
            match gone.next_if(|(gone, ..)| *gone == number) {
                Some((_, looked, why)) => self.dismiss(member, looked, why, visitor, hear)?,
                None => self.members.push(member),
            }
        }
        for (found, is_named) in begins_again {
            self.admit(&found, is_named, None, visitor, hear)?;
            if let Some(member) = self.members.last_mut() {
                // Only the looks that are still to come in this round pass it over.
                member.is_fresh = false;
            }
        }
        self.sort();
        Ok(())
    }

    /// Looks once more at some of the members, in their order. Of one that cannot be looked at any more the
    /// visitor hears [`Observation::Replaced`], and the next [`Roster::look`] dismisses it.
    ///
    /// # Errors
    /// Whatever the visitor gives.
    pub fn look_again<V: Visitor<State = S>>(
        &mut self,
        visitor: &mut V,
        choose: impl Fn(&Member<S>) -> bool,
    ) -> Result<(), V::Stop> {
        for member in self.members.iter_mut().filter(|member| choose(member)) {
            let looked = look(&mut self.observer, member, visitor).unwrap_or(Observation::Replaced);
            visitor.visit(member, looked)?;
        }
        Ok(())
    }

    /// Compares the followed files with those that are there.
    fn meet<V: Visitor<State = S>>(
        &mut self,
        places: &[Candidate],
        visitor: &mut V,
        hear: &mut Hear<'_>,
    ) -> Result<(), V::Stop> {
        self.questions.regroup();
        let mut stays = vec![false; self.members.len()];
        let mut strangers = Vec::new();
        for place in places {
            let path = &place.found.path;
            let member = self.members.binary_search_by(|member| order(member.file.path(), path));
            // What is new here is asked for when it is admitted: at the beginning that is everything.
            let identity = || match &place.found.mapped {
                Some(mapped) => Some(mapped.identity()),
                None => State::at(path, place.found.origin).map(|state| state.identity),
            };
            let is_same = |number: &usize| match identity() {
                Some(identity) => identity == self.members[*number].file.identity(),
                None => is_out_of_sight(path),
            };
            match member.ok().filter(is_same) {
                Some(number) => stays[number] = true,
                None => strangers.push(place),
            }
        }
        for (mut member, stays) in std::mem::take(&mut self.members).into_iter().zip(stays) {
            if stays || self.places.hide(member.file.path()) {
                self.members.push(member);
                continue;
            }
            let mut looked = Observation::Unchanged;
            if member.file.is_open() {
                looked = look(&mut self.observer, &mut member, visitor).unwrap_or(looked);
            }
            // A process that is gone has unmapped its files; what else becomes of them is not looked at.
            let has_ended = member.mapped.as_deref().is_some_and(Walker::has_ended);
            let why = member.why_it_leaves(has_ended);
            self.dismiss(member, looked, why, visitor, hear)?;
        }
        let mut before = self.outsiders.take();
        for Candidate { found, is_named } in strangers {
            // At the beginning nothing is known, and to look for a path takes longer than it seems.
            match if before.is_empty() { None } else { before.remove(&found.path) } {
                Some(outsider @ Outsider::Dead { state: dead, .. })
                    if dead.is_some()
                        && found.mapped.is_none()
                        && dead == State::at(&found.path, found.origin) =>
                {
                    self.outsiders.insert(found.path.clone(), outsider);
                }
                known => self.admit(found, *is_named, known.as_ref(), visitor, hear)?,
            }
        }
        self.outsiders.extend(before.into_iter().filter(|(path, _)| self.places.hide(path)));
        places.iter().filter_map(|place| place.found.mapped.as_ref()).for_each(|mapped| mapped.let_go());
        self.sort();
        Ok(())
    }

    /// Tries once more what may have become a file to follow.
    fn retry<V: Visitor<State = S>>(&mut self, visitor: &mut V, hear: &mut Hear<'_>) -> Result<(), V::Stop> {
        let due = self.outsiders.due();
        if due.is_empty() {
            return Ok(());
        }
        for (path, outsider) in due {
            let mapped = self.places.mapped(&path);
            let found = Found { path, origin: outsider.origin(), mapped };
            self.admit(&found, outsider.is_named(), Some(&outsider), visitor, hear)?;
        }
        self.sort();
        Ok(())
    }

    /// Begins to follow a file, if it can be read and is not dead.
    fn admit<V: Visitor<State = S>>(
        &mut self,
        found: &Found,
        is_named: bool,
        known: Option<&Outsider>,
        visitor: &mut V,
        hear: &mut Hear<'_>,
    ) -> Result<(), V::Stop> {
        let Found { path, origin, mapped } = found;
        let followed = match mapped.as_ref().map(|mapped| mapped.open()) {
            None => self.observer.follow(path, *origin, wanted(visitor)),
            Some(Ok(file)) => self.observer.follow_file(file, path, wanted(visitor)),
            Some(Err(error)) => Err(Error::opening(path, error)),
        };
        let mut file = match followed {
            Ok(file) => file,
            Err(error) => {
                self.outsiders.refuse(found, &error, is_named, known, self.has_looked, hear);
                return Ok(());
            }
        };
        let was_dead = self.coroner.is_dead(self.observer.snapshot());
        let died = known.is_some_and(Outsider::is_dead);
        if was_dead && (died || !is_named) {
            // Nobody expects the counts of removed files to live.
            if is_departed(self.observer.snapshot()) {
                hear(&Notice::Departed(path));
            } else if !died {
                hear(&Notice::LeftOut(path));
            }
            // It must be from before the file was read: what changes after that is another look's concern.
            let state = self.observer.metadata().filter(|_| mapped.is_none()).map(State::of);
            self.outsiders.insert(path.clone(), Outsider::Dead { state, is_named });
            return Ok(());
        }
        if self.members.len() >= self.limit {
            file.close();
        }
        if let Some(defect) = self.observer.snapshot().defect() {
            hear(&Notice::Unreadable(&defect));
        }
        let writer = Writer::of(self.observer.snapshot(), found.process());
        if self.has_looked {
            hear(&Notice::Joins(path));
        }
        let state = S::default();
        let mapped = mapped.as_ref().map(Arc::clone);
        let mut member = Member {
            file,
            writer,
            state,
            mapped,
            is_named,
            was_dead,
            is_fresh: true,
            is_out_of_sight: false,
        };
        visitor.visit(&mut member, Observation::Anew)?;
        self.members.push(member);
        self.questions.regroup();
        Ok(())
    }

    fn dismiss<V: Visitor<State = S>>(
        &mut self,
        mut member: Member<S>,
        looked: Observation,
        why: Left,
        visitor: &mut V,
        hear: &mut Hear<'_>,
    ) -> Result<(), V::Stop> {
        visitor.leave(&mut member, looked, why)?;
        let path = member.file.path();
        match why {
            Left::Removed => hear(&Notice::Gone(path)),
            Left::Dead => {
                hear(&Notice::Died(path));
                // Perhaps somebody has written to it since it was judged.
                let dead = Outsider::Dead { state: None, is_named: member.is_named };
                if member.mapped.is_none() {
                    self.outsiders.insert(path.to_owned(), dead);
                }
            }
            Left::Broken => {}
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.members.sort_by(|a, b| order(a.file.path(), b.file.path()));
    }
}

/// Whether a file that cannot be looked at may be there all the same.
fn is_out_of_sight(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound)
}

fn order(a: &Path, b: &Path) -> std::cmp::Ordering {
    a.as_os_str().cmp(b.as_os_str())
}
