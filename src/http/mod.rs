//! HTTP: REST, WebSocket, metrics and the web page, on one port.
//!
//! Reads the live store, the database and the object store; changes the world by message only (`state::Commands`), but for
//! kinds and files of cameras, which belong to no actor.
//! `routes` is the table of all addresses; one file per resource, `error` has the one match from an error's kind to a status,
//! `guard` says who may talk to us, `identify` who calls, `server` runs it. Talked to by `app`, which
//! builds [`HttpState`] and puts [`ServerActor`] into the tree.

mod body;
mod caller;
mod camera_log;
mod cameras;
mod complaints;
mod connections;
mod counts;
mod error;
mod exposition;
mod files;
mod guard;
mod headers;
mod health;
mod identify;
mod incidents;
mod kinds;
mod known_parameters;
mod list;
mod metrics;
mod openapi;
mod plan;
mod probes;
mod query;
mod recordings;
mod responses;
mod routes;
mod server;
mod server_actor;
mod sheet;
mod state;
mod status;
mod streams;
mod table;
mod tag;
#[cfg(test)]
mod tests;
mod ws;

pub use caller::{Anonymous, Call, Caller, IdentifyCaller};
pub use server_actor::ServerActor;
pub use state::{Commands, HttpState};
