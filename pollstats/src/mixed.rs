//! Files whose values cannot be one with those of others: named, once each.

use std::collections::HashSet;
use std::path::PathBuf;

use cli::Tool;
use figures::LeftOut;
use files::Member;
use mmstats::Value;

use crate::class::Class;
use crate::polled::PolledFile;

/// The columns and files that were named.
#[derive(Default)]
pub(crate) struct Named(HashSet<(usize, PathBuf)>);

impl Named {
    /// Names the files that have text in a column where others have numbers. The exit code will be 1.
    pub(crate) fn tell(&mut self, tool: &Tool, column: usize, members: &[Member<PolledFile>]) {
        self.tell_each(tool, column, members, |member, number| {
            let is_text = matches!(member.file.field(number).value(), Some(Value::Text(_)));
            is_text.then(|| LeftOut::TEXT.to_owned())
        });
    }

    /// Names the files that are not of the class that counts in a column.
    pub(crate) fn tell_classes(
        &mut self,
        tool: &Tool,
        column: usize,
        members: &[Member<PolledFile>],
        (classes, counts): (&[Class], usize),
    ) {
        let main = &classes[counts];
        self.tell_each(tool, column, members, |member, number| match member.state.parts[column].class() {
            Some((class, _)) if class == counts => None,
            Some((class, _)) => Some(classes[class].unlike(main)),
            None => match member.file.field(number).value() {
                Some(Value::Text(_)) if main.kind != mmstats::MetricType::Info => {
                    Some(LeftOut::TEXT.to_owned())
                }
                Some(Value::Text(_)) | None => None,
                Some(_) => (!main.takes_unknown()).then(|| main.unlike_unknown()),
            },
        });
    }

    fn tell_each(
        &mut self,
        tool: &Tool,
        column: usize,
        members: &[Member<PolledFile>],
        why: impl Fn(&Member<PolledFile>, usize) -> Option<String>,
    ) {
        for member in members.iter().filter(|member| member.state.counts) {
            let Some(number) = member.state.field_of(column) else { continue };
            let Some(why) = why(member, number) else { continue };
            if self.0.insert((column, member.file.path().to_owned())) {
                tool.left_out(member.file.path(), member.file.field(number).label(), &why);
            }
        }
    }
}
