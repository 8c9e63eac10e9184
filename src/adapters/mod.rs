//! The outside world, one folder each, each behind a trait or a plain handle.
//!
//! Adapters translate; they decide nothing and never import one another, but for `folder`, `request_thread` and `tls`. Actors hold the
//! database, live store, object store and media server as `Arc<dyn Trait>`; ffmpeg, spool and files are plain types.

pub mod database;
pub mod ffmpeg;
pub mod folder;
pub mod host;
pub mod last_known;
pub mod live;
pub mod mediamtx;
pub mod monitor_client;
pub mod network;
pub mod notify;
pub mod objects;
pub mod platforms;
mod request_thread;
pub mod resolve;
pub mod secrets;
pub mod spool;
pub mod systemd;
pub mod tls;
pub mod webpresenter;
