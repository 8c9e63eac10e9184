//! Incidents tell what happened, to whom, from when to when, and why: read from the table as outsiders do.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::demo::media_server::Options;
use streamwarden::domain::camera::CameraState;

use super::harness::{Harness, Source, TIMEOUT, server};
use super::peers::Peer;
use super::program::until;
use crate::support::wait;

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal).expect("a signal");
}

/// `kind name open|over cause`, in the order of their beginning.
fn incidents(harness: &Harness) -> Vec<String> {
    harness.ask(
        "SELECT kind || ' ' || subject_name || iif(closed_at IS NULL, ' open ', ' over ') || cause FROM incidents \
         WHERE closed_at IS NULL OR closed_at >= opened_at ORDER BY opened_at, id",
    )
}

/// Waits until the incidents begin with these words, and there are no others.
async fn told(harness: &Harness, wanted: &[&str]) {
    let begins = |seen: &[String]| {
        seen.len() == wanted.len() && seen.iter().zip(wanted).all(|(seen, wanted)| seen.starts_with(wanted))
    };
    wait::until("the incidents", TIMEOUT, || async {
        let seen = incidents(harness);
        if begins(&seen) { Ok(()) } else { Err(format!("wanted {wanted:#?}, seen {seen:#?}")) }
    })
    .await;
}

#[actix::test]
async fn a_kill_a_stall_and_a_death_of_our_own_are_told_with_their_causes() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    assert_eq!(incidents(&harness), Vec::<String>::new(), "a start is none");
    signal(harness.pid("gate").await, Signal::SIGKILL);
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.restarts == 1)).await;
    harness.state("gate", CameraState::Running).await;
    told(&harness, &["cameraDown gate over ffmpeg was ended by SIGKILL"]).await;

    signal(harness.pid("gate").await, Signal::SIGSTOP);
    harness.state("gate", CameraState::Stalled).await;
    told(&harness, &["cameraDown gate over", "cameraStalled gate open ffmpeg was suspended"]).await;
    harness.state("gate", CameraState::Running).await;
    told(&harness, &["cameraDown gate over", "cameraStalled gate over"]).await;

    assert!(
        harness.root.send(Provoke::at("restreams/relays/7", ProvokedFault::Panic)).await.expect("a root"),
        "the relay is there"
    );
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("gate", CameraState::Running).await;
    told(
        &harness,
        &["cameraDown gate over", "cameraStalled gate over", "cameraDown gate over its relay was built anew"],
    )
    .await;
    harness.stop().await;
}

#[actix::test]
async fn what_is_wrong_with_a_row_is_told_until_it_runs_is_off_or_gone() {
    let (source, peer) = (Source::start().await, Peer::refusing());
    let mut harness = Harness::open().await;
    harness.sql(&format!(
        "INSERT INTO cameras(name, url) VALUES ('one', 'rtsp://admin:wrong@{0}/x'), ('two', 'rtsp://127.0.0.1:1/x'),
            ('three', 'file:///etc/passwd')",
        peer.address
    ));
    for name in ["one", "two"] {
        harness.state(name, CameraState::Backoff).await;
    }
    harness.state("three", CameraState::Stopped).await;
    let sorted = |harness: &Harness| {
        let mut all = incidents(harness);
        all.sort();
        all
    };
    until("three are open", TIMEOUT, async || incidents(&harness).len() == 3).await;
    let open = sorted(&harness);
    let wanted = [
        "cameraDown one open rtsp://***@",
        "cameraDown three open url",
        "cameraDown two open connection refused by rtsp://127.0.0.1:1/x",
    ];
    assert!(open.iter().zip(wanted).all(|(seen, wanted)| seen.starts_with(wanted)), "{open:#?}");
    assert!(open[0].contains("refuses the user name or password") && !open[0].contains("wrong"), "{open:#?}");

    // Everybody who knows of them begins anew; meanwhile a row goes and another is put right.
    for path in ["restreams/planner", "restreams/server", "restreams/relays"] {
        assert!(harness.root.send(Provoke::at(path, ProvokedFault::Panic)).await.expect("a root"), "{path} is there");
    }
    harness.sql(&format!(
        "DELETE FROM cameras WHERE name = 'two'; UPDATE cameras SET url = '{}' WHERE name = 'three'",
        source.url("a")
    ));
    harness.state("three", CameraState::Running).await;
    let two_over = async || sorted(&harness).iter().filter(|one| one.contains(" over ")).count() == 2;
    until("two of them are over", TIMEOUT, two_over).await;
    assert!(sorted(&harness)[0].starts_with("cameraDown one open"), "{:#?}", incidents(&harness));
    harness.sql("UPDATE cameras SET enabled = 0 WHERE name = 'one'");
    until("all are over", TIMEOUT, async || incidents(&harness).iter().all(|one| one.contains(" over "))).await;
    assert_eq!(incidents(&harness).len(), 3, "{:#?}", incidents(&harness));
    harness.stop().await;
}

#[actix::test]
async fn a_media_server_that_goes_is_one_incident_and_not_one_for_each_camera() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let values: Vec<String> = (1..=5).map(|n| format!("('c{n}', '{}')", source.url("a"))).collect();
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES {}", values.join(", ")));
    for n in 1..=5 {
        harness.state(&format!("c{n}"), CameraState::Running).await;
    }
    let old = harness.server.take().expect("a server");
    let (rtsp_listen, api_listen) = old.addresses();
    old.stop().await;
    told(&harness, &["serverDown main open the media server main"]).await;
    for n in 1..=5 {
        harness.state(&format!("c{n}"), CameraState::Waiting).await;
    }
    harness.server = Some(server(&Options { rtsp_listen, api_listen, ..Options::default() }).await);
    for n in 1..=5 {
        harness.state(&format!("c{n}"), CameraState::Running).await;
    }
    // One of each, whatever the cameras went through.
    told(&harness, &["serverDown main over", "serverRestarted main over the media server main: it was restarted"])
        .await;
    harness.stop().await;
}

#[actix::test]
async fn what_happens_while_the_database_is_away_is_written_with_its_true_times() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (7, 'gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;
    let lock = harness.lock();
    signal(harness.pid("gate").await, Signal::SIGKILL);
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.restarts == 1)).await;
    harness.state("gate", CameraState::Running).await;
    let known = async || {
        let seen = harness.restreams_seen().await;
        seen.find(&["planner"]).is_some_and(|planner| !planner.state["databaseFault"].is_null())
    };
    until("it is known that nothing can be written", TIMEOUT, known).await;
    let unlocked = chrono::Utc::now();
    assert_eq!(incidents(&harness), Vec::<String>::new());
    lock.execute_batch("COMMIT").expect("the lock ends");
    drop(lock);
    told(&harness, &["cameraDown gate over", "serviceDown database over the database file"]).await;
    let closed = harness.ask("SELECT closed_at FROM incidents WHERE kind = 'cameraDown'").remove(0);
    let closed: chrono::DateTime<chrono::Utc> = closed.parse().expect("a time");
    assert!(closed < unlocked, "it ended at {closed}, and the database came back at {unlocked}");
    harness.stop().await;
}
