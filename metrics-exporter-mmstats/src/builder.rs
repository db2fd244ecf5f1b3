//! From what is chosen to the recorder of a program.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use mmstats::{Error, Options};

use crate::recorder::MmstatsRecorder;
use crate::stats::{AtEnd, Stats};

/// Publishes all metrics of the program in one file from now on. The file's directory and name are the defaults of
/// [`mmstats::Options`]: `MMSTATS_PATH`, `MMSTATS_FILES`.
///
/// # Errors
/// If no file can be created, or if the program has a recorder already. A program that goes on then counts nothing.
pub fn install() -> Result<(), InstallError> {
    MmstatsBuilder::new().install()
}

/// What can be chosen for the file and the metrics in it.
///
/// ```
/// use metrics_exporter_mmstats::MmstatsBuilder;
/// use mmstats::Options;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// MmstatsBuilder::new()
///     .options(Options::new().dir(dir).label_prefix("web."))
///     .scale("batch.size", 1.0)
///     .install()?;
/// metrics::histogram!("batch.size").record(17.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MmstatsBuilder {
    options: Options,
    scales: HashMap<String, f64>,
    keep: bool,
}

impl MmstatsBuilder {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Directory, name, permissions and version of the file, and the prefix of labels. Default: [`Options::new`].
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The smallest difference that the histogram `name` can tell, in its unit; above 0. Default: see the
    /// [table](crate#numbers-in-histograms).
    #[must_use]
    pub fn scale(mut self, name: impl Into<String>, scale: f64) -> Self {
        self.scales.insert(name.into(), scale);
        self
    }

    /// Keeps the file, with the final values, when the process ends.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Creates the file and makes a recorder, for a program that installs it itself or wraps it in layers. The file is
    /// removed with the last of the recorder and its handles, unless it is kept.
    ///
    /// # Errors
    /// As [`Options::create`].
    pub fn build(self) -> Result<MmstatsRecorder, Error> {
        let stats = Stats::create(&self.options, self.scales)?;
        if self.keep {
            stats.instance().keep();
        }
        Ok(MmstatsRecorder::new(Arc::new(stats)))
    }

    /// Creates the file and installs a recorder for the whole program.
    ///
    /// # Errors
    /// As [`install`].
    pub fn install(self) -> Result<(), InstallError> {
        let is_kept = self.keep;
        let recorder = self.build().map_err(InstallError::Stats)?;
        let stats = Arc::clone(recorder.stats());
        metrics::set_global_recorder(recorder).map_err(|_| InstallError::Recorder)?;
        if !is_kept {
            AtEnd::remove(&stats);
        }
        Ok(())
    }
}

/// Why metrics are not published.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// No file can be created.
    Stats(Error),
    /// The program has a recorder already.
    Recorder,
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stats(error) => error.fmt(f),
            Self::Recorder => f.write_str("the program has a recorder of metrics already"),
        }
    }
}

impl std::error::Error for InstallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stats(error) => Some(error),
            Self::Recorder => None,
        }
    }
}
