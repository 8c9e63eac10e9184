//! Pictures that ffmpeg squeezes where the timestamps of a source go back: they play in the time they took, however their file was
//! sealed. Without sound beside them: what
//! is squeezed there may be what brings pictures and sound together again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use streamwarden::adapters::database::{RecordingStore, SegmentQuery};
use streamwarden::adapters::spool::{Note, Spool};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::domain::playlist::{PlaylistEntry, PlaylistKind, render};
use streamwarden::domain::recording::{RecordingSession, Segment, SegmentState};
use streamwarden::domain::sample;

use super::harness::{Harness, eventually};
use crate::support::film::{film, places};
use crate::support::rtp_publisher::{RATE, Script, publish};

/// Seconds after which timestamps go back, in the middle of a key frame interval.
const BACK: f64 = 12.4;
/// Pictures are 40 ms apart; half of it, less what a clock of 90 kHz rounds.
const CLOSEST: f64 = 0.019_5;

struct Row {
    name: &'static str,
    stamp: fn(usize, f64) -> f64,
    /// So many sessions come of it.
    sessions: usize,
}

fn back(time: f64, by: f64) -> f64 {
    time - if time >= BACK { by } else { 0.0 }
}

const ROWS: [Row; 5] = [
    Row { name: "ten-seconds", stamp: |_, time| back(time, 10.0), sessions: 2 },
    Row { name: "to-zero", stamp: |_, time| back(time, BACK), sessions: 2 },
    Row { name: "an-hour", stamp: |_, time| back(time, 3_600.0), sessions: 2 },
    // Too short to end a run: what follows is half a second later in it.
    Row { name: "half-a-second", stamp: |_, time| back(time, 0.48), sessions: 1 },
    Row {
        name: "single",
        stamp: |number, time| time - if [140, 141, 300].contains(&number) { 9_800.0 } else { 0.0 },
        sessions: 1,
    },
];

#[actix::test]
async fn pictures_that_were_squeezed_play_in_the_time_they_took() {
    let mut harness = Harness::set().await;
    harness.settings.max_concurrent = ROWS.len();
    harness.record().await;
    harness.upload();
    let server = harness.media.rtsp_url();
    let publish = |row: &Row| publish(&server, row.name, Script { stamp: row.stamp, ..Script::PLAIN });
    let publishers: Vec<_> = ROWS.iter().map(publish).collect();
    let join = || publishers.into_iter().map(|publisher| publisher.join().expect("sent")).collect::<Vec<_>>();
    let sent = tokio::task::spawn_blocking(join).await.expect("sent");
    for row in &ROWS {
        harness.settled(row.name).await;
    }
    for (row, sent) in ROWS.iter().zip(&sent) {
        check(&harness, row.name, row.sessions, &sent.pictures).await;
    }
    harness.end().await;
}

async fn check(harness: &Harness, name: &str, sessions: usize, sent: &[DateTime<Utc>]) {
    let query = SegmentQuery { stream: Some(name.to_owned()), limit: 1_000, ..SegmentQuery::default() };
    let mut segments = harness.database.segments(query).await.expect("listed");
    // A run that ended before its first fragment, because its server was slow to begin, holds nothing.
    segments.retain(|segment| segment.state.is_playable());
    let told: Vec<_> = segments
        .iter()
        .map(|one| (one.number, one.started_at, one.duration_ms, one.media_start_ms, one.media_ms, one.frames))
        .collect();
    let found: Vec<&[Segment]> = segments.chunk_by(|one, other| one.session == other.session).collect();
    assert_eq!(found.len(), sessions, "{name}: {told:?}");
    let mut next = 0;
    for segments in &found {
        // Where the first file of a run begins is told by ffmpeg's first reports, which a busy machine brings late.
        let (first, last) = (&segments[usize::from(segments.len() > 2)], &segments[segments.len() - 1]);
        let wall = (last.ended_at() - first.started_at).num_milliseconds();
        let start = |segment: &Segment| segment.media_start_ms.expect("known") as i64;
        let media = start(last) + last.media_ms.expect("known") as i64 - start(first);
        assert!((media - wall).abs() <= 1_000.max(wall / 10), "{name}: {media} ms of {wall}: {told:?}");

        let objects: Vec<PathBuf> = segments.iter().map(|segment| harness.object(segment)).collect();
        let times: Vec<f64> = objects.iter().flat_map(|object| shown(object)).collect();
        let closest = times.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::MAX, f64::min);
        assert!(closest >= CLOSEST, "{name}: two pictures are {closest} s apart: {told:?}");
        // One after the other, and as many as were sent meanwhile.
        let frames = pictures(harness, &objects);
        assert!(frames.windows(2).all(|pair| pair[1] == pair[0] + 1) && frames[0] >= next, "{name}: {frames:?}");
        next = frames[frames.len() - 1] + 1;
        assert_eq!(frames.len(), times.len(), "{name}");
        // Between any two of them passes what passed when they were sent.
        for (frame, time) in frames.iter().zip(&times) {
            let (played, passed) = (time - times[0], (sent[*frame] - sent[frames[0]]).as_seconds_f64());
            assert!((played - passed).abs() <= 0.7, "{name}: {frame} after {played} s and not {passed}: {told:?}");
        }
    }
    assert!(next + 3 >= sent.len() && sent.len() == Script::PLAIN.seconds * RATE, "{name}: ends with {next}");

    let entries = PlaylistEntry::all(&segments, |segment| segment.object_key.clone());
    let playlist = harness.folder.path().join(format!("objects/{name}.m3u8"));
    std::fs::write(&playlist, render(&entries, PlaylistKind::Vod, None)).expect("written");
    let count: u64 = segments.iter().map(|segment| segment.frames).sum();
    assert_eq!(pictures(harness, &[playlist]).len() as u64, count, "{name}: every picture of the playlist is decoded");
    assert_eq!(entries.iter().filter(|entry| !entry.goes_on).count(), sessions, "{name}: {told:?}");
}

/// When each picture of a file is shown.
fn shown(file: &Path) -> Vec<f64> {
    let done = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .expect("ffprobe is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("text");
    text.lines().map(|line| line.trim_end_matches(',').parse().expect("a time")).collect()
}

/// Places in the film.
fn pictures(harness: &Harness, files: &[PathBuf]) -> Vec<usize> {
    let mut places = places(files);
    // When a publisher leaves, MediaMTX may have sent its readers only the first packets of the last picture (1.20.1).
    if let (AnyServer::Real(_), [.., Some(before), last @ None]) = (&harness.media, places.as_mut_slice()) {
        *last = Some(*before + 1);
    }
    places.iter().map(|place| place.unwrap_or_else(|| panic!("none of the film: {files:?}: {places:?}"))).collect()
}

/// What the recorder's ffmpeg leaves of pictures `from` on, so many, those from `back` on squeezed; its timestamps begin at `tick`.
fn left(file: &Path, from: usize, count: usize, back: usize, tick: usize) {
    let whole = file.with_extension("whole.mp4");
    let run = |args: &str, input: &Path, output: &Path| {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(input).args(args.split(' ')).arg(output);
        assert!(ffmpeg.status().expect("ffmpeg is installed").success(), "{args}");
    };
    run("-an -c copy -use_editlist 0 -video_track_timescale 12800", film(), &whole);
    let stamp = format!("setts=ts={tick}+if(gte(N-{from}\\,{back})\\,{back}*512+N-{from}-{back}\\,(N-{from})*512)");
    let drop = format!("noise=drop=lt(n\\,{from})+gte(n\\,{})", from + count);
    let movflags = "-movflags +frag_keyframe+empty_moov+default_base_moof+frag_discont -frag_duration 1000000";
    let args =
        format!("-c copy -bsf:v {stamp},{drop} -use_editlist 0 -avoid_negative_ts make_non_negative {movflags} -f mp4");
    run(&args, &whole, file);
    std::fs::remove_file(whole).expect("removed");
}

#[actix::test]
async fn a_killed_program_leaves_squeezed_pictures_to_the_next() {
    let mut harness = Harness::set().await;
    let begun: DateTime<Utc> = "2026-11-20T10:00:00Z".parse().expect("a time");
    let session = RecordingSession { started_at: begun, ..sample::session("cam") };
    let note = Note { session: session.clone(), key_prefix: String::new(), continues: None };
    let folder = harness.spool.begin(&note).expect("begun");
    let path = |number| harness.spool.path(&Spool::file(&folder, number)).expect("a path");
    // It was killed while it wrote the second file. The timestamps went back in the first; the second is squeezed from its beginning.
    left(&path(0), 0, 75, 40, 12_800);
    left(&path(1), 75, 40, 0, 12_800 + 40 * 512 + 35);
    let whole = std::fs::read(path(1)).expect("read");
    std::fs::write(path(1), &whole[..whole.len() - 300]).expect("written");
    let killed = std::fs::File::options().write(true).open(path(1)).expect("opened");
    killed.set_modified((begun + TimeDelta::milliseconds(4_000)).into()).expect("dated");
    harness.database.open_session(session.clone()).await.expect("opened");
    harness.record().await;
    harness.upload();
    let segments = eventually("the killed session to be in the store", async || {
        let all = harness.segments().await;
        (all.len() == 2 && all.iter().all(|segment| segment.state == SegmentState::Uploaded)).then_some(all)
    })
    .await;
    let told: Vec<_> =
        segments.iter().map(|one| (one.started_at, one.duration_ms, one.media_start_ms, one.media_ms)).collect();
    let (first, second) = (&segments[0], &segments[1]);
    assert_eq!((first.frames, first.media_start_ms, first.media_ms), (75, Some(1_000), Some(3_000)), "{told:?}");
    assert_eq!((second.frames, second.media_start_ms), (25, Some(4_000)), "what was whole: {told:?}");
    assert!(second.media_ms.is_some_and(|media| (900..=1_300).contains(&media)), "{told:?}");
    let objects = [harness.object(first), harness.object(second)];
    let times: Vec<f64> = objects.iter().flat_map(|object| shown(object)).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= CLOSEST), "{times:?}");
    assert_eq!(pictures(&harness, &objects), (0..100).collect::<Vec<_>>());
    harness.end().await;
}
