//! The page: three files, and its icon.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::answer;

/// A part of the page.
pub(crate) struct Asset {
    pub(crate) content_type: &'static str,
    pub(crate) text: &'static str,
    packed: OnceLock<Bytes>,
}

impl Asset {
    const fn new(content_type: &'static str, text: &'static str) -> Self {
        Self { content_type, text, packed: OnceLock::new() }
    }

    /// By gzip, as small as may be: that is done once.
    pub(crate) fn packed(&self) -> Bytes {
        self.packed
            .get_or_init(|| answer::gzip(self.text.as_bytes(), flate2::Compression::best()).into())
            .clone()
    }
}

/// The page itself.
pub(crate) static PAGE: Asset = Asset::new("text/html; charset=utf-8", include_str!("../page/index.html"));
/// How it looks.
pub(crate) static STYLE: Asset = Asset::new("text/css; charset=utf-8", include_str!("../page/mmash.css"));
/// What makes it live, in one piece for the browser.
pub(crate) static SCRIPT: Asset = Asset::new(
    "text/javascript; charset=utf-8",
    concat!(
        "'use strict';\n",
        include_str!("../page/units.js"),
        include_str!("../page/chart.js"),
        include_str!("../page/metric.js"),
        include_str!("../page/table.js"),
        include_str!("../page/main.js"),
    ),
);
/// What a tab shows.
pub(crate) static ICON: Asset = Asset::new("image/svg+xml", include_str!("../page/icon.svg"));
