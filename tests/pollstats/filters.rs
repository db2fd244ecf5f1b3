//! `--filter`: which files count.

use std::time::Instant;

use mmstats::Counter;

use harness::PATIENCE;

use super::{Rows, pollstats, publish, run, start};

#[test]
fn filters_choose_files_by_labels_and_values() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    a.ok.add(1);
    b.ok.add(10);
    b.add_field("only.here", Counter::spec()).unwrap();
    a.page.set("blue=green");
    b.page.set("red");
    let ok = |filters: &[&str]| {
        let mut command = pollstats(&["-c", "1", "-o", "tsv", "-p", "web.stats.", "status.2XX"]);
        for filter in filters {
            command.args(["-f", filter]);
        }
        let (out, err, code) = run(command.arg(dir.path()));
        if code == 0 { out.lines().nth(1).unwrap().parse().unwrap() } else { format!("{code} {err}") }
    };
    assert_eq!(ok(&[]), "11");
    assert_eq!(ok(&["web.stats.only"]), "10", "a label that begins so");
    assert_eq!(ok(&["only.here"]), "10", "behind the prefix");
    assert_eq!(ok(&["web.stats.page=blue=green"]), "1");
    assert_eq!(ok(&["page=red", "page=blue=green"]), "11", "either value");
    assert_eq!(ok(&["page=blue=green", "only"]), "1 pollstats: --filter: no match in 2 files\n", "both keys");
    assert_eq!(ok(&["ready=false", "status.2XX=10"]), "10");
    let pid = format!("sys.pid={}", std::process::id());
    assert_eq!(ok(&[&pid]), "11");
}

#[test]
fn a_filter_holds_as_long_as_its_value() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.page.set("ready");
    web.ok.add(100);
    let args = ["-d", "0.05", "-o", "tsv", "-f", "page=ready", "-p", "web.stats.", "status.2XX"];
    let watch = start(dir.path(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(100)]);
    web.page.set("busy");
    let until = |wanted: &str| {
        let began = Instant::now();
        loop {
            let row = watch.line();
            assert!(["", "0"].contains(&row.as_str()), "what was counted meanwhile is no part of it: {row}");
            assert!(began.elapsed() < PATIENCE);
            if row == wanted {
                break;
            }
        }
    };
    until("");
    web.ok.add(100_000);
    web.page.set("ready");
    until("0");
    web.ok.add(5);
    assert_eq!(watch.sum(5, 5), 5);
}
