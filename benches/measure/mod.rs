//! What the benches share: an API to poll, numbers as they are printed, and what the system says of a process.

pub mod api;
pub mod figures;
pub mod usage;
