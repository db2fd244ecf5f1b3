//! The rules for Prometheus that the pages show: Prometheus takes them, and they ask for what is published.

use std::fs;

use harness::has;

use super::{root, text, writer::Web};

/// The block of a page that begins with this line.
fn block(page: &str, first: &str) -> String {
    let page = fs::read_to_string(root().join(page)).unwrap();
    let lines = page.lines().skip_while(|line| *line != first);
    let lines: Vec<_> = lines.take_while(|line| !["```", ".Ed"].contains(line)).collect();
    assert!(!lines.is_empty());
    lines.join("\n") + "\n"
}

/// The names of metrics in it.
fn metrics(rules: &str) -> Vec<&str> {
    let expressions = rules.lines().filter_map(|line| line.trim_start().strip_prefix("expr: "));
    let words = expressions.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with("web_")).collect()
}

#[test]
fn prometheus_takes_the_rules_and_has_what_they_ask_for() {
    let (web, dir) = (Web::start(), tempfile::tempdir().unwrap());
    let output = web.run("slurpstats -o prometheus", dir.path());
    let published = text(&output.stdout);
    for page in ["README.md", "man/mmash.8"] {
        let rules = block(page, "groups:");
        let metrics = metrics(&rules);
        assert!(metrics.len() > 1, "{page}");
        for metric in metrics {
            assert!(published.contains(&format!("\n{metric}{{")), "{page}: {metric}");
        }
        if !has("promtool") {
            continue;
        }
        fs::write(dir.path().join("rules.yml"), rules).unwrap();
        let checked = web.run("promtool check rules rules.yml", dir.path());
        assert!(checked.status.success(), "{page}: {}", text(&checked.stderr));
        assert!(text(&checked.stdout).contains("SUCCESS: 2 rules found"), "{}", text(&checked.stdout));
    }
}
