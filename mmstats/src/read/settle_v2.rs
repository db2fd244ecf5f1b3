//! Values of version 2 that take more than one store: what is in them, by several looks.
//!
//! The rules are those of [`format`](crate::format): two looks for a mean, three for all else. Where what was
//! seen does not fit together, the value alone is looked at again, the second look taking the place of the first and
//! the third that of the second.

use std::fs::File;
use std::ops::Range;
use std::time::Duration;

use super::about::Said;
use super::pages::{ALIGNMENT, Pages};
use super::parts::scaled_mean;
use crate::format::compound::{HistogramView, RecentView, WindowTotal};
use crate::format::kind::DataType;
use crate::format::mean::{self, Mean};
use crate::format::reading::number;
use crate::format::value::Value;
use crate::format::window::{self, Window};
use crate::format::{What, recent, text};
use crate::system::monotonic_nanoseconds;

/// How often a value is looked at before it is called unstable.
const LOOKS: usize = 1000;
/// How many bytes of a file may be read again for that.
const LOOKS_BYTES: usize = 64 * 1024 * 1024;

/// What looks have found in a value.
#[derive(Clone, Debug)]
pub(crate) enum Compound {
    /// The text is here, in bytes from the value's beginning.
    Text(Range<usize>),
    Mean(Mean),
    /// Which numbers the value has.
    Recent(Range<u64>),
    /// The seconds, and what they come to at the time of the last look.
    Window(Window, WindowTotal),
}

/// Whether values of this type take a look after the one that has them.
pub(crate) fn takes_third_look(data: DataType) -> bool {
    is_compound(data) && data != DataType::Mean
}

/// Whether values of this type take more than one look.
pub(crate) fn is_compound(data: DataType) -> bool {
    matches!(data, DataType::Text | DataType::Mean | DataType::Recent | DataType::Window)
}

/// A value of a field whose bytes were checked.
pub(crate) fn value<'a>(
    data: DataType,
    about: Said<'a>,
    bytes: &'a [u8],
    compound: Option<&'a Compound>,
) -> Value<'a> {
    match compound {
        Some(Compound::Text(range)) => Value::Text(bytes.get(range.clone()).unwrap_or_default()),
        Some(Compound::Mean(mean)) => Value::Mean(scaled_mean(*mean, about.scale())),
        Some(Compound::Recent(range)) => Value::Recent(RecentView::new(bytes, range.clone(), about.scale())),
        Some(Compound::Window(_, total)) => Value::Window(total.scaled(about.scale())),
        None if data == DataType::Histogram => {
            Value::Histogram(HistogramView::new(bytes, about.quantile_bytes(), about.scale()))
        }
        None => number(data, bytes).unwrap_or(Value::Text(bytes)),
    }
}

/// What the clock of windows says.
pub(crate) fn now() -> Duration {
    Duration::from_nanos(u64::try_from(monotonic_nanoseconds()).unwrap_or(0))
}

/// What a window comes to now.
pub(crate) fn total(window: &Window) -> WindowTotal {
    WindowTotal::new(window.seconds, window.summary(now()))
}

/// Whether a file of this boot id is of the boot of this machine that goes on. One that says nothing is.
pub(crate) fn is_of_this_boot(id: Option<&[u8]>) -> bool {
    static OURS: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let ours =
        || std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim_ascii().to_owned();
    id.is_none_or(|id| {
        let ours = OURS.get_or_init(ours);
        ours.is_empty() || id.trim_ascii().eq_ignore_ascii_case(ours)
    })
}

/// What a value holds, by three looks in their order, or `None` if they do not fit together. A look that the file
/// was too short for is empty. A mean takes the last two.
fn read(data: DataType, looks: [&[u8]; 3]) -> Result<Option<Compound>, What> {
    let [_, now, after] = looks;
    if data == DataType::Mean {
        return Ok(mean::read([now, after])?.map(Compound::Mean));
    }
    if now.len() != after.len() {
        return Ok(None);
    }
    Ok(match data {
        DataType::Text => text::range(looks)?.map(Compound::Text),
        DataType::Recent => recent::range(looks)?.map(Compound::Recent),
        DataType::Window => window::read(looks)?.map(|window| {
            let total = total(&window);
            Compound::Window(window, total)
        }),
        _ => None,
    })
}

/// Looks at single values again, a bounded number of times.
#[derive(Default)]
pub(crate) struct Again {
    pages: Pages,
    /// The last three looks at the value, the oldest first.
    looks: [Vec<u8>; 3],
    /// How many bytes of the file were read.
    spent: usize,
}

/// What came of it.
pub(crate) struct Settled<'a> {
    pub(crate) compound: Compound,
    /// The look that has the bytes which count, where that is none of those that were there. Of these it is the
    /// second, and of a mean's the third.
    pub(crate) bytes: Option<&'a [u8]>,
}

impl Again {
    /// Another file comes next.
    pub(crate) fn forget(&mut self) {
        self.spent = 0;
    }

    /// Finds what is in the value at `range` of the file, after three looks. `None`: no look could tell.
    pub(crate) fn settle(
        &mut self,
        file: &File,
        data: DataType,
        range: &Range<usize>,
        looks: [&[u8]; 3],
    ) -> std::io::Result<Result<Option<Settled<'_>>, What>> {
        match read(data, looks) {
            Ok(None) => {}
            Ok(Some(compound)) => return Ok(Ok(Some(Settled { compound, bytes: None }))),
            Err(what) => return Ok(Err(what)),
        }
        let pages = range.end.next_multiple_of(ALIGNMENT) - range.start / ALIGNMENT * ALIGNMENT;
        if pages > LOOKS_BYTES {
            return Ok(Ok(None));
        }
        for (kept, look) in self.looks.iter_mut().zip(looks) {
            kept.clear();
            kept.extend_from_slice(look);
        }
        for _ in 0..LOOKS {
            self.spent += pages;
            if self.spent > LOOKS_BYTES {
                break;
            }
            self.pages.read_range(file, range.clone())?;
            let Some(look) = self.pages.bytes().get(range.clone()) else { break };
            self.looks.rotate_left(1);
            self.looks[2].clear();
            self.looks[2].extend_from_slice(look);
            match read(data, [&self.looks[0], &self.looks[1], &self.looks[2]]) {
                Ok(None) => {}
                Ok(Some(compound)) => {
                    let place = if data == DataType::Mean { 2 } else { 1 };
                    return Ok(Ok(Some(Settled { compound, bytes: Some(&self.looks[place]) })));
                }
                Err(what) => return Ok(Err(what)),
            }
        }
        Ok(Ok(None))
    }
}
