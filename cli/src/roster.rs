//! The files that a live tool follows: who joins, who leaves, what they hold.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mmstats::{Certainty, ErrorKind, Observation, Observer, Origin};

use crate::escape::escape_path;
use crate::limit::open_files;
use crate::member::{Coroner, Left, Member, Outsider, State, Visitor, Writer};
use crate::operands::Found;
use crate::places::{Candidate, Places};
use crate::questions::Questions;
use crate::tool::{Stop, Tool};

/// How often dead files are asked whether somebody writes to them again.
const REVIVALS: Duration = Duration::from_millis(200);
/// All of them.
pub struct Roster<S> {
    places: Places,
    observer: Observer,
    coroner: Coroner,
    /// Sorted by path.
    members: Vec<Member<S>>,
    /// Files that cannot be read (and why), and dead ones (and which).
    outsiders: HashMap<PathBuf, Outsider>,
    /// When the dead were asked last.
    asked: Instant,
    /// How many files may be kept open.
    limit: usize,
    questions: Questions,
    has_looked: bool,
    verbosity: u8,
}

impl<S: Default> Roster<S> {
    /// Nobody yet. `verbosity` 1 tells on stderr which files are left out, 2 who joins and leaves.
    #[must_use]
    pub fn new(operands: Vec<OsString>, certainty: Certainty, verbosity: u8) -> Self {
        Self {
            places: Places::new(operands),
            observer: Observer::new(certainty),
            coroner: Coroner::new(),
            members: Vec::new(),
            outsiders: HashMap::new(),
            asked: Instant::now(),
            limit: open_files(),
            questions: Questions::default(),
            has_looked: false,
            verbosity,
        }
    }

    /// For a tool that waits for files to come: that a named one is not there yet is no error.
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

    /// Whether the file at `path` is left out since its process has ended.
    #[must_use]
    pub fn is_dead(&self, path: &Path) -> bool {
        matches!(self.outsiders.get(path), Some(Outsider::Dead { .. }))
    }

    /// Says that there is nothing to follow, and why. The exit code will be 1.
    pub fn complain(&self, tool: &Tool) {
        let is_dead = |outsider: &Outsider| matches!(outsider, Outsider::Dead { .. });
        let looked = self.places.looked();
        if self.outsiders.values().any(is_dead) {
            tool.say(&format!(
                "no stats files of living processes found: looked for {looked} (a file that is named is read in any case)"
            ));
        } else if self.outsiders.is_empty() {
            tool.say(&format!("no stats files found: looked for {looked}"));
        }
        tool.fail();
    }

    /// Looks where files come and go, then at every file.
    ///
    /// # Errors
    /// Whatever the visitor gives.
    pub fn look<V: Visitor<State = S>>(&mut self, tool: &Tool, visitor: &mut V) -> Result<(), Stop> {
        match self.places.look(tool) {
            Some(places) => self.meet(tool, &places, visitor)?,
            None => self.retry(tool, visitor)?,
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
                    let (path, origin) = (member.file.path().to_owned(), member.file.origin());
                    begins_again.push((Found { path, origin }, member.is_named));
                    gone.push((number, Observation::Unchanged, Left::Removed));
                    continue;
                }
                Ok(looked) => looked,
                Err(error) if error.is_not_found() => {
                    gone.push((number, Observation::Unchanged, Left::Removed));
                    continue;
                }
                // Its writer may be about to begin again, in the same file.
                Err(error) if error.kind() == ErrorKind::Version => {
                    let outsider = Outsider::perhaps_begun(member.is_named);
                    self.outsiders.insert(member.file.path().to_owned(), outsider);
                    gone.push((number, Observation::Unchanged, Left::Removed));
                    continue;
                }
                Err(error) => {
                    tool.report(&error);
                    let outsider = Outsider::unreadable(&error, member.is_named);
                    self.outsiders.insert(member.file.path().to_owned(), outsider);
                    gone.push((number, Observation::Unchanged, Left::Broken));
                    continue;
                }
            };
            if dead.contains(&number) {
                gone.push((number, looked, Left::Dead));
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
                Some((_, looked, why)) => self.dismiss(tool, member, looked, why, visitor)?,
                None => self.members.push(member),
            }
        }
        for (found, is_named) in begins_again {
            self.admit(tool, &found, is_named, None, visitor)?;
            if let Some(member) = self.members.last_mut() {
                // Only the looks that are still to come in this round pass it over.
                member.is_fresh = false;
            }
        }
        self.members.sort_by(|a, b| order(a.file.path(), b.file.path()));
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
    ) -> Result<(), Stop> {
        for member in self.members.iter_mut().filter(|member| choose(member)) {
            let looked = look(&mut self.observer, member, visitor).unwrap_or(Observation::Replaced);
            visitor.visit(member, looked)?;
        }
        Ok(())
    }

    /// Those that are followed, for a tool that makes up its mind when it has seen them all.
    pub fn members_mut(&mut self) -> &mut [Member<S>] {
        &mut self.members
    }

    /// Compares the followed files with those that are there.
    fn meet<V: Visitor<State = S>>(
        &mut self,
        tool: &Tool,
        places: &[Candidate],
        visitor: &mut V,
    ) -> Result<(), Stop> {
        self.questions.regroup();
        let mut stays = vec![false; self.members.len()];
        let mut strangers = Vec::new();
        for place in places {
            let path = &place.found.path;
            let state = State::of(path, place.found.origin);
            let identity = state.map(|state| state.identity);
            let member = self.members.binary_search_by(|member| order(member.file.path(), path));
            let is_same = |number: &usize| match identity {
                Some(identity) => identity == self.members[*number].file.identity(),
                None => is_out_of_sight(path),
            };
            match member.ok().filter(is_same) {
                Some(number) => stays[number] = true,
                None => strangers.push((place, state)),
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
            self.dismiss(tool, member, looked, Left::Removed, visitor)?;
        }
        let mut before = std::mem::take(&mut self.outsiders);
        for (place, state) in strangers {
            let Candidate { found, is_named } = place;
            match before.remove(&found.path) {
                Some(outsider @ Outsider::Dead { state: dead, .. }) if dead.is_some() && dead == state => {
                    self.outsiders.insert(found.path.clone(), outsider);
                }
                known => self.admit(tool, found, *is_named, known.as_ref(), visitor)?,
            }
        }
        self.outsiders.extend(before.into_iter().filter(|(path, _)| self.places.hide(path)));
        self.members.sort_by(|a, b| order(a.file.path(), b.file.path()));
        Ok(())
    }

    /// Tries once more what could not be read: it may have been half written. And what was dead, if
    /// somebody has written to it since: no name comes or goes where a writer begins again in the same file.
    fn retry<V: Visitor<State = S>>(&mut self, tool: &Tool, visitor: &mut V) -> Result<(), Stop> {
        let asks = self.asked.elapsed() >= REVIVALS;
        let is_due = |outsider: &Outsider| asks || matches!(outsider, Outsider::Unreadable { .. });
        if !self.outsiders.values().any(is_due) {
            return Ok(());
        }
        if asks {
            self.asked = Instant::now();
        }
        let outsiders = std::mem::take(&mut self.outsiders);
        for (path, outsider) in outsiders {
            match outsider {
                Outsider::Unreadable { is_named, .. } => {
                    let origin = if is_named { Origin::Named } else { Origin::Found };
                    let found = Found { path, origin };
                    self.admit(tool, &found, is_named, Some(&outsider), visitor)?;
                }
                Outsider::Dead { state, is_named } if asks => {
                    let origin = if is_named { Origin::Named } else { Origin::Found };
                    if state.is_some() && state == State::of(&path, origin) {
                        self.outsiders.insert(path, outsider);
                    } else {
                        self.admit(tool, &Found { path, origin }, is_named, Some(&outsider), visitor)?;
                    }
                }
                dead @ Outsider::Dead { .. } => drop(self.outsiders.insert(path, dead)),
            }
        }
        self.members.sort_by(|a, b| order(a.file.path(), b.file.path()));
        Ok(())
    }

    /// Begins to follow a file, if it can be read and is not dead.
    fn admit<V: Visitor<State = S>>(
        &mut self,
        tool: &Tool,
        found: &Found,
        is_named: bool,
        known: Option<&Outsider>,
        visitor: &mut V,
    ) -> Result<(), Stop> {
        let Found { path, origin } = found;
        let state = State::of(path, *origin);
        let mut file = match self.observer.follow(path, *origin, wanted(visitor)) {
            Ok(file) => file,
            Err(error) => {
                let mut outsider = Outsider::unreadable(&error, is_named);
                // Gone since it was found, or not back yet: a process ends and begins, which is no error.
                let is_quiet = error.is_not_found() && (!is_named || self.has_looked);
                let was_unreadable = matches!(known, Some(Outsider::Unreadable { .. }));
                if error.kind() == ErrorKind::Version && self.has_looked && !was_unreadable {
                    outsider = Outsider::perhaps_begun(is_named);
                } else if !is_quiet && known != Some(&outsider) {
                    tool.report(&error);
                }
                if !error.is_not_found() || is_named {
                    self.outsiders.insert(path.clone(), outsider);
                }
                return Ok(());
            }
        };
        let was_dead = self.coroner.is_dead(self.observer.snapshot());
        let died = matches!(known, Some(Outsider::Dead { .. }));
        if was_dead && (died || !is_named) {
            if !died {
                self.tell(tool, 1, path, "left out: its process has ended");
            }
            self.outsiders.insert(path.clone(), Outsider::Dead { state, is_named });
            return Ok(());
        }
        if self.members.len() >= self.limit {
            file.close();
        }
        if let Some(defect) = self.observer.snapshot().defect() {
            tool.report(&defect);
        }
        let writer = Writer::of(self.observer.snapshot());
        if self.has_looked {
            self.tell(tool, 2, path, "joins");
        }
        let state = S::default();
        let mut member =
            Member { file, writer, state, is_named, was_dead, is_fresh: true, is_out_of_sight: false };
        visitor.visit(&mut member, Observation::Anew)?;
        self.members.push(member);
        self.questions.regroup();
        Ok(())
    }

    fn dismiss<V: Visitor<State = S>>(
        &mut self,
        tool: &Tool,
        mut member: Member<S>,
        looked: Observation,
        why: Left,
        visitor: &mut V,
    ) -> Result<(), Stop> {
        visitor.leave(&mut member, looked, why)?;
        let path = member.file.path();
        match why {
            Left::Removed => self.tell(tool, 2, path, "leaves: the file is gone"),
            Left::Dead => {
                self.tell(tool, 2, path, "leaves: its process has ended");
                // Perhaps somebody has written to it since it was judged.
                let dead = Outsider::Dead { state: None, is_named: member.is_named };
                self.outsiders.insert(path.to_owned(), dead);
            }
            Left::Broken => {}
        }
        Ok(())
    }

    fn tell(&self, tool: &Tool, verbosity: u8, path: &Path, what: &str) {
        if self.verbosity >= verbosity {
            tool.say(&format!("{}: {what}", escape_path(path)));
        }
    }
}

/// Looks at a member.
fn look<V: Visitor>(
    observer: &mut Observer,
    member: &mut Member<V::State>,
    visitor: &mut V,
) -> Result<Observation, mmstats::Error> {
    observer.look(&mut member.file, wanted(visitor))
}

fn wanted<V: Visitor>(visitor: &mut V) -> impl FnMut(&[u8]) -> bool {
    let mut has_begun = false;
    move |label| {
        if !has_begun {
            visitor.begin();
            has_begun = true;
        }
        visitor.wants(label)
    }
}

/// Whether a file that cannot be looked at may be there all the same.
fn is_out_of_sight(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound)
}

fn order(a: &Path, b: &Path) -> std::cmp::Ordering {
    a.as_os_str().cmp(b.as_os_str())
}
