//! Recordings played to their end by the page in Chromium: of sources whose timestamps misbehave, with files that are lost or cut
//! short, and of codecs that browsers know or do not.

use std::process::{Child, Command, Stdio};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;

use super::recorded::{Harm, harm, length, over, shown_for, start};
use crate::support::film::film;
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::rtp_publisher::{Script, publish};

const SOUND: Script = Script { sound: Some(|_| true), ..Script::PLAIN };

/// Kinds of the table in `record/timestamps.rs` that a player has to get over. Where sound begins late or ends, the page opens the
/// rest anew.
const SOURCES: [(&str, Script); 7] = [
    ("back", Script { stamp: |_, time| time - if time >= 12.4 { 10.0 } else { 0.0 }, ..Script::PLAIN }),
    ("hour-forward", Script { stamp: |_, time| time + if time >= 12.4 { 3600.0 } else { 0.0 }, ..Script::PLAIN }),
    ("slow-sound", Script { stamp: |_, time| time * 0.83, ..SOUND }),
    ("wraps", Script { first: u32::MAX - 900_000, ..Script::PLAIN }),
    ("silent", Script { sound: Some(|_| false), ..Script::PLAIN }),
    ("late", Script { sound: Some(|time| time >= 12.0), ..Script::PLAIN }),
    ("ends", Script { sound: Some(|time| time < 8.0), ..Script::PLAIN }),
];

/// Streams of which a file is harmed.
const HARMED: [&str; 3] = ["lost", "first-lost", "cut-short"];

/// Streams by what ffmpeg makes of the film for them.
const CODECS: [(&str, &str); 3] = [
    ("two-sounds", "-map 0:v -map 0:a -map 0:a -c copy"),
    ("mp3", "-c:v copy -c:a libmp3lame"),
    ("mjpeg", "-an -c:v mjpeg -huffman default -q:v 5 -pix_fmt yuvj420p"),
];

/// So many seconds of a recording may be left out: a little at either end, at each source that the page opens, and at a hole.
const SLACK: f64 = 1.2;
/// Of those in which sound begins or ends: it is opened anew there, and the sound that begins has two holes of half a second, where
/// ffmpeg corrects its time by the reports of the source; a browser goes over what has no sound. A segment that is lost would
/// pass in these two; the others tell of it.
const SLACK_OF_CHANGE: f64 = 2.6;

/// Publishes the film for 14 s.
fn film_as(media: &AnyServer, name: &str, how: &str) -> Child {
    let mut url = media.rtsp_url();
    url.set_path(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-re", "-i"]).arg(film()).args(how.split(' '));
    ffmpeg.args(["-t", "14", "-f", "rtsp", "-rtsp_transport", "tcp", url.as_str()]);
    ffmpeg.stdin(Stdio::null()).spawn().expect("ffmpeg is installed")
}

/// What the page plays of these streams, one after the other.
async fn played(program: &Program, recordings: &[(&str, &[Value])]) -> Vec<Value> {
    let shown = |at: Option<DateTime<Utc>>| at.expect("a segment").to_rfc3339_opts(SecondsFormat::Millis, true);
    let of = |(name, segments): &(&str, &[Value])| {
        let (first, last) =
            (segments.iter().map(start).min(), segments.iter().map(|one| start(one) + length(one)).max());
        [(*name).to_owned(), shown(first), shown(last)]
    };
    let here = env!("CARGO_MANIFEST_DIR");
    let mut node = Command::new("node");
    node.arg(format!("{here}/tests/it/program/play.mjs")).arg(format!("{here}/web"));
    node.arg(format!("http://{}/", program.address())).args(recordings.iter().flat_map(of));
    let done = tokio::task::spawn_blocking(move || node.output()).await.expect("run").expect("node");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let told: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let find = |name: &str| told.iter().find(|one| one["stream"] == name).unwrap_or_else(|| panic!("{name}: {said}"));
    recordings.iter().map(|(name, _)| find(name).clone()).collect()
}

/// It came to its end, showed a picture and said nothing but that it was loading.
fn is_watched(seen: &Value) -> bool {
    let notices = seen["notices"].as_array().expect("a list");
    seen["missing"].as_i64().is_some_and(|ms| ms < 2_000)
        && seen["picture"] == 192
        && seen["complaints"] == json!([])
        && notices.iter().all(|words| words == "Loading…")
}

/// Asserts that each played for so many seconds.
fn assert_whole<'a>(all: impl IntoIterator<Item = (&'a Value, f64)>) {
    let is_whole = |seen: &Value, wanted: f64| {
        let changes = seen["stream"] == "late" || seen["stream"] == "ends";
        let slack = if changes { SLACK_OF_CHANGE } else { SLACK };
        is_watched(seen) && seen["played"].as_f64().is_some_and(|played| played > wanted - slack)
    };
    let skipped = all.into_iter().filter(|(seen, wanted)| !is_whole(seen, *wanted));
    let skipped: Vec<String> = skipped.map(|(seen, wanted)| format!("of {wanted} s: {seen}")).collect();
    assert!(skipped.is_empty(), "{}", skipped.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_plays_recordings_of_odd_timestamps_to_their_end() {
    let media = server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    let publishers: Vec<_> = SOURCES.iter().map(|(name, script)| publish(&media.rtsp_url(), name, *script)).collect();
    let sent = tokio::task::spawn_blocking(|| {
        publishers.into_iter().map(|one| one.join().expect("sent").pictures.len()).sum::<usize>()
    });
    assert!(sent.await.expect("sent") > 0);
    let mut all = Vec::new();
    for (name, _) in SOURCES {
        all.push(over(&program, name).await);
    }
    let recordings: Vec<_> = SOURCES.iter().zip(&all).map(|((name, _), segments)| (*name, &segments[..])).collect();
    let wanted = all.iter().map(|segments| segments.iter().map(shown_for).sum());
    assert_whole(played(&program, &recordings).await.iter().zip(wanted));
    program.stop().await;
    media.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_goes_over_lost_files_and_plays_a_codec_or_names_it() {
    let media = server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    let publishers: Vec<_> = CODECS.iter().map(|(name, how)| film_as(&media, name, how)).collect();
    let plain = HARMED.map(|name| publish(&media.rtsp_url(), name, Script { seconds: 14, ..Script::PLAIN }));
    let sent = tokio::task::spawn_blocking(|| {
        plain.into_iter().for_each(|one| drop(one.join().expect("sent")));
        publishers.into_iter().all(|mut one| one.wait().expect("ended").success())
    });
    assert!(sent.await.expect("sent"));

    let names = HARMED.iter().copied().chain(CODECS.iter().map(|(name, _)| *name));
    let mut all = Vec::new();
    for name in names {
        let segments = over(&program, name).await;
        assert!(segments.len() >= 5, "{name}: {segments:?}");
        all.push((name, segments));
    }
    let (first, middle) = (|of: &[Value]| of[0].clone(), |of: &[Value]| of[of.len() / 2].clone());
    harm(&program, &middle(&all[0].1), Harm::Lost);
    harm(&program, &first(&all[1].1), Harm::Lost);
    harm(&program, &middle(&all[2].1), Harm::CutShort);
    let gone = [middle(&all[0].1), first(&all[1].1), middle(&all[2].1)].map(|one| shown_for(&one));

    let recordings: Vec<_> = all.iter().map(|(name, segments)| (*name, &segments[..])).collect();
    let seen = played(&program, &recordings).await;
    let whole = recordings.iter().map(|(_, segments)| segments.iter().map(shown_for).sum::<f64>());
    let gone = gone.into_iter().chain([0.0, 0.0]);
    assert_whole(seen.iter().zip(whole.zip(gone).map(|(whole, gone)| whole - gone)));
    let words = seen[5]["notices"].to_string();
    assert!(words.contains("this browser does not have the codec M-JPEG;") && seen[5]["played"] == 0, "{}", seen[5]);
    let offered = seen[5]["offered"].as_str().expect("a file");
    let first = recordings[5].1[0]["id"].as_str().expect("an id");
    assert!(offered.ends_with(&format!("/segments/{first}.mp4")), "{offered}");
    program.stop().await;
    media.stop().await;
}
