//! What happens between the moment when a file is found and the moment when it is opened.

use std::ffi::OsStr;
use std::fs;

use files::{Found, Operands, Ways};
use mmstats::Snapshot;

use super::actor::{Actor, named};
use super::{directory, may_follow_mappings};

/// The one file of an actor.
fn found(actor: &Actor) -> Found {
    let mut operands = Operands::default();
    assert!(operands.add_process(OsStr::new(&actor.id().to_string())));
    let mut search = files::find(&operands, Ways::One);
    assert!(search.problems.is_empty(), "{:?}", search.problems);
    let found = search.found.pop().unwrap();
    // What was open when it was found is read first.
    assert_eq!(hits(&found).unwrap(), 7);
    assert!(search.found.is_empty());
    found
}

fn hits(found: &Found) -> Result<i128, mmstats::Error> {
    let mut snapshot = Snapshot::new();
    found.read(&mut snapshot)?;
    Ok(snapshot.find("web.hits").unwrap().value().as_integer().unwrap())
}

#[test]
fn a_process_that_has_ended_has_no_file_though_the_file_is_there() {
    let (_kept, dir) = directory();
    let mut actor = Actor::start(named("between"), &dir);
    let found = found(&actor);
    actor.kill();
    assert!(found.path.exists());
    assert!(hits(&found).unwrap_err().is_not_found());
}

#[test]
fn a_file_that_was_unmapped_and_removed_is_gone() {
    let (_kept, dir) = directory();
    let mut actor = Actor::start(named("between"), &dir);
    let found = found(&actor);
    actor.order("unmap");
    assert!(hits(&found).unwrap_err().is_not_found());
    // Not even if another one has its name.
    harness::write(&dir, found.path.file_name().unwrap(), &[harness::counter("web.hits", 666)]);
    assert!(hits(&found).unwrap_err().is_not_found());
}

#[test]
fn a_file_whose_name_went_to_another_is_still_the_one_that_is_mapped() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("between"), &dir);
    let found = found(&actor);
    let other = harness::write(&dir, "other", &[harness::counter("web.hits", 666)]);
    fs::rename(other, &found.path).unwrap();
    match hits(&found) {
        Ok(hits) => assert_eq!((hits, may_follow_mappings()), (7, true)),
        Err(error) => assert!(!may_follow_mappings(), "{error}"),
    }
}

#[test]
fn a_link_in_place_of_the_file_is_not_followed() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("between"), &dir);
    let found = found(&actor);
    let other = harness::write(&dir, "other", &[harness::counter("web.hits", 666)]);
    fs::remove_file(&found.path).unwrap();
    std::os::unix::fs::symlink(other, &found.path).unwrap();
    assert_ne!(hits(&found).ok(), Some(666));
}
