//! The role health in the whole program: what it probes, what it says of it, and what becomes of what hangs.

mod encoders;
mod network;
mod shared;
mod streams;
mod targets;
mod vimeo;
