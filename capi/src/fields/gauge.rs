//! Numbers that go up and down.

use std::ptr::null;

use mmstats::{DataType, Gauge, SharedGauge};

use crate::border::Chars;
use crate::error::Failure;
use crate::handle::{Handle, apart};
use crate::spec::{Given, Spec, choose};
use crate::stats::{Kind, Stats, add};

const KIND: Kind = Kind { name: "a gauge", options: &["unit", "help", "merge", "type", "initial"] };

/// C's `mmstats_gauge`.
#[repr(align(64))]
pub(crate) struct GaugeHandle(Updated);

/// What updates it.
enum Updated {
    /// One thread at a time.
    Handle(Handle<AnyGauge>),
    /// Any thread, by atomic instructions: the type that is the default.
    Shared(SharedGauge),
}

macro_rules! any_gauge {
    ($($type:ident $number:ty)*) => {
        /// A gauge of the type that was chosen.
        enum AnyGauge {
            $($type(Gauge<$number>),)*
        }

        // A number that does not fit: integers wrap, as in C; what is no integer becomes the nearest.
        #[allow(clippy::cast_lossless, clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
        #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, trivial_numeric_casts)]
        impl AnyGauge {
            fn add_to(stats: &Stats, label: &str, spec: &mut Spec) -> Result<Self, Failure> {
                let initial = spec.initial.take();
                Ok(match spec.data_type.unwrap_or(DataType::F64) {
                    $(DataType::$type => {
                        let initial = match initial {
                            None => 0 as $number,
                            Some(Given::F64(number)) => number as $number,
                            Some(Given::I64(number)) => number as $number,
                            Some(Given::U64(number)) => number as $number,
                        };
                        let chosen = choose!(spec, Gauge::<$number>::spec(), unit help merge);
                        Self::$type(stats.instance.add_field(label, chosen.initial(initial))?)
                    })*
                    // Only numbers can be chosen.
                    _ => return Err(Failure::invalid("a gauge is a number")),
                })
            }
        }

        any_gauge! { update f64 set_f64 add_f64 value_f64, $($type $number)* }
        any_gauge! { update i64 set_i64 add_i64 value_i64, $($type $number)* }
        any_gauge! { update u64 set_u64 add_u64 value_u64, $($type $number)* }
    };
    (update $given:ty, $($rest:tt)*) => {};
    (update $given:ident $set:ident $add:ident $value:ident, $($type:ident $number:ty)*) => {
        #[allow(clippy::cast_lossless, clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
        #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, trivial_numeric_casts)]
        impl AnyGauge {
            #[inline]
            fn $set(&self, value: $given) {
                match self {
                    $(Self::$type(gauge) => gauge.set(value as $number),)*
                }
            }

            #[inline]
            fn $add(&self, n: $given) {
                match self {
                    $(Self::$type(gauge) => gauge.add(n as $number),)*
                }
            }

            #[inline]
            fn $value(&self) -> $given {
                match self {
                    $(Self::$type(gauge) => gauge.value() as $given,)*
                }
            }
        }
    };
}

any_gauge! { F64 f64 U64 u64 U32 u32 U16 u16 U8 u8 I64 i64 I32 i32 I16 i16 I8 i8 F32 f32 }

/// What an update does: `$method` of the number as it is, for the type that is the default, or of `AnyGauge`.
macro_rules! update {
    ($gauge:ident, $method:ident $any:ident $number:ident) => {
        match $gauge {
            Some(GaugeHandle(Updated::Handle(Handle::Alone(AnyGauge::F64(gauge))))) => {
                gauge.$method($number as f64)
            }
            Some(GaugeHandle(Updated::Handle(handle))) => {
                apart(handle, $number, |handle, number| {
                    handle.with(|gauge| gauge.$any(number));
                });
            }
            Some(GaugeHandle(Updated::Shared(gauge))) => apart(gauge, $number as f64, SharedGauge::$method),
            None => {}
        }
    };
}

export! {
    /// Adds a gauge.
    fn mmstats_add_gauge(stats: Option<&Stats>, label: Chars<'_>, spec: Option<&Spec>)
        -> *const GaugeHandle, else null(); {
        add(stats, label, spec, &KIND, |stats, label, spec| {
            let is_default = spec.data_type.is_none_or(|data_type| data_type == DataType::F64);
            Ok(GaugeHandle(if stats.is_shared && is_default {
                let initial = spec.initial.take().map_or(0.0, Given::as_f64);
                let spec = choose!(spec, SharedGauge::spec(), unit help merge);
                Updated::Shared(stats.instance.add_field(label, spec.initial(initial))?)
            } else {
                let field = AnyGauge::add_to(stats, label, spec)?;
                Updated::Handle(Handle::new(field, &stats.instance, stats.is_shared))
            }))
        })
    }

    /// Makes it `value`.
    fn mmstats_gauge_set(gauge: Option<&GaugeHandle>, value: f64) {
        update!(gauge, set set_f64 value);
    }

    /// Makes it `value`.
    fn mmstats_gauge_set_i64(gauge: Option<&GaugeHandle>, value: i64) {
        update!(gauge, set set_i64 value);
    }

    /// Makes it `value`.
    fn mmstats_gauge_set_u64(gauge: Option<&GaugeHandle>, value: u64) {
        update!(gauge, set set_u64 value);
    }

    /// Adds `n`.
    fn mmstats_gauge_add(gauge: Option<&GaugeHandle>, n: f64) {
        update!(gauge, add add_f64 n);
    }

    /// Adds `n`.
    fn mmstats_gauge_add_i64(gauge: Option<&GaugeHandle>, n: i64) {
        update!(gauge, add add_i64 n);
    }

    /// Adds `n`.
    fn mmstats_gauge_add_u64(gauge: Option<&GaugeHandle>, n: u64) {
        update!(gauge, add add_u64 n);
    }

    /// What it is.
    fn mmstats_gauge_value(gauge: Option<&GaugeHandle>) -> f64 {
        match gauge {
            Some(GaugeHandle(Updated::Handle(handle))) => handle.with(AnyGauge::value_f64).unwrap_or(0.0),
            Some(GaugeHandle(Updated::Shared(gauge))) => gauge.value(),
            None => 0.0,
        }
    }

    /// What it is.
    fn mmstats_gauge_value_i64(gauge: Option<&GaugeHandle>) -> i64 {
        match gauge {
            Some(GaugeHandle(Updated::Handle(handle))) => handle.with(AnyGauge::value_i64).unwrap_or(0),
            Some(GaugeHandle(Updated::Shared(gauge))) => gauge.value() as i64,
            None => 0,
        }
    }

    /// What it is.
    fn mmstats_gauge_value_u64(gauge: Option<&GaugeHandle>) -> u64 {
        match gauge {
            Some(GaugeHandle(Updated::Handle(handle))) => handle.with(AnyGauge::value_u64).unwrap_or(0),
            Some(GaugeHandle(Updated::Shared(gauge))) => gauge.value() as u64,
            None => 0,
        }
    }
}
