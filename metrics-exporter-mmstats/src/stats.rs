//! The file, and what is known of metrics before they are in it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use metrics::Unit;
use mmstats::{Error, Instance, Options};

use crate::published::Publish;

/// The longest help, in bytes.
const LONGEST_HELP: usize = 1000;

/// What is known of a metric.
#[derive(Clone, Default)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) unit: Option<Unit>,
    pub(crate) help: Option<String>,
    /// For a histogram, if the program has chosen one.
    pub(crate) scale: Option<f64>,
}

/// The file of a recorder. Its handles have it, too: it stays as long as they may count.
pub(crate) struct Stats {
    instance: Instance<()>,
    scales: HashMap<String, f64>,
    known: Mutex<Known>,
}

/// By name.
#[derive(Default)]
struct Known {
    described: HashMap<String, (Option<Unit>, Option<String>)>,
    /// Registered, and not described.
    waiting: HashMap<String, Vec<Weak<dyn Publish>>>,
}

impl Stats {
    pub(crate) fn create(options: &Options, scales: HashMap<String, f64>) -> Result<Self, Error> {
        Ok(Self { instance: options.create()?, scales, known: Mutex::default() })
    }

    pub(crate) fn instance(&self) -> &Instance<()> {
        &self.instance
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn about(&self, name: &str) -> About {
        let (unit, help) = self.known().described.get(name).cloned().unwrap_or_default();
        About { name: name.to_owned(), unit, help, scale: self.scales.get(name).copied() }
    }

    /// Notes what a metric is, and publishes those of this name that are registered.
    pub(crate) fn describe(&self, name: &str, unit: Option<Unit>, help: &str) {
        if self.instance.is_inherited() {
            return;
        }
        let waiting = {
            let mut known = self.known();
            known.described.insert(name.to_owned(), (unit, one_line(help)));
            known.waiting.remove(name)
        };
        publish(waiting.into_iter().flatten());
    }

    /// Publishes a metric that was just registered if it is described, and remembers it otherwise.
    pub(crate) fn registered(&self, name: &str, metric: &Arc<impl Publish + 'static>) {
        {
            let mut known = self.known();
            if !known.described.contains_key(name) {
                let metric = Arc::downgrade(metric);
                return known.waiting.entry(name.to_owned()).or_default().push(metric);
            }
        }
        metric.publish();
    }

    /// Publishes all that is registered.
    pub(crate) fn publish_all(&self) {
        if !self.instance.is_inherited() {
            let waiting = std::mem::take(&mut self.known().waiting);
            publish(waiting.into_values().flatten());
        }
    }
}

/// Without a lock: a hook for errors may count.
fn publish(waiting: impl Iterator<Item = Weak<dyn Publish>>) {
    waiting.filter_map(|metric| metric.upgrade()).for_each(|metric| metric.publish());
}

/// The help of a field is one line; nothing is none.
fn one_line(text: &str) -> Option<String> {
    let is_break = |character: char| character.is_whitespace() || character.is_control();
    let words: Vec<_> = text.split(is_break).filter(|word| !word.is_empty()).collect();
    let mut line = words.join(" ");
    while line.len() > LONGEST_HELP {
        line.pop();
    }
    (!line.is_empty()).then_some(line)
}

/// Removes files when the main thread ends: what is installed for the whole program is never dropped.
#[derive(Default)]
pub(crate) struct AtEnd(RefCell<Vec<Arc<Stats>>>);

impl AtEnd {
    /// Sees to it that the file is removed, if this is the main thread.
    pub(crate) fn remove(stats: &Arc<Stats>) {
        thread_local! {
            static AT_END: AtEnd = AtEnd::default();
        }
        if thread::current().name() == Some("main") {
            // On a thread that is ending already, the file stays.
            let _ = AT_END.try_with(|files| files.0.borrow_mut().push(Arc::clone(stats)));
        }
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        for stats in self.0.take() {
            // Nobody is left to hear of it; cleanstats finds what stays.
            let _ = stats.instance.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_one_line_that_a_record_can_have() {
        assert_eq!(one_line(" Two\n lines.\t\0"), Some("Two lines.".to_owned()));
        assert_eq!(one_line(" \n"), None);
        assert_eq!(one_line(&"é".repeat(600)), Some("é".repeat(500)));
    }
}
