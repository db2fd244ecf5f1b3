//! Text has units that people read.

use harness::image::{Fields, histogram, unit};

use super::lines;
use super::web::web;

#[test]
fn text_is_in_units_that_people_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    assert_eq!(
        lines(&["-o", "text"], &path)[1..],
        [
            "  sys.pid                               4194305",
            "  web.requests{route=\"/a\",method=\"GET\"} 42 requests",
            "  web.load                              12.3 %",
            "  web.memory                            3.2MiB",
            "  web.seen                              2026-11-21 02:40:00",
            "  web.version                           1.2 ✓",
            "  web.weight                            n=3 mean=2.5",
            "  web.last                              3 1.5",
            "  web.answer                            n=1000 mean=500ms p50=499ms p90=898ms p99=998ms \
             p99.9=998ms max=1s",
            "  web.none                              n=0",
            "",
        ]
    );
    // What may be more than its bucket says is marked.
    let far = histogram((5, 10), [1, 2000, 3000]);
    let far = Fields::new().histogram("far", unit("bytes"), &far).write(dir.path(), "far.mmstats");
    assert_eq!(
        lines(&["-o", "text"], &far)[1],
        "  far n=3 mean=1.63KiB p50>=1008B p90>=1008B p99>=1008B p99.9>=1008B max=2.93KiB"
    );
}

#[test]
fn one_very_wide_label_leaves_the_others_in_a_narrow_column() {
    let dir = tempfile::tempdir().unwrap();
    let wide = "x".repeat(65_535);
    let path = Fields::new()
        .counter("hits", 1)
        .counter(&wide, 2)
        .counter("misses", 3)
        .write(dir.path(), "a.mmstats");
    let wide = format!("  {wide} 2");
    assert_eq!(lines(&["-a", "sum", "-o", "text"], &path), ["  hits   1", "  misses 3", &wide]);
    assert_eq!(lines(&["-o", "text"], &path)[1..4], ["  hits   1", &wide, "  misses 3"]);
}
