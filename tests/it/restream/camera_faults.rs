//! Cameras that misbehave, and what a viewer of the server's path gets of them: public reports as rows of tables.

use std::time::Duration;

use streamwarden::domain::camera::{CameraState, CameraStatus, SoundState};
use streamwarden::domain::probe::FaultKind;

use super::harness::Harness;
use super::simulated::gate;
use crate::support::camera::{Behaviour, Camera, Login, Picture, Sound};
use crate::support::viewer::{Frame, Viewer};
use crate::support::wait::eventually;

/// Far more than a picture needs on a busy machine, and far less than the 10 s that ffmpeg waits for sound by itself.
const LATE: Duration = Duration::from_secs(5);

/// Relays this camera as `gate` until it runs; `more`: further columns and their values.
async fn relayed(camera: &Camera, more: &str, value: &str) -> Harness {
    let mut harness = Harness::open().await;
    let url = camera.url_with_login();
    harness.sql(&format!("INSERT INTO cameras(name, url{more}) VALUES ('gate', '{url}'{value})"));
    harness.state("gate", CameraState::Running).await;
    harness
}

fn stalled(words: &'static str) -> impl Fn(Option<&CameraStatus>) -> bool {
    move |camera| {
        camera.is_some_and(|camera| {
            camera.state == CameraState::Stalled && camera.last_error.as_ref().is_some_and(|text| text.contains(words))
        })
    }
}

/// ffmpeg tells until 6 that the sound goes on. From 7 on it tells the time of the track that is furthest behind: nothing moves, and a
/// look finds what is missing.
fn sends_no_picture(camera: Option<&CameraStatus>) -> bool {
    camera.and_then(|camera| camera.last_error.as_deref()).is_some_and(|text| {
        text.contains("the camera sends sound and no video") || text.contains("if nothing but its sound")
    })
}

/// Pictures of 25 a second that are not late, one after the other.
fn assert_well(frames: &[Frame], words: &str) {
    let lasted = frames[frames.len() - 1].time.saturating_sub(frames[0].time).as_secs_f64();
    let wanted = (frames.len() - 1) as f64 * 0.04;
    assert!((lasted - wanted).abs() < 0.5, "{words}: {wanted} s of pictures take {lasted} s");
    assert!(frames.iter().all(|frame| frame.age.is_some_and(|age| age < LATE)), "{words}: too late: {frames:?}");
}

#[actix::test]
async fn a_picture_that_stops_is_found_while_the_sound_goes_on() {
    for sound in [Sound::Pcma, Sound::Aac] {
        let camera = Camera::start(Behaviour { sound, ..Behaviour::default() });
        let mut harness = relayed(&camera, "", "").await;
        let viewer = Viewer::of(&gate(&harness));
        viewer.next(25).await;
        camera.change(|behaviour| behaviour.sends_picture = false);
        harness.camera("gate", sends_no_picture).await;
        camera.change(|behaviour| behaviour.sends_picture = true);
        harness.state("gate", CameraState::Running).await;
        assert_well(&viewer.next(50).await, "it is seen again");
        harness.stop().await;
    }
}

#[actix::test]
async fn a_clock_that_jumps_is_found_and_a_start_heals_it() {
    let with_sound = || Behaviour { sound: Sound::Pcma, ..Behaviour::default() };
    type Jump = fn(&mut Behaviour);
    let table: [(&str, Behaviour, Jump); 5] = [
        ("RTP time back", Behaviour::default(), |behaviour| behaviour.picture_shift = -30.0),
        ("RTP time forward", Behaviour::default(), |behaviour| behaviour.picture_shift = 3_600.0),
        ("RTP time of the pictures alone back", Behaviour { reports: false, ..with_sound() }, |behaviour| {
            behaviour.picture_shift = -30.0
        }),
        ("sender reports back", with_sound(), |behaviour| behaviour.ntp_shift = -3_600.0),
        ("sender reports forward", with_sound(), |behaviour| behaviour.ntp_shift = 3_600.0),
    ];
    for (words, behaviour, jump) in table {
        let camera = Camera::start(behaviour);
        let mut harness = relayed(&camera, "", "").await;
        let viewer = Viewer::of(&gate(&harness));
        assert_well(&viewer.next(50).await, words);
        camera.change(jump);
        harness.camera("gate", stalled("the camera's clock jumped")).await;
        let joined = viewer.seen().joined;
        harness.state("gate", CameraState::Running).await;
        eventually("the viewer is back", || async { (viewer.seen().joined > joined).then_some(()) }).await;
        viewer.next(1).await;
        assert_well(&viewer.next(50).await, words);
        assert_eq!(harness.state("gate", CameraState::Running).await.restarts, 1, "{words}");
        harness.stop().await;
    }
}

#[actix::test]
async fn a_camera_without_a_usable_clock_is_relayed_by_the_time_of_arrival() {
    let camera = Camera::start(Behaviour { clock_rate: 0.0, reports: false, ..Behaviour::default() });
    let mut harness = relayed(&camera, "", "").await;
    let arrival = |camera: Option<&CameraStatus>| {
        camera.is_some_and(|camera| {
            let told = camera.last_error.as_ref().is_some_and(|text| text.contains("time of their arrival"));
            camera.state == CameraState::Running && told
        })
    };
    harness.camera("gate", arrival).await;
    let viewer = Viewer::of(&gate(&harness));
    let frames = viewer.next(100).await;
    let (first, last) = (frames[0], frames[99]);
    let (media, wall) = (last.time.saturating_sub(first.time), last.arrived - first.arrived);
    assert!(media.abs_diff(wall) < Duration::from_secs(2), "{media:?} of media in {wall:?}");
    harness.stop().await;
}

#[actix::test]
async fn sound_that_does_not_come_or_stops_holds_no_picture_back() {
    for (sound, b_frames) in [(Sound::Pcma, 0), (Sound::Aac, 0), (Sound::Aac, 2)] {
        let picture = Some(Picture { b_frames, ..Picture::default() });
        let camera = Camera::start(Behaviour { picture, sound, sends_sound: false, ..Behaviour::default() });
        let harness = relayed(&camera, "", "").await;
        let viewer = Viewer::of(&gate(&harness));
        assert_well(&viewer.next(50).await, "without any sound");
        camera.change(|behaviour| behaviour.sends_sound = true);
        eventually("sound", || async { (viewer.seen().sound > 20).then_some(()) }).await;
        assert_well(&viewer.next(50).await, "with sound");
        camera.change(|behaviour| behaviour.sends_sound = false);
        // Longer than a clock may stand still.
        assert_well(&viewer.next(200).await, "it has stopped");
        assert_eq!(viewer.seen().joined, 1, "nobody was cut off");
        harness.stop().await;
    }
}

#[actix::test]
async fn a_sound_track_that_sends_nothing_is_called_silent_until_it_sends() {
    let camera = Camera::start(Behaviour { sound: Sound::Pcma, sends_sound: false, ..Behaviour::default() });
    let mut harness = relayed(&camera, "", "").await;
    let is = |sound: SoundState| {
        move |camera: Option<&CameraStatus>| {
            camera.is_some_and(|one| one.state == CameraState::Running && one.sound == Some(sound))
        }
    };
    harness.camera("gate", is(SoundState::Silent)).await;
    let asked = camera.asked("DESCRIBE");
    camera.change(|behaviour| behaviour.sends_sound = true);
    harness.camera("gate", is(SoundState::Carried)).await;
    assert_eq!(camera.asked("DESCRIBE"), asked, "nobody has asked the camera");
    harness.stop().await;
}

#[actix::test]
async fn converted_sound_that_does_not_come_is_left_out() {
    let camera = Camera::start(Behaviour { sound: Sound::Pcma, sends_sound: false, ..Behaviour::default() });
    let mut harness = relayed(&camera, ", audio", ", 'aac'").await;
    let viewer = Viewer::of(&gate(&harness));
    assert_well(&viewer.next(50).await, "without sound");
    assert_eq!(viewer.seen().tracks, ["H264"]);
    let status = harness.state("gate", CameraState::Running).await;
    assert!(status.last_error.is_some_and(|text| text.contains("tried without it")));
    assert_eq!(status.sound, Some(SoundState::Silent));
    harness.stop().await;
}

#[actix::test]
async fn sound_that_is_switched_on_in_the_camera_later_is_carried() {
    for (sound, name) in [(Sound::Pcma, "PCMA"), (Sound::Aac, "MPEG4-GENERIC")] {
        let camera = Camera::start(Behaviour::default());
        let mut harness = relayed(&camera, "", "").await;
        let viewer = Viewer::of(&gate(&harness));
        viewer.next(25).await;
        assert_eq!(viewer.seen().tracks, ["H264"]);
        harness.camera("gate", |camera| camera.is_some_and(|one| one.sound == Some(SoundState::Missing))).await;
        camera.change(|behaviour| behaviour.sound = sound);
        camera.cut();
        eventually("sound", || async { (viewer.seen().sound > 0).then_some(()) }).await;
        assert_eq!(viewer.seen().tracks, ["H264", name]);
        let carried = |camera: Option<&CameraStatus>| camera.is_some_and(|one| one.sound == Some(SoundState::Carried));
        harness.camera("gate", carried).await;
        harness.stop().await;
    }
}

#[actix::test]
async fn an_empty_password_is_one() {
    for login in [Login::Basic, Login::Md5] {
        let camera = Camera::start(Behaviour { login, password: "", ..Behaviour::default() });
        let (url, port) = (camera.url(), camera.address().port());
        let mut harness = Harness::open().await;
        harness.sql(&format!(
            "INSERT INTO camera_kinds(kind, url_template) VALUES ('acme', \
             'rtsp://{{username}}:{{password}}@{{host}}:{{port=554}}/live'); \
             INSERT INTO cameras(name, url, username, password) VALUES \
             ('null', '{url}', 'admin', NULL), ('empty', '{url}', 'admin', ''); \
             INSERT INTO cameras(name, url) VALUES ('own', '{}'); \
             INSERT INTO cameras(name, kind, host, port, username, password) VALUES \
             ('kind', 'acme', '127.0.0.1', {port}, 'admin', NULL);",
            url.as_str().replace("rtsp://", "rtsp://admin@")
        ));
        for name in ["null", "empty", "own", "kind"] {
            harness.state(name, CameraState::Running).await;
        }
        harness.stop().await;
    }
}

#[actix::test]
async fn a_session_that_is_released_late_is_not_spent_on_a_second_probe() {
    /// What a look has found is believed for fewer failed runs than this.
    const REFUSED: u32 = 3;
    let released_after = Duration::from_secs(3_600);
    let camera = Camera::start(Behaviour { sessions: 1, released_after, ..Behaviour::default() });
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", camera.url()));
    // Its only session is still the look's.
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.restarts >= REFUSED)).await;
    camera.release();
    let restarts = harness.state("gate", CameraState::Running).await.restarts as usize;
    // One look, the runs that were refused, and the one that goes on.
    assert_eq!(camera.asked("DESCRIBE"), 1 + restarts + 1);
    harness.stop().await;
}

#[actix::test]
async fn a_probe_asks_for_pictures() {
    let harness = Harness::open().await;
    let restreams = harness.restream.clone();
    let look = async |camera: &Camera| {
        let edit = serde_json::from_value(serde_json::json!({ "url": camera.url() })).expect("an edit");
        restreams.test_camera(None, edit).await.expect("a look")
    };
    // A busy machine may keep a good camera waiting past the limit of a look.
    let tracks = async |camera: &Camera, sound: &str| {
        eventually(&format!("tracks with {sound}"), || async {
            let tracks = look(camera).await.tracks?;
            tracks.audio.as_deref().is_some_and(|codec| codec.starts_with(sound)).then_some(tracks)
        })
        .await
    };
    let camera = Camera::start(Behaviour { sound: Sound::Pcma, sends_picture: false, ..Behaviour::default() });
    let fault = look(&camera).await.fault.expect("no picture");
    assert_eq!(fault.kind, FaultKind::Silent);
    for words in ["timeout: no picture within 4 s", "names a video track (h264)", "nothing but its sound (pcm_alaw)"] {
        assert!(fault.message.contains(words), "{words}: {fault}");
    }

    camera.change(|behaviour| behaviour.sends_picture = true);
    let found = tracks(&camera, "pcm_alaw").await;
    assert_eq!((found.video.as_deref(), found.flows), (Some("h264"), true));

    camera.change(|behaviour| behaviour.sound = Sound::G726);
    tracks(&camera, "adpcm_g726").await;
    camera.change(|behaviour| (behaviour.sound, behaviour.login) = (Sound::Pcma, Login::Sha256));
    assert!(!look(&camera).await.ok, "ffmpeg does not know this login");
    camera.change(|behaviour| behaviour.login = Login::None);

    camera.change(|behaviour| behaviour.picture = None);
    let fault = look(&camera).await.fault.expect("no video track");
    assert_eq!(fault.kind, FaultKind::NoVideo, "{fault}");
    assert!(fault.message.contains("only sound (pcm_alaw)"), "{fault}");

    camera.change(|behaviour| {
        *behaviour = Behaviour { transport_stream: true, picture: Some(Picture::default()), ..behaviour.clone() }
    });
    // Within the transport stream.
    assert_eq!(tracks(&camera, "aac").await.video.as_deref(), Some("h264"));
    harness.stop().await;
}
