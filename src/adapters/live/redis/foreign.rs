//! What other processes own, as they tell it in Redis, brought into this process's memory. What we own ourselves is never
//! taken from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::Common;
use super::fields::{self, AboutNode, NodeUpdate};
use super::keys;
use super::namesake::Namesake;
use crate::adapters::live::{Change, LiveNode, LiveStore};
use crate::domain::camera::CameraState;
use crate::domain::stream::{ServerStatus, StreamState, StreamStatus};

/// A node that has said nothing for so long is silent: three signs of life are missing.
const SILENT: Duration = Duration::from_secs(16);

/// What is known of others.
pub(super) struct Foreign {
    common: Arc<Common>,
    nodes: BTreeMap<String, Node>,
    /// Servers that others poll, with the beginning of their keys.
    servers: BTreeMap<String, String>,
    /// Servers whose list has to be read again.
    due: BTreeSet<String>,
    /// Fields as they were told, by node.
    told: Vec<(String, OwnUpdate)>,
    /// Nodes whose states have to be read again.
    nodes_due: BTreeSet<String>,
    namesake: Namesake,
}

/// Another node.
struct Node {
    heard: Instant,
    at: DateTime<Utc>,
    /// Number of its last message.
    seq: u64,
    is_silent: bool,
    /// What it has told, by field.
    fields: BTreeMap<String, Vec<u8>>,
}

#[derive(Deserialize)]
struct Update {
    server: String,
}

#[derive(Deserialize)]
struct OwnUpdate {
    node: String,
    /// Which process; absent from versions before it was told.
    run: Option<Uuid>,
    seq: u64,
    fields: BTreeMap<String, String>,
    removed: Vec<String>,
}

impl Foreign {
    pub(super) fn new(common: Arc<Common>) -> Self {
        let (nodes, servers) = (BTreeMap::new(), BTreeMap::new());
        Self {
            common,
            nodes,
            servers,
            due: BTreeSet::new(),
            told: Vec::new(),
            nodes_due: BTreeSet::new(),
            namesake: Namesake::default(),
        }
    }

    /// Takes note of a message. What is not understood is somebody else's.
    pub(super) fn note(&mut self, channel: &str, payload: &[u8]) {
        let Common { keys, node, exchange, .. } = &*self.common;
        if channel == keys.commands(node) {
            exchange.note_command(payload);
        } else if channel == keys.answers(node) {
            exchange.note_answer(payload);
        } else if channel == keys.own_updates() {
            match serde_json::from_slice::<OwnUpdate>(payload) {
                Ok(update) if update.node != self.common.node => self.told.push((update.node.clone(), update)),
                Ok(update) => self.namesake.heard(update.run.filter(|run| *run != self.common.run), Instant::now()),
                Err(_) => {}
            }
        } else if let Ok(update) = serde_json::from_slice::<Update>(payload)
            && self.servers.contains_key(&update.server)
        {
            self.due.insert(update.server);
        }
    }

    /// Reads what was noted. Gives the channels that have to be heard from now on.
    pub(super) async fn catch_up(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<BTreeSet<String>> {
        let mut changes = Vec::new();
        for (name, update) in std::mem::take(&mut self.told) {
            self.take_update(name, update, &mut changes);
        }
        for name in std::mem::take(&mut self.nodes_due) {
            self.read_node(connection, &name, &mut changes).await?;
        }
        self.tell_nodes();
        self.apply(changes).await;
        self.read_lists(connection).await?;
        Ok(self.channels())
    }

    /// Reads everything of everybody. Gives the channels that have to be heard from now on.
    pub(super) async fn read_all(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<BTreeSet<String>> {
        self.told.clear();
        self.nodes_due.clear();
        let mut ask = redis::cmd("ZRANGE");
        ask.arg(self.common.keys.nodes()).arg(0).arg(-1);
        // Somebody else's value in its place is no list of nodes.
        let names: Vec<String> = ask.query_async(connection).await.or_else(is_ours_to_bear)?;
        let mut changes = Vec::new();
        for name in names {
            if name != self.common.node {
                self.read_node(connection, &name, &mut changes).await?;
            }
        }
        self.tell_nodes();
        self.apply(changes).await;
        self.due.extend(self.servers.keys().cloned());
        self.read_lists(connection).await?;
        Ok(self.channels())
    }

    fn channels(&self) -> BTreeSet<String> {
        self.servers.values().map(|base| keys::updates(base)).collect()
    }

    fn take_update(&mut self, name: String, update: OwnUpdate, changes: &mut Vec<Change>) {
        let known = self.nodes.get(&name).map(|node| node.seq);
        if known.is_none_or(|seq| update.seq != seq + 1) {
            // Something was missed, or it is new.
            self.nodes_due.insert(name.clone());
        }
        let node = self.nodes.entry(name).or_insert_with(Node::new);
        node.is_heard(update.seq);
        update.removed.iter().for_each(|field| _ = node.fields.remove(field));
        node.fields.extend(update.fields.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())));
        let fields = update.fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        self.take_fields(fields, changes);
        for field in update.removed {
            if !self.common.pending.owns_field(&field) {
                changes.extend(fields::gone(&field));
            }
        }
    }

    fn take_fields(&mut self, told: BTreeMap<String, Vec<u8>>, changes: &mut Vec<Change>) {
        for (name, value) in told {
            if self.common.pending.owns_field(&name) {
                continue;
            }
            match fields::read(&name, &value) {
                Some(NodeUpdate::Change(change)) => changes.push(change),
                Some(NodeUpdate::Server(status, base)) if self.common.keys.may_be_base(&status.name, &base) => {
                    if !self.common.pending.owns_server(&status.name) {
                        let mut bases = self.common.foreign_bases.lock().unwrap_or_else(PoisonError::into_inner);
                        bases.insert(status.name.clone(), base.clone());
                        drop(bases);
                        if self.servers.insert(status.name.clone(), base).is_none() {
                            self.due.insert(status.name.clone());
                        }
                        changes.push(Change::Server(status));
                    }
                }
                Some(NodeUpdate::Server(..)) | None => {}
            }
        }
    }

    async fn read_node(
        &mut self,
        connection: &mut MultiplexedConnection,
        name: &str,
        changes: &mut Vec<Change>,
    ) -> RedisResult<()> {
        let key = self.common.keys.node(name);
        let answer: RedisResult<BTreeMap<String, Vec<u8>>> =
            redis::cmd("HGETALL").arg(key).query_async(connection).await;
        let fields = answer.or_else(is_ours_to_bear)?;
        if fields.is_empty() {
            return Ok(());
        }
        let node = self.nodes.entry(name.to_owned()).or_insert_with(Node::new);
        let gone: Vec<String> = node.fields.keys().filter(|field| !fields.contains_key(*field)).cloned().collect();
        node.fields.clone_from(&fields);
        for field in gone {
            if !self.common.pending.owns_field(&field) {
                changes.extend(fields::gone(&field));
            }
        }
        self.take_fields(fields, changes);
        Ok(())
    }

    /// The lists of the servers that are due.
    async fn read_lists(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        for server in std::mem::take(&mut self.due) {
            let Some(base) = self.servers.get(&server) else { continue };
            if self.common.pending.owns_server(&server) {
                continue;
            }
            let answer: RedisResult<Value> = redis::cmd("GET").arg(keys::latest(base)).query_async(connection).await;
            let Some(list) = bytes(answer.or_else(is_ours_to_bear)?).and_then(|json| list(&server, &json)) else {
                continue;
            };
            let changes = self.differences(&server, list);
            self.apply(changes).await;
        }
        Ok(())
    }

    fn differences(&self, server: &str, list: Vec<StreamStatus>) -> Vec<Change> {
        let mut known = self.common.memory.streams(server);
        let mut changes = Vec::new();
        for status in list {
            if known.remove(&status.name).is_none_or(|known| *known != status) {
                changes.push(Change::Stream(Arc::new(status)));
            }
        }
        changes.extend(known.into_keys().map(|name| Change::StreamGone { server: server.to_owned(), name }));
        changes
    }

    async fn apply(&self, changes: Vec<Change>) {
        if !changes.is_empty()
            && let Err(error) = self.common.memory.apply(changes).await
        {
            log::error!("states of other processes were not taken: {error}");
        }
    }

    /// What a silent node has told is not known any more.
    pub(super) async fn judge_silence(&mut self) {
        let namesake = self.namesake.is_there(SILENT, Instant::now());
        self.common.health.namesake(namesake.then_some(&self.common.node));
        let mut changes = Vec::new();
        for (name, node) in &mut self.nodes {
            if node.is_silent || node.heard.elapsed() < SILENT {
                continue;
            }
            node.is_silent = true;
            log::warn!(node = name.as_str(); "the node {name} has been silent since {}", node.at.to_rfc3339());
            let reason = format!("the node {name}, which told of it, has been silent since {}", node.at.to_rfc3339());
            for (field, value) in &node.fields {
                if !self.common.pending.owns_field(field) {
                    changes.extend(silenced(fields::read(field, value), field, &reason, node.at, &self.common));
                }
            }
        }
        if !changes.is_empty() {
            self.tell_nodes();
        }
        self.apply(changes).await;
    }

    /// Tells this process which nodes there are.
    fn tell_nodes(&self) {
        let node = |(name, node): (&String, &Node)| {
            let about = node.fields.get(fields::ABOUT).and_then(|json| serde_json::from_slice(json).ok());
            let AboutNode { version, roles, started_at } = about.unwrap_or_default();
            let silent_since = node.is_silent.then_some(node.at);
            let owned = fields::owned(&mut node.fields.keys());
            LiveNode { name: name.clone(), silent_since, roles, version, started_at, ..owned }
        };
        let nodes = self.nodes.iter().map(node).collect();
        *self.common.others.lock().unwrap_or_else(PoisonError::into_inner) = nodes;
    }
}

impl Node {
    fn new() -> Self {
        Self { heard: Instant::now(), at: Utc::now(), seq: 0, is_silent: false, fields: BTreeMap::new() }
    }

    fn is_heard(&mut self, seq: u64) {
        (self.heard, self.at, self.seq, self.is_silent) = (Instant::now(), Utc::now(), seq, false);
    }
}

/// What becomes of a thing whose owner is silent.
fn silenced(told: Option<NodeUpdate>, field: &str, reason: &str, since: DateTime<Utc>, common: &Common) -> Vec<Change> {
    match told {
        Some(NodeUpdate::Server(status, _)) => {
            let streams = common.memory.streams(&status.name).into_values().map(|stream| {
                let reason = Some(reason.to_owned());
                let stream =
                    StreamStatus { state: StreamState::Unknown, since, reason, bitrate: None, ..(*stream).clone() };
                Change::Stream(Arc::new(stream))
            });
            let mut changes: Vec<Change> = streams.collect();
            let reason = Some(reason.to_owned());
            changes.push(Change::Server(ServerStatus { reachable: false, since, reason, ..status }));
            changes
        }
        Some(NodeUpdate::Change(Change::Camera(mut camera))) => {
            camera.state = CameraState::Waiting;
            (camera.since, camera.last_error, camera.next_start) = (since, Some(reason.to_owned()), None);
            vec![Change::Camera(camera)]
        }
        // Whoever watches hosts says that it is silent.
        Some(NodeUpdate::Change(Change::Host(_))) => Vec::new(),
        _ => fields::gone(field).into_iter().collect(),
    }
}

/// An error of one key is somebody else's value; one of the connection is ours to tell.
fn is_ours_to_bear<T: Default>(error: redis::RedisError) -> RedisResult<T> {
    match error.kind() {
        redis::ErrorKind::UnexpectedReturnType | redis::ErrorKind::Parse => Ok(T::default()),
        redis::ErrorKind::Extension if error.code() == Some("WRONGTYPE") => Ok(T::default()),
        _ => Err(error),
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    if let Value::BulkString(bytes) = value { Some(bytes) } else { None }
}

/// The streams of a list; what is not understood is left out. `None` for what is no list.
fn list(server: &str, json: &[u8]) -> Option<Vec<StreamStatus>> {
    let is_its = |status: &StreamStatus| status.server == server;
    if let Ok(list) = serde_json::from_slice::<Vec<StreamStatus>>(json) {
        return Some(list.into_iter().filter(is_its).collect());
    }
    let list: Vec<serde_json::Value> = serde_json::from_slice(json).ok()?;
    Some(list.into_iter().filter_map(|item| serde_json::from_value(item).ok()).filter(is_its).collect())
}
