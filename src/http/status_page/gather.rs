//! Collects what the page tells: states and incidents from memory, days from the history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::actors::history::HistoryHandle;
use crate::adapters::database::{HistoryQuery, HistoryStore, with_timeout};
use crate::adapters::live::{Latest, SharedLive};
use crate::base::Result;
use crate::config::settings::StatusPageSettings;
use crate::domain::admission::matches;
use crate::domain::camera::CameraStatus;
use crate::domain::health::NetworkProbeStatus;
use crate::domain::health_part::HealthPart;
use crate::domain::history::{Metric, SeriesKey, SeriesKind, Tier, merge};
use crate::domain::incident::Incident;
use crate::domain::maintenance;
use crate::domain::public_status::{
    JudgedStatus, KnownNow, PublicKey, PublicKind, PublicState, PublicStatus, state_of_endpoint, state_of_stream,
};
use crate::domain::uptime::{DayUptime, SHOWN_DAYS, begin_of, day_of, last_days, uptime_of_day};

/// Asks for the endpoints; none where whoever probes them does not answer.
pub(super) type AskEndpoints = Box<dyn Fn() -> BoxFuture<'static, Vec<NetworkProbeStatus>> + Send + Sync>;

/// Where it comes from.
pub(super) struct StatusSources {
    /// States and incidents.
    pub live: SharedLive,
    /// The past.
    pub history: Arc<dyn HistoryStore>,
    /// The past that is not in the database yet.
    pub recent: HistoryHandle,
    /// Endpoints as whoever probes them has found them.
    pub endpoints: AskEndpoints,
    /// Until when the past is made up.
    pub sample_until: Option<DateTime<Utc>>,
}

/// Days are read from the database no more often.
const DAYS_EVERY: Duration = Duration::from_secs(60);

/// More is no page for people; what is left out is counted.
const MOST: usize = 200;

/// A stream that was seen in this time is shown though it is gone, as its name is known to nobody else.
const SEEN_WITHIN: TimeDelta = TimeDelta::days(2);

/// All days of everything are read in this time, or later.
const LIMIT: Duration = Duration::from_secs(25);

/// What was read of the days. Days that are over are read once.
#[derive(Default)]
pub(super) struct Days {
    read_at: Option<Instant>,
    /// The last reading has failed.
    failed: bool,
    /// Streams that the history knows of late.
    seen: BTreeSet<PublicKey>,
    of: BTreeMap<PublicKey, DaysOfOne>,
}

#[derive(Default)]
struct DaysOfOne {
    /// The day of the last reading: it and the one before may have changed since.
    read_on: Option<NaiveDate>,
    days: BTreeMap<NaiveDate, DayUptime>,
}

/// What is told now; `None` where the live store does not answer, or nothing at all is known of the days because they could not be read.
pub(super) async fn status(
    sources: &StatusSources,
    settings: &StatusPageSettings,
    days: &mut Days,
) -> Option<PublicStatus> {
    let latest = sources.live.latest().await.ok()?;
    let is_due = days.read_at.is_none_or(|at| at.elapsed() >= DAYS_EVERY);
    let now = Utc::now().trunc_subsecs(0);
    if is_due {
        // Counted from here, so that a database that hangs is not asked more often than one that answers.
        days.read_at = Some(Instant::now());
        days.failed = false;
        if settings.streams.iter().any(|pattern| pattern.contains(['*', '?'])) {
            match seen(sources, settings, now).await {
                Ok(seen) => days.seen = seen,
                Err(error) => days.fail(&error),
            }
        }
    }
    let endpoints = (sources.endpoints)().await;
    let known = known(&latest, &endpoints, settings, &days.seen, now);
    let judged = JudgedStatus::of(known, &latest.incidents, &latest.cameras, MOST);
    let keys: Vec<PublicKey> = judged.keys().cloned().collect();
    if is_due && !days.failed {
        let read = tokio::time::timeout(LIMIT, days.read(sources, &keys, now)).await;
        match read {
            Ok(Ok(())) => {}
            Ok(Err(error)) => days.fail(&error),
            Err(_) => days.failed = true,
        }
    }
    let is_read = days.of.values().any(|one| one.read_on.is_some());
    if days.failed && !is_read && !keys.is_empty() {
        return None;
    }
    let of = |key: &PublicKey| days.of.get(key).map_or_else(|| unknown(now), |one| one.shown(now));
    let told = judged.told(settings.title.clone(), now, of);
    Some(PublicStatus { stale: days.failed, sample_until: sources.sample_until, ..told })
}

impl Days {
    fn fail(&mut self, error: &crate::base::Error) {
        log::debug!("days of the status page not read: {error}");
        self.failed = true;
    }

    /// Reads what may have changed, and everything of what is new here. The first error ends it: it is the database's.
    async fn read(&mut self, sources: &StatusSources, keys: &[PublicKey], now: DateTime<Utc>) -> Result<()> {
        self.of.retain(|key, _| keys.contains(key));
        for key in keys {
            let of = self.of.entry(key.clone()).or_default();
            of.read(sources.history.as_ref(), &sources.recent, &series_of(key), now).await?;
        }
        Ok(())
    }
}

impl DaysOfOne {
    async fn read(
        &mut self,
        history: &dyn HistoryStore,
        recent: &HistoryHandle,
        series: &SeriesKey,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(oldest) = last_days(now, SHOWN_DAYS).next() else { return Ok(()) };
        if self.read_on.is_some_and(|day| day > day_of(now)) {
            // The clock was put back: what was read is that of another time.
            *self = Self::default();
        }
        // What waited for a database, or came from another node, may be late by a day.
        let first = self.read_on.and_then(|day| day.pred_opt()).map_or(oldest, |day| day.max(oldest));
        let (from, to) = (begin_of(first), now.timestamp() + 1);
        // No number is looked at: a metric that none of these has.
        let metrics = vec![Metric::Temperature];
        let tier = Tier::TenMinutes;
        let query = HistoryQuery { series: series.clone(), tier, from, to, metrics };
        let kept = with_timeout(history.history(query)).await?;
        let buckets = merge(kept, recent.recent(series, tier));
        self.days.retain(|day, _| (oldest..first).contains(day));
        for day in first.iter_days().take_while(|day| *day <= day_of(now)) {
            self.days.insert(day, uptime_of_day(day, &buckets, tier.step(), now));
        }
        self.read_on = Some(day_of(now));
        Ok(())
    }

    fn shown(&self, now: DateTime<Utc>) -> Vec<DayUptime> {
        let day = |day: NaiveDate| self.days.get(&day).copied().unwrap_or_else(|| uptime_of_day(day, &[], 1, now));
        last_days(now, SHOWN_DAYS).map(day).collect()
    }
}

fn unknown(now: DateTime<Utc>) -> Vec<DayUptime> {
    DaysOfOne::default().shown(now)
}

fn series_of(key: &PublicKey) -> SeriesKey {
    match key.kind {
        PublicKind::Stream => SeriesKey::stream(&key.server, &key.name),
        PublicKind::Server => SeriesKey::of(SeriesKind::Server, &key.name),
        PublicKind::Endpoint => SeriesKey::of(SeriesKind::Endpoint, &key.name),
    }
}

/// Streams of the patterns that the history knows of late.
async fn seen(
    sources: &StatusSources,
    settings: &StatusPageSettings,
    now: DateTime<Utc>,
) -> Result<BTreeSet<PublicKey>> {
    let since = (now - SEEN_WITHIN).timestamp();
    let series = with_timeout(sources.history.series(SeriesKind::Stream, Tier::TenMinutes, since)).await?;
    let shown = series.into_iter().filter(|series| is_any(&settings.streams, &series.name));
    Ok(shown.map(|series| stream_key(&series.server, &series.name)).collect())
}

/// Everything that the patterns name, as it is now: streams, servers, endpoints.
fn known(
    latest: &Latest,
    endpoints: &[NetworkProbeStatus],
    settings: &StatusPageSettings,
    seen: &BTreeSet<PublicKey>,
    now: DateTime<Utc>,
) -> Vec<KnownNow> {
    let mut streams: BTreeMap<PublicKey, PublicState> =
        seen.iter().map(|key| (key.clone(), PublicState::Unknown)).collect();
    for stream in latest.streams.iter().filter(|stream| is_any(&settings.streams, stream.name.as_str())) {
        let key = stream_key(&stream.server, stream.name.as_str());
        let excused =
            maintenance::of_stream(&latest.maintenance, &latest.cameras, &stream.server, stream.name.as_str());
        match excused.filter(|excused| !excused.is_over(now)) {
            // It comes and goes with its readers: that it is away says nothing.
            _ if stream.on_demand => _ = streams.remove(&key),
            Some(_) => _ = streams.insert(key, PublicState::Maintenance),
            None => _ = streams.insert(key, state_of_stream(stream.state)),
        }
    }
    // A camera is known though its path is not listed while it is down.
    for camera in latest.cameras.iter().filter(|camera| camera.enabled && is_any(&settings.streams, &camera.path)) {
        streams.entry(stream_key(&camera.server, &camera.path)).or_insert(PublicState::Unknown);
    }
    // A name without wildcards is shown in any case.
    for name in settings.streams.iter().filter(|name| !name.contains(['*', '?'])) {
        if !streams.keys().any(|key| key.name == *name)
            && !latest.streams.iter().any(|stream| stream.name.as_str() == name)
        {
            let server = latest.servers.first().map_or("", |server| server.name.as_str());
            streams.insert(stream_key(server, name), PublicState::Unknown);
        }
    }
    let labels = labels(&latest.cameras);
    let titled = streams.into_iter().map(|(key, state)| {
        let title = labels.get(&(key.server.as_str(), key.name.as_str())).map_or(key.name.as_str(), |label| label);
        (title.to_owned(), key, state)
    });
    let titled: Vec<(String, PublicKey, PublicState)> = titled.collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    titled.iter().for_each(|(title, ..)| *times.entry(title).or_default() += 1);
    let streams = titled.iter().map(|(title, key, state)| {
        let is_one = times.get(title.as_str()) == Some(&1);
        let title = if is_one { title.clone() } else { format!("{title} ({})", key.server) };
        KnownNow { key: key.clone(), title, state: *state }
    });
    let plain = |kind, name: &str, state| {
        let key = PublicKey { kind, server: String::new(), name: name.to_owned() };
        KnownNow { key, title: name.to_owned(), state }
    };
    let servers = latest.servers.iter().filter(|server| is_any(&settings.servers, &server.name)).map(|server| {
        let state = if server.reachable { PublicState::Up } else { PublicState::Down };
        plain(PublicKind::Server, &server.name, state)
    });
    let endpoints = known_endpoints(endpoints, &latest.incidents, &settings.endpoints);
    let endpoints = endpoints.into_iter().map(|(name, state)| plain(PublicKind::Endpoint, name, state));
    streams.chain(servers).chain(endpoints).collect()
}

/// Endpoints that the patterns name. Whoever probes them may not be heard: of those that have an open incident, and of those that are
/// named without wildcards, nothing else is known then.
fn known_endpoints<'a>(
    found: &'a [NetworkProbeStatus],
    incidents: &'a [Incident],
    patterns: &'a [String],
) -> BTreeMap<&'a str, PublicState> {
    let told =
        incidents.iter().filter(|one| one.closed_at.is_none() && HealthPart::Network.incidents().contains(&one.kind));
    let told = told.map(|one| one.subject.name()).filter(|name| is_any(patterns, name));
    let named = patterns.iter().map(String::as_str).filter(|name| !name.contains(['*', '?']));
    let mut known: BTreeMap<&str, PublicState> = told.chain(named).map(|name| (name, PublicState::Unknown)).collect();
    let found = found.iter().filter(|one| is_any(patterns, &one.endpoint));
    known.extend(found.map(|one| (one.endpoint.as_str(), state_of_endpoint(one.state))));
    known
}

fn is_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

fn stream_key(server: &str, name: &str) -> PublicKey {
    PublicKey { kind: PublicKind::Stream, server: server.to_owned(), name: name.to_owned() }
}

/// The display names of streams that cameras publish, by server and path, where they have one.
fn labels(cameras: &[CameraStatus]) -> BTreeMap<(&str, &str), &str> {
    // Of several cameras of one path the first counts.
    let labelled = cameras.iter().rev();
    labelled
        .filter_map(|one| Some(((one.server.as_str(), one.path.as_str()), one.label.as_deref()?)))
        .filter(|(_, label)| !label.trim().is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::database::{NodeStore, sqlite};
    use crate::domain::history::Bucket;
    use crate::domain::incident::{IncidentKind, Subject};
    use crate::domain::sample;
    use crate::domain::stream::StreamState;

    #[tokio::test]
    async fn a_clock_that_was_ahead_for_a_while_costs_no_days() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database");
        database.join(sample::node_claim("here")).await.expect("admitted");
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let at = |day: i64| Tier::TenMinutes.bucket_of((now - TimeDelta::days(day)).timestamp());
        let bucket = |day| Bucket { at: at(day), state: Some(StreamState::Live), ..Bucket::default() };
        let gate = SeriesKey::stream("main", "gate");
        let past = vec![bucket(80), bucket(40), bucket(1)];
        database.add_history(vec![(gate.clone(), Tier::TenMinutes, past)]).await.expect("written");
        let recent = HistoryHandle::default();
        let mut days = DaysOfOne::default();
        for ahead in [0, 60, 400, 0] {
            let now = now + TimeDelta::days(ahead);
            days.read(database.as_ref(), &recent, &gate, now).await.expect("read");
            let up = days.shown(now).iter().filter(|day| day.up > 0).count();
            assert_eq!(up, [3, 1, 0][usize::try_from(ahead / 60).unwrap_or(0).min(2)], "{ahead}");
        }
    }

    #[test]
    fn endpoints_that_another_process_probes_are_shown_by_their_incidents() {
        let of = |kind, name: &str| {
            let subject = Subject::Target { name: name.to_owned() };
            Incident::open(uuid::Uuid::from_u128(1), kind, subject, "no answer".to_owned(), DateTime::UNIX_EPOCH)
        };
        let over = Incident { closed_at: Some(DateTime::UNIX_EPOCH), ..of(IncidentKind::EndpointDown, "over") };
        let incidents = [
            of(IncidentKind::EndpointDown, "uplink"),
            of(IncidentKind::EndpointDegraded, "hidden"),
            of(IncidentKind::ProbeFailed, "up-other"),
            over,
        ];
        let patterns = ["up*".to_owned(), "named".to_owned(), "over".to_owned()];
        let known = known_endpoints(&[], &incidents, &patterns);
        let unknown = ["named", "over", "uplink"].map(|name| (name, PublicState::Unknown));
        assert_eq!(known.into_iter().collect::<Vec<_>>(), unknown);
    }
}
