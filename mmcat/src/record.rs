//! One record per region: `FILE OFFSET LENGTH ROLE LABEL VALUE`, by TAB.

use std::path::Path;

use cli::{Color, Output, Stop, escape, escape_path};

use crate::dump::colored;
use crate::region::regions;

/// Writes the records of `bytes`, the file `path`.
pub(crate) fn write(path: &Path, bytes: &[u8], color: Color, out: &mut Output) -> Result<(), Stop> {
    let file = color.head(escape_path(path)).to_string();
    for region in regions(bytes) {
        let role = colored(color, region.role, region.role.name());
        let (at, len) = (region.at, region.bytes.len());
        let (label, value) = (color.label(escape(region.label)), region.value());
        writeln!(out, "{file}\t{at}\t{len}\t{role}\t{label}\t{value}")?;
    }
    Ok(())
}
