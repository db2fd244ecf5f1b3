//! A small HTTP server on tokio that counts per route.
//!
//! A task may continue on another thread after each `.await`, and the tasks of a runtime share its threads. So all of
//! them count in one instance, with handles that any thread may update. The fields of each route are added when the
//! server is made, and found by a look into a map that does not change any more: no lock, wherever the task is.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mmstats::{Error, Instance, Options, SharedCounter, SharedHistogram, SharedUpDown, label, stats};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

stats! {
    /// What the server publishes besides its routes.
    pub struct Server {
        /// Connections that are open.
        pub open: SharedUpDown = "server.open",
        /// Connections that ended with an error.
        pub failed: SharedCounter = "server.failed",
    }
}

/// What is published of a route.
pub struct Route {
    /// Requests answered.
    requests: SharedCounter,
    /// How long an answer takes.
    answer: SharedHistogram,
}

/// The server's state, one for all tasks.
pub struct App {
    stats: Instance<Server>,
    routes: HashMap<&'static str, Route>,
    /// Paths come from outside: those that are no route are counted together, so that nobody can fill the file.
    other: Route,
}

impl App {
    /// Publishes the server and its routes.
    ///
    /// # Errors
    /// Those of the file.
    pub fn new(options: &Options, routes: &[&'static str]) -> Result<Arc<Self>, Error> {
        let stats = options.create::<Server>()?;
        let added = routes.iter().map(|route| Ok((*route, Route::add(&stats, route)?)));
        let routes = added.collect::<Result<_, Error>>()?;
        let other = Route::add(&stats, "other")?;
        Ok(Arc::new(Self { stats, routes, other }))
    }

    /// What is published.
    #[must_use]
    pub fn stats(&self) -> &Instance<Server> {
        &self.stats
    }
}

impl Route {
    fn add(stats: &Instance<Server>, route: &str) -> Result<Self, Error> {
        let named = |name| label(name, &[("route", route)]);
        let requests = SharedCounter::spec().help("Requests answered.");
        let answer = SharedHistogram::spec().durations().help("How long an answer takes.");
        Ok(Self {
            requests: stats.add_field(&named("requests"), requests)?,
            answer: stats.add_field(&named("answer"), answer)?,
        })
    }
}

/// Counts a connection as open until it is dropped: also where its task is cancelled at an `.await`.
struct Open(Arc<App>);

impl Open {
    fn new(app: &Arc<App>) -> Self {
        app.stats.open.incr();
        Self(Arc::clone(app))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.stats.open.decr();
    }
}

/// Serves until `end` is ready, and then until all connections are closed.
///
/// # Errors
/// Those of the listener.
pub async fn serve(app: Arc<App>, listener: TcpListener, end: impl Future) -> io::Result<()> {
    let mut connections = JoinSet::new();
    let mut end = std::pin::pin!(end);
    loop {
        let accepted = std::future::poll_fn(|context| {
            if end.as_mut().poll(context).is_ready() {
                return std::task::Poll::Ready(None);
            }
            listener.poll_accept(context).map(Some)
        });
        let Some(accepted) = accepted.await else { break };
        let (stream, _) = accepted?;
        let app = Arc::clone(&app);
        connections.spawn(async move {
            let open = Open::new(&app);
            if connection(&app, stream).await.is_err() {
                app.stats.failed.incr();
            }
            drop(open);
        });
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Answers one request after the other.
async fn connection(app: &App, stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while !line.trim_end().is_empty() {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
        }
        let route = app.routes.get(path.as_str());
        let (status, route) = route.map_or(("404 Not Found", &app.other), |route| ("200 OK", route));
        {
            // The guard is `Send`, so it may be held across an `.await`.
            let _timed = route.answer.start();
            work().await;
        }
        route.requests.incr();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{path}", path.len());
        stream.get_mut().write_all(answer.as_bytes()).await?;
    }
}

/// What a server asks others for. The task may continue on another thread.
async fn work() {
    tokio::time::sleep(Duration::from_micros(50)).await;
}
