//! The pure rules: state machines, diffs, names, layouts. `(state, event) -> (state, actions)`.
//!
//! Never here: tokio, actix, files, sockets, the machine's clock. Time comes in as a value.
//! Adapters translate the outside world into these types; actors ask these rules what to do.

pub mod admission;
pub mod anomaly;
pub mod arrival;
pub mod attribution;
pub mod camera;
pub mod change_guard;
pub mod clock_watch;
pub mod completeness;
pub mod container;
pub mod copies;
pub mod duty;
pub mod encoder;
pub mod fleet;
pub mod health;
pub mod health_part;
pub mod history;
pub mod host;
pub mod incident;
pub mod known_stream;
pub mod layout;
pub mod login;
pub mod maintenance;
pub mod moment;
pub mod name;
pub mod node;
pub mod notify;
pub mod object_metadata;
pub mod picture_watch;
pub mod platform;
pub mod playlist;
pub mod probe;
pub mod public_status;
pub mod reconcile;
pub mod recorded_track;
pub mod recording;
pub mod recording_session;
pub mod restart;
pub mod restream;
pub mod retention;
pub mod role;
pub mod run_log;
pub mod sample;
pub mod segment_track;
pub mod session;
pub mod spool_space;
pub mod start_budget;
pub mod stream;
pub mod timestamp_watch;
pub mod uptime;
pub mod wall_clock;
pub mod written_time;
