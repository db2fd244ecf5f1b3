//! A running mmash, and requests to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::{SysconfVar, sysconf};

use crate::settings::Settings;

/// Ends with its last use.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    /// After how many samples what is measured is as it will be.
    settles: usize,
}

impl Server {
    pub(super) fn start(settings: &Settings, operand: &Path) -> Self {
        let mut command = Command::new(settings.tool("mmash"));
        command.args(["--listen", "127.0.0.1:0"]).arg(operand);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap();
        Self { child, address, settles: if settings.is_quick { 1 } else { 4 } }
    }

    /// Sends a request for a target, with more lines of the head.
    pub(super) fn request(&self, target: &str, lines: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n").unwrap();
        stream
    }

    /// The body of an answer.
    pub(super) fn get(&self, target: &str, lines: &str) -> Vec<u8> {
        let mut answer = Vec::new();
        self.request(target, &format!("Connection: close\r\n{lines}")).read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{target}");
        answer.split_off(end + 4)
    }

    /// Waits until it has read so many files, and has settled.
    pub(super) fn has_read(&self, files: usize) {
        let events = BufReader::new(self.request("/api/1/events", ""));
        let (wanted, mut seen) = (format!("\"files\":{files},"), 0);
        for line in events.lines() {
            seen += usize::from(line.unwrap().contains(&wanted));
            if seen == self.settles {
                return;
            }
        }
        panic!("it has not read {files} files");
    }

    /// What part of a processor it uses meanwhile.
    pub(super) fn cpu_during(&self, work: impl FnOnce()) -> f64 {
        let (began, before) = (Instant::now(), self.ticks());
        work();
        let per_second = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap() as f64;
        (self.ticks() - before) as f64 / per_second / began.elapsed().as_secs_f64()
    }

    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, rest) = stat.rsplit_once(')').unwrap();
        rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    /// Bytes that are resident.
    pub(super) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        1024 * line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
