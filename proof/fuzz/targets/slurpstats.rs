//! Every form in which slurpstats prints a file, and every way to aggregate it.

#![no_main]
#![allow(dead_code)]

#[path = "../../../slurpstats/src/records.rs"]
mod records;

use std::collections::HashSet;

use cli::{Color, Labels, Objects, When};
use figures::{Aggregate, Function};
use libfuzzer_sys::fuzz_target;
use mmstats::{Snapshot, SnapshotField};
use mmstats_fuzz::{
    assert_clean, assert_objects, assert_records, assert_same_but_for_color, printed, with_scratch,
};

/// As the format has it: families whole and once, no series twice, nothing but names, labels and numbers.
fn assert_exposition(text: &str) {
    assert_clean(text);
    let (mut families, mut series) = (HashSet::new(), HashSet::new());
    let mut family = "";
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap_or_default();
            assert!(families.insert(family), "{family} begins twice");
        } else if !line.starts_with("# TYPE ") {
            let Some((start, value)) = line.rsplit_once(' ') else { panic!("{line:?}") };
            let name = start.split('{').next().unwrap_or_default();
            let ending = name.strip_prefix(family);
            assert!(matches!(ending, Some("" | "_bucket" | "_sum" | "_count")), "{line:?} in {family}");
            assert!(series.insert(start), "{line:?} is there twice");
            assert!(value.parse::<f64>().is_ok(), "{line:?}");
        }
    }
    assert!(
        families.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
    );
}

fn whole(snapshot: &Snapshot, fields: &[SnapshotField<'_>], plain: Color, colored: Color) {
    let labels = Labels::default();
    let text = |color| printed(|out| records::text(snapshot.path(), fields, &labels, color, out));
    assert_clean(&text(plain));
    assert_same_but_for_color(&text(colored), &text(plain));
    let lines = |color| {
        printed(|out| {
            let mut lines = records::Lines::new(snapshot.path(), color);
            fields.iter().try_for_each(|field| lines.write(field, &labels, out))
        })
    };
    assert_records(&lines(plain), 3);
    assert_same_but_for_color(&lines(colored), &lines(plain));
    let objects = printed(|out| {
        let objects = Objects::new(snapshot, None, None);
        fields.iter().try_for_each(|field| out.gather(|out| objects.push(field, out)))
    });
    assert_objects(&objects);
    assert_eq!(objects.lines().count(), fields.len());
    exposed(&labels, |exposition| exposition.add(snapshot, exposition::Counted::In(None)));
}

fn aggregated(fields: &[SnapshotField<'_>], function: Function, plain: Color, colored: Color) {
    let mut aggregate = Aggregate::new(function);
    // Twice, as if a second file held the same.
    fields.iter().chain(fields).for_each(|field| aggregate.add(&0.into(), field));
    let (labels, results) = (Labels::default(), aggregate.results());
    let text = |color| printed(|out| records::aggregated_text(&results, &labels, color, out));
    assert_clean(&text(plain));
    assert_same_but_for_color(&text(colored), &text(plain));
    let lines = |color| printed(|out| records::aggregated_lines(&results, &labels, color, out));
    assert_records(&lines(plain), 2);
    assert_same_but_for_color(&lines(colored), &lines(plain));
    assert_objects(&printed(|out| records::aggregated_json(&results, &labels, out)));
    exposed(&labels, |exposition| results.iter().for_each(|result| exposition.add_result(result)));
}

fn exposed(labels: &Labels, add: impl Fn(&mut exposition::Exposition<'_>)) {
    let (choice, complain) = (exposition::Choice::default(), |_: &str, _: &dyn std::fmt::Display| {});
    let mut exposition = exposition::Exposition::new(&complain, &choice, labels);
    add(&mut exposition);
    assert_exposition(&printed(|out| exposition.write(out)));
}

fuzz_target!(|data: &[u8]| {
    let (plain, colored) = (When::Never.decide(false), When::Always.decide(false));
    with_scratch(|scratch| {
        scratch.fill(data);
        let Ok(snapshot) = Snapshot::of(scratch.path()) else { return };
        let fields: Vec<_> = snapshot.fields().flatten().collect();
        whole(&snapshot, &fields, plain, colored);
        // One function per input: there are inputs enough.
        let (_, function) = Function::NAMES[data.len() % Function::NAMES.len()];
        aggregated(&fields, function, plain, colored);
    });
});
