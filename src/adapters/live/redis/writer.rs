//! Writes what this process owns: one round trip for each poll, however many paths it has.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use redis::aio::ConnectionManager;
use redis::{RedisError, RedisResult, Value};
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::Common;
use super::connect::Target;
use super::fields::ABOUT;
use super::host_samples::{self, HostIds};
use super::keys;
use super::pending::{Batch, ServerWaiting};
use super::round::{CommandSubject, Round};
use super::samples::WrittenPaths;
use crate::base::{ErrorKind, Result};
use crate::domain::name::StreamName;
use crate::domain::stream::StreamStatus;

/// A sign of life is given so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// States of a node without a sign of life are forgotten after so many seconds.
const NODE_EXPIRES: i64 = 60;
/// A list of streams that nobody renews is forgotten after so many seconds: longer than the longest interval.
const LATEST_EXPIRES: i64 = 180;
/// Between two tries, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// After so many answers that did not come the connection is given up: it may be dead, and nobody has said so.
const SILENT: u32 = 5;
/// A key that holds something else is tried again after this time.
const BLOCKED_MS: i64 = 60_000;
/// An entry so far in the future is nobody's clock that was set back.
const FUTURE_MS: i64 = 3_600_000;

/// Writes until it is dropped.
pub(super) struct Writer {
    common: Arc<Common>,
    target: Target,
    connection: Option<ConnectionManager>,
    /// By server.
    written: HashMap<String, WrittenPaths>,
    host_ids: HostIds,
    /// Number of the next message, by server; larger than those of an earlier run.
    seq: BTreeMap<String, u64>,
    /// Nothing has been written on this connection, or Redis has lost our states.
    is_fresh: bool,
    sign_due: Instant,
    silent: u32,
}

/// The message of one poll.
#[derive(Serialize)]
struct Update<'a> {
    seq: u64,
    ts: i64,
    server: &'a str,
    changed: Vec<&'a str>,
    removed: Vec<&'a str>,
}

/// The message of a node about what it owns.
#[derive(Serialize)]
struct OwnUpdate<'a> {
    node: &'a str,
    run: Uuid,
    seq: u64,
    ts: i64,
    fields: &'a BTreeMap<String, String>,
    removed: Vec<&'a str>,
}

impl Writer {
    pub(super) fn new(common: Arc<Common>, target: Target) -> Self {
        Self {
            common,
            target,
            connection: None,
            written: HashMap::new(),
            host_ids: HostIds::default(),
            seq: BTreeMap::new(),
            is_fresh: true,
            sign_due: Instant::now(),
            silent: 0,
        }
    }

    /// Writes what is told, for ever.
    pub(super) async fn run(mut self) {
        let common = Arc::clone(&self.common);
        common.pending.all_again();
        let mut delay = RETRY.0;
        loop {
            let batch = common.pending.take();
            if batch.is_empty() && Instant::now() < self.sign_due {
                tokio::select! {
                    () = common.pending.wait() => {}
                    () = sleep_until(self.sign_due) => {}
                }
                continue;
            }
            match self.write(&batch).await {
                Ok(()) => {
                    self.silent = 0;
                    delay = RETRY.0;
                    common.health.writing(None);
                }
                Err(error) => {
                    self.failed(batch, &error);
                    sleep(delay).await;
                    delay = (delay * 2).min(RETRY.1);
                }
            }
        }
    }

    fn failed(&mut self, batch: Batch, error: &crate::base::Error) {
        self.common.health.writing(Some(error.message().to_owned()));
        self.common.pending.put_back(batch);
        self.written.values_mut().for_each(WrittenPaths::all_failed);
        self.is_fresh = true;
        self.silent = if error.kind() == ErrorKind::Timeout { self.silent + 1 } else { 0 };
        if self.silent >= SILENT {
            (self.silent, self.connection) = (0, None);
        }
    }

    /// Everything in one round trip.
    async fn write(&mut self, batch: &Batch) -> Result<()> {
        let mut round = Round::default();
        let is_first = std::mem::take(&mut self.is_fresh);
        if is_first {
            // As a whole: what an earlier run has left is none of ours.
            let batch = self.common.pending.everything(batch);
            round.add(CommandSubject::Own, 64, redis::cmd("DEL").arg(self.common.keys.node(&self.common.node)).clone());
            self.add(&mut round, &batch, true);
        } else {
            self.add(&mut round, batch, false);
        }
        self.send(round).await
    }

    fn add(&mut self, round: &mut Round, batch: &Batch, is_first: bool) {
        for (server, waiting) in &batch.servers {
            self.server(round, server, waiting);
        }
        self.hosts(round, batch);
        self.own(round, batch, is_first);
    }

    /// The histories of hosts.
    fn hosts(&mut self, round: &mut Round, batch: &Batch) {
        let kept = self.common.history;
        for status in &batch.hosts {
            let fields = host_samples::fields(status);
            let at = status.at.timestamp_millis();
            let oldest = at - i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
            // An entry without a field is none.
            if !fields.is_empty() {
                let id = self.host_ids.next(&status.name, at);
                round.host(&status.name, self.common.keys.host(&status.name), id, &fields, oldest, kept);
            }
        }
    }

    /// History, list and message of one server, in this order: who hears of a change can read it.
    fn server(&mut self, round: &mut Round, server: &str, waiting: &ServerWaiting) {
        let base = self.common.keys.base(server);
        let streams = self.common.memory.streams(server);
        if waiting.is_new {
            self.written.remove(server);
        }
        let written = self.written.entry(server.to_owned()).or_default();
        waiting.removed.iter().for_each(|name| written.forget(name));
        if waiting.has_gap {
            written.all_failed();
        }
        for (status, sample) in waiting.polls.iter().flatten() {
            let name = &status.name;
            let oldest =
                sample.at.timestamp_millis() - i64::try_from(self.common.history.as_millis()).unwrap_or(i64::MAX);
            for entry in written.entries(status, sample) {
                round.history(server, &base, name, &entry, oldest, self.common.history);
            }
        }
        let list: Vec<&StreamStatus> = streams.values().map(AsRef::as_ref).collect();
        let json = serde_json::to_vec(&list).unwrap_or_default();
        let size = json.len();
        let mut set = redis::cmd("SET");
        set.arg(keys::latest(&base)).arg(json).arg("EX").arg(LATEST_EXPIRES);
        round.add(CommandSubject::Own, size, set);
        let ts = Utc::now().timestamp_millis();
        let update = Update {
            seq: self.next_seq(server),
            ts,
            server,
            changed: sorted(&waiting.changed),
            removed: sorted(&waiting.removed),
        };
        let json = serde_json::to_vec(&update).unwrap_or_default();
        let size = json.len();
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(keys::updates(&base)).arg(json);
        round.add(CommandSubject::Own, size, publish);
    }

    /// What this node tells of itself; at first, and from time to time, with a sign of life.
    fn own(&mut self, round: &mut Round, batch: &Batch, is_first: bool) {
        let common = Arc::clone(&self.common);
        let key = common.keys.node(&common.node);
        let mut fields = batch.fields.clone();
        let expire = || redis::cmd("EXPIRE").arg(&key).arg(NODE_EXPIRES).clone();
        if is_first || Instant::now() >= self.sign_due {
            self.sign_due = Instant::now() + SIGN_OF_LIFE;
            fields.insert(ABOUT.to_owned(), common.about());
            let mut sign = redis::cmd("ZADD");
            sign.arg(common.keys.nodes()).arg(Utc::now().timestamp_millis()).arg(&common.node);
            round.add(CommandSubject::Key(common.keys.nodes()), 64, sign);
            if !is_first {
                round.add(CommandSubject::Expiry, 64, expire());
            }
        }
        let removed: Vec<&str> = batch.removed.iter().map(String::as_str).collect();
        if !removed.is_empty() {
            round.add(CommandSubject::Own, removed.len() * 32, redis::cmd("HDEL").arg(&key).arg(&removed).clone());
        }
        if fields.is_empty() && removed.is_empty() {
            return;
        }
        if !fields.is_empty() {
            let mut hset = redis::cmd("HSET");
            hset.arg(&key);
            for (name, value) in &fields {
                hset.arg(name).arg(value);
            }
            round.add(CommandSubject::Own, fields.values().map(String::len).sum(), hset);
        }
        if is_first {
            round.add(CommandSubject::Own, 64, expire());
        }
        let (seq, ts) = (self.next_seq(""), Utc::now().timestamp_millis());
        let update = OwnUpdate { node: &common.node, run: common.run, seq, ts, fields: &fields, removed };
        let json = serde_json::to_vec(&update).unwrap_or_default();
        let size = json.len();
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(common.keys.own_updates()).arg(json);
        round.add(CommandSubject::Own, size, publish);
    }

    fn next_seq(&mut self, server: &str) -> u64 {
        let first = || u64::try_from(Utc::now().timestamp_millis()).unwrap_or(0);
        let seq = self.seq.entry(server.to_owned()).or_insert_with(first);
        *seq += 1;
        *seq
    }

    /// One round trip for each chunk. An error of one path is that path's; any other is everybody's, behind all the rest.
    async fn send(&mut self, round: Round) -> Result<()> {
        let mut fault = None;
        for (pipeline, abouts) in round.chunks() {
            let connection = match &mut self.connection {
                Some(connection) => connection,
                none => none.insert(self.target.commands()?),
            };
            let answers: RedisResult<Vec<RedisResult<Value>>> = pipeline.query_async(connection).await;
            let answers = answers.map_err(|error| {
                if !error.is_timeout() {
                    // It would remember a refused login for ever.
                    self.connection = None;
                }
                self.target.error(&error)
            })?;
            for (answer, about) in answers.into_iter().zip(abouts) {
                match (answer, about) {
                    (Ok(Value::Int(0)), CommandSubject::Expiry) => self.is_fresh = true,
                    (Ok(_), _) => {}
                    (Err(error), CommandSubject::History { server, name, key }) => {
                        let error = self.history_failed(&server, &name, &key, error).await;
                        fault = fault.or(error);
                    }
                    (Err(error), CommandSubject::Host { name, key }) => {
                        let error = self.host_failed(&name, &key, &error).await;
                        fault = fault.or(error);
                    }
                    (Err(error), CommandSubject::Key(key)) if error.code() == Some("WRONGTYPE") => {
                        self.common.health.key(&key, Some("holds something that is not ours"));
                    }
                    (Err(error), _) => fault = Some(self.target.error(&error)),
                }
            }
        }
        if fault.is_none() && self.common.health.has_keys() {
            self.look_at_keys().await;
        }
        fault.map_or(Ok(()), Err)
    }

    /// What an entry that was refused means; an error when it is not this path's alone.
    async fn history_failed(
        &mut self,
        server: &str,
        name: &StreamName,
        key: &str,
        error: RedisError,
    ) -> Option<crate::base::Error> {
        let text = error.detail().unwrap_or_default().to_owned();
        let now = Utc::now().timestamp_millis();
        let written = self.written.entry(server.to_owned()).or_default();
        written.failed(name);
        if error.code() == Some("WRONGTYPE") {
            written.block(name, now + BLOCKED_MS);
            self.common.health.key(key, Some("holds something that is no stream"));
            return None;
        }
        if !text.contains("equal or smaller") {
            return Some(self.target.error(&error));
        }
        let last = match &mut self.connection {
            Some(connection) => last_id(connection, key).await,
            None => None,
        };
        let written = self.written.entry(server.to_owned()).or_default();
        match last {
            Some(last) if last.0 <= now + FUTURE_MS => written.behind(name, last),
            _ => {
                written.block(name, now + BLOCKED_MS);
                self.common.health.key(key, Some("holds an entry of the future"));
            }
        }
        None
    }

    /// What a measurement that was refused means; an error when it is not this host's alone.
    async fn host_failed(&mut self, name: &str, key: &str, error: &RedisError) -> Option<crate::base::Error> {
        if error.code() == Some("WRONGTYPE") {
            self.common.health.key(key, Some("holds something that is no stream"));
            return None;
        }
        if !error.detail().unwrap_or_default().contains("equal or smaller") {
            return Some(self.target.error(error));
        }
        let last = match &mut self.connection {
            Some(connection) => last_id(connection, key).await,
            None => None,
        };
        match last {
            Some(last) if last.0 <= Utc::now().timestamp_millis() + FUTURE_MS => self.host_ids.behind(name, last),
            _ => self.common.health.key(key, Some("holds an entry of the future")),
        }
        None
    }

    /// Whether keys that held something else are well by now.
    async fn look_at_keys(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        for key in self.common.health.keys() {
            let kind: RedisResult<String> = redis::cmd("TYPE").arg(&key).query_async(connection).await;
            // A history is never a sorted set, and the list of nodes never a stream.
            let is_ours = match kind.as_deref() {
                Ok("none" | "zset") => true,
                Ok("stream") => {
                    let last = last_id(connection, &key).await;
                    last.is_none_or(|last| last.0 <= Utc::now().timestamp_millis() + FUTURE_MS)
                }
                _ => false,
            };
            if is_ours {
                self.common.health.key(&key, None);
                self.written.values_mut().for_each(WrittenPaths::unblock);
            }
        }
    }
}

/// Id of the last entry of a stream.
async fn last_id(connection: &mut ConnectionManager, key: &str) -> Option<(i64, u64)> {
    let mut ask = redis::cmd("XREVRANGE");
    ask.arg(key).arg("+").arg("-").arg("COUNT").arg(1);
    let answer: Vec<(String, Value)> = ask.query_async(connection).await.ok()?;
    let (ms, number) = answer.first()?.0.split_once('-')?;
    Some((ms.parse().ok()?, number.parse().ok()?))
}

fn sorted(names: &std::collections::HashSet<StreamName>) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(StreamName::as_str).collect();
    names.sort_unstable();
    names
}
