//! `-o hist`: histograms as pictures.

use harness::image::{Fields, histogram, nanoseconds};

use super::run;

#[test]
fn a_histogram_is_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let values = (0..8).flat_map(|octave| vec![1_u64 << (10 + octave); 1 << octave]);
    let file = |name| {
        Fields::new()
            .counter("hits", 1)
            .histogram("took", nanoseconds(), &histogram((0, 42), values.clone()))
            .write(dir.path(), name)
    };
    let a = file("a.mmstats");
    let picture = |count: &[&str]| {
        let bars = [0, 0, 1, 3, 6, 13, 26, 52].map(|bar: usize| format!("{:<52}", "@".repeat(bar.max(1))));
        let bounds = [
            "[1.02us, 2.05us)",
            "[2.05us, 4.1us)",
            "[4.1us, 8.19us)",
            "[8.19us, 16.4us)",
            "[16.4us, 32.8us)",
            "[32.8us, 65.5us)",
            "[65.5us, 131us)",
            "[131us, 262us)",
        ];
        let rows = (0..8).map(|row| format!("  {:<16} {:>3} |{}|\n", bounds[row], count[row], bars[row]));
        rows.collect::<String>()
    };
    let counts = ["1", "2", "4", "8", "16", "32", "64", "128"];
    let head = "took  n=255 mean=87.7us p50=131us p90=131us p99=131us p99.9=131us max=131us\n";
    let want = format!("==> {}\n{head}{}\n", a.display(), picture(&counts));
    assert_eq!(run(&["-o", "hist"], &[&a]), (want, String::new(), Some(0)));
    file("b.mmstats");
    let counts = ["2", "4", "8", "16", "32", "64", "128", "256"];
    let want = format!("{}{}", head.replace("255", "510"), picture(&counts));
    assert_eq!(
        run(&["-o", "hist", "-a", "auto", "-p", "took"], &[dir.path()]),
        (want, String::new(), Some(0))
    );
    let (_, err, code) = run(&["-o", "hist", "-a", "avg"], &[&a]);
    let why =
        "slurpstats: --output hist takes --aggregate auto, sum or one: others make no histogram of several\n";
    assert!(err.starts_with(why) && code == Some(2), "{err}");
    let why = "slurpstats: --output hist: no file has a histogram under such a label\n";
    assert_eq!(run(&["-o", "hist", "-p", "hits"], &[&a]), (String::new(), why.to_owned(), Some(1)));
}
