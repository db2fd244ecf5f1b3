//! Where an instance's file is put and what it is called.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::departed::fold_dead;
use crate::disk::name::{Names, default_dir, default_template, expand, family, names_a_process};
use crate::error::{Error, Reason};
use crate::format::kind::MergeRule;
use crate::format::labels::{MODEL_LABEL, VERSION_LABEL};
use crate::system::{is_a_directory, user_and_group};
use crate::write::builder::Builder;
use crate::write::field::{Gauge, Static, StaticText};
use crate::write::fold::{FOLD_LABEL, FOLDED_LABEL, FoldNumber};
use crate::write::instance::Instance;
use crate::write::kept::Family;
use crate::write::model::Model;
use crate::write::per_thread::{ProcessEnd, ThreadEnd};
use crate::write::report::report;
use crate::write::store::Store;
use crate::write::version::Version;

/// Where an instance's file is put, what it is called, who may read it. Makes instances.
///
/// ```
/// use mmstats::{Counter, Options, stats};
///
/// stats! {
///     struct Web {
///         ok: Counter = "status.2XX",
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let web = Options::new().dir(dir).label_prefix("web.stats.").create::<Web>()?;
/// web.ok.incr();
/// assert!(web.path().starts_with(dir));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    dir: Option<PathBuf>,
    filename: Option<OsString>,
    label_prefix: String,
    mode: Option<u32>,
    version: Option<Version>,
    thread_end: ThreadEnd,
    process_end: ProcessEnd,
}

impl Options {
    /// The defaults: each method says its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The directory, which must exist. `{CMD}`, `{PID}`, `{TID}` and `{MODEL}` are replaced as in the file name.
    /// Default: `MMSTATS_PATH`, else `TMPDIR`, else `/tmp`.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// The file name. `{CMD}` is replaced by the program's name (without its directory), `{PID}` by the
    /// process id, `{TID}` by the thread id, `{MODEL}` by the model's name ([`Model::NAME`]); each
    /// may be there any number of times, other braces are an error. Default: `MMSTATS_FILES`, else [`crate::DEFAULT_TEMPLATE`].
    ///
    /// Readers look for `*.mmstats`. With `{PID}` or `{TID}`, an instance whose name another one has already
    /// takes the next that is free: `web-12-34.2.mmstats`, then `.3`. So several instances of one thread may
    /// have one template, and so may processes in containers that share a directory and all have the
    /// process id 1. A template without either suits a program with one instance: for the second the name is
    /// held.
    #[must_use]
    pub fn filename(mut self, template: impl Into<OsString>) -> Self {
        self.filename = Some(template.into());
        self
    }

    /// A prefix for every label, including `sys.pid` and the others that each file has. Default: none.
    #[must_use]
    pub fn label_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.label_prefix = prefix.into();
        self
    }

    /// The file's permissions, exactly these. Default: 0644 less the process's umask.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode & 0o7777);
        self
    }

    /// Which version of the file is written. `MMSTATS_VERSION`, which is `1` or `2`, wins: the user of
    /// the program knows what reads the file. Default: [`Version::DEFAULT`].
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// What becomes of a thread's counts when it ends: for [`crate::PerThread`]. Default:
    /// [`ThreadEnd::Fold`].
    #[must_use]
    pub fn thread_end(mut self, end: ThreadEnd) -> Self {
        self.thread_end = end;
        self
    }

    /// What becomes of the files when the process ends in order: for [`crate::PerThread`] with
    /// [`ThreadEnd::Fold`]. Default: [`ProcessEnd::Remove`]. An instance without [`crate::per_thread`] has
    /// [`Instance::keep`].
    #[must_use]
    pub fn process_end(mut self, end: ProcessEnd) -> Self {
        self.process_end = end;
        self
    }

    pub(crate) fn at_process_end(&self) -> ProcessEnd {
        self.process_end
    }

    pub(crate) fn at_thread_end(&self) -> ThreadEnd {
        self.thread_end
    }

    /// Makes an instance of a model and publishes its file. Where the platform is not Linux, nothing is published:
    /// the instance counts in private memory, and [`Instance::error`] says so.
    ///
    /// # Errors
    /// Whatever [`crate::ErrorKind`] has for writers: a template, a label or a size that makes no sense, a
    /// full disk, a limit (`RLIMIT_FSIZE`, `RLIMIT_NOFILE`), a directory that is not there or may not be
    /// written, a file system where a full disk would kill the program later, a name that is held or taken.
    pub fn create<M: Model>(&self) -> Result<Instance<M>, Error> {
        self.create_for(&Names::here(M::NAME), None, M::build)
    }

    /// Makes an instance whose fields are known only when the program runs.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use mmstats::{Counter, Options};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// let queues = ["mail", "print"];
    /// let stats = Options::new().dir(dir).create_with(|fields| {
    ///     queues.iter().map(|name| Ok((*name, fields.add(name, Counter::spec())?))).collect()
    /// })?;
    /// let counters: &BTreeMap<&str, Counter> = &stats;
    /// counters["mail"].incr();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Options::create`], and what `build` gives.
    pub fn create_with<M>(
        &self,
        build: impl FnOnce(&mut Builder<'_>) -> Result<M, Error>,
    ) -> Result<Instance<M>, Error> {
        self.create_for(&Names::here(""), None, build)
    }

    pub(crate) fn create_for<M>(
        &self,
        names: &Names,
        group: Option<u32>,
        build: impl FnOnce(&mut Builder<'_>) -> Result<M, Error>,
    ) -> Result<Instance<M>, Error> {
        // The environment is asked once, and nothing can fail any more once the file is published.
        let template = self.filename.clone().unwrap_or_else(default_template);
        let path = self.full_path(&template, names)?;
        let dir = path.parent().unwrap_or(&path).to_owned();
        let family = family(&template, names)?.map(|name| Family { dir, name });
        let version = Version::decide(self.version, &path)?;
        let (mut store, error) = if cfg!(publishes) {
            (Store::in_file(path, self.mode, version)?, None)
        } else {
            let error = Error::new(&path, Reason::Platform);
            (Store::private(path, version)?, Some(error))
        };
        let (model, folded) = self.fill(&mut store, names, group, build)?;
        store.publish(names_a_process(&template))?;
        Ok(Instance::new(model, store, self.label_prefix.clone(), family, folded, error))
    }

    /// Keeps the counts of this program's processes that have ended, and removes their files: for a program that starts
    /// workers, each time that one has ended. Gives the number of files that were removed.
    ///
    /// The processes are those whose files have names from the same template, in the same directory and with the same
    /// `{CMD}`, and belong to the same user (to root: to any user). Their counters, means and histograms are added to
    /// the file `CMD-departed-UID.mmstats` in that directory, so that a sum over the program does not fall; their
    /// gauges and texts go. It is what `cleanstats --fold` does, and both may run at the same time; see mmstats(5). If
    /// it is killed at any moment, no count is lost, and the next call adds none twice.
    ///
    /// A file stays if its writer lives or may live, if it is of version 1, which does not say what is a count, or if its
    /// counts cannot be kept: the hook of [`crate::on_error`] is called for that. It takes a few system calls for each
    /// file of the program, and waits up to ten seconds for another process that keeps counts in the same directory.
    ///
    /// Where the platform is not Linux, there are no files, and this does nothing.
    ///
    /// ```
    /// use mmstats::Options;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// let options = Options::new().dir(dir);
    /// // A worker has ended, which published with the same options.
    /// options.fold_dead()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::ErrorKind::Template`] if a template makes no sense, or if that of the directory has more than `{CMD}`:
    /// then the files of the processes are in several directories. [`crate::ErrorKind::Io`] if the directory cannot be
    /// read or locked, or if the counts cannot be written. What could not be kept has not been removed.
    pub fn fold_dead(&self) -> Result<usize, Error> {
        let names = Names::here("");
        let template = self.filename.clone().unwrap_or_else(default_template);
        fold_dead(&self.dir.clone().unwrap_or_else(default_dir), &template, &names)
    }

    /// Like [`Options::create`], but never prevents a program from running. If no file can be created, the
    /// instance counts in private memory, [`Instance::error`] gives the reason, and the hook of
    /// [`crate::on_error`] is called.
    ///
    /// # Panics
    /// If the model itself is wrong (two fields with one label, an empty label, a size that is impossible).
    /// This does not depend on the disk, so it happens at the first try. Also if there is no memory left.
    #[must_use]
    pub fn create_or_private<M: Model>(&self) -> Instance<M> {
        self.create_or_private_in(None)
    }

    pub(crate) fn create_or_private_in<M: Model>(&self, group: Option<u32>) -> Instance<M> {
        match self.create_for(&Names::here(M::NAME), group, M::build) {
            Ok(instance) => instance,
            Err(error) => {
                let instance: Instance<M> = self.private(error, group);
                instance.error().into_iter().for_each(|error| report(error, "counting in private memory"));
                instance
            }
        }
    }

    pub(crate) fn private<M: Model>(&self, error: Error, group: Option<u32>) -> Instance<M> {
        let names = Names::here(M::NAME);
        // That of a file, if it can be said; it makes no difference to what can be counted.
        let version = Version::decide(self.version, error.path());
        let version = version.unwrap_or(self.version.unwrap_or(Version::DEFAULT));
        let made = Store::private(error.path().to_owned(), version).and_then(|mut store| {
            let (model, folded) = self.fill(&mut store, &names, group, M::build)?;
            Ok((model, folded, store))
        });
        match made {
            Ok((model, folded, store)) => {
                Instance::new(model, store, self.label_prefix.clone(), None, folded, Some(error))
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn fill<M>(
        &self,
        store: &mut Store,
        names: &Names,
        group: Option<u32>,
        build: impl FnOnce(&mut Builder<'_>) -> Result<M, Error>,
    ) -> Result<(M, Option<FoldNumber>), Error> {
        let version = store.version();
        let mut builder = Builder::new(store, self.label_prefix.clone());
        identify(&mut builder, names, version)?;
        let folded = group.map(|group| {
            builder.add(FOLD_LABEL, Static::<u32>::spec().value(group))?;
            builder.add(FOLDED_LABEL, Gauge::<u64>::spec().merge(MergeRule::None))
        });
        let folded = folded.transpose()?;
        // What never changes does not lie where the program counts.
        builder.new_line();
        Ok((build(&mut builder)?, folded))
    }

    fn full_path(&self, template: &OsStr, names: &Names) -> Result<PathBuf, Error> {
        let dir = self.dir.clone().unwrap_or_else(default_dir);
        let dir = expand(dir.as_os_str(), names)?;
        let name = expand(template, names)?;
        let path = Path::new(&dir).join(name);
        // A program may change its directory before it removes the file or lets it grow.
        let absolute = std::path::absolute(&path).map_err(Error::io(&path, "finding its directory"))?;
        if absolute.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(Error::io(&path, "creating it")(is_a_directory()));
        }
        Ok(absolute)
    }
}

/// Says which boot of the machine this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The labels that every instance begins with, so that a reader can tell whose it is.
fn identify(builder: &mut Builder<'_>, names: &Names, version: Version) -> Result<(), Error> {
    let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    builder.add("sys.pid", Static::<u32>::spec().value(names.pid))?;
    builder.add("sys.tid", Static::<i64>::spec().value(names.tid))?;
    if let Some((uid, gid)) = user_and_group() {
        builder.add("sys.uid", Static::<u64>::spec().value(uid))?;
        builder.add("sys.gid", Static::<u64>::spec().value(gid))?;
    }
    builder.add("sys.created", Static::<f64>::spec().value(created.as_secs_f64()).timestamp())?;
    if version != Version::V1 {
        // A window's seconds are those of one boot.
        if let Ok(boot) = std::fs::read_to_string(BOOT_ID) {
            builder.add("sys.boot_id", StaticText::spec().value(boot.trim_end()))?;
        }
    }
    builder.add("org.rust.version", StaticText::spec().value(env!("MMSTATS_RUSTC")))?;
    builder.add(VERSION_LABEL, StaticText::spec().value(env!("CARGO_PKG_VERSION")))?;
    if version != Version::V1 && !names.model.is_empty() {
        builder.add(MODEL_LABEL, StaticText::spec().value(names.model))?;
    }
    Ok(())
}
