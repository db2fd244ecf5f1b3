//! The writer of this library, in a process of its own. Ends with its parent.

use std::error::Error;
use std::io::Write;
use std::os::unix::process::parent_id;
use std::path::Path;

use mmstats::{Counter, Gauge, Options, Text, stats};

use crate::FIELDS;

stats! {
    struct Values {
        count: Counter = "count.",
        number: Gauge<u64> = "number.",
        text: Text = "text." { size: 255 },
        brief: Text = "brief." { size: 8 },
    }
}

/// What a number holds after update `n`: the same half twice.
fn twice(n: u64) -> u64 {
    n << 32 | n & 0xffff_ffff
}

/// Writes to the file at `path`: `field` adds fields, the other kinds of values are
/// updated.
pub(crate) fn write(kind: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let parent = parent_id();
    let folder = path.parent().ok_or("no folder")?;
    let name = path.file_name().and_then(|name| name.to_str()).ok_or("no name")?;
    let options = Options::new().path(folder).filename(name);
    if kind == "field" { fields(&options, parent) } else { values(kind, &options, parent) }
}

fn ready() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(b"ready\n")?;
    out.flush()
}

fn values(kind: &str, options: &Options, parent: u32) -> Result<(), Box<dyn Error>> {
    let values = options.create::<Values>()?;
    let letters = ["b", "c", "a"];
    let lines = letters.map(|letter| (letter.repeat(250), letter.repeat(3)));
    ready()?;
    for (n, (line, word)) in (1_u64..).zip(lines.iter().cycle()) {
        match kind {
            "count" => values.count.add(twice(1)),
            "number" => values.number.set(twice(n)),
            "text" => values.text.set(line),
            _ => values.brief.set(word),
        }
        if n % 4096 == 0 && parent_id() != parent {
            break;
        }
    }
    Ok(())
}

fn fields(options: &Options, parent: u32) -> Result<(), Box<dyn Error>> {
    let mut is_first = true;
    while parent_id() == parent {
        let instance = options.create::<()>()?;
        for n in 0..FIELDS {
            instance.add_field(&format!("field.{n:04}"), Text::spec().size(16).initial("whole"))?;
        }
        if is_first {
            ready()?;
        }
        is_first = false;
    }
    Ok(())
}
