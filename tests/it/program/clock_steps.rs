//! Somebody sets the clock of the machine while it records: the order stays, and each step is told.

use chrono::{DateTime, Utc};
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::fake_clock::FakeClock;
use crate::support::media::{Publisher, server};
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

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
async fn a_clock_that_is_set_changes_no_order_of_what_is_recorded() {
    let media = server(&Options::default()).await;
    let clock = FakeClock::new();
    let config = Config { environment: clock.environment(), ..Config::on(&media) };
    let program = Program::start(&config).await;
    let _publisher = Publisher::to(&media.rtsp_url(), "cam");
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
    let sessions = sessions(&program);
    assert_eq!(sessions.len(), steps.len() + 1, "one for each step: {sessions:#?}");
    for (session, (_, step)) in sessions.iter().zip(steps) {
        let reason = session["end_reason"].as_str().unwrap_or_default();
        assert!(reason.contains(&format!("the wall clock was set {step}")), "{session}");
        assert!(time(&session["ended_at"]) >= time(&session["started_at"]), "{session}");
    }
    let listed = program.api.segments("cam").await;
    for session in &sessions {
        let own: Vec<&Value> = listed.iter().filter(|segment| segment["session"] == session["id"]).collect();
        for pair in own.windows(2) {
            assert_eq!(pair[1]["number"].as_u64(), pair[0]["number"].as_u64().map(|number| number + 1), "{own:#?}");
            let length = chrono::TimeDelta::milliseconds(pair[0]["durationMs"].as_i64().expect("a length"));
            let apart = (time(&pair[1]["startedAt"]) - time(&pair[0]["startedAt"]) - length).num_milliseconds();
            assert!((0..=1).contains(&apart), "{apart} ms between two segments of one session: {pair:#?}");
        }
    }
    // Sessions follow one another by their starts.
    let starts: Vec<DateTime<Utc>> = listed.iter().map(|segment| time(&segment["startedAt"])).collect();
    let begins = listed.iter().zip(&starts).filter(|(segment, _)| segment["number"] == 0).map(|(_, start)| start);
    assert!(begins.is_sorted(), "{starts:?}");
    program.stop().await;
    media.stop().await;
}
