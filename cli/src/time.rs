//! Moments in records: ISO 8601, UTC, so that those of several machines compare as text.

use std::fmt;
use std::time::SystemTime;

/// Writes a moment as `2024-02-29T23:59:59.123Z`.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp(pub SystemTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn moments_are_written_as_date_writes_them() {
        for (millis, want) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (1_709_251_199_123, "2024-02-29T23:59:59.123Z"),
        ] {
            let moment = UNIX_EPOCH + Duration::from_millis(millis);
            assert_eq!(Timestamp(moment).to_string(), want);
        }
    }
}
