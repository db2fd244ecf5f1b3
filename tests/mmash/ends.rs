//! How it ends: at a signal, at once, with its streams closed.

use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::server::{Events, Server};

#[test]
fn a_signal_ends_it_and_its_streams() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut server) = Server::start(dir.path()) else { return };
        let mut events = Events::of(&server, "");
        assert_eq!(events.next().unwrap().0, "table");
        kill(Pid::from_raw(i32::try_from(server.child.id()).unwrap()), signal).unwrap();
        while events.next().is_some() {}
        let (said, status) = server.wait();
        assert_eq!((said.as_str(), status.signal()), ("", Some(signal as i32)), "as the shell expects it");
    }
}

#[test]
fn it_does_not_end_while_somebody_looks() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::with(&["-l", "127.0.0.1:0", "--exit-idle", "1"], dir.path()) else {
        return;
    };
    let mut events = Events::of(&server, "");
    let mut ticks = 0;
    while ticks < 3 {
        events.until(|name, _| (name == "tick").then(|| ticks += 1));
    }
    assert!(server.child.try_wait().unwrap().is_none());
    drop(events);
    assert_eq!(server.wait().1.code(), Some(0));
}
