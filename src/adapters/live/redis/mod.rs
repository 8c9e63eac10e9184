//! The live store that other programs and other processes of ours read: this process's memory, and a Redis behind it.
//!
//! What this process owns is kept in its memory first and written to Redis behind ([`writer`]), so that a Redis that is away,
//! slow or full stops nobody here. What other processes own is heard from Redis ([`listener`]) and merged into the memory
//! ([`foreign`]). Readers of this process read the memory; the history before its time is read from Redis. README.md has the
//! keys.

mod claims;
mod commands;
mod connect;
mod entry_fields;
mod fields;
mod foreign;
mod health;
mod host_samples;
pub mod inspect;
mod keys;
mod listener;
mod namesake;
mod pending;
mod read_samples;
mod round;
mod samples;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::aio::ConnectionManager;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use uuid::Uuid;

use self::claims::{Claimed, Holder, ProcessClaims};
use self::commands::{Exchange, answer_command, send_command};
use self::connect::Target;
use self::health::HealthReporter;
pub use self::health::RedisHealth;
use self::keys::Keys;
use self::listener::RedisListener;
use self::pending::{Pending, told};
use self::read_samples::StreamEntryFields;
use self::writer::Writer;
use super::memory::MemoryLiveStore;
use super::{Change, Latest, LiveChanges, LiveNode, LiveStore, NodeCommand};
use crate::base::Result;
use crate::config::settings::RedisSettings;
use crate::domain::camera::CameraStatus;
use crate::domain::duty::WorkClaim;
use crate::domain::history::Reading;
use crate::domain::name::StreamName;
use crate::domain::stream::{Sample, StreamStatus};

/// This process's memory keeps samples for so long; what is older is read from Redis.
const OWN_HISTORY: Duration = Duration::from_secs(30 * 60);

/// A claim that is not answered in this time is not waited for: the poll is due.
const CLAIM: Duration = Duration::from_millis(500);

/// Who this process is, for others.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    /// Its name, unique among those that share the prefix.
    pub node: String,
    /// Its roles, by their words.
    pub roles: Vec<String>,
    /// Names of its media servers, the first one first.
    pub servers: Vec<String>,
}

/// A live store in memory, with a Redis behind it.
pub struct RedisLiveStore {
    common: Arc<Common>,
    target: Target,
    /// For history and claims: nobody waits there for a poll that is being written.
    reader: Mutex<ConnectionManager>,
    claims: ProcessClaims,
}

/// What the parts share.
struct Common {
    memory: MemoryLiveStore,
    keys: Keys,
    pending: Pending,
    health: HealthReporter,
    node: String,
    roles: Vec<String>,
    run: Uuid,
    started_at: DateTime<Utc>,
    /// How long samples are kept.
    history: Duration,
    /// Beginnings of the keys of servers that others poll, as they tell it.
    foreign_bases: Mutex<BTreeMap<String, String>>,
    /// What others own has to be read again.
    reread: Notify,
    /// Other nodes, as last heard of.
    others: Mutex<Vec<LiveNode>>,
    /// Commands of other nodes, and answers to ours.
    exchange: Exchange,
}

impl Common {
    /// Beginning of a server's keys, whoever polls it.
    fn base(&self, server: &str) -> String {
        let bases = self.foreign_bases.lock().unwrap_or_else(PoisonError::into_inner);
        bases.get(server).cloned().unwrap_or_else(|| self.keys.base(server))
    }

    /// All nodes, by name.
    fn nodes(&self) -> Vec<LiveNode> {
        let own = LiveNode {
            name: self.node.clone(),
            is_this: true,
            roles: self.roles.clone(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            started_at: Some(self.started_at),
            ..self.pending.with_own(fields::owned)
        };
        let mut nodes = self.others.lock().unwrap_or_else(PoisonError::into_inner).clone();
        nodes.push(own);
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        nodes
    }

    /// What is told of this node.
    fn about(&self) -> String {
        serde_json::json!({
            "node": self.node,
            "run": self.run,
            "version": env!("CARGO_PKG_VERSION"),
            "roles": self.roles,
            "startedAt": self.started_at,
            "at": Utc::now(),
        })
        .to_string()
    }
}

impl RedisLiveStore {
    /// Opens nothing yet: [`write`](Self::write) and [`listen`](Self::listen) do. Samples are kept for `history`.
    ///
    /// # Errors
    /// `Invalid` for settings that cannot be used.
    pub fn new(settings: &RedisSettings, facts: NodeFacts, history: Duration) -> Result<Self> {
        let target = Target::of(settings)?;
        let common = Common {
            memory: MemoryLiveStore::new(history.min(OWN_HISTORY)),
            keys: Keys::new(&settings.prefix, &facts.servers),
            pending: Pending::default(),
            health: HealthReporter::default(),
            node: facts.node,
            roles: facts.roles,
            run: Uuid::new_v4(),
            started_at: Utc::now(),
            history,
            foreign_bases: Mutex::default(),
            reread: Notify::new(),
            others: Mutex::default(),
            exchange: Exchange::default(),
        };
        let reader = Mutex::new(target.commands()?);
        Ok(Self { common: Arc::new(common), target, reader, claims: ProcessClaims::default() })
    }

    /// Writes to Redis what this process owns; runs until it is dropped. One of them at a time.
    pub fn write(&self) -> impl Future<Output = ()> + Send + use<> {
        Writer::new(Arc::clone(&self.common), self.target.clone()).run()
    }

    /// Listens to what other processes own; runs until it is dropped. One of them at a time.
    pub fn listen(&self) -> impl Future<Output = ()> + Send + use<> {
        RedisListener::new(Arc::clone(&self.common), self.target.clone()).run()
    }

    /// How it stands with Redis, now and from now on.
    pub fn health(&self) -> watch::Receiver<RedisHealth> {
        self.common.health.subscribe()
    }

    /// The next command that another node gives to this one.
    pub async fn next_command(&self) -> NodeCommand {
        self.common.exchange.next().await
    }

    /// Answers a command. Where Redis is away the other node waits for its time.
    pub async fn answer(&self, to: &NodeCommand, result: Result<String>) {
        if let Err(error) = answer_command(&self.common, &mut self.reader(), to, result).await {
            self.note(&error);
            log::warn!(node = to.from.as_str(); "answer to a command failed: {}", self.target.error(&error));
        }
    }

    fn reader(&self) -> ConnectionManager {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection that failed would remember a refused login for ever.
    fn note(&self, error: &redis::RedisError) {
        if !error.is_timeout()
            && matches!(error.kind(), redis::ErrorKind::AuthenticationFailed | redis::ErrorKind::Client)
            && let Ok(fresh) = self.target.commands()
        {
            *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    /// Who has this now, claimed where nobody has, or why Redis refuses to say so; `None` where it does not answer.
    async fn holder(&self, claimed: &Claimed, interval: Duration) -> Option<std::result::Result<Holder, String>> {
        if self.common.health.now().is_writing_failed() {
            return None;
        }
        let mut connection = self.reader();
        let asked = timeout(CLAIM, self.claims.ask(&self.common, &mut connection, claimed, interval)).await.ok()?;
        let asked = asked.map_err(|error| {
            self.note(&error);
            self.target.error(&error).to_string()
        });
        self.common.health.claiming(claimed.what(), asked.as_ref().err());
        Some(asked)
    }

    async fn claim_of(&self, claimed: &Claimed, interval: Duration) -> WorkClaim {
        match self.holder(claimed, interval).await {
            Some(Ok(Holder::Us)) => WorkClaim::Ours,
            Some(Ok(Holder::Node(name))) => WorkClaim::Others(name),
            Some(Err(_)) | None => WorkClaim::Unknown,
        }
    }

    async fn earlier(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> redis::RedisResult<Vec<Sample>> {
        let key = keys::history(&self.common.base(server), name);
        let begin = from.checked_sub_signed(read_samples::BEFORE).unwrap_or(from);
        let entries = self.entries(&key, begin, to).await?;
        let mut samples = read_samples::read(&entries);
        samples.retain(|sample| sample.at >= from);
        Ok(samples)
    }

    /// The entries of a stream between two times.
    async fn entries(
        &self,
        key: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> redis::RedisResult<Vec<StreamEntryFields>> {
        let mut ask = redis::cmd("XRANGE");
        ask.arg(key).arg(from.timestamp_millis().max(0)).arg(to.timestamp_millis().max(0));
        ask.query_async(&mut self.reader()).await.inspect_err(|error| self.note(error))
    }
}

#[async_trait]
impl LiveStore for RedisLiveStore {
    async fn apply(&self, changes: Vec<Change>) -> Result<()> {
        let told = told(&changes, &self.common.keys);
        self.common.memory.apply(changes).await?;
        self.common.pending.tell(told, None);
        Ok(())
    }

    async fn read(&self) -> Result<Latest> {
        self.common.memory.read().await
    }

    async fn stream(&self, server: Option<&str>, name: &StreamName) -> Result<Option<Arc<StreamStatus>>> {
        self.common.memory.stream(server, name).await
    }

    async fn cameras(&self) -> Result<Vec<CameraStatus>> {
        self.common.memory.cameras().await
    }

    async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        self.apply_poll(server, Vec::new(), samples).await
    }

    async fn apply_poll(&self, server: &str, changes: Vec<Change>, samples: Vec<(StreamName, Sample)>) -> Result<()> {
        let told = told(&changes, &self.common.keys);
        self.common.memory.apply(changes).await?;
        let streams = self.common.memory.streams(server);
        let poll =
            samples.iter().filter_map(|(name, sample)| Some((Arc::clone(streams.get(name)?), *sample))).collect();
        self.common.memory.record_samples(server, samples).await?;
        self.common.pending.tell(told, Some((server, poll)));
        Ok(())
    }

    async fn history(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Sample>> {
        let own = self.common.memory.history(server, name, from, to).await?;
        let known_from = self.common.memory.history_begins(server, name).unwrap_or(to);
        if known_from <= from {
            return Ok(own);
        }
        let until = known_from.min(to);
        match self.earlier(server, name, from, until).await {
            Ok(mut earlier) => {
                earlier.retain(|sample| sample.at < known_from || own.is_empty());
                earlier.extend(own);
                Ok(earlier)
            }
            // What is known here is better than nothing; `fault` says that Redis is away.
            Err(error) => {
                log::debug!("history before this process's memory: {}", self.target.error(&error));
                Ok(own)
            }
        }
    }

    async fn host_history(&self, host: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Reading>> {
        let own = self.common.memory.host_history(host, from, to).await?;
        let known_from = self.common.memory.readings_begin(host).unwrap_or(to);
        if known_from <= from {
            return Ok(own);
        }
        match self.entries(&self.common.keys.host(host), from, known_from.min(to)).await {
            Ok(entries) => {
                let earlier = host_samples::read(&entries).into_iter();
                let earlier = earlier.filter(|one| one.second < known_from.timestamp() || own.is_empty());
                Ok(earlier.chain(own.iter().cloned()).collect())
            }
            Err(error) => {
                log::debug!("measurements before this process's memory: {}", self.target.error(&error));
                Ok(own)
            }
        }
    }

    async fn subscribe(&self) -> Result<LiveChanges> {
        self.common.memory.subscribe().await
    }

    async fn claim(&self, server: &str, interval: Duration) -> WorkClaim {
        let claim = self.claim_of(&Claimed::server(&self.common.keys, server), interval).await;
        if matches!(claim, WorkClaim::Others(_)) && self.common.pending.disown(server) {
            self.common.memory.forget_history(server);
            self.common.reread.notify_one();
        }
        claim
    }

    async fn claim_work(&self, work: &str, interval: Duration) -> WorkClaim {
        self.claim_of(&Claimed::work(&self.common.keys, work), interval).await
    }

    fn nodes(&self) -> Vec<LiveNode> {
        self.common.nodes()
    }

    async fn command(&self, node: &str, command: String, limit: Duration) -> Result<String> {
        send_command(&self.common, &mut self.reader(), &self.target, node, command, limit).await
    }

    fn kept_in(&self) -> String {
        self.target.shown.clone()
    }

    fn fault(&self) -> Option<String> {
        self.common.health.now().fault()
    }
}
