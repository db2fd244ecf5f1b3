//! The page: three files, and its icon.

/// The page itself.
pub(crate) const PAGE: &str = include_str!("../page/index.html");
/// How it looks.
pub(crate) const STYLE: &str = include_str!("../page/mmash.css");
/// What makes it live, in one piece for the browser.
pub(crate) const SCRIPT: &str = concat!(
    "'use strict';\n",
    include_str!("../page/units.js"),
    include_str!("../page/chart.js"),
    include_str!("../page/metric.js"),
    include_str!("../page/table.js"),
    include_str!("../page/main.js"),
);
/// What a tab shows.
pub(crate) const ICON: &str = include_str!("../page/icon.svg");
