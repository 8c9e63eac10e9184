//! The life of a relay in tables: event by event, with what is done and what is shown.

mod promises;
mod stalls;

use super::*;
use crate::domain::probe::FaultKind;

const RULES: RelayRules = RelayRules {
    restart: RestartPolicy::STANDARD,
    stall_timeout: Duration::from_secs(10),
    start_timeout: Duration::from_secs(20),
    login_pause: Duration::from_secs(60),
};

fn tracks() -> Tracks {
    Tracks { format: "rtsp".into(), video: Some("h264".into()), audio: None, flows: true, ..Tracks::default() }
}

fn fault(kind: FaultKind) -> ProbeFault {
    ProbeFault::new(kind, format!("{kind:?}"))
}

fn publisher(kind: &str, id: &str) -> PathView {
    PathView::Available(Some(PathPublisher { kind: kind.into(), id: id.into(), remote: Some("10.0.0.7:4711".into()) }))
}

fn stranger() -> PathView {
    publisher("rtmpConn", "s")
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A probe that found what it should, while the path was seen so.
fn probed(path: PathView) -> RelayEvent {
    RelayEvent::Probed(Ok((tracks(), path)))
}

/// Steps at full jitter.
fn step(relay: &mut Relay, at: u64, event: RelayEvent) -> Vec<Action> {
    relay.step(event, seconds(at), 1.0)
}

/// A relay that runs since second 0.
fn running() -> Relay {
    let mut relay = Relay::new(RULES);
    for event in [
        RelayEvent::Server(Ok(())),
        RelayEvent::StartPermit(PathView::Missing),
        probed(PathView::Missing),
        RelayEvent::Started(Ok(())),
        RelayEvent::Path(PathView::Available(None)),
        RelayEvent::Progress,
    ] {
        step(&mut relay, 0, event);
    }
    assert_eq!(*relay.phase(), RelayPhase::Running);
    relay
}

#[test]
fn the_way_to_running() {
    let mut relay = Relay::new(RULES);
    let table = [
        (RelayEvent::Tick, vec![], RelayPhase::WaitingForServer),
        (RelayEvent::Server(Err("down".into())), vec![], RelayPhase::WaitingForServer),
        (RelayEvent::Restart, vec![], RelayPhase::WaitingForServer),
        (RelayEvent::Server(Ok(())), vec![Action::AcquirePermit], RelayPhase::WaitingForPermit),
        (RelayEvent::Server(Err("down".into())), vec![Action::CancelPermit], RelayPhase::WaitingForServer),
        (RelayEvent::StartPermit(PathView::Missing), vec![], RelayPhase::WaitingForServer),
        (RelayEvent::Server(Ok(())), vec![Action::AcquirePermit], RelayPhase::WaitingForPermit),
        (RelayEvent::Path(PathView::Missing), vec![], RelayPhase::WaitingForPermit),
        (RelayEvent::StartPermit(PathView::Missing), vec![Action::Probe], RelayPhase::Probing),
        (RelayEvent::Progress, vec![], RelayPhase::Probing),
        (probed(PathView::Missing), vec![Action::Start(tracks())], RelayPhase::Starting),
        (RelayEvent::Started(Ok(())), vec![], RelayPhase::Starting),
        (RelayEvent::Progress, vec![], RelayPhase::Starting),
        (RelayEvent::Path(PathView::Available(None)), vec![], RelayPhase::Running),
        (RelayEvent::Path(PathView::Missing), vec![], RelayPhase::Starting),
        (RelayEvent::Path(PathView::Unknown), vec![], RelayPhase::Running),
        (RelayEvent::Server(Err("API down".into())), vec![], RelayPhase::Running),
        (RelayEvent::Row { changed: false }, vec![], RelayPhase::Running),
        (RelayEvent::Probed(Err(fault(FaultKind::Other))), vec![], RelayPhase::Running),
    ];
    for (n, (event, actions, phase)) in table.into_iter().enumerate() {
        let words = format!("{n}: {event:?}");
        assert_eq!(step(&mut relay, 1, event), actions, "{words}");
        assert_eq!(*relay.phase(), phase, "{words}");
    }
    assert_eq!(relay.restarts(), 0);
}

#[test]
fn an_end_is_followed_by_a_read_of_the_row_and_a_short_wait() {
    let mut relay = running();
    assert_eq!(step(&mut relay, 100, RelayEvent::Exited(fault(FaultKind::Ended))), [Action::ReadRow]);
    let soon = seconds(100) + Duration::from_millis(100);
    assert_eq!((relay.phase(), relay.next_start()), (&RelayPhase::Backoff, Some(soon)), "a first failure is forgiven");
    assert_eq!(relay.last_error(), Some("Ended"));
    let mut unread = relay.clone();
    assert_eq!(step(&mut unread, 100, RelayEvent::Tick), []);
    assert_eq!(step(&mut unread, 101, RelayEvent::Tick), [Action::AcquirePermit], "a slow database is not waited for");
    assert_eq!(step(&mut unread, 101, RelayEvent::Row { changed: false }), []);
    assert_eq!(
        step(&mut relay, 100, RelayEvent::Row { changed: false }),
        [Action::AcquirePermit],
        "nothing else to wait for"
    );
    assert_eq!(step(&mut relay, 101, RelayEvent::Tick), []);
    // What the probe found is still known: no second session on a weak camera.
    assert_eq!(step(&mut relay, 101, RelayEvent::StartPermit(PathView::Missing)), [Action::Start(tracks())]);
    assert_eq!(relay.restarts(), 1);
    step(&mut relay, 102, RelayEvent::Progress);
    assert_eq!(step(&mut relay, 103, RelayEvent::Exited(fault(FaultKind::Ended))), [Action::ReadRow]);
    assert_eq!(step(&mut relay, 103, RelayEvent::Row { changed: false }), [], "the second one waits for its time");
}

#[test]
fn a_changed_row_starts_at_once_wherever_it_finds_the_relay() {
    let mut relay = running();
    assert_eq!(step(&mut relay, 5, RelayEvent::Row { changed: true }), [Action::End]);
    assert_eq!(step(&mut relay, 5, RelayEvent::Row { changed: true }), []);
    assert_eq!(step(&mut relay, 6, RelayEvent::Exited(fault(FaultKind::Ended))), [Action::AcquirePermit]);
    let again = [Action::CancelPermit, Action::AcquirePermit];
    assert_eq!(step(&mut relay, 6, RelayEvent::Row { changed: true }), again, "it may be on another host by now");
    assert_eq!(
        step(&mut relay, 6, RelayEvent::StartPermit(PathView::Missing)),
        [Action::Probe],
        "another source is looked at afresh"
    );
    assert_eq!(step(&mut relay, 6, RelayEvent::Row { changed: true }), [Action::CancelProbe, Action::AcquirePermit]);
    step(&mut relay, 6, RelayEvent::StartPermit(PathView::Missing));
    assert_eq!(step(&mut relay, 7, RelayEvent::Probed(Err(fault(FaultKind::Unauthorized)))), [Action::ReadRow]);
    assert_eq!(
        step(&mut relay, 8, RelayEvent::Row { changed: true }),
        [Action::AcquirePermit],
        "a corrected password is tried now"
    );
    assert_eq!((relay.restarts(), relay.last_error()), (0, None));
}

#[test]
fn what_is_known_of_the_source_saves_a_probe_and_a_probe_saves_the_wait() {
    let mut relay = Relay::new(RULES);
    relay.remember(tracks());
    step(&mut relay, 0, RelayEvent::Server(Ok(())));
    assert_eq!(
        step(&mut relay, 0, RelayEvent::StartPermit(PathView::Missing)),
        [Action::Start(tracks())],
        "kept from an earlier run"
    );
    step(&mut relay, 0, RelayEvent::Progress);
    assert_eq!(step(&mut relay, 1, RelayEvent::SourceAnswers(tracks())), [], "a running relay is left alone");
    step(&mut relay, 2, RelayEvent::Row { changed: true });
    step(&mut relay, 2, RelayEvent::Exited(fault(FaultKind::Ended)));
    assert_eq!(step(&mut relay, 2, RelayEvent::StartPermit(PathView::Missing)), [Action::Probe], "another source");
    assert_eq!(step(&mut relay, 2, RelayEvent::SourceAnswers(tracks())), []);
    step(&mut relay, 3, RelayEvent::Probed(Err(fault(FaultKind::Unauthorized))));
    assert_eq!(*relay.phase(), RelayPhase::Backoff);
    assert_eq!(step(&mut relay, 4, RelayEvent::SourceAnswers(tracks())), [Action::AcquirePermit]);
    assert_eq!(step(&mut relay, 4, RelayEvent::StartPermit(PathView::Missing)), [Action::Start(tracks())]);
}

#[test]
fn a_path_that_another_publisher_has_is_not_fought_for() {
    let mut relay = running();
    let (ours, other) = (publisher("rtspSession", "a"), publisher("rtspSession", "b"));
    step(&mut relay, 1, RelayEvent::Path(ours.clone()));
    assert_eq!(step(&mut relay, 2, RelayEvent::Path(other.clone())), []);
    assert_eq!(*relay.phase(), RelayPhase::Starting, "the stream there is not ours");
    // The server has closed our session.
    step(&mut relay, 2, RelayEvent::Exited(fault(FaultKind::PublishRefused)));
    step(&mut relay, 4, RelayEvent::Tick);
    assert_eq!(step(&mut relay, 4, RelayEvent::StartPermit(other.clone())), []);
    assert_eq!(*relay.phase(), RelayPhase::Clearing, "a leftover of ours would be gone in a moment");
    assert_eq!(step(&mut relay, 4, RelayEvent::Path(other.clone())), []);
    assert_eq!(step(&mut relay, 5, RelayEvent::Tick), [Action::AskPath]);
    assert_eq!(step(&mut relay, 5, RelayEvent::Asked(other.clone())), []);
    assert_eq!((relay.phase().state(), relay.next_start()), (CameraState::Held, None));
    assert!(relay.last_error().is_some_and(|text| text.contains("rtspSession from 10.0.0.7:4711")));
    assert_eq!(relay.next_wake(), Some(seconds(15)));
    assert_eq!(step(&mut relay, 15, RelayEvent::Tick), [Action::AskPath]);
    assert_eq!(step(&mut relay, 15, RelayEvent::Asked(other.clone())), []);
    assert_eq!(step(&mut relay, 16, RelayEvent::Path(PathView::Unknown)), []);
    assert_eq!(step(&mut relay, 600, RelayEvent::Path(PathView::Missing)), [Action::AcquirePermit], "free: at once");
    assert_eq!(step(&mut relay, 600, RelayEvent::StartPermit(PathView::Missing)), [Action::Start(tracks())]);
    step(&mut relay, 601, RelayEvent::Progress);
    step(&mut relay, 601, RelayEvent::Path(publisher("rtspSession", "c")));
    assert_eq!(*relay.phase(), RelayPhase::Running);

    step(&mut relay, 700, RelayEvent::Exited(fault(FaultKind::Ended)));
    step(&mut relay, 701, RelayEvent::Tick);
    step(&mut relay, 701, RelayEvent::StartPermit(stranger()));
    assert_eq!(*relay.phase(), RelayPhase::Held, "what is no RTSP is not ours");
    assert_eq!(step(&mut relay, 702, RelayEvent::Restart), [Action::AcquirePermit]);
    assert_eq!(
        step(&mut relay, 702, RelayEvent::StartPermit(stranger())),
        [Action::Start(tracks())],
        "unless somebody wants it"
    );
    step(&mut relay, 703, RelayEvent::Exited(fault(FaultKind::PublishRefused)));
    step(&mut relay, 704, RelayEvent::Tick);
    step(&mut relay, 710, RelayEvent::Tick);
    step(&mut relay, 710, RelayEvent::StartPermit(stranger()));
    assert_eq!(*relay.phase(), RelayPhase::Held, "once");
    assert_eq!(step(&mut relay, 711, RelayEvent::Server(Err("down".into()))), []);
    assert_eq!(*relay.phase(), RelayPhase::WaitingForServer);
}

#[test]
fn who_takes_the_path_while_the_source_is_probed_is_not_pushed_aside() {
    let probing = || {
        let mut relay = Relay::new(RULES);
        step(&mut relay, 0, RelayEvent::Server(Ok(())));
        assert_eq!(step(&mut relay, 0, RelayEvent::StartPermit(PathView::Missing)), [Action::Probe]);
        relay
    };
    let mut relay = probing();
    assert_eq!(step(&mut relay, 4, probed(stranger())), []);
    assert_eq!(*relay.phase(), RelayPhase::Held);
    assert_eq!(step(&mut relay, 9, RelayEvent::Path(PathView::Missing)), [Action::AcquirePermit]);
    let started = step(&mut relay, 9, RelayEvent::StartPermit(PathView::Missing));
    assert_eq!(started, [Action::Start(tracks())], "the source was looked at");

    let (mut relay, other) = (probing(), publisher("rtspSession", "b"));
    assert_eq!(step(&mut relay, 4, probed(other.clone())), []);
    assert_eq!(*relay.phase(), RelayPhase::Clearing, "perhaps what is left of an earlier run");
    assert_eq!(step(&mut relay, 7, RelayEvent::Tick), [Action::AskPath]);
    assert_eq!(step(&mut relay, 7, RelayEvent::Asked(other)), []);
    assert_eq!(*relay.phase(), RelayPhase::Held);

    for path in [PathView::Unknown, PathView::Available(None)] {
        assert_eq!(step(&mut probing(), 4, probed(path)), [Action::Start(tracks())], "nobody tells");
    }
    let mut forced = probing();
    assert_eq!(step(&mut forced, 1, RelayEvent::Restart), [Action::CancelProbe, Action::AcquirePermit]);
    assert_eq!(step(&mut forced, 1, RelayEvent::StartPermit(stranger())), [Action::Probe]);
    assert_eq!(step(&mut forced, 4, probed(stranger())), [Action::Start(tracks())], "somebody wants it");
}

#[test]
fn what_is_gone_in_a_moment_was_no_other_publisher() {
    let other = publisher("rtspSession", "b");
    let mut relay = Relay::new(RULES);
    relay.remember(tracks());
    step(&mut relay, 0, RelayEvent::Server(Ok(())));
    assert_eq!(step(&mut relay, 0, RelayEvent::StartPermit(other.clone())), []);
    assert_eq!((relay.phase(), relay.last_error()), (&RelayPhase::Clearing, None));
    assert_eq!(step(&mut relay, 1, RelayEvent::Tick), [Action::AskPath]);
    assert_eq!(step(&mut relay, 2, RelayEvent::Asked(other.clone())), []);
    assert_eq!(step(&mut relay, 2, RelayEvent::Tick), [Action::AskPath]);
    assert_eq!(step(&mut relay, 2, RelayEvent::Asked(PathView::Missing)), [Action::AcquirePermit]);
    assert_eq!(step(&mut relay, 2, RelayEvent::StartPermit(PathView::Missing)), [Action::Start(tracks())]);
    step(&mut relay, 3, RelayEvent::Progress);
    step(&mut relay, 3, RelayEvent::Path(publisher("rtspSession", "c")));

    // Our own session is still listed after our ffmpeg was killed.
    step(&mut relay, 9, RelayEvent::Exited(fault(FaultKind::Ended)));
    step(&mut relay, 10, RelayEvent::Tick);
    assert_eq!(step(&mut relay, 10, RelayEvent::StartPermit(publisher("rtspSession", "c"))), [Action::Start(tracks())]);
}

#[test]
fn on_standby_it_ends_what_runs_and_goes_on_when_it_may() {
    let mut relay = running();
    assert_eq!(step(&mut relay, 5, RelayEvent::Server(Err("node b relays".into()))), []);
    assert_eq!(step(&mut relay, 5, RelayEvent::Standby), [Action::End]);
    assert_eq!(step(&mut relay, 5, RelayEvent::Standby), [], "once");
    assert_eq!(step(&mut relay, 6, RelayEvent::Exited(fault(FaultKind::Ended))), []);
    assert_eq!((relay.phase(), relay.restarts()), (&RelayPhase::WaitingForServer, 0));
    assert_eq!(relay.last_error(), Some("node b relays"));
    assert_eq!(step(&mut relay, 7, RelayEvent::Restart), [], "also when somebody presses the button");
    assert_eq!(step(&mut relay, 9, RelayEvent::Server(Ok(()))), [Action::AcquirePermit]);
    assert_eq!(step(&mut relay, 9, RelayEvent::StartPermit(PathView::Missing)), [Action::Start(tracks())]);

    let mut looking = Relay::new(RULES);
    step(&mut looking, 0, RelayEvent::Server(Ok(())));
    assert_eq!(step(&mut looking, 0, RelayEvent::StartPermit(PathView::Missing)), [Action::Probe]);
    step(&mut looking, 1, RelayEvent::Server(Err("node b relays".into())));
    assert_eq!(step(&mut looking, 1, RelayEvent::Standby), [Action::CancelProbe]);
    assert_eq!(*looking.phase(), RelayPhase::WaitingForServer);
}

#[test]
fn nothing_moving_is_a_stall() {
    let mut relay = running();
    assert_eq!(relay.next_wake(), Some(seconds(10)));
    step(&mut relay, 9, RelayEvent::Progress);
    assert_eq!(step(&mut relay, 18, RelayEvent::Tick), []);
    assert_eq!(step(&mut relay, 19, RelayEvent::Tick), [Action::End]);
    assert_eq!(relay.phase().state(), CameraState::Stalled);
    assert_eq!(step(&mut relay, 19, RelayEvent::Progress), []);
    assert_eq!(step(&mut relay, 20, RelayEvent::Tick), []);
    assert_eq!(step(&mut relay, 21, RelayEvent::Exited(fault(FaultKind::Program))), [Action::ReadRow]);
    assert_eq!(relay.next_start(), Some(seconds(21) + Duration::from_millis(100)), "a first stall waits shortest");
    assert!(relay.last_error().is_some_and(|text| text.starts_with("nothing came for 10 s")));

    let mut silent = running();
    step(&mut silent, 1, RelayEvent::Restart);
    step(&mut silent, 1, RelayEvent::Exited(fault(FaultKind::Ended)));
    step(&mut silent, 1, RelayEvent::StartPermit(PathView::Missing));
    assert_eq!((silent.phase(), silent.next_wake()), (&RelayPhase::Starting, Some(seconds(21))));
    assert_eq!(step(&mut silent, 21, RelayEvent::Tick), [Action::End]);
}

#[test]
fn a_wrong_password_is_tried_once_a_minute_whatever_else_happens() {
    let mut relay = Relay::new(RULES);
    step(&mut relay, 0, RelayEvent::Server(Ok(())));
    step(&mut relay, 0, RelayEvent::StartPermit(PathView::Missing));
    step(&mut relay, 2, RelayEvent::Probed(Err(fault(FaultKind::Unauthorized))));
    assert_eq!(relay.next_start(), Some(seconds(62)));
    step(&mut relay, 10, RelayEvent::Server(Err("down".into())));
    assert_eq!((relay.phase(), relay.last_error()), (&RelayPhase::WaitingForServer, Some("down")));
    assert_eq!(step(&mut relay, 20, RelayEvent::Server(Ok(()))), []);
    assert_eq!((relay.phase(), relay.next_start()), (&RelayPhase::Backoff, Some(seconds(62))));
    assert_eq!(step(&mut relay, 61, RelayEvent::Tick), []);
    assert_eq!(step(&mut relay, 62, RelayEvent::Tick), [Action::AcquirePermit]);
    step(&mut relay, 62, RelayEvent::StartPermit(PathView::Missing));
    step(&mut relay, 63, RelayEvent::Probed(Err(fault(FaultKind::Unauthorized))));
    assert_eq!(step(&mut relay, 64, RelayEvent::Restart), [Action::AcquirePermit], "unless somebody asks for it");
}

#[test]
fn a_server_that_is_away_is_waited_for_and_its_return_starts_at_once() {
    let mut relay = running();
    step(&mut relay, 100, RelayEvent::Exited(fault(FaultKind::PublishRefused)));
    assert_eq!(*relay.phase(), RelayPhase::Backoff);
    assert_eq!(step(&mut relay, 100, RelayEvent::Server(Err("refused".into()))), []);
    assert_eq!((relay.phase(), relay.next_wake()), (&RelayPhase::WaitingForServer, None));
    assert_eq!(step(&mut relay, 400, RelayEvent::Server(Ok(()))), [Action::AcquirePermit]);

    let mut known = running();
    step(&mut known, 100, RelayEvent::Server(Err("refused".into())));
    step(&mut known, 101, RelayEvent::Exited(fault(FaultKind::PublishRefused)));
    assert_eq!(*known.phase(), RelayPhase::WaitingForServer);
}

#[test]
fn ten_failures_in_ten_minutes_degrade_and_are_still_tried() {
    let mut relay = running();
    let mut now = 1;
    for n in 0..10 {
        assert_ne!(*relay.phase(), RelayPhase::Degraded, "failure {n}");
        step(&mut relay, now, RelayEvent::Exited(fault(FaultKind::Ended)));
        now = relay.next_start().expect("a time").as_secs() + 1;
        step(&mut relay, now, RelayEvent::Tick);
        if n < 9 {
            let begun = step(&mut relay, now, RelayEvent::StartPermit(PathView::Missing));
            assert_eq!(begun.contains(&Action::Probe), n % 3 == 2, "every third failure looks at the source again");
            step(&mut relay, now, probed(PathView::Missing));
        }
    }
    step(&mut relay, now, RelayEvent::StartPermit(PathView::Missing));
    step(&mut relay, now, probed(PathView::Missing));
    step(&mut relay, now, RelayEvent::Exited(fault(FaultKind::Ended)));
    assert_eq!((relay.phase(), relay.next_start()), (&RelayPhase::Degraded, Some(seconds(now + 60))));
    assert_eq!(step(&mut relay, now + 60, RelayEvent::Tick), [Action::AcquirePermit]);
}

#[test]
fn stopping_ends_what_runs_and_nothing_starts_afterwards() {
    let mut relay = running();
    assert_eq!(step(&mut relay, 5, RelayEvent::Stop), [Action::End]);
    assert_eq!(step(&mut relay, 5, RelayEvent::Stop), []);
    for event in [
        RelayEvent::Restart,
        RelayEvent::Row { changed: true },
        RelayEvent::StartPermit(PathView::Missing),
        RelayEvent::Server(Ok(())),
        RelayEvent::Tick,
    ] {
        assert_eq!(step(&mut relay, 5, event), []);
    }
    assert_eq!(step(&mut relay, 6, RelayEvent::Exited(fault(FaultKind::Ended))), []);
    assert_eq!(*relay.phase(), RelayPhase::Ended);
}

#[test]
fn a_stream_of_no_use_is_ended_and_its_source_looked_at_again() {
    let mut relay = running();
    assert_eq!(step(&mut relay, 5, RelayEvent::Unusable(fault(FaultKind::CodecUnsupported))), [Action::End]);
    assert_eq!(*relay.phase(), RelayPhase::Stalled);
    assert_eq!(step(&mut relay, 6, RelayEvent::Unusable(fault(FaultKind::Other))), [], "it is being ended");
    assert_eq!(step(&mut relay, 7, RelayEvent::Exited(fault(FaultKind::Ended))), [Action::ReadRow]);
    assert_eq!(relay.last_fault().map(|fault| fault.kind), Some(FaultKind::CodecUnsupported), "its end is no reason");
    step(&mut relay, 8, RelayEvent::Row { changed: false });
    assert_eq!(step(&mut relay, 9, RelayEvent::StartPermit(PathView::Missing)), [Action::Probe]);
}
