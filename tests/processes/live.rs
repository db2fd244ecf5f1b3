//! Tools that go on find processes that come, and note that others go.

use super::actor::{Actor, named};
use super::directory;
use harness::{Watch, beside};

fn tool(name: &str) -> std::process::Command {
    harness::tool(beside(env!("CARGO_BIN_EXE_slurpstats"), name))
}

#[test]
fn processes_of_a_name_come_and_go() {
    let (_kept, dir) = directory();
    let mut first = Actor::start(named("live"), &dir);
    let mut command = tool("mmwatch");
    let watch = Watch::start(command.args(["-i", "-d", "0.05", "-p", "web.hits", "-P", named("live")]));
    let change = |line: &str| line.split('\t').skip(1).collect::<Vec<_>>().join(" ");
    let path = |actor: &Actor| dir.join(format!("web-{}.mmstats", actor.id())).display().to_string();
    assert_eq!(change(&watch.line()), format!("{} web.hits  7", path(&first)));
    let mut second = Actor::start(named("live"), &dir);
    assert_eq!(change(&watch.line()), format!("{}   appeared", path(&second)));
    assert_eq!(change(&watch.line()), format!("{} web.hits  7", path(&second)));
    first.order("count");
    assert_eq!(change(&watch.line()), format!("{} web.hits 7 10", path(&first)));
    // Its parent does not notice yet.
    second.end();
    assert_eq!(change(&watch.line()), format!("{}   died", path(&second)));
    first.order("another");
    let another = dir.join(format!("another-{}.mmstats", first.id())).display().to_string();
    assert_eq!(change(&watch.line()), format!("{another}   appeared"));
    assert_eq!(change(&watch.line()), format!("{another} web.hits  7"));
    // That its name goes is no end; what another writer does under that name is not this one's.
    let name = path(&first);
    first.order("delete");
    harness::write(
        &dir,
        std::path::Path::new(&name).file_name().unwrap(),
        &[harness::counter("web.hits", 666)],
    );
    first.order("count");
    assert_eq!(change(&watch.line()), format!("{name} web.hits 10 13"));
    first.order("unmap");
    assert_eq!(change(&watch.line()), format!("{}   vanished", path(&first)));
    let (stderr, _) = watch.interrupt();
    assert_eq!(stderr, "");
}

#[test]
fn changes_in_json_say_whose_they_are() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("changes"), &dir);
    let mut command = tool("mmwatch");
    let watch = ["-i", "-o", "json", "-p", "web.hits", "-P", named("changes")];
    let object: serde_json::Value = serde_json::from_str(&Watch::start(command.args(watch)).line()).unwrap();
    assert_eq!((&object["pid"], &object["new"]), (&actor.id().into(), &7.into()));
    assert!(object["own_pid"].is_number(), "{object}");
}

#[test]
fn rows_are_of_the_processes_that_are_asked_for() {
    let (_kept, dir) = directory();
    let (mut actor, _other) = (Actor::start(named("rows"), &dir), Actor::start(named("others"), &dir));
    let mut command = tool("pollstats");
    let watch = Watch::start(command.args(["-d", "0.05", "-o", "tsv", "-P", named("rows"), "web.hits"]));
    assert_eq!(watch.line(), "web.hits");
    assert_eq!(watch.line(), "7", "the total of one process");
    actor.order("count");
    let mut sum = 0;
    while sum < 3 {
        sum += watch.line().parse::<u32>().unwrap();
    }
    assert_eq!(sum, 3);
}

#[test]
fn bytes_are_shown_by_process() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("bytes"), &dir);
    let path = dir.join(format!("web-{}.mmstats", actor.id()));
    let checked = harness::run(tool("mmcat").args(["--check", "-P", &actor.id().to_string()]));
    assert_eq!(checked, (String::new(), String::new(), Some(0)));
    let (stdout, stderr, code) = harness::run(tool("mmcat").args(["-P", named("bytes")]));
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    assert!(stdout.starts_with(&format!("==> {}\n", path.display())), "{stdout}");
}
