//! A clock for tools that go on until somebody stops them: it keeps to its beat. A signal, or the end of the reader,
//! ends the wait at once.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::stop::Stop;

/// Beats in a steady rhythm.
pub struct Ticker {
    period: Duration,
    next: Instant,
    signals: Signals,
}

impl Ticker {
    /// One that beats first a period from now. From here on the first SIGINT or SIGTERM ends the next
    /// [`Ticker::wait`], so that what is being written is written to its end; a second one ends the
    /// process wherever it is.
    ///
    /// # Errors
    /// [`Stop::Output`] if the system grants no handler or no descriptor.
    pub fn new(period: Duration) -> Result<Self, Stop> {
        let signals = Signals::catch().map_err(Stop::Output)?;
        Ok(Self { period, next: Instant::now() + period, signals })
    }

    /// Waits for the next beat. Beats that are past already are left out: a tool that was stopped for a
    /// minute does not make up for it.
    ///
    /// # Errors
    /// [`Stop::Signal`]; [`Stop::Output`] with a broken pipe if nobody reads standard output any more.
    pub fn wait(&mut self) -> Result<(), Stop> {
        self.wait_or(None).map(drop)
    }

    /// Waits for the next beat or for `deadline`, whichever is first. False if it was the deadline.
    ///
    /// # Errors
    /// As [`Ticker::wait`].
    pub fn wait_or(&mut self, deadline: Option<Instant>) -> Result<bool, Stop> {
        let until = deadline.map_or(self.next, |deadline| deadline.min(self.next));
        self.signals.wait(until)?;
        if until < self.next {
            return Ok(false);
        }
        self.next = beat_after(self.next, self.period, Instant::now());
        Ok(true)
    }
}

/// The beat after the one at `last`, the first that is not past.
fn beat_after(last: Instant, period: Duration, now: Instant) -> Instant {
    let next = last + period;
    if next > now {
        return next;
    }
    let missed = (now - last).as_nanos() / period.as_nanos().max(1);
    let nanos = period.as_nanos().saturating_mul(missed + 1);
    last + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The signals that ask a process to end.
struct Signals {
    /// A byte comes here with each.
    bell: UnixStream,
    /// Which one came; 0 before.
    caught: Arc<AtomicUsize>,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let (bell, ringer) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        let caught = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        for (signal, number) in [(SIGINT, SIGINT as usize), (SIGTERM, SIGTERM as usize)] {
            // In this order: the first signal finds the flag down and raises it.
            flag::register_conditional_default(signal, Arc::clone(&again))?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(signal, Arc::clone(&caught), number)?;
            low_level::pipe::register(signal, ringer.try_clone()?)?;
        }
        Ok(Self { bell, caught })
    }

    /// Waits for a moment, a signal, or the end of the program that reads standard output.
    fn wait(&self, until: Instant) -> Result<(), Stop> {
        let stdout = io::stdout();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // Asked for nothing, the system still tells about a pipe without a reader (an error) and about a
            // socket or a terminal whose other end is gone (a hang-up).
            let mut watched = [
                PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
                PollFd::new(stdout.as_fd(), PollFlags::empty()),
            ];
            match ppoll(&mut watched, Some(TimeSpec::from(left)), None) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Stop::Output(errno.into())),
            }
            if let Ok(signal @ 1..) = i32::try_from(self.caught.load(Ordering::Relaxed)) {
                return Err(Stop::Signal(signal));
            }
            // Whatever it tells ends the wait: what is not heeded here is told again at once, for ever.
            let found = watched[1].revents().unwrap_or(PollFlags::empty());
            if found.contains(PollFlags::POLLNVAL) {
                return Err(Stop::Output(Errno::EBADF.into()));
            }
            if !found.is_empty() {
                return Err(Stop::Output(io::ErrorKind::BrokenPipe.into()));
            }
            if left.is_zero() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_keep_to_the_clock() {
        let (start, period) = (Instant::now(), Duration::from_millis(100));
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(beat_after(at(0), period, at(3)), at(100), "what the work took does not add up");
        assert_eq!(beat_after(at(0), period, at(100)), at(200));
        assert_eq!(beat_after(at(0), period, at(1050)), at(1100), "missed beats are left out");
    }
}
