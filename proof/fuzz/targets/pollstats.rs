//! Rows of pollstats about a file that becomes another between them.

#![no_main]
#![allow(dead_code)]

#[path = "../../../pollstats/src/amount.rs"]
mod amount;
#[path = "../../../pollstats/src/buckets.rs"]
mod buckets;
#[path = "../../../pollstats/src/change.rs"]
mod change;
#[path = "../../../pollstats/src/class.rs"]
mod class;
#[path = "../../../pollstats/src/column.rs"]
mod column;
#[path = "../../../pollstats/src/count.rs"]
mod count;
#[path = "../../../pollstats/src/field.rs"]
mod field;
#[path = "../../../pollstats/src/filter.rs"]
mod filter;
#[path = "../../../pollstats/src/fold.rs"]
mod fold;
#[path = "../../../pollstats/src/known.rs"]
mod known;
#[path = "../../../pollstats/src/mixed.rs"]
mod mixed;
#[path = "../../../pollstats/src/nearest.rs"]
mod nearest;
#[path = "../../../pollstats/src/poll.rs"]
mod poll;
#[path = "../../../pollstats/src/polled.rs"]
mod polled;
#[path = "../../../pollstats/src/records.rs"]
mod records;
#[path = "../../../pollstats/src/row.rs"]
mod row;
#[path = "../../../pollstats/src/settle.rs"]
mod settle;
#[path = "../../../pollstats/src/table.rs"]
mod table;

use std::path::Path;

use cli::{When, escape};
use files::Roster;
use libfuzzer_sys::fuzz_target;
use mmstats::{Certainty, Snapshot};
use mmstats_fuzz::{assert_clean, assert_objects, assert_records, printed, run, split, with_scratch};

use filter::Filters;
use poll::Poll;
use records::Separator;
use table::Table;

/// Labels of the seeds, and those that the file begins with: one is a column, the other chooses.
fn columns(path: &Path) -> (String, Option<String>) {
    let mut columns = "sys.pid,=a,text".to_owned();
    let Ok(snapshot) = Snapshot::of(path) else { return (columns, None) };
    let mut labels = snapshot.fields().flatten();
    let mut next = || labels.next().map(|field| String::from_utf8_lossy(field.label()).into_owned());
    let filter = next();
    for label in std::iter::from_fn(next).take(4) {
        columns.push(',');
        columns.push_str(&label);
        columns.push_str(&format!(",{label}:p99,{label}:count,={label}"));
    }
    (columns, filter)
}

fuzz_target!(|data: &[u8]| {
    let (before, after) = split(data);
    with_scratch(|scratch| {
        scratch.fill(before);
        let (list, filter) = columns(scratch.path());
        let Some(fields) = field::fields(&list, b"") else { return };
        let names: Vec<_> = fields.iter().map(|field| escape(field.name.as_bytes()).into_owned()).collect();
        for name in &names {
            nearest::nearest(b"sys.pid", name.as_bytes(), names.iter().map(String::as_bytes));
        }
        let mut filters = Filters::default();
        filter.into_iter().for_each(|filter| filters.add(filter.into(), b""));
        let looks = if data.len() % 2 == 0 { Certainty::Newest } else { Certainty::Published };
        let mut table = Table::new(names.clone(), true, None, When::Never.decide(false));
        let mut roster = Roster::new(vec![scratch.path().into()], looks);
        let mut poll = Poll::new(fields, filters, data.len() % 4 < 2);
        run(|tool| {
            for bytes in [before, after, before] {
                scratch.fill(bytes);
                let row = poll.row(tool, &mut roster)?;
                let _ = poll.missing(&roster);
                let window = Some((data.len() % 120, 24));
                assert_clean(&printed(|out| table.write(&row, window, out)));
                let tsv = printed(|out| records::fields(&row, true, Separator::Tab, out));
                assert_records(&tsv, 1 + names.len());
                assert_clean(&printed(|out| records::fields(&row, true, Separator::Comma, out)));
                assert_objects(&printed(|out| records::object(&row, &names, true, out)));
            }
            Ok(())
        });
    });
});
