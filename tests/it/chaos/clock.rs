//! The clock of the machine is set back by an hour, and forth again: no wait and no verdict goes by it.
//!
//! A test may not set the clock of the machine. `libfaketime` gives our program another one, by a file that is read
//! whenever it asks for the time; the monotonic clock stays what it is.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;

use super::harness::{Harness, TIMEOUT};
use super::long;
use crate::support::processes::send;
use crate::support::wait::within;

const COUNT: usize = 8;

/// Where Debian keeps it.
fn libfaketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    found.expect("libfaketime is needed for this test: apt-get install faketime")
}

/// The time that our program believes in, by the newest line of its log.
fn its_time(harness: &Harness) -> DateTime<Utc> {
    let log = harness.program.log();
    let word = log.lines().last().and_then(|line| line.split(' ').next()).expect("a line");
    word.parse().expect("RFC 3339")
}

#[tokio::test]
async fn a_clock_that_jumps_by_an_hour_changes_no_decision() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clock");
    let set = |offset: &str| {
        // In one step: it may be read at any moment.
        fs::write(folder.path().join("next"), offset).expect("a file");
        fs::rename(folder.path().join("next"), &file).expect("the file");
    };
    set("+0");
    let (harness, before) = Harness::with(COUNT, "", |config, _| {
        let clock = file.to_str().expect("text").to_owned();
        let library = libfaketime().to_str().expect("text").to_owned();
        for (name, value) in [
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", clock),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ] {
            config.environment.push((name.to_owned(), value));
        }
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
        set(offset);
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
    for (kind, name, words) in [("cameraDown", "cam0", "SIGKILL"), ("cameraStalled", "cam1", "nothing came for")] {
        assert!(harness.told(kind, name, &[words]).await >= jumps.len(), "{:#?}", harness.incidents("").await);
    }
    for incident in harness.incidents("").await {
        let time = |end: &str| incident[end].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok()).expect("a time");
        let seconds = (time("closedAt") - time("openedAt")).num_seconds();
        assert!((0..TIMEOUT.as_secs() as i64).contains(&seconds), "{incident}");
    }
    harness.close().await;
}
