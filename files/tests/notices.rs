//! A program that follows files hears what happens to them, and nothing is written anywhere.

#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use files::{Left, Member, Notice, Roster, Visitor};
use mmstats::{Certainty, Observation};

/// Remembers nothing.
struct Idle;

impl Visitor for Idle {
    type State = ();
    type Stop = Infallible;

    fn wants(&mut self, _: &[u8]) -> bool {
        true
    }

    fn visit(&mut self, _: &mut Member<()>, _: Observation) -> Result<(), Infallible> {
        Ok(())
    }

    fn leave(&mut self, _: &mut Member<()>, _: Observation, _: Left) -> Result<(), Infallible> {
        Ok(())
    }
}

/// What one look hands over: what happened, and to which file of the directory.
fn heard(roster: &mut Roster<()>, dir: &Path) -> Vec<(&'static str, PathBuf)> {
    let mut heard = Vec::new();
    let below = |path: &Path| path.strip_prefix(dir).unwrap().to_owned();
    let done = roster.look(&mut Idle, &mut |notice| {
        heard.push(match *notice {
            Notice::Joins(path) => ("joins", below(path)),
            Notice::Gone(path) => ("gone", below(path)),
            Notice::Unlisted(path, _) => ("unlisted", below(path)),
            Notice::Unreadable(error) => ("unreadable", below(error.path())),
            ref other => panic!("{other:?}"),
        });
    });
    assert!(done.is_ok());
    heard
}

/// A file of version 1 with one field, which says nothing about its writer.
fn one_field() -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(1_u16.to_ne_bytes());
    bytes.push(b'a');
    bytes.extend(1_u16.to_ne_bytes());
    bytes.push(b'Q');
    bytes.push(255);
    bytes.extend(7_u64.to_ne_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn files_that_come_and_go_are_handed_over() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let mut roster = Roster::new(vec![dir.into()], Certainty::Newest);
    assert_eq!(heard(&mut roster, dir), []);
    assert!(matches!(roster.absence(), Some(Notice::NoFiles([looked])) if looked == dir));

    fs::write(dir.join("a.mmstats"), one_field()).unwrap();
    assert_eq!(heard(&mut roster, dir), [("joins", "a.mmstats".into())]);
    assert_eq!(roster.members().len(), 1);
    assert_eq!(heard(&mut roster, dir), []);

    fs::remove_file(dir.join("a.mmstats")).unwrap();
    assert_eq!(heard(&mut roster, dir), [("gone", "a.mmstats".into())]);
    assert!(roster.members().is_empty());
}

#[test]
fn what_cannot_be_read_is_handed_over_once() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    fs::write(dir.join("a.mmstats"), "no stats").unwrap();
    let mut roster = Roster::new(vec![dir.into(), dir.join("missing").into()], Certainty::Newest);
    let mut first = heard(&mut roster, dir);
    first.sort();
    assert_eq!(first, [("unreadable", "a.mmstats".into()), ("unreadable", "missing".into())]);
    assert!(roster.absence().is_none(), "there is a file");
    assert_eq!(heard(&mut roster, dir), []);
}
