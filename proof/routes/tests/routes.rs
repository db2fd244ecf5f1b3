//! The server under load, from many connections over several threads, and what it has published then.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;

use harness::has_loopback;
use mmstats::{Options, Snapshot, Value};
use routes::{App, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const CLIENTS: usize = 8;
const PATHS: [&str; 4] = ["/", "/cart", "/search", "/no/such/place"];
/// Requests of a client for each of the paths.
const REQUESTS: [usize; 4] = [40, 20, 10, 5];

/// Asks for a path and waits for the answer.
fn ask(stream: &mut BufReader<TcpStream>, path: &str) -> String {
    // In one piece, which waits for no acknowledgement.
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut status = String::new();
    stream.read_line(&mut status).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((_, value)) => length = value.parse().unwrap(),
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(body, path.as_bytes());
    status
}

fn client(address: SocketAddr, file: &Path) {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    for (path, requests) in PATHS.into_iter().zip(REQUESTS) {
        for _ in 0..requests {
            let status = ask(&mut stream, path);
            assert_eq!(status.contains("200"), path.len() < 10, "{status}");
        }
    }
    // What is answered is counted: this client's requests at least.
    assert!(number(file, r#"requests{route="/"}"#) >= REQUESTS[0] as u64);
}

fn number(file: &Path, label: &str) -> u64 {
    Snapshot::of(file).unwrap().find(label).unwrap().value().to_string().parse().unwrap()
}

fn histogram(file: &Path, label: &str) -> u64 {
    match Snapshot::of(file).unwrap().find(label).unwrap().value() {
        Value::Histogram(histogram) => histogram.count(),
        other => panic!("{other:?} is no histogram"),
    }
}

#[test]
fn every_request_is_counted_once_under_its_route() {
    if !has_loopback() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let app = App::new(&Options::new().dir(dir.path()), &PATHS[..3]).unwrap();
    let file = app.stats().path().to_owned();
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let server = runtime.spawn(serve(app.clone(), listener, ended));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| client(address, &file));
        }
    });
    end.send(()).unwrap();
    runtime.block_on(server).unwrap().unwrap();
    for (route, requests) in [PATHS[0], PATHS[1], PATHS[2], "other"].into_iter().zip(REQUESTS) {
        let expected = (CLIENTS * requests) as u64;
        assert_eq!(number(&file, &format!("requests{{route=\"{route}\"}}")), expected, "{route}");
        assert_eq!(histogram(&file, &format!("answer{{route=\"{route}\"}}")), expected, "{route}");
    }
    assert_eq!((number(&file, "server.open"), number(&file, "server.failed")), (0, 0));
    drop((runtime, app));
    assert!(!file.exists());
}
