//! Server-sent events: the table of all labels or one metric, first with its past, then whatever changes.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::answer::Answer;
use crate::event;
use crate::history::SAMPLES;
use crate::shown::{Rule, View};
use crate::site::Site;
use crate::target::Query;
use crate::watch::lock;

/// How many samples a reader may miss before it is cut off.
const MAY_MISS: u64 = 4;
/// What the number of a sample is when the program ends.
pub(crate) const END: u64 = u64::MAX;

/// What a stream is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) view: View,
    /// How many samples of the past to send.
    pub(crate) range: usize,
    /// This label alone, with its processes.
    pub(crate) label: Option<Vec<u8>>,
}

impl Wanted {
    pub(crate) fn of(query: &Query) -> Result<Self, String> {
        let rule = match query.get("aggr") {
            None | Some(b"auto") => None,
            Some(b"sum") => Some(Rule::Sum),
            Some(b"avg") => Some(Rule::Avg),
            Some(b"min") => Some(Rule::Min),
            Some(b"max") => Some(Rule::Max),
            Some(_) => return Err("aggr is one of auto, sum, avg, min, max".to_owned()),
        };
        let range = query.get("range").map(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let range = range.unwrap_or(Some(SAMPLES)).filter(|range| (1..=SAMPLES).contains(range));
        let range = range.ok_or_else(|| format!("range is a number of seconds from 1 to {SAMPLES}"))?;
        let label = query.get("label").map(<[u8]>::to_vec);
        Ok(Self { view: View { rule, is_living: query.has("living") }, range, label })
    }
}

/// Answers with a stream.
pub(crate) fn answer(
    site: &Arc<Site>,
    wanted: Wanted,
    permit: OwnedSemaphorePermit,
    is_head: bool,
) -> Answer {
    let (sender, events) = mpsc::channel(1);
    if !is_head {
        let site = Arc::clone(site);
        tokio::spawn(async move {
            // Whoever does not listen any more needs no word.
            let _ = match &wanted.label {
                None => table(&site, &wanted, &sender).await,
                Some(label) => metric(&site, &wanted, label, &sender).await,
            };
        });
    }
    Answer::stream(events, permit)
}

/// The reader has gone, or the program ends, or the reader is too slow.
struct Over;

async fn send(sender: &mpsc::Sender<Bytes>, event: impl Into<Bytes>) -> Result<(), Over> {
    sender.send(event.into()).await.map_err(|_| Over)
}

/// The samples, one by one.
struct Ticks {
    ticks: tokio::sync::watch::Receiver<u64>,
    sent: u64,
}

impl Ticks {
    /// From the first sample on, which may still be to come.
    async fn of(site: &Site) -> Result<Self, Over> {
        let mut ticks = site.ticks.subscribe();
        let sent = *ticks.wait_for(|tick| *tick > 0).await.map_err(|_| Over)?;
        if sent == END { Err(Over) } else { Ok(Self { ticks, sent }) }
    }

    /// Waits for the next one. Whether it is the one after the last.
    async fn next(&mut self, sender: &mpsc::Sender<Bytes>) -> Result<bool, Over> {
        loop {
            if sender.is_closed() {
                return Err(Over);
            }
            self.ticks.changed().await.map_err(|_| Over)?;
            let now = *self.ticks.borrow_and_update();
            if now == END || now > self.sent + MAY_MISS {
                return Err(Over);
            }
            if now > self.sent {
                let is_next = now == self.sent + 1;
                self.sent = now;
                return Ok(is_next);
            }
        }
    }
}

async fn table(site: &Site, wanted: &Wanted, sender: &mpsc::Sender<Bytes>) -> Result<(), Over> {
    let mut ticks = Ticks::of(site).await?;
    let (first, labels) = {
        let record = lock(&site.record);
        ticks.sent = record.tick;
        (event::table(&record, wanted.view), record.labels.len())
    };
    send(sender, first).await?;
    let mut place = 0;
    while place < labels {
        // In pieces, so that the record is free for others in between.
        let (piece, next) = event::courses(&lock(&site.record), wanted, place);
        place = next;
        send(sender, piece).await?;
    }
    loop {
        let is_next = ticks.next(sender).await?;
        let event = if is_next {
            site.tick_for(wanted.view)
        } else {
            let record = lock(&site.record);
            ticks.sent = record.tick;
            event::table(&record, wanted.view).into()
        };
        send(sender, event).await?;
    }
}

/// Says that somebody looks at a label, as long as it is there.
struct Observer<'a> {
    site: &'a Site,
    place: u32,
}

impl<'a> Observer<'a> {
    fn of(site: &'a Site, label: &[u8]) -> Option<Self> {
        let mut record = lock(&site.record);
        let place = record.find(label)?;
        record.get_mut(place)?.observers += 1;
        Some(Self { site, place })
    }
}

impl Drop for Observer<'_> {
    fn drop(&mut self) {
        if let Some(label) = lock(&self.site.record).get_mut(self.place) {
            label.observers = label.observers.saturating_sub(1);
            if label.observers == 0 {
                label.rows.clear();
            }
        }
    }
}

async fn metric(
    site: &Site,
    wanted: &Wanted,
    label: &[u8],
    sender: &mpsc::Sender<Bytes>,
) -> Result<(), Over> {
    let mut ticks = Ticks::of(site).await?;
    let observer = loop {
        match Observer::of(site, label) {
            Some(observer) => break observer,
            None => {
                send(sender, event::missing()).await?;
                ticks.next(sender).await?;
            }
        }
    };
    let first = {
        let record = lock(&site.record);
        ticks.sent = record.tick;
        event::metric(&record, wanted, observer.place)
    };
    send(sender, first).await?;
    loop {
        let is_next = ticks.next(sender).await?;
        let event = {
            let record = lock(&site.record);
            ticks.sent = record.tick;
            let is_same = record.get(observer.place).is_some_and(|label| label.born < record.tick);
            if is_next && is_same {
                event::point(&record, wanted, observer.place)
            } else {
                event::metric(&record, wanted, observer.place)
            }
        };
        send(sender, event).await?;
    }
}
