//! What a field says about itself: unit, help, merge rule, attributes.

use mmstats::format::item::Items;
use mmstats::{
    Average, Bool, Counter, Error, ErrorKind, Gauge, Histogram, MergeRule, MovingAverage, Recent, Spec,
    StaticText, Text, Timer, Timestamp, UpDown, Version, Window, label, stats,
};

use crate::{parsed, place};

stats! {
    /// A model.
    struct Described {
        /// Requests that were answered,
        /// by whatever status.
        ///
        /// And this is for who reads the source.
        #[allow(dead_code)]
        answered: Counter = "requests.answered" { unit: "requests" },
        /// The comment.
        load: Gauge<f64> { help: "The option", merge: MergeRule::Avg, unit: "ratio" },
        #[doc = "Time to answer"]
        #[doc = "in all"]
        took: Timer,
        /** In a block,
            of two lines. */
        ready: Bool { merge: MergeRule::Min },
        /// The version.
        version: StaticText { value: "1" },
        #[allow(dead_code)]
        bare: UpDown,
        /// The bytes	of a body.
        body: Histogram { unit: "bytes", scale: 1024.0 },
        moving: MovingAverage,
    }
}

fn items(path: &std::path::Path, wanted: &str) -> Items {
    let (bytes, fields) = parsed(path);
    let (_, field) = fields.into_iter().find(|(label, _)| label == wanted).unwrap();
    Items::parse(&bytes[field.items]).0
}

#[test]
fn a_documentation_comment_is_the_help() {
    let (_dir, options) = place(Version::V2);
    let stats = options.create::<Described>().unwrap();
    let of = |label: &str| {
        let items = items(stats.path(), label);
        (items.help.unwrap_or_default(), items.unit.unwrap_or_default(), items.merge, items.scale)
    };
    let is = |help: &str, unit: &str, merge, scale| (help.to_owned(), unit.to_owned(), merge, scale);
    assert_eq!(
        of("requests.answered"),
        is("Requests that were answered, by whatever status.", "requests", None, None)
    );
    assert_eq!(of("load"), is("The option", "ratio", Some(MergeRule::Avg), None));
    assert_eq!(of("took"), is("Time to answer in all", "seconds", None, Some(1e-9)));
    assert_eq!(of("took.minute"), is("Time to answer in all", "seconds", None, None));
    assert_eq!(of("ready"), is("In a block, of two lines.", "", Some(MergeRule::Min), None));
    assert_eq!(of("version"), is("The version.", "", None, None));
    assert_eq!(of("bare"), is("", "", None, None));
    assert_eq!(of("body"), is("The bytes of a body.", "bytes", None, Some(1024.0)));
    assert_eq!(of("moving"), is("", "", Some(MergeRule::Avg), None));
    stats.answered.incr();
    stats.bare.incr();
}

#[test]
fn names_known_at_run_time_are_described_too() {
    let (_dir, options) = place(Version::V2);
    let stats = options.create::<()>().unwrap();
    for route in ["/", "/a \"b\"\n\\"] {
        let name = label("requests", &[("route", route), ("method", "GET")]);
        let help = format!("Requests for {}", route.escape_debug());
        stats.add_field(&name, Counter::spec().unit("requests").help(help.clone())).unwrap().incr();
        let found = items(stats.path(), &name);
        assert_eq!((found.help, found.unit.as_deref()), (Some(help), Some("requests")));
    }
}

#[test]
fn what_makes_no_sense_is_an_error_that_names_the_field_in_both_versions() {
    for version in [Version::V1, Version::V2] {
        let (_dir, options) = place(version);
        let stats = options.label_prefix("web.").create::<()>().unwrap();
        let said = |error: Error| {
            assert_eq!((error.kind(), error.path()), (ErrorKind::Description, stats.path()));
            error.reason().to_string()
        };
        let refused = |spec: Result<(), Error>| said(spec.unwrap_err());
        macro_rules! refused {
            ($spec:expr) => {
                refused(stats.add_field("odd", $spec).map(drop))
            };
        }
        let label = "label \"web.odd\": ";
        assert_eq!(refused!(Counter::spec().unit("kilo bytes")), format!("{label}the unit has a blank"));
        assert_eq!(refused!(UpDown::spec().unit("")), format!("{label}the unit is empty"));
        assert_eq!(refused!(Text::spec().help("a\nb")), format!("{label}the help has more than one line"));
        assert_eq!(
            refused!(Average::spec().unit("µs")),
            format!("{label}the unit has a character that is not ASCII, µ")
        );
        assert!(refused!(Timer::spec().help("a\tb")).contains("control character"));
        assert!(refused!(Timestamp::spec().unit("a b")).contains("blank"));
        assert!(refused!(Histogram::spec().scale(0.0)).contains("the scale 0.0 is no number above 0"));
        assert!(refused!(Histogram::spec().quantiles([1.5])).contains("the quantile 1.5 is not from 0 to 1"));
        for (precision, range) in [(17, 64), (5, 5), (5, 65)] {
            let said = refused!(Histogram::spec().precision(precision).range(range));
            assert!(
                said.contains(&format!("a precision of {precision} bits and a range of {range}")),
                "{said}"
            );
        }
        assert!(refused!(Window::spec().seconds(0)).contains("0 seconds"));
        assert!(refused!(Recent::spec().keep(0)).contains("0 numbers"));
        // The label is free, and nothing of it is in the file.
        stats.add_field("odd", Counter::spec()).unwrap().incr();
    }
}

#[test]
fn what_is_too_large_is_refused_in_both_versions() {
    for version in [Version::V1, Version::V2] {
        let (_dir, options) = place(version);
        let stats = options.create::<()>().unwrap();
        fn refused<S: Spec>(stats: &mmstats::Instance<()>, spec: S) {
            let error = stats.add_field("large", spec).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        }
        for keep in [usize::MAX, usize::MAX / 8, 1 << 26] {
            refused(&stats, Recent::spec().keep(keep));
        }
        for seconds in [u32::MAX, 7_000_000] {
            refused(&stats, Window::spec().seconds(seconds));
        }
        for size in
            [usize::MAX, usize::try_from(1_u64 << 32).unwrap_or(usize::MAX), u32::MAX as usize, 1 << 28]
        {
            refused(&stats, Text::spec().size(size));
        }
        stats.add_field("large", Counter::spec()).unwrap().incr();
    }
}

#[test]
fn attributes_that_are_not_well_formed_are_refused() {
    for version in [Version::V1, Version::V2] {
        let (_dir, options) = place(version);
        let stats = options.create::<()>().unwrap();
        let add = |label: &str| stats.add_field(label, Counter::spec());
        for bad in ["h{a=b}", "h{", "h{}", "{a=\"b\"}", "h{a=\"b\"}x", "h{__a=\"b\"}", "h{a=\"b\",a=\"c\"}"] {
            let error = add(bad).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Label, "{bad}");
            assert!(
                error.to_string().contains(&format!("label {bad:?} has no well-formed attributes: ")),
                "{error}"
            );
        }
        let error = add(&label("h", &[("a b", "c")])).map(drop).unwrap_err();
        assert!(error.to_string().contains("no name for an attribute"), "{error}");
        add(&label("h", &[("a", "}{,=\"")])).unwrap().incr();
        add("h}").unwrap().incr();
    }
}
