//! ffmpegs that are killed over and over, and ffmpegs that hang.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{MissedTickBehavior, interval};

use super::harness::Harness;
use super::long;
use crate::support::processes::send;

#[tokio::test]
async fn relays_that_are_killed_all_the_time_come_back_every_time() {
    let (count, kills, every) = if long() { (20, 60, 1000) } else { (8, 20, 300) };
    let (harness, before) = Harness::open(count).await;
    let mut clock = interval(Duration::from_millis(every));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut killed = BTreeSet::new();
    for kill in 0..kills {
        clock.tick().await;
        let mut relays = harness.relays();
        // On a loaded machine one that was killed may still be there: it dies once.
        relays.retain(|_, pid| !killed.contains(pid));
        // Whose turn it is, or the next one of those that live at the moment.
        let turn = format!("cam{}", kill % count);
        let Some((_, pid)) = relays.range(turn..).next().or(relays.iter().next()) else { continue };
        send(*pid, Signal::SIGKILL);
        killed.insert(*pid);
    }
    let kills = killed.len();
    assert!(kills >= count, "{kills} were killed");
    harness.in_order(&before).await;
    let told = || async {
        let told = harness.program.log().matches("ffmpeg ended (ended by SIGKILL)").count();
        if told == kills { Ok(()) } else { Err(format!("{told} of {kills}")) }
    };
    harness.until("each is told of by its name", told).await;
    let restarts: u64 = restarts(&harness).await;
    assert!(restarts >= kills as u64, "{restarts} restarts");
    for number in 0..count {
        let told = harness.told("cameraDown", &format!("cam{number}"), &["SIGKILL"]).await;
        assert!((1..=kills).contains(&told), "{told} incidents of cam{number}");
    }
    harness.close().await;
}

#[tokio::test]
async fn relays_that_hang_are_ended_and_the_others_go_on() {
    let (count, rounds) = if long() { (20, 6) } else { (8, 2) };
    let (harness, before) = Harness::open(count).await;
    for round in 0..rounds {
        let relays = harness.all_running().await;
        let hung = |name: &str| name.trim_start_matches("cam").parse::<usize>().expect("a number") % 2 == round % 2;
        let (hanging, others): (Vec<_>, Vec<_>) = relays.into_iter().partition(|(name, _)| hung(name));
        hanging.iter().for_each(|(_, pid)| send(*pid, Signal::SIGSTOP));
        harness
            .until("the hanging ones replaced", || async {
                let now = harness.relays();
                let same: Vec<_> =
                    hanging.iter().filter(|(name, pid)| now.get(name).is_none_or(|now| now == pid)).collect();
                if same.is_empty() { Ok(()) } else { Err(format!("{same:?}")) }
            })
            .await;
        harness.in_order(&before).await;
        let now = harness.relays();
        assert!(others.iter().all(|(name, pid)| now.get(name) == Some(pid)), "{others:?} went on: {now:?}");
        for (name, _) in &hanging {
            let camera = harness.camera(name).await;
            let why = camera["lastError"].as_str().unwrap_or("");
            // On a loaded machine the next one may have come too late as well, and says so in its own words.
            let only_that = camera["restarts"].as_u64() == Some(round as u64 / 2 + 1);
            assert!(why.contains("ffmpeg was suspended") || !only_that, "{camera}");
            let told = harness.told("cameraStalled", name, &["ffmpeg was suspended"]).await;
            assert!(told > round / 2, "{told} incidents of {name} after {} stalls", round / 2 + 1);
        }
    }
    harness.close().await;
}

async fn restarts(harness: &Harness) -> u64 {
    let cameras = harness.program.api.items("/api/v1/cameras").await;
    cameras.iter().map(|camera| camera["restarts"].as_u64().expect("a number")).sum()
}
