//! What the benches share: numbers as they are printed, and what the system says of a process.

pub mod figures;
pub mod usage;
