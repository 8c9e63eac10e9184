//! The watchdog is fed only while every manager answers.

use std::time::{Duration, Instant};

use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::adapters::systemd::ServiceManager;
use streamwarden::app::{self, App};
use streamwarden::config::{CliOverrides, Sources, load};

use super::listener::Listener;
use crate::support::room::Room;

const WATCHDOG: &str = "WATCHDOG=1\n";
/// What the service asks for as WatchdogSec.
const TIMEOUT: Duration = Duration::from_millis(1500);
/// Time for two signs of life and more.
const SILENCE: Duration = Duration::from_millis(1200);

/// The whole program in this process, on a server that is not there.
async fn program(room: &Room) -> App {
    let _ = rustls::crypto::ring::default_provider().install_default();
    room.write("s.toml", "[http]\nlisten = \"127.0.0.1:0\"\n[[servers]]\napi_url = \"http://127.0.0.1:9\"\n");
    let env = [("STATE_DIRECTORY".to_owned(), room.path().join("data").display().to_string())].into();
    let sources =
        Sources { file: Some(room.path().join("s.toml")), cli: CliOverrides::default(), env, host_name: None };
    app::build(load(&sources).expect("a configuration")).await.expect("it starts")
}

#[actix::test]
async fn a_manager_that_hangs_starves_it_until_it_is_built_again() {
    let (room, listener) = (Room::new(), Listener::new());
    let app = program(&room).await;
    let manager = ServiceManager::at(&listener.address(), Some(TIMEOUT)).expect("an address");
    let notifying = app.notify(&manager);
    for _ in 0..3 {
        listener.until(WATCHDOG).await;
    }
    let provoked = app.root().send(Provoke::at("monitor", ProvokedFault::Hang)).await;
    assert!(provoked.expect("the root answers"), "it is there");
    listener.until("STATUS=no answer from: monitor; ").await;
    let starved = listener.all_within(SILENCE).await;
    assert!(!starved.iter().any(|message| message == WATCHDOG), "fed all the same: {starved:?}");
    // The supervisor finds it by itself, aborts it and builds another.
    listener.until(WATCHDOG).await;
    // A panic is in its supervisor's hands at once and starves nobody.
    assert!(app.root().send(Provoke::at("hub", ProvokedFault::Panic)).await.expect("the root answers"));
    for _ in 0..4 {
        let asked = Instant::now();
        let (before, _) = listener.until(WATCHDOG).await;
        assert!(asked.elapsed() < TIMEOUT, "systemd would have ended it: {before:?}");
    }

    assert!(app.root().send(Provoke::at("", ProvokedFault::Hang)).await.expect("the last answer"));
    listener.until("STATUS=the root of the actor tree does not answer").await;
    let starved = listener.all_within(SILENCE).await;
    assert!(!starved.iter().any(|message| message == WATCHDOG), "fed all the same: {starved:?}");
    drop(notifying);
    listener.forget();
    assert_eq!(listener.all_within(SILENCE).await, [""; 0], "it ends with its handle");
}
