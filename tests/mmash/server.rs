//! The program, and requests to it byte by byte.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use harness::{has_loopback, tool};

/// What a client waits for at most. Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running mmash on a free port. Ends with its last use.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn mmash() -> Command {
    tool(env!("CARGO_BIN_EXE_mmash"))
}

impl Server {
    pub(crate) fn start(operand: &Path) -> Option<Self> {
        Self::with(&["--listen", "127.0.0.1:0"], operand)
    }

    pub(crate) fn with(options: &[&str], operand: impl AsRef<OsStr>) -> Option<Self> {
        Self::of(mmash().args(options).arg(operand))
    }

    /// `None`, and a word about that, where the machine has no loopback interface.
    pub(crate) fn of(command: &mut Command) -> Option<Self> {
        if !has_loopback() {
            return None;
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap();
        Some(Self { child, address })
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes as they are and gives all that comes until the connection is closed.
    pub(crate) fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // It may be refused before all of it is written.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        // A connection that is reset has been answered before, or was not worth an answer.
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.get_with(target, "")
    }

    /// With more lines of the head.
    pub(crate) fn get_with(&self, target: &str, lines: &str) -> Answer {
        self.ask(&format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{lines}\r\n",
            self.address
        ))
    }

    pub(crate) fn ask(&self, request: &str) -> Answer {
        Answer::parse(&self.raw(request.as_bytes()))
    }

    pub(crate) fn json(&self, target: &str) -> Value {
        let answer = self.get(target);
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/json");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Asks it to end, and gives what it has said on stderr and its end.
    pub(crate) fn end(mut self) -> (String, std::process::ExitStatus) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> (String, std::process::ExitStatus) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (said, self.child.wait().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {text:?}"));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Server-sent events, one by one.
pub(crate) struct Events(BufReader<TcpStream>);

impl Events {
    pub(crate) fn of(server: &Server, query: &str) -> Self {
        let mut stream = server.connect();
        let host = server.address;
        write!(stream, "GET /api/1/events{query} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut events = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert!(events.read_line(&mut line).unwrap() > 0, "no head");
        }
        Self(events)
    }

    /// The next event; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// The next event for which this gives something.
    pub(crate) fn until<T>(&mut self, mut want: impl FnMut(&str, &Value) -> Option<T>) -> T {
        loop {
            let (name, data) = self.next().expect("the stream has ended");
            if let Some(found) = want(&name, &data) {
                return found;
            }
        }
    }
}
