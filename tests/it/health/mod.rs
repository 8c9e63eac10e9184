//! The role health in the whole program: what it probes, what it says of it, and what becomes of what hangs.

mod network;
mod streams;
mod targets;
