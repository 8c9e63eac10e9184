//! Frames at segment cuts, by the media's own clock: the time from one segment's start to a later one's holds just as
//! many frames as the segments between them, when none is lost. (The integration tests compare the pictures.)

use chrono::{DateTime, Utc};
use streamwarden::demo::server::AnyServer;

use crate::support::media::Publisher;
use crate::support::program::Program;
use crate::support::wait::eventually;

/// Frames per second of the publisher.
const RATE: f64 = 25.0;

/// Segments to look at, at 2 s each.
const SEGMENTS: usize = 12;

/// Records a stream and counts.
pub async fn count(program: &Program, media: &AnyServer) {
    let publisher = Publisher::to(&media.rtsp_url(), "cuts");
    let segments = eventually("enough segments", || async {
        let segments = program.api.segments("cuts").await;
        let sealed = segments.into_iter().filter(|segment| segment["state"] != "writing").collect::<Vec<_>>();
        (sealed.len() > SEGMENTS).then_some(sealed)
    })
    .await;
    drop(publisher);
    let start = |index: usize| -> DateTime<Utc> {
        segments[index]["startedAt"].as_str().and_then(|time| time.parse().ok()).expect("a time")
    };
    // The first one is left out: its first frame's time is unset by ffmpeg.
    let span = (start(SEGMENTS) - start(1)).as_seconds_f64();
    let frames: u64 = segments[1..SEGMENTS].iter().filter_map(|segment| segment["frames"].as_u64()).sum();
    let expected = (span * RATE).round();
    println!(
        "frames over {} cuts: {frames} of {expected} by the media's clock ({span:.3} s at {RATE} frames/s)",
        SEGMENTS - 1
    );
}
