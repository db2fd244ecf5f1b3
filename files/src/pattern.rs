//! What `MMSTATS_GLOB` matches. In a directory that others may write to, they make names that match, and links
//! that lead anywhere.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use glob::GlobError;
use nix::unistd::geteuid;

/// The paths that match, in order; those that lead over a link of somebody other than root and this user are
/// passed over. Links in the part before the first wildcard are followed: the pattern's author named them.
///
/// # Errors
/// What is wrong with the pattern, in words.
pub fn expand(pattern: &OsStr) -> Result<impl Iterator<Item = Result<PathBuf, GlobError>> + use<>, String> {
    let pattern = pattern.to_str().ok_or("not UTF-8")?;
    let paths = glob::glob(pattern).map_err(|error| error.to_string())?;
    let named = components(Path::new(pattern)).take_while(|part| !has_wildcard(part)).count();
    Ok(paths.filter(move |path| path.as_ref().map_or(true, |path| !leads_astray(path, named))))
}

/// Whether a link of a stranger is on the way, after the first `named` components.
fn leads_astray(path: &Path, named: usize) -> bool {
    let matched = path.ancestors().take_while(|path| components(path).count() > named);
    matched
        .filter_map(|path| fs::symlink_metadata(path).ok())
        .any(|metadata| metadata.is_symlink() && metadata.uid() != 0 && metadata.uid() != geteuid().as_raw())
}

/// Without those that lead nowhere: what is found lacks them.
fn components(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components().filter(|part| !matches!(part, Component::CurDir))
}

pub(crate) fn has_wildcard(part: &Component<'_>) -> bool {
    part.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}
