//! What is wrong with a file.

use std::collections::HashMap;
use std::path::Path;

use cli::{Color, Output, Stop, escape, escape_path};
use mmstats::format::type_code::{Kind, items};
use mmstats::format::v2;

use crate::region::{Fault, Meaning, Region, Role, regions};

mod version_2;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The file is not as the format has it.
    Defect,
    /// It is, and could be better.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The offset of the first byte at fault.
    pub(crate) at: usize,
    pub(crate) severity: Severity,
    /// The label of the field at fault; empty where there is none.
    pub(crate) label: Vec<u8>,
    /// In words, safe on a terminal.
    pub(crate) reason: String,
}

/// All that is wrong with `bytes`, a whole file, in the order of the file.
pub(crate) fn findings(bytes: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut labels = HashMap::new();
    // One warning per field, though it has two buffers.
    let mut warned = false;
    for region in regions(bytes) {
        let mut find = |at: usize, severity: Severity, reason: String| {
            findings.push(Finding { at, severity, label: region.label.to_vec(), reason });
        };
        match (region.role, region.meaning) {
            (Role::Label, Meaning::Text(label)) => {
                warned = false;
                if let Err(error) = std::str::from_utf8(label) {
                    let at = region.at + error.valid_up_to();
                    find(at, Severity::Defect, "label is not UTF-8".to_owned());
                }
                if let Some(first) = labels.insert(label, region.at) {
                    find(region.at, Severity::Defect, format!("label is at byte {first} already"));
                    labels.insert(label, first);
                }
            }
            (Role::Value | Role::Spare, Meaning::Values(code)) if !warned => {
                if let Some((at, size)) = off_boundary(&region, code) {
                    let reason = format!("value is off its natural boundary of {size} bytes");
                    find(at, Severity::Warning, reason);
                    warned = true;
                }
            }
            (role, Meaning::Zeros(Some(at))) => {
                let what = match role {
                    Role::Gap => "bytes of a block that no field points to",
                    Role::Padding => "padding bytes",
                    _ => "trailing bytes",
                };
                find(at, Severity::Defect, format!("{what} are not zero"));
            }
            // The offset is in the record already.
            (_, Meaning::Fault(Fault::Field(_, defect))) => {
                find(region.at, Severity::Defect, defect.to_string());
            }
            (_, Meaning::Fault(Fault::At(defect))) => {
                find(defect.at, Severity::Defect, defect.what.to_string());
            }
            (_, Meaning::Fault(fault)) => find(region.at, Severity::Defect, fault.to_string()),
            _ => {}
        }
    }
    if let Ok(first) = v2::head(bytes) {
        version_2::find(bytes, first, &mut findings);
        findings.sort_by_key(|finding| finding.at);
    }
    findings
}

/// The first number that a processor may not load at once: its offset and its size.
fn off_boundary(region: &Region<'_>, code: &[u8]) -> Option<(usize, usize)> {
    let is_number = |kind| matches!(kind, Kind::Signed | Kind::Unsigned | Kind::Float);
    let numbers = items(code).filter(|item| is_number(item.kind));
    let mut places = numbers.map(|item| (region.at + item.offset, item.size));
    places.find(|(at, size)| at % size != 0)
}

/// Drops the defects that only a moment showed. A writer that adds a field fills in the bytes after the
/// list's end before the list grows over them, and another writer than ours may lay out its whole file
/// where everybody sees it. So a defect counts only if every look finds it: `again` looks once more, and
/// gives `None` when it has looked often enough.
///
/// # Errors
/// What `again` gives.
pub(crate) fn lasting<E>(
    mut found: Vec<Finding>,
    mut again: impl FnMut() -> Result<Option<Vec<Finding>>, E>,
) -> Result<Vec<Finding>, E> {
    while has_defect(&found) {
        let Some(mut next) = again()? else { break };
        next.retain(|finding| finding.severity == Severity::Warning || found.contains(finding));
        found = next;
    }
    Ok(found)
}

/// Whether there is more than warnings.
pub(crate) fn has_defect(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Defect)
}

/// Writes one record per finding: `FILE OFFSET SEVERITY LABEL REASON`, by TAB.
pub(crate) fn write(path: &Path, findings: &[Finding], color: Color, out: &mut Output) -> Result<(), Stop> {
    let file = color.head(escape_path(path));
    for Finding { at, severity, label, reason } in findings {
        let severity = match severity {
            Severity::Defect => color.wrong("defect"),
            Severity::Warning => color.number("warning"),
        };
        writeln!(out, "{file}\t{at}\t{severity}\t{}\t{reason}", color.label(escape(label)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(at: usize) -> Finding {
        Finding { at, severity: Severity::Defect, label: Vec::new(), reason: "odd".to_owned() }
    }

    fn warning(at: usize) -> Finding {
        Finding { severity: Severity::Warning, ..defect(at) }
    }

    /// What is left when the looks after the first find `later`.
    fn left(first: &[Finding], later: &[&[Finding]]) -> (Vec<Finding>, usize) {
        let mut looks = 0;
        let left = lasting(first.to_vec(), || {
            looks += 1;
            Ok::<_, ()>(later.get(looks - 1).map(|found| found.to_vec()))
        });
        (left.unwrap_or_default(), looks)
    }

    #[test]
    fn a_field_that_is_being_added_is_no_defect() {
        assert_eq!(left(&[defect(9)], &[&[]]), (vec![], 1));
        // Another is added in each look.
        assert_eq!(left(&[defect(9)], &[&[defect(20)], &[defect(31)]]), (vec![], 1));
    }

    #[test]
    fn a_defect_that_every_look_finds_is_one() {
        let later: [&[Finding]; 2] = [&[defect(9), defect(20)], &[defect(9), defect(20)]];
        assert_eq!(left(&[defect(9)], &later), (vec![defect(9)], 3));
    }

    #[test]
    fn warnings_alone_are_no_reason_to_look_again() {
        assert_eq!(left(&[warning(3)], &[]), (vec![warning(3)], 0));
        assert_eq!(left(&[warning(3), defect(9)], &[&[warning(3)]]), (vec![warning(3)], 1));
    }
}
