//! Relays with real ffmpeg between a source of streams and the media server (the stand-in, or the one that
//! `MEDIAMTX_BIN` names): rows act, faults heal, nothing is left.

mod blocked;
mod camera_faults;
mod carried;
mod commands;
mod faults;
mod harness;
mod hostile;
mod incidents;
mod labels;
mod last_known;
mod live_store;
mod log;
pub mod peers;
mod probes;
mod program;
mod protocols;
mod publishers;
mod rebuilt;
mod rows;
mod simulated;
mod slow_commands;
pub mod sources;
mod starts;
mod words;
