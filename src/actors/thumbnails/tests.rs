//! Pictures of real segments by the real ffmpeg: one at a time, kept, and none of a file that has none.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use tempfile::TempDir;

use super::{ThumbnailParts, Thumbnails};
use crate::adapters::database::{RecordingStore, sqlite};
use crate::adapters::objects::directory::Directory;
use crate::adapters::spool::Spool;
use crate::base::ErrorKind;
use crate::domain::name::StreamName;
use crate::domain::recording::{RecordingSession, Segment};
use crate::domain::sample;

struct World {
    thumbnails: Thumbnails,
    recordings: Arc<dyn RecordingStore>,
    folder: TempDir,
    media: Vec<u8>,
}

fn name(stream: &str) -> StreamName {
    StreamName::parse(stream).expect("a name")
}

/// Two seconds of a test picture, as a recorder writes them.
fn media(folder: &Path) -> Vec<u8> {
    let file = folder.join("media.mp4");
    let source = "testsrc=size=640x360:rate=10:duration=2";
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p"])
        .args(["-movflags", "frag_keyframe+empty_moov", "-y"])
        .arg(&file)
        .status();
    assert!(made.expect("ffmpeg starts").success());
    std::fs::read(&file).expect("the file is readable")
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let recordings: Arc<dyn RecordingStore> =
            sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let parts = ThumbnailParts {
            recordings: Arc::clone(&recordings),
            spool: Arc::new(Spool::open(folder.path().join("spool")).expect("a spool")),
            objects: Arc::new(Directory::open(folder.path().join("objects")).expect("an object store")),
            ffmpeg: "ffmpeg".into(),
            mark: "thumbnails-test".to_owned(),
            folder: folder.path().to_owned(),
        };
        let thumbnails = Thumbnails::new(parts);
        actix::spawn(Arc::clone(&thumbnails.shared).serve());
        let media = media(folder.path());
        Self { thumbnails, recordings, folder, media }
    }

    /// A segment of a session that began so long ago, with these bytes in a folder: `spool` or `objects`.
    async fn record(&self, session: &RecordingSession, number: u32, place: &str, bytes: &[u8]) -> Segment {
        if number == 0 {
            self.recordings.open_session(session.clone()).await.expect("a session");
        }
        let segment = Segment { bytes: bytes.len() as u64, ..sample::segment(session, number) };
        let path = if place == "spool" { &segment.spool_path } else { &segment.object_key };
        let file = self.folder.path().join(place).join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::write(&file, bytes).expect("written");
        self.recordings.put_segment(segment.clone()).await.expect("taken");
        segment
    }

    fn session(stream: &str, ago: TimeDelta) -> RecordingSession {
        RecordingSession { started_at: Utc::now() - ago, ..sample::session(stream) }
    }

    fn made_and_failed(&self) -> (u64, u64) {
        let figures = self.thumbnails.figures();
        (figures.made, figures.failed)
    }
}

#[actix::test]
async fn a_picture_is_made_once_by_one_ffmpeg_and_a_damaged_neighbour_harms_nobody() {
    let world = World::new().await;
    let gate = World::session("gate", TimeDelta::seconds(60));
    let first = world.record(&gate, 0, "spool", &world.media).await;
    world.record(&World::session("broken", TimeDelta::seconds(60)), 0, "spool", b"no media at all").await;
    // Stored only, and long ago.
    let yard = World::session("yard", TimeDelta::days(3));
    let stored = world.record(&yard, 0, "objects", &world.media).await;
    world
        .recordings
        .close_session(yard.id, yard.started_at + TimeDelta::seconds(2), "test".to_owned())
        .await
        .expect("closed");

    let [gate_name, broken, yard_name] = ["gate", "broken", "yard"].map(name);
    let asked = ["gate", "broken", "gate", "yard", "gate"].map(name);
    let found = join_all(asked.iter().map(|stream| world.thumbnails.newest("main", stream))).await;
    let jpeg =
        |at: usize| found[at].as_ref().map(|picture| (picture.segment, picture.jpeg.starts_with(&[0xff, 0xd8, 0xff])));
    for (at, segment) in [(0, &first), (2, &first), (3, &stored), (4, &first)] {
        assert_eq!(jpeg(at).expect("a picture"), (segment.id, true), "{at}");
    }
    let why = found[1].as_ref().expect_err("no picture").message();
    assert!(why.contains("no picture of it"), "{why}");
    assert_eq!(world.made_and_failed(), (2, 1), "one ffmpeg for each segment, however many ask");

    // Also what has no picture is not tried again, and what was never recorded is told as such.
    assert!(world.thumbnails.newest("main", &broken).await.is_err());
    let nothing = world.thumbnails.newest("main", &name("nobody")).await.expect_err("nothing");
    assert_eq!((nothing.kind(), world.made_and_failed()), (ErrorKind::NotFound, (2, 1)));

    // A newer segment has a newer picture, once the one before is not fresh any more.
    let second = world.record(&gate, 1, "spool", &world.media).await;
    tokio::time::pause();
    tokio::time::advance(super::FRESH).await;
    tokio::time::resume();
    assert_eq!(world.thumbnails.newest("main", &gate_name).await.expect("a picture").segment, second.id);
    assert_eq!(world.thumbnails.newest("main", &yard_name).await.expect("a picture").segment, stored.id);
    assert_eq!(world.made_and_failed(), (3, 1), "of the same segment it is the same picture");
}
