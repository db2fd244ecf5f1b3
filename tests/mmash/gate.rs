//! Who is answered: pages of other sites, and names that were made to lead here, are not.

use crate::server::Server;

fn empty() -> Option<(tempfile::TempDir, Server)> {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path())?;
    Some((dir, server))
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let Some((_dir, server)) = empty() else { return };
    for (host, status) in [
        ("127.0.0.1", 200),
        ("localhost:5002", 200),
        ("stats.localhost", 200),
        ("[::1]:5002", 200),
        ("10.0.0.7", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:5002", 421),
        ("", 421),
    ] {
        let answer =
            server.ask(&format!("GET /stats/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!(answer.status, status, "{host:?}");
    }
    let without = server.ask("GET /stats/ HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(without.status, 400);
    let twice =
        server.ask("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(twice.status, 400);
    let absolute = "GET http://evil.example/stats/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(server.ask(absolute).status, 421, "what the target names counts, too");
}

#[test]
fn a_host_that_is_allowed_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["-l", "127.0.0.1:0", "--allow-host", "Stats.example.org"];
    let Some(server) = Server::with(&options, dir.path()) else { return };
    for (host, status) in [("stats.example.org", 200), ("stats.example.org:80", 200), ("example.org", 421)] {
        let answer = server.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!(answer.status, status, "{host}");
    }
}

#[test]
fn pages_of_other_sites_may_follow_links_and_nothing_else() {
    let Some((_dir, server)) = empty() else { return };
    for (site, mode, dest, status) in [
        ("cross-site", "no-cors", "script", 403),
        ("cross-site", "cors", "empty", 403),
        ("cross-site", "navigate", "iframe", 403),
        ("same-site", "no-cors", "image", 403),
        ("cross-site", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 200),
        ("none", "navigate", "document", 200),
    ] {
        let lines = format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n");
        assert_eq!(server.get_with("/stats/", &lines).status, status, "{site} {mode} {dest}");
    }
}

#[test]
fn only_get_and_head_are_answered_and_none_has_a_body() {
    let Some((_dir, server)) = empty() else { return };
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"] {
        let host = server.address;
        let answer =
            server.ask(&format!("{method} /stats/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!((answer.status, &*answer.headers["allow"]), (405, "GET, HEAD"), "{method}");
    }
    let host = server.address;
    for lines in ["Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"] {
        let answer = server.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n{lines}"));
        assert_eq!((answer.status, &*answer.headers["connection"]), (413, "close"), "{lines:?}");
    }
}
