//! Memory for the tests of this module, and what lies in it.

use std::io::Write;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

use super::words::{WORD, Words};
use crate::write::memory::segment::{ForkMark, Segment, fork_mark};

/// Words that a test looks at beside the writer's.
const LEN: usize = 4096;

/// Where a value lies.
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) mark: ForkMark,
    home: Arc<Segment>,
    seen: Words<0>,
}

impl Place {
    /// In private memory.
    pub(crate) fn private() -> Self {
        Self::of(Segment::private(0, 64 + LEN * WORD).unwrap(), ForkMark::always_home())
    }

    /// In a file, as a value has it that readers see.
    pub(crate) fn in_file() -> Self {
        let mark = fork_mark();
        let file = tempfile::tempfile().unwrap();
        file.set_len((64 + LEN * WORD).next_multiple_of(4096) as u64).unwrap();
        Self::of(Segment::of_file(&file, 0, 64 + LEN * WORD, mark, None).unwrap(), mark)
    }

    fn of(home: Segment, mark: ForkMark) -> Self {
        let home = Arc::new(home);
        let seen = Words::new(Arc::clone(&home), 64, LEN, mark);
        Self { at: 64, mark, home, seen }
    }

    pub(crate) fn home(&self) -> Arc<Segment> {
        Arc::clone(&self.home)
    }

    /// What the store does before it publishes.
    pub(crate) fn fill(&self, initial: &[u8]) {
        self.home.fill(self.at, initial);
    }

    pub(crate) fn words(&self, range: Range<usize>) -> Vec<u64> {
        self.seen.with(|_, words| words[range].iter().map(|word| word.load(Relaxed)).collect())
    }

    pub(crate) fn word(&self, index: usize) -> u64 {
        self.words(index..index + 1)[0]
    }

    pub(crate) fn float(&self, index: usize) -> f64 {
        f64::from_bits(self.word(index))
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> Vec<u8> {
        let words = self.words(0..range.end.div_ceil(WORD));
        words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>()[range].to_vec()
    }
}

/// Whether `check` holds in a forked child. True without asking where a child cannot know that it is one.
pub(crate) fn in_a_child(check: impl Fn() -> bool) -> bool {
    if !fork_mark().is_effective() {
        // Past the harness, which keeps what passing tests print.
        writeln!(std::io::stderr(), "skipped: memory is not wiped on fork (MADV_WIPEONFORK)").unwrap();
        return true;
    }
    // SAFETY: the child runs `check`, which allocates at most, as glibc and musl allow there, and leaves by
    // `_exit`: it runs nothing of the other threads' and drops nothing of the parent's.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let held = catch_unwind(AssertUnwindSafe(check)).unwrap_or(false);
            // SAFETY: ends this process without running anything of the parent's.
            unsafe { nix::libc::_exit(i32::from(!held)) }
        }
        ForkResult::Parent { child } => matches!(waitpid(child, None).unwrap(), WaitStatus::Exited(_, 0)),
    }
}
