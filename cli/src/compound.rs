//! Values of several numbers as JSON objects.

use std::io::Write as _;

use figures::{Compound, part};
use mmstats::format::scale::in_unit;

use crate::json::Json;

/// Appends the object.
///
/// A mean has `count`, `sum` and `mean`; a histogram also `max`, its `quantiles` by name, and its `buckets` that are
/// not empty, each with its bounds and its count; a window `seconds`, `count`, `sum`, `mean`, `max` and `rate`; the
/// last numbers `count`, `mean`, `max`, `last` and `numbers`. What there is not is null.
pub(crate) fn push_compound(out: &mut Vec<u8>, compound: &Compound) {
    out.push(b'{');
    if let Compound::Window(window) = compound {
        // Memory takes whatever is written to it.
        drop(write!(out, "\"seconds\":{},", window.length()));
    }
    let names: &[&str] = match compound {
        Compound::Mean(_) => &["count", "sum", "mean"],
        Compound::Histogram(_) => &["count", "sum", "mean", "max"],
        Compound::Window(_) => &["count", "sum", "mean", "max", "rate"],
        Compound::Recent { .. } => &["count", "mean", "max", "last"],
    };
    for (place, name) in names.iter().enumerate() {
        let value = match compound.part(name) {
            None if *name == "count" => Json::Integer(0),
            value => value.map_or(Json::Null, Json::from),
        };
        drop(write!(out, "{}\"{name}\":{value}", if place == 0 { "" } else { "," }));
    }
    match compound {
        Compound::Histogram(total) => {
            out.extend_from_slice(b",\"quantiles\":{");
            let parts = compound.parts();
            let quantiles = parts.iter().filter(|(name, _)| part::is_quantile(name));
            for (place, (name, value)) in quantiles.enumerate() {
                let comma = if place == 0 { "" } else { "," };
                drop(write!(out, "{comma}\"{name}\":{}", Json::from(*value)));
            }
            out.extend_from_slice(b"},\"buckets\":[");
            for (place, (bucket, count)) in total.histogram.filled().enumerate() {
                #[allow(clippy::cast_precision_loss)]
                let edge = |raw: u64| match total.scale {
                    1.0 => Json::Integer(raw.into()),
                    scale => Json::Double(in_unit(raw as f64, scale)),
                };
                let (lower, upper) = (edge(bucket.lower), bucket.upper.map_or(Json::Null, edge));
                let comma = if place == 0 { "" } else { "," };
                drop(write!(out, "{comma}{{\"lower\":{lower},\"upper\":{upper},\"count\":{count}}}"));
            }
            out.push(b']');
        }
        Compound::Recent { numbers, .. } => {
            out.extend_from_slice(b",\"numbers\":[");
            for (place, number) in numbers.iter().enumerate() {
                drop(write!(out, "{}{}", if place == 0 { "" } else { "," }, Json::Double(*number)));
            }
            out.push(b']');
        }
        Compound::Mean(_) | Compound::Window(_) => {}
    }
    out.push(b'}');
}
