//! A monitor with its store over one media server.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use futures_util::{FutureExt, StreamExt};
use secrecy::SecretString;
use streamwarden::actors::incidents::IncidentsHandle;
use streamwarden::actors::monitor::{Monitor, Watched};
use streamwarden::actors::supervision::Stop;
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::adapters::live::{LiveChanges, SharedLive};
use streamwarden::adapters::mediamtx::MediaMtx;
use streamwarden::config::settings::{ApiTrust, ServerSettings};
use streamwarden::domain::stream::{ServerStatus, StreamStatus};
use tokio::time::timeout;
use url::Url;

use crate::support::wait::TIMEOUT;

/// Shorter than the default of 2 s: a stall takes 3.5 s whatever the interval.
pub const INTERVAL: Duration = Duration::from_millis(500);

/// A running monitor and what it tells.
pub struct Harness {
    monitor: Addr<Monitor>,
    live: SharedLive,
    told: LiveChanges,
}

impl Harness {
    /// Watches the API at `api_url`, as server `main`.
    pub fn watching(api_url: Url, login: Option<(&str, &str)>) -> Self {
        let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(600)));
        let told = live.subscribe().now_or_never().expect("at once").expect("subscribed");
        let settings = ServerSettings {
            name: "main".into(),
            api_url,
            rtsp_url: Url::parse("rtsp://127.0.0.1:8554").expect("a url"),
            hls_url: None,
            webrtc_url: None,
            api_username: login.map(|(user, _)| user.to_owned()),
            api_password: login.map(|(_, password)| SecretString::from(password)),
            api_trust: ApiTrust::Machine,
            rtsp_trust: ApiTrust::Machine,
            publish_username: None,
            publish_password: None,
        };
        let client = Arc::new(MediaMtx::new(&settings).expect("a client"));
        let watched = Watched { name: settings.name, client, rtsp_url: settings.rtsp_url, readers_gone: false };
        let monitor = Monitor::new(vec![watched], Arc::clone(&live), INTERVAL, IncidentsHandle::default()).start();
        Self { monitor, live, told }
    }

    /// Waits for a stream to be as wanted, and tells how it then is.
    pub async fn stream(&mut self, name: &str, wanted: impl Fn(&StreamStatus) -> bool) -> StreamStatus {
        let mut last = None;
        let found = timeout(TIMEOUT, async {
            loop {
                let streams = self.live.latest().await.expect("the store lives").streams;
                last = streams.into_iter().find(|status| status.name.as_str() == name);
                if let Some(status) = last.clone().filter(&wanted) {
                    return status;
                }
                self.told.next().await.expect("the store lives");
            }
        });
        match found.await {
            Ok(status) => status,
            Err(_) => panic!("{name} never became as wanted: {last:?}"),
        }
    }

    /// Waits for the server to be as wanted.
    pub async fn server(&mut self, wanted: impl Fn(&ServerStatus) -> bool) -> ServerStatus {
        let mut last = None;
        let found = timeout(TIMEOUT, async {
            loop {
                let servers = self.live.latest().await.expect("the store lives").servers;
                last = servers.into_iter().find(|status| status.name == "main");
                if let Some(status) = last.clone().filter(&wanted) {
                    return status;
                }
                self.told.next().await.expect("the store lives");
            }
        });
        match found.await {
            Ok(status) => status,
            Err(_) => panic!("the server never became as wanted: {last:?}"),
        }
    }

    pub async fn stop(self) {
        let report = self.monitor.send(Stop::within(Duration::from_secs(5))).await.expect("an answer");
        assert!(report.late.is_empty(), "{report:?}");
    }
}
