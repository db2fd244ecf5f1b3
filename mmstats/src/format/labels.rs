//! Labels by which a file tells of itself.

/// The label by which a file says that this library wrote it; its value is the library's version.
pub const VERSION_LABEL: &str = "org.mmstats.version";

/// The label by which a file of version 2 says which model it is of: [`Model::NAME`](crate::Model::NAME).
pub const MODEL_LABEL: &str = "org.mmstats.model";
