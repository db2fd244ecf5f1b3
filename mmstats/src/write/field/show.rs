//! What `Debug` says of a handle: its value.

use std::fmt;

use super::{
    Average, Bool, Counter, Gauge, Histogram, MovingAverage, Number, Recent, SharedCounter, SharedGauge,
    SharedHistogram, SharedUpDown, Static, StaticText, Text, Timer, Timestamp, UpDown, Window,
};

macro_rules! shows_its_value {
    ($($field:ident)*) => {$(
        impl fmt::Debug for $field {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($field)).field(&self.value()).finish()
            }
        }
    )*};
}

shows_its_value! {
    Average Bool Counter MovingAverage SharedCounter SharedGauge SharedUpDown StaticText Text Timestamp UpDown
}

impl<T: Number> fmt::Debug for Gauge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.value()).finish()
    }
}

impl<T: Number> fmt::Debug for Static<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Static").field(&self.value()).finish()
    }
}

macro_rules! shows_numbers {
    ($($field:ident { $($number:ident)* })*) => {$(
        impl fmt::Debug for $field {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct(stringify!($field));
                $( shown.field(stringify!($number), &self.$number()); )*
                shown.finish()
            }
        }
    )*};
}

shows_numbers! {
    Histogram { count value max }
    Recent { count values }
    SharedHistogram { count value max }
    Timer { all minute last }
    Window { count value max }
}
