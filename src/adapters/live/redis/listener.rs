//! Hears what other processes publish, and brings it into this process's memory.
//!
//! A connection of its own, made anew without end. Messages only say what has changed; values are read. After each
//! connection, and whenever messages were dropped, everything is read again: what was said meanwhile is lost (Pub/Sub).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Msg, PushInfo, PushKind, RedisError};
use tokio::time::{Instant, sleep, sleep_until};

use super::Common;
use super::connect::{SubscriberConnection, Target};
use super::foreign::Foreign;
use super::keys;
use crate::base::{Error, Result};

/// A connection that is silent is asked whether it lives, so often. The sign of life of any node comes as often.
const PING: Duration = Duration::from_secs(5);
/// Between two tries, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// Listens until it is dropped.
pub(super) struct RedisListener {
    common: Arc<Common>,
    target: Target,
    foreign: Foreign,
    /// Channels that this connection hears.
    channels: BTreeSet<String>,
}

impl RedisListener {
    pub(super) fn new(common: Arc<Common>, target: Target) -> Self {
        let foreign = Foreign::new(Arc::clone(&common));
        Self { common, target, foreign, channels: BTreeSet::new() }
    }

    /// Listens, for ever.
    pub(super) async fn run(mut self) {
        let mut delay = RETRY.0;
        loop {
            let begun = Instant::now();
            let Err(error) = self.listen().await;
            self.common.health.listening(Some(error.message().to_owned()));
            if begun.elapsed() > PING {
                delay = RETRY.0;
            }
            let again = sleep(delay);
            self.foreign.judge_silence().await;
            again.await;
            delay = (delay * 2).min(RETRY.1);
        }
    }

    /// One connection's life.
    async fn listen(&mut self) -> Result<std::convert::Infallible> {
        let SubscriberConnection { mut connection, mut pushed, missed } = self.target.subscription().await?;
        self.channels.clear();
        let mut wanted: BTreeSet<String> = self.common.keys.bases().map(|(_, base)| keys::updates(base)).collect();
        let Common { keys, node, .. } = &*self.common;
        wanted.extend([keys.own_updates(), keys.commands(node), keys.answers(node)]);
        self.subscribe(&mut connection, wanted).await?;
        // Subscribed first and read second: what changes between the two is read twice.
        self.read_all(&mut connection).await?;
        self.common.health.listening(None);
        let mut ping_due = Instant::now() + PING;
        loop {
            tokio::select! {
                info = pushed.recv() => {
                    let mut next = info;
                    while let Some(info) = next {
                        self.take(info)?;
                        next = pushed.try_recv().ok();
                    }
                }
                () = self.common.reread.notified() => missed.store(true, Ordering::Release),
                () = sleep_until(ping_due) => {
                    let pong: redis::RedisResult<()> = redis::cmd("PING").query_async(&mut connection).await;
                    pong.map_err(|error| self.target.error(&error))?;
                    ping_due = Instant::now() + PING;
                    self.foreign.judge_silence().await;
                }
            }
            if missed.swap(false, Ordering::AcqRel) {
                log::debug!("messages of Redis were missed, reading everything again");
                self.read_all(&mut connection).await?;
            }
            let channels = self.foreign.catch_up(&mut connection).await.map_err(|error| self.target.error(&error))?;
            self.subscribe(&mut connection, channels).await?;
        }
    }

    async fn read_all(&mut self, connection: &mut MultiplexedConnection) -> Result<()> {
        let channels = self.foreign.read_all(connection).await.map_err(|error| self.target.error(&error))?;
        self.subscribe(connection, channels).await
    }

    async fn subscribe(&mut self, connection: &mut MultiplexedConnection, channels: BTreeSet<String>) -> Result<()> {
        for channel in channels {
            if !self.channels.contains(&channel) {
                connection.subscribe(&channel).await.map_err(|error| self.refused(&channel, &error))?;
                self.channels.insert(channel);
            }
        }
        Ok(())
    }

    fn refused(&self, channel: &str, error: &RedisError) -> Error {
        let error = self.target.error(error);
        Error::new(error.kind(), format!("subscribing to {channel}: {}", error.message()))
    }

    fn take(&mut self, info: PushInfo) -> Result<()> {
        if info.kind == PushKind::Disconnection {
            return Err(Error::unavailable(format!("{} closed the connection", self.target.shown)));
        }
        if let Some(message) = Msg::from_push_info(info) {
            self.foreign.note(message.get_channel_name(), message.get_payload_bytes());
        }
        Ok(())
    }
}
