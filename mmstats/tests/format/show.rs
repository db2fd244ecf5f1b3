//! A file as lines: what `tests/python/read_v2.py` prints of it, too.

use std::time::Duration;

use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::reading::{Reading, read};
use mmstats::format::v2::{self, FIELD, Field, Room};
use mmstats::format::{Defect, What};

/// What is wrong where a field is, or the field.
type Found = Result<Field, Defect>;

/// The fields that the first look finds, and what is in them by the later ones; and what ends them too early.
pub(crate) fn fields(looks: [&[u8]; 4]) -> Result<(Vec<Found>, Option<Defect>), Defect> {
    let first = v2::head(looks[0])?;
    let (mut fields, mut end, mut room) = (Vec::new(), None, Room::of(looks[1]));
    for record in v2::records(looks[0], first) {
        match record {
            Ok(record) if record.kind(looks[1]) == FIELD => {
                fields.push(v2::field(looks[1], record).and_then(|field| room.take(&field).map(|()| field)));
            }
            Ok(_) => {}
            Err(defect) => end = Some(defect),
        }
    }
    Ok((fields, end))
}

/// The value of a field, by three looks of which none has to be as long as another.
pub(crate) fn value<'a>(
    field: &Field,
    data: DataType,
    looks: [&'a [u8]; 3],
) -> Result<Option<Reading<'a>>, What> {
    read(data, looks.map(|look| look.get(field.value.clone()).unwrap_or_default()))
}

/// A line for each field of a known type: label, metric type, data type, unit, value; and one for each defect.
pub(crate) fn lines(bytes: &[u8], now: Duration) -> Result<Vec<String>, Defect> {
    let (fields, end) = fields([bytes; 4])?;
    let mut lines = Vec::new();
    for field in fields {
        let field = match field {
            Ok(field) => field,
            Err(defect) => {
                lines.push(defect.to_string());
                continue;
            }
        };
        let (Some(data), Some(metric)) = (field.data_type(), MetricType::from_id(field.metric)) else {
            continue;
        };
        let label = String::from_utf8_lossy(&bytes[field.label.clone()]).into_owned();
        let (items, _) = Items::parse(&bytes[field.items.clone()]);
        let unit = items.unit.clone().unwrap_or_else(|| "-".into());
        let shown = match value(&field, data, [bytes; 3]) {
            Ok(Some(reading)) => show(&reading, &items, now),
            Ok(None) => "unstable".into(),
            Err(what) => format!("({what})"),
        };
        lines.push(format!("{label}\t{metric}\t{data}\t{unit}\t{shown}"));
    }
    lines.extend(end.map(|defect| defect.to_string()));
    Ok(lines)
}

fn show(reading: &Reading<'_>, items: &Items, now: Duration) -> String {
    match reading {
        Reading::Value(value) => value.to_string(),
        Reading::Mean(mean) => format!("count={} sum={:?}", mean.count, mean.sum),
        Reading::Recent(recent) => {
            recent.numbers.iter().map(|number| format!("{number:?}")).collect::<Vec<_>>().join(" ")
        }
        Reading::Histogram(histogram) => {
            let max = histogram.max().map_or("-".into(), |max| max.to_string());
            let mut shown = format!("count={} sum={} max={max}", histogram.count(), histogram.sum());
            for &q in &items.quantiles {
                let Some(quantile) = histogram.quantile(q) else { continue };
                let sign = if quantile.is_at_least { ">=" } else { "" };
                shown += &format!(" {q:?}:{sign}{}", quantile.value);
            }
            shown
        }
        Reading::Window(window) => match window.summary(now) {
            None => "-".into(),
            Some(all) => format!("count={} sum={:?} max={:?}", all.count, all.sum, all.max),
        },
        _ => "?".into(),
    }
}
