//! Which files it reads, and what it says of those that it cannot.

use std::fs;
use std::os::unix::fs::{lchown, symlink};

use harness::{counter, field, outcome, tool, write};

use super::{ok, run, slurpstats};

#[test]
fn a_directory_means_every_stats_file_below_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("deep/er")).unwrap();
    let deep = write(dir.path(), "deep/er/b.mmstats", &[counter("b", 2)]);
    let top = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    write(dir.path(), "other.txt", &[counter("c", 3)]);
    write(dir.path(), ".mmstats-1-0.new", &[counter("d", 4)]);
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = write(elsewhere.path(), "e.mmstats", &[counter("e", 5)]);
    symlink(&outside, dir.path().join("link.mmstats")).unwrap();
    symlink(elsewhere.path(), dir.path().join("linked")).unwrap();
    fs::create_dir(dir.path().join("dir.mmstats")).unwrap();
    let want = format!("{}\ta\t1\n{}\tb\t2\n", top.display(), deep.display());
    assert_eq!(run(&[], &[dir.path()]), ok(&want));
    assert_eq!(run(&[], &[dir.path(), &top, &top]), ok(&want), "each file once");
    let link = dir.path().join("link.mmstats");
    assert_eq!(
        run(&[], &[&link]),
        ok(&format!("{}\te\t5\n", link.display())),
        "a link that is named is followed"
    );
}

#[test]
fn a_file_counts_once_however_many_ways_lead_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    fs::hard_link(&file, dir.path().join("b.mmstats")).unwrap();
    symlink("a.mmstats", dir.path().join("link")).unwrap();
    let absolute = dir.path().to_str().unwrap();
    let sum = |operands: &[&str]| {
        let mut command = slurpstats();
        command.current_dir(dir.path()).args(["-a", "sum"]).args(operands);
        outcome(&command.output().unwrap())
    };
    for operands in [
        &["a.mmstats", "./a.mmstats"][..],
        &["a.mmstats", "b.mmstats", "link"],
        &[".", "./", absolute, "link"],
        &[absolute, "a.mmstats"],
    ] {
        assert_eq!(sum(operands), ok("hits\t3\n"), "{operands:?}");
    }
    let first = |operands: &[&str]| {
        let output = slurpstats().current_dir(dir.path()).args(operands).output().unwrap();
        outcome(&output)
    };
    assert_eq!(first(&["link", "./a.mmstats"]), ok("link\thits\t3\n"), "the first way");
    let none = "slurpstats: ./none: opening it: No such file or directory\n\
                slurpstats: none: opening it: No such file or directory\n";
    assert_eq!(first(&["none", "./none"]), (String::new(), none.to_owned(), Some(1)));
}

#[test]
fn a_pattern_does_not_follow_strangers_links() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("deep")).unwrap();
    let file = write(elsewhere.path(), "e.mmstats", &[counter("e", 5)]);
    write(elsewhere.path(), "deep/d.mmstats", &[counter("d", 4)]);
    let a = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    let place = dir.path().display();
    symlink(&file, dir.path().join("file.mmstats")).unwrap();
    symlink(elsewhere.path(), dir.path().join("tree.mmstats")).unwrap();
    let with = |pattern: &str| outcome(&slurpstats().env("MMSTATS_GLOB", pattern).output().unwrap());
    let linked = format!("{place}/tree.mmstats");
    let own = format!("{}\ta\t1\n{place}/file.mmstats\te\t5\n{linked}/deep/d.mmstats\td\t4\n", a.display());
    assert_eq!(with(&format!("{place}/*.mmstats")), ok(&own), "links of one's own are followed");
    assert_eq!(with(&format!("{place}/*/e.*")), ok(&format!("{linked}/e.mmstats\te\t5\n")));
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped in part: not root, so there are no strangers");
        return;
    }
    for link in ["file.mmstats", "tree.mmstats"] {
        lchown(dir.path().join(link), Some(54321), Some(54321)).unwrap();
    }
    assert_eq!(with(&format!("{place}/*.mmstats")), ok(&format!("{}\ta\t1\n", a.display())));
    let pattern = format!("{place}/*/e.*");
    let none = format!("slurpstats: no stats files found: looked for {pattern}\n");
    assert_eq!(with(&pattern), (String::new(), none, Some(1)));
    // The pattern's author has named this one.
    let named = format!("{linked}/e.*");
    assert_eq!(with(&named), ok(&format!("{linked}/e.mmstats\te\t5\n")));
}

#[test]
fn without_operands_the_default_place_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let a = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    let b = write(dir.path(), "sub/b.mmstats", &[counter("b", 2)]);
    let with = |name: &str, value: &str| outcome(&slurpstats().env(name, value).output().unwrap());
    let place = dir.path().to_str().unwrap();
    let want = ok(&format!("{}\ta\t1\n", a.display()));
    assert_eq!(with("MMSTATS_PATH", place), want);
    assert_eq!(with("TMPDIR", place), want);
    assert_eq!(
        with("MMSTATS_GLOB", &format!("{place}/*/?.mmstats")),
        ok(&format!("{}\tb\t2\n", b.display()))
    );
    let both = slurpstats().env("MMSTATS_PATH", place).env("MMSTATS_GLOB", "").output().unwrap();
    assert_eq!(outcome(&both), want, "an empty variable counts as none");
    let here = slurpstats().env("TMPDIR", "").current_dir(dir.path()).output().unwrap();
    // What is in /tmp is not this test's business; that it looks there is.
    let said = String::from_utf8(here.stderr).unwrap();
    let looked_elsewhere = said.contains("slurpstats: : ") || said.contains("looked for *.mmstats");
    assert!(!looked_elsewhere, "{said}");
}

#[test]
fn nothing_found_is_said_with_where_it_looked() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    let none = |looked: &str| {
        (String::new(), format!("slurpstats: no stats files found: looked for {looked}\n"), Some(1))
    };
    assert_eq!(run(&[], &[dir.path()]), none(place));
    let with = |name: &str, value: &str| outcome(&slurpstats().env(name, value).output().unwrap());
    assert_eq!(with("MMSTATS_PATH", place), none(&format!("{place}/*.mmstats")));
    assert_eq!(with("MMSTATS_GLOB", &format!("{place}/x*")), none(&format!("{place}/x*")));
    let (_, stderr, code) = with("MMSTATS_GLOB", "[");
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("slurpstats: MMSTATS_GLOB: Pattern syntax error"), "{stderr}");
}

#[test]
fn one_bad_file_never_spoils_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let good = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    let half = write(dir.path(), "b.mmstats", &[counter("b", 2), field(b"bad", "z", 0xff, &[0])]);
    let none = dir.path().join("c.mmstats");
    fs::write(&none, "no").unwrap();
    let missing = dir.path().join("missing");
    let fifo = dir.path().join("d.mmstats");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let stdout = format!("{}\ta\t1\n{}\tb\t2\n", good.display(), half.display());
    let stderr = format!(
        "slurpstats: {}: field at byte 24: unknown type code 'z'\n\
         slurpstats: {}: not a stats file: version 110, 1 and 2 are known\n\
         slurpstats: {}: not a regular file but a FIFO\n\
         slurpstats: {}: opening it: No such file or directory\n",
        half.display(),
        none.display(),
        fifo.display(),
        missing.display()
    );
    assert_eq!(run(&[], &[&missing, &fifo, &none, &half, &good]), (stdout, stderr, Some(1)));
}

#[test]
fn many_files_come_in_their_order_and_so_do_their_errors() {
    let dir = tempfile::tempdir().unwrap();
    let (mut records, mut errors) = (String::new(), String::new());
    for n in 0..1000_u32 {
        let name = format!("{n:04}.mmstats");
        let path = dir.path().join(&name);
        match n % 7 {
            3 => {
                fs::write(&path, [3]).unwrap();
                errors += &format!(
                    "slurpstats: {}: not a stats file: version 3, 1 and 2 are known\n",
                    path.display()
                );
            }
            5 => {
                symlink("0000.mmstats", &path).unwrap();
            }
            _ => {
                write(dir.path(), &name, &[counter("hits", n.into())]);
                records += &format!("{}\thits\t{n}\n", path.display());
            }
        }
    }
    let want = (records, errors, Some(1));
    assert!(run(&[], &[dir.path()]) == want);
    // Reading ahead takes neither many descriptors nor a thread that cannot be started.
    for limit in ["128", "20", "8"] {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_slurpstats");
        let few = tool("sh").args(["-c", &script, program]).arg(dir.path()).output().unwrap();
        assert!(outcome(&few) == want, "{limit}");
    }
    let sum: u64 = (0..1000).filter(|n| ![3, 5].contains(&(n % 7))).sum();
    let (stdout, _, code) = run(&["-a", "sum"], &[dir.path()]);
    assert_eq!((stdout, code), (format!("hits\t{sum}\n"), Some(1)));
}
