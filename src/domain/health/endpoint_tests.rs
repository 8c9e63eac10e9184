//! What a record of one endpoint makes of its probes.

use super::*;
use crate::domain::probe::{FaultKind, ProbeFault};

fn at(second: u64) -> Moment {
    let wall = DateTime::from_timestamp(1_800_000_000 + second as i64, 0).expect("a time");
    Moment { wall, steady: Duration::from_secs(second) }
}

fn endpoint() -> Endpoint {
    Endpoint {
        name: "gate".to_owned(),
        url: EndpointUrl::read("https://h/s3cret", "url").expect("a URL"),
        interval: Duration::from_secs(30),
        limit: Duration::from_secs(5),
        limits: EndpointLimits {
            outage: OutageRule { raised_by: 3, cleared_by: 2 },
            max_loss: 0.2,
            max_latency: Some(Duration::from_millis(100)),
            certificate_left: Duration::from_secs(14 * 86_400),
        },
        window: Duration::from_secs(600),
    }
}

fn result(second: u64, round: NetworkRound) -> NetworkResult {
    NetworkResult { at: at(second), took: Duration::from_millis(20), round }
}

/// Four round trips of so many milliseconds.
fn well(ms: f64) -> NetworkRound {
    NetworkRound { round_trips: vec![Some(ms / 1e3); 4], ..NetworkRound::default() }
}

fn silent() -> NetworkRound {
    let fault = Some(ProbeFault::new(FaultKind::TimedOut, "nothing"));
    NetworkRound { round_trips: vec![None; 4], fault, ..NetworkRound::default() }
}

#[test]
fn it_is_down_after_three_and_up_after_two_and_its_outage_is_no_loss() {
    let mut record = EndpointRecord::new(endpoint());
    assert_eq!(record.state(), EndpointState::Waiting);
    let mut states = String::new();
    for (index, result_word) in "+---+-+++++++".chars().enumerate() {
        let round = if result_word == '+' { well(10.0) } else { silent() };
        let (rest, event) = record.take(result(index as u64 * 30, round));
        assert_eq!(rest.as_secs(), if result_word == '+' { 30 } else { 7 }, "{index}");
        assert!(!matches!(event.degraded, DegradedEvent::Since(..)), "{index}: an outage is no loss");
        states.push(match record.state() {
            EndpointState::Waiting => 'w',
            EndpointState::Up => 'u',
            EndpointState::Doubtful => '?',
            EndpointState::Degraded => 'g',
            EndpointState::Down => 'd',
        });
    }
    assert_eq!(states, "u??dddduuuuuu");
    let status = record.status(None);
    assert_eq!((status.outages, status.probes, status.failed_probes), (1, 13, 4));
    assert_eq!((status.round_trips, status.lost_round_trips, status.window.lost), (52, 16, 16));
    assert_eq!(status.url, "https://h");
}

/// How often an endpoint is asked in these: every 30 s, one round trip each time.
fn one(took: Option<f64>) -> NetworkRound {
    let fault = took.is_none().then(|| ProbeFault::new(FaultKind::TimedOut, "nothing"));
    NetworkRound { round_trips: vec![took], fault, ..NetworkRound::default() }
}

#[test]
fn it_is_not_well_before_enough_was_asked_to_know_of_loss() {
    let first_told = |window, lost: fn(u64) -> bool| {
        let mut record = EndpointRecord::new(Endpoint { window: Duration::from_secs(window), ..endpoint() });
        (0..40).find_map(|index| {
            let round = one((!lost(index)).then_some(0.01));
            let told = record.take(result(index * 30, round)).1.degraded;
            (told != DegradedEvent::NotKnown).then_some((index * 30, told == DegradedEvent::Well))
        })
    };
    assert_eq!(first_told(600, |index| index % 3 == 2), Some((330, false)), "every third is lost");
    assert_eq!(first_told(600, |_| false), Some((330, true)));
    assert_eq!(first_told(120, |_| false), Some((180, true)), "never enough in its window");
}

#[test]
fn loss_latency_and_a_certificate_that_ends_degrade_it() {
    let lossy = |lost: usize| {
        let trips = (0..4).map(|number| (number >= lost).then_some(0.01)).collect();
        NetworkRound { round_trips: trips, ..NetworkRound::default() }
    };
    let certificate = |days: i64| NetworkRound {
        certificate: Some(CertificateFacts { not_before: at(0).wall, not_after: at(0).wall + TimeDelta::days(days) }),
        ..well(10.0)
    };
    for (what, round, wanted) in [
        ("well", well(10.0), None),
        ("one of four", lossy(1), Some("of the last 10 min were lost")),
        ("slow", well(150.0), Some("a round trip takes 150.0 ms and should take 100.0 ms at most")),
        ("a long certificate", certificate(60), None),
        ("a short certificate", certificate(6), Some("valid for 5 more days")),
    ] {
        let mut record = EndpointRecord::new(endpoint());
        let mut degraded = DegradedEvent::NotKnown;
        for index in 0..6 {
            degraded = record.take(result(30 + index * 30, round.clone())).1.degraded;
        }
        let told = match degraded {
            DegradedEvent::Since(_, why) => Some(why),
            DegradedEvent::Well => None,
            DegradedEvent::NotKnown => panic!("{what}: it was looked at for two minutes"),
        };
        assert_eq!(told.is_some(), wanted.is_some(), "{what}: {told:?}");
        assert_eq!(record.state() == EndpointState::Degraded, wanted.is_some(), "{what}");
        if let (Some(told), Some(wanted)) = (told, wanted) {
            assert!(told.contains(wanted) && told.starts_with("https://h: ") && !told.contains("s3cret"), "{told}");
        }
    }
}
