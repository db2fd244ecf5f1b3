//! A row: what the columns show.

use std::time::SystemTime;

use cli::Tool;
use figures::{Sample, Source};
use files::Member;
use mmstats::MetricType;

use crate::column::{Cell, ColumnTally, Per};
use crate::poll::Poll;
use crate::polled::PolledFile;

/// One row.
pub(crate) struct Row {
    pub(crate) at: SystemTime,
    pub(crate) cells: Vec<Cell>,
    /// What the cells are in.
    pub(crate) units: Vec<Option<Unit>>,
}

/// What a number is in, where files say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) kind: MetricType,
    pub(crate) is_per_second: bool,
}

impl Poll {
    /// What a row shows in a column.
    pub(crate) fn cell(
        &mut self,
        tool: &Tool,
        column: usize,
        mut tally: ColumnTally,
        per: Per,
        members: &[Member<PolledFile>],
    ) -> Cell {
        let Some(main) = tally.main_class() else {
            if tally.is_mixed() {
                self.named.tell(tool, column, members);
            }
            return tally.cell(per);
        };
        let class = &self.classes[column][main];
        let mut known = std::mem::take(tally.class(main));
        let others =
            tally.has_numbers() || tally.classes.iter().any(|class| class.files > 0) || tally.has_texts();
        if others {
            self.named.tell_classes(tool, column, members, (&self.classes[column], main));
        }
        // What nobody has said anything about goes with the others, where it can.
        let joins = class.takes_unknown();
        if joins && !class.is_change {
            for (number, member) in members.iter().enumerate().filter(|(_, member)| member.state.counts) {
                let part = &member.state.parts[column];
                let Some(field) = part.field.filter(|_| part.known.is_none()) else { continue };
                if let Some(value) = member.file.field(field).value() {
                    known.add_other_value(&Source::from(number), &Sample::unknown(value));
                }
            }
        }
        let cell = known.cell(class, self.fields[column].part(), per);
        if joins && class.is_change && tally.has_numbers() { cell.plus(tally.cell(per)) } else { cell }
    }

    /// What the numbers of a column are in.
    pub(crate) fn unit(&self, column: usize, tally: &ColumnTally) -> Option<Unit> {
        let class = &self.classes[column][tally.main_class()?];
        let part = self.fields[column].part().filter(|_| class.is_compound());
        let part = part.unwrap_or_default();
        let is_timestamp = class.kind == MetricType::Timestamp;
        let is_counted = class.is_change && (!class.is_compound() || part == "sum");
        let name = match &class.unit {
            _ if part.starts_with("count") || part.starts_with("rate") => return None,
            None if is_timestamp => "seconds".to_owned(),
            unit => unit.clone()?,
        };
        Some(Unit { name, kind: class.kind, is_per_second: self.is_rate && is_counted })
    }
}
