//! From a row, or from a killed process, to the path being available; beside the same ffmpeg command started by hand with and
//! without our word that the first picture is enough, beside the command as people write it, and beside MediaMTX's own restart
//! of it where there is a real one.
//!
//! Without that word whoever starts waits for the camera's next key frame: on average half the time between two. What is
//! compared therefore begins at the same places between two key frames, spread evenly over the rounds, and means are compared.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use streamwarden::demo::demo_server::AnyServer;
use tokio::time::sleep_until;
use url::Url;

use crate::measure::figures;
use crate::mediamtx::{OwnPath, source};
use crate::support::cameras::Cameras;
use crate::support::processes::{Job, send};
use crate::support::program::Program;
use crate::support::wait::eventually;

/// Between two key frames of the film.
const KEY_FRAMES: Duration = Duration::from_secs(1);

/// What our relays say to an ffmpeg whose camera sends pictures in the order in which they are shown.
const NO_TIMESTAMPS: [&str; 2] = ["-max_ts_probe", "0"];

/// A place between two key frames. Without our word a path becomes available with one, so the last that did tells when they
/// come.
struct Place {
    last: Instant,
    after: Duration,
}

impl Place {
    /// Waits for the next time that the camera's stream is at this place.
    async fn reached(&self) -> Instant {
        let mut at = self.last + self.after;
        while at < Instant::now() {
            at += KEY_FRAMES;
        }
        sleep_until(at.into()).await;
        Instant::now()
    }

    /// Something that waited for a key frame has made a path available by now.
    fn key_frame(&mut self) {
        self.last = Instant::now();
    }
}

/// Rounds in turn: a row, a kill, the commands by hand, and the same by MediaMTX.
pub async fn compare(program: &Program, cameras: &Cameras, media: &AnyServer, rounds: usize) {
    let (mut inserted, mut killed) = (Vec::new(), Vec::new());
    let (mut same, mut without, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    let (mut theirs_added, mut theirs_killed) = (Vec::new(), Vec::new());
    let camera = cameras.url(0);
    let mut place = Place { last: Instant::now(), after: Duration::ZERO };
    by_hand(media, &as_people_write_it(&camera), "first", &mut place).await;
    for round in 0..rounds {
        place.after = KEY_FRAMES.mul_f64((round as f64 + 0.5) / rounds as f64);
        let name = format!("row{round}");
        let begun = place.reached().await;
        program.sql(&format!("INSERT INTO cameras(name, url, record) VALUES ('{name}', '{camera}', 0)"));
        let first = eventually("the row's path", || source(media, &name)).await;
        inserted.push(begun.elapsed());
        program.camera_in(&name, "running").await;

        let job = Job::Relay(name.clone());
        let args = program.processes().into_iter().find(|process| process.job == job).expect("a relay").args;
        let relay = program.process(&job).expect("a relay");
        let begun = place.reached().await;
        send(relay, Signal::SIGKILL);
        eventually("the path again", || async { source(media, &name).await.filter(|id| *id != first) }).await;
        killed.push(begun.elapsed());
        let ours = &args[1..args.len() - 1];
        same.push(by_hand(media, ours, &format!("same{round}"), &mut place).await);
        without.push(by_hand(media, &without_our_word(ours), &format!("without{round}"), &mut place).await);
        plain.push(by_hand(media, &as_people_write_it(&camera), &format!("plain{round}"), &mut place).await);
        if let AnyServer::Real(_) = media {
            let path = OwnPath::add(media, &without_our_word(&args), &format!("own{round}")).await;
            theirs_added.push(path.added);
            theirs_killed.push(path.kill().await);
            path.remove().await;
        }
        program.sql(&format!("DELETE FROM cameras WHERE name = '{name}'"));
        eventually("the camera gone", || async { source(media, &name).await.is_none().then_some(()) }).await;
    }
    let others = [
        ("the same ffmpeg by hand without -max_ts_probe", &without, "<= 0.5"),
        ("ffmpeg -i CAMERA -c copy -f rtsp SERVER", &plain, "<= 0.5"),
        ("the same ffmpeg by hand", &same, "none: INSERT has a look at the camera before it"),
    ];
    for (other, theirs, goal) in others {
        figures::versus_on_average("INSERT -> path available", &inserted, other, theirs, goal);
        figures::versus_on_average("kill -9 -> path available", &killed, other, theirs, goal);
    }
    if theirs_killed.is_empty() {
        return println!("MediaMTX's own runOnInitRestart: not measured, MEDIAMTX_BIN names none");
    }
    let name = "MediaMTX's runOnInit";
    figures::versus_on_average("configured -> path available", &inserted, name, &theirs_added, "< 1");
    figures::versus_on_average("kill -9 -> path available", &killed, name, &theirs_killed, "< 1");
}

/// These arguments as they are for a camera that promises nothing.
fn without_our_word(args: &[String]) -> Vec<String> {
    let at =
        args.windows(2).position(|pair| pair == NO_TIMESTAMPS).expect("the camera promises the order of its pictures");
    args[..at].iter().chain(&args[at + NO_TIMESTAMPS.len()..]).cloned().collect()
}

/// What an operator types.
fn as_people_write_it(camera: &Url) -> Vec<String> {
    let words = format!("-rtsp_transport tcp -i {camera} -c copy -f rtsp -rtsp_transport tcp");
    words.split(' ').map(str::to_owned).collect()
}

/// An ffmpeg with these arguments before its target.
async fn by_hand(media: &AnyServer, args: &[String], name: &str, place: &mut Place) -> Duration {
    let mut target = media.rtsp_url();
    target.set_path(name);
    let begun = place.reached().await;
    let mut ffmpeg = Command::new("ffmpeg")
        .args(args)
        .arg(target.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ffmpeg starts");
    eventually("the path by hand", || source(media, name)).await;
    let took = begun.elapsed();
    if !args.iter().any(|arg| arg == NO_TIMESTAMPS[0]) {
        place.key_frame();
    }
    ffmpeg.kill().expect("our child");
    ffmpeg.wait().expect("our child");
    took
}
