//! Updates in C: by libmmstats, and by PCP's memory-mapped values, each where it is there.

use std::fs;
use std::process::{Command, Stdio};

use super::{Extent, PLAIN};
use crate::process::Servant;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

const OURS: [&str; 4] = [
    "C: mmstats_counter_incr",
    "C: mmstats_gauge_set",
    "C: mmstats_histogram_record",
    "C: mmstats_counter_incr, any thread",
];
const PCP: [&str; 3] = ["PCP: mmv_inc", "PCP: mmv_inc_value(1)", "PCP: mmv_set_value"];

/// What an update of ours may cost, beside PCP's that does the same.
const BUDGETS: [(usize, usize, Option<f64>); 2] = [(0, 0, Some(0.8)), (1, 2, None)];

pub(super) fn run(settings: &Settings, extent: &Extent, table: &mut Table) {
    let found = [(true, true), (true, false), (false, true)]
        .into_iter()
        .find_map(|which| Some((which, start(settings, which)?)));
    let Some(((has_ours, has_pcp), mut servant)) = found else {
        return OURS.iter().chain(&PCP).for_each(|work| table.missing(work, "not installed"));
    };
    let order = extent.operations.to_string();
    servant.ask(&order);
    let rounds: Vec<_> = (0..extent.rounds).map(|_| servant.ask(&order)).collect();
    let column = |column: usize| rounds.iter().map(|round| round[column]).collect::<Vec<_>>();
    let plain = column(0);
    let mut columns = 1..;
    let mut measured = |works: &[&str], is_there: bool, table: &mut Table| -> Vec<Vec<f64>> {
        let mut all = Vec::new();
        for work in works {
            if !is_there {
                table.missing(work, "not installed");
                continue;
            }
            let own = columns.next().map(column).unwrap_or_default();
            let ratios = Sample::ratios(&own, &plain);
            table.row(work, &format!("{PLAIN}, in C"), &ratios, Amount::Seconds(median(&own)), None);
            all.push(own);
        }
        all
    };
    let (ours, pcp) = (measured(&OURS, has_ours, table), measured(&PCP, has_pcp, table));
    for (our, their, budget) in BUDGETS {
        if let (Some(own), Some(peer)) = (ours.get(our), pcp.get(their)) {
            let ratios = Sample::ratios(own, peer);
            table.row(OURS[our], PCP[their], &ratios, Amount::Seconds(median(own)), budget);
        }
    }
}

/// `None` without a compiler, or one of the libraries that are asked for.
fn start(settings: &Settings, (ours, pcp): (bool, bool)) -> Option<Servant> {
    let dir = settings.memory().join("c");
    // PCP maps a file in this directory of its temporary one, and makes neither.
    fs::create_dir_all(dir.join("mmv")).unwrap();
    let (source, program) = (dir.join("c.c"), dir.join("c"));
    fs::write(&source, include_str!("c.c")).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-o"]).arg(&program);
    if ours {
        compiler.arg("-DMMSTATS").arg("-I").arg(settings.header());
    }
    if pcp {
        compiler.arg("-DPCP");
    }
    compiler.arg(&source);
    if ours {
        // As a program that the loader gives it to: the name that it is found by is in it.
        let loaded = dir.join("libmmstats.so.0");
        fs::copy(settings.library(), loaded.as_path()).ok()?;
        compiler.arg(&loaded).arg(format!("-Wl,-rpath,{}", dir.display()));
    }
    if pcp {
        compiler.args(["-lpcp_mmv", "-lpcp"]);
    }
    let compiled = compiler.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    compiled.then(|| Servant::start(Command::new(program).arg(&dir).env("PCP_TMP_DIR", &dir))).flatten()
}
