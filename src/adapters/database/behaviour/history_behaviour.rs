//! The past in tiers.

use crate::adapters::database::{Database, HistoryQuery};
use crate::domain::history::{Bucket, CodeBand, Metric, SeriesKey, SeriesKind, Tier};
use crate::domain::stream::StreamState;

const START: i64 = 1_800_000_000 / 172_800 * 172_800;

fn bucket(at: i64, bitrate: f64) -> Bucket {
    let band = |metric| CodeBand::of(metric, bitrate - 1.0, bitrate, bitrate + 2.0, bitrate).expect("numbers");
    let bands = vec![(Metric::Bitrate, band(Metric::Bitrate)), (Metric::Rtt, band(Metric::Rtt))];
    Bucket { at: START + at, state: Some(StreamState::Live), reset: at == 0, bands, ..Bucket::default() }
}

fn query(series: &SeriesKey, tier: Tier, from: i64, to: i64) -> HistoryQuery {
    HistoryQuery { series: series.clone(), tier, from: START + from, to: START + to, metrics: Vec::new() }
}

pub(in crate::adapters::database) async fn buckets_are_kept_by_series_and_tier(database: &dyn Database) {
    let (gate, yard) = (SeriesKey::stream("ma'in", "site/gate"), SeriesKey::stream("main", "yard"));
    let host = SeriesKey::host("site/gate");
    // Over the end of a row, and out of order.
    let minutes: Vec<Bucket> = [21_600, 0, 60, 21_540].map(|at| bucket(at, 50.0)).to_vec();
    let tens = vec![bucket(0, 70.0), bucket(600, 80.0)];
    let batch = vec![
        (gate.clone(), Tier::Minute, minutes),
        (gate.clone(), Tier::TenMinutes, tens.clone()),
        (host.clone(), Tier::Minute, vec![bucket(60, 5.0)]),
    ];
    for _ in 0..2 {
        database.add_history(batch.clone()).await.expect("added; twice does no harm");
    }
    let wanted: Vec<Bucket> = [0, 60, 21_540, 21_600].map(|at| bucket(at, 50.0)).to_vec();
    for (series, tier, from, to, wanted) in [
        (&gate, Tier::Minute, 0, 40_000, wanted.clone()),
        (&gate, Tier::Minute, 60, 21_600, wanted[1..3].to_vec()),
        (&gate, Tier::Minute, 119, 120, wanted[1..2].to_vec()),
        (&gate, Tier::Minute, 120, 180, vec![]),
        (&gate, Tier::TenMinutes, -100_000, 100_000, tens),
        (&host, Tier::Minute, 0, 100, vec![bucket(60, 5.0)]),
        (&host, Tier::TenMinutes, 0, 100, vec![]),
        (&yard, Tier::Minute, 0, 40_000, vec![]),
    ] {
        let found = database.history(query(series, tier, from, to)).await.expect("read");
        assert_eq!(found, wanted, "{series:?} {tier:?} {from} {to}");
    }
    let rtt = HistoryQuery { metrics: vec![Metric::Rtt], ..query(&gate, Tier::Minute, 0, 60) };
    let found = database.history(rtt).await.expect("read");
    assert_eq!(found[0].bands, bucket(0, 50.0).bands[1..]);
    for (kind, tier, since, wanted) in [
        (SeriesKind::Stream, Tier::TenMinutes, 0, vec![gate.clone()]),
        (SeriesKind::Stream, Tier::TenMinutes, 3 * Tier::TenMinutes.span(), vec![]),
        (SeriesKind::Host, Tier::Minute, 0, vec![host.clone()]),
        (SeriesKind::Server, Tier::Minute, 0, vec![]),
    ] {
        let found = database.series(kind, tier, START + since).await.expect("read");
        assert_eq!(found, wanted, "{kind:?} {tier:?} {since}");
    }
}

pub(in crate::adapters::database) async fn later_buckets_are_added_to_a_row(database: &dyn Database) {
    let gate = SeriesKey::stream("main", "gate");
    for n in 0..5 {
        let new = vec![bucket(n * 60, 10.0), bucket(n * 60 + 60, 10.0)];
        database.add_history(vec![(gate.clone(), Tier::Minute, new)]).await.expect("added");
    }
    let found = database.history(query(&gate, Tier::Minute, 0, 1_000)).await.expect("read");
    assert_eq!(found, (0..6).map(|n| bucket(n * 60, 10.0)).collect::<Vec<_>>());
}

pub(in crate::adapters::database) async fn old_history_is_forgotten(database: &dyn Database) {
    let gate = SeriesKey::stream("main", "gate");
    let batch = [Tier::Minute, Tier::TenMinutes]
        .map(|tier| (gate.clone(), tier, vec![bucket(0, 1.0), bucket(tier.span(), 2.0), bucket(2 * tier.span(), 3.0)]));
    database.add_history(batch.to_vec()).await.expect("added");
    let (minute, ten) = (Tier::Minute.span(), Tier::TenMinutes.span());
    assert_eq!(database.forget_history(Tier::Minute, START + minute - 1).await.expect("asked"), 0, "not over yet");
    assert_eq!(database.forget_history(Tier::Minute, START + 2 * minute).await.expect("asked"), 2);
    let found = database.history(query(&gate, Tier::Minute, 0, 10 * minute)).await.expect("read");
    assert_eq!(found, [bucket(2 * minute, 3.0)]);
    assert_eq!(database.history(query(&gate, Tier::TenMinutes, 0, 10 * ten)).await.expect("read").len(), 3);
}

pub(in crate::adapters::database) async fn history_is_its_nodes_own(a: &dyn Database, b: &dyn Database) {
    let gate = SeriesKey::stream("main", "gate");
    a.add_history(vec![(gate.clone(), Tier::Minute, vec![bucket(0, 1.0)])]).await.expect("added");
    let all = || query(&gate, Tier::Minute, 0, 1_000);
    assert_eq!(b.history(all()).await.expect("read"), [bucket(0, 1.0)], "it has none of its own");
    b.add_history(vec![(gate.clone(), Tier::Minute, vec![bucket(60, 2.0)])]).await.expect("added");
    assert_eq!(a.history(all()).await.expect("read"), [bucket(0, 1.0)]);
    assert_eq!(b.history(all()).await.expect("read"), [bucket(60, 2.0)]);
    assert_eq!(b.forget_history(Tier::Minute, START + 1_000_000).await.expect("asked"), 1);
    assert_eq!(a.history(all()).await.expect("read"), [bucket(0, 1.0)]);
}
