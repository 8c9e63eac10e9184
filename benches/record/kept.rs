//! Pictures that are kept: over many cuts of several streams, and of a publisher that comes and goes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;

use crate::support::film::places;
use crate::support::program::Program;
use crate::support::rtp_publisher::{RATE, Script, publish};
use crate::support::wait::eventually;
use crate::{Size, settled};

/// Media comes so many times faster than it is shown, so that more cuts fit into the time.
const HASTE: f64 = 4.0;
/// Seconds for which a publisher stays, and for which it is away.
const STAYS: usize = 5;
const AWAY: Duration = Duration::from_secs(1);

/// Both at once.
pub async fn count(program: &Program, media: &AnyServer, size: Size) {
    let server = media.rtsp_url();
    let hasty = Script { sent: |time| time / HASTE, seconds: size.cuts + 2, ..Script::PLAIN };
    let names: Vec<String> = (0..size.streams).map(|number| format!("cuts{number}")).collect();
    let publishers: Vec<_> = names.iter().map(|name| publish(&server, name, hasty)).collect();
    let visits = move || {
        for _ in 0..size.visits {
            publish(&server, "visits", Script { seconds: STAYS, ..Script::PLAIN }).join().expect("sent");
            std::thread::sleep(AWAY);
        }
        publishers.into_iter().for_each(|publisher| drop(publisher.join().expect("sent")));
    };
    tokio::task::spawn_blocking(visits).await.expect("sent");
    cuts(program, &names, hasty.seconds).await;
    visitor(program, size.visits).await;
}

async fn cuts(program: &Program, names: &[String], seconds: usize) {
    let (mut cuts, mut kept, mut wanted, mut breaks, mut sessions) = (0, 0, 0, 0, 0);
    for name in names {
        let segments = settled(program, name).await;
        let begins = segments.iter().filter(|segment| segment["number"] == 0).count();
        let seen = places(&[complete_playlist(program, name).await]);
        // The film begins again after its last picture.
        let film = 60 * RATE;
        let follows = |pair: &[Option<usize>]| pair[0].map(|place| (place + 1) % film) == pair[1];
        breaks += seen.windows(2).filter(|pair| !follows(pair)).count();
        cuts += segments.len() - begins;
        kept += seen.len();
        wanted += seconds * RATE - seen.first().copied().flatten().unwrap_or(0);
        sessions += begins;
    }
    println!(
        "{cuts} cuts over {} streams in {sessions} sessions: {kept} of {wanted} pictures from the first key frame on, {breaks} \
         breaks in their order",
        names.len()
    );
}

/// The first key frame of a visit is sent when its path has just become ready, before anybody can have asked for it: the next is the
/// first that a reader can get.
const READABLE: usize = RATE;

async fn visitor(program: &Program, visits: usize) {
    let segments = settled(program, "visits").await;
    let (mut kept, mut begins, mut seen_through) = (0, Vec::new(), 0);
    let sessions: Vec<&[Value]> = segments.chunk_by(|one, other| one["session"] == other["session"]).collect();
    for session in &sessions {
        let object = |segment: &Value| -> PathBuf {
            Path::new(&program.data_dir()).join("objects").join(segment["objectKey"].as_str().expect("a key"))
        };
        let seen = places(&session.iter().map(object).collect::<Vec<_>>());
        kept += seen.len();
        if let Some(first) = seen.first().copied().flatten() {
            begins.push(first);
            seen_through += STAYS * RATE - first;
        }
    }
    // Missed visits count as well: nothing of them was kept.
    let possible = visits * (STAYS * RATE - READABLE);
    let share = |of: usize| kept as f64 * 100.0 / of.max(1) as f64;
    println!(
        "a publisher that comes {visits} times for {STAYS} s: {} visits missed, recorded from picture {begins:?} on; {kept} of \
         {possible} pictures that a reader could get, from the second key frame of each visit on ({:.1} %, goal 95); of what came from \
         the first recorded key frames on {:.1} %; of all {} that it sent {:.1} %",
        visits.saturating_sub(sessions.len()),
        share(possible),
        share(seen_through),
        visits * STAYS * RATE,
        share(visits * STAYS * RATE)
    );
}

/// The address of a stream's playlist once it ends: until the polls show that the stream has ended it may go on, and ffmpeg begins at
/// the end of such a one.
async fn complete_playlist(program: &Program, stream: &str) -> PathBuf {
    let route = format!("/api/v1/recordings/{stream}/playlist.m3u8");
    eventually(&format!("the whole playlist of {stream}"), || async {
        let (_, text) = program.api.text(&route).await?;
        text.contains("#EXT-X-ENDLIST").then_some(())
    })
    .await;
    PathBuf::from(format!("http://{}{route}", program.address()))
}
