//! Where files are, what they are called, and whose they are.

use std::path::Path;
use std::{fs, thread};

use crate::child::{assert_ended_well, in_child};
use mmstats::{ErrorKind, Options};
use nix::libc;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

use super::{Hits, files, sum, value};

#[test]
fn the_environment_says_where_files_go_and_what_they_are_called() {
    let dir = tempfile::tempdir().unwrap();
    let status = in_child(|| {
        // SAFETY: the forked child has one thread.
        unsafe { std::env::set_var("MMSTATS_PATH", dir.path()) };
        let stats = Options::new().create::<Hits>().unwrap();
        let argv0 = std::env::args().next().unwrap();
        let command = Path::new(&argv0).file_name().unwrap().to_str().unwrap().to_owned();
        let pid = std::process::id();
        assert_eq!(stats.path(), dir.path().join(format!("{command}-{pid}-{pid}.mmstats")));
        // SAFETY: as above.
        unsafe { std::env::set_var("MMSTATS_FILES", "{PID}.{TID}") };
        let stats = Options::new().create::<Hits>().unwrap();
        assert_eq!(stats.path(), dir.path().join(format!("{pid}.{pid}")));
        let stats = Options::new().dir(dir.path().join("..")).filename("own").create::<Hits>();
        assert!(stats.is_ok_and(|stats| stats.path().ends_with("../own")), "the program's word comes first");
    });
    assert_ended_well(status);
}

#[test]
fn an_empty_variable_counts_as_none() {
    let status = in_child(|| {
        for name in ["MMSTATS_PATH", "MMSTATS_FILES", "TMPDIR"] {
            // SAFETY: the forked child has one thread.
            unsafe { std::env::set_var(name, "") };
        }
        assert_eq!(mmstats::default_dir(), Path::new("/tmp"));
        let stats = Options::new().create_or_private::<Hits>();
        let pid = std::process::id();
        assert_eq!(stats.path().parent(), Some(Path::new("/tmp")));
        assert!(stats.path().to_string_lossy().ends_with(&format!("-{pid}-{pid}.mmstats")));
    });
    assert_ended_well(status);
}

#[test]
fn removing_one_instance_takes_ended_threads_files_that_were_kept() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path());
    let theirs = options.clone();
    thread::spawn(move || theirs.create::<Hits>().unwrap().keep()).join().unwrap();
    let moved = {
        let theirs = options.clone();
        thread::spawn(move || theirs.create::<Hits>().unwrap()).join().unwrap()
    };
    fs::write(dir.path().join("stranger.mmstats"), "not ours").unwrap();
    let own = options.create::<Hits>().unwrap();
    assert_eq!(files(dir.path()).len(), 4);
    own.remove().unwrap();
    let left = files(dir.path());
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&moved.path().to_owned()), "its thread has ended, but the instance is in use");
}

#[test]
fn removing_takes_nothing_that_another_process_has_left() {
    let dir = tempfile::tempdir().unwrap();
    // Where process ids repeat, as in containers, the names of two processes are of one form.
    let options = Options::new().dir(dir.path()).filename("web-1-{TID}.mmstats");
    let crashed = dir.path().join("web-1-0.mmstats");
    let status = in_child(|| {
        let stats = Options::new().dir(dir.path()).filename("web-1-0.mmstats").create::<Hits>().unwrap();
        stats.hits.add(3);
        stats.keep();
    });
    assert_ended_well(status);
    let own = options.create::<Hits>().unwrap();
    let theirs = options.clone();
    thread::spawn(move || theirs.create::<Hits>().unwrap().keep()).join().unwrap();
    own.remove().unwrap();
    assert_eq!(files(dir.path()), std::slice::from_ref(&crashed), "the ended thread's is gone");
    assert_eq!(value(&crashed, "hits").as_deref(), Some("3"));
}

#[test]
fn processes_that_have_one_process_id_have_names_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("web-{}.mmstats", std::process::id());
    let (wait_end, hold_end) = nix::unistd::pipe().unwrap();
    let (ready_end, told_end) = nix::unistd::pipe().unwrap();
    // SAFETY: the child runs test code and leaves by _exit.
    let child = match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(hold_end);
            let stats = Options::new().dir(dir.path()).filename(&name).create::<Hits>().unwrap();
            stats.hits.add(1);
            nix::unistd::write(&told_end, &[0]).unwrap();
            let _ = nix::unistd::read(&wait_end, &mut [0]);
            drop(stats);
            // SAFETY: as in `in_child`.
            unsafe { libc::_exit(0) }
        }
    };
    drop(told_end);
    assert_eq!(nix::unistd::read(&ready_end, &mut [0]), Ok(1));
    let exact = Options::new().dir(dir.path()).filename(&name).create::<Hits>();
    assert_eq!(
        exact.map(drop).unwrap_err().kind(),
        ErrorKind::Held,
        "a name that was asked for is that name"
    );
    let stats = Options::new().dir(dir.path()).filename("web-{PID}.mmstats").create::<Hits>().unwrap();
    stats.hits.add(2);
    assert!(stats.path().to_string_lossy().ends_with(".2.mmstats"), "{stats:?}");
    assert_eq!(sum(dir.path(), "hits"), 3);
    drop(hold_end);
    assert_ended_well(waitpid(child, None).unwrap());
}
