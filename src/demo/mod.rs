//! What makes `streamwarden demo` and the tests run without any service: a media server stand-in and sample cameras.
//!
//! Owns the stand-in, the sample cameras' processes, and the choice between the stand-in and a real MediaMTX. Never
//! imported by anything but `app` and tests; `run` does not reach it.

pub mod cameras;
pub mod demo_server;
pub mod media_server;
mod own_thread;
mod real_server;
pub mod sample_past;
