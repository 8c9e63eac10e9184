//! The ordered stop when something does not want to, and a stop that comes before the start is over.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::{self, Job, marked};
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::{timed, within};

/// Our own deadline; systemd gives us a little more.
const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn frozen_children_do_not_hold_up_the_stop_and_its_order_is_kept() {
    let (cameras, media) = (Cameras::start(2).await, server(&Options::default()).await);
    // A relay that is frozen must not be found stalled before the stop.
    let program = Program::start(&Config { stall_timeout: "60s", ..Config::on(&media) }).await;
    for (index, name) in ["a", "b"].into_iter().enumerate() {
        program.insert_camera(name, &cameras.url(index));
    }
    for name in ["a", "b"] {
        program.recorded(name).await;
        program.camera_in(name, "running").await;
    }
    for job in [Job::Relay("a".to_owned()), Job::Recorder("b".to_owned())] {
        processes::send(program.process(&job).expect("it runs"), Signal::SIGSTOP);
    }
    let mut log = String::new();
    let took = program.stop_and(|program| log = program.log()).await;
    within(took, DEADLINE, "the stop");
    let at = |words: &str| log.rfind(words).unwrap_or_else(|| panic!("{words:?} is not in {log}"));
    let order = [at("SIGTERM: stopping"), at("recording ended"), at("ffmpeg stopped"), at("INFO  stopped")];
    assert!(order.is_sorted(), "{order:?}: {log}");
    assert!(!log.contains("did not stop in time"), "{log}");
    media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn a_stop_before_the_start_is_over_is_obeyed_at_once() {
    let room = Room::new();
    // Whoever asks it for its version waits.
    room.write("ffprobe", "#!/bin/sh\n: >asked\nexec sleep 1000\n");
    let ffprobe = room.path().join("ffprobe");
    std::fs::set_permissions(&ffprobe, std::fs::Permissions::from_mode(0o755)).expect("our own file");
    let toml = format!("data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ffmpeg]\nffprobe = {ffprobe:?}\n");
    room.write("streamwarden.toml", &toml);
    let mut command = room.command(&["run", "--config", "streamwarden.toml"], &[]);
    let mut program = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    timed("it starts", || async { room.path().join("asked").exists().then_some(()) }).await;
    let begun = Instant::now();
    processes::send(program.id(), Signal::SIGTERM);
    let status = timed("its end", || std::future::ready(program.try_wait().expect("our child"))).await.0;
    within(begun.elapsed(), Duration::from_secs(2), "the end");
    assert!(status.success(), "{status}");
    assert_eq!(marked(&room.path().canonicalize().expect("our folder").join("data")), []);
}
