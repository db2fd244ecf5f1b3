//! PCP's memory-mapped values: the C library, where it is installed.

use std::fs;
use std::process::{Command, Stdio};

use super::{Extent, PLAIN};
use crate::process::Servant;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

const WORKS: [&str; 3] = ["PCP: mmv_inc", "PCP: mmv_inc_value(1)", "PCP: mmv_set_value"];

pub(super) fn run(settings: &Settings, extent: &Extent, table: &mut Table) {
    let Some(mut servant) = start(settings) else {
        return WORKS.iter().for_each(|work| table.missing(work, "not installed"));
    };
    let order = extent.operations.to_string();
    servant.ask(&order);
    let rounds: Vec<_> = (0..extent.rounds).map(|_| servant.ask(&order)).collect();
    let column = |column: usize| rounds.iter().map(|round| round[column]).collect::<Vec<_>>();
    let plain = column(0);
    for (number, work) in (1..).zip(WORKS) {
        let own = column(number);
        let ratios = Sample::ratios(&own, &plain);
        table.row(work, &format!("{PLAIN}, in C"), &ratios, Amount::Seconds(median(&own)), None);
    }
}

/// `None` without a compiler, the library or its headers.
fn start(settings: &Settings) -> Option<Servant> {
    let dir = settings.memory().join("pcp");
    // It maps a file in this directory of its temporary one, and makes neither.
    fs::create_dir_all(dir.join("mmv")).unwrap();
    let (source, program) = (dir.join("pcp.c"), dir.join("pcp"));
    fs::write(&source, include_str!("pcp.c")).unwrap();
    let mut compiler = Command::new("cc");
    compiler.arg("-O2").arg("-o").arg(&program).arg(&source).args(["-lpcp_mmv", "-lpcp"]);
    let compiled = compiler.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    compiled.then(|| Servant::start(Command::new(program).env("PCP_TMP_DIR", &dir))).flatten()
}
