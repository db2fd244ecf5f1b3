//! The parts of a value of version 2, one by one: some have millions.

use mmstats::format::kind::DataType;
use mmstats::format::mean::{self, Mean};
use mmstats::format::window::{self, Slot};
use mmstats::format::{histogram, text};

use super::{Meaning, Role, not_zero};
use crate::number::{f64_at, u32_at, u64_at};

/// How many bytes a part has, what it is, and what it says: offsets in it count from where the part begins.
type Part<'a> = (usize, Role, Meaning<'a>);

/// The part of a value that begins at byte `at` of it. The value was checked, and parts come one after the other.
pub(super) fn part(data: DataType, value: &[u8], at: usize) -> Part<'_> {
    match data {
        DataType::Text => text_part(value, at),
        DataType::FixedText => (value.len(), Role::Value, Meaning::Text(value)),
        DataType::Mean => mean_part(value, at),
        DataType::Recent => recent_part(value, at),
        DataType::Histogram => histogram_part(value, at),
        DataType::Window => window_part(value, at),
        number => (value.len(), Role::Value, Meaning::Data(number)),
    }
}

fn text_part(value: &[u8], at: usize) -> Part<'_> {
    let settings = u32_at(value, 0);
    let capacity = u32_at(value, 4) as usize;
    match at {
        0 => return (4, Role::Control, Meaning::Settings(settings)),
        4 => return (4, Role::Control, Meaning::Count("capacity", capacity as u64)),
        _ => {}
    }
    let second = text::copy_at(1, capacity);
    let (which, begin, end) =
        if at < second { (0, text::copy_at(0, capacity), second) } else { (1, second, value.len()) };
    let role = if settings & 1 == which { Role::Value } else { Role::Spare };
    let length = u32_at(value, begin);
    let text_end = (begin + 8).saturating_add(length as usize);
    match at - begin {
        0 => (4, Role::Control, Meaning::Count("length", length.into())),
        4 => (4, Role::Padding, zeros(&value[at..at + 4])),
        8 if length as usize > capacity => (end - at, role, Meaning::Nothing),
        8 if text_end > at => (text_end - at, role, Meaning::Text(&value[at..text_end])),
        // What is there may be of an older text.
        _ => (end - at, Role::Spare, Meaning::Nothing),
    }
}

/// Whether these are zeros.
fn zeros(bytes: &[u8]) -> Meaning<'static> {
    Meaning::Zeros(not_zero(bytes))
}

/// A copy of a mean, if its check agrees.
pub(crate) fn mean_copy(copy: &[u8]) -> Option<Mean> {
    let mean = Mean { sum: f64_at(copy, 0), count: u64_at(copy, 8) };
    (mean.check() == u64_at(copy, 16)).then_some(mean)
}

fn mean_part(value: &[u8], at: usize) -> Part<'_> {
    let copies = [mean_copy(&value[..mean::COPY]), mean_copy(&value[mean::COPY..])];
    let current = match copies {
        [Some(first), Some(second)] => Some(usize::from(second.count > first.count)),
        [Some(_), None] => Some(0),
        [None, Some(_)] => Some(1),
        [None, None] => None,
    };
    let (which, place) = (at / mean::COPY, at % mean::COPY);
    let role = if current == Some(which) { Role::Value } else { Role::Spare };
    let meaning = match place {
        0 => Meaning::Measure("sum", f64_at(value, at)),
        8 => Meaning::Count("count", u64_at(value, at)),
        _ => Meaning::Check(copies[which].is_some()),
    };
    (8, role, meaning)
}

fn recent_part(value: &[u8], at: usize) -> Part<'_> {
    let next = u64_at(value, 0);
    if at == 0 {
        return (8, Role::Control, Meaning::Count("next", next));
    }
    // One more than are kept.
    let places = (value.len() / 8 - 1) as u64;
    let place = (at / 8 - 1) as u64;
    if place >= next {
        let empty = value[at..].chunks_exact(8).take_while(|place| u64_at(place, 0) == 0).count();
        return if empty > 0 {
            let first = at / 8 - 1;
            (8 * empty, Role::Spare, Meaning::Empty("place", first, first + empty - 1))
        } else {
            (8, Role::Spare, Meaning::Measure("next number", f64_at(value, at)))
        };
    }
    // The last number that was put here.
    let index = next - 1 - (next - 1 - place) % places;
    let role = if next - index < places { Role::Value } else { Role::Spare };
    (8, role, Meaning::Recent(index, f64_at(value, at)))
}

fn histogram_part(value: &[u8], at: usize) -> Part<'_> {
    match at {
        0 => return (8, Role::Value, Meaning::Count("count", u64_at(value, 0))),
        8 => return (8, Role::Value, Meaning::Count("sum", u64_at(value, 8))),
        16 => return (8, Role::Value, Meaning::Count("max", u64_at(value, 16))),
        24 => return (4, Role::Control, Meaning::Count("precision", u32_at(value, 24).into())),
        28 => return (4, Role::Control, Meaning::Count("range", u32_at(value, 28).into())),
        _ => {}
    }
    let index = (at - histogram::BUCKETS) / 8;
    let empty = value[at..].chunks_exact(8).take_while(|bucket| u64_at(bucket, 0) == 0).count();
    if empty > 0 {
        return (8 * empty, Role::Value, Meaning::Empty("bucket", index, index + empty - 1));
    }
    match histogram::shape(value) {
        Ok(shape) => (8, Role::Value, Meaning::Bucket(shape, index, u64_at(value, at))),
        Err(_) => (8, Role::Value, Meaning::Number(u64_at(value, at))),
    }
}

/// A slot of a window, if its check agrees.
pub(crate) fn slot(bytes: &[u8]) -> Option<Slot> {
    let slot = Slot {
        stamp: u64_at(bytes, 0),
        sum: f64_at(bytes, 8),
        count: u64_at(bytes, 16),
        max: f64_at(bytes, 24),
    };
    (slot.check() == u64_at(bytes, 32)).then_some(slot)
}

/// The two copies of the current second.
pub(crate) fn current_slots(value: &[u8]) -> [Option<Slot>; 2] {
    let copy = |which: usize| slot(&value[window::COPIES + which * window::SLOT..][..window::SLOT]);
    [copy(0), copy(1)]
}

fn window_part(value: &[u8], at: usize) -> Part<'_> {
    match at {
        0 => return (4, Role::Control, Meaning::Count("seconds", u32_at(value, 0).into())),
        4 => return (4, Role::Padding, zeros(&value[4..8])),
        _ => {}
    }
    let (which, place) = ((at - window::COPIES) / window::SLOT, (at - window::COPIES) % window::SLOT);
    let copies = current_slots(value);
    let order = |slot: Option<Slot>| slot.map(|slot| (slot.stamp, slot.count));
    let current = usize::from(order(copies[1]) > order(copies[0]));
    let mine = match which {
        0 | 1 => copies[which],
        _ => slot(&value[at - place..][..window::SLOT]),
    };
    let is_read = match (which, mine) {
        (_, None) => false,
        (0 | 1, Some(_)) => which == current,
        (_, Some(slot)) => slot.stamp > 0 && copies[current].is_some_and(|now| slot.stamp < now.stamp),
    };
    if which > 1 && place == 0 {
        let is_empty = |slot: &&[u8]| slot.iter().all(|&byte| byte == 0);
        let empty = value[at..].chunks_exact(window::SLOT).take_while(is_empty).count();
        if empty > 0 {
            return (empty * window::SLOT, Role::Spare, Meaning::Empty("slot", which - 2, which + empty - 3));
        }
    }
    let role = if is_read { Role::Value } else { Role::Spare };
    let meaning = match place {
        0 => Meaning::Count("stamp", u64_at(value, at)),
        8 => Meaning::Measure("sum", f64_at(value, at)),
        16 => Meaning::Count("count", u64_at(value, at)),
        24 => Meaning::Measure("max", f64_at(value, at)),
        _ => Meaning::Check(mine.is_some()),
    };
    (8, role, meaning)
}
