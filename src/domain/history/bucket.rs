//! One bucket of a tier, and two buckets of the same time.

use super::code;
use super::metric::Metric;
use crate::domain::stream::StreamState;

/// Min, mean, max and last of a number, as codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeBand {
    pub(super) min: u16,
    pub(super) mean: u16,
    pub(super) max: u16,
    pub(super) last: u16,
}

impl CodeBand {
    /// Of numbers in the metric's unit; `None` when one of them is none.
    pub fn of(metric: Metric, min: f64, mean: f64, max: f64, last: f64) -> Option<Self> {
        let of = |value| code::encode_scaled(value, metric.scale());
        Some(Self { min: of(min)?, mean: of(mean)?, max: of(max)?, last: of(last)? })
    }

    /// A later part of the same bucket. How many samples each had is not kept: both means count alike.
    fn join(self, later: Self) -> Self {
        let mean = ((u32::from(self.mean) + u32::from(later.mean)) / 2) as u16;
        Self { min: self.min.min(later.min), mean, max: self.max.max(later.max), last: later.last }
    }
}

/// Seconds of a bucket in which a stream was not live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotLive {
    /// All of them: those in which nothing was known of it, too.
    pub seconds: u16,
    /// Of them, those in which it was offline or stalled.
    pub away: u16,
}

impl NotLive {
    /// As it stands beside the worst state: nothing need be said of what was live all the time.
    pub(super) fn beside(self, state: Option<StreamState>) -> Option<Self> {
        let says_nothing = self == Self::default() && matches!(state, Some(StreamState::Live) | None);
        (!says_nothing).then_some(self)
    }
}

/// What is kept of one minute, or of ten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Its start, seconds since 1970.
    pub at: i64,
    /// The worst state that was seen; `None` for a host.
    pub state: Option<StreamState>,
    /// A counter began anew in it: the publisher or the server was restarted.
    pub reset: bool,
    /// It was measured and could not be kept.
    pub lost: bool,
    /// Seconds of it after which it began to be watched, and after which no more; `None`: all of it was.
    pub watched: Option<(u16, u16)>,
    /// How long its stream was not live; `None` where it was live all the time, for a host, and in rows of earlier versions.
    pub not_live: Option<NotLive>,
    /// The numbers, by metric.
    pub bands: Vec<(Metric, CodeBand)>,
}

impl Bucket {
    /// Mean of a number, in its unit; `None` where it was not measured.
    pub fn mean(&self, metric: Metric) -> Option<f64> {
        let (_, band) = self.bands.iter().find(|(one, _)| *one == metric)?;
        Some(code::decode_scaled(band.mean, metric.scale()))
    }
}

/// How bad a state is, for the worst of several.
pub(super) fn badness(state: StreamState) -> u8 {
    match state {
        StreamState::Live => 0,
        StreamState::Unknown => 1,
        StreamState::Stalled => 2,
        StreamState::Offline => 3,
    }
}

/// The worse of two.
pub(super) fn worst(a: Option<StreamState>, b: Option<StreamState>) -> Option<StreamState> {
    a.into_iter().chain(b).max_by_key(|state| badness(*state))
}

/// Buckets that are kept and new ones, in order; two of the same time become one, so that adding twice does no harm.
pub fn merge(kept: Vec<Bucket>, new: Vec<Bucket>) -> Vec<Bucket> {
    let mut all: Vec<Bucket> = kept.into_iter().chain(new).collect();
    // Stable: of two of the same time the kept one stays first.
    all.sort_by_key(|bucket| bucket.at);
    let mut merged: Vec<Bucket> = Vec::with_capacity(all.len());
    for bucket in all {
        match merged.last_mut() {
            Some(last) if last.at == bucket.at => join(last, bucket),
            _ => merged.push(bucket),
        }
    }
    merged
}

fn join(bucket: &mut Bucket, later: Bucket) {
    bucket.not_live = join_not_live(bucket, &later);
    bucket.state = worst(bucket.state, later.state);
    bucket.reset |= later.reset;
    bucket.lost |= later.lost;
    let both = bucket.watched.zip(later.watched);
    bucket.watched = both.map(|(one, other)| (one.0.min(other.0), one.1.max(other.1)));
    for (metric, band) in later.bands {
        match bucket.bands.binary_search_by_key(&metric, |(metric, _)| *metric) {
            Ok(place) => bucket.bands[place].1 = bucket.bands[place].1.join(band),
            Err(place) => bucket.bands.insert(place, (metric, band)),
        }
    }
}

/// Two parts that were watched one after the other add up, and nothing is known of the time between them; of two that tell of the
/// same time, the worse counts. `None` where one of them does not say it, too.
fn join_not_live(bucket: &Bucket, later: &Bucket) -> Option<NotLive> {
    let told = |bucket: &Bucket| match bucket.state {
        Some(StreamState::Live) | None => Some(bucket.not_live.unwrap_or_default()),
        Some(_) => bucket.not_live,
    };
    let (one, other) = (told(bucket)?, told(later)?);
    let between = bucket.watched.zip(later.watched).and_then(|(a, b)| {
        let gap = b.0.checked_sub(a.1).or_else(|| a.0.checked_sub(b.1));
        gap.filter(|_| bucket.state.is_some())
    });
    let joined = match between {
        Some(between) => NotLive {
            seconds: one.seconds.saturating_add(other.seconds).saturating_add(between),
            away: one.away.saturating_add(other.away),
        },
        None => NotLive { seconds: one.seconds.max(other.seconds), away: one.away.max(other.away) },
    };
    joined.beside(worst(bucket.state, later.state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(at: i64, state: StreamState, bitrate: u16) -> Bucket {
        let band = CodeBand { min: bitrate, mean: bitrate + 2, max: bitrate + 5, last: bitrate + 1 };
        Bucket { at, state: Some(state), bands: vec![(Metric::Bitrate, band)], ..Bucket::default() }
    }

    #[test]
    fn two_of_the_same_time_become_one() {
        let kept = vec![bucket(0, StreamState::Live, 10), bucket(60, StreamState::Offline, 10)];
        assert_eq!(merge(kept.clone(), kept.clone()), kept, "adding twice does no harm");
        let mut later = bucket(60, StreamState::Live, 20);
        (later.reset, later.lost) = (true, true);
        later.bands.push((Metric::Readers, CodeBand { min: 1, mean: 1, max: 1, last: 1 }));
        let merged = merge(kept.clone(), vec![bucket(180, StreamState::Live, 1), later]);
        assert_eq!(merged.iter().map(|bucket| bucket.at).collect::<Vec<_>>(), [0, 60, 180]);
        let both = &merged[1];
        assert_eq!((both.state, both.reset, both.lost), (Some(StreamState::Offline), true, true));
        assert_eq!(both.bands[0].1, CodeBand { min: 10, mean: 17, max: 25, last: 21 });
        assert_eq!(both.bands.len(), 2);
    }

    #[test]
    fn two_parts_of_a_bucket_were_watched_from_the_first_to_the_last() {
        for (one, other, wanted) in [
            (Some((0, 20)), Some((30, 60)), Some((0, 60))),
            (Some((40, 60)), Some((5, 60)), Some((5, 60))),
            (Some((40, 60)), None, None),
        ] {
            let part = |watched| Bucket { watched, ..bucket(0, StreamState::Live, 1) };
            assert_eq!(merge(vec![part(one)], vec![part(other)])[0].watched, wanted, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_was_not_live_adds_up_over_parts_and_not_over_the_same_time() {
        use StreamState::{Live, Offline};
        let lost = |seconds, away| Some(NotLive { seconds, away });
        type Part = (StreamState, Option<(u16, u16)>, Option<NotLive>);
        for (what, one, other, wanted) in [
            ("parts", (Offline, Some((0, 20)), lost(5, 5)), (Offline, Some((20, 60)), lost(7, 3)), lost(12, 8)),
            ("a time between them", (Live, Some((0, 20)), None), (Live, Some((30, 60)), None), lost(10, 0)),
            ("the later one first", (Live, Some((30, 60)), None), (Live, Some((0, 20)), None), lost(10, 0)),
            ("the same twice", (Offline, None, lost(5, 5)), (Offline, None, lost(5, 5)), lost(5, 5)),
            ("two that both were live", (Live, None, None), (Live, None, None), None),
            ("one of an earlier version", (Offline, None, None), (Live, None, None), None),
        ] as [(&str, Part, Part, Option<NotLive>); 6]
        {
            let part = |(state, watched, not_live): Part| Bucket { watched, not_live, ..bucket(0, state, 1) };
            assert_eq!(merge(vec![part(one)], vec![part(other)])[0].not_live, wanted, "{what}");
        }
    }
}
