//! mmash, as a client meets it: every test asks the running program.

#![allow(clippy::unwrap_used)]

mod ends;
mod events;
mod gate;
mod hostile;
mod metrics;
mod page;
mod processes;
mod prometheus;
mod rates;
mod removed;
mod routes;
mod server;
mod sockets;
