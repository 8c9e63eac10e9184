//! Incidents: what is open and what has to be written, whoever found it.
//!
//! Every role raises and clears incidents through an [`IncidentsHandle`], from any thread and without waiting. The handle
//! holds the open incidents (`OpenIncidents`) and what is not written yet (`Queue`); it outlives the actor, so that a rebuilt
//! [`Incidents`] loses nothing. The actor alone writes to the database, one entry at a time and in order, again and again
//! until it is taken, and reads at its start what an earlier run has left open.
//!
//! What was left open ends when its raiser says so: a role asks [`IncidentsHandle::open`] once it knows how things are, and
//! clears what is over of its own kinds and subjects. Of kinds that nobody raises in this
//! run ([`IncidentsHandle::nobody_tells_of`]) what was left open ends. What nobody clears stays open.
//!
//! What lasts, and what has ended lately, is told to the live store by a child of its own (`incident_feed`), which reads it from the
//! database: of all nodes, with what people have said.
//!
//! Never here: when something is an incident (rules of `domain::incident`, facts of the roles), SQL.

mod clock;
mod incident_feed;
mod incident_log;
mod incidents_handle;
mod taking_over;
mod writer;

pub use clock::now;
pub use incident_feed::{feed_child, name_camera};
pub use incidents_handle::IncidentsHandle;
pub use taking_over::{TakenOver, take_over};
pub use writer::Incidents;
