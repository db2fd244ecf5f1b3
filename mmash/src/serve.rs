//! Connections: how many there may be, how long each may take, and how they end.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::answer::Payload;
use crate::listen::Listener;
use crate::site::Site;

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// How long a head may take, from when its connection is free for it.
const HEAD_TAKES: Duration = Duration::from_secs(10);
/// How long a write may wait for its reader.
const WRITE_TAKES: Duration = Duration::from_secs(30);
/// How many connections there may be.
const CONNECTIONS: usize = 256;
/// How long answers that have begun may take when the program ends.
const END_TAKES: Duration = Duration::from_secs(2);
/// What those beyond the limit are told.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A connection, of whatever kind: all of hyper for each kind of its own would be a hundred kilobytes.
pub(crate) type Stream = Pin<Box<dyn Connection>>;

pub(crate) trait Connection: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Connection for S {}

/// Why serving ended.
#[derive(Debug)]
pub(crate) enum End {
    /// This signal came.
    Signal(i32),
    /// Nobody had been there for a while.
    Idle,
    /// The system does not let it go on.
    Failed(io::Error),
}

/// Serves until a signal comes or, with `idle`, until nobody has been connected for so long.
pub(crate) async fn serve(listeners: Vec<Listener>, site: Arc<Site>, idle: Option<Duration>) -> End {
    match run(listeners, site, idle).await {
        Ok(end) => end,
        Err(error) => End::Failed(error),
    }
}

async fn run(listeners: Vec<Listener>, site: Arc<Site>, idle: Option<Duration>) -> io::Result<End> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let (ending, ended) = watch::channel(false);
    let guests = Guests::new();
    let mut doors = JoinSet::new();
    let mut names = Vec::new();
    for listener in listeners {
        let (guests, site, ended) = (Arc::clone(&guests), Arc::clone(&site), ended.clone());
        match listener {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                let listener = TcpListener::from_std(listener)?;
                doors.spawn(async move {
                    loop {
                        let accepted = listener.accept().await.map(|(stream, _)| Box::pin(stream) as Stream);
                        welcome(accepted, &guests, &site, &ended).await;
                    }
                });
            }
            Listener::Unix(listener, name) => {
                names.extend(name);
                listener.set_nonblocking(true)?;
                let listener = UnixListener::from_std(listener)?;
                doors.spawn(async move {
                    loop {
                        let accepted = listener.accept().await.map(|(stream, _)| Box::pin(stream) as Stream);
                        welcome(accepted, &guests, &site, &ended).await;
                    }
                });
            }
        }
    }
    let end = first_of(
        async {
            interrupts.recv().await;
            End::Signal(SignalKind::interrupt().as_raw_value())
        },
        async {
            terminations.recv().await;
            End::Signal(SignalKind::terminate().as_raw_value())
        },
        guests.have_been_gone_for(idle),
    )
    .await;
    // Nobody new; then those who are here, as far as they make haste. A second signal ends all at once.
    doors.shutdown().await;
    drop(names);
    site.end();
    let _ = ending.send(true);
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let are_gone = async {
        let _ = timeout(END_TAKES, guests.places.acquire_many(all)).await;
    };
    let is_pressed = async {
        interrupts.recv().await;
    };
    let is_pressed_again = async {
        terminations.recv().await;
    };
    first_of(are_gone, is_pressed, is_pressed_again).await;
    Ok(end)
}

/// The result of whichever is ready first.
async fn first_of<T>(
    a: impl Future<Output = T>,
    b: impl Future<Output = T>,
    c: impl Future<Output = T>,
) -> T {
    let (mut a, mut b, mut c) = (pin!(a), pin!(b), pin!(c));
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(out) = a.as_mut().poll(context) {
            return std::task::Poll::Ready(out);
        }
        if let std::task::Poll::Ready(out) = b.as_mut().poll(context) {
            return std::task::Poll::Ready(out);
        }
        c.as_mut().poll(context)
    })
    .await
}

/// Those who are connected.
struct Guests {
    places: Arc<Semaphore>,
    count: AtomicUsize,
    changed: watch::Sender<Instant>,
}

impl Guests {
    fn new() -> Arc<Self> {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        Arc::new(Self { places, count: AtomicUsize::new(0), changed: watch::Sender::new(Instant::now()) })
    }

    /// Waits until nobody has been connected for so long; for ever without a time.
    async fn have_been_gone_for(&self, idle: Option<Duration>) -> End {
        let Some(idle) = idle else { return std::future::pending().await };
        let mut changed = self.changed.subscribe();
        loop {
            let since = *changed.borrow_and_update();
            let left = idle.saturating_sub(since.elapsed());
            if self.count.load(Ordering::Relaxed) > 0 {
                let _ = changed.changed().await;
            } else if left.is_zero() {
                return End::Idle;
            } else {
                let _ = timeout(left, changed.changed()).await;
            }
        }
    }

    fn come(self: &Arc<Self>) -> Option<Guest> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.changed.send_replace(Instant::now());
        Some(Guest { guests: Arc::clone(self), _place: place })
    }
}

/// One of them.
struct Guest {
    guests: Arc<Guests>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.count.fetch_sub(1, Ordering::Relaxed);
        self.guests.changed.send_replace(Instant::now());
    }
}

/// Takes a connection in, if there is room.
async fn welcome(
    accepted: io::Result<Stream>,
    guests: &Arc<Guests>,
    site: &Arc<Site>,
    ended: &watch::Receiver<bool>,
) {
    let mut stream = match accepted {
        Ok(stream) => stream,
        Err(error) => {
            site.complain("accept", &cli::plain(&error));
            // Most likely there is no descriptor left: that takes a while to change.
            return sleep(Duration::from_millis(100)).await;
        }
    };
    let Some(guest) = guests.come() else {
        // It fits into what the system holds for a new connection.
        let _ = timeout(Duration::from_millis(10), stream.write_all(TOO_MANY)).await;
        return;
    };
    let (site, ended) = (Arc::clone(site), ended.clone());
    tokio::spawn(async move {
        converse(stream, site, ended).await;
        drop(guest);
    });
}

/// Answers the requests of one connection.
pub(crate) async fn converse(stream: Stream, site: Arc<Site>, mut ended: watch::Receiver<bool>) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TAKES));
    let service = service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move { Ok::<Response<Payload>, std::convert::Infallible>(site.answer(request).await) }
    });
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TAKES)
        .max_buf_size(LARGEST_HEAD)
        // A client may close its side once it has asked.
        .half_close(true)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = pin!(connection);
    let mut is_ending = pin!(async move { ended.wait_for(|is_ended| *is_ended).await.is_ok() });
    let mut has_been_told = false;
    // What goes wrong on a connection concerns nobody but its other side.
    std::future::poll_fn(|context| {
        if !has_been_told && is_ending.as_mut().poll(context).is_ready() {
            has_been_told = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(context).map(drop)
    })
    .await;
}
