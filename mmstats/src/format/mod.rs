//! The bytes of a file as pure functions: no I/O, no state, nothing unsafe. Version 1 is drawn in [`v1`], version 2
//! in [`v2`].

pub mod attributes;
pub(crate) mod bytes;
pub mod compound;
mod defect;
pub mod histogram;
pub mod image;
pub mod item;
pub mod kind;
pub mod labels;
pub mod mean;
pub mod place;
pub mod reading;
pub mod recent;
pub mod scale;
pub mod text;
pub mod type_code;
pub mod v1;
pub mod v2;
pub mod value;
pub mod window;
pub(crate) mod word;

pub use defect::{Defect, What};
