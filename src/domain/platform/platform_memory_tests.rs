//! Tables: what polls at a platform find, and what is told of it.

use super::*;
use crate::domain::platform::IngestReport;

fn at(second: u64) -> Moment {
    let wall = DateTime::from_timestamp(1_800_000_000 + second as i64, 0).expect("a time");
    Moment { wall, steady: Duration::from_secs(second) }
}

fn memory() -> PlatformMemory {
    PlatformMemory::new("vimeo".to_owned(), "vimeo".to_owned(), Duration::from_secs(60))
}

fn event(phase: EventPhase, ingest: Option<IngestPhase>) -> LiveEvent {
    let ingest =
        ingest.map(|phase| IngestReport { phase, width: None, height: None, started_at: None, link_expires_at: None });
    LiveEvent {
        id: "7".to_owned(),
        title: "Sunday".to_owned(),
        phase,
        planned_at: None,
        ingest,
        viewers: None,
        fault: None,
    }
}

fn report(events: Vec<LiveEvent>) -> PlatformReport {
    PlatformReport { events, limit: None }
}

/// Incidents that are opened and end, as `+kind` and `-kind`.
fn told(open: &mut Vec<IncidentKind>, changes: Vec<PlatformChange>) -> Vec<String> {
    let told = changes.into_iter().flat_map(|one| match one {
        PlatformChange::Raise { kind, .. } if !open.contains(&kind) => {
            open.push(kind);
            vec![format!("+{}", kind.as_str())]
        }
        PlatformChange::Clear { kind, .. } if open.contains(&kind) => {
            open.retain(|open| *open != kind);
            vec![format!("-{}", kind.as_str())]
        }
        PlatformChange::Gone(Subject::LiveEvent { .. }) => {
            open.drain(..).map(|kind| format!("-{}", kind.as_str())).collect()
        }
        _ => vec![],
    });
    told.collect()
}

#[test]
fn an_event_that_goes_on_without_a_stream_is_told() {
    use EventPhase::{Ended, Live, Planned};
    use IngestPhase::{Ended as Over, Ready, Streaming, TimedOut, Unknown};
    let live = |phase| event(Live, Some(phase));
    for (polls, wanted) in [
        (vec![live(Streaming), live(Streaming)], vec![]),
        (vec![event(Planned, Some(Ready)), event(Planned, Some(Ready))], vec![]),
        (vec![live(Ready)], vec![]),
        (vec![live(Ready), live(Ready)], vec!["+ingestDown"]),
        (vec![live(Streaming), live(Over), live(TimedOut), live(Streaming)], vec!["+ingestDown", "-ingestDown"]),
        (vec![live(Over), live(Over), event(Ended, Some(Over))], vec!["+ingestDown", "-ingestDown"]),
        // What it does not say is not guessed.
        (vec![event(Live, None), event(Live, None), live(Unknown), live(Unknown)], vec![]),
        (vec![live(Over), live(Over), event(Live, None)], vec!["+ingestDown"]),
    ] {
        let (mut memory, mut open) = (memory(), Vec::new());
        let all = polls
            .iter()
            .enumerate()
            .flat_map(|(look, event)| told(&mut open, memory.took(report(vec![event.clone()]), at(look as u64 * 60))));
        assert_eq!(all.collect::<Vec<_>>(), wanted, "{polls:?}");
    }
    // It is gone from the list.
    let (mut memory, mut open) = (memory(), Vec::new());
    for second in [0, 60] {
        told(&mut open, memory.took(report(vec![live(Over)]), at(second)));
    }
    assert_eq!(told(&mut open, memory.took(report(vec![]), at(120))), ["-ingestDown"]);
}

#[test]
fn an_address_that_expires_too_early_is_told() {
    let with = |phase, ingest, expires: i64, planned: Option<i64>| {
        let mut event = event(phase, Some(ingest));
        let wall = |minutes: i64| at(0).wall + TimeDelta::minutes(minutes);
        if let Some(ingest) = &mut event.ingest {
            ingest.link_expires_at = Some(wall(expires));
        }
        LiveEvent { planned_at: planned.map(wall), ..event }
    };
    use EventPhase::{Ended, Live, Planned};
    use IngestPhase::{Ready, Streaming};
    for (event, wanted) in [
        (with(Planned, Ready, 120, None), false),
        (with(Planned, Ready, 59, None), true),
        (with(Planned, Ready, -1, None), true),
        (with(Planned, Ready, 120, Some(119)), false),
        (with(Planned, Ready, 120, Some(121)), true),
        (with(Live, Ready, 120, Some(10_000)), false),
        (with(Live, Streaming, 5, None), false),
        (with(Live, Ready, 5, None), true),
        (with(Ended, Ready, 5, None), false),
    ] {
        let changes = memory().took(report(vec![event.clone()]), at(0));
        let raised = changes
            .iter()
            .any(|one| matches!(one, PlatformChange::Raise { kind: IncidentKind::IngestLinkExpires, .. }));
        assert_eq!(raised, wanted, "{event:?}");
    }
}

#[test]
fn what_refuses_us_is_told_at_once_and_a_limit_never() {
    use PlatformFaultKind::{Failed, NotEntitled, RateLimited, Unauthorized, Unreachable};
    for (faults, state, wanted) in [
        (&[Unauthorized][..], PlatformState::Refused, &["+platformDown"][..]),
        (&[NotEntitled], PlatformState::Refused, &["+platformDown"]),
        (&[Failed], PlatformState::Doubtful, &[]),
        (&[Failed, Unreachable], PlatformState::Down, &["+platformDown"]),
        (&[RateLimited, RateLimited, RateLimited], PlatformState::Resting, &[]),
    ] {
        let (mut memory, mut open) = (memory(), Vec::new());
        let all: Vec<_> = faults
            .iter()
            .enumerate()
            .flat_map(|(look, kind)| {
                told(&mut open, memory.failed(PlatformFault::new(*kind, "no"), at(look as u64 * 60)))
            })
            .collect();
        assert_eq!(
            (all.as_slice(), memory.status().state),
            (wanted.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>().as_slice(), state),
            "{faults:?}"
        );
        let over = told(&mut open, memory.took(report(vec![]), at(6_000)));
        assert_eq!(over.is_empty(), wanted.is_empty(), "{over:?}");
    }
}

#[test]
fn it_is_asked_no_more_often_than_it_allows() {
    let mut memory = memory();
    let seconds = |memory: &PlatformMemory| memory.rest(at(0).wall).as_secs();
    assert_eq!(seconds(&memory), 60);
    let limit = |remaining| Some(RequestLimit { most: Some(100), remaining, resets_at: Some(at(90).wall) });
    memory.took(PlatformReport { events: vec![event(EventPhase::Live, None)], limit: limit(8) }, at(0));
    assert_eq!(seconds(&memory), 60);
    memory.took(PlatformReport { events: vec![event(EventPhase::Live, None)], limit: limit(7) }, at(0));
    assert_eq!(seconds(&memory), 90, "three requests, and five for others");
    let until = Some(at(600).wall);
    memory.failed(PlatformFault { until, ..PlatformFault::new(PlatformFaultKind::RateLimited, "later") }, at(0));
    assert_eq!(seconds(&memory), 600);
    memory.failed(PlatformFault::new(PlatformFaultKind::Unauthorized, "no"), at(0));
    assert_eq!(seconds(&memory), 300);
}

#[test]
fn what_was_known_of_an_event_stays_while_it_cannot_be_looked_at() {
    let mut memory = memory();
    let known = LiveEvent { viewers: Some(12), ..event(EventPhase::Live, Some(IngestPhase::Streaming)) };
    memory.took(report(vec![known]), at(0));
    let failing = |kind| LiveEvent { fault: Some(PlatformFault::new(kind, "no")), ..event(EventPhase::Unknown, None) };
    memory.took(report(vec![failing(PlatformFaultKind::Failed)]), at(60));
    let status = memory.status();
    assert_eq!((status.events[0].viewers, status.events[0].fault.is_some()), (Some(12), true));
    memory.took(report(vec![failing(PlatformFaultKind::NotFound)]), at(120));
    assert_eq!(memory.status().events[0].viewers, None, "it is not there any more");
}
