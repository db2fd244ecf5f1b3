//! What a client may do to harm: nothing of it keeps the next one from its answer.

use std::io::{Read, Write};
use std::time::Duration;

use crate::server::{Answer, Events, Server};
use harness::{counter, tool, write};

fn empty() -> Option<(tempfile::TempDir, Server)> {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path())?;
    Some((dir, server))
}

fn is_well(server: &Server) {
    assert_eq!(server.get("/healthz").text(), "ok\n");
}

#[test]
fn what_a_proxy_could_read_in_two_ways_is_refused_and_the_rest_is_not_taken_for_a_request() {
    let Some((_dir, server)) = empty() else { return };
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for lines in [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            5 + smuggled.len()
        ),
        format!("Content-Length: 0\r\nContent-Length: 5\r\n\r\nabcde{smuggled}"),
        format!("Content-Length: +5\r\n\r\nabcde{smuggled}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n{smuggled}"),
        format!("Content-Length: 5\r\n\r\n{smuggled}"),
        format!("X: a\r\n Folded: b\r\n\r\n{smuggled}"),
        format!("X : a\r\n\r\n{smuggled}"),
    ] {
        let answered = server.raw(format!("GET /stats/ HTTP/1.1\r\nHost: localhost\r\n{lines}").as_bytes());
        let text = String::from_utf8_lossy(&answered);
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{lines:?}: {text}");
        assert!(Answer::parse(&answered).status >= 400, "{lines:?}: {text}");
    }
    is_well(&server);
}

#[test]
fn bytes_that_are_no_request_are_refused() {
    let Some((_dir, server)) = empty() else { return };
    for request in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(request).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answered = Vec::new();
        let _ = stream.read_to_end(&mut answered);
        if !answered.is_empty() {
            assert!(Answer::parse(&answered).status >= 400, "{request:?}");
        }
    }
    is_well(&server);
}

#[test]
fn a_head_without_an_end_is_cut_off() {
    let Some((_dir, server)) = empty() else { return };
    let start = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    let long_line = format!("{start}X: {}\r\n\r\n", "x".repeat(64 * 1024));
    let many_lines = format!("{start}{}\r\n", "X: y\r\n".repeat(5000));
    let long_target = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(64 * 1024));
    for request in [long_line, many_lines, long_target] {
        let answered = server.raw(request.as_bytes());
        // What is still on its way when it is refused may have the connection reset.
        if !answered.is_empty() {
            let status = Answer::parse(&answered).status;
            assert!((400..=431).contains(&status), "{status}");
        }
    }
    is_well(&server);
}

#[test]
fn silent_clients_and_half_heads_are_sent_away() {
    let Some((_dir, server)) = empty() else { return };
    let mut silent = server.connect();
    let mut half = server.connect();
    half.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    let mut idle = server.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    for stream in [&mut silent, &mut half, &mut idle] {
        // The wait is the server's: ten seconds. This reads to the end of the connection.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty() || !rest.starts_with(b"HTTP/1.1 2") || rest.ends_with(b"ok\n"));
    }
    is_well(&server);
}

#[test]
fn more_connections_than_there_is_room_for_are_told_so() {
    let Some((_dir, server)) = empty() else { return };
    let mut held: Vec<_> = (0..256).map(|_| server.connect()).collect();
    // All are taken in once the last one is answered.
    let last = held.last_mut().unwrap();
    last.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 12];
    last.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let refused = Answer::parse(&server.raw(b""));
    assert_eq!((refused.status, &*refused.headers["retry-after"]), (503, "5"));
    drop(held);
    // Their places are free as soon as the server has noticed.
    let mut answered = refused.status;
    while answered != 200 {
        std::thread::yield_now();
        answered = server.get("/healthz").status;
    }
}

#[test]
fn more_streams_than_there_is_room_for_are_told_so() {
    let Some((_dir, server)) = empty() else { return };
    let mut held: Vec<_> = (0..128).map(|_| Events::of(&server, "")).collect();
    for events in &mut held {
        assert_eq!(events.next().unwrap().0, "table");
    }
    let refused = server.get("/api/1/events");
    assert_eq!((refused.status, &*refused.headers["retry-after"]), (503, "5"));
    is_well(&server);
}

#[test]
fn readers_that_take_nothing_do_not_keep_others_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let web = mmstats::Options::new().dir(dir.path()).create::<()>().unwrap();
    for number in 0..2000 {
        let label = format!("a.label.that.is.rather.long.{number}");
        web.add_field(&label, mmstats::Counter::spec()).unwrap();
    }
    let Some(server) = Server::start(dir.path()) else { return };
    let stalled: Vec<_> = (0..100)
        .map(|number| {
            let mut stream = server.connect();
            let target = if number % 2 == 0 { "/api/1/events" } else { "/api/1/labels" };
            write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            stream
        })
        .collect();
    let mut events = Events::of(&server, "");
    for _ in 0..3 {
        events.until(|name, _| (name == "tick").then_some(()));
        is_well(&server);
    }
    drop(stalled);
}

#[test]
fn a_process_that_may_open_few_files_still_answers() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..400 {
        write(dir.path(), format!("a-{number}.mmstats"), &[counter("hits", 1)]);
    }
    let script = "ulimit -n 256 && exec \"$0\" --listen 127.0.0.1:0 \"$1\"";
    let mut command = tool("sh");
    let Some(server) = Server::of(command.args(["-c", script, env!("CARGO_BIN_EXE_mmash")]).arg(dir.path()))
    else {
        return;
    };
    let _held: Vec<_> = (0..100).map(|_| server.connect()).collect();
    let mut events = Events::of(&server, "");
    assert_eq!(events.next().unwrap().1["files"], 400);
    assert_eq!(server.json("/stats/hits?aggr=sum"), serde_json::json!({"hits": 400}));
    assert_eq!(server.end().0, "");
}

#[test]
fn a_client_that_asks_one_thing_after_another_gets_answers_in_order() {
    let Some((_dir, server)) = empty() else { return };
    let mut stream = server.connect();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let ask = |target: &str, end: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{end}\r\n");
    let all = ask("/healthz", "") + &ask("/none", "") + &ask("/healthz", "Connection: close\r\n");
    stream.write_all(all.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let status: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(status, ["200", "404", "200"]);
}

#[test]
fn a_client_that_closes_its_side_after_its_request_is_answered() {
    let Some((_dir, server)) = empty() else { return };
    // The second one needs another thread, which takes a while.
    for target in ["/healthz", "/stats/", "/metrics"] {
        let mut stream = server.connect();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answered = Vec::new();
        stream.read_to_end(&mut answered).unwrap();
        assert_eq!(Answer::parse(&answered).status, 200, "{target}");
    }
}
