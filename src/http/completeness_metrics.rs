//! What `/metrics` says of completeness: sums of all streams by cause, and of each stream two numbers. A stream of which nothing
//! should have been recorded has none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};

use super::exposition::{Exposition, MetricKind};
use crate::adapters::database::{Stores, completeness};
use crate::domain::completeness::{GapCause, Span, StreamCompleteness};

/// The time that is told of, up to now.
const WINDOW: TimeDelta = TimeDelta::days(1);
/// It is judged so often at most, whoever asks: it reads much.
const FRESH: Duration = Duration::from_secs(300);
/// The first answer is waited for so long; a later one comes with a later scrape.
const FIRST_ANSWER: Duration = Duration::from_millis(500);

/// Sums of the last day, judged anew every few minutes while somebody scrapes. Cheap to clone.
#[derive(Clone, Default)]
pub struct RecentCompleteness(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    asked: Option<Instant>,
    sums: Option<Sums>,
}

/// Seconds of all streams together.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sums {
    expected: f64,
    stored: f64,
    missing: BTreeMap<&'static str, f64>,
    streams: Vec<OfStream>,
}

/// Seconds of one stream.
#[derive(Clone, Debug, PartialEq)]
struct OfStream {
    server: String,
    stream: String,
    expected: f64,
    stored: f64,
}

impl Sums {
    fn of(streams: &[StreamCompleteness]) -> Self {
        let seconds = |milliseconds: u64| milliseconds as f64 / 1e3;
        let mut sums = Self::default();
        for cause in GapCause::ALL {
            sums.missing.insert(cause.as_str(), 0.0);
        }
        for stream in streams {
            sums.expected += seconds(stream.expected_ms);
            sums.stored += seconds(stream.stored_ms);
            if stream.expected_ms > 0 {
                let (expected, stored) = (seconds(stream.expected_ms), seconds(stream.stored_ms));
                let (server, stream) = (stream.server.clone(), stream.stream.clone());
                sums.streams.push(OfStream { server, stream, expected, stored });
            }
            for gap in &stream.gaps {
                let length = (gap.to - gap.from).num_milliseconds().max(0) as f64 / 1e3;
                *sums.missing.entry(gap.cause.as_str()).or_default() += length;
            }
        }
        sums
    }
}

impl RecentCompleteness {
    /// Writes what was judged last. A database that is slow or away delays nothing, and hides only this.
    pub(super) async fn write(&self, text: &mut Exposition, stores: &Stores) {
        if self.is_due() {
            let (kept, stores) = (self.clone(), stores.clone());
            let judged = actix_web::rt::spawn(async move {
                let now = Utc::now();
                let found = completeness(&stores, Span { from: now - WINDOW, to: now }, None, now).await;
                if let Ok(streams) = found {
                    kept.lock().sums = Some(Sums::of(&streams));
                }
            });
            let _ = tokio::time::timeout(FIRST_ANSWER, judged).await;
        }
        let Some(sums) = self.lock().sums.clone() else { return };
        let help = "Seconds of the last day that should have been recorded, all streams together.";
        text.family("recording_expected_seconds", MetricKind::Gauge, help).value(sums.expected);
        let help = "Seconds of the last day that are stored, all streams together.";
        text.family("recording_stored_seconds", MetricKind::Gauge, help).value(sums.stored);
        let help = "Seconds of the last day that are not stored, by cause, all streams together.";
        let mut family = text.family("recording_missing_seconds", MetricKind::Gauge, help);
        for (cause, seconds) in sums.missing {
            family.sample(&[("cause", cause)], seconds);
        }
        type Seconds = fn(&OfStream) -> f64;
        let of_stream: [(&str, &str, Seconds); 2] = [
            (
                "recording_stream_expected_seconds",
                "Seconds of the last day of a stream that should have been recorded.",
                |one| one.expected,
            ),
            ("recording_stream_stored_seconds", "Seconds of the last day of a stream that are stored.", |one| {
                one.stored
            }),
        ];
        for (name, help, seconds) in of_stream {
            let mut family = text.family(name, MetricKind::Gauge, help);
            for one in &sums.streams {
                family.sample(&[("server", &one.server), ("stream", &one.stream)], seconds(one));
            }
        }
    }

    /// Whether nobody has asked for a while; whoever is told so has to ask.
    fn is_due(&self) -> bool {
        let mut kept = self.lock();
        let is_due = kept.asked.is_none_or(|asked| asked.elapsed() >= FRESH);
        if is_due {
            kept.asked = Some(Instant::now());
        }
        is_due
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::completeness::RecordingGap;

    #[test]
    fn streams_are_summed_by_cause() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time");
        let stream = |stored_ms, gaps: &[(i64, i64, GapCause)]| StreamCompleteness {
            server: "main".to_owned(),
            stream: "cam".to_owned(),
            from: at(0),
            to: at(100),
            expected_ms: 100_000,
            stored_ms,
            archived_ms: 0,
            writing_ms: 0,
            gaps: gaps
                .iter()
                .map(|(from, to, cause)| RecordingGap { from: at(*from), to: at(*to), cause: *cause })
                .collect(),
        };
        let sums = Sums::of(&[
            stream(85_500, &[(0, 10, GapCause::Disk), (20, 24, GapCause::Unknown)]),
            stream(90_000, &[(0, 10, GapCause::Disk)]),
        ]);
        assert_eq!((sums.expected, sums.stored, sums.missing.len()), (200.0, 175.5, GapCause::ALL.len()));
        let each: Vec<_> = sums.streams.iter().map(|one| (one.stream.as_str(), one.expected, one.stored)).collect();
        assert_eq!(each, [("cam", 100.0, 85.5), ("cam", 100.0, 90.0)]);
        assert_eq!((sums.missing["disk"], sums.missing["unknown"], sums.missing["lost"]), (20.0, 4.0, 0.0));
    }
}
