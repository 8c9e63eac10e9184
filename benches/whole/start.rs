//! From a row, or from a killed process, to the path being available; beside the same ffmpeg command started by hand, and
//! beside MediaMTX's own restart of it where there is a real one.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::server::AnyServer;

use crate::measure::figures;
use crate::mediamtx::OwnPath;
use crate::support::cameras::Cameras;
use crate::support::processes::{Job, send};
use crate::support::program::Program;
use crate::support::wait::{eventually, timed};

/// Asks the media server itself, so that our own polling is no part of the figure: the id of the path's source.
pub async fn source(media: &AnyServer, name: &str) -> Option<String> {
    let url = media.api_url().join(&format!("v3/paths/get/{name}")).expect("a URL");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let path: Value = client.get(url).send().await.ok()?.json().await.ok()?;
    let id = path["source"]["id"].as_str()?;
    (path["available"] == true).then(|| id.to_owned())
}

/// Rounds of four in turn: a row, a kill, a command by hand, and the same by MediaMTX.
pub async fn compare(program: &Program, cameras: &Cameras, media: &AnyServer, rounds: usize) {
    let (mut inserted, mut killed, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let (mut theirs_added, mut theirs_killed) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let name = format!("row{round}");
        let begun = Instant::now();
        program.sql(&format!("INSERT INTO cameras(name, url, record) VALUES ('{name}', '{}', 0)", cameras.url(0)));
        let first = eventually("the row's path", || source(media, &name)).await;
        inserted.push(begun.elapsed());
        program.camera_in(&name, "running").await;

        let job = Job::Relay(name.clone());
        let args = program.processes().into_iter().find(|process| process.job == job).expect("a relay").args;
        send(program.process(&job).expect("a relay"), Signal::SIGKILL);
        let (_, took) =
            timed("the path again", || async { source(media, &name).await.filter(|id| *id != first) }).await;
        killed.push(took);
        bare.push(by_hand(media, &args, &format!("bare{round}")).await);
        if let AnyServer::Real(_) = media {
            let path = OwnPath::add(media, &args, &format!("own{round}")).await;
            theirs_added.push(path.added);
            theirs_killed.push(path.kill().await);
            path.remove().await;
        }
        program.sql(&format!("DELETE FROM cameras WHERE name = '{name}'"));
    }
    figures::versus("INSERT -> path available", &mut inserted, "bare ffmpeg", &mut bare.clone(), "<= 1.2");
    figures::versus("kill -9 -> path available", &mut killed, "bare ffmpeg", &mut bare, "<= 1.2");
    if theirs_killed.is_empty() {
        return println!("MediaMTX's own runOnInitRestart: not measured, MEDIAMTX_BIN names none");
    }
    let name = "MediaMTX's runOnInit";
    figures::versus("configured -> path available", &mut inserted, name, &mut theirs_added, "< 1");
    figures::versus("kill -9 -> path available", &mut killed, name, &mut theirs_killed, "< 1");
}

/// The relay's own command, with another target.
async fn by_hand(media: &AnyServer, args: &[String], name: &str) -> Duration {
    let mut target = media.rtsp_url();
    target.set_path(name);
    let begun = Instant::now();
    let mut ffmpeg = Command::new("ffmpeg")
        .args(&args[1..args.len() - 1])
        .arg(target.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ffmpeg starts");
    eventually("the path by hand", || source(media, name)).await;
    let took = begun.elapsed();
    ffmpeg.kill().expect("our child");
    ffmpeg.wait().expect("our child");
    took
}
