//! The files that a live tool follows: who joins, who leaves, what they hold.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mmstats::{Looked, Looks, Observer, Origin};

use crate::escape::escape_path;
use crate::limit::open_files;
use crate::member::{Coroner, Left, Member, Outsider, Visitor, Writer};
use crate::operands::Found;
use crate::places::{Place, Places};
use crate::tool::{Stop, Tool};

/// How many of the files that have not changed are asked at each look whether they are dead: this many,
/// or one in [`ROUNDS`]. To ask costs half as much as to read, so asking all would be too much.
const QUESTIONS: usize = 32;
const ROUNDS: usize = 64;
/// All of them.
pub struct Roster<S> {
    places: Places,
    observer: Observer,
    coroner: Coroner,
    /// Sorted by path.
    members: Vec<Member<S>>,
    /// Files that cannot be read (and why), and dead ones (and which).
    outsiders: HashMap<PathBuf, Outsider>,
    /// How many files may be kept open.
    limit: usize,
    next_question: usize,
    has_looked: bool,
    verbosity: u8,
}

impl<S: Default> Roster<S> {
    /// Nobody yet. `verbosity` 1 tells on stderr which files are left out, 2 who joins and leaves.
    #[must_use]
    pub fn new(operands: Vec<OsString>, looks: Looks, verbosity: u8) -> Self {
        Self {
            places: Places::new(operands),
            observer: Observer::new(looks),
            coroner: Coroner::new(),
            members: Vec::new(),
            outsiders: HashMap::new(),
            limit: open_files(),
            next_question: 0,
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
        let count = self.members.len();
        let questions = QUESTIONS.max(count / ROUNDS).min(count);
        let mut gone = Vec::new();
        for (number, member) in self.members.iter_mut().enumerate() {
            if std::mem::take(&mut member.is_fresh) {
                continue;
            }
            let looked = match look(&mut self.observer, member, visitor) {
                Ok(Looked::Replaced) => {
                    gone.push((number, Looked::Unchanged, Left::Removed));
                    continue;
                }
                Ok(looked) => looked,
                Err(error) if error.is_not_found() => {
                    gone.push((number, Looked::Unchanged, Left::Removed));
                    continue;
                }
                Err(error) => {
                    tool.report(&error);
                    let outsider = Outsider::unreadable(&error, member.is_named);
                    self.outsiders.insert(member.file.path().to_owned(), outsider);
                    gone.push((number, Looked::Unchanged, Left::Broken));
                    continue;
                }
            };
            visitor.visit(member, looked)?;
            let turn = (number + count - self.next_question % count) % count;
            if looked == Looked::Unchanged && turn < questions && member.has_died(&mut self.coroner) {
                let looked = look(&mut self.observer, member, visitor).unwrap_or(Looked::Unchanged);
                gone.push((number, looked, Left::Dead));
            }
        }
        self.next_question = if count == 0 { 0 } else { (self.next_question + questions) % count };
        if gone.is_empty() {
            return Ok(());
        }
        let mut gone = gone.into_iter().peekable();
        for (number, member) in std::mem::take(&mut self.members).into_iter().enumerate() {
            match gone.next_if(|(gone, ..)| *gone == number) {
                Some((_, looked, why)) => self.dismiss(tool, member, looked, why, visitor)?,
                None => self.members.push(member),
            }
        }
        Ok(())
    }

    /// Looks once more at some of the members, in their order. Of one that cannot be looked at any more the
    /// visitor hears [`Looked::Replaced`], and the next [`Roster::look`] dismisses it.
    ///
    /// # Errors
    /// Whatever the visitor gives.
    pub fn look_again<V: Visitor<State = S>>(
        &mut self,
        visitor: &mut V,
        choose: impl Fn(&Member<S>) -> bool,
    ) -> Result<(), Stop> {
        for member in self.members.iter_mut().filter(|member| choose(member)) {
            let looked = look(&mut self.observer, member, visitor).unwrap_or(Looked::Replaced);
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
        places: &[Place],
        visitor: &mut V,
    ) -> Result<(), Stop> {
        let mut stays = vec![false; self.members.len()];
        let mut strangers = Vec::new();
        for place in places {
            let path = &place.found.path;
            let identity = identity(&place.found);
            let member = self.members.binary_search_by(|member| order(member.file.path(), path));
            match member.ok().filter(|&number| Some(self.members[number].file.identity()) == identity) {
                Some(number) => stays[number] = true,
                None => strangers.push((place, identity)),
            }
        }
        for (mut member, stays) in std::mem::take(&mut self.members).into_iter().zip(stays) {
            if stays {
                self.members.push(member);
                continue;
            }
            let mut looked = Looked::Unchanged;
            if member.file.is_open() {
                looked = look(&mut self.observer, &mut member, visitor).unwrap_or(looked);
            }
            self.dismiss(tool, member, looked, Left::Removed, visitor)?;
        }
        let mut before = std::mem::take(&mut self.outsiders);
        for (place, identity) in strangers {
            let Place { found, is_named } = place;
            match before.remove(&found.path) {
                Some(Outsider::Dead { identity: dead }) if Some(dead) == identity => {
                    self.outsiders.insert(found.path.clone(), Outsider::Dead { identity: dead });
                }
                known => self.admit(tool, found, *is_named, known.as_ref(), visitor)?,
            }
        }
        self.members.sort_by(|a, b| order(a.file.path(), b.file.path()));
        Ok(())
    }

    /// Tries once more what could not be read: it may have been half written.
    fn retry<V: Visitor<State = S>>(&mut self, tool: &Tool, visitor: &mut V) -> Result<(), Stop> {
        let is_unreadable = |outsider: &Outsider| matches!(outsider, Outsider::Unreadable { .. });
        if !self.outsiders.values().any(is_unreadable) {
            return Ok(());
        }
        let outsiders = std::mem::take(&mut self.outsiders);
        for (path, outsider) in outsiders {
            match outsider {
                Outsider::Unreadable { is_named, .. } => {
                    let origin = if is_named { Origin::Named } else { Origin::Found };
                    let found = Found { path, origin };
                    self.admit(tool, &found, is_named, Some(&outsider), visitor)?;
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
        let mut file = match self.observer.follow(path, *origin, wanted(visitor)) {
            Ok(file) => file,
            Err(error) => {
                let outsider = Outsider::unreadable(&error, is_named);
                // Gone since it was found, or not back yet: a process ends and begins, which is no error.
                let is_quiet = error.is_not_found() && (!is_named || self.has_looked);
                if !is_quiet && known != Some(&outsider) {
                    tool.report(&error);
                }
                if !error.is_not_found() || is_named {
                    self.outsiders.insert(path.clone(), outsider);
                }
                return Ok(());
            }
        };
        let was_dead = self.coroner.is_dead(self.observer.snapshot());
        if was_dead && !is_named {
            self.tell(tool, 1, path, "left out: its process has ended");
            self.outsiders.insert(path.clone(), Outsider::Dead { identity: file.identity() });
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
        let mut member = Member { file, writer, state, is_named, was_dead, is_fresh: true };
        visitor.visit(&mut member, Looked::Anew)?;
        self.members.push(member);
        Ok(())
    }

    fn dismiss<V: Visitor<State = S>>(
        &mut self,
        tool: &Tool,
        mut member: Member<S>,
        looked: Looked,
        why: Left,
        visitor: &mut V,
    ) -> Result<(), Stop> {
        visitor.leave(&mut member, looked, why)?;
        let path = member.file.path();
        match why {
            Left::Removed => self.tell(tool, 2, path, "leaves: the file is gone"),
            Left::Dead => {
                self.tell(tool, 2, path, "leaves: its process has ended");
                let identity = member.file.identity();
                self.outsiders.insert(path.to_owned(), Outsider::Dead { identity });
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
) -> Result<Looked, mmstats::Error> {
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

fn order(a: &Path, b: &Path) -> std::cmp::Ordering {
    a.as_os_str().cmp(b.as_os_str())
}

fn identity(found: &Found) -> Option<(u64, u64)> {
    let metadata = match found.origin {
        Origin::Named => found.path.metadata(),
        Origin::Found => found.path.symlink_metadata(),
    };
    metadata.ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
