//! Version 1: a field is its label, its type code and its value, packed.

use std::sync::Arc;

use super::{Added, Place, too_far};
use crate::error::{Error, Reason};
use crate::format::v1::{self, FIRST_FIELD, VERSION};
use crate::read::Snapshot;
use crate::write::description::{Data, Description, Words};
use crate::write::memory::segment::{ForkMark, Segment};
use crate::write::pages::Pages;
use crate::write::store::beginning;

/// Bytes of a text that never changes.
const FIXED_TEXT: usize = 256;

pub(crate) struct Schema {
    /// The next field begins here.
    next: usize,
}

/// What a field's bytes are like.
struct Encoding<'a> {
    code: &'a str,
    size: usize,
    /// The boundary that a value must be on; 1 for text.
    align: usize,
    buffered: bool,
    /// Shorter than a whole value for text.
    initial: &'a [u8],
}

impl Schema {
    pub(super) fn new() -> Self {
        Self { next: FIRST_FIELD }
    }

    pub(super) fn start(pages: &mut Pages) -> Result<(), Error> {
        pages.extend(0, FIRST_FIELD)?.fill(0, &[VERSION]);
        Ok(())
    }

    pub(super) fn end(&self) -> usize {
        self.next
    }

    pub(super) fn add(
        &mut self,
        pages: &mut Pages,
        label: &str,
        field: &Description<'_>,
    ) -> Result<Added, Error> {
        match field.data {
            Data::Number(number) => {
                let (code, initial) = (number.code, number.initial());
                let (size, buffered) = (initial.len(), number.buffered);
                let (_, value) =
                    self.place(pages, label, &Encoding { code, size, align: size, buffered, initial })?;
                Ok(Added { value, mean: None, buffer: None })
            }
            Data::Text { capacity: size, initial } => {
                let code = format!("{size}s");
                let initial = initial.as_bytes();
                let encoding = Encoding { code: &code, size, align: 1, buffered: true, initial };
                let (value, _) = self.place(pages, label, &encoding)?;
                Ok(Added { value, mean: None, buffer: Some(size) })
            }
            Data::FixedText(text) => {
                let initial = crate::write::field::cut(text, FIXED_TEXT).as_bytes();
                let size = FIXED_TEXT;
                let encoding = Encoding { code: "256s", size, align: 1, buffered: false, initial };
                let (_, value) = self.place(pages, label, &encoding)?;
                Ok(Added { value, mean: None, buffer: None })
            }
            Data::Words(words) => {
                let value = private(pages, label, words)?;
                let encoding = Encoding { code: "d", size: 8, align: 8, buffered: true, initial: &[0; 8] };
                let (_, mean) = self.place(pages, label, &encoding)?;
                Ok(Added { value, mean: Some(mean), buffer: None })
            }
        }
    }

    /// Publishes a field. Gives the place of its write buffer byte, and of its current value.
    fn place(
        &mut self,
        pages: &mut Pages,
        label: &str,
        encoding: &Encoding<'_>,
    ) -> Result<(Place, Place), Error> {
        let &Encoding { code, size, align, buffered, initial } = encoding;
        let place = v1::place(self.next, label, code, size, align, buffered);
        let Some(place) = place.filter(|place| place.end <= Snapshot::LIMIT) else {
            return Err(too_far(pages, label));
        };
        let home = pages.extend(place.at, place.end)?;
        home.fill(place.at, &v1::head(&place, label, code, buffered));
        // A fresh buffered field says that buffer 0 is spare, so the value goes into buffer 1.
        let current = place.index_at + 1 + if buffered { size } else { 0 };
        home.fill(current, initial);
        #[allow(clippy::cast_possible_truncation)]
        home.publish(place.at, label.len() as u16);
        self.next = place.end;
        let mark = pages.mark;
        let index = Place { home: Arc::clone(&home), at: place.index_at, mark };
        Ok((index, Place { home, at: current, mark }))
    }
}

/// Memory for what version 1 has no type for. A forked child has its own copy of it.
fn private(pages: &Pages, label: &str, words: Words) -> Result<Place, Error> {
    let size = words.size();
    if size > Snapshot::LIMIT {
        return Err(too_far(pages, label));
    }
    let no_memory = |_| {
        let what = "has a value that memory cannot hold".to_owned();
        Error::new(&pages.path, Reason::Size { label: beginning(label), what })
    };
    let home = Segment::private(0, size).map_err(no_memory)?;
    home.fill(0, &words.initial());
    Ok(Place { home: Arc::new(home), at: 0, mark: ForkMark::always_home() })
}
