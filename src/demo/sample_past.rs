//! A past that never was: what the demo shows of the days before it began.
//!
//! Made of plain functions of the time, so that charts, bars of a day and lists of incidents have something in them in the
//! first minute. Who reads it can tell it apart: the data folder holds until when it reaches (`app::sample_mark`), every answer
//! of the history that goes back so far says so (`sampleUntil`), and each incident has it in its cause.

use std::f64::consts::TAU;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::adapters::database::Stores;
use crate::base::Result;
use crate::domain::history::{Aggregate, Bucket, Metric, Reading, SeriesKey, Tier};
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::stream::StreamState;

/// How far back it reaches.
pub const DAYS: i64 = 7;
/// How far back minutes are kept; before that ten minutes alone.
const MINUTES_DAYS: i64 = 2;
const HOUR: i64 = 3_600;
/// Nobody watched: begin before the end of the past, and length, in minutes.
const NOT_WATCHED: (i64, i64) = (3 * 24 * 60 + 95, 25);

/// A stream that gets a past.
pub struct SampleStream {
    /// Its server.
    pub server: String,
    /// Its path.
    pub path: String,
    /// Its camera; `None` when somebody publishes it.
    pub camera: Option<i64>,
    /// Whether it comes by SRT.
    pub srt: bool,
}

/// A time in which a stream was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outage {
    /// Minutes before the end of the past.
    before: i64,
    /// Minutes.
    length: i64,
    state: StreamState,
    cause: &'static str,
}

const fn outage(before: i64, length: i64, state: StreamState, cause: &'static str) -> Outage {
    Outage { before, length, state, cause }
}

const REFUSED: &str = "refuses the connection; check that it is on, and its port";
const NO_FRAMES: &str = "sends no new pictures";

/// The number of the outages of a stream from outside, which is away for hours.
const FROM_OUTSIDE: usize = 3;

/// Those of stream number `index`.
fn outages(index: usize) -> &'static [Outage] {
    const OF: [&[Outage]; 4] = [
        &[outage(4 * 1_440 + 300, 34, StreamState::Offline, REFUSED)],
        &[outage(2 * 1_440 + 130, 47, StreamState::Offline, REFUSED), outage(390, 6, StreamState::Stalled, NO_FRAMES)],
        &[
            outage(5 * 1_440 + 40, 8, StreamState::Offline, REFUSED),
            outage(1_440 + 700, 12, StreamState::Offline, REFUSED),
            outage(860, 5, StreamState::Offline, REFUSED),
            outage(215, 9, StreamState::Offline, REFUSED),
        ],
        &[outage(6 * 1_440, 480, StreamState::Offline, ""), outage(1_000, 150, StreamState::Offline, "")],
    ];
    OF[index % OF.len()]
}

/// Writes the past of these streams and of this host, up to `until`.
///
/// # Errors
/// When the database cannot be written. What is written by then stays; writing it again does no harm.
pub async fn write(stores: &Stores, streams: &[SampleStream], host: &str, until: DateTime<Utc>) -> Result<()> {
    let end = Tier::Minute.bucket_of(until.timestamp());
    let number = |(index, stream): (usize, &SampleStream)| match stream.camera {
        Some(_) => index % FROM_OUTSIDE,
        None => FROM_OUTSIDE,
    };
    let readings = streams.iter().enumerate().map(|(index, stream)| {
        let index = number((index, stream));
        let series = SeriesKey::stream(&stream.server, &stream.path);
        (series, buckets(end, |second| of_stream(index, stream.srt, second, end)))
    });
    // One by one: a database that is busy with all of them would count as slow.
    for (series, tiers) in readings.chain([(SeriesKey::host(host), buckets(end, |second| of_host(second, end)))]) {
        for (tier, buckets) in tiers {
            stores.history.add_history(vec![(series.clone(), tier, buckets)]).await?;
        }
    }
    for incident in streams.iter().enumerate().flat_map(|one| incidents(number(one), one.1, end)) {
        stores.incidents.open_incident(incident).await?;
    }
    Ok(())
}

/// Both tiers of what `reading` tells of a second.
fn buckets(end: i64, reading: impl Fn(i64) -> Option<Reading>) -> [(Tier, Vec<Bucket>); 2] {
    let fine_from = end - MINUTES_DAYS * 24 * HOUR;
    let mut tiers = Tier::ALL.map(|tier| (tier, Aggregate::default(), Vec::new()));
    let mut second = Tier::TenMinutes.bucket_of(end - DAYS * 24 * HOUR);
    while second < end {
        let found = reading(second);
        for (tier, aggregate, ended) in &mut tiers {
            if *tier == Tier::Minute && second < fine_from {
                continue;
            }
            ended.extend(match &found {
                Some(reading) => aggregate.add(*tier, reading),
                None => aggregate.close(*tier),
            });
        }
        second += if second < fine_from { 120 } else { 30 };
    }
    tiers.map(|(tier, mut aggregate, mut ended)| {
        // What is left of ten minutes is the demo's own time.
        let last = aggregate.close(tier).filter(|bucket| bucket.at + tier.step() <= end);
        ended.extend(last.map(|bucket| Bucket { watched: None, ..bucket }));
        (tier, ended)
    })
}

/// Whether a time of so many minutes before the end lies in a stretch.
fn within(minutes: i64, (before, length): (i64, i64)) -> bool {
    minutes <= before && minutes > before - length
}

/// A number of 0 to 1 that is the same for the same second.
fn noise(seed: u64, second: i64) -> f64 {
    let mut mixed = (second as u64).wrapping_add(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// From -1 at night to 1 at noon.
fn day(second: i64) -> f64 {
    ((second.rem_euclid(24 * HOUR) - 6 * HOUR) as f64 / (24 * HOUR) as f64 * TAU).sin()
}

fn of_stream(index: usize, srt: bool, second: i64, end: i64) -> Option<Reading> {
    let minutes = (end - second + 59) / 60;
    if within(minutes, NOT_WATCHED) {
        return None;
    }
    let out = outages(index).iter().find(|one| within(minutes, (one.before, one.length)));
    if let Some(outage) = out {
        return Some(Reading { second, state: Some(outage.state), ..Reading::default() });
    }
    // After each outage, and where the demo's own time begins.
    let reset = minutes == 1 || outages(index).iter().any(|one| minutes == one.before - one.length);
    let seed = index as u64 + 1;
    let random = |salt: u64| noise(seed * 31 + salt, second);
    let bitrate = 860_000.0 + 40_000.0 * day(second) + 60_000.0 * (random(1) - 0.5);
    // By the quarter of an hour: people stay for a while.
    let readers = (1.0 + 2.2 * (day(second) + 1.0) / 2.0 * noise(seed, second / 900) + 0.3).floor();
    let mut values =
        vec![(Metric::Bitrate, bitrate), (Metric::BitrateOut, bitrate * readers), (Metric::Readers, readers)];
    if srt {
        // Worse now and then, for some minutes.
        let worse = if noise(seed + 7, second / 420) > 0.9 { random(2) } else { 0.0 };
        values.extend([
            (Metric::Rtt, 38.0 + 9.0 * (random(3) - 0.5) + 80.0 * worse),
            (Metric::LossRate, 2.4 * worse),
            (Metric::LinkCapacity, 24.0 + 4.0 * (random(4) - 0.5) - 11.0 * worse),
            (Metric::RecvRate, bitrate / 1e6),
        ]);
    }
    Some(Reading { second, state: Some(StreamState::Live), reset, values, ..Reading::default() })
}

fn of_host(second: i64, end: i64) -> Option<Reading> {
    let minutes = (end - second + 59) / 60;
    if within(minutes, NOT_WATCHED) {
        return None;
    }
    let random = |salt: u64| noise(97 + salt, second);
    let user = 16.0 + 5.0 * day(second) + 7.0 * random(1);
    let (system, iowait) = (4.0 + 2.0 * random(2), 0.6 * random(3));
    let network = 3_400_000.0 * (1.0 + 0.2 * random(4));
    // Fills by and by, and is emptied once a day.
    let disk = 41.0 + 6.0 * second.rem_euclid(24 * HOUR) as f64 / (24 * HOUR) as f64;
    let values = vec![
        (Metric::Cpu, user + system),
        (Metric::CpuIowait, iowait),
        (Metric::CpuSteal, 0.0),
        (Metric::MemoryUsed, 1.7e9 + 1.5e8 * day(second) + 4e7 * random(5)),
        (Metric::SwapUsed, 0.0),
        (Metric::Load, (user + system) / 40.0 + 0.2 * random(6)),
        (Metric::NetworkIn, network),
        (Metric::NetworkOut, network * 1.8),
        (Metric::DiskRead, 20_000.0 * random(7)),
        (Metric::DiskWrite, 430_000.0 + 60_000.0 * random(8)),
        (Metric::DiskUsed, disk),
        (Metric::MediamtxCpu, 3.0 + 2.0 * random(9)),
        (Metric::MediamtxRss, 4.6e7 + 4e6 * day(second)),
        (Metric::CpuUser, user),
        (Metric::CpuSystem, system),
    ];
    Some(Reading { second, values, ..Reading::default() })
}

/// What would have been raised: a camera's outages.
fn incidents(index: usize, stream: &SampleStream, end: i64) -> Vec<Incident> {
    let Some(camera) = stream.camera else { return Vec::new() };
    let kind = |state| match state {
        StreamState::Stalled => IncidentKind::CameraStalled,
        _ => IncidentKind::CameraDown,
    };
    let of = |one: &Outage| {
        let begin = DateTime::from_timestamp(end - one.before * 60, 0)?;
        let cause = format!("sample data of the demo: the camera {}", one.cause);
        let subject = Subject::camera_of(camera, &stream.path);
        let incident = Incident::open(Uuid::now_v7(), kind(one.state), subject, cause, begin);
        Some(Incident { closed_at: Some(begin + TimeDelta::minutes(one.length)), ..incident })
    };
    outages(index).iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: i64 = 1_800_000_000;

    #[test]
    fn a_stream_has_a_week_with_its_outages_and_nothing_after_the_end() {
        for (index, srt) in [(0, false), (1, false), (2, false), (3, true)] {
            let [(_, minutes), (_, tens)] = buckets(END, |second| of_stream(index, srt, second, END));
            assert_eq!(minutes.len() as i64, MINUTES_DAYS * 24 * 60, "{index}");
            // The end is the begin of a bucket; 25 minutes nobody watched: two or three buckets are not there.
            assert!((1_004..=1_007).contains(&tens.len()), "{index}: {}", tens.len());
            assert!(tens.iter().all(|bucket| bucket.at + 600 <= END) && minutes.iter().all(|bucket| bucket.at < END));
            for (all, step, since) in [(&minutes, 1, MINUTES_DAYS * 1_440), (&tens, 10, DAYS * 1_440)] {
                let down = all.iter().filter(|bucket| bucket.state != Some(StreamState::Live)).count() as i64 * step;
                let wanted: i64 = outages(index).iter().filter(|one| one.before < since).map(|one| one.length).sum();
                assert!((wanted..wanted + 20 * 10).contains(&down), "{index}: {down} of {wanted} minutes");
            }
            let rtt = |bucket: &Bucket| bucket.bands.iter().any(|(metric, _)| *metric == Metric::Rtt);
            assert_eq!(tens.iter().any(rtt), srt);
        }
    }

    #[test]
    fn incidents_are_over_and_say_what_they_are() {
        let stream = |camera| SampleStream { server: "demo".to_owned(), path: "cam1".to_owned(), camera, srt: false };
        assert_eq!(incidents(0, &stream(None), END), []);
        for (index, count) in [(0, 1), (1, 2), (2, 4)] {
            let all = incidents(index, &stream(Some(1)), END);
            assert_eq!(all.len(), count);
            for one in all {
                assert!(one.cause.starts_with("sample data of the demo"), "{}", one.cause);
                assert!(one.closed_at.is_some_and(|end| end > one.opened_at && end.timestamp() < END), "{one:?}");
            }
        }
    }

    #[test]
    fn a_host_has_a_past_too() {
        let [(_, minutes), (_, tens)] = buckets(END, |second| of_host(second, END));
        assert!(minutes.len() > 2_000 && tens.len() > 1_000);
        assert!(minutes.iter().all(|bucket| bucket.state.is_none() && bucket.bands.len() == 15));
    }
}
