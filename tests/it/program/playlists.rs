//! Playlists as programs play them that are no browser: ffmpeg, and what is built on its reader of HLS.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use streamwarden::demo::media_server::Options;

use super::recorded::{Harm, harm, over, shown_for};
use crate::support::film::places;
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::rtp_publisher::{Script, publish};

fn playlist(program: &Program, stream: &str) -> String {
    format!("http://{}/api/v1/recordings/{stream}/playlist.m3u8", program.address())
}

/// Places in the film of what ffmpeg decodes of a playlist.
async fn decoded(program: &Program, stream: &str) -> Vec<Option<usize>> {
    let address = PathBuf::from(playlist(program, stream));
    tokio::task::spawn_blocking(move || places(&[address])).await.expect("decoded")
}

/// Where ffplay's clock begins and where it ends when it plays a playlist, in seconds.
async fn played(program: &Program, stream: &str) -> (f64, f64) {
    let mut ffplay = Command::new("ffplay");
    ffplay.args(["-hide_banner", "-autoexit", "-stats"]).arg(playlist(program, stream));
    ffplay.env("SDL_VIDEODRIVER", "dummy").env("SDL_AUDIODRIVER", "dummy").stdin(Stdio::null());
    let done = tokio::task::spawn_blocking(move || ffplay.output()).await.expect("run").expect("ffplay");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    // `  12.04 A-V:  0.013 fd= ...`, over and over in one line.
    let clocks: Vec<f64> = said
        .split(['\r', '\n'])
        .filter_map(|line| line.split_once("A-V:").or(line.split_once("M-V:"))?.0.trim().parse().ok())
        .filter(|clock: &f64| clock.is_finite())
        .collect();
    (*clocks.first().expect("a clock"), *clocks.last().expect("a clock"))
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_and_ffplay_go_on_over_files_that_are_lost() {
    let media = server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    let script = Script { seconds: 14, sound: Some(|_| true), ..Script::PLAIN };
    let publisher = publish(&media.rtsp_url(), "gate", script);
    tokio::task::spawn_blocking(|| publisher.join().expect("sent")).await.expect("sent");
    let segments = over(&program, "gate").await;
    assert!(segments.len() >= 5, "{segments:?}");

    let whole = decoded(&program, "gate").await;
    let frames = |segment: &Value| segment["frames"].as_u64().expect("a count") as usize;
    assert_eq!(whole.len(), segments.iter().map(frames).sum::<usize>(), "{segments:?}");
    let (begin, end) = played(&program, "gate").await;
    let length = segments.iter().map(shown_for).sum::<f64>();
    assert!(end - begin > length - 1.0, "ffplay played {begin} to {end} of {length} s");

    // The first, whose head every player asks for before anything else; one that is cut short; and one in the middle.
    for (place, how) in [(0, Harm::Lost), (2, Harm::CutShort), (4, Harm::Lost)] {
        harm(&program, &segments[place], how);
    }
    let mut left = whole.iter().copied();
    let mut rest = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        let of: Vec<_> = left.by_ref().take(frames(segment)).collect();
        if ![0, 2, 4].contains(&place) {
            rest.extend(of);
        }
    }
    assert_eq!(decoded(&program, "gate").await, rest, "all that is left");
    let (_, over_holes) = played(&program, "gate").await;
    assert!((over_holes - end).abs() < 1.0, "ffplay ended at {over_holes} in place of {end}");
    program.stop().await;
    media.stop().await;
}
