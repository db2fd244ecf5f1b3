//! The answers to requests.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::os::unix::ffi::OsStringExt;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use figures::Function;
use files::Operands;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{Semaphore, watch};

use crate::answer::{Answer, Payload};
use crate::assets;
use crate::events::END;
use crate::gate::{Gate, Refusal};
use crate::history::Record;
use crate::reading::{Problem, Reading, Unsteady};
use crate::shown::View;
use crate::target::{Query, Route};
use crate::watch::lock;
use crate::{api, event, events, metrics, original};

/// How many streams of events there may be.
const STREAMS: usize = 128;
/// How many requests may read all files at the same time.
const READERS: usize = 2;

/// What happened that the main thread has to know.
pub(crate) enum Word {
    /// A line for stderr.
    Problem(Problem),
    /// Nobody is served any more.
    Ended(crate::serve::End),
}

/// What all connections share.
pub(crate) struct Site {
    gate: Gate,
    operands: Operands,
    /// What has been seen so far, and by whom it is being looked at.
    pub(crate) record: Arc<Mutex<Record>>,
    /// The number of the last sample; [`END`] when the program ends.
    pub(crate) ticks: watch::Sender<u64>,
    /// The event of the last sample, for those who look in the same way.
    rendered: Mutex<HashMap<View, (u64, Bytes)>>,
    streams: Arc<Semaphore>,
    readers: Semaphore,
    words: Sender<Word>,
}

impl Site {
    pub(crate) fn new(
        gate: Gate,
        operands: Operands,
        record: Arc<Mutex<Record>>,
        words: Sender<Word>,
    ) -> Self {
        let (streams, readers) = (Arc::new(Semaphore::new(STREAMS)), Semaphore::new(READERS));
        let (ticks, rendered) = (watch::Sender::new(0), Mutex::default());
        Self { gate, operands, record, ticks, rendered, streams, readers, words }
    }

    /// Tells all streams that there is a new sample.
    pub(crate) fn has_sampled(&self) {
        let now = lock(&self.record).tick;
        self.ticks.send_if_modified(|tick| {
            let is_new = *tick != END;
            if is_new {
                *tick = now;
            }
            is_new
        });
    }

    /// Ends all streams.
    pub(crate) fn end(&self) {
        self.ticks.send_replace(END);
    }

    /// The event of the last sample.
    pub(crate) fn tick_for(&self, view: View) -> Bytes {
        let record = lock(&self.record);
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        let (tick, bytes) = rendered.entry(view).or_default();
        if *tick != record.tick {
            (*tick, *bytes) = (record.tick, event::tick(&record, view).into());
        }
        bytes.clone()
    }

    /// Has the main thread report something.
    pub(crate) fn complain(&self, what: &str, reason: &dyn Display) {
        // Nobody listens any more when the program ends.
        let _ = self.words.send(Word::Problem(Problem::new(what, reason)));
    }

    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Payload> {
        // There is none that anybody wants to read.
        let (head, _body) = request.into_parts();
        let answer = match self.gate.check(&head) {
            Ok(()) => {
                let (path, query) = (head.uri.path(), head.uri.query());
                self.answer_to(Route::of(path), query, head.method == Method::HEAD).await
            }
            Err(Refusal { status, reason }) => Answer::error(status, reason),
        };
        answer.finish(&head.headers, head.method == Method::HEAD)
    }

    async fn answer_to(self: &Arc<Self>, route: Route, text: Option<&str>, is_head: bool) -> Answer {
        let query = Query::of(text);
        match route {
            Route::Page => Answer::asset(&assets::PAGE),
            Route::Script => Answer::asset(&assets::SCRIPT),
            Route::Style => Answer::asset(&assets::STYLE),
            Route::Icon => Answer::asset(&assets::ICON),
            Route::Health => Answer::new("text/plain; charset=utf-8", "ok\n"),
            Route::Moved(place) => Answer::moved(place, text),
            Route::Stats => self.read(|reading| Answer::json(original::labels(reading))).await,
            Route::StatsOf(prefix) => match function(&query) {
                Err(reason) => Answer::error(StatusCode::BAD_REQUEST, &reason),
                Ok(function) => match original::Wanted::new(prefix, function, &query) {
                    Err(reason) => Answer::error(StatusCode::BAD_REQUEST, &reason),
                    Ok(wanted) => self.read(move |reading| steady(original::values(reading, &wanted))).await,
                },
            },
            Route::Files(pattern) => self.read(move |reading| of(original::files(reading, &pattern))).await,
            Route::Metrics => match function(&query) {
                Err(reason) => Answer::error(StatusCode::BAD_REQUEST, &reason),
                Ok(function) => {
                    let prefixes =
                        query.all("prefix").map(|prefix| OsString::from_vec(prefix.to_vec())).collect();
                    self.read(move |reading| metrics::answer(reading, prefixes, function)).await
                }
            },
            Route::Labels => {
                let record = Arc::clone(&self.record);
                self.read(move |reading| steady(api::labels(reading, &record))).await
            }
            Route::Label(label) => {
                let record = Arc::clone(&self.record);
                self.read(move |reading| match api::label(reading, &record, &label) {
                    Ok(None) => Answer::error(StatusCode::NOT_FOUND, "no file has this label"),
                    Ok(Some(found)) => Answer::json(found),
                    Err(unsteady) => unsteady.into(),
                })
                .await
            }
            Route::Sources => self.read(|reading| Answer::json(api::files(reading))).await,
            Route::Events => match events::Wanted::of(&query) {
                Err(reason) => Answer::error(StatusCode::BAD_REQUEST, &reason),
                Ok(wanted) => match Arc::clone(&self.streams).try_acquire_owned() {
                    Err(_) => Answer::error(StatusCode::SERVICE_UNAVAILABLE, "too many streams"),
                    Ok(permit) => events::answer(self, wanted, permit, is_head),
                },
            },
            Route::Unknown => Answer::error(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }

    /// What `show` makes of the files as they are now. Reading them is left to another thread.
    async fn read(&self, show: impl FnOnce(&mut Reading) -> Answer + Send + 'static) -> Answer {
        let failed = || Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "the files could not be read");
        let Ok(_place) = self.readers.acquire().await else { return failed() };
        let operands = self.operands.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut reading = Reading::of(operands);
            let answer = show(&mut reading);
            (answer, reading.into_problems().collect::<Vec<_>>())
        });
        let Ok((answer, problems)) = read.await else { return failed() };
        for problem in problems {
            let _ = self.words.send(Word::Problem(problem));
        }
        answer
    }
}

/// The function that a request asks for.
fn function(query: &Query) -> Result<Option<Function>, String> {
    let Some(name) = query.get("aggr") else { return Ok(None) };
    let found = Function::NAMES.iter().find(|(other, _)| other.as_bytes() == name);
    let names = || Function::NAMES.map(|(name, _)| name).join(", ");
    found.map(|(_, function)| Some(*function)).ok_or_else(|| format!("aggr is one of {}", names()))
}

fn steady(made: Result<String, Unsteady>) -> Answer {
    made.map_or_else(Answer::from, Answer::json)
}

fn of(made: Result<String, String>) -> Answer {
    match made {
        Ok(json) => Answer::json(json),
        Err(reason) => Answer::error(StatusCode::BAD_REQUEST, &reason),
    }
}
