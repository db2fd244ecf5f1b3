//! Processes in namespaces of their own.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::actor::{Actor, named};
use super::{directory, hits, ok, slurpstats};
use harness::{Outcome, has, run, skip};

/// What makes namespaces of these kinds; not everybody may make them.
fn unshare(kinds: &[&'static str]) -> Option<Vec<&'static OsStr>> {
    if !has("unshare") {
        return None;
    }
    let mut words = vec!["unshare"];
    if !nix::unistd::geteuid().is_root() {
        words.push("--map-root-user");
    }
    words.extend(kinds);
    let can = Command::new(words[0]).args(&words[1..]).arg("true").output().unwrap().status.success();
    if !can {
        skip(&format!("{} does not work here", words.join(" ")));
        return None;
    }
    Some(words.into_iter().map(OsStr::new).collect())
}

/// Whether an outcome is that a process in namespaces of another user's may not be looked at, as in some containers.
fn may_not_look(outcome: &Outcome) -> bool {
    let may_not = outcome.1.contains("Permission denied");
    if may_not {
        skip("a process in a user namespace of its own may not be looked at here");
    }
    may_not
}

#[test]
fn a_private_tmp_is_entered() {
    let Some(mut words) = unshare(&["--mount", "--propagation", "private"]) else { return };
    let (_kept, dir) = directory();
    // As systemd does it for PrivateTmp=yes: a directory that nobody else enters is mounted over /tmp.
    let private = dir.join("systemd-private-1-web.service-x/tmp");
    fs::create_dir_all(&private).unwrap();
    words.extend(["sh", "-c", "mount --bind \"$0\" /tmp && exec \"$@\""].map(OsStr::new));
    // Found by its path even if that is below /tmp.
    let own = std::env::current_exe().unwrap();
    if own.starts_with("/tmp") {
        return skip("the tests themselves are in /tmp");
    }
    words.push(private.as_os_str());
    let mut actor = Actor::through(&words, named("private"), Path::new("/tmp"));
    let pid = actor.id();
    let shown = format!("/proc/{pid}/root/tmp/web-{pid}.mmstats");
    let outcome = hits(&["-P", named("private")]);
    if may_not_look(&outcome) {
        return;
    }
    assert_eq!(outcome, ok(format!("{shown}\tweb.hits\t7\n")));
    actor.order("count");
    assert_eq!(hits(&["-P", &pid.to_string()]), ok(format!("{shown}\tweb.hits\t10\n")));
    let usual = run(slurpstats().env("TMPDIR", "/tmp").args(["-p", "web.hits"]));
    assert!(!usual.0.contains(&format!("web-{pid}.mmstats")), "{usual:?}");
}

#[test]
fn the_id_is_that_of_this_namespace() {
    let Some(words) = unshare(&["--pid", "--fork", "--kill-child", "--mount-proc"]) else { return };
    let (_kept, dir) = directory();
    let actor = Actor::through(&words, named("pids"), &dir);
    let [pid] = actor.children()[..] else { panic!("{:?}", actor.children()) };
    let outcome = hits(&["-o", "json", "-P", &pid.to_string()]);
    if may_not_look(&outcome) {
        return;
    }
    let (stdout, stderr, code) = outcome;
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&object["pid"], &object["own_pid"]), (&pid.into(), &1.into()));
    let shown = format!("/proc/{pid}/root{}/web-1.mmstats", dir.display());
    assert_eq!(object["file"], shown.as_str());
    let (stdout, ..) = hits(&["-o", "prometheus", "--by", "pid", "-P", &pid.to_string()]);
    assert!(stdout.contains(&format!("web_hits_total{{cmd=\"web\",pid=\"{pid}\"}} 7\n")), "{stdout}");
    // Another one with the same id in its namespace, in the same directory of its own, is another process.
    let other = tempfile::tempdir().unwrap();
    let twin = Actor::through(&words, named("pids"), other.path());
    let (stdout, ..) = hits(&["-o", "prometheus", "--by", "pid", "-P", named("pids")]);
    assert_eq!(stdout.matches("web_hits_total{cmd=\"web\",pid=").count(), 2, "{stdout}");
    drop(twin);
}

#[test]
fn another_root_directory_is_no_obstacle() {
    let Some(mut words) = unshare(&["--mount", "--propagation", "private"]) else { return };
    let (_kept, dir) = directory();
    // All that is here comes along, wherever the tests are, but for `/run`.
    fs::create_dir_all(dir.join("root/run")).unwrap();
    let script = "
        for d in /*; do
            [ -d $d ] && [ $d != /run ] || continue
            mkdir \"$0$d\" && mount --rbind $d \"$0$d\" || exit
        done
        exec chroot \"$0\" \"$@\"";
    words.extend(["sh", "-c", script].map(OsStr::new));
    let root = dir.join("root");
    words.push(root.as_os_str());
    if !has("chroot") {
        return;
    }
    let actor = Actor::through(&words, named("chroot"), Path::new("/run"));
    let pid = actor.id();
    let outcome = hits(&["-P", &pid.to_string()]);
    if may_not_look(&outcome) {
        return;
    }
    assert_eq!(outcome, ok(format!("/proc/{pid}/root/run/web-{pid}.mmstats\tweb.hits\t7\n")));
}

#[test]
fn an_overlay_has_devices_of_its_own() {
    let Some(mut words) = unshare(&["--mount", "--propagation", "private"]) else { return };
    let (_kept, dir) = directory();
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(dir.join(name)).unwrap();
    }
    let mount = "cd \"$0\" && mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged";
    let can = Command::new(words[0]).args(&words[1..]).args(["sh", "-c", mount]).arg(&dir).output().unwrap();
    if !can.status.success() {
        return skip("an overlayfs cannot be mounted here");
    }
    let script = format!("{mount} && shift 0 && exec \"$@\"");
    words.extend(["sh", "-c", &script].map(OsStr::new));
    words.push(dir.as_os_str());
    let merged = dir.join("merged");
    let actor = Actor::through(&words, named("overlay"), &merged);
    let pid = actor.id();
    let outcome = hits(&["-o", "json", "-P", &pid.to_string()]);
    if may_not_look(&outcome) {
        return;
    }
    let object: serde_json::Value = serde_json::from_str(&outcome.0).unwrap();
    let shown = format!("/proc/{pid}/root{}/web-{pid}.mmstats", merged.display());
    assert_eq!((&object["file"], &object["alive"]), (&shown.as_str().into(), &true.into()), "{outcome:?}");
}
