//! The media server that the demo and the tests run against, held to what a real MediaMTX does.
//!
//! Every test here runs against the built-in stand-in, and against a real MediaMTX when `MEDIAMTX_BIN` names one:
//! where they would differ, the stand-in is wrong.

mod api;
mod cameras;
mod client;
mod ffmpeg;
mod harness;
mod publishers;
mod readers;
mod refusals;
