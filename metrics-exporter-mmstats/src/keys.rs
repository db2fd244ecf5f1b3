//! Metrics by key: a look for each use of a macro, so it is as short as it can be.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use metrics::Key;

use crate::kinds::Kind;
use crate::published::Published;
use crate::stats::Stats;

/// Parts that are locked each for itself, so that threads seldom meet: a power of two.
const SHARDS: usize = 16;

type Shard<M> = RwLock<HashMap<Key, Arc<M>, BuildHasherDefault<Known>>>;

/// The metrics of one kind.
pub(crate) struct Keys<M> {
    shards: [Shard<M>; SHARDS],
    /// Several keys may have one label.
    labels: Mutex<HashMap<String, Arc<M>>>,
}

impl<F: Kind + Send + Sync + 'static> Keys<Published<F>> {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Shard::default()), labels: Mutex::default() }
    }

    /// The metric of a key, which is made if it is not there yet. `None` for one that is not, or cannot be found, in a
    /// forked child.
    #[inline]
    pub(crate) fn get(
        &self,
        stats: &Arc<Stats>,
        key: &Key,
        label: fn(&Key) -> String,
    ) -> Option<Arc<Published<F>>> {
        let shard = self.shard(key);
        if stats.instance().is_inherited() {
            // Another thread of the parent may have had the lock.
            return match shard.try_read() {
                Ok(known) => known.get(key).cloned(),
                Err(TryLockError::Poisoned(known)) => known.into_inner().get(key).cloned(),
                Err(TryLockError::WouldBlock) => None,
            };
        }
        let known = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(metric) = known.get(key) {
            return Some(Arc::clone(metric));
        }
        drop(known);
        Some(self.make(stats, key, label(key)))
    }

    #[cold]
    fn make(&self, stats: &Arc<Stats>, key: &Key, label: String) -> Arc<Published<F>> {
        let mut is_new = false;
        let metric = {
            let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
            let metric = labels.entry(label).or_insert_with_key(|label| {
                is_new = true;
                Arc::new(Published::new(stats, key.name(), label))
            });
            Arc::clone(metric)
        };
        let mut known = self.shard(key).write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key.clone(), Arc::clone(&metric));
        drop(known);
        if is_new {
            stats.registered(key.name(), &metric);
        }
        metric
    }

    #[allow(clippy::cast_possible_truncation)]
    fn shard(&self, key: &Key) -> &Shard<Published<F>> {
        // The map takes the hash's other end.
        &self.shards[(key.get_hash() >> 32) as usize % SHARDS]
    }
}

/// A key has its hash already.
#[derive(Default)]
struct Known(u64);

impl Hasher for Known {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
