//! What a forked child does with the metrics of its parent: it counts, waits for nobody, and publishes nothing.

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use metrics::{counter, describe_counter, gauge, histogram, with_local_recorder};
use metrics_exporter_mmstats::MmstatsBuilder;
use mmstats::{Instance, Options, SharedCounter, Snapshot};
use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// How a forked process ends that does this.
fn in_child(work: impl FnOnce()) -> WaitStatus {
    // SAFETY: the child runs test code and leaves by _exit; the C library keeps its allocator usable.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => waitpid(child, None).unwrap(),
        ForkResult::Child => {
            let outcome = catch_unwind(AssertUnwindSafe(work));
            // SAFETY: ends the process without running the test harness's handlers.
            unsafe { libc::_exit(i32::from(outcome.is_err())) }
        }
    }
}

/// Whether a child knows that it is one, which qemu's user emulation keeps from it.
#[allow(clippy::explicit_write)]
fn knows_that_it_is_a_child(instance: &Instance<()>) -> bool {
    let status = in_child(|| assert!(instance.is_inherited()));
    let knows = matches!(status, WaitStatus::Exited(_, 0));
    if !knows {
        // Past the harness, which keeps what passing tests print.
        writeln!(std::io::stderr(), "skipped: memory is not wiped on fork (MADV_WIPEONFORK)").unwrap();
    }
    knows
}

#[test]
fn a_child_counts_in_private_memory_and_waits_for_no_thread_of_its_parent() {
    let dir = tempfile::tempdir().unwrap();
    let probe = Options::new().dir(dir.path()).filename("probe.mmstats").create::<()>().unwrap();
    probe.add_field("probe", SharedCounter::spec()).unwrap();
    if !knows_that_it_is_a_child(&probe) {
        return;
    }
    let options = Options::new().dir(dir.path()).filename("metrics.mmstats");
    let recorder = MmstatsBuilder::new().options(options).build().unwrap();
    let hits = || Snapshot::of(recorder.path()).unwrap().find("hits").unwrap().value().to_string();
    with_local_recorder(&recorder, || counter!("hits").increment(5));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Takes the recorder's locks all the time.
        scope.spawn(|| {
            let mut number = 0_u32;
            while !done.load(Ordering::Relaxed) {
                number = (number + 1) % 1000;
                with_local_recorder(&recorder, || {
                    describe_counter!(format!("name{number}"), "");
                    counter!(format!("name{number}")).increment(1);
                });
            }
        });
        for _ in 0..20 {
            let status = in_child(|| {
                with_local_recorder(&recorder, || {
                    counter!("hits").increment(1);
                    counter!("new").increment(1);
                    gauge!("new").set(1.0);
                    histogram!("new").record(1.0);
                    describe_counter!("new", "Nobody sees it.");
                });
                recorder.publish();
            });
            assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(hits(), "5");
    assert!(Snapshot::of(recorder.path()).unwrap().find("new").is_none());
}
