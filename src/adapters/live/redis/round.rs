//! One round of commands, cut into chunks by their size.

use std::time::Duration;

use redis::{Cmd, Pipeline};

use super::keys;
use super::samples::SampleEntry;
use crate::domain::name::StreamName;

/// A chunk is sent when it is larger, in bytes. A single command may be.
const CHUNK: usize = 1 << 20;
/// A history lives on so long after its last entry has become too old.
const HISTORY_EXPIRES_LATER: u64 = 20 * 60;

/// What a command is about, for its error.
#[derive(Debug)]
pub(super) enum CommandSubject {
    /// The sample of a path.
    History { server: String, name: StreamName, key: String },
    /// A measurement of a host.
    Host { name: String, key: String },
    /// Expiry of the node's states: 0 means that they are gone.
    Expiry,
    /// A key of ours that somebody else may have taken.
    Key(String),
    /// Anything else of ours.
    Own,
}

#[derive(Default)]
pub(super) struct Round {
    chunks: Vec<(Pipeline, Vec<CommandSubject>)>,
    /// Of the last chunk.
    bytes: usize,
}

impl Round {
    /// Adds a command of about this many bytes.
    pub(super) fn add(&mut self, about: CommandSubject, bytes: usize, command: Cmd) {
        if self.chunks.is_empty() || self.bytes > CHUNK {
            let mut pipeline = Pipeline::new();
            pipeline.ignore_errors();
            self.chunks.push((pipeline, Vec::new()));
            self.bytes = 0;
        }
        self.bytes += bytes;
        if let Some((pipeline, abouts)) = self.chunks.last_mut() {
            pipeline.add_command(command);
            abouts.push(about);
        }
    }

    /// Adds an entry of a path's history, which keeps nothing older than `oldest` (ms).
    pub(super) fn history(
        &mut self,
        server: &str,
        base: &str,
        name: &StreamName,
        entry: &SampleEntry,
        oldest: i64,
        kept: Duration,
    ) {
        let key = keys::history(base, name);
        let mut add = redis::cmd("XADD");
        add.arg(&key).arg("MINID").arg("~").arg(oldest).arg(format!("{}-{}", entry.id.0, entry.id.1));
        for (field, value) in &entry.fields {
            add.arg(field).arg(value);
        }
        let bytes = 160 + key.len();
        if entry.renew {
            let mut expire = redis::cmd("EXPIRE");
            expire.arg(&key).arg(kept.as_secs() + HISTORY_EXPIRES_LATER);
            let about = CommandSubject::History { server: server.to_owned(), name: name.clone(), key };
            self.add(about, bytes, add);
            return self.add(CommandSubject::Own, 64, expire);
        }
        self.add(CommandSubject::History { server: server.to_owned(), name: name.clone(), key }, bytes, add);
    }

    /// Adds a measurement to a host's history, which keeps nothing older than `oldest` (ms).
    pub(super) fn host(
        &mut self,
        name: &str,
        key: String,
        id: (i64, u64),
        fields: &[(&str, i64)],
        oldest: i64,
        kept: Duration,
    ) {
        let mut add = redis::cmd("XADD");
        add.arg(&key).arg("MINID").arg("~").arg(oldest).arg(format!("{}-{}", id.0, id.1));
        for (field, value) in fields {
            add.arg(field).arg(value);
        }
        let mut expire = redis::cmd("EXPIRE");
        expire.arg(&key).arg(kept.as_secs() + HISTORY_EXPIRES_LATER);
        self.add(CommandSubject::Host { name: name.to_owned(), key }, 300, add);
        self.add(CommandSubject::Own, 64, expire);
    }

    pub(super) fn chunks(self) -> Vec<(Pipeline, Vec<CommandSubject>)> {
        self.chunks
    }
}
