//! One record per label, of all files together.

use std::path::Path;

use harness::{counter, double, field, text, write};

use super::{ok, run};

#[test]
fn aggregates_are_one_record_a_label() {
    let dir = tempfile::tempdir().unwrap();
    let bool = |value| field(b"ready", "?", 0xff, &[value]);
    for (name, hits, load, page, ready) in
        [("a", 0, 0.0, &b"/"[..], 1), ("b", 10, 0.5, b"/x", 0), ("c", u64::MAX, 1.0, b"/", 1)]
    {
        let name = format!("{name}.mmstats");
        write(
            dir.path(),
            name,
            &[counter("hits", hits), double("load", load), text("page", page), bool(ready)],
        );
    }
    let aggregate = |function: &str| {
        let (stdout, stderr, code) = run(&["-a", function], &[dir.path()]);
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
        stdout
    };
    assert_eq!(aggregate("sum"), "hits\t18446744073709551625\nload\t1.5\npage\t/, /x\nready\t2\n");
    assert_eq!(
        aggregate("avg"),
        "hits\t6.148914691236517e18\nload\t0.5\npage\t/, /x\nready\t0.6666666666666666\n"
    );
    assert_eq!(aggregate("min"), "hits\t0\nload\t0.0\npage\t/, /x\nready\tfalse\n");
    assert_eq!(aggregate("max"), "hits\t18446744073709551615\nload\t1.0\npage\t/, /x\nready\ttrue\n");
    assert_eq!(aggregate("one"), "hits\t0\nload\t0.0\npage\t/\nready\ttrue\n");
    assert_eq!(aggregate("nonzero-min"), "hits\t10\nload\t0.5\npage\t/, /x\nready\ttrue\n");
    assert_eq!(aggregate("nonzero-avg"), "hits\t9.223372036854776e18\nload\t0.75\npage\t/, /x\nready\t1.0\n");
    let text = "  hits 10\n  load 0.5\n";
    assert_eq!(run(&["-anonzero-min", "-otext", "-ph", "-pl"], &[dir.path()]), ok(text));
    let json = "{\"label\":\"hits\",\"type\":\"Q\",\"value\":18446744073709551625}\n\
                {\"label\":\"load\",\"type\":\"d\",\"value\":1.5}\n\
                {\"label\":\"page\",\"type\":\"2s\",\"value\":[\"/\",\"/x\"]}\n\
                {\"label\":\"ready\",\"type\":\"?\",\"value\":2}\n";
    assert_eq!(run(&["-a", "sum", "-o", "json"], &[dir.path()]), ok(json));
}

#[test]
fn where_text_and_numbers_meet_under_a_label_the_numbers_are_right_and_the_text_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let flag = field(b"flag", "?", 0xff, &[1]);
    let a = write(dir.path(), "a.mmstats", &[text("ready", b"no"), counter("hits", 500), flag]);
    write(dir.path(), "b.mmstats", &[counter("ready", 5), double("hits", 0.5), counter("flag", 2)]);
    let c =
        write(dir.path(), "c.mmstats", &[text("ready", b"yes"), counter("hits", 7), text("state", b"up")]);
    let said = |path: &Path| {
        format!("slurpstats: {}: ready is text here and a number elsewhere: left out\n", path.display())
    };
    let err = said(&a) + &said(&c);
    let sum = "flag\t3\nhits\t507.5\nready\t5\nstate\tup\n";
    assert_eq!(run(&["-a", "sum"], &[dir.path()]), (sum.to_owned(), err.clone(), Some(1)));
    let avg = "flag\t1.5\nhits\t169.16666666666666\nready\t5.0\nstate\tup\n";
    assert_eq!(run(&["-a", "avg"], &[dir.path()]), (avg.to_owned(), err.clone(), Some(1)));
    let json = run(&["-a", "max", "-o", "json", "-p", "ready"], &[dir.path()]);
    let object = "{\"label\":\"ready\",\"type\":\"Q\",\"value\":5}\n";
    assert_eq!(json, (object.to_owned(), err, Some(1)));
    let one = run(&["-a", "one", "-p", "ready"], &[dir.path()]);
    assert_eq!(one, ok("ready\tno\n"), "what one file says needs nothing of the others");
}
