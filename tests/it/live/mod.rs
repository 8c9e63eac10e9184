//! The live store behind which a Redis lies, against a real redis-server: what other programs read, what other processes of
//! ours hear, and what goes on here while Redis fails.

mod behaviour;
mod check;
mod faults;
mod harness;
mod keys;
mod others;
mod program;
mod size;
mod two_programs;
