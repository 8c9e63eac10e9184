//! Times of which nothing is known.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::downsample::Point;

/// Why nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GapReason {
    /// Nothing was measured: this program did not run, or the stream was not listed.
    NotMeasured,
    /// It was measured, and the database was away for so long that it could not be kept.
    Lost,
}

/// A time of which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gap {
    /// Its begin.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Why.
    pub reason: GapReason,
}

/// The gaps between points in order that stand for `step` each and are at most `apart` from one another, and those that are
/// marked, however short. A point without
/// numbers that was lost is a gap and no point: it is taken out.
pub fn gaps(points: &mut Vec<Point>, from: DateTime<Utc>, to: DateTime<Utc>, apart: TimeDelta) -> Vec<Gap> {
    let mut found: Vec<Gap> = Vec::new();
    let mut known = from;
    let mut add = |from: DateTime<Utc>, to: DateTime<Utc>, reason| match found.last_mut() {
        Some(last) if last.to == from && last.reason == reason => last.to = to,
        _ => found.push(Gap { from, to, reason }),
    };
    for point in points.iter() {
        if point.at - known > apart || (point.gap && point.at > known) {
            add(known, point.at, GapReason::NotMeasured);
        }
        let end = (point.at + point.step).max(known);
        if point.lost && point.bands.is_empty() {
            add(point.at.max(from), end.min(to), GapReason::Lost);
        }
        known = end;
    }
    if to - known > apart {
        add(known, to, GapReason::NotMeasured);
    }
    points.retain(|point| !point.lost || !point.bands.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn point(second: i64, lost: bool) -> Point {
        Point { at: at(second), step: TimeDelta::seconds(60), lost, ..Point::default() }
    }

    #[test]
    fn gaps_stay_gaps() {
        use GapReason::{Lost, NotMeasured};
        let apart = TimeDelta::seconds(90);
        for (seconds, lost, wanted) in [
            (vec![], vec![], vec![(0, 600, NotMeasured)]),
            (vec![0, 60, 120, 180, 240, 300, 360, 420, 480, 540], vec![], vec![]),
            (vec![240, 300], vec![], vec![(0, 240, NotMeasured), (360, 600, NotMeasured)]),
            (vec![0, 180, 540], vec![60, 120], vec![(60, 180, Lost), (240, 540, NotMeasured)]),
        ] {
            let mut points: Vec<Point> = seconds.iter().map(|second| point(*second, false)).collect();
            points.extend(lost.iter().map(|second| point(*second, true)));
            points.sort_by_key(|point| point.at);
            let found = gaps(&mut points, at(0), at(600), apart);
            let wanted: Vec<Gap> =
                wanted.into_iter().map(|(from, to, reason)| Gap { from: at(from), to: at(to), reason }).collect();
            assert_eq!((found, points.len()), (wanted, seconds.len()), "{seconds:?}");
        }
    }

    #[test]
    fn a_marked_gap_is_one_however_short() {
        let marked = |second| Point { gap: true, step: TimeDelta::zero(), ..point(second, false) };
        let mut points = vec![marked(0), Point { step: TimeDelta::zero(), ..point(10, false) }, marked(30)];
        let found = gaps(&mut points, at(0), at(30), TimeDelta::seconds(90));
        assert_eq!(found, [Gap { from: at(10), to: at(30), reason: GapReason::NotMeasured }]);
    }
}
