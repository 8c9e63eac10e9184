//! ffmpeg lives and the picture does not arrive: what is made of it.

use super::*;
use crate::domain::camera::{AudioPolicy, SoundState};
use crate::domain::restream::Manner;

fn with_sound(codec: &str) -> Tracks {
    Tracks { audio: Some(codec.into()), ..tracks() }
}

/// ffmpeg has ended as told, and the next one is started.
fn again(relay: &mut Relay, at: u64) {
    step(relay, at, RelayEvent::Exited(fault(FaultKind::Ended)));
    step(relay, at, RelayEvent::Row { changed: false });
    let start = step(relay, at, RelayEvent::StartPermit(PathView::Missing));
    assert!(matches!(start[..], [Action::Start(_)]), "{start:?} {:?}", relay.phase());
}

#[test]
fn sound_without_pictures_is_a_stall_with_its_reason() {
    let mut relay = running();
    for second in 1..10 {
        step(&mut relay, second, RelayEvent::SoundOnly);
    }
    assert_eq!(relay.next_wake(), Some(seconds(10)), "no reason to wait any longer");
    assert_eq!(step(&mut relay, 10, RelayEvent::Tick), [Action::End]);
    assert_eq!(*relay.phase(), RelayPhase::Stalled);
    assert!(relay.last_error().is_some_and(|text| text.starts_with("the camera sends sound and no video (for 10 s)")));
    again(&mut relay, 11);
    step(&mut relay, 30, RelayEvent::SoundOnly);
    assert_eq!(*relay.phase(), RelayPhase::Starting, "sound alone does not run");
    assert_eq!(step(&mut relay, 31, RelayEvent::Tick), [Action::End]);
    let words = "timeout: no picture within 20 s of the start, though sound came";
    assert!(relay.last_error().is_some_and(|text| text.starts_with(words)), "{:?}", relay.last_error());
}

#[test]
fn ffmpeg_that_was_suspended_tells_nothing_of_the_camera() {
    let mut relay = running();
    step(&mut relay, 9, RelayEvent::Progress);
    assert_eq!(step(&mut relay, 18, RelayEvent::Suspended), [], "it may be for a moment");
    assert_eq!(step(&mut relay, 19, RelayEvent::Suspended), [Action::End]);
    assert_eq!(relay.last_fault().map(|fault| fault.kind), Some(FaultKind::Program));
    assert!(relay.last_error().is_some_and(|text| text.contains("SIGSTOP")), "{:?}", relay.last_error());
    step(&mut relay, 19, RelayEvent::Exited(fault(FaultKind::Other)));
    assert_eq!(relay.last_fault().map(|fault| fault.kind), Some(FaultKind::Program), "not what its end says");
    assert_eq!(step(&mut relay, 20, RelayEvent::Suspended), [Action::AcquirePermit], "none runs: as any tick");
}

#[test]
fn pictures_that_do_not_arrive_do_not_run() {
    let mut relay = Relay::new(RULES);
    relay.remember(tracks());
    step(&mut relay, 0, RelayEvent::Server(Ok(())));
    step(&mut relay, 0, RelayEvent::StartPermit(PathView::Missing));
    step(&mut relay, 1, RelayEvent::Path(PathView::Available(None)));
    step(&mut relay, 1, RelayEvent::Arriving(Some(false)));
    step(&mut relay, 1, RelayEvent::Progress);
    assert_eq!(*relay.phase(), RelayPhase::Starting, "the path is there, and not a byte has come");
    let mut arrives = relay.clone();
    step(&mut arrives, 2, RelayEvent::Arriving(Some(true)));
    assert_eq!(*arrives.phase(), RelayPhase::Running);

    let mut cut = relay.clone();
    step(&mut cut, 9, RelayEvent::Progress);
    step(&mut cut, 10, RelayEvent::Exited(fault(FaultKind::PublishRefused)));
    assert!(cut.last_error().is_some_and(|text| text.contains("none of them arrives")), "{:?}", cut.last_error());
    // The server passes nothing on before the first key frame.
    for second in 2..=30 {
        step(&mut relay, second, RelayEvent::Progress);
    }
    assert_eq!(step(&mut relay, 30, RelayEvent::Tick), []);
    assert_eq!(step(&mut relay, 31, RelayEvent::Tick), [Action::End]);
    assert!(relay.last_error().is_some_and(|text| text.contains("none of them arrives")));

    // Of one that ran.
    step(&mut arrives, 100, RelayEvent::Progress);
    step(&mut arrives, 100, RelayEvent::Arriving(Some(false)));
    for second in 101..110 {
        step(&mut arrives, second, RelayEvent::Progress);
    }
    assert_eq!((arrives.phase(), arrives.next_wake()), (&RelayPhase::Running, Some(seconds(110))));
    assert_eq!(step(&mut arrives, 110, RelayEvent::Tick), [Action::End]);
}

#[test]
fn a_first_key_frame_that_is_late_is_waited_for() {
    let mut relay = Relay::new(RULES);
    relay.remember(tracks());
    step(&mut relay, 0, RelayEvent::Server(Ok(())));
    step(&mut relay, 0, RelayEvent::StartPermit(PathView::Missing));
    step(&mut relay, 1, RelayEvent::Path(PathView::Available(None)));
    step(&mut relay, 1, RelayEvent::Progress);
    assert_eq!(*relay.phase(), RelayPhase::Running, "nobody knows whether anything arrives");
    step(&mut relay, 2, RelayEvent::Arriving(Some(false)));
    assert_eq!(*relay.phase(), RelayPhase::Starting, "nothing has, so far");
    for second in 3..=25 {
        step(&mut relay, second, RelayEvent::Progress);
        assert_eq!(step(&mut relay, second, RelayEvent::Tick), [], "{second} s");
    }
    step(&mut relay, 25, RelayEvent::Arriving(Some(true)));
    assert_eq!(*relay.phase(), RelayPhase::Running);
    // From now on it may not cease.
    step(&mut relay, 26, RelayEvent::Arriving(Some(false)));
    for second in 27..36 {
        step(&mut relay, second, RelayEvent::Progress);
    }
    assert_eq!(step(&mut relay, 36, RelayEvent::Tick), [Action::End]);
}

#[test]
fn a_cut_after_both_have_stopped_is_no_loss_on_the_way() {
    let mut relay = running();
    step(&mut relay, 50, RelayEvent::Progress);
    step(&mut relay, 53, RelayEvent::Arriving(Some(false)));
    step(&mut relay, 59, RelayEvent::Exited(fault(FaultKind::PublishRefused)));
    assert_eq!(relay.last_error(), Some("PublishRefused"));
}

#[test]
fn a_clock_that_jumps_is_healed_by_a_start_and_one_that_goes_on_jumping_is_not_used() {
    let mut relay = running();
    assert_eq!(step(&mut relay, 100, RelayEvent::ClockJumped), [Action::End]);
    assert_eq!((relay.phase(), relay.manner()), (&RelayPhase::Stalled, Manner::default()));
    assert!(relay.last_error().is_some_and(|text| text.starts_with("the camera's clock jumped")));
    assert_eq!(step(&mut relay, 100, RelayEvent::ClockJumped), [], "once");
    again(&mut relay, 101);
    step(&mut relay, 102, RelayEvent::Progress);
    let mut lasting = relay.clone();
    step(&mut lasting, 200, RelayEvent::ClockJumped);
    assert!(lasting.manner().camera_clock, "it was well for long enough");
    step(&mut relay, 110, RelayEvent::ClockJumped);
    assert!(!relay.manner().camera_clock);
    assert!(relay.last_error().is_some_and(|text| text.contains("time of their arrival")));
    step(&mut relay, 110, RelayEvent::Exited(fault(FaultKind::Ended)));
    step(&mut relay, 120, RelayEvent::Tick);
    step(&mut relay, 120, RelayEvent::StartPermit(PathView::Missing));
    step(&mut relay, 121, RelayEvent::Progress);
    assert_eq!(step(&mut relay, 122, RelayEvent::ClockJumped), [], "its clock is of no interest any more");
    assert_eq!(*relay.phase(), RelayPhase::Running);
    step(&mut relay, 130, RelayEvent::Row { changed: true });
    assert_eq!(relay.manner(), Manner::default(), "another source");
}

#[test]
fn converted_sound_that_does_not_come_is_tried_without() {
    let begun = |codec: &str| {
        let mut relay = Relay::new(RULES);
        relay.remember(with_sound(codec));
        step(&mut relay, 0, RelayEvent::Server(Ok(())));
        step(&mut relay, 0, RelayEvent::StartPermit(PathView::Missing));
        relay
    };
    let mut copied = begun("pcm_alaw");
    step(&mut copied, 20, RelayEvent::Tick);
    assert!(copied.manner().with_sound, "copied sound holds nothing up");

    let mut relay = begun("pcm_s16le");
    assert_eq!(step(&mut relay, 20, RelayEvent::Tick), [Action::End]);
    assert!(!relay.manner().with_sound);
    again(&mut relay, 21);
    step(&mut relay, 22, RelayEvent::Progress);
    assert_eq!(*relay.phase(), RelayPhase::Running);
    assert!(relay.last_error().is_some_and(|text| text.contains("tried without")), "{:?}", relay.last_error());
    assert_eq!(relay.sound(Some(false), None), Some(SoundState::Silent));
    let mut asked = relay.clone();
    step(&mut asked, 60, RelayEvent::Restart);
    assert!(asked.manner().with_sound, "somebody has switched its microphone on");

    step(&mut relay, 60, RelayEvent::Exited(fault(FaultKind::Ended)));
    assert!(!relay.manner().with_sound, "known for as long as nobody says otherwise");

    let mut mute = begun("pcm_s16le");
    step(&mut mute, 20, RelayEvent::Tick);
    again(&mut mute, 21);
    step(&mut mute, 41, RelayEvent::Tick);
    assert!(mute.manner().with_sound, "it was not the sound");
}

#[test]
fn what_becomes_of_the_sound_is_told_by_the_path_and_else_by_the_probe() {
    let mut relay = running();
    assert_eq!(relay.sound(None, None), Some(SoundState::Missing), "the look found none");
    assert_eq!(relay.sound(Some(true), None), Some(SoundState::Carried), "switched on since");
    relay.remember(with_sound("aac"));
    assert_eq!(relay.sound(None, None), Some(SoundState::Carried));
    assert_eq!(relay.sound(Some(false), None), Some(SoundState::Missing));
    for (at_path, comes, wanted) in [
        (Some(true), Some(true), SoundState::Carried),
        (Some(true), Some(false), SoundState::Silent),
        (None, Some(false), SoundState::Silent),
        (Some(false), Some(false), SoundState::Missing),
    ] {
        assert_eq!(relay.sound(at_path, comes), Some(wanted), "{at_path:?}, {comes:?}");
    }
    relay.set_audio(AudioPolicy::None);
    assert_eq!(relay.sound(Some(false), None), Some(SoundState::Off));
    step(&mut relay, 1, RelayEvent::Restart);
    assert_eq!(relay.sound(Some(true), None), None, "it does not run");
}

#[test]
fn a_fault_that_says_nothing_about_the_tracks_costs_no_second_probe() {
    use FaultKind::{Busy, Ended, Refused, TimedOut, Unauthorized};
    for (kind, looks) in [(Busy, false), (Refused, false), (TimedOut, false), (Unauthorized, false), (Ended, true)] {
        let mut relay = running();
        let (mut now, mut looked) = (10, false);
        for _ in 0..6 {
            step(&mut relay, now, RelayEvent::Exited(fault(kind)));
            now = relay.next_start().expect("a time").as_secs() + 1;
            step(&mut relay, now, RelayEvent::Tick);
            looked |= step(&mut relay, now, RelayEvent::StartPermit(PathView::Missing)).contains(&Action::Probe);
            step(&mut relay, now, probed(PathView::Missing));
        }
        assert_eq!(looked, looks, "{kind:?}");
    }
}
