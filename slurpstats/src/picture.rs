//! A histogram as a picture of characters.

use cli::{Color, Output, Stop, escape, part_quantity, quantity, width, window};
use figures::{Compound, Outcome};
use mmstats::format::histogram::{Histogram, Shape};
use mmstats::{HistogramTotal, MetricType, Value};

/// The widest bar, and the narrowest.
const BAR: usize = 52;
const LEAST_BAR: usize = 8;
/// How many rows there may be before buckets become wider.
const ROWS: usize = 24;

/// Writes the picture: the label, how much was seen, and one bar per bucket, from the least that is not empty to the
/// greatest. The buckets are powers of two, or parts of these, so that they are no more than fit on a screen.
///
/// ```text
/// web.answer  n=120 mean=2.14ms p50=1.9ms p90=4ms p99=11ms p99.9=20ms max=23ms
///   [1.05ms, 2.1ms)   80 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
///   [2.1ms, 4.19ms)   40 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
/// ```
pub(crate) fn draw(
    label: &[u8],
    total: &HistogramTotal,
    unit: Option<&str>,
    color: Color,
    out: &mut Output,
) -> Result<(), Stop> {
    let outcome = Outcome::Compound(Box::new(Compound::Histogram(total.clone())));
    let summary = quantity(&outcome, unit, MetricType::Histogram);
    writeln!(out, "{}  {summary}", color.label(escape(label)))?;
    let rows = rows(&total.histogram);
    let edge = |raw: u64| part_quantity("", &Value::Unsigned(raw).in_unit(total.scale).into(), unit);
    let bounds = rows.iter().map(|(bucket, _)| match bucket.upper {
        Some(upper) => format!("[{}, {})", edge(bucket.lower), edge(upper)),
        None => format!("[{}, ...)", edge(bucket.lower)),
    });
    let bounds: Vec<_> = bounds.collect();
    let widest = bounds.iter().map(|bounds| width(bounds)).max().unwrap_or(0);
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let digits = most.to_string().len();
    // Blanks, the two ends of the bar.
    let taken = 2 + widest + 1 + digits + 3;
    let columns = if out.is_terminal() { window().map(|(columns, _)| columns) } else { None };
    let bar = columns.map_or(BAR, |columns| columns.saturating_sub(taken).clamp(LEAST_BAR, BAR));
    for ((_, count), bounds) in rows.iter().zip(&bounds) {
        let pad = widest - width(bounds);
        let filled = length(*count, most, bar);
        let signs = "@".repeat(filled);
        let rest = bar - filled;
        writeln!(out, "  {bounds}{:pad$} {count:>digits$} |{}{:rest$}|", "", color.value(signs), "")?;
    }
    Ok(())
}

/// How long a bar is. One that is not empty has a sign, however little it is of the greatest.
fn length(count: u64, most: u64, bar: usize) -> usize {
    let filled = u128::from(count) * bar as u128 / u128::from(most);
    usize::try_from(filled).unwrap_or(bar).clamp(usize::from(count > 0), bar)
}

type Row = (mmstats::format::histogram::Bucket, u64);

/// The buckets from the first that is not empty to the last, as fine as there is room for.
fn rows(histogram: &Histogram) -> Vec<Row> {
    let shape = histogram.shape();
    let finer = (0..=shape.p()).rev().filter_map(|p| Shape::new(p, shape.n()));
    let mut rows = Vec::new();
    for shape in finer {
        let coarse = histogram.coarser(shape);
        let counts = coarse.counts();
        let filled = |count: &u64| *count > 0;
        let (Some(first), Some(last)) = (counts.iter().position(filled), counts.iter().rposition(filled))
        else {
            break;
        };
        rows = (first..=last).map(|index| (shape.bucket(index), counts[index])).collect();
        if rows.len() <= ROWS {
            break;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_as_fine_as_there_is_room_for() {
        let of = |values: &[u64]| {
            let mut histogram = Histogram::new(Shape::new(5, 42).unwrap());
            values.iter().for_each(|&value| histogram.record(value));
            let rows = rows(&histogram);
            let ends = (rows.first().map(|row| row.0.lower), rows.last().and_then(|row| row.0.upper));
            (rows.len(), ends, rows.iter().map(|row| row.1).sum::<u64>())
        };
        assert_eq!(of(&[]), (0, (None, None), 0));
        assert_eq!(of(&[7]), (1, (Some(7), Some(8)), 1));
        assert_eq!(of(&[0, 20]), (21, (Some(0), Some(21)), 2));
        assert_eq!(of(&[1, 1 << 41]), (42, (Some(1), None), 2), "no coarser than powers of two");
        assert_eq!(of(&[1000, 3000]), (13, (Some(960), Some(3072)), 2));
    }

    #[test]
    fn what_is_there_is_seen() {
        assert_eq!((length(0, 10, 52), length(1, 1_000_000, 52), length(10, 10, 52)), (0, 1, 52));
        assert_eq!(length(u64::MAX, u64::MAX, 52), 52);
    }
}
