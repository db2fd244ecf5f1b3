//! How a tool of the suite behaves: what may reach its output, how it reports what went wrong, what its options take,
//! and how it ends. Each tool has its own options; this is the contract they share.

#![forbid(unsafe_code)]

mod color;
mod compound;
mod escape;
mod find;
mod json;
mod labels;
mod notice;
mod objects;
mod option;
mod outcome;
mod output;
mod quantity;
mod stop;
mod terminal;
mod ticker;
mod time;
mod tool;
mod width;

pub use color::{Color, When};
pub use escape::{escape, escape_path};
pub use find::find;
pub use json::Json;
pub use labels::Labels;
pub use mmstats::plain;
pub use notice::{hidden, of_process};
pub use objects::{Members, Objects, place};
pub use option::{number, process, seconds, word};
pub use outcome::{in_json, in_words};
pub use output::{Output, push_escaped, push_number, push_value};
pub use quantity::{is_in_unit, part_quantity, quantity, value_quantity};
pub use stop::Stop;
pub use terminal::window;
pub use ticker::Ticker;
pub use time::Timestamp;
pub use tool::{Tool, run};
pub use width::{beginning, end, width};
