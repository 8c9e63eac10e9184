//! SIGHUP: the configuration is read again; cameras and recordings that it does not concern go on untouched.

use std::time::Duration;

use nix::sys::signal::Signal;
use streamwarden::demo::media_server::Options;

use super::listener::Listener;
use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// Reloads, and returns what the log says of it once it says this.
async fn reload(program: &Program, listener: &Listener, words: &str) -> String {
    let before = program.log().len();
    listener.forget();
    program.signal(Signal::SIGHUP);
    let (_, reloading) = listener.until("RELOADING=1\nMONOTONIC_USEC=").await;
    assert!(reloading.trim().rsplit_once('=').is_some_and(|(_, time)| time.parse::<u64>().is_ok()), "{reloading}");
    listener.until("READY=1\n").await;
    program.log_with(before, &[words]).await
}

#[tokio::test]
async fn what_can_change_does_and_what_cannot_is_named() {
    let (cameras, media, listener) = (Cameras::start(2).await, server(&Options::default()).await, Listener::new());
    let environment = listener.environment(Duration::from_millis(600));
    let config = Config { environment, ..Config::on(&media) };
    let program = Program::start(&config).await;
    program.insert_camera("a", &cameras.url(0));
    program.insert_camera("b", &cameras.url(1));
    for name in ["a", "b"] {
        program.recorded(name).await;
        program.camera_in(name, "running").await;
    }
    let (relay, recorder) = (|name: &str| Job::Relay(name.to_owned()), |name: &str| Job::Recorder(name.to_owned()));
    let kept = [relay("a"), relay("b")].map(|job| (program.process(&job).expect("it runs"), job));
    let recorded = program.process(&recorder("b")).expect("it runs");

    let more = "exclude = [\"a\"]\n[upload]\nworkers = 1\n".to_owned();
    let other = Config { stall_timeout: "5s", segment_duration: "3s", more, ..config.clone() };
    program.configure(&other);
    let said = reload(&program, &listener, "changed, but takes effect at the next start: upload.workers").await;
    let taken = "taken over: restream.stall_timeout, record.segment_duration, record.exclude";
    assert!(said.contains(taken) && said.contains("next start: upload.workers\n"), "{said}");
    eventually("a not recorded any more", || async { program.process(&recorder("a")).is_none().then_some(()) }).await;

    program.configure(&Config { more: "exclude = []\n[upload]\nworkers = 1\n".to_owned(), ..other });
    let said = reload(&program, &listener, "next start: upload.workers").await;
    assert!(
        said.contains("taken over: record.exclude configuration=") && said.contains("next start: upload.workers"),
        "{said}"
    );
    // A recording that goes on takes the new length at its next cut, in a session of its own.
    for (job, old) in [(recorder("a"), &[][..]), (recorder("b"), &[recorded])] {
        let (pid, _) = program.process_other_than(&job, old).await;
        let process = program.processes().into_iter().find(|process| process.pid == pid).expect("it lives");
        let at = process.args.iter().position(|arg| arg == "-segment_time").expect("its option");
        assert_eq!(process.args[at + 1].parse::<f64>().expect("seconds"), 3.0, "new sessions have the new length");
    }

    for (pid, job) in kept {
        assert_eq!(program.process(&job), Some(pid), "{job:?} has nothing to do with it");
    }
    program.stop().await;
    cameras.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_every_complaint_is_told() {
    let (media, listener) = (server(&Options::default()).await, Listener::new());
    let config = Config { environment: listener.environment(Duration::from_millis(600)), ..Config::on(&media) };
    let program = Program::start(&config).await;
    reload(&program, &listener, "configuration read again; nothing to take over").await;

    let more = "max_concurrent = 3\n[nonsense]\nx = 1\n[upload]\nworkers = \"hunter\"\n".to_owned();
    program.configure(&Config { stall_timeout: "1ms", more, ..config.clone() });
    program.room().write("etc/log4rs.yaml", "appenders: {c: {kind: konsole}}\nroot: {appenders: [c]}\n");
    let said = reload(&program, &listener, "the configuration is unchanged: the new one has 4 errors").await;
    for complaint in ["nonsense", "upload.workers", "restream.stall_timeout", "konsole"] {
        let line = said.lines().find(|line| line.contains("configuration unchanged") && line.contains(complaint));
        assert!(line.is_some_and(|line| line.contains(" ERROR ")), "{complaint}: {said}");
    }
    assert!(!said.contains("taken over: "), "{said}");
    listener.until("STATUS=reload failed, the configuration is unchanged: the new one has 4 errors; ").await;
    program.api.get("/health").await;

    // One right file of two is not enough.
    program.configure(&Config { more: "max_concurrent = 3\n".to_owned(), ..config.clone() });
    reload(&program, &listener, "the configuration is unchanged: the new one has 1 error").await;
    let yaml = include_str!("../../../etc/log4rs.yaml");
    program.room().write("etc/log4rs.yaml", yaml);
    program.signal(Signal::SIGHUP);
    let taken = || async {
        let logged = std::fs::read_to_string(program.room().path().join("log/streamwarden.log")).ok()?;
        logged.contains("taken over: record.max_concurrent").then_some(())
    };
    eventually("the new log file tells of it", taken).await;
    listener.until("STATUS=0 streams live").await;
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn a_refused_reload_is_in_the_status_line_before_it_is_over() {
    let (media, listener) = (server(&Options::default()).await, Listener::new());
    // A minute: nobody looks at the status line more than every few seconds.
    let config = Config { environment: listener.environment(Duration::from_secs(60)), ..Config::on(&media) };
    let program = Program::start(&config).await;
    listener.until("STATUS=0 streams live").await;
    program.configure(&Config { more: "[nonsense]\nx = 1\n".to_owned(), ..config.clone() });
    program.signal(Signal::SIGHUP);
    listener.until("RELOADING=1").await;
    let (before, _) = listener.until("READY=1\n").await;
    let refused = "STATUS=reload failed, the configuration is unchanged: the new one has 1 error";
    assert!(before.iter().any(|message| message.starts_with(refused)), "{before:?}");
    program.configure(&config);
    program.signal(Signal::SIGHUP);
    listener.until("RELOADING=1").await;
    listener.until("STATUS=0 streams live").await;
    program.stop().await;
    media.stop().await;
}
