//! Frames at segment cuts: a film whose every picture is known is recorded in short segments, and the stored objects are
//! decoded and compared with it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;

use crate::support::film::places;
use crate::support::media::Publisher;
use crate::support::program::Program;
use crate::support::wait::eventually;

/// Segments to look at, at 2 s each: less than the film is long.
const SEGMENTS: usize = 20;

/// Records the film and counts.
pub async fn count(program: &Program, media: &AnyServer) {
    let mut url = media.rtsp_url();
    url.set_path("cuts");
    let publisher = Publisher::film(&url);
    let stored = |segment: &Value| segment["state"] == "uploaded";
    let segments = eventually("enough segments", || async {
        let segments: Vec<Value> = program.api.segments("cuts").await.into_iter().filter(stored).collect();
        (segments.len() >= SEGMENTS).then_some(segments)
    })
    .await;
    drop(publisher);
    let object =
        |segment: &Value| program.data_dir().join("objects").join(segment["objectKey"].as_str().expect("a key"));
    let objects: Vec<PathBuf> = segments.iter().map(object).collect();
    let places = places(&objects);
    let known: BTreeSet<usize> = places.iter().flatten().copied().collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return println!("no picture was recorded") };
    let wanted = last - first + 1;
    let in_order = places.windows(2).filter(|pair| pair[0].map(|place| place + 1) == pair[1]).count() + 1;
    println!(
        "pictures over {} cuts: {} of the {wanted} between the first and the last are there, {} lost, {} of {} in order",
        objects.len() - 1,
        known.len(),
        wanted - known.len(),
        in_order,
        places.len()
    );
}
