//! Rows there and back, rubbish, and how many bytes they take.

use proptest::prelude::*;

use super::super::Reading;
use super::*;

const START: i64 = 1_800_000_000 / 172_800 * 172_800;

fn band(mean: u16, spread: u16) -> CodeBand {
    CodeBand { min: mean.saturating_sub(spread), mean, max: mean + spread, last: mean + spread / 2 }
}

fn bucket(at: i64, state: Option<StreamState>, bands: Vec<(Metric, CodeBand)>) -> Bucket {
    Bucket { at, state, bands, ..Bucket::default() }
}

#[test]
fn rows_come_back() {
    let live = Some(StreamState::Live);
    let odd = Bucket { reset: true, lost: true, ..bucket(START + 120, Some(StreamState::Stalled), vec![]) };
    let full = (0..360).map(|n| bucket(START + n * 60, live, vec![(Metric::Bitrate, band(100 + n as u16, 3))]));
    for (what, buckets) in [
        ("nothing", vec![]),
        ("one", vec![bucket(START, live, vec![(Metric::Readers, band(0, 0))])]),
        ("a host's, at the end", vec![bucket(START + 359 * 60, None, vec![(Metric::Cpu, band(3775, 0))])]),
        ("every flag", vec![bucket(START, Some(StreamState::Unknown), vec![]), odd]),
        ("full", full.collect()),
        (
            "begun and ended within a bucket",
            vec![
                Bucket { watched: Some((55, 60)), ..bucket(START, live, vec![(Metric::Bitrate, band(7, 1))]) },
                bucket(START + 60, live, vec![]),
                Bucket { watched: Some((0, 7)), ..bucket(START + 120, live, vec![]) },
            ],
        ),
        (
            "a metric that comes and goes",
            vec![
                bucket(START, live, vec![(Metric::Bitrate, band(7, 1)), (Metric::Rtt, band(9, 0))]),
                bucket(START + 60, live, vec![(Metric::Bitrate, band(9, 1))]),
                bucket(START + 300, Some(StreamState::Offline), vec![(Metric::Rtt, band(1000, 200))]),
            ],
        ),
    ] {
        let packed = pack(Tier::Minute, START, &buckets);
        assert_eq!(unpack(Tier::Minute, START, &packed, |_| true).as_ref(), Some(&buckets), "{what}");
    }
}

#[test]
fn what_is_not_wanted_is_not_read_and_what_is_outside_is_not_kept() {
    let both = vec![(Metric::Bitrate, band(7, 1)), (Metric::Rtt, band(9, 0))];
    let buckets = [-60, 0, 21_600].map(|after| bucket(START + after, None, both.clone()));
    let packed = pack(Tier::Minute, START, &buckets);
    let read = unpack(Tier::Minute, START, &packed, |metric| metric == Metric::Rtt);
    assert_eq!(read, Some(vec![bucket(START, None, vec![(Metric::Rtt, band(9, 0))])]));
    assert_eq!(unpack(Tier::Minute, START, &[2], |_| true), None, "a newer program's");
}

fn bands() -> impl Strategy<Value = Vec<(Metric, CodeBand)>> {
    let band = (0_u16..=3775, 0_u16..3775, 0_u16..3775, 0_u16..=3775).prop_map(|(mean, below, above, last)| CodeBand {
        min: mean.saturating_sub(below),
        mean,
        max: mean + above,
        last,
    });
    prop::collection::btree_map(0_u8..7, band, 0..5)
        .prop_map(|map| map.into_iter().filter_map(|(id, band)| Some((Metric::of_id(id)?, band))).collect())
}

fn partly() -> impl Strategy<Value = Option<(u16, u16)>> {
    prop::option::of((0_u16..300, 300_u16..=600))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_row_comes_back(buckets in prop::collection::btree_map(0_i64..288, (bands(), 0_u8..5, any::<(bool, bool)>(), partly(), partly()), 0..60)) {
        let buckets: Vec<Bucket> = buckets
            .into_iter()
            .map(|(index, (bands, state, (reset, lost), watched, away))| Bucket {
                reset,
                lost,
                watched,
                not_live: away.map(|(away, seconds)| NotLive { seconds, away }),
                ..bucket(START + index * 600, blank(0, state).state, bands)
            })
            .collect();
        let packed = pack(Tier::TenMinutes, START, &buckets);
        prop_assert_eq!(unpack(Tier::TenMinutes, START, &packed, |_| true), Some(buckets));
    }

    #[test]
    fn rubbish_is_refused_and_never_more(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Some(first) = bytes.first_mut() {
            *first = VERSION;
        }
        if let Some(buckets) = unpack(Tier::Minute, START, &bytes, |_| true) {
            prop_assert!(buckets.len() <= Tier::Minute.buckets());
        }
    }
}

/// A stream as noisy as they come: each number jumps by `noise` of itself between two samples.
fn noisy(tier: Tier, metrics: &[(Metric, f64, f64)]) -> usize {
    let mut seed = 7_u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
    };
    let samples = tier.step() / 2;
    let buckets: Vec<Bucket> = (0..tier.buckets() as i64)
        .map(|n| {
            let mut aggregate = super::super::Aggregate::default();
            for sample in 0..samples {
                let values = metrics.iter().map(|(metric, value, noise)| {
                    // Nearly a bell.
                    let jump = next() + next() + next();
                    (*metric, value * (1.0 + noise * jump * 2.0))
                });
                let reading = Reading {
                    second: START + n * tier.step() + sample * 2,
                    state: Some(StreamState::Live),
                    values: values.collect(),
                    ..Reading::default()
                };
                assert_eq!(aggregate.add(tier, &reading), None);
            }
            // As polls that go on end it.
            Bucket { watched: None, ..aggregate.close(tier).expect("a bucket") }
        })
        .collect();
    pack(tier, START, &buckets).len()
}

#[test]
fn a_path_costs_at_most_a_megabyte() {
    let plain = [(Metric::Bitrate, 4e6, 0.05), (Metric::BitrateOut, 12e6, 0.05), (Metric::Readers, 3.0, 0.0)];
    let srt = [
        (Metric::Rtt, 40.0, 0.2),
        (Metric::LossRate, 0.0, 0.0),
        (Metric::LinkCapacity, 90.0, 0.3),
        (Metric::RecvRate, 4.0, 0.1),
        (Metric::RetransmitRate, 0.0, 0.0),
    ];
    let all: Vec<_> = plain.into_iter().chain(srt).collect();
    // Thirty days of minutes and a year of ten minutes.
    let year =
        |metrics: &[(Metric, f64, f64)]| noisy(Tier::Minute, metrics) * 120 + noisy(Tier::TenMinutes, metrics) * 183;
    let (plain, srt) = (year(&plain), year(&all));
    assert!(plain < 400_000, "{plain}");
    assert!(srt < 1 << 20, "{srt}");
}
