//! Vimeo, API 3.4. Live events need an Enterprise plan there; the token needs the scopes `public`, `private` and `stats`.
//!
//! One look is one request for the list of events (or one for each that is named), one for the ingest status of each event that has a video
//! and is not over, and one for its viewers while it streams. What cannot change any more (the ingest of a video that has ended), and what the
//! account does not give (viewers), is not asked for again.

mod vimeo_client;
mod vimeo_wire;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use tokio::time::Instant;

use super::platform::{Platform, TokenFacts};
use crate::base::Result;
use crate::config::settings::PlatformSettings;
use crate::domain::platform::{EventPhase, IngestPhase, LiveEvent, PlatformFault, PlatformFaultKind, PlatformReport};
use vimeo_client::VimeoClient;
use vimeo_wire::{FoundEvent, MOST_EVENTS};

/// What a token needs.
const SCOPES: [&str; 3] = ["public", "private", "stats"];
/// What is read of an event; stream keys are not among it.
const EVENT_FIELDS: &str = "uri,title,status,next_occurrence_time,completed_on,streamable_clip.uri,\
                            metadata.connections.live_video,metadata.connections.pre_live_video";
/// An account that gives no viewers is asked for them again after this time.
const NO_VIEWERS_FOR: Duration = Duration::from_secs(3_600);
/// Videos whose ingest is over; more are forgotten, and asked for once more.
const MOST_ENDED: usize = 1_000;

/// An account at Vimeo.
pub(super) struct Vimeo {
    client: VimeoClient,
    events: Vec<String>,
    /// Videos whose ingest is over.
    ended: BTreeSet<String>,
    viewers_from: Option<Instant>,
}

impl Vimeo {
    pub(super) fn new(settings: &PlatformSettings) -> Result<Self> {
        let client = VimeoClient::new(settings.url.clone(), settings.token.clone())?;
        Ok(Self { client, events: settings.events.clone(), ended: BTreeSet::new(), viewers_from: None })
    }

    async fn found(&mut self) -> Result<Vec<FoundEvent>, PlatformFault> {
        if self.events.is_empty() {
            let path = format!("me/live_events?sort=date&direction=desc&per_page={MOST_EVENTS}&fields={EVENT_FIELDS}");
            let answer = self.client.get(&path).await?;
            let all = vimeo_wire::events(&answer).ok_or_else(not_vimeo)?;
            return Ok(all.into_iter().filter(|found| found.event.phase != EventPhase::Ended).collect());
        }
        let mut all = Vec::new();
        for id in self.events.clone() {
            let path = format!("me/live_events/{id}?fields={EVENT_FIELDS}");
            match self.client.get(&path).await {
                Ok(answer) => all.push(vimeo_wire::event(&answer).ok_or_else(not_vimeo)?),
                Err(fault) if fault.kind == PlatformFaultKind::NotFound => all.push(FoundEvent::unknown(&id, fault)),
                Err(fault) => return Err(fault),
            }
        }
        Ok(all)
    }

    /// Adds what is known of the stream of an event. A fault that is of this event alone stands in it.
    async fn look_at(&mut self, found: FoundEvent) -> Result<LiveEvent, PlatformFault> {
        let FoundEvent { mut event, video } = found;
        let Some(video) = video.filter(|_| event.phase != EventPhase::Ended && event.fault.is_none()) else {
            return Ok(event);
        };
        if !self.ended.contains(&video) {
            match self.client.get(&format!("videos/{video}/sessions/status")).await {
                Ok(answer) => vimeo_wire::session(&answer, &mut event),
                // A video without a session.
                Err(fault) if fault.kind == PlatformFaultKind::NotFound => {}
                Err(fault) if fault.kind == PlatformFaultKind::Failed => event.fault = Some(fault),
                Err(fault) => return Err(fault),
            }
        }
        match event.ingest.as_ref().map(|ingest| ingest.phase) {
            Some(IngestPhase::Ended) if event.phase != EventPhase::Live => {
                if self.ended.len() >= MOST_ENDED {
                    self.ended.clear();
                }
                self.ended.insert(video);
            }
            Some(IngestPhase::Streaming) => event.viewers = self.viewers(&video).await?,
            _ => {}
        }
        Ok(event)
    }

    async fn viewers(&mut self, video: &str) -> Result<Option<u64>, PlatformFault> {
        if self.viewers_from.is_some_and(|from| Instant::now() < from) {
            return Ok(None);
        }
        let path = format!("videos/{video}?fields=uri,live_stats.viewers.current,live.viewers.current");
        let viewers = match self.client.get(&path).await {
            Ok(answer) => vimeo_wire::viewers(&answer),
            Err(fault) if fault.kind == PlatformFaultKind::RateLimited => return Err(fault),
            Err(_) => None,
        };
        self.viewers_from = viewers.is_none().then(|| Instant::now() + NO_VIEWERS_FOR);
        Ok(viewers)
    }
}

#[async_trait]
impl Platform for Vimeo {
    async fn identify(&mut self) -> Result<TokenFacts, PlatformFault> {
        let answer = self.client.get("oauth/verify").await?;
        let (scopes, account) = vimeo_wire::token(&answer).ok_or_else(not_vimeo)?;
        let missing = SCOPES.iter().filter(|scope| !scopes.iter().any(|has| has == *scope));
        Ok(TokenFacts { account, missing: missing.map(|scope| (*scope).to_owned()).collect() })
    }

    async fn look(&mut self) -> Result<PlatformReport, PlatformFault> {
        let mut events = Vec::new();
        for found in self.found().await? {
            events.push(self.look_at(found).await?);
        }
        Ok(PlatformReport { events, limit: self.client.limit(Utc::now()) })
    }
}

fn not_vimeo() -> PlatformFault {
    let words = "what answers is not the interface of Vimeo; check health.platforms[].url";
    PlatformFault::new(PlatformFaultKind::NotPlatform, words)
}
