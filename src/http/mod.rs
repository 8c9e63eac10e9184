//! HTTP: REST, WebSocket, metrics and the web page, on one port.
//!
//! Reads the live store, the database and the object store; changes the world by message only (`http_state::Commands`), but for
//! kinds and files of cameras, which belong to no actor.
//! `routes` is the table of all addresses; one file per resource, `error` has the one match from an error's kind to a status,
//! `guard` says who may talk to us, `identify` who calls, `access` what it may do, `server` runs it. Talked to by `app`, which
//! builds [`HttpState`] and puts [`ServerActor`] into the tree.

mod access;
mod anomaly_metrics;
mod anomaly_routes;
mod audit_routes;
mod base_path;
mod body;
mod caller;
mod camera_log_routes;
mod camera_routes;
mod complaints;
mod completeness_metrics;
mod completeness_routes;
mod conditional;
mod connection_limits;
mod connection_tracking;
mod connections;
mod counts;
mod credentials;
mod encoder_metrics;
mod encoder_routes;
mod exposition;
mod forwarded;
mod headers;
mod health;
mod health_found;
mod history_routes;
mod host_metrics;
mod host_routes;
mod http_error;
mod http_server;
mod http_state;
mod identify;
mod incident_routes;
mod item_list;
mod kind_routes;
mod known_parameters;
mod logins;
mod maintenance_routes;
mod metrics;
mod network_probe_metrics;
mod network_probe_routes;
mod node_routes;
mod notify_metrics;
mod openapi;
mod origin_guard;
mod page_files;
mod plan_routes;
mod platform_metrics;
mod platform_routes;
mod player_addresses;
mod probe_routes;
mod query;
mod receiver_routes;
mod reconcile_routes;
mod recording_lock_routes;
mod recordings;
mod responses;
mod routes;
mod security;
mod server_actor;
mod session_list_routes;
mod settings_routes;
mod sheet_routes;
mod status_page;
mod status_routes;
mod stream_metrics;
mod stream_probe_metrics;
mod stream_probe_routes;
mod stream_routes;
mod table;
mod tag;
#[cfg(test)]
mod tests;
mod thumbnail_routes;
mod work_metrics;
mod ws;

pub use caller::{Anonymous, Call, Caller, IdentifyCaller};
pub use completeness_metrics::RecentCompleteness;
pub use credentials::ByLogins;
pub use http_state::{Commands, HttpState};
pub use player_addresses::PlayerAddresses;
pub use server_actor::ServerActor;
pub use status_page::status_cache::StatusPage;
