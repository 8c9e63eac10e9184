//! Somebody sets the clock of the machine while it records: within a session the order stays, and each step ends one and is told.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::fake_clock::FakeClock;
use crate::support::film::{Film, places};
use crate::support::media::{Publisher, server};
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// Pictures that may be lost from one session to the next: a key frame interval, and five seconds for the start of ffmpeg.
const LOST: usize = 6 * 25;

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("a time: {value}"))
}

/// Sessions of the stream in the order in which they were made, with how many segments of each are stored.
fn sessions(program: &Program) -> Vec<Value> {
    program.sql(
        "SELECT id, started_at, ended_at, end_reason, (SELECT count(*) FROM segments WHERE session = sessions.id AND state \
         NOT IN ('writing', 'lost')) AS stored FROM sessions ORDER BY rowid",
    )
}

#[tokio::test]
async fn a_clock_that_is_set_ends_a_session_at_a_cut_and_changes_no_order_within_one() {
    let media = server(&Options::default()).await;
    let clock = FakeClock::new();
    let config = Config { environment: clock.environment(), ..Config::on(&media) };
    let program = Program::start(&config).await;
    let mut url = media.rtsp_url();
    url.set_path("cam");
    let _publisher = Publisher::film(&url);
    // An hour back, 30 s more, and to the right time again.
    let steps = [("-3600", "back"), ("-3630", "back"), ("+0", "forward")];
    for (done, (offset, _)) in steps.iter().enumerate() {
        let stored =
            || async { sessions(&program).get(done).and_then(|one| one["stored"].as_u64()).filter(|n| *n >= 2) };
        eventually("two segments by this clock", stored).await;
        clock.set(offset);
    }
    let after =
        || async { sessions(&program).get(steps.len()).and_then(|one| one["stored"].as_u64()).filter(|n| *n > 0) };
    eventually("a segment by the right clock", after).await;
    // Of the last one the first segment is enough.
    let not_yet = "SELECT 1 FROM segments WHERE state != 'uploaded' AND (number = 0 OR session != (SELECT id FROM sessions ORDER BY rowid \
                   DESC LIMIT 1))";
    eventually("all to be stored", || async { program.sql(not_yet).is_empty().then_some(()) }).await;
    let sessions = sessions(&program);
    assert_eq!(sessions.len(), steps.len() + 1, "one for each step: {sessions:#?}");
    for (session, (_, step)) in sessions.iter().zip(steps) {
        let reason = session["end_reason"].as_str().unwrap_or_default();
        assert!(reason.contains(&format!("the wall clock was set {step}")), "{session}");
        assert!(time(&session["ended_at"]) >= time(&session["started_at"]), "{session}");
    }
    let listed = program.api.segments("cam").await;
    let mut last = None;
    for session in &sessions {
        let is_own = |segment: &&Value| segment["session"] == session["id"] && segment["state"] == "uploaded";
        let own: Vec<&Value> = listed.iter().filter(is_own).collect();
        last = Some(whole(&program, &own, last));
        assert_eq!(own[0]["number"], 0, "{own:#?}");
        for pair in own.windows(2) {
            assert_eq!(pair[1]["number"].as_u64(), pair[0]["number"].as_u64().map(|number| number + 1), "{own:#?}");
            let length = chrono::TimeDelta::milliseconds(pair[0]["durationMs"].as_i64().expect("a length"));
            let apart = (time(&pair[1]["startedAt"]) - time(&pair[0]["startedAt"]) - length).num_milliseconds();
            assert!((0..=1).contains(&apart), "{apart} ms between two segments of one session: {pair:#?}");
        }
    }
    // Sessions follow one another by their starts, so what was recorded by a clock that had been set back is listed before what was
    // recorded earlier by the right one.
    let mut order: Vec<&Value> = listed.iter().map(|segment| &segment["session"]).collect();
    order.dedup();
    assert_eq!(order, [2, 1, 0, 3].map(|made: usize| &sessions[made]["id"]), "{sessions:#?}");
    program.stop().await;
    media.stop().await;
}

/// Asserts that nothing is missing in these segments of a session, and nothing but what came while it started since `last`, the last
/// picture of the session made before it. Returns its own last picture.
fn whole(program: &Program, segments: &[&Value], last: Option<usize>) -> usize {
    let film = 60 * Film::Plain.rate();
    let object =
        |segment: &&Value| program.data_dir().join("objects").join(segment["objectKey"].as_str().expect("a key"));
    let found = places(&segments.iter().map(object).collect::<Vec<PathBuf>>());
    let found: Vec<usize> = found.iter().map(|place| place.unwrap_or_else(|| panic!("{found:?}"))).collect();
    // The film begins again after its last picture.
    let missing = |before: usize, next: usize| (film + next - before - 1) % film;
    assert!(found.windows(2).all(|pair| missing(pair[0], pair[1]) == 0), "{found:?}");
    assert_eq!(found[0] % Film::Plain.between_key_frames(), 0, "it begins with a key frame");
    let lost = last.map_or(0, |last| missing(last, found[0]));
    assert!(lost <= LOST, "{lost} pictures are missing before {}", found[0]);
    found[found.len() - 1]
}
