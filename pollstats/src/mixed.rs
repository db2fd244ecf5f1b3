//! Files that have text where others have numbers: named, once each.

use std::collections::HashSet;
use std::path::PathBuf;

use cli::Tool;
use figures::LeftOut;
use files::Member;
use mmstats::Value;

use crate::polled::PolledFile;

/// The columns and files that were named.
#[derive(Default)]
pub(crate) struct Named(HashSet<(usize, PathBuf)>);

impl Named {
    /// Names the files that have text in a column where others have numbers. The exit code will be 1.
    pub(crate) fn tell(&mut self, tool: &Tool, column: usize, members: &[Member<PolledFile>]) {
        for member in members.iter().filter(|member| member.state.counts) {
            let Some(number) = member.state.field_of(column) else { continue };
            let field = member.file.field(number);
            let is_text = matches!(field.value(), Some(Value::Text(_)));
            if is_text && self.0.insert((column, member.file.path().to_owned())) {
                tool.left_out(member.file.path(), field.label(), &LeftOut::TEXT);
            }
        }
    }
}
