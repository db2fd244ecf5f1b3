//! Kinds decide what a column shows, and which parts it has.

use mmstats::{Counter, Options, Version};

use super::every::{Numbers, end, publish, row};
use super::{pollstats, run, start};

#[test]
fn kinds_decide_what_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    for (web, n) in [(&a, 1_u8), (&b, 2)] {
        web.hits.add(10 * u64::from(n));
        web.depth.set(i64::from(n) * 100);
        web.load.set(f64::from(n) / 4.0);
        web.share.set(f64::from(n) / 4.0);
        web.ready.set(n == 2);
        web.page.set("start");
        web.started.set(1000.5 * f64::from(n));
        (0..n).for_each(|_| web.ratio.add(f64::from(n)));
        (0..n).for_each(|_| web.last.add(f64::from(n)));
        (0..n).for_each(|_| web.lately.add(f64::from(n)));
    }
    let shown = |fields: &str| row(dir.path(), &[], fields);
    assert_eq!(shown("hits,depth"), "30,300", "the first row has the totals");
    assert_eq!(shown("load,share,ready"), "0.5,0.375,1", "by the rule of the field");
    assert_eq!(shown("page,started"), "start,2001.0");
    assert_eq!(shown("ratio,ratio:count,ratio:sum"), "1.6666666666666667,3,5.0");
    assert_eq!(shown("last,last:max,last:p50,last:count"), "1.6666666666666667,2.0,2.0,3");
    assert_eq!(shown("lately,lately:max60,lately:count"), "1.6666666666666667,2.0,3");
    b.page.set("end");
    assert_eq!(shown("page"), "2", "how many texts");
    assert_eq!(shown("=sys.pid"), std::process::id().to_string(), "it is never added up");

    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.", "hits,=hits,depth,=depth,load"];
    let watch = start(dir.path(), &args);
    assert_eq!(watch.line(), "hits\t=hits\tdepth\t=depth\tload");
    let numbers = |numbers: [f64; 5]| numbers.map(Some).to_vec();
    assert_eq!(watch.numbers(), numbers([30.0, 30.0, 300.0, 300.0, 0.5]));
    while watch.numbers() != numbers([0.0, 30.0, 300.0, 300.0, 0.5]) {}
    a.depth.set(-1);
    b.load.set(-5.0);
    while watch.numbers() != numbers([0.0, 30.0, 199.0, 199.0, 0.25]) {}
    assert_eq!(end(watch), "");
}

#[test]
fn a_part_that_a_field_has_not_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.hits.add(1);
    for field in ["hits:p99", "lately:p99", "lately:rate30", "ratio:max", "answer:p0"] {
        let (out, err, code) = run(pollstats(&["-c", "1", "-p", "web.", field]).arg(dir.path()));
        assert_eq!((&*out, code), ("", 1), "{field}");
        assert!(
            err.starts_with(&format!("pollstats: web.{field}: no such label in 1 file; nearest: ")),
            "{err}"
        );
    }
    // A label that has a colon is a label first.
    let odd = Options::new().dir(dir.path()).filename("odd.mmstats").version(Version::V2);
    let odd =
        odd.label_prefix("web.").create_with(|builder| builder.add("answer:p99", Counter::spec())).unwrap();
    odd.add(7);
    let (out, _, code) = run(pollstats(&["-c", "1", "-o", "tsv", "web.answer:p99"]).arg(odd.path()));
    assert_eq!((&*out, code), ("web.answer:p99\n7\n", 0));
}

#[test]
fn a_label_with_attributes_is_one_field() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.hits.add(3);
    web.sent.add(4);
    assert_eq!(row(dir.path(), &[], r#"hits,sent{route="/a",method="GET"},hits"#), "3,4,3");
}
