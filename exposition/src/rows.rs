//! The numbers and texts of keys with one file. Files of one program have the same fields, so their values are rows of
//! one table.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::heads::Heads;

/// All tables.
#[derive(Default)]
pub(crate) struct Rows {
    tables: Vec<Table>,
    /// The table with these heads.
    known: HashMap<Rc<[u32]>, u32>,
    /// That of the file before.
    last: usize,
    /// The file that is taken in.
    heads: Vec<u32>,
    values: Vec<u64>,
}

/// The values of all files with the same fields.
pub(crate) struct Table {
    /// Which fields, by the places of what is said of them.
    pub(crate) heads: Rc<[u32]>,
    /// Row after row.
    values: Vec<u64>,
    /// Whether there is a label that two fields have: then they are to become one.
    pub(crate) has_twins: bool,
}

/// Where the values of a file are.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) table: u32,
    row: u32,
}

impl Rows {
    /// The next value of the file that is taken in.
    pub(crate) fn push(&mut self, head: u32, value: u64) {
        self.heads.push(head);
        self.values.push(value);
    }

    /// All of the file was taken in. `None` if it has no value.
    pub(crate) fn end(&mut self, heads: &Heads) -> Option<Row> {
        if self.values.is_empty() {
            return None;
        }
        if self.tables.get(self.last).is_none_or(|table| *table.heads != *self.heads) {
            self.last = self.find(heads);
        }
        let table = &mut self.tables[self.last];
        let row = table.height();
        table.values.append(&mut self.values);
        self.heads.clear();
        // There are fewer files than that.
        #[allow(clippy::cast_possible_truncation)]
        Some(Row { table: self.last as u32, row: row as u32 })
    }

    fn find(&mut self, heads: &Heads) -> usize {
        if let Some(table) = self.known.get(&*self.heads) {
            return *table as usize;
        }
        let own: Rc<[u32]> = self.heads.as_slice().into();
        let mut seen = HashSet::new();
        let has_twins = !own.iter().all(|&head| seen.insert(&heads.get(head).label));
        let number = self.tables.len();
        #[allow(clippy::cast_possible_truncation)]
        self.known.insert(Rc::clone(&own), number as u32);
        self.tables.push(Table { heads: own, values: Vec::new(), has_twins });
        number
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    pub(crate) fn table(&self, row: Row) -> &Table {
        &self.tables[row.table as usize]
    }

    /// The heads and values of a row.
    pub(crate) fn row(&self, row: Row) -> impl Iterator<Item = (u32, u64)> {
        let table = self.table(row);
        table.heads.iter().copied().zip(table.row(row.row).iter().copied())
    }

    /// The values of some rows of a table, column by column, and the table's are gone.
    pub(crate) fn take_columns(&mut self, table: usize, rows: &[Row]) -> Columns {
        let table = &mut self.tables[table];
        let (width, height) = (table.heads.len(), rows.len());
        let mut values = vec![0; width * height];
        for (number, row) in rows.iter().enumerate() {
            for (column, &value) in table.row(row.row).iter().enumerate() {
                values[column * height + number] = value;
            }
        }
        table.values = Vec::new();
        Columns { values, height }
    }
}

impl Table {
    /// How many rows it has.
    pub(crate) fn height(&self) -> usize {
        self.values.len() / self.heads.len()
    }

    fn row(&self, row: u32) -> &[u64] {
        &self.values[row as usize * self.heads.len()..][..self.heads.len()]
    }
}

/// Values, column by column.
pub(crate) struct Columns {
    values: Vec<u64>,
    height: usize,
}

impl Columns {
    pub(crate) fn column(&self, number: usize) -> &[u64] {
        &self.values[number * self.height..][..self.height]
    }
}
