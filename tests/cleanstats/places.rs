//! Where it looks for files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use harness::image::Fields;
use harness::{Foreign, gone_pid, run, sees_all_processes, tool};
use mmstats::format::image::Image;
use mmstats::format::v2;

use super::{assert_ran, clean, cleanstats, dead, live, names, summary};

#[test]
fn temporary_names_go_with_their_owner() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (me, gone) = (std::process::id(), gone_pid());
    let content = fs::read(dead(dir, "x.mmstats")).unwrap();
    fs::remove_file(dir.join("x.mmstats")).unwrap();
    let write = |pid: u32, number: u32, bytes: &[u8]| {
        fs::write(dir.join(format!(".mmstats-{pid}-{number}.new")), bytes).unwrap();
    };
    for pid in [me, gone] {
        write(pid, 0, &content);
        write(pid, 1, &[0; 4096]);
        // The head alone, one block, one field: a writer that is killed may have come as far as that.
        write(pid, 2, &Image::new().finish());
        let mut block = Image::new();
        block.record([&[0; 4][..], &v2::BLOCK.to_ne_bytes(), &[0; 50]].concat()).unwrap();
        write(pid, 3, &block.finish());
        let file = Fields::new().name("sys.tid", 7).write(dir, "x");
        write(pid, 4, &fs::read(&file).unwrap());
        fs::remove_file(file).unwrap();
    }
    let old = names(dir);
    let removed: String = old
        .iter()
        .filter(|name| name.starts_with(&format!(".mmstats-{gone}-")))
        .map(|name| format!("removed\t./{name}\tits writer's lock is gone\n"))
        .collect();
    assert_ran(&clean(dir, &["."]), &removed, "", 0);
    assert_eq!(names(dir), [0, 1, 2, 3, 4].map(|number| format!(".mmstats-{me}-{number}.new")));
    if !sees_all_processes() {
        return;
    }
    // As a writer leaves it that dies between making its file and locking it.
    write(gone, 5, &[]);
    assert_ran(
        &clean(dir, &["."]),
        &format!("removed\t./.mmstats-{gone}-5.new\tits process is gone\n"),
        "",
        0,
    );
}

#[test]
fn directories_are_searched_and_links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let elsewhere = tempfile::tempdir().unwrap();
    dead(elsewhere.path(), "spared.mmstats");
    for path in ["a", "a/b", "a.mmstats"] {
        fs::create_dir(dir.join(path)).unwrap();
    }
    symlink(elsewhere.path(), dir.join("a/link")).unwrap();
    for name in ["a/b/2.mmstats", "a/1.mmstats", "a-3.mmstats", "a.mmstats/4.mmstats"] {
        let path = dir.join(name);
        dead(path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap());
    }
    let removed = |path: &str| format!("removed\t{path}\tits writer's lock is gone\n");
    assert_ran(
        &clean(dir, &["-v", "a.mmstats", "a/b", "a", "a", "a-3.mmstats", "a/1.mmstats"]),
        &(removed("a-3.mmstats")
            + &removed("a.mmstats/4.mmstats")
            + &removed("a/1.mmstats")
            + &removed("a/b/2.mmstats")
            + "removed 4, alive 0, unknown 0\n"),
        "",
        0,
    );
    assert_eq!(names(elsewhere.path()), ["spared.mmstats"]);
    // A link that somebody names is another matter.
    assert_ran(&clean(dir, &["a/link"]), &removed("a/link/spared.mmstats"), "", 0);
}

#[test]
fn neither_deep_nor_many_directories_stop_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Each has to be open as long as its files are dealt with, and there are 1024 descriptors at most.
    for number in 0..1100 {
        let inner = dir.join(format!("wide/{number:04}"));
        fs::create_dir_all(&inner).unwrap();
        Foreign::default().write(&inner, "x.mmstats");
    }
    let mut deep = dir.join("deep");
    for _ in 0..70 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    let wide = clean(dir, &["--unknown", "wide"]);
    assert_eq!((wide.0.lines().count(), wide.1.as_str(), wide.2), (1100, "", Some(0)));
    let too_deep = format!("cleanstats: deep{}: too many directories deep\n", "/d".repeat(65));
    assert_ran(&clean(dir, &["deep"]), "", &too_deep, 1);
}

#[test]
fn a_file_counts_once_however_many_ways_lead_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let _alive = live(dir, "alive.mmstats");
    symlink(dir, dir.join("self")).unwrap();
    let run = clean(dir, &["-v", "alive.mmstats", "./alive.mmstats", dir.to_str().unwrap(), ".", "self"]);
    assert_eq!((run.0.lines().count(), run.1.as_str(), run.2), (2, "", Some(0)), "{}", run.0);
    assert_ran(&summary(run), "removed 0, alive 1, unknown 0\n", "", 0);
}

#[test]
fn few_descriptors_are_enough() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for number in 0..100 {
        let inner = dir.join(format!("wide/{number:03}"));
        fs::create_dir_all(&inner).unwrap();
        Foreign::default().write(&inner, "x.mmstats");
    }
    let mut command = tool("sh");
    command.args(["-c", "ulimit -n 20; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cleanstats")]);
    let run = run(command.current_dir(dir).args(["--unknown", "wide"]));
    assert_eq!((run.0.lines().count(), run.1.as_str(), run.2), (100, "", Some(0)));
}

/// The `ExecStart=` lines of the service, with the tool and the directory of this test.
fn service_lines(stats: &Path) -> Vec<(bool, Vec<String>)> {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/cleanstats.service");
    let service = fs::read_to_string(service).unwrap();
    let lines = service.lines().filter_map(|line| line.strip_prefix("ExecStart="));
    let lines = lines.map(|line| {
        let may_fail = line.starts_with('-');
        let words = line.trim_start_matches('-').split(' ').map(|word| match word {
            "/usr/bin/cleanstats" => env!("CARGO_BIN_EXE_cleanstats").to_owned(),
            "/run/mmstats" => stats.to_str().unwrap().to_owned(),
            "--fold" => word.to_owned(),
            word => panic!("{word}"),
        });
        (may_fail, words.collect())
    });
    lines.collect()
}

#[test]
fn what_somebody_puts_into_one_place_keeps_the_service_from_no_other() {
    let (place, tmp) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut deep = place.path().to_owned();
    for _ in 0..70 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    dead(place.path(), "run.mmstats");
    dead(tmp.path(), "tmp.mmstats");
    // As systemd has it: a command that fails is the last, unless it begins with a minus.
    for (may_fail, words) in service_lines(place.path()) {
        let ran = run(tool(&words[0]).args(&words[1..]).env("TMPDIR", tmp.path()));
        if ran.2 != Some(0) && !may_fail {
            break;
        }
    }
    // What they have counted stays.
    let kept = |name: &str| format!("{name}-departed-{}.mmstats", nix::unistd::geteuid());
    assert_eq!(names(place.path()), ["d".to_owned(), kept("run")]);
    assert_eq!(names(tmp.path()), [kept("tmp")]);
}

#[test]
fn without_operands_the_usual_places() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("deeper")).unwrap();
    let (top, deeper) = (dead(dir, "top.mmstats"), dead(&dir.join("deeper"), "x.mmstats"));
    symlink(dir.join("deeper"), dir.join("deeper-link")).unwrap();
    let removed = |path: &Path| format!("removed\t{}\tits writer's lock is gone\n", path.display());
    assert_ran(&run(cleanstats().env("MMSTATS_PATH", dir)), &removed(&top), "", 0);
    assert_ran(&run(cleanstats().env("TMPDIR", dir)), "", "", 0);
    let pattern = dir.join("*-link");
    assert_ran(&run(cleanstats().env("MMSTATS_GLOB", pattern)), "", "", 0);
    let pattern = dir.join("*/*.mmstats");
    let found = run(cleanstats().env("MMSTATS_PATH", "/nowhere").env("MMSTATS_GLOB", pattern));
    // The link leads to the same file, which is gone by then.
    assert_ran(&found, &removed(&dir.join("deeper-link/x.mmstats")), "", 0);
    assert!(!deeper.exists());
    assert_ran(
        &run(cleanstats().env("MMSTATS_PATH", "/nowhere")),
        "",
        "cleanstats: /nowhere: No such file or directory\n",
        1,
    );
}
