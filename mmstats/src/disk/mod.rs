//! What a stats file is to the file system: which file it is, what it is called, whether its writer holds it.

pub(crate) mod identity;
pub(crate) mod lock;
pub(crate) mod name;
pub(crate) mod rename;
