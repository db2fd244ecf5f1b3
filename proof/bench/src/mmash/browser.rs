//! The page in Chromium, where there is one.

use std::path::Path;
use std::process::Command;

use super::server::Server;
use crate::process::is_there;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::Sample;

/// What a tick costs the browser: all that its main thread does from one to the next.
pub(super) fn tick(settings: &Settings, table: &mut Table, folder: &Path) {
    let name = "a tick of 1000 labels in Chromium";
    if !["chromedriver", "python3"].iter().all(|program| is_there(program)) {
        return table.missing(name, "chromedriver or python3 is missing");
    }
    let server = Server::start(settings, folder);
    server.has_read(1);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tick.py");
    let ticks = if settings.is_quick { 1 } else { 30 };
    let url = format!("http://{}/", server.address);
    let output = Command::new("python3").args([script, &url, &ticks.to_string()]).output().unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return table.missing(name, said.lines().last().unwrap_or_default());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().unwrap());
    let nodes = numbers.next().unwrap() as u64;
    let seconds = Sample::of(numbers);
    table.limit(&format!("{name}, p50"), Amount::Seconds(0.01), Amount::Seconds(seconds.median()));
    table.limit(&format!("{name}, at most"), Amount::Seconds(0.01), Amount::Seconds(seconds.at(1.0)));
    table.limit("nodes of the page", Amount::Number(1000), Amount::Number(nodes));
}
