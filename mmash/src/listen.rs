//! Where requests come in: addresses, Unix sockets, and sockets that systemd has opened.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use cli::{Stop, escape_path};
use nix::sys::stat::{Mode, umask};

/// What `--listen` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    /// Where it listens if nobody says so: the original's port, on this machine alone.
    pub(crate) const DEFAULT: &str = "127.0.0.1:5002";

    pub(crate) fn parse(value: &OsStr) -> Result<Self, Stop> {
        if let Some(path) = value.as_bytes().strip_prefix(b"unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(OsString::from(OsStr::from_bytes(path)).into()));
        }
        let address = value.to_str().and_then(|text| text.parse().ok()).map(Self::Tcp);
        address.ok_or_else(|| Stop::Usage(format!("--listen takes IP:PORT or unix:PATH, not {value:?}")))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", escape_path(path)),
        }
    }
}

/// An open socket.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, Option<Named>),
}

/// The name of a Unix socket that was made here, which goes with it.
pub(crate) struct Named(PathBuf);

impl Drop for Named {
    fn drop(&mut self) {
        // Whoever has removed it before is right, too.
        let _ = fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Listens there.
    pub(crate) fn open(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => TcpListener::bind(address).map(Self::Tcp),
            Address::Unix(path) => {
                remove_left_over(path)?;
                // Others who are not of the group must not come in, not even in its first moment.
                let before = umask(Mode::from_bits_truncate(0o117));
                let listener = UnixListener::bind(path);
                umask(before);
                Ok(Self::Unix(listener?, Some(Named(path.clone()))))
            }
        }
    }

    /// The sockets that systemd has opened for this process: `LISTEN_FDS`.
    pub(crate) fn inherited() -> io::Result<Vec<Self>> {
        let mut given = listenfd::ListenFd::from_env();
        let mut listeners = Vec::new();
        for number in 0..given.len() {
            match given.take_tcp_listener(number) {
                Ok(listener) => listeners.extend(listener.map(Self::Tcp)),
                Err(_) => listeners.extend(given.take_unix_listener(number)?.map(|it| Self::Unix(it, None))),
            }
        }
        Ok(listeners)
    }

    /// The address to type into a browser, or what comes nearest to it.
    pub(crate) fn url(&self) -> io::Result<String> {
        Ok(match self {
            Self::Tcp(listener) => format!("http://{}/", listener.local_addr()?),
            Self::Unix(listener, _) => {
                let address = listener.local_addr()?;
                format!("unix:{}", address.as_pathname().map_or_else(|| "?".into(), escape_path))
            }
        })
    }

    /// Where it listens, if others than this machine can come in.
    pub(crate) fn is_open_to_others(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().filter(|address| !address.ip().is_loopback()),
            Self::Unix(..) => None,
        }
    }
}

/// A socket that nobody listens at any more is in the way.
fn remove_left_over(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers_and_sockets_have_paths() {
        let parse = |text: &str| Address::parse(OsStr::new(text)).ok();
        assert_eq!(parse(Address::DEFAULT).unwrap().to_string(), Address::DEFAULT);
        assert_eq!(parse("[::1]:0"), Some(Address::Tcp("[::1]:0".parse().unwrap())));
        assert_eq!(parse("unix:/run/a b"), Some(Address::Unix("/run/a b".into())));
        for text in ["", "5002", "localhost:5002", "unix:", "127.0.0.1", ":5002"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
