//! The integration tests, in one binary so that it links once: the real program and the real adapters against real
//! ffmpeg, SQLite and a media server (the stand-in, or the one that `MEDIAMTX_BIN` names).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the test runner shows it when a test fails")]

mod alerts;
mod archive;
mod chaos;
mod config;
mod health;
mod layers;
mod live;
mod monitor;
mod notify;
mod program;
mod record;
mod restream;
mod standin;
mod support;
mod systemd;
mod tree;
