//! The past in tiers: samples of the live store become buckets, and buckets become rows of the database.
//!
//! [`HistoryWriter`] listens to the live store like everybody else, so that a poll never waits for it. What is not written yet
//! is in a [`HistoryHandle`], which outlives the actor and which HTTP reads beside the database. A database that is away is
//! waited for; what finds no room meanwhile is dropped, the oldest first, and marked as lost.
//!
//! [`SnapshotWriter`] saves the raw samples of the live store in memory, where no Redis keeps them.
//!
//! Never here: SQL, how buckets are made and packed (`domain::history`).

mod handle;
mod history_writer;
mod snapshot_writer;
mod tracked;

#[cfg(test)]
mod tests;

pub use handle::HistoryHandle;
pub use history_writer::{HistoryRules, HistoryWriter};
pub use snapshot_writer::SnapshotWriter;
