//! The one table that everything is printed in.

use std::io::Write;

use crate::turns::Sample;

/// How much of something there is.
#[derive(Clone, Copy)]
pub(crate) enum Amount {
    Seconds(f64),
    Bytes(u64),
    /// So much a second.
    Rate(f64),
    /// A part of a processor.
    Part(f64),
    Number(u64),
}

impl Amount {
    fn number(self) -> f64 {
        match self {
            Self::Seconds(number) | Self::Rate(number) | Self::Part(number) => number,
            Self::Bytes(number) | Self::Number(number) => number as f64,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Seconds(seconds) if seconds < 1e-6 => format!("{:.2} ns", seconds * 1e9),
            Self::Seconds(seconds) if seconds < 1e-3 => format!("{:.2} us", seconds * 1e6),
            Self::Seconds(seconds) => format!("{:.2} ms", seconds * 1e3),
            Self::Bytes(bytes) if bytes >= 1_000_000_000 => format!("{:.1} GB", bytes as f64 / 1e9),
            Self::Bytes(bytes) => format!("{:.1} kB", bytes as f64 / 1000.0),
            Self::Part(part) => format!("{:.2} %", part * 100.0),
            Self::Number(number) => number.to_string(),
            Self::Rate(rate) => format!("{:.1} M/s", rate / 1e6),
        }
    }
}

/// Prints a line as soon as it is known.
pub(crate) struct Table;

impl Table {
    pub(crate) fn new() -> Self {
        println!();
        line("work", "against", "ratio", "10%..90%", "median", "budget", "");
        Self
    }

    pub(crate) fn section(&mut self, name: &str) {
        println!("-- {name}");
    }

    /// What has nothing to be compared with.
    pub(crate) fn base(&mut self, work: &str, amount: Amount) {
        line(work, "", "", "", &amount.text(), "", "");
    }

    pub(crate) fn row(
        &mut self,
        work: &str,
        against: &str,
        sample: &Sample,
        amount: Amount,
        budget: Option<f64>,
    ) {
        let spread = format!("{:.2}..{:.2}", sample.at(0.1), sample.at(0.9));
        self.judged(work, against, sample.median(), &spread, amount, budget);
    }

    /// How much more than another it takes. The budget is in seconds.
    pub(crate) fn more(&mut self, work: &str, against: &str, sample: &Sample, budget: Option<f64>) {
        let text = |seconds: f64| format!("{:+.2}", seconds * 1e9);
        let spread = format!("{}..{}", text(sample.at(0.1)), text(sample.at(0.9)));
        let (ratio, printed) = (text(sample.median()), (sample.median() * 1e11).round() / 1e11);
        let verdict = budget.map_or("", |budget| if printed <= budget { "ok" } else { "MISSED" });
        let budget = budget.map_or(String::new(), text);
        line(work, against, &ratio, &spread, "(ns)", &budget, verdict);
    }

    /// What is measured once and has no spread.
    pub(crate) fn single(
        &mut self,
        work: &str,
        against: &str,
        ratio: f64,
        amount: Amount,
        budget: Option<f64>,
    ) {
        self.judged(work, against, ratio, "", amount, budget);
    }

    /// What has a budget of its own, beside that.
    pub(crate) fn limit(&mut self, work: &str, budget: Amount, amount: Amount) {
        let against = format!("a budget of {}", budget.text());
        self.judged(work, &against, amount.number() / budget.number(), "", amount, Some(1.0));
    }

    /// What cannot be measured here.
    pub(crate) fn missing(&mut self, work: &str, why: &str) {
        line(work, why, "", "", "", "", "");
    }

    fn judged(
        &mut self,
        work: &str,
        against: &str,
        ratio: f64,
        spread: &str,
        amount: Amount,
        budget: Option<f64>,
    ) {
        // As it is printed, so that what reads 1.10 of 1.10 has not missed it.
        let printed = (ratio * 100.0).round() / 100.0;
        let verdict = budget.map_or("", |budget| if printed <= budget { "ok" } else { "MISSED" });
        let budget = budget.map_or(String::new(), |budget| format!("{budget:.2}"));
        line(work, against, &format!("{ratio:.2}"), spread, &amount.text(), &budget, verdict);
    }
}

fn line(work: &str, against: &str, ratio: &str, spread: &str, amount: &str, budget: &str, verdict: &str) {
    let line = format!("{work:50} {against:32} {ratio:>8} {spread:>16} {amount:>11} {budget:>6} {verdict}");
    println!("{}", line.trim_end());
    let _ = std::io::stdout().flush();
}
