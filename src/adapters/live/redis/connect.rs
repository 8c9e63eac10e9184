//! Connections to a Redis, and its errors in words.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ErrorKind, ProtocolVersion, PushInfo, RedisError, ServerErrorKind,
    TlsCertificates,
};
use secrecy::ExposeSecret;
use tokio::sync::mpsc;

use crate::base::{self, Error, Result, redact};
use crate::config::settings::RedisSettings;
use crate::config::{redis_url, small_file};

/// An answer that takes longer is none.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// A connection that takes longer comes not about.
const CONNECT: Duration = Duration::from_secs(2);
/// Messages that a subscriber may be behind; one that is further behind reads everything again.
const BEHIND: usize = 1_024;

/// A Redis, and how to reach it.
#[derive(Clone)]
pub(super) struct Target {
    client: Client,
    /// The same with the protocol that has pushed messages.
    subscriber: Client,
    /// Without the password.
    pub(super) shown: String,
}

/// What a subscriber's connection brings.
pub(super) struct SubscriberConnection {
    pub(super) connection: MultiplexedConnection,
    pub(super) pushed: mpsc::Receiver<PushInfo>,
    /// Messages were dropped because too many waited.
    pub(super) missed: Arc<AtomicBool>,
}

impl Target {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// `Invalid` for a URL or a file that cannot be used.
    pub(super) fn of(settings: &RedisSettings) -> Result<Self> {
        let url = settings.url.expose_secret();
        let info = redis_url::parse(url)
            .map_err(|wrong| Error::invalid("live.redis_url", format!("{}; {}", wrong.fault, wrong.remedy)))?;
        let redis = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(redis.clone());
        let pushing = info.clone().set_redis_settings(redis.set_protocol(ProtocolVersion::RESP3));
        // Whoever calls first decides; it is the one that the whole program has.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ca_file = settings.ca_file.as_deref();
        let shown = redis_url::shown(url);
        Ok(Self { client: client(info, ca_file)?, subscriber: client(pushing, ca_file)?, shown })
    }

    /// For commands; connects with the first of them, and again after an error.
    pub(super) fn commands(&self) -> Result<ConnectionManager> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(200))
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        ConnectionManager::new_lazy_with_config(self.client.clone(), config).map_err(|error| self.error(&error))
    }

    /// One for messages, connected.
    pub(super) async fn subscription(&self) -> Result<SubscriberConnection> {
        let (sender, pushed) = mpsc::channel(BEHIND);
        let missed = Arc::new(AtomicBool::new(false));
        let full = Arc::clone(&missed);
        let push = move |info: PushInfo| {
            if sender.try_send(info).is_err() {
                full.store(true, Ordering::Release);
            }
            Ok::<(), ()>(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_push_sender(push);
        let connection = self.subscriber.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connection.map_err(|error| self.error(&error))?;
        Ok(SubscriberConnection { connection, pushed, missed })
    }

    /// An error in a sentence with the remedy, where there is one.
    pub(super) fn error(&self, error: &RedisError) -> Error {
        let shown = &self.shown;
        let unavailable = |text: String| Error::unavailable(text);
        if error.is_timeout() {
            return Error::new(
                base::ErrorKind::Timeout,
                format!(
                    "{shown}: timeout, no answer in {} s; check the network and whether Redis hangs there",
                    ANSWER.as_secs()
                ),
            );
        }
        match error.kind() {
            ErrorKind::AuthenticationFailed => {
                unavailable(format!("{shown} refuses the login; correct user and password in live.redis_url"))
            }
            ErrorKind::RESP3NotSupported => unavailable(format!("{shown} is too old; Redis 6.2 or later is needed")),
            ErrorKind::Io => {
                let why = redact::text(&error.to_string());
                unavailable(format!("{shown} unreachable: {why}; start Redis there, or correct live.redis_url"))
            }
            ErrorKind::Server(kind) => unavailable(format!("{shown}: {}", self.server_words(kind, error))),
            _ => unavailable(format!("{shown}: {}", words(error))),
        }
    }

    fn server_words(&self, kind: ServerErrorKind, error: &RedisError) -> String {
        let what = match kind {
            ServerErrorKind::BusyLoading => "it is loading its data",
            ServerErrorKind::ReadOnly => "it is a read-only replica; name the primary in live.redis_url",
            ServerErrorKind::Moved | ServerErrorKind::CrossSlot | ServerErrorKind::ClusterDown => {
                "it is a cluster; a single Redis is needed"
            }
            ServerErrorKind::NoPerm => "the user lacks rights: `streamwarden check` names them",
            _ => return words(error),
        };
        what.to_owned()
    }
}

/// Code and text as the server gives them.
fn words(error: &RedisError) -> String {
    let text = match (error.code(), error.detail()) {
        (Some("OOM"), _) => "its maxmemory is reached; raise it, or let it evict (maxmemory-policy)".to_owned(),
        (Some("NOAUTH" | "WRONGPASS"), _) => "it refuses the login; correct user and password in live.redis_url".into(),
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    };
    redact::text(&text).chars().take(200).collect()
}

fn client(info: ConnectionInfo, ca_file: Option<&Path>) -> Result<Client> {
    let made = match ca_file {
        None => Client::open(info),
        Some(file) => {
            let pem = small_file::read(file).map_err(|error| {
                Error::invalid("live.redis_ca_file", format!("{}: {error}", file.display())).with_source(error)
            })?;
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(pem) })
        }
    };
    made.map_err(|error| {
        let field = if ca_file.is_some() { "live.redis_ca_file" } else { "live.redis_url" };
        Error::invalid(field, redact::text(&error.to_string()))
    })
}
