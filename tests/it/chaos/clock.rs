//! The clock of the machine is set back by an hour, and forth again: no wait and no verdict goes by it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;

use super::harness::{Harness, TIMEOUT};
use super::long;
use crate::support::fake_clock::FakeClock;
use crate::support::processes::send;
use crate::support::wait::within;

const COUNT: usize = 8;

/// The time that our program believes in, by the newest line of its log.
fn its_time(harness: &Harness) -> DateTime<Utc> {
    let log = harness.program.log();
    let word = log.lines().last().and_then(|line| line.split(' ').next()).expect("a line");
    word.parse().expect("RFC 3339")
}

#[tokio::test]
async fn a_clock_that_jumps_by_an_hour_changes_no_decision() {
    let clock = FakeClock::new();
    let (harness, before) = Harness::with(COUNT, "", |config, _| {
        config.stall_timeout = "3s";
        config.environment.extend(clock.environment());
    })
    .await;
    let jumps = [("-3600", -1), ("+0", 0), ("+3600", 1), ("-3600", -1)];
    let jumps = &jumps[..if long() { 4 } else { 2 }];
    for (offset, hours) in jumps {
        let relays = harness.relays();
        // One waits for its next try while the clock jumps, one hangs, the others run.
        send(relays["cam0"], Signal::SIGKILL);
        send(relays["cam1"], Signal::SIGSTOP);
        harness
            .until("its end is noted", || async {
                let camera = harness.camera("cam0").await;
                if camera["state"] == "running" { Err(camera.to_string()) } else { Ok(()) }
            })
            .await;
        clock.set(offset);
        let begun = Instant::now();
        harness
            .until("both replaced", || async {
                let now = harness.relays();
                let same =
                    ["cam0", "cam1"].into_iter().find(|name| now.get(*name).is_none_or(|pid| *pid == relays[*name]));
                same.map_or(Ok(()), |name| Err(name.to_owned()))
            })
            .await;
        harness.in_order(&before).await;
        within(begun.elapsed(), Duration::from_secs(40), "the return of both");
        let behind = (its_time(&harness) - Utc::now()).num_minutes();
        assert!((behind - hours * 60).abs() < 2, "it believes in another time: {behind} minutes");
        let now = harness.relays();
        let others = || relays.iter().filter(|(name, _)| !["cam0", "cam1"].contains(&name.as_str()));
        assert!(others().all(|(name, pid)| now[name] == *pid), "{now:?}, not {relays:?}");
        harness.insert(&[("extra".to_owned(), harness.source(1))]);
        harness.all_running().await;
        harness.sql("DELETE FROM cameras WHERE name = 'extra'");
        harness.forget(&["extra"]);
        harness.in_order(&before).await;
    }
    // Each time one was killed and one hung; and nothing lasted an hour, or less than nothing.
    for (kind, name, words) in [("cameraDown", "cam0", "SIGKILL"), ("cameraStalled", "cam1", "ffmpeg was suspended")] {
        assert!(harness.told(kind, name, &[words]).await >= jumps.len(), "{:#?}", harness.incidents("").await);
    }
    // A stream that is lost again and again does so until it has been steady for a while.
    let all = harness.incidents("").await.into_iter();
    for incident in all.filter(|incident| incident["kind"] != "streamFlapping" || incident["closedAt"].is_string()) {
        let time = |end: &str| {
            let at = incident[end].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
            at.unwrap_or_else(|| panic!("{end}: {incident}"))
        };
        let seconds = (time("closedAt") - time("openedAt")).num_seconds();
        assert!((0..TIMEOUT.as_secs() as i64).contains(&seconds), "{incident}");
    }
    harness.close().await;
}
