//! Version 2: records that point to values, which lie together.

use super::{Added, Place, too_far};
use crate::error::Error;
use crate::format::item::Items;
use crate::format::place::{Full, Placed, Placer};
use crate::format::v2::{FieldHead, HEAD, encode_head};
use crate::read::Snapshot;
use crate::write::description::{Data, Description};
use crate::write::pages::Pages;
use crate::write::values::text::Text;

pub(crate) struct Schema {
    placer: Placer,
}

impl Schema {
    pub(super) fn new() -> Self {
        Self { placer: Placer::new() }
    }

    pub(super) fn start(pages: &mut Pages) -> Result<(), Error> {
        pages.extend(0, HEAD)?.fill(0, &encode_head());
        Ok(())
    }

    pub(super) fn end(&self) -> usize {
        self.placer.end()
    }

    pub(super) fn new_line(&mut self) {
        self.placer.new_line();
    }

    pub(super) fn add(
        &mut self,
        pages: &mut Pages,
        label: &str,
        field: &Description<'_>,
    ) -> Result<Added, Error> {
        // What was not published is not there: a try that failed leaves no gap.
        let mut placer = self.placer.clone();
        let added = Self::publish(&mut placer, pages, label, field)?;
        self.placer = placer;
        Ok(added)
    }

    fn publish(
        placer: &mut Placer,
        pages: &mut Pages,
        label: &str,
        field: &Description<'_>,
    ) -> Result<Added, Error> {
        let begin = placer.end();
        let items = encode(&field.about.items());
        let (size, initial) = value(&field.data);
        let (placed, head, at) =
            place(placer, size, label, field, &items).map_err(|Full| too_far(pages, label))?;
        if placer.end() > Snapshot::LIMIT {
            return Err(too_far(pages, label));
        }
        let home = pages.extend(begin, placer.end())?;
        let value_at = placed.value_at as usize;
        let values = match placed.block {
            Some(_) => None,
            // In a block that was there before.
            None => pages.find(value_at, value_at + size),
        };
        let values = values.unwrap_or_else(|| std::sync::Arc::clone(&home));
        values.fill(value_at, &initial);
        home.fill(at, &head.encode());
        // The block first: its size leads to the record after it.
        if let Some(block) = placed.block {
            home.publish_record(block.at, block.size);
        }
        #[allow(clippy::cast_possible_truncation)] // The limit is less than 4 GiB.
        home.publish_record(at, head.size() as u32);
        let value = Place { home: values, at: value_at, mark: pages.mark };
        Ok(Added { value, mean: None, buffer: None })
    }
}

/// Finds a place for the value and one for its record.
fn place<'a>(
    placer: &mut Placer,
    size: usize,
    label: &'a str,
    field: &Description<'_>,
    items: &'a [u8],
) -> Result<(Placed, FieldHead<'a>, usize), Full> {
    let placed = placer.value(size)?;
    let head = FieldHead {
        data: data(&field.data),
        metric: field.metric.id(),
        label,
        items,
        value_at: placed.value_at,
        value_size: u32::try_from(size).map_err(|_| Full)?,
    };
    let at = placer.record(head.size())?;
    Ok((placed, head, at))
}

/// The store has checked them.
#[allow(clippy::expect_used)]
fn encode(items: &Items) -> Vec<u8> {
    items.encode().expect("items that were checked can be written")
}

fn data(data: &Data<'_>) -> u16 {
    use crate::format::kind::DataType;
    match data {
        Data::Number(number) => number.data,
        Data::Text { .. } => DataType::Text,
        Data::FixedText(_) => DataType::FixedText,
        Data::Words(words) => words.data(),
    }
    .id()
}

/// Size of the value, and what it begins with; zeros follow.
fn value(data: &Data<'_>) -> (usize, Vec<u8>) {
    match *data {
        Data::Number(number) => (number.initial().len(), number.initial().to_vec()),
        Data::Text { capacity, initial } => match u32::try_from(capacity) {
            Ok(capacity) if (capacity as usize) < Snapshot::LIMIT => {
                (Text::size(capacity), Text::initial(capacity, initial.as_bytes()))
            }
            // More than any file has.
            _ => (usize::MAX, Vec::new()),
        },
        Data::FixedText(text) => (text.len(), text.as_bytes().to_vec()),
        Data::Words(words) => (words.size(), words.initial()),
    }
}
