//! `/api/v1/streams/{path}/history`: how a stream has been, from the raw samples and from the tiers of the database.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Duration, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Viewer;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::query::Query;
use super::stream_routes::stream_of;
use crate::adapters::database::{HistoryQuery, with_timeout};
use crate::base::{Error, Result};
use crate::domain::history::{Band, Gap, Metric, Point, SeriesKey, SeriesKind, Tier, downsample, gaps, merge};
use crate::domain::host::HostStatus;
use crate::domain::name::StreamName;
use crate::domain::stream::StreamState;

/// Points of a history when nobody says how many, and the most there are.
const POINTS: u32 = 300;
const MOST_POINTS: u32 = 5_000;
/// A stream that does not change may have one raw sample a minute.
const RAW_APART: TimeDelta = TimeDelta::seconds(90);
/// A bucket knows its first reading by the second, a sample its own time by the millisecond.
const MEASURED_WITHIN: TimeDelta = TimeDelta::seconds(1);
/// Metrics that every point tells.
const ALWAYS: [Metric; 2] = [Metric::Bitrate, Metric::Readers];

/// The past of a stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    /// Points, oldest first.
    items: Vec<HistoryPoint>,
    /// Always null: it is given whole.
    next: Option<String>,
    /// Where it comes from, the oldest part first: `10m`, `1m` (buckets of the database) and `raw`.
    #[schema(value_type = Vec<String>)]
    tiers: Vec<&'static str>,
    /// Times of which nothing is known.
    gaps: Vec<Gap>,
    /// Why a part of it is missing for now; absent when none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What is before this time was made up by `streamwarden demo`; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_until: Option<DateTime<Utc>>,
}

/// A stretch of time.
#[derive(Serialize, ToSchema)]
struct HistoryPoint {
    /// Its begin.
    at: DateTime<Utc>,
    /// The worst state in it; absent for a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<StreamState>,
    /// Mean bit/s received; null when it was not known.
    bitrate: Option<u64>,
    /// The most readers; null when they were not known.
    readers: Option<u32>,
    /// true: a byte counter of the server began anew, by a new publisher or a restart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
    /// The metrics asked for, as far as they were measured.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, BandView>)]
    values: BTreeMap<&'static str, BandView>,
}

/// Least, mean, most and last of a number.
#[derive(Serialize, ToSchema)]
struct BandView {
    min: f64,
    mean: f64,
    max: f64,
    last: f64,
}

/// What is asked for.
pub(super) struct HistoryRequest {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    points: u32,
    metrics: Vec<Metric>,
    csv: bool,
}

/// Points of a series, before they are made fewer.
pub(super) struct Past {
    points: Vec<Point>,
    tiers: Vec<&'static str>,
    apart: TimeDelta,
    note: Option<String>,
}

/// How a stream has been, downsampled: a point tells the worst state of its stretch of time, the mean bit rate, the most
/// readers, and for each of `metrics` the least, the mean, the most and the last. The past beyond the raw samples comes from
/// buckets of one and of ten minutes, whose numbers are kept within 1 %. As CSV with `format=csv` or `Accept: text/csv`.
#[utoipa::path(get, path = "/api/v1/streams/{path}/history", operation_id = "getStreamHistory", tag = "streams",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; one hour before `to` when absent"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; now when absent"),
        ("points" = Option<u32>, Query, minimum = 1, maximum = 5000, description = "at most so many, 1 to 5000; 300 when absent"),
        ("metrics" = Option<String>, Query, min_length = 1,
            pattern = r"^\s*(bitrate|bitrateOut|readers|rtt|lossRate|linkCapacityMbps|recvRateMbps|retransmitRate|fps)\s*(,\s*(bitrate|bitrateOut|readers|rtt|lossRate|linkCapacityMbps|recvRateMbps|retransmitRate|fps)\s*)*$",
            description = "comma-separated: bitrate, bitrateOut, readers, rtt, lossRate, linkCapacityMbps, recvRateMbps, retransmitRate, fps (of streams that are probed)"),
        ("format" = Option<String>, Query, pattern = "^(json|csv)$", description = "json or csv; `Accept` decides when absent"),
    ),
    responses(
        (status = 200, description = "points, oldest first", content((History = "application/json"), (String = "text/csv"))),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn of_stream(
    _: Viewer,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let mut query = Query::of(&request)?;
    let server = query.text("server")?;
    let asked = HistoryRequest::read(&mut query, &request, SeriesKind::Stream)?;
    let stream = stream_of(&state, &path, server.as_deref()).await?;
    let past = past_of_stream(&state, &stream.server, &stream.name, &asked).await?;
    Ok(asked.answer(&state, past))
}

impl HistoryRequest {
    /// Reads the parameters; metrics are those of a `kind` of series.
    pub(super) fn read(query: &mut Query, request: &HttpRequest, kind: SeriesKind) -> Result<Self> {
        let (from, to) = (query.time("from")?, query.time("to")?);
        let points = query.number("points", 1, MOST_POINTS)?.unwrap_or(POINTS);
        let to = to.unwrap_or_else(Utc::now);
        // The first hour there is has none before it.
        let from = from.or_else(|| to.checked_sub_signed(Duration::hours(1))).unwrap_or(to);
        if from >= to {
            return Err(Error::invalid("from", "must be before to"));
        }
        let metrics = query.text("metrics")?.map_or(Ok(Vec::new()), |text| metrics(&text, kind))?;
        let accepts = || request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let csv = match query.text("format")?.as_deref() {
            Some("csv") => true,
            Some("json") => false,
            Some(_) => return Err(Error::invalid("format", "must be json or csv")),
            None => accepts().is_some_and(|accept| accept.trim_start().starts_with("text/csv")),
        };
        Ok(Self { from, to, points, metrics, csv })
    }

    /// Seconds that a point stands for.
    fn step(&self) -> i64 {
        (self.to - self.from).num_seconds() / i64::from(self.points)
    }

    pub(super) fn answer(&self, state: &HttpState, past: Past) -> HttpResponse {
        let sample_until = state.sample_until.filter(|until| self.from < *until);
        let Past { mut points, tiers, apart, note } = past;
        let gaps = gaps(&mut points, self.from, self.to, apart);
        let points = downsample(points, self.from, self.to, self.points);
        if self.csv {
            let name = "attachment; filename=\"history.csv\"";
            let headers = (header::CONTENT_DISPOSITION, name);
            return HttpResponse::Ok()
                .content_type("text/csv; charset=utf-8")
                .insert_header(headers)
                .body(self.csv(&points, sample_until));
        }
        let items = points.iter().map(|point| self.item(point)).collect();
        HttpResponse::Ok().json(History { items, next: None, tiers, gaps, note, sample_until })
    }

    fn item(&self, point: &Point) -> HistoryPoint {
        let band = |metric| point.band(metric);
        let view = |metric: &Metric| band(*metric).map(|band| (metric.as_str(), BandView::from(band)));
        HistoryPoint {
            at: point.at,
            state: point.state,
            bitrate: band(Metric::Bitrate).map(|band| band.mean as u64),
            readers: band(Metric::Readers).map(|band| band.max as u32),
            reset: point.reset,
            values: self.metrics.iter().filter_map(view).collect(),
        }
    }

    /// One line a point; a number that was not measured is an empty cell. Where something is made up, a last column says what.
    fn csv(&self, points: &[Point], sample_until: Option<DateTime<Utc>>) -> String {
        let metrics = if self.metrics.is_empty() { &ALWAYS[..] } else { &self.metrics };
        let mut text = "at,state,reset".to_owned();
        for metric in metrics {
            for part in ["min", "mean", "max", "last"] {
                text += &format!(",{}_{part}", metric.as_str());
            }
        }
        text += sample_until.map_or("", |_| ",sample");
        for point in points {
            let at = point.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            text += &format!("\r\n{at},{},{}", point.state.map_or("", StreamState::as_str), point.reset);
            for metric in metrics {
                match point.band(*metric).map(BandView::from) {
                    Some(BandView { min, mean, max, last }) => text += &format!(",{min},{mean},{max},{last}"),
                    None => text += ",,,,",
                }
            }
            text += &sample_until.map_or_else(String::new, |until| format!(",{}", point.at < until));
        }
        text + "\r\n"
    }
}

impl From<Band> for BandView {
    fn from(band: Band) -> Self {
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        Self { min: round(band.min), mean: round(band.mean), max: round(band.max), last: round(band.last) }
    }
}

fn metrics(text: &str, kind: SeriesKind) -> Result<Vec<Metric>> {
    let known = |metric: &Metric| metric.is_of_hosts() == (kind == SeriesKind::Host);
    let wrong = || {
        let words: Vec<&str> = Metric::all().filter(known).map(Metric::as_str).collect();
        Error::invalid("metrics", format!("must be some of {}, with commas between them", words.join(", ")))
    };
    let mut metrics = Vec::new();
    for word in text.split(',') {
        let metric = word.trim().parse().ok().filter(known).ok_or_else(wrong)?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    Ok(metrics)
}

/// Raw samples where there are some and they have what is asked for, minutes before them, ten minutes before those.
async fn past_of_stream(state: &HttpState, server: &str, name: &StreamName, asked: &HistoryRequest) -> Result<Past> {
    let mut raw = Vec::new();
    if asked.step() < Tier::TenMinutes.step() {
        let samples = state.live.history(server, name, asked.from, asked.to).await?;
        raw = samples.iter().map(Point::from).collect::<Vec<_>>();
    }
    let series = SeriesKey::stream(server, name.as_str());
    if let Some(first) = raw.first().map(|point| point.at)
        && tiers_know_more(state, &series, asked, &raw, first).await
    {
        raw.clear();
    }
    past(state, &series, asked, raw).await
}

/// Whether the minutes have a number that was asked for and that none of the raw samples has: those of a source that is no
/// longer the same, or that an older version has kept.
async fn tiers_know_more(
    state: &HttpState,
    series: &SeriesKey,
    asked: &HistoryRequest,
    raw: &[Point],
    first: DateTime<Utc>,
) -> bool {
    let known = |metric: &Metric, points: &[Point]| points.iter().any(|point| point.band(*metric).is_some());
    let missing: Vec<Metric> = asked.metrics.iter().copied().filter(|metric| !known(metric, raw)).collect();
    if missing.is_empty() {
        return false;
    }
    let since = HistoryRequest { from: first, metrics: missing.clone(), ..*asked };
    let minutes = buckets(state, series, Tier::Minute, &since, asked.to).await.unwrap_or_default();
    missing.iter().any(|metric| known(metric, &minutes))
}

/// The measurements of a host where there are some, minutes before them, ten minutes before those.
pub(super) async fn past_of_host(state: &HttpState, status: &HostStatus, asked: &HistoryRequest) -> Result<Past> {
    let mut raw = Vec::new();
    if asked.step() < Tier::TenMinutes.step() {
        let readings = state.live.host_history(&status.name, asked.from, asked.to).await?;
        raw = readings.iter().filter_map(Point::of_reading).collect::<Vec<_>>();
    }
    let mut past = past(state, &SeriesKey::host(&status.name), asked, raw).await?;
    // An agent may measure more seldom than a stream is polled: three that are missing are a gap, as they are silence.
    past.apart = past.apart.max(TimeDelta::milliseconds((status.interval * 3_000.0) as i64));
    Ok(past)
}

/// The past of a series, before and with these raw points.
async fn past(state: &HttpState, series: &SeriesKey, asked: &HistoryRequest, raw: Vec<Point>) -> Result<Past> {
    let mut past = Past { points: raw, tiers: Vec::new(), apart: RAW_APART, note: None };
    if !past.points.is_empty() {
        past.tiers.push("raw");
    }
    let fine = asked.step() < Tier::TenMinutes.step();
    for tier in Tier::ALL.into_iter().filter(|tier| fine || *tier == Tier::TenMinutes) {
        // What is known already begins here.
        let until = past.points.first().map_or(asked.to, |point| point.at);
        if (until - asked.from).num_seconds() < tier.step() && !past.points.is_empty() {
            break;
        }
        let older = match buckets(state, series, tier, asked, until).await {
            Ok(older) => older,
            Err(error) if past.points.is_empty() => return Err(error),
            Err(error) => {
                past.note = Some(format!("older times are missing: {error}"));
                break;
            }
        };
        // What a finer tier knows as well is not told twice.
        let older: Vec<Point> = older.into_iter().filter(|point| until - point.at >= MEASURED_WITHIN).collect();
        if !older.is_empty() {
            past.tiers.insert(0, tier.as_str());
            past.points.splice(0..0, older);
        }
    }
    Ok(past)
}

/// Buckets that begin before `until`, from the database and from what waits to be written.
async fn buckets(
    state: &HttpState,
    series: &SeriesKey,
    tier: Tier,
    asked: &HistoryRequest,
    until: DateTime<Utc>,
) -> Result<Vec<Point>> {
    let (from, to) = (asked.from.timestamp(), until.timestamp());
    let wanted = if asked.metrics.is_empty() { ALWAYS.to_vec() } else { asked.metrics.clone() };
    let metrics: Vec<Metric> = wanted.into_iter().chain(ALWAYS).collect();
    let recent = state.history.recent(series, tier).into_iter();
    let recent = recent.filter(|bucket| bucket.at + tier.step() > from && bucket.at < to).collect();
    let query = HistoryQuery { series: series.clone(), tier, from, to, metrics };
    let kept = with_timeout(state.stores.history.history(query)).await?;
    Ok(merge(kept, recent).iter().filter_map(|bucket| Point::of_bucket(bucket, tier.step())).collect())
}
