//! What the machine was.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::settings::Settings;

pub(crate) fn print(settings: &Settings) {
    let cpu = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let memory = line_of("/proc/meminfo", "MemTotal").unwrap_or_default();
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let rows = [
        ("CPU", format!("{cpu}, {cores} usable")),
        ("governor", governor.unwrap_or_else(|| "none to be seen".to_owned())),
        ("kernel", kernel.unwrap_or_default()),
        ("memory", memory),
        ("files in memory", file_system(settings.memory())),
        ("files on disk", file_system(settings.disk())),
        ("compiler", rustc.unwrap_or_else(|_| "not in PATH".to_owned())),
        ("load average before", load()),
    ];
    for (name, value) in rows {
        println!("{name:20} {value}");
    }
}

pub(crate) fn load() -> String {
    read("/proc/loadavg").unwrap_or_default()
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// What follows the colon in the first line that begins with `name`.
fn line_of(path: &str, name: &str) -> Option<String> {
    let text = read(path)?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// The type of the file system that a directory is on, and where that is mounted.
fn file_system(dir: &Path) -> String {
    let mounts = read("/proc/self/mountinfo").unwrap_or_default();
    let found = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let (place, kind) = (place.split(' ').nth(4)?, kind.split(' ').next()?);
        dir.starts_with(place).then_some((place, kind))
    });
    // Of two at the same place the later hides the other.
    found
        .max_by_key(|(place, _)| place.len())
        .map_or_else(String::new, |(place, kind)| format!("{kind} at {place}"))
}
