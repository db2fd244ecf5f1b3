//! Fields of version 2: types, names, labels, and whose values become one.

use harness::image::{Fields, rule, unit};
use harness::{counter, write};
use mmstats::MergeRule;
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};

use super::{clean, process, samples, slurp};

fn said(name: &str, help: &str) -> Items {
    Items { help: Some(help.to_owned()), ..unit(name) }
}

#[test]
fn fields_say_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    for (pid, bytes) in [(7, 40_u64), (8, 2)] {
        process(pid)
            .field(
                "sent",
                DataType::U64,
                MetricType::Counter,
                said("bytes", "What went out."),
                &bytes.to_ne_bytes(),
            )
            .counter("jobs{queue=\"a \\\"b\\\"\\\\c\",cmd=\"x\"}", bytes)
            .counter("requests_total", bytes)
            .gauge("busy", unit("ratio"), 0.25)
            .gauge("limit", rule(MergeRule::Max), f64::from(pid))
            .gauge("each", rule(MergeRule::None), 1.0)
            .mean("size", 12.5, 2)
            .text("version", "1 \"x\"")
            .window("load.minute", 60, &[1.0, 3.0])
            .recent("last", &[5.0, 1.0])
            .timestamp("hit.time", f64::from(pid))
            .write(dir.path(), format!("web-{pid}-{pid}.mmstats"));
    }
    let out = clean(dir.path(), &[]);
    let without_rate: Vec<_> = out.lines().filter(|line| !line.starts_with("load_window_rate{")).collect();
    let help = "Published by a running program through a mmstats file.";
    let wanted = [
        format!("# HELP busy_ratio {help}"),
        "# TYPE busy_ratio gauge".into(),
        "busy_ratio{cmd=\"web\"} 0.5".into(),
        format!("# HELP hit_time_seconds {help}"),
        "# TYPE hit_time_seconds gauge".into(),
        "hit_time_seconds{cmd=\"web\"} 8.0".into(),
        format!("# HELP jobs_total {help}"),
        "# TYPE jobs_total counter".into(),
        "jobs_total{cmd=\"web\",queue=\"a \\\"b\\\"\\\\c\",exported_cmd=\"x\"} 42".into(),
        format!("# HELP last_max {help}"),
        "# TYPE last_max gauge".into(),
        "last_max{cmd=\"web\"} 5.0".into(),
        format!("# HELP last_mean {help}"),
        "# TYPE last_mean gauge".into(),
        "last_mean{cmd=\"web\"} 3.0".into(),
        format!("# HELP limit {help}"),
        "# TYPE limit gauge".into(),
        "limit{cmd=\"web\"} 8.0".into(),
        format!("# HELP load_window_max_seconds {help}"),
        "# TYPE load_window_max_seconds gauge".into(),
        "load_window_max_seconds{cmd=\"web\"} 3.0".into(),
        format!("# HELP load_window_mean_seconds {help}"),
        "# TYPE load_window_mean_seconds gauge".into(),
        "load_window_mean_seconds{cmd=\"web\"} 2.0".into(),
        format!("# HELP load_window_rate {help}"),
        "# TYPE load_window_rate gauge".into(),
        format!("# HELP requests_total {help}"),
        "# TYPE requests_total counter".into(),
        "requests_total{cmd=\"web\"} 42".into(),
        "# HELP sent_bytes_total What went out.".into(),
        "# TYPE sent_bytes_total counter".into(),
        "sent_bytes_total{cmd=\"web\"} 42".into(),
        format!("# HELP size {help}"),
        "# TYPE size summary".into(),
        "size_sum{cmd=\"web\"} 25.0".into(),
        "size_count{cmd=\"web\"} 4".into(),
        format!("# HELP sys_created_timestamp_seconds {help}"),
        "# TYPE sys_created_timestamp_seconds gauge".into(),
        "sys_created_timestamp_seconds{cmd=\"web\"} 8.0".into(),
        format!("# HELP version_info {help}"),
        "# TYPE version_info gauge".into(),
        "version_info{cmd=\"web\",value=\"1 \\\"x\\\"\"} 1".into(),
    ];
    assert_eq!(without_rate, wanted);
}

#[test]
fn who_wants_them_has_processes_and_files_apart() {
    let dir = tempfile::tempdir().unwrap();
    for (pid, tid) in [(7, 7), (7, 8), (9, 9)] {
        let file = Fields::new().name("sys.pid", pid).name("sys.tid", tid).counter("hits", 5);
        file.write(dir.path(), format!("web-{pid}-{tid}.mmstats"));
    }
    Fields::new().name("sys.pid", 1).counter("hits", 1).write(dir.path(), "api-1.mmstats");
    let total = |arguments: &[&str]| {
        let out = clean(dir.path(), &[&["-p", "hits"], arguments].concat());
        samples(&out).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(total(&[]), ["hits_total{cmd=\"api\"} 1", "hits_total{cmd=\"web\"} 15"]);
    assert_eq!(total(&["--by", "cmd"]), total(&[]));
    assert_eq!(
        total(&["--by", "pid"]),
        [
            "hits_total{cmd=\"api\",pid=\"1\"} 1",
            "hits_total{cmd=\"web\",pid=\"7\"} 10",
            "hits_total{cmd=\"web\",pid=\"9\"} 5"
        ]
    );
    let file = |name: &str| dir.path().join(name).display().to_string();
    assert_eq!(
        total(&["--by", "file"]),
        [
            format!("hits_total{{cmd=\"api\",pid=\"1\",file=\"{}\"}} 1", file("api-1.mmstats")),
            format!("hits_total{{cmd=\"web\",pid=\"7\",tid=\"7\",file=\"{}\"}} 5", file("web-7-7.mmstats")),
            format!("hits_total{{cmd=\"web\",pid=\"7\",tid=\"8\",file=\"{}\"}} 5", file("web-7-8.mmstats")),
            format!("hits_total{{cmd=\"web\",pid=\"9\",tid=\"9\",file=\"{}\"}} 5", file("web-9-9.mmstats")),
        ]
    );
    assert_eq!(total(&["-a", "auto"]), ["hits_total 16"]);
    assert_eq!(total(&["--metric-prefix", "app_"])[0], "app_hits_total{cmd=\"api\"} 1");
    assert!(
        clean(dir.path(), &["--by", "pid"]).contains("sys_pid_info{cmd=\"web\",pid=\"9\",value=\"9\"} 1\n")
    );
    assert!(!clean(dir.path(), &[]).contains("sys_pid"), "each worker would be a new series");
    for wrong in [&["--metric-prefix", "1a"][..], &["--metric-prefix", "a-"], &["--by", "host"]] {
        assert_eq!(slurp(dir.path(), wrong).2, Some(2), "{wrong:?}");
    }
}

#[test]
fn gauges_and_texts_are_those_of_the_living() {
    let dir = tempfile::tempdir().unwrap();
    let fields =
        |file: Fields| file.gauge("busy", Items::default(), 1.0).text("version", "1").counter("hits", 5);
    fields(process(7)).write(dir.path(), "web-7-7.mmstats");
    fields(process(8).dead()).write(dir.path(), "web-8-8.mmstats");
    let out = clean(dir.path(), &["-p", "busy", "-p", "hits", "-p", "version"]);
    assert_eq!(
        samples(&out),
        ["busy{cmd=\"web\"} 1.0", "hits_total{cmd=\"web\"} 10", "version_info{cmd=\"web\",value=\"1\"} 1"]
    );
    let out = clean(dir.path(), &["--alive", "-p", "hits"]);
    assert_eq!(samples(&out), ["hits_total{cmd=\"web\"} 5"]);
}

#[test]
fn a_label_is_there_only_where_two_names_meet() {
    let dir = tempfile::tempdir().unwrap();
    process(1)
        .counter("web.hits", 1)
        .counter("web_hits", 2)
        .counter("api.hits", 3)
        .write(dir.path(), "web-1-1.mmstats");
    let out = clean(dir.path(), &["-p", "web", "-p", "api"]);
    assert_eq!(
        samples(&out),
        [
            "api_hits_total{cmd=\"web\"} 3",
            "web_hits_total{cmd=\"web\",label=\"web.hits\"} 1",
            "web_hits_total{cmd=\"web\",label=\"web_hits\"} 2",
        ]
    );
}

#[test]
fn a_name_of_two_kinds_is_named_and_the_rest_is_right() {
    let dir = tempfile::tempdir().unwrap();
    // In the files of one command, and in those of two.
    process(1).gauge("load", Items::default(), 1.0).counter("hits", 1).write(dir.path(), "web-1-1.mmstats");
    process(2).mean("load", 6.0, 2).counter("hits", 2).write(dir.path(), "web-2-2.mmstats");
    process(3).mean("load", 6.0, 2).counter("hits", 4).write(dir.path(), "web-3-3.mmstats");
    process(4).gauge("load", Items::default(), 1.0).write(dir.path(), "api-4-4.mmstats");
    process(5).mean("load", 6.0, 2).write(dir.path(), "db-5-5.mmstats");
    let (out, err, code) = slurp(dir.path(), &["-p", "load", "-p", "hits"]);
    assert_eq!(
        samples(&out),
        [
            "hits_total{cmd=\"web\"} 7",
            "load_sum{cmd=\"db\"} 6.0",
            "load_count{cmd=\"db\"} 2",
            "load_sum{cmd=\"web\"} 12.0",
            "load_count{cmd=\"web\"} 4"
        ]
    );
    let path = dir.path().join("web-1-1.mmstats").display().to_string();
    assert_eq!(
        err.lines().collect::<Vec<_>>(),
        [
            format!("slurpstats: {path}: load is a gauge here and a mean elsewhere: left out"),
            "slurpstats: load: a gauge in load of {cmd=\"api\"} and a summary elsewhere: left out".to_owned()
        ]
    );
    assert_eq!((code, out.matches("# TYPE load ").count()), (Some(1), 1));
}

#[test]
fn version_1_is_as_it_was_beside_version_2() {
    let dir = tempfile::tempdir().unwrap();
    let old = write(dir.path(), "web-1-1.mmstats", &[counter("hits", 41)]);
    process(2)
        .counter("hits", 1)
        .gauge("mmstats.hits", Items::default(), 3.0)
        .write(dir.path(), "web-2-2.mmstats");
    let out = clean(dir.path(), &["-p", "hits", "-p", "mmstats"]);
    let old = old.display();
    assert_eq!(
        samples(&out),
        [
            "hits_total{cmd=\"web\"} 1".to_owned(),
            "mmstats_hits{cmd=\"web\"} 3.0".to_owned(),
            format!("mmstats_hits{{label=\"hits\",file=\"{old}\",cmd=\"web-1-1\"}} 41"),
        ]
    );
    assert_eq!(out.matches("# TYPE mmstats_hits gauge\n").count(), 1, "one family: {out}");
    let out = clean(dir.path(), &["-p", "hits", "--metric-prefix", "app_"]);
    assert!(
        out.contains("# TYPE app_hits untyped\n") && out.contains("app_hits_total{cmd=\"web\"} 1\n"),
        "{out}"
    );
}
