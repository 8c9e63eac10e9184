//! `streamwarden test-stream`: a picture without a camera.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use nix::sys::signal::Signal;
use streamwarden::demo::media_server::Options;

use crate::support::media;
use crate::support::processes;
use crate::support::program::{Config, Program};

#[actix::test]
async fn a_test_picture_is_published_until_it_is_stopped_and_takes_nobodys_place() {
    let media = media::server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    let arguments = |more: &[&'static str]| [&["test-stream", "--config", "streamwarden.toml"], more].concat();
    let mut first = program.room().command(&arguments(&["try/out", "--for", "1h"]), &[]);
    let mut first = first.stderr(Stdio::piped()).spawn().expect("it starts");
    let stream = program.live("try/out").await;
    assert_eq!(stream["tracks"].as_array().map(Vec::len), Some(2), "a picture and a tone: {stream}");
    let mut said = String::new();
    BufReader::new(first.stderr.take().expect("piped")).read_line(&mut said).expect("text");
    assert!(said.contains("publishing a test picture to rtsp://") && said.contains("/try/out"), "{said}");
    for (more, code, words) in [
        (&["try/out"][..], 1, "already"),
        (&["other", "--server", "nobody"], 2, "known are: main"),
        (&["a b"], 2, "NAME"),
        (&["other", "--for", "soon"], 2, "--for"),
    ] {
        let ended = program.room().run(&arguments(more), &[]);
        assert!(ended.code == Some(code) && ended.err.contains(words), "{more:?}: {:?} {}", ended.code, ended.err);
    }
    assert_eq!(program.live("try/out").await["since"], stream["since"], "the first one was not disturbed");
    processes::send(first.id(), Signal::SIGTERM);
    let ended = first.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0));
    program.stop().await;
    media.stop().await;
}
