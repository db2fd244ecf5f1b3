//! Where an instance's file is put, and what it is called.

use std::ffi::{OsStr, c_int, c_uint};
use std::mem::take;
use std::os::unix::ffi::OsStrExt;

use mmstats::Version;

use crate::bad::Bad;
use crate::border::Chars;
use crate::error::Failure;

/// C's `mmstats_options`.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) chosen: mmstats::Options,
    pub(crate) is_shared: bool,
    bad: Bad<&'static str>,
}

impl Options {
    fn choose(&mut self, choose: impl FnOnce(mmstats::Options) -> mmstats::Options) {
        self.chosen = choose(take(&mut self.chosen));
    }

    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.bad.first().map_or(Ok(()), |bad| Err(Failure::invalid(bad)))
    }
}

export! {
    /// The defaults.
    fn mmstats_options_new() -> Option<Box<Options>> {
        Some(Box::default())
    }

    /// Frees options.
    fn mmstats_options_free(options: Option<Box<Options>>) {
        drop(options);
    }

    /// The directory.
    fn mmstats_options_dir(options: Option<&mut Options>, dir: Chars<'_>) {
        if let (Some(options), Some(dir)) = (options, dir.bytes()) {
            options.choose(|chosen| chosen.dir(OsStr::from_bytes(dir)));
        }
    }

    /// The file name.
    fn mmstats_options_filename(options: Option<&mut Options>, template: Chars<'_>) {
        if let (Some(options), Some(template)) = (options, template.bytes()) {
            options.choose(|chosen| chosen.filename(OsStr::from_bytes(template)));
        }
    }

    /// A prefix for every label.
    fn mmstats_options_label_prefix(options: Option<&mut Options>, prefix: Chars<'_>) {
        let (Some(options), Some(prefix)) = (options, prefix.bytes()) else { return };
        let prefix = std::str::from_utf8(prefix);
        options.bad.judge("label_prefix", prefix.err().map(|_| "the label prefix is not UTF-8"));
        if let Ok(prefix) = prefix {
            options.choose(|chosen| chosen.label_prefix(prefix));
        }
    }

    /// The file's permissions.
    fn mmstats_options_mode(options: Option<&mut Options>, mode: c_uint) {
        if let Some(options) = options {
            options.choose(|chosen| chosen.mode(mode));
        }
    }

    /// The version of the file.
    fn mmstats_options_version(options: Option<&mut Options>, version: c_int) {
        let Some(options) = options else { return };
        let version = match version {
            1 => Some(Version::V1),
            2 => Some(Version::V2),
            _ => None,
        };
        options.bad.judge("version", version.is_none().then_some("the version of the file is 1 or 2"));
        if let Some(version) = version {
            options.choose(|chosen| chosen.version(version));
        }
    }

    /// Whether any thread may update.
    fn mmstats_options_shared(options: Option<&mut Options>, is_shared: bool) {
        if let Some(options) = options {
            options.is_shared = is_shared;
        }
    }
}
