//! What lists of a stream's segments cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;

use super::*;
use crate::adapters::database::sqlite::tests::fresh;

/// Days of one stream, a session each, with a segment every ten minutes.
fn fill(connection: &Connection, days: u32) {
    let numbers = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?1)";
    let time = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1700006400 + 600 *";
    let session = |number: &str| format!("printf('%08x-0000-7000-8000-000000000000', {number})");
    let sessions = format!(
        "{numbers} INSERT INTO sessions (id, server, stream, started_at, ended_at, end_reason) SELECT {}, 'main', 'cam', \
         {time} 144 * n, 'unixepoch'), {time} 144 * (n + 1), 'unixepoch'), 'midnight' FROM n",
        session("n")
    );
    let segments = format!(
        "{numbers} INSERT INTO segments (id, session, server, stream, number, state, started_at, ended_at, duration_ms, bytes, frames, \
         init_bytes, media_bytes, spool_path, object_key) SELECT printf('%08x-0000-7000-9000-000000000000', n), {}, 'main', 'cam', \
         n % 144, 'writing', {time} n, 'unixepoch'), {time} (n + 1), 'unixepoch'), 600000, 9, 9, 1, 8, 'a', 'b' FROM n",
        session("n / 144")
    );
    connection.execute(&sessions, [days]).expect("sessions");
    connection.execute(&segments, [days * 144]).expect("segments");
}

/// How many segments are found, and in how many steps of SQLite's virtual machine.
fn listed(connection: &mut Connection, query: &SegmentQuery) -> (usize, u64) {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(1, Some(count)).expect("counted");
    let found = list(connection, None, query).ok().expect("listed").len();
    connection.progress_handler(0, None::<fn() -> bool>).expect("no longer");
    (found, steps.load(Ordering::Relaxed))
}

#[tokio::test]
async fn an_hour_or_a_page_of_a_stream_costs_the_same_however_long_it_has_been_recorded() {
    let day = |day: i64| {
        "2023-11-15T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().expect("a time") + TimeDelta::days(day)
    };
    let mut readings = Vec::new();
    for days in [20, 200] {
        let file = fresh().await;
        let mut connection = file.shell();
        fill(&connection, days);
        let stream = SegmentQuery { stream: Some("cam".to_owned()), limit: 100, ..SegmentQuery::default() };
        let last = day(i64::from(days) - 1);
        let an_hour = SegmentQuery { from: Some(last), to: Some(last + TimeDelta::hours(1)), ..stream.clone() };
        let first_hour = SegmentQuery { from: Some(day(0)), to: Some(day(0) + TimeDelta::hours(1)), ..stream.clone() };
        let newest = SegmentQuery { from: Some(last + TimeDelta::hours(23)), ..stream.clone() };
        let after = Uuid::parse_str(&format!("{:08x}-0000-7000-9000-000000000000", days * 144 - 11)).expect("an id");
        let last_page = SegmentQuery { after: Some(after), ..stream };
        readings.push([an_hour, first_hour, newest, last_page].map(|query| listed(&mut connection, &query)));
    }
    let [short, long] = readings.as_slice() else { panic!("two") };
    for (short, long) in short.iter().zip(long) {
        assert_eq!(short.0, long.0, "found");
        assert!(long.0 > 0 && long.1 < short.1 * 3 / 2, "(found, steps) by 20 and 200 days: {readings:?}");
    }
}
