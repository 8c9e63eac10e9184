//! Who is alive, who restarts whom, who tells whom. One folder per job, [`supervision`] beneath them all.
//!
//! Actors keep state and decide by the rules of `domain`; risky I/O runs in tasks whose results come back as messages.
//! Never here: SQL, HTTP, argument vectors. Jobs do not import one another: they meet in the live store, and only
//! `root` knows them all. All actors run on the main thread, because ffmpeg's parent-death signal follows the thread
//! that spawned it.

pub mod agent;
pub mod attribution;
pub mod camera_changes;
pub mod health;
pub mod history;
pub mod hub;
pub mod incidents;
pub mod logins;
pub mod maintenance;
pub mod membership;
pub mod monitor;
pub mod notify;
pub mod rate_limit;
pub mod record;
pub mod redis_link;
pub mod restream;
pub mod root;
pub mod single_flight;
pub mod supervision;
pub mod thumbnails;
pub mod upload;
