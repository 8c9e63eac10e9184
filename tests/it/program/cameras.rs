//! Cameras as rows: inserted, changed, deleted with the `sqlite3` shell while the program runs; their ffmpegs killed and
//! frozen. Whatever happens to one is no matter to the others.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::{self, Job};
use crate::support::program::{Config, GONE_WITHIN, Program};
use crate::support::wait::{timed, within};

/// A change of a row takes effect in this time.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(2);

fn relay(name: &str) -> Job {
    Job::Relay(name.to_owned())
}

/// The relays that run, by name.
fn relays(program: &Program) -> BTreeMap<String, u32> {
    let named = |process: processes::Process| match process.job {
        Job::Relay(name) => Some((name, process.pid)),
        _ => None,
    };
    program.processes().into_iter().filter_map(named).collect()
}

/// Does something to one camera, and shows that the relays of all others are the same afterwards.
async fn others_unmoved<T>(program: &Program, one: &str, work: impl Future<Output = T>) -> T {
    let others = |program: &Program| {
        let mut all = relays(program);
        all.remove(one);
        all
    };
    let before = others(program);
    let result = work.await;
    assert_eq!(others(program), before, "only {one} was touched");
    result
}

/// A relay's process is gone; returns after how long.
async fn gone(pid: u32) -> Duration {
    timed("its end", || async move { (!processes::is_alive(pid)).then_some(()) }).await.1
}

/// The program with these cameras, named `site/a`, `b` and `c`, all live and none recorded.
async fn three(cameras: &Cameras, config: &Config) -> Program {
    let program = Program::start(config).await;
    for (index, name) in ["site/a", "b", "c"].iter().enumerate() {
        program.insert_camera(name, &cameras.url(index));
    }
    for name in ["site/a", "b", "c"] {
        program.live(name).await;
        program.camera_in(name, "running").await;
    }
    program
}

#[tokio::test]
async fn rows_take_effect_within_two_seconds_and_touch_no_other_camera() {
    let (cameras, media) = (Cameras::start(4).await, server(&Options::default()).await);
    let config = Config { more: "exclude = [\"*\"]".to_owned(), ..Config::on(&media) };
    let program = three(&cameras, &config).await;

    others_unmoved(&program, "d", async {
        let begun = Instant::now();
        program.insert_camera("d", &cameras.url(3));
        let (pid, took) = program.process_other_than(&relay("d"), &[]).await;
        within(took, TAKEN_UP_WITHIN + Duration::from_secs(1), "insert to ffmpeg, its probe included");
        program.live("d").await;
        println!("insert to ffmpeg {took:?}, to live {:?}", begun.elapsed());
        program.sql("DELETE FROM cameras WHERE name = 'd'");
        within(gone(pid).await, TAKEN_UP_WITHIN, "the end of a deleted camera");
        timed("no such camera", || async { program.api.camera("d").await.is_none().then_some(()) }).await;
        program.log_with(0, &["camera=d", "stopping the relay: its camera was deleted"]).await;
    })
    .await;

    others_unmoved(&program, "b", async {
        let pid = program.process(&relay("b")).expect("it runs");
        program.sql("UPDATE cameras SET enabled = 0 WHERE name = 'b'");
        within(gone(pid).await, TAKEN_UP_WITHIN, "the end of a disabled camera");
        program.camera_in("b", "stopped").await;
        program.log_with(0, &["camera=b", "stopping the relay: its camera is switched off"]).await;
        program.sql("UPDATE cameras SET enabled = 1 WHERE name = 'b'");
        program.process_other_than(&relay("b"), &[pid]).await;
        program.camera_in("b", "running").await;
    })
    .await;

    others_unmoved(&program, "site/a", async {
        let pid = program.process(&relay("site/a")).expect("it runs");
        program.sql(&format!("UPDATE cameras SET url = '{}' WHERE name = 'site/a'", cameras.url(3)));
        within(gone(pid).await, TAKEN_UP_WITHIN, "the end of what a changed camera was");
        let (pid, _) = program.process_other_than(&relay("site/a"), &[pid]).await;
        assert!(processes::words(pid, "cmdline").contains(&cameras.url(3).to_string()), "it reads the new address");
        program.camera_in("site/a", "running").await;
        let state = program.api.camera("site/a").await.expect("known");
        assert_eq!(state["restarts"], 0, "a changed row is no failure: {state}");
    })
    .await;

    let before = relays(&program);
    program.sql("UPDATE cameras SET record = 0, host = 'elsewhere' WHERE name = 'c'");
    let told = |camera: &serde_json::Value| camera["record"] == false;
    timed("the row is read", || async { program.api.camera("c").await.filter(told) }).await;
    assert_eq!(relays(&program), before, "what ffmpeg does not depend on restarts nothing");
    hostile_rows_are_shown_and_spawn_nothing(&program).await;
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

async fn hostile_rows_are_shown_and_spawn_nothing(program: &Program) {
    let before = relays(program);
    let rows = [
        ("../up", "rtsp://127.0.0.1/x"),
        ("file", "file:///etc/passwd"),
        ("concat", "concat:/etc/passwd|/etc/hosts"),
        ("option", "-i"),
        ("shell", "rtsp://127.0.0.1/$(touch${IFS}owned)`touch owned`;touch owned"),
    ];
    for (name, url) in rows {
        program.sql(&format!("INSERT INTO cameras(name, url) VALUES ('{name}', '{url}')"));
    }
    program.sql("INSERT INTO cameras(name, url) VALUES ('nul' || char(0) || 'byte', 'rtsp://127.0.0.1/x')");
    program.sql("INSERT INTO cameras(name, url) VALUES (printf('%.1000000c', 'n'), 'rtsp://127.0.0.1/x')");
    for (name, _) in rows {
        let camera = program.camera_in(name, "stopped").await;
        assert!(camera["lastError"].as_str().is_some_and(|why| why.len() > 10), "it says why: {camera}");
    }
    let refused = |cameras: Vec<serde_json::Value>| {
        let stopped = cameras.iter().filter(|camera| camera["state"] == "stopped").count();
        (cameras.len() == 10 && stopped == 7).then_some(())
    };
    timed("all rows shown", || async { refused(program.api.items("/api/v1/cameras").await) }).await;
    assert_eq!(relays(program), before);
    assert!(!program.room().names().contains(&"owned".to_owned()), "no shell has seen it");
    program.sql("DELETE FROM cameras WHERE id > 4");
    let left = || async { (program.api.items("/api/v1/cameras").await.len() == 3).then_some(()) };
    timed("the hostile rows gone", left).await;
}

#[tokio::test]
async fn killed_and_frozen_relays_are_replaced_and_a_second_signal_does_not_wait() {
    let (cameras, media) = (Cameras::start(3).await, server(&Options::default()).await);
    let config = Config { more: "exclude = [\"*\"]".to_owned(), stall_timeout: "3s", ..Config::on(&media) };
    let mut program = three(&cameras, &config).await;

    for name in ["site/a", "b", "c"] {
        others_unmoved(&program, name, async {
            let pid = program.process(&relay(name)).expect("it runs");
            let begun = Instant::now();
            processes::send(pid, Signal::SIGKILL);
            program.process_other_than(&relay(name), &[pid]).await;
            let camera = program.camera_in(name, "running").await;
            println!("{name}: killed, running again after {:?}", begun.elapsed());
            assert_eq!(camera["restarts"], 1, "{camera}");
            let why = camera["lastError"].as_str().expect("a reason");
            assert!(why.contains("SIGKILL"), "{why}");
        })
        .await;
    }
    others_unmoved(&program, "b", async {
        let pid = program.process(&relay("b")).expect("it runs");
        let begun = Instant::now();
        processes::send(pid, Signal::SIGSTOP);
        within(gone(pid).await, Duration::from_secs(10), "the end of a frozen one");
        program.process_other_than(&relay("b"), &[pid]).await;
        let camera = program.camera_in("b", "running").await;
        println!("frozen, running again after {:?}", begun.elapsed());
        assert!(camera["lastError"].as_str().is_some_and(|why| why.contains("ffmpeg was suspended")), "{camera}");
    })
    .await;

    // A request whose body never comes holds up the ordered stop.
    let mut request = std::net::TcpStream::connect(program.address()).expect("it listens");
    request.write_all(b"POST /api/v1/cameras HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{").expect("sent");
    program.api.get("/health").await;
    program.signal(Signal::SIGTERM);
    timed("the stop has begun", || async { program.log().contains("SIGTERM: stopping").then_some(()) }).await;
    assert_eq!(relays(&program).len(), 3, "the relays end after HTTP");
    program.signal(Signal::SIGINT);
    let (status, took) = program.end().await;
    within(took, Duration::from_millis(500), "the second signal");
    assert_eq!(status.code(), Some(1), "{}", program.log());
    let nobody = || async { program.processes().is_empty().then_some(()) };
    within(timed("nobody left", nobody).await.1, GONE_WITHIN, "the end of its children");
    media.stop().await;
    cameras.stop().await;
}
