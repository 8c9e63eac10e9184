//! What the folders of tests share: the program in a room of its own, a media server, a PostgreSQL, cameras, processes,
//! a live store with switches, waiting with a limit.
//!
//! Whatever is started here is ended by its `Drop`; a [`program::Program`] fails its test when something of it is left.

pub mod api;
pub mod bucket;
pub mod caddy;
pub mod camera;
pub mod cameras;
pub mod encrypted;
pub mod fake_clock;
pub mod film;
pub mod live;
pub mod media;
pub mod nginx;
pub mod port;
#[path = "../../../src/adapters/database/postgres/testserver.rs"]
#[allow(dead_code, reason = "shared with the adapter's own tests, which use the rest")]
pub mod postgres;
pub mod processes;
pub mod program;
pub mod prometheus;
pub mod proxy_client;
pub mod proxy_process;
pub mod redis;
pub mod rights;
pub mod room;
pub mod rtp_publisher;
pub mod shipped;
pub mod smtp_inbox;
pub mod viewer;
pub mod vimeo;
pub mod wait;
pub mod web_presenter;
pub mod webhooks;
