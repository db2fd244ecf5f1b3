//! Which version of the file an instance writes.

use std::path::Path;

use crate::error::{Error, Reason};

/// The variable by which the user of a program chooses.
const VARIABLE: &str = "MMSTATS_VERSION";

/// A version of the file: see mmstats(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// The original's, which its readers in Python read. A field is a number or text: a mean, a histogram, a
    /// window and a timer are a `d`, their mean. Units, help and merge rules are left out.
    V1,
    /// A field says what its number means, in which unit, and how several become one.
    V2,
}

impl Version {
    /// What is written where neither the program nor `MMSTATS_VERSION` chooses.
    pub const DEFAULT: Self = Self::V2;

    /// What `MMSTATS_VERSION` says, else `chosen`, else the default. An empty variable counts as none.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Environment`] if the variable says anything else than 1 or 2. The error is one of
    /// the file at `path`.
    pub(crate) fn decide(chosen: Option<Self>, path: &Path) -> Result<Self, Error> {
        let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
            return Ok(chosen.unwrap_or(Self::DEFAULT));
        };
        match value.to_str() {
            Some("1") => Ok(Self::V1),
            Some("2") => Ok(Self::V2),
            _ => {
                let value = value.to_string_lossy().into_owned();
                let reason = Reason::Environment { variable: VARIABLE, wants: "1 or 2", value };
                Err(Error::new(path, reason))
            }
        }
    }
}
