//! Nobody takes the log: a pipe whose reader does not read stands for a terminal with Ctrl-S and a disk that hangs.

use std::io::{BufRead, BufReader, PipeReader, Write};
use std::process::Stdio;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::Signal;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::{self, Job};
use crate::support::program::{Config, Program};
use crate::support::wait::{eventually, within};

/// What a pipe holds.
const FULL: usize = 4096;

/// A pipe that takes nothing any more.
fn full_pipe() -> (PipeReader, Stdio) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    fcntl(&writer, FcntlArg::F_SETPIPE_SZ(FULL as i32)).expect("a small pipe");
    writer.write_all(&[b'.'; FULL]).expect("as much as it holds");
    (reader, writer.into())
}

#[tokio::test]
async fn cameras_are_kept_running_and_a_stop_is_obeyed_while_nobody_reads_the_log() {
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let (_reader, stderr) = full_pipe();
    let mut program = Program::start_with_stderr(&Config::on(&media), stderr).await;
    program.insert_camera("a", &cameras.url(0));
    program.camera_in("a", "running").await;
    let relay = Job::Relay("a".to_owned());
    let old = program.process(&relay).expect("it runs");
    processes::send(old, Signal::SIGKILL);
    program.process_other_than(&relay, &[old]).await;
    program.camera_in("a", "running").await;
    assert_eq!(program.api.get("/health").await["ok"], true);
    assert_eq!(program.api.get("/ready").await["ok"], true);
    program.signal(Signal::SIGTERM);
    let (status, took) = program.end().await;
    assert!(status.success(), "{status}");
    within(took, Duration::from_secs(20), "the stop");
    media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn what_waited_is_read_in_order_once_somebody_reads() {
    let media = server(&Options::default()).await;
    let (reader, stderr) = full_pipe();
    let mut program = Program::start_with_stderr(&Config::on(&media), stderr).await;
    let (told, heard) = std::sync::mpsc::channel();
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        for line in BufReader::new(reader).lines() {
            let line = line.expect("text");
            if line.contains("listening on") {
                let _ = told.send(());
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    });
    // A signal before that ends the start.
    eventually("it has started", || async { heard.try_recv().ok() }).await;
    program.signal(Signal::SIGTERM);
    assert!(program.end().await.0.success());
    let text = read.join().expect("a reader");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words:?} is not in {text}"));
    let order = [at("starting version="), at("listening on"), at("SIGTERM: stopping"), at("INFO  stopped")];
    assert!(order.is_sorted() && !text.contains("missing"), "{order:?}: {text}");
    media.stop().await;
}
