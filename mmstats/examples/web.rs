//! A small web server that publishes what it does, and puts itself under load.
//!
//! `web [SECONDS [THREADS]]` serves on a free port of the loopback interface, with as many worker threads
//! and as many clients, and ends after that time. Watch it meanwhile: `slurpstats -a sum -p web.`

#![allow(clippy::print_stdout, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mmstats::{Counter, Options, StaticText, Text, Timer, Timestamp, per_thread, stats};

stats! {
    /// What the web server publishes.
    pub struct Web {
        /// Responses by class of status.
        pub status_2xx: Counter = "stats.status.2XX",
        pub status_3xx: Counter = "stats.status.3XX",
        pub status_4xx: Counter = "stats.status.4XX",
        pub status_5xx: Counter = "stats.status.5XX",
        /// When the latest request came.
        pub last_hit: Timestamp = "stats.last_hit",
        /// The latest request's path.
        pub last_path: Text = "stats.last_path" { size: 64 },
        /// Seconds that a response takes.
        pub answer: Timer = "stats.answer",
        pub version: StaticText = "version" { value: env!("CARGO_PKG_VERSION") },
    }
}

per_thread! {
    static WEB: Web = Options::new().label_prefix("web.");
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().expect("a whole number"));
    let seconds = args.next().unwrap_or(10);
    let threads = args.next().unwrap_or(4);
    let listener = Arc::new(TcpListener::bind(("127.0.0.1", 0))?);
    let address = listener.local_addr()?;
    println!("http://{address}/ for {seconds} seconds, {threads} threads, pid {}", std::process::id());
    let done = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (listener, done) = (Arc::clone(&listener), Arc::clone(&done));
            thread::spawn(move || work(&listener, &done))
        })
        .collect();
    let clients: Vec<_> = (0..threads)
        .map(|number| {
            let done = Arc::clone(&done);
            thread::spawn(move || load(address, number, &done))
        })
        .collect();
    thread::sleep(Duration::from_secs(seconds));
    done.store(true, Ordering::Relaxed);
    let requests: u64 = clients.into_iter().map(|client| client.join().expect("a client")).sum();
    for _ in &workers {
        // Wakes one that waits for a connection.
        drop(TcpStream::connect(address)?);
    }
    workers.into_iter().for_each(|worker| worker.join().expect("a worker"));
    println!("{requests} requests answered");
    WEB.remove().map_err(Into::into)
}

fn work(listener: &TcpListener, done: &AtomicBool) {
    while let Ok((stream, _)) = listener.accept() {
        if done.load(Ordering::Relaxed) {
            return;
        }
        // A client that goes away is no concern of the server's.
        let _ = serve(stream);
    }
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let path = line.split_whitespace().nth(1).unwrap_or("/");
    WEB.with(|web| {
        let _timed = web.answer.start();
        web.last_path.set(path);
        web.last_hit.now();
        let status = match path {
            "/" => {
                web.status_2xx.incr();
                "200 OK"
            }
            "/old" => {
                web.status_3xx.incr();
                "302 Found"
            }
            "/broken" => {
                web.status_5xx.incr();
                "500 Internal Server Error"
            }
            _ => {
                web.status_4xx.incr();
                "404 Not Found"
            }
        };
        write!(stream, "HTTP/1.0 {status}\r\nContent-Length: 3\r\n\r\nhi\n")
    })
}

/// Asks for one path after another until told to stop; gives how many were answered.
fn load(address: SocketAddr, seed: u64, done: &AtomicBool) -> u64 {
    let mut answered = 0;
    while !done.load(Ordering::Relaxed) {
        let path = match (answered + seed) % 10 {
            5 => "/old",
            7 => "/missing",
            9 => "/broken",
            _ => "/",
        };
        let Ok(mut stream) = TcpStream::connect(address) else { continue };
        let asked = write!(stream, "GET {path} HTTP/1.0\r\n\r\n");
        let mut answer = Vec::new();
        if asked.is_ok() && stream.read_to_end(&mut answer).is_ok() {
            answered += 1;
        }
    }
    answered
}
