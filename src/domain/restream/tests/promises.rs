//! The promises of a relay, whatever happens to it.

use proptest::prelude::*;

use super::*;

/// The world around a relay: it keeps processes, and complains when the relay breaks a promise.
#[derive(Default)]
struct World {
    now: Duration,
    probe: bool,
    ffmpeg: bool,
    ending: bool,
    asked: bool,
    asked_path: bool,
}

impl World {
    fn act(&mut self, relay: &mut Relay, event: RelayEvent) -> Result<(), TestCaseError> {
        let actions = relay.step(event, self.now, 0.5);
        for action in actions {
            match action {
                Action::AcquirePermit => self.asked = true,
                Action::CancelPermit => self.asked = false,
                Action::Probe => {
                    prop_assert!(!self.probe && !self.ffmpeg, "a second process");
                    self.probe = true;
                }
                Action::CancelProbe => {
                    prop_assert!(self.probe, "no probe to cancel");
                    self.probe = false;
                }
                Action::Start(_) => {
                    prop_assert!(!self.probe && !self.ffmpeg, "a second process");
                    (self.ffmpeg, self.ending) = (true, false);
                }
                Action::End => {
                    prop_assert!(self.ffmpeg && !self.ending, "nothing to end, or ended twice");
                    self.ending = true;
                }
                Action::AskPath => self.asked_path = true,
                Action::ReadRow => prop_assert!(!self.probe && !self.ffmpeg, "read before the end"),
            }
        }
        prop_assert_eq!(relay.phase().has_ffmpeg(), self.ffmpeg, "phase {:?}", relay.phase());
        Ok(())
    }

    /// What can happen, chosen by a number; impossible choices only let time pass.
    fn happens(&mut self, choice: u8) -> RelayEvent {
        self.now += Duration::from_millis(u64::from(choice) * 20);
        match choice % 16 {
            0 => RelayEvent::Server(Ok(())),
            1 if choice > 128 => RelayEvent::Standby,
            1 => RelayEvent::Server(Err("away".into())),
            2 => RelayEvent::Path(PathView::Available(None)),
            3 => RelayEvent::Path(PathView::Missing),
            4 if std::mem::take(&mut self.asked) => RelayEvent::StartPermit(PathView::Missing),
            5 if std::mem::take(&mut self.asked) => RelayEvent::StartPermit(stranger()),
            5 => RelayEvent::Path(stranger()),
            15 if std::mem::take(&mut self.asked_path) => {
                RelayEvent::Asked(if choice > 128 { PathView::Missing } else { publisher("rtspSession", "x") })
            }
            15 if std::mem::take(&mut self.asked) => RelayEvent::StartPermit(publisher("rtspSession", "x")),
            6 if std::mem::take(&mut self.probe) => probed(PathView::Missing),
            7 if std::mem::take(&mut self.probe) => {
                probed(if choice > 128 { stranger() } else { publisher("rtspSession", "x") })
            }
            8 if std::mem::take(&mut self.probe) => RelayEvent::Probed(Err(fault(FaultKind::Unauthorized))),
            9 if self.ffmpeg && choice > 224 => RelayEvent::Unusable(fault(FaultKind::Other)),
            9 if self.ffmpeg && !self.ending => RelayEvent::Progress,
            10 if self.ffmpeg && !self.ending && choice > 128 => RelayEvent::ClockJumped,
            10 if choice > 64 => RelayEvent::Arriving(Some(choice > 96)),
            10 if self.ffmpeg && !self.ending => RelayEvent::SoundOnly,
            11 if std::mem::take(&mut self.ffmpeg) => RelayEvent::Exited(fault(FaultKind::Ended)),
            12 => RelayEvent::Row { changed: choice > 128 },
            14 => RelayEvent::SourceAnswers(tracks()),
            13 => RelayEvent::Restart,
            _ => RelayEvent::Tick,
        }
    }
}

proptest! {
    #[test]
    fn never_two_processes_and_always_an_end(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let (mut world, mut relay) = (World::default(), Relay::new(RULES));
        for choice in choices {
            let event = world.happens(choice);
            world.act(&mut relay, event)?;
        }
        world.act(&mut relay, RelayEvent::Stop)?;
        if std::mem::take(&mut world.ffmpeg) {
            prop_assert!(world.ending, "told to end");
            world.act(&mut relay, RelayEvent::Exited(fault(FaultKind::Ended)))?;
        }
        prop_assert_eq!(relay.phase(), &RelayPhase::Ended);
        prop_assert!(!world.probe && !world.asked);
    }

    #[test]
    fn whatever_happened_it_comes_back_when_the_world_is_well(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let (mut world, mut relay) = (World::default(), Relay::new(RULES));
        for choice in choices {
            let event = world.happens(choice);
            world.act(&mut relay, event)?;
        }
        world.act(&mut relay, RelayEvent::Server(Ok(())))?;
        world.act(&mut relay, RelayEvent::Path(PathView::Available(None)))?;
        world.act(&mut relay, RelayEvent::Arriving(Some(true)))?;
        for _ in 0..20 {
            world.now += Duration::from_secs(61);
            world.act(&mut relay, RelayEvent::Tick)?;
            if world.ffmpeg && world.ending {
                world.ffmpeg = false;
                world.act(&mut relay, RelayEvent::Exited(fault(FaultKind::Ended)))?;
            }
            if std::mem::take(&mut world.asked) {
                world.act(&mut relay, RelayEvent::StartPermit(PathView::Missing))?;
            }
            if std::mem::take(&mut world.asked_path) {
                world.act(&mut relay, RelayEvent::Asked(PathView::Missing))?;
            }
            if std::mem::take(&mut world.probe) {
                world.act(&mut relay, probed(PathView::Missing))?;
            }
            if world.ffmpeg {
                world.act(&mut relay, RelayEvent::Progress)?;
            }
            if *relay.phase() == RelayPhase::Running {
                return Ok(());
            }
        }
        prop_assert!(false, "still {:?}", relay.phase());
    }
}
