//! Tables: what a device says, poll by poll, and what is believed and told of it.

use super::*;
use crate::domain::encoder::{EncoderFaultKind, EncoderProtocol};
use chrono::DateTime;

fn at(second: u64) -> Moment {
    let wall = DateTime::from_timestamp(1_800_000_000 + second as i64, 0).expect("a time");
    Moment { wall, steady: Duration::from_secs(second) }
}

fn memory(always_on: bool) -> EncoderMemory {
    EncoderMemory::new("studio".to_owned(), "10.0.0.20".to_owned(), always_on, Duration::from_secs(2))
}

/// `S 10 6 12`: the claim, the duration, the bit rate in Mbit/s and the cache; `-` for what is not told. `!`: no answer.
fn said(word: &str) -> Option<EncoderReading> {
    let mut parts = word.split(' ');
    let claim = match parts.next()? {
        "S" => EncoderClaim::Streaming,
        "I" => EncoderClaim::Idle,
        "C" => EncoderClaim::Connecting,
        "F" => EncoderClaim::Flushing,
        "X" => EncoderClaim::Interrupted,
        "?" => EncoderClaim::Other,
        _ => return None,
    };
    let mut number = || parts.next().and_then(|part| part.parse::<f64>().ok());
    let (duration_seconds, mega, cache_percent) = (number(), number(), number());
    let (protocol, details) = (EncoderProtocol::Rest, EncoderDetails::default());
    let bits_per_second = mega.map(|mega| mega * 1e6);
    Some(EncoderReading { protocol, claim, bits_per_second, duration_seconds, cache_percent, details })
}

/// Every answer with the seconds since the one before, and what is believed at the end; incidents as `+kind`, `-kind`, `!kind`.
fn run(memory: &mut EncoderMemory, polls: &[(u64, &str)]) -> (EncoderState, Vec<String>) {
    let (mut second, mut open, mut told) = (0, Vec::new(), Vec::new());
    for (after, word) in polls {
        second += after;
        let fault = EncoderFault::new(EncoderFaultKind::TimedOut, "it does not answer");
        let events = match said(word) {
            Some(reading) => memory.answered(reading, at(second)),
            None => memory.failed(fault, at(second)),
        };
        for one in events {
            match one {
                EncoderEvent::Raise { kind, .. } if !open.contains(&kind) => {
                    open.push(kind);
                    told.push(format!("+{}", kind.as_str()));
                }
                EncoderEvent::Clear(kind) if open.contains(&kind) => {
                    open.retain(|open| *open != kind);
                    told.push(format!("-{}", kind.as_str()));
                }
                EncoderEvent::Happened { kind, .. } => told.push(format!("!{}", kind.as_str())),
                _ => {}
            }
        }
    }
    (memory.state, told)
}

#[test]
fn streaming_is_believed_only_while_something_moves() {
    use EncoderState::{Connecting, Flushing, Frozen, Idle, Interrupted, Streaming, Unknown, Unproved, Waiting};
    for (polls, state) in [
        (&[][..], Waiting),
        (&[(0, "I")], Idle),
        (&[(0, "S 10 6")], Unproved),
        (&[(0, "S 10 6"), (2, "S 12 6")], Streaming),
        // Within the same second of its clock.
        (&[(0, "S 10 6"), (2, "S 12 6"), (1, "S 12 6")], Streaming),
        // Its duration stands still.
        (&[(0, "S 10 6"), (2, "S 10 6")], Unproved),
        (&[(0, "S 10 6"), (5, "S 10 6"), (5, "S 10 6")], Frozen),
        (&[(0, "S 10 6"), (2, "S 12 6"), (9, "S 12 6")], Streaming),
        (&[(0, "S 10 6"), (2, "S 12 6"), (11, "S 12 6")], Frozen),
        // A long interval: one pair shows it.
        (&[(0, "S 10 6"), (60, "S 10 6")], Frozen),
        (&[(0, "S 10 6"), (60, "S 70 6")], Streaming),
        // Its bit rate is 0, whatever its duration does.
        (&[(0, "S 10 0"), (5, "S 15 0"), (5, "S 20 0")], Frozen),
        (&[(0, "S 10 6"), (2, "S 12 6"), (2, "S 14 0")], Streaming),
        (&[(0, "S 10 6"), (2, "S 12 6"), (5, "S 17 0"), (6, "S 23 0")], Frozen),
        // It tells only one of them.
        (&[(0, "S - 6")], Streaming),
        (&[(0, "S 10"), (2, "S 12")], Streaming),
        (&[(0, "S"), (60, "S")], Unproved),
        // The stream begins anew: nothing is shown again.
        (&[(0, "S 10 6"), (2, "S 12 6"), (2, "S 1 6")], Unproved),
        (&[(0, "S 10 6"), (2, "I"), (2, "S 12 6")], Unproved),
        // A lost answer changes nothing.
        (&[(0, "S 10 6"), (2, "S 12 6"), (2, "!")], Streaming),
        (&[(0, "!")], EncoderState::Silent),
        (&[(0, "S 10 6"), (2, "!"), (2, "!")], EncoderState::Silent),
        (&[(0, "S 10 6"), (2, "!"), (2, "!"), (60, "S 74 6")], Streaming),
        (&[(0, "C")], Connecting),
        (&[(0, "F 10 6")], Flushing),
        (&[(0, "X 10 0")], Interrupted),
        (&[(0, "? 10 6")], Unknown),
    ] {
        assert_eq!(run(&mut memory(false), polls).0, state, "{polls:?}");
    }
}

#[test]
fn what_goes_wrong_is_told_once_and_ends() {
    for (always_on, polls, wanted) in [
        (false, &[(0, "I"), (2, "S 0 6"), (2, "S 2 6")][..], &[][..]),
        (false, &[(0, "S 1 6"), (2, "!"), (2, "!"), (2, "!"), (2, "S 9 6")], &["+encoderDown", "-encoderDown"]),
        (false, &[(0, "S 1 6"), (2, "!"), (2, "S 5 6")], &[]),
        (false, &[(0, "S 1 6"), (12, "S 1 6"), (2, "S 1 6"), (2, "S 3 6")], &["+encoderStalled", "-encoderStalled"]),
        (false, &[(0, "C"), (20, "C")], &[]),
        (false, &[(0, "C"), (31, "C"), (2, "C"), (2, "I")], &["+encoderStalled", "-encoderStalled"]),
        (false, &[(0, "X 1 0"), (3, "X 1 0"), (3, "X 1 0"), (3, "X 1 0")], &["+encoderStalled"]),
        // Ended by somebody else.
        (false, &[(0, "S 1 6"), (2, "S 3 6"), (2, "I")], &["!encoderStopped"]),
        (false, &[(0, "S 1 6"), (2, "S 3 6"), (2, "F 5 6"), (2, "I")], &["!encoderStopped"]),
        (false, &[(0, "S 1 6"), (2, "S 3 6"), (2, "S 1 6")], &["!encoderStopped"]),
        // Again and again: once, and later how often.
        (
            false,
            &[
                (0, "S 1 6"),
                (2, "S 3 6"),
                (2, "I"),
                (2, "S 0 6"),
                (2, "S 2 6"),
                (2, "I"),
                (590, "I"),
                (9, "I"),
                (9, "I"),
            ],
            &["!encoderStopped", "!encoderStopped"],
        ),
        (true, &[(0, "I"), (2, "I"), (2, "S 0 6"), (2, "S 2 6")], &["+encoderStopped", "-encoderStopped"]),
        // Between the two limits it is as it was.
        (
            false,
            &[(0, "S 1 6 85"), (2, "S 3 6 90"), (2, "S 5 6 60"), (2, "S 7 6 40")],
            &["+encoderCacheFull", "-encoderCacheFull"],
        ),
        (false, &[(0, "S 1 6 60"), (2, "S 3 6 85"), (2, "S 5 6 60")], &[]),
    ] {
        assert_eq!(run(&mut memory(always_on), polls).1, wanted, "{polls:?}");
    }
}

#[test]
fn a_stop_that_an_operator_ordered_is_no_incident() {
    for always_on in [false, true] {
        let mut memory = memory(always_on);
        run(&mut memory, &[(0, "S 1 6"), (2, "S 3 6")]);
        memory.ordered(EncoderOrder::Stop, at(3));
        let told: Vec<_> = ["F 5 6", "I", "I", "I"]
            .iter()
            .enumerate()
            .flat_map(|(poll, word)| memory.answered(said(word).expect("an answer"), at(4 + 2 * poll as u64)))
            .filter(|one| !matches!(one, EncoderEvent::Clear(_)))
            .collect();
        assert_eq!(told, [], "always_on {always_on}");
    }
}

#[test]
fn what_is_another_now_is_told_with_both_and_what_was_unknown_has_not_changed() {
    let with = |firmware: Option<&str>, platform: &str| {
        let details = EncoderDetails {
            firmware: firmware.map(str::to_owned),
            platform: Some(platform.to_owned()),
            ..EncoderDetails::default()
        };
        EncoderReading { details, ..said("I").expect("an answer") }
    };
    let mut memory = memory(false);
    let mut changes = |reading| {
        let events = memory.answered(reading, at(0)).into_iter();
        let told = events.filter_map(|one| match one {
            EncoderEvent::Happened { kind: IncidentKind::EncoderChanged, cause } => Some(cause),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert!(changes(with(None, "YouTube")).is_empty());
    assert!(changes(with(Some("3.4"), "YouTube")).is_empty());
    assert_eq!(changes(with(Some("3.5"), "Twitch")), ["firmware 3.4 is 3.5 now, platform YouTube is Twitch now"]);
    assert!(changes(with(None, "Twitch")).is_empty());
}

#[test]
fn what_is_not_known_is_not_shown() {
    let mut memory = memory(false);
    run(&mut memory, &[(0, "S 1 6 3"), (2, "S 3 6 3")]);
    let status = memory.status();
    assert_eq!((status.polls, status.failed_polls, status.fault.is_none()), (2, 0, true));
    assert_eq!(status.reading.and_then(|reading| reading.bits_per_second), Some(6e6));
    run(&mut memory, &[(10, "!"), (2, "!")]);
    let status = memory.status();
    assert_eq!((status.state, status.reading, status.failed_polls), (EncoderState::Silent, None, 2));
    assert!(status.fault.is_some() && status.at.is_some());
}
