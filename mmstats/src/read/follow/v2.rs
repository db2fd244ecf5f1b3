//! A followed file of version 2: where its wanted fields are, and what was in them at the last look.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use super::followed::Writer;
use super::{LIMIT, Observation, Observer};
use crate::error::{Error, Reason};
use crate::format::bytes::u32_at;
use crate::format::compound::WindowTotal;
use crate::format::kind::{DataType, MetricType};
use crate::format::reading::check;
use crate::format::v2::{self, FIELD_HEAD};
use crate::format::value::Value;
use crate::read::Pages;
use crate::read::about::Said;
use crate::read::list_v2::List;
use crate::read::settle_v2::{Compound, is_compound, takes_third_look, total, value};

/// What lies no further apart than this is copied at once.
const GAP: usize = 4 * 4096;

pub(super) struct FollowedV2 {
    pub(super) map: Arc<Map>,
    /// The values of the wanted fields, as they were, and of those that say whose the file is.
    seen: Box<[u8]>,
    /// What is in those values that take several looks; `None` if no look could tell yet.
    compounds: Box<[Option<Compound>]>,
    /// Whether what its windows say is of the boot that goes on.
    is_of_this_boot: bool,
}

/// Where the wanted fields of a file are. Files of one program share it.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Map {
    pub(super) wanted: Vec<Wanted>,
    /// The fields that say whose the file is.
    signature: Vec<Wanted>,
    /// The file's head, where no field is wanted that would not be there if the head were another.
    head: Option<[u8; v2::HEAD]>,
    /// The parts of the file that a look needs, in their order.
    spans: Vec<Span>,
}

/// How a file was described, for others with the same list of fields.
pub(super) struct Described {
    map: Arc<Map>,
    /// How many bytes `seen` has.
    seen: usize,
    /// Where in the list those are whose values take several looks.
    compounds: Vec<usize>,
}

/// A field.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    at: usize,
    /// Its record, up to the end of the items.
    head: Box<[u8]>,
    label_size: usize,
    pub(super) data: DataType,
    pub(super) metric: MetricType,
    pub(super) value: Range<usize>,
    /// Where its value begins in `seen`.
    seen_at: usize,
    /// Its place among the `compounds`, if its value takes several looks.
    compound: Option<usize>,
}

/// Some pages that are copied at once.
#[derive(PartialEq, Eq, Hash)]
struct Span {
    range: Range<usize>,
    /// How many bytes the file must have.
    needed: usize,
    /// Where in it the list of records ends, and the word there: 0, or what makes no sense.
    end: Option<(usize, u32)>,
}

impl Wanted {
    pub(super) fn label(&self) -> &[u8] {
        &self.head[FIELD_HEAD..][..self.label_size]
    }

    pub(super) fn about(&self) -> Said<'_> {
        Said(&self.head[FIELD_HEAD + self.label_size..])
    }

    fn head_range(&self) -> Range<usize> {
        self.at..self.at + self.head.len()
    }

    fn seen_range(&self) -> Range<usize> {
        self.seen_at..self.seen_at + self.value.len()
    }
}

impl Map {
    /// Copies what a look needs. False if the file is shorter by now, or has more records.
    fn read(&self, file: &File, pages: &mut Pages) -> std::io::Result<bool> {
        for span in &self.spans {
            pages.read_range(file, span.range.clone())?;
            let bytes = pages.bytes();
            let is_end = |(end, word)| bytes.len() >= end && u32_at(bytes, end).unwrap_or(0) == word;
            if bytes.len() < span.needed || !span.end.is_none_or(is_end) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the fields are where they were, in a file that is signed as it was.
    fn holds(&self, bytes: &[u8], seen: &[u8]) -> bool {
        let is_there = |wanted: &Wanted| bytes[wanted.head_range()] == *wanted.head;
        let is_signed = |wanted: &Wanted| bytes[wanted.value.clone()] == seen[wanted.seen_range()];
        self.head.is_none_or(|head| bytes.starts_with(&head))
            && self.wanted.iter().all(is_there)
            && self.signature.iter().all(|field| is_there(field) && is_signed(field))
    }

    /// Puts together what a look needs: heads, values, and what says that the list ends.
    fn take_spans(&mut self, end: usize, word: u32) {
        let fields = self.wanted.iter().chain(&self.signature);
        let mut parts: Vec<_> = fields.flat_map(|field| [field.head_range(), field.value.clone()]).collect();
        parts.extend(self.head.map(|_| 0..v2::HEAD));
        let mut spans: Vec<_> =
            parts.into_iter().map(|part| Span { needed: part.end, range: part, end: None }).collect();
        spans.push(Span { range: end..end + 4, needed: 0, end: Some((end, word)) });
        spans.sort_unstable_by_key(|span| span.range.start);
        for new in spans {
            match self.spans.last_mut() {
                Some(last) if new.range.start <= last.range.end + GAP => {
                    last.range.end = last.range.end.max(new.range.end);
                    last.needed = last.needed.max(new.needed);
                    last.end = last.end.or(new.end);
                }
                _ => self.spans.push(new),
            }
        }
    }
}

impl FollowedV2 {
    pub(super) fn value<'a>(&'a self, wanted: &'a Wanted) -> Option<Value<'a>> {
        let compound = match wanted.compound {
            Some(place) => Some(self.compounds[place].as_ref()?),
            None => None,
        };
        Some(value(wanted.data, wanted.about(), &self.seen[wanted.seen_range()], compound))
    }

    /// Lets windows age. True if one has not in it what it had.
    fn age(&mut self) -> bool {
        let mut has_changed = false;
        for compound in self.compounds.iter_mut().flatten() {
            if let Compound::Window(window, before) = compound {
                let now =
                    if self.is_of_this_boot { total(window) } else { WindowTotal::new(window.seconds, None) };
                has_changed |= !now.has_same(before);
                *before = now;
            }
        }
        has_changed
    }
}

/// Whether windows are of the boot that goes on. Where there are none it does not matter.
fn is_of_this_boot(list: &List, bytes: &[u8], compounds: &[Option<Compound>]) -> bool {
    let may_be_window = |compound: &Option<Compound>| matches!(compound, Some(Compound::Window(..)) | None);
    !compounds.iter().any(may_be_window) || list.is_of_this_boot(bytes)
}

/// Whether a value that takes several looks is the same as before, by one look.
fn is_same(data: DataType, before: &[u8], now: &[u8]) -> bool {
    match data {
        // How often it was set. What is in the other copy does not matter.
        DataType::Text => before[..4] == now[..4],
        // How many numbers were added.
        DataType::Recent => before[..8] == now[..8],
        _ => before == now,
    }
}

impl Observer {
    /// Looks at a file of version 2. `None`: its fields are not what they were.
    pub(super) fn look_v2(
        &mut self,
        file: &File,
        followed: &mut FollowedV2,
    ) -> std::io::Result<Option<Observation>> {
        let map = Arc::clone(&followed.map);
        if !map.read(file, &mut self.first)? || !map.holds(self.first.bytes(), &followed.seen) {
            return Ok(None);
        }
        let bytes = self.first.bytes();
        let mut has_changed = false;
        self.doubtful.clear();
        for (number, wanted) in map.wanted.iter().enumerate() {
            let now = &bytes[wanted.value.clone()];
            let before = &mut followed.seen[wanted.seen_range()];
            match wanted.compound {
                None if now == before => {}
                None => {
                    if check(wanted.data, now).is_err() {
                        return Ok(None);
                    }
                    before.copy_from_slice(now);
                    has_changed = true;
                }
                Some(place) => {
                    if followed.compounds[place].is_none() || !is_same(wanted.data, before, now) {
                        self.doubtful.push(number);
                    }
                }
            }
        }
        if !self.doubtful.is_empty() {
            has_changed = true;
            if !self.settle_v2(file, &map, followed)? {
                return Ok(None);
            }
        }
        has_changed |= followed.age();
        Ok(Some(if has_changed { Observation::Changed } else { Observation::Unchanged }))
    }

    /// Finds out what is in the doubtful values. False if the fields are not what they were.
    ///
    /// What was seen before is a look, too: with it, a mean takes no other, and a window one more.
    fn settle_v2(&mut self, file: &File, map: &Map, followed: &mut FollowedV2) -> std::io::Result<bool> {
        let kinds = self.doubtful.iter().map(|&number| map.wanted[number].data);
        let (mut takes_second, mut takes_third) = (false, false);
        for data in kinds {
            takes_second |= takes_third_look(data);
            takes_third |= matches!(data, DataType::Text | DataType::Recent);
        }
        for (pages, is_needed) in [(&mut self.second, takes_second), (&mut self.third, takes_third)] {
            if is_needed && !(map.read(file, pages)? && map.holds(pages.bytes(), &followed.seen)) {
                return Ok(false);
            }
        }
        self.again.forget();
        for &number in &self.doubtful {
            let wanted = &map.wanted[number];
            let Some(place) = wanted.compound else { continue };
            let before = &mut followed.seen[wanted.seen_range()];
            let [first, second, third] = [&self.first, &self.second, &self.third]
                .map(|pages| pages.bytes().get(wanted.value.clone()).unwrap_or_default());
            let (looks, now) = match wanted.data {
                DataType::Mean => ([&[][..], &*before, first], first),
                DataType::Window => ([&*before, first, second], first),
                _ => ([first, second, third], second),
            };
            match self.again.settle(file, wanted.data, &wanted.value, looks)? {
                Ok(Some(settled)) => {
                    before.copy_from_slice(settled.bytes.unwrap_or(now));
                    followed.compounds[place] = Some(settled.compound);
                }
                // It stays what it was: the next look may be luckier.
                Ok(None) => {}
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The wanted fields of the snapshot, and what is in them.
    pub(super) fn describe_v2(&mut self, mut wanted: impl FnMut(&[u8]) -> bool) -> Result<FollowedV2, Error> {
        if let Some(described) = &self.described {
            return Ok(self.describe_alike(described));
        }
        let (list, bytes) = (&self.snapshot.version_2, self.snapshot.bytes());
        let mut map = Map { wanted: Vec::new(), signature: Vec::new(), head: None, spans: Vec::new() };
        let (mut seen, mut compounds, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut signature: [Option<Wanted>; Writer::LABELS.len()] = [None, None];
        for (place, listed) in list.sound() {
            let label = listed.label(bytes);
            let signs = Writer::LABELS.iter().position(|ending| label.ends_with(ending.as_bytes()));
            let signs = signs.filter(|&number| signature[number].is_none());
            let is_wanted = wanted(label);
            let describe = |seen_at| Wanted {
                at: listed.at(),
                head: bytes[listed.head_range()].into(),
                label_size: label.len(),
                data: listed.data,
                metric: listed.metric,
                value: listed.value_range(),
                seen_at,
                compound: None,
            };
            if is_wanted {
                if listed.head_range().end.max(listed.value_range().end) > LIMIT {
                    let reason = Reason::TooLarge { at: listed.at(), limit: LIMIT };
                    return Err(Error::new(self.snapshot.path(), reason));
                }
                let mut field = describe(seen.len());
                if is_compound(listed.data) {
                    field.compound = Some(compounds.len());
                    compounds.push(list.compound(listed).cloned());
                    places.push(place);
                }
                map.wanted.push(field);
                seen.extend_from_slice(&bytes[listed.value_range()]);
            }
            // A number is stored at once, so it is not seen half.
            if let Some(number) = signs.filter(|_| listed.data.is_number()) {
                signature[number] = Some(describe(seen.len()));
                seen.extend_from_slice(&bytes[listed.value_range()]);
            }
        }
        map.signature.extend(signature.into_iter().flatten());
        if map.wanted.is_empty() {
            map.head = bytes.first_chunk().copied();
        }
        // These bytes are a later look than the one that found the end of the list: it may go on in them. What ends it
        // too early was seen in both.
        let word = self.snapshot.cut.and_then(|_| u32_at(bytes, list.end));
        map.take_spans(list.end, word.unwrap_or(0));
        let is_of_this_boot = is_of_this_boot(list, bytes, &compounds);
        let map = self.maps.share(map);
        if self.is_constant {
            self.described = Some(Described { map: Arc::clone(&map), seen: seen.len(), compounds: places });
        }
        Ok(FollowedV2 { map, seen: seen.into(), compounds: compounds.into(), is_of_this_boot })
    }

    /// The wanted fields of a snapshot that has the same list of fields as the file that was described last.
    fn describe_alike(&self, described: &Described) -> FollowedV2 {
        let Described { map, seen, compounds } = described;
        let (list, bytes) = (&self.snapshot.version_2, self.snapshot.bytes());
        let mut seen = vec![0; *seen].into_boxed_slice();
        for field in map.wanted.iter().chain(&map.signature) {
            seen[field.seen_range()].copy_from_slice(&bytes[field.value.clone()]);
        }
        let compounds: Box<[_]> =
            compounds.iter().map(|&place| list.compound(&list.fields[place]).cloned()).collect();
        let is_of_this_boot = is_of_this_boot(list, bytes, &compounds);
        FollowedV2 { map: Arc::clone(map), seen, compounds, is_of_this_boot }
    }
}
