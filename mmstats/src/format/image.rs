//! A whole file in memory: what a writer's file holds when it gets its name.

use super::item::Items;
use super::kind::{DataType, MetricType};
use super::place::{Full, Placer};
use super::v2::{FieldHead, encode_head};

/// A file is a multiple of this, a page's size nearly everywhere.
const PAGE: usize = 4096;

/// Fields, put together to a file.
#[derive(Clone, Debug)]
pub struct Image {
    bytes: Vec<u8>,
    placer: Placer,
}

/// What a field is, besides its value.
#[derive(Clone, Debug)]
pub struct Description<'a> {
    /// 1 to 65,535 bytes.
    pub label: &'a str,
    /// What the value is made of.
    pub data: DataType,
    /// What it means.
    pub metric: MetricType,
    /// What else is said of it.
    pub items: Items,
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// A file without a field.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: encode_head().to_vec(), placer: Placer::new() }
    }

    /// Adds a field, and gives the offset of its value.
    ///
    /// # Errors
    /// If the file would be too large.
    ///
    /// # Panics
    /// If the label is too long, or an item says what it must not.
    #[allow(clippy::expect_used)]
    pub fn add(&mut self, field: &Description<'_>, value: &[u8]) -> Result<usize, Full> {
        let placed = self.placer.value(value.len())?;
        if let Some(block) = placed.block {
            self.bytes.resize(self.placer.end(), 0);
            self.bytes[block.at..block.at + 4].copy_from_slice(&block.size.to_ne_bytes());
        }
        let head = FieldHead {
            data: field.data.id(),
            metric: field.metric.id(),
            label: field.label,
            items: &field.items.encode().expect("the items can be written"),
            value_at: placed.value_at,
            value_size: u32::try_from(value.len()).map_err(|_| Full)?,
        };
        self.record(head.encode())?;
        let at = usize::try_from(placed.value_at).map_err(|_| Full)?;
        self.bytes[at..at + value.len()].copy_from_slice(value);
        Ok(at)
    }

    /// Lets the next small value begin with a cache line.
    pub fn new_line(&mut self) {
        self.placer.new_line();
    }

    /// Adds a record of any type, whose bytes begin with 4 in place of its size.
    ///
    /// # Errors
    /// If the file would be too large.
    pub fn record(&mut self, mut record: Vec<u8>) -> Result<usize, Full> {
        record.resize(record.len().next_multiple_of(8), 0);
        let at = self.placer.record(record.len())?;
        let size = u32::try_from(record.len()).map_err(|_| Full)?;
        record[..4].copy_from_slice(&size.to_ne_bytes());
        self.bytes.resize(at, 0);
        self.bytes.extend(record);
        Ok(at)
    }

    /// The file, whole pages of it.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
        self.bytes
    }
}
