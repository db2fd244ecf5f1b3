//! Processes that end under a live tool: what they leave is shown no longer, all of it at once.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use harness::{Foreign, Guarded, PATIENCE, Watch, sees_all_processes, tool};
use mmstats::{Gauge, Instance, Options, stats};

/// More than are asked in their turns at one look.
const MANY: usize = 150;

stats! {
    struct Load {
        depth: Gauge<i64>,
    }
}

fn publish(dir: &Path, name: &str, depth: i64) -> Instance<Load> {
    let load = Options::new().dir(dir).filename(format!("{name}.mmstats")).create::<Load>().unwrap();
    load.depth.set(depth);
    load
}

/// What the child below does: publishes until it is killed.
#[test]
fn child() {
    let Some(dir) = std::env::var_os("DEPARTURES_TEST_CHILD") else { return };
    let count: usize = std::env::var("DEPARTURES_TEST_COUNT").unwrap().parse().unwrap();
    let name = |number| format!("child-{}-{number:04}", std::process::id());
    let files: Vec<_> = (0..count).map(|number| publish(Path::new(&dir), &name(number), 1)).collect();
    println!("ready");
    std::thread::sleep(Duration::from_secs(3600));
    drop(files);
}

/// A process that publishes `count` files, each with a depth of 1.
fn start(dir: &Path, count: usize) -> Guarded {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "departures::child", "--nocapture"])
        .env("DEPARTURES_TEST_CHILD", dir)
        .env("DEPARTURES_TEST_COUNT", count.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ready")));
    Guarded(child)
}

/// A pollstats, and its rows: when a look began, in milliseconds of the hour, and the sum.
struct Rows {
    watch: Watch,
}

impl Rows {
    fn of(dir: &Path, field: &str) -> Self {
        let mut command = tool(env!("CARGO_BIN_EXE_pollstats"));
        command.args(["-t", "-d", "0.02", "-o", "tsv", field]).arg(dir);
        let watch = Watch::start(&mut command);
        assert_eq!(watch.line(), format!("time\t{field}"));
        Self { watch }
    }

    fn next(&self) -> (u64, usize) {
        let line = self.watch.line();
        let (time, sum) = line.split_once('\t').unwrap();
        let number = |range: std::ops::Range<usize>| time[range].parse::<u64>().unwrap();
        let at = 60_000 * number(14..16) + 1000 * number(17..19) + number(20..23);
        (at, sum.parse().unwrap())
    }

    /// Reads until a row whose look began after `moment`, and gives its sum.
    fn after(&self, moment: u64) -> usize {
        let began = Instant::now();
        loop {
            let (at, sum) = self.next();
            // The hour may have ended between the two.
            let passed = (at + 3_600_000 - moment) % 3_600_000;
            if passed > 0 && passed < 1_800_000 {
                return sum;
            }
            assert!(began.elapsed() < PATIENCE);
        }
    }
}

/// Kills a process, and tells when it had ended.
fn killed(child: &mut Child) -> u64 {
    child.kill().unwrap();
    child.wait().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis() % 3_600_000).unwrap()
}

#[test]
fn all_files_of_a_process_leave_in_the_next_row() {
    let dir = tempfile::tempdir().unwrap();
    let _stays = publish(dir.path(), "stays", 5);
    let mut child = start(dir.path(), MANY);
    let rows = Rows::of(dir.path(), "=depth");
    assert_eq!(rows.next().1, MANY + 5);
    let moment = killed(&mut child.0);
    assert_eq!(rows.after(moment), 5);
}

#[test]
fn a_process_of_one_file_leaves_in_the_next_row_wherever_its_file_is() {
    let dir = tempfile::tempdir().unwrap();
    let _many = start(dir.path(), MANY);
    let mut children: Vec<_> = (0..4).map(|_| start(dir.path(), 1)).collect();
    let rows = Rows::of(dir.path(), "=depth");
    assert_eq!(rows.next().1, MANY + 4);
    for (left, child) in (0..4).rev().zip(&mut children) {
        let moment = killed(&mut child.0);
        assert_eq!(rows.after(moment), MANY + left);
    }
}

#[test]
fn files_of_other_writers_leave_in_the_next_row_too() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut idle: Vec<_> = (0..3).map(|_| Guarded::idle()).collect();
    for (writer, Guarded(child)) in idle.iter().enumerate() {
        for number in 0..MANY {
            Foreign::of(child.id()).write(dir.path(), &format!("{number:04}-{writer}.mmstats"));
        }
    }
    // Each file has counted to 7.
    let rows = Rows::of(dir.path(), "=app.hits");
    assert_eq!(rows.next().1, 7 * 3 * MANY);
    // One after the other: what was seen of all processes when the first ended says nothing about the second.
    for left in [2, 1] {
        let moment = killed(&mut idle[left].0);
        assert_eq!(rows.after(moment), 7 * left * MANY);
    }
}
