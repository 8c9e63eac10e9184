//! Tables: one stream, minute by minute.

use super::*;
use crate::domain::history::{CodeBand, Metric};

/// A Sunday, 14:00 UTC.
const SUNDAY: i64 = 1_795_960_800;
const DAY: i64 = 86_400;

fn bucket(at: i64, state: StreamState, numbers: &[(Metric, f64)]) -> Bucket {
    let band = |(metric, value): &(Metric, f64)| {
        (*metric, CodeBand::of(*metric, *value, *value, *value, *value).expect("a number"))
    };
    let bands = numbers.iter().map(band).collect();
    Bucket { at, state: Some(state), bands, ..Bucket::default() }
}

fn numbers(mbit: f64, rtt: f64) -> [(Metric, f64); 2] {
    [(Metric::Bitrate, mbit * 1e6), (Metric::Rtt, rtt)]
}

fn moment(second: i64) -> Moment {
    let wall = DateTime::from_timestamp(second, 0).expect("a time");
    Moment { wall, steady: Duration::from_secs((second - SUNDAY + DAY) as u64) }
}

/// 4 Mbit/s and 40 ms are usual, after so many days.
fn stream(days: i64) -> StreamAnomalies {
    let metrics = AnomalyMetric::OF_STREAMS.to_vec();
    let rule = AnomalyRule { metrics, sensitivity: Sensitivity::Medium, dwell: Duration::from_secs(300) };
    let begin = SUNDAY - days * DAY;
    let learned: Vec<Bucket> =
        (begin..SUNDAY).step_by(600).map(|at| bucket(at, StreamState::Live, &numbers(4.0, 40.0))).collect();
    let mut stream = StreamAnomalies::new(&rule);
    stream.learn(AnomalyMetric::OF_STREAMS.map(|metric| (metric, Baseline::learn(metric, &learned, SUNDAY))).to_vec());
    stream
}

/// A letter a minute: what happens, and what is told of it (`!` unusual, `.` well, a space nothing).
fn told(stream: &mut StreamAnomalies, minutes: &str) -> String {
    let mut told = String::new();
    for (letter, minute) in minutes.chars().zip(0..) {
        let at = SUNDAY + minute * 60;
        let live = |mbit, rtt| bucket(at, StreamState::Live, &numbers(mbit, rtt));
        let minute = match letter {
            '-' => live(4.0, 40.0),
            'h' => live(2.4, 40.0),
            'd' => live(8.5, 40.0),
            's' => live(4.0, 150.0),
            'f' => live(4.0, 5.0),
            'r' => Bucket { reset: true, ..live(0.1, 40.0) },
            'p' => Bucket { watched: Some((30, 60)), ..live(0.1, 40.0) },
            'o' => bucket(at, StreamState::Offline, &[]),
            '?' => bucket(at, StreamState::Unknown, &[]),
            // Nobody looked.
            ' ' => {
                told.push(' ');
                continue;
            }
            _ => panic!("{letter}"),
        };
        told.push(match stream.take(&minute, moment(at + 60)) {
            AnomalyEvent::Nothing => ' ',
            AnomalyEvent::Since(..) => '!',
            AnomalyEvent::Well => '.',
        });
    }
    told
}

#[test]
fn what_leaves_the_usual_is_told_once_and_ends_when_it_is_well_for_longer() {
    for (what, minutes, wanted) in [
        ("well; after three dwell times it is said once", "---------------------", "                 .   "),
        ("one odd minute, and four", "-----h----hhhh------", "                 .  "),
        ("two fifths less", "-----hhhhhhhhh", "           !  "),
        ("too much", "-----ddddddddd", "           !  "),
        ("a slow link, and a fast one", "-----sssssssssffffff", "           !        "),
        ("it is well again", "---hhhhhhhh-----------------", "         !                 ."),
        ("it comes and goes: one", "---hhhhhhhh----hhhh-----hhhh------", "         !                        "),
        ("a counter begins anew, and a bit rate that is cut off", "---hhrrrr--pp-----", "                  "),
        ("it was not watched: the time before does not count", "---hhhh      hhh", "                "),
        ("it goes offline: that is another incident's", "---hhhhhhhho---hhhhhhhh", "         ! .         ! "),
        ("its server does not answer", "---hhhhhhhh??", "         ! . "),
        ("it is not live when the program starts: what an earlier run has told of is over", "ooo", ".  "),
    ] {
        assert_eq!(told(&mut stream(28), minutes), wanted, "{what}");
    }
    assert_eq!(told(&mut stream(14), &"h".repeat(60)), " ".repeat(60), "two weeks say nothing");
}

#[test]
fn frames_are_judged_as_probes_count_them() {
    let rule = AnomalyRule {
        metrics: vec![AnomalyMetric::Fps],
        sensitivity: Sensitivity::Medium,
        dwell: Duration::from_secs(300),
    };
    let frames = |at: i64, fps: f64| bucket(at, StreamState::Live, &[(Metric::Fps, fps)]);
    let learned: Vec<Bucket> = (SUNDAY - 28 * DAY..SUNDAY).step_by(600).map(|at| frames(at, 25.0)).collect();
    // A probe every four minutes; what is told of each, by what they count.
    for (counted, wanted) in [
        (&[25.0, 12.0, 12.0, 12.0, 12.0][..], &[false, false, false, true, false][..]),
        (&[25.0, 12.0, 25.0, 12.0, 25.0][..], &[false; 5][..]),
        (&[25.0, 50.0, 50.0, 50.0, 50.0][..], &[false; 5][..]),
    ] {
        let mut one = StreamAnomalies::new(&rule);
        one.learn(vec![(AnomalyMetric::Fps, Baseline::learn(AnomalyMetric::Fps, &learned, SUNDAY))]);
        let told = |one: &mut StreamAnomalies, place: i64, fps: f64| {
            let mut told = false;
            for minute in place * 4..place * 4 + 4 {
                let at = SUNDAY + minute * 60;
                let probed = minute % 4 == 3;
                let minute = if probed { frames(at, fps) } else { bucket(at, StreamState::Live, &[]) };
                told |= matches!(one.take(&minute, moment(at + 60)), AnomalyEvent::Since(..));
            }
            told
        };
        let found: Vec<bool> = counted.iter().zip(0..).map(|(fps, place)| told(&mut one, place, *fps)).collect();
        assert_eq!(found, wanted, "{counted:?}");
    }
}

#[test]
fn it_is_explained_in_numbers() {
    let mut one = stream(28);
    let key = SeriesKey::stream("main", "gate");
    let state = |one: &StreamAnomalies, minute: i64| one.statuses(&key, moment(SUNDAY + minute * 60));
    let states = |one: &StreamAnomalies| state(one, 0).iter().map(|status| status.state).collect::<Vec<_>>();
    assert_eq!(states(&one), [AnomalyState::NotJudged; 2], "readers were never measured");
    told(&mut one, "-----");
    assert_eq!(states(&one), [AnomalyState::Usual; 2]);
    let mut minute = 5;
    let (since, cause) = loop {
        let at = SUNDAY + minute * 60;
        match one.take(&bucket(at, StreamState::Live, &numbers(1.2, 40.0)), moment(at + 60)) {
            AnomalyEvent::Since(since, cause) => break (since, cause),
            _ => minute += 1,
        }
    };
    assert_eq!(
        cause, "bitrate 1.2 Mbit/s; usual for Sundays 14:00 UTC is 4.0, between 3.2 and 5.8; for 5 min",
        "{minute}"
    );
    let statuses = state(&one, minute + 1);
    let bitrate = &statuses[0];
    assert_eq!((bitrate.state, bitrate.since, bitrate.weeks), (AnomalyState::Unusual, Some(since.wall), Some(4)));
    assert_eq!(bitrate.explanation.as_deref(), Some(cause.as_str()));
    assert!(bitrate.usual_low.is_some() && statuses[1].usual_low.is_none(), "{statuses:?}");
    assert_eq!(bitrate.judges_from, None);
    let young = stream(5);
    let learning = &state(&young, 0)[0];
    let judges_from = DateTime::from_timestamp(SUNDAY + 16 * DAY, 0);
    assert_eq!((learning.state, learning.judges_from), (AnomalyState::Learning, judges_from));
}
