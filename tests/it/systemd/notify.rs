//! The program from its start to its end, as systemd hears it.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use super::listener::Listener;
use crate::support::api::Api;
use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::{Job, is_stopped, words};
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

const WATCHDOG: &str = "WATCHDOG=1\n";

#[tokio::test]
async fn systemd_hears_ready_alive_what_runs_and_the_end() {
    let (cameras, media, listener) = (Cameras::start(1).await, server(&Options::default()).await, Listener::new());
    let config = Config { environment: listener.environment(Duration::from_millis(1200)), ..Config::on(&media) };
    let room = Room::new();
    let note = room.path().join("data/run.json");
    let (program, before) = tokio::join!(Program::start_in(room, &config), async {
        let (before, _) = listener.until("READY=1\n").await;
        // At this moment, not later.
        let note: Value = serde_json::from_str(&fs::read_to_string(note).expect("a note")).expect("JSON");
        let ready = Api::at(note["url"].as_str().expect("a url")).text("/ready").await;
        assert_eq!(ready.expect("an answer").0, 200);
        before
    });
    assert_eq!(before, ["STATUS=starting\n"], "nothing else is said before");

    for _ in 0..5 {
        listener.until(WATCHDOG).await;
    }
    program.insert_camera("gate", &cameras.url(0));
    listener.until("STATUS=1 of 1 cameras running, 1 stream live").await;
    let relay = program.process(&Job::Relay("gate".to_owned())).expect("a relay");
    let inherited: Vec<_> =
        words(relay, "environ").into_iter().map(|one| one.split('=').next().map(str::to_owned)).collect();
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        assert!(!inherited.contains(&Some(name.to_owned())), "a child could speak in our name: {inherited:?}");
    }

    let took = program.stop().await;
    let (_, _) = listener.until("STOPPING=1\n").await;
    let after = listener.all_within(Duration::from_millis(300)).await;
    assert_eq!(after, [""; 0], "nothing is said after the end, {took:?}");
    cameras.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn a_program_that_is_frozen_starves_the_watchdog() {
    let (media, listener) = (server(&Options::default()).await, Listener::new());
    let config = Config { environment: listener.environment(Duration::from_millis(600)), ..Config::on(&media) };
    let program = Program::start(&config).await;
    listener.until(WATCHDOG).await;
    program.signal(Signal::SIGSTOP);
    eventually("it is frozen", || async { is_stopped(program.pid()).then_some(()) }).await;
    // What was said before that still lies in the socket. Then longer than three watchdogs.
    listener.forget();
    assert_eq!(listener.all_within(Duration::from_secs(2)).await, [""; 0]);
    program.signal(Signal::SIGCONT);
    listener.until(WATCHDOG).await;
    program.stop().await;
    media.stop().await;
}
