//! From operands to files.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mmstats::{Origin, default_dir};
use walkdir::WalkDir;

use crate::escape::escape_path;
use crate::tool::{Tool, plain};

/// What the name of a stats file ends with.
const ENDING: &[u8] = b".mmstats";

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// How carefully to open it.
    pub origin: Origin,
}

/// The files that the operands mean, sorted by path, each once. A directory means every `*.mmstats`
/// below it, links not followed. No operands mean the files of `MMSTATS_GLOB`, else `*.mmstats` in
/// [`default_dir`]. That there is none is said on stderr, and makes the exit code 1.
pub fn find(tool: &Tool, operands: &[OsString]) -> Vec<Found> {
    let mut found = Vec::new();
    let looked;
    if !operands.is_empty() {
        for operand in operands {
            resolve(tool, Path::new(operand), &mut found);
        }
        let names: Vec<_> = operands.iter().map(|operand| escape_path(Path::new(operand))).collect();
        looked = names.join(" ");
    } else if let Some(pattern) = env::var_os("MMSTATS_GLOB").filter(|pattern| !pattern.is_empty()) {
        glob(tool, &pattern, &mut found);
        looked = escape_path(Path::new(&pattern)).into_owned();
    } else {
        let dir = default_dir();
        list(tool, &dir, &mut found);
        looked = escape_path(&dir.join("*.mmstats")).into_owned();
    }
    found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    found.dedup_by(|a, b| a.path.as_os_str() == b.path.as_os_str());
    if found.is_empty() {
        tool.say(&format!("no stats files found: looked for {looked}"));
        tool.fail();
    }
    found
}

/// One operand: a directory's files, or itself, be it there or not.
fn resolve(tool: &Tool, path: &Path, found: &mut Vec<Found>) {
    let kind = fs::symlink_metadata(path).map(|metadata| metadata.file_type());
    let is_dir = match &kind {
        Ok(kind) if kind.is_symlink() => path.is_dir(),
        Ok(kind) => kind.is_dir(),
        Err(_) => false,
    };
    if is_dir {
        return walk(tool, path, found);
    }
    let is_file = kind.is_ok_and(|kind| kind.is_file());
    let origin = if is_file { Origin::Found } else { Origin::Named };
    found.push(Found { path: path.to_owned(), origin });
}

fn walk(tool: &Tool, dir: &Path, found: &mut Vec<Found>) {
    // A named directory may itself be a link: walkdir follows that one.
    for entry in WalkDir::new(dir) {
        match entry {
            Ok(entry) => {
                if entry.file_type().is_file() && is_stats_name(entry.file_name()) {
                    found.push(Found { path: entry.into_path(), origin: Origin::Found });
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(dir);
                match error.io_error() {
                    // Gone since its folder was listed.
                    Some(io) if io.kind() == std::io::ErrorKind::NotFound && path != dir => {}
                    Some(io) => tool.error(path, &plain(io)),
                    None => tool.error(path, &error),
                }
            }
        }
    }
}

fn list(tool: &Tool, dir: &Path, found: &mut Vec<Found>) {
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) => return tool.error(dir, &plain(&error)),
    };
    for entry in listing {
        match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                if is_file && is_stats_name(&entry.file_name()) {
                    found.push(Found { path: entry.path(), origin: Origin::Found });
                }
            }
            Err(error) => tool.error(dir, &plain(&error)),
        }
    }
}

fn glob(tool: &Tool, pattern: &OsStr, found: &mut Vec<Found>) {
    let Some(pattern) = pattern.to_str() else {
        return tool.error_at("MMSTATS_GLOB", &"not UTF-8");
    };
    match glob::glob(pattern) {
        Ok(paths) => {
            for path in paths {
                match path {
                    Ok(path) => resolve(tool, &path, found),
                    Err(error) => tool.error(error.path(), &plain(error.error())),
                }
            }
        }
        Err(error) => tool.error_at("MMSTATS_GLOB", &error),
    }
}

fn is_stats_name(name: &OsStr) -> bool {
    name.as_bytes().ends_with(ENDING)
}
