//! Streams as last told, and what each poll says of their numbers.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::adapters::live::{Change, Latest};
use crate::domain::history::{Buffer, Metric, Reading, SeriesKey, SeriesKind};
use crate::domain::host::HostState;
use crate::domain::stream::{StreamState, StreamStatus};

/// Streams of every server.
#[derive(Default)]
pub(super) struct Tracked {
    servers: HashMap<String, HashMap<String, TrackedStream>>,
}

struct TrackedStream {
    key: SeriesKey,
    status: Arc<StreamStatus>,
    /// Counters at the last poll that told them, and when that was.
    counters: Option<Counters>,
}

#[derive(Clone, Copy)]
struct Counters {
    received: u64,
    sent: u64,
    at: DateTime<Utc>,
}

impl Tracked {
    /// Everything anew, at the start and after changes were missed.
    pub(super) fn replace(&mut self, latest: Latest) {
        let mut before = std::mem::take(&mut self.servers);
        for status in latest.streams {
            let known = before.get_mut(&*status.server).and_then(|streams| streams.remove(status.name.as_str()));
            self.set(Arc::new(status), known.and_then(|known| known.counters));
        }
    }

    /// Takes one batch of changes. A server is told with each poll, together with the streams that changed: all of its streams
    /// are read then.
    pub(super) fn apply(&mut self, changes: &[Change], now: DateTime<Utc>, buffer: &mut Buffer) {
        let mut polled = Vec::new();
        for change in changes {
            match change {
                Change::Server(server) => {
                    let state = if server.reachable { StreamState::Live } else { StreamState::Offline };
                    let reading = Reading { second: now.timestamp(), state: Some(state), ..Reading::default() };
                    buffer.add(&SeriesKey::of(SeriesKind::Server, &server.name), &reading);
                    polled.push(server.name.as_str());
                }
                Change::Stream(status) => {
                    let known = self.servers.get_mut(&*status.server);
                    match known.and_then(|streams| streams.get_mut(status.name.as_str())) {
                        Some(known) => known.status = Arc::clone(status),
                        None => self.set(Arc::clone(status), None),
                    }
                }
                Change::StreamGone { server, name } => {
                    let gone = self.servers.get_mut(server).and_then(|streams| streams.remove(name.as_str()));
                    if let Some(gone) = gone {
                        buffer.end(&gone.key);
                    }
                }
                // Each is a measurement but that a host is silent, which is none.
                Change::Host(status) if status.state == HostState::Live => {
                    buffer.add(&SeriesKey::host(&status.name), &status.reading());
                }
                Change::HostGone { name } => buffer.end(&SeriesKey::host(name)),
                _ => {}
            }
        }
        for server in polled {
            for stream in self.servers.get_mut(server).into_iter().flat_map(HashMap::values_mut) {
                let reading = stream.read(now);
                buffer.add(&stream.key, &reading);
            }
        }
    }

    fn set(&mut self, status: Arc<StreamStatus>, counters: Option<Counters>) {
        let key = SeriesKey::stream(&status.server, status.name.as_str());
        let streams = self.servers.entry(status.server.to_string()).or_default();
        streams.insert(status.name.as_str().to_owned(), TrackedStream { key, status, counters });
    }
}

impl TrackedStream {
    fn read(&mut self, now: DateTime<Utc>) -> Reading {
        let status = &self.status;
        let mut reading = Reading { second: now.timestamp(), state: Some(status.state), ..Reading::default() };
        // A server that does not answer says nothing of its streams: what is known of them is old.
        if status.state == StreamState::Unknown {
            return reading;
        }
        let mut add = |metric, value: Option<f64>| reading.values.extend(value.map(|value| (metric, value)));
        add(Metric::Bitrate, status.bitrate.map(|bitrate| bitrate as f64));
        add(Metric::Readers, Some(f64::from(status.readers)));
        add(Metric::Rtt, status.rtt);
        add(Metric::LossRate, status.loss_rate);
        add(Metric::LinkCapacity, status.link_capacity_mbps);
        add(Metric::RecvRate, status.recv_rate_mbps);
        add(Metric::RetransmitRate, status.retransmit_rate);
        if status.state == StreamState::Offline {
            add(Metric::BitrateOut, Some(0.0));
            return reading;
        }
        let counters = Counters { received: status.bytes_received, sent: status.bytes_sent, at: now };
        let before = self.counters.replace(counters);
        if let Some(before) = before {
            reading.reset = counters.received < before.received || counters.sent < before.sent;
            if !reading.reset {
                reading.values.extend(rate(before, counters).map(|rate| (Metric::BitrateOut, rate)));
            }
        }
        reading
    }
}

/// Bit/s sent; nothing over less than a fifth of a second, or when the clock was set back.
fn rate(before: Counters, now: Counters) -> Option<f64> {
    let time = (now.at - before.at).num_milliseconds();
    (time >= 200).then(|| (now.sent - before.sent) as f64 * 8_000.0 / time as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::{Bucket, Point, Tier};
    use crate::domain::sample;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn stream(state: StreamState, received: u64, sent: u64) -> Change {
        let status = sample::stream("main", "gate");
        let (bytes_received, bytes_sent) = (received, sent);
        let bitrate = (state != StreamState::Unknown).then_some(8_000);
        Change::Stream(Arc::new(StreamStatus { state, bytes_received, bytes_sent, bitrate, rtt: Some(20.0), ..status }))
    }

    fn poll(tracked: &mut Tracked, buffer: &mut Buffer, second: i64, stream: Option<Change>) {
        let changes: Vec<Change> = [Change::Server(sample::server("main"))].into_iter().chain(stream).collect();
        tracked.apply(&changes, at(second), buffer);
    }

    fn minutes(buffer: &Buffer) -> Vec<Bucket> {
        buffer.peek(&SeriesKey::stream("main", "gate"), Tier::Minute)
    }

    #[test]
    fn every_poll_reads_every_stream_of_its_server() {
        let (mut tracked, mut buffer) = (Tracked::default(), Buffer::default());
        poll(&mut tracked, &mut buffer, 0, Some(stream(StreamState::Live, 1_000, 2_000)));
        poll(&mut tracked, &mut buffer, 2, Some(stream(StreamState::Live, 3_000, 6_000)));
        // Nothing about it changed: it is read all the same.
        poll(&mut tracked, &mut buffer, 62, None);
        poll(&mut tracked, &mut buffer, 120, Some(stream(StreamState::Unknown, 3_000, 6_000)));
        poll(&mut tracked, &mut buffer, 180, Some(stream(StreamState::Live, 10, 20)));
        tracked.apply(&[Change::Server(sample::server("other"))], at(400), &mut buffer);
        let points: Vec<Point> = minutes(&buffer).iter().filter_map(|bucket| Point::of_bucket(bucket, 60)).collect();
        // Kept within 1 %.
        let said: Vec<_> = points
            .iter()
            .map(|point| {
                let out = point.band(Metric::BitrateOut).map(|band| band.max.round());
                ((point.at - at(0)).num_seconds(), point.state, point.reset, out, point.band(Metric::Rtt).is_some())
            })
            .collect();
        assert_eq!(
            said,
            [
                (0, Some(StreamState::Live), false, Some(16_064.0), true),
                (60, Some(StreamState::Live), false, Some(0.0), true),
                (120, Some(StreamState::Unknown), false, None, false),
                (180, Some(StreamState::Live), true, None, true),
            ]
        );
    }

    #[test]
    fn a_server_has_a_past_of_its_own() {
        let (mut tracked, mut buffer) = (Tracked::default(), Buffer::default());
        for (second, reachable) in [(0, true), (20, false), (30, true), (60, true)] {
            let server = crate::domain::stream::ServerStatus { reachable, ..sample::server("main") };
            tracked.apply(&[Change::Server(server)], at(second), &mut buffer);
        }
        let bucket = &buffer.peek(&SeriesKey::of(SeriesKind::Server, "main"), Tier::Minute)[0];
        let away = bucket.not_live.map(|not_live| (not_live.seconds, not_live.away));
        assert_eq!((bucket.state, away), (Some(StreamState::Offline), Some((10, 10))));
    }

    #[test]
    fn counters_go_on_after_changes_were_missed() {
        let (mut tracked, mut buffer) = (Tracked::default(), Buffer::default());
        poll(&mut tracked, &mut buffer, 0, Some(stream(StreamState::Live, 1_000, 2_000)));
        let Change::Stream(status) = stream(StreamState::Live, 5, 5) else { panic!("a stream") };
        tracked.replace(Latest { streams: vec![StreamStatus::clone(&status)], ..Latest::default() });
        poll(&mut tracked, &mut buffer, 60, None);
        assert_eq!(minutes(&buffer).iter().map(|bucket| bucket.reset).collect::<Vec<_>>(), [false, true]);
        let gone = Change::StreamGone { server: "main".to_owned(), name: status.name.clone() };
        poll(&mut tracked, &mut buffer, 120, Some(gone));
        assert_eq!(minutes(&buffer).len(), 2, "what is not written yet stays");
    }
}
