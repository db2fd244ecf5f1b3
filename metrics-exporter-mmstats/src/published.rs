//! A metric that is published when there is something to say.

use std::sync::{Arc, OnceLock};

use crate::kinds::Kind;
use crate::stats::Stats;

/// A metric, and its field once it is published.
pub(crate) struct Published<F> {
    /// `None` inside: it cannot be published, and what it counts is lost.
    field: OnceLock<Option<F>>,
    name: Box<str>,
    label: Box<str>,
    stats: Arc<Stats>,
}

/// A metric of any kind.
pub(crate) trait Publish: Send + Sync {
    /// Publishes it with what is known of it by now, if it is not published yet.
    fn publish(&self);
}

impl<F: Kind> Published<F> {
    pub(crate) fn new(stats: &Arc<Stats>, name: &str, label: &str) -> Self {
        Self { field: OnceLock::new(), name: name.into(), label: label.into(), stats: Arc::clone(stats) }
    }

    /// Calls `update` with the field, which is added before the first update.
    #[inline(always)]
    pub(crate) fn update(&self, update: impl FnOnce(&F)) {
        match self.field.get() {
            Some(Some(field)) => update(field),
            Some(None) => {}
            None => self.update_first(update),
        }
    }

    /// The whole of the first update: a call in the midst of each would make it keep registers on the stack, and an
    /// atomic operation waits for every store before it.
    #[cold]
    #[inline(never)]
    fn update_first(&self, update: impl FnOnce(&F)) {
        if let Some(field) = self.add() {
            update(field);
        }
    }

    fn add(&self) -> Option<&F> {
        // In a forked child no field can be added, and the locks may be held by threads that it does not have.
        if self.stats.instance().is_inherited() {
            return None;
        }
        let mut failed = None;
        let field = self.field.get_or_init(|| {
            let added = F::add(self.stats.instance(), &self.label, &self.stats.about(&self.name));
            added.map_err(|error| failed = Some(error)).ok()
        });
        // Not before the field is there: the hook may count, by this metric, too.
        if let Some(error) = failed {
            mmstats::report_each(&error, &format!("what this {} counts is lost", F::NAME));
        }
        field.as_ref()
    }
}

impl<F: Kind + Send + Sync> Publish for Published<F> {
    fn publish(&self) {
        self.add();
    }
}
