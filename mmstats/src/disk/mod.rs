//! What a stats file is to the file system: which file it is, what it is called, whether its writer holds it.

#[cfg(publishes)]
pub(crate) mod identity;
#[cfg(not(publishes))]
#[path = "elsewhere/identity.rs"]
pub(crate) mod identity;
#[cfg(publishes)]
pub(crate) mod lock;
#[cfg(not(publishes))]
#[path = "elsewhere/lock.rs"]
pub(crate) mod lock;
pub(crate) mod name;
#[cfg(publishes)]
pub(crate) mod rename;
