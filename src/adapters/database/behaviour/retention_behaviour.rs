//! Locks and cleanups.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::adapters::database::Database;
use crate::base::error::ErrorKind;
use crate::domain::recording::Segment;
use crate::domain::retention::{Cleanup, RecordingLock};
use crate::domain::sample;

/// Of a segment it is asked whether it is locked at this moment.
pub(in crate::adapters::database) async fn a_segment_is_locked_by_what_touches_it(database: &dyn Database) {
    let session = sample::session("locked");
    let segment = Segment { duration_ms: 60_000, ..sample::segment(&session, 0) };
    database.open_session(session.clone()).await.expect("opened");
    database.put_segment(segment.clone()).await.expect("put");
    let (begin, minute) = (segment.started_at, TimeDelta::minutes(1));
    for (stream, from, to, wanted) in [
        ("locked", begin - minute, begin, false),
        ("locked", begin + minute, begin + minute * 2, false),
        ("locked", begin - minute, begin + TimeDelta::milliseconds(1), true),
        ("locked", begin + minute - TimeDelta::milliseconds(1), begin + minute * 2, true),
        ("other", begin, begin + minute, false),
    ] {
        let lock = RecordingLock {
            id: Uuid::now_v7(),
            stream: stream.to_owned(),
            from,
            to,
            reason: "case 7".to_owned(),
            set_by: "ann".to_owned(),
            set_at: begin,
        };
        database.add_lock(lock.clone()).await.expect("added");
        assert_eq!(database.is_locked(segment.id).await.expect("asked"), wanted, "{stream} {from} {to}");
        database.remove_lock(lock.id).await.expect("removed");
    }
    assert!(!database.is_locked(Uuid::nil()).await.expect("asked"));
    // Only a server has a clock of its own.
    let clock = database.clock().await.expect("asked");
    assert!(clock.is_none_or(|clock| (Utc::now() - clock).num_minutes() == 0), "{clock:?}");
}

pub(in crate::adapters::database) async fn locks_and_cleanups_are_kept(database: &dyn Database) {
    let at = |minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
    let lock = |stream: &str, from| RecordingLock {
        id: Uuid::now_v7(),
        stream: stream.to_owned(),
        from: at(from),
        to: at(from + 5),
        reason: "case 7".to_owned(),
        set_by: "ann".to_owned(),
        set_at: at(100),
    };
    let (late, early, other) = (lock("gate", 9), lock("gate", 3), lock("a/b", 50));
    for one in [&late, &early, &other] {
        database.add_lock(one.clone()).await.expect("added");
    }
    assert_eq!(database.locks().await.expect("listed"), [other.clone(), early, late.clone()]);
    database.remove_lock(late.id).await.expect("removed");
    assert_eq!(database.remove_lock(late.id).await.expect_err("gone").kind(), ErrorKind::NotFound);
    assert_eq!(database.locks().await.expect("listed").len(), 2);
    let cleanup = |stream: Option<&str>, before| Cleanup {
        id: Uuid::now_v7(),
        stream: stream.map(str::to_owned),
        before: at(before),
        set_by: "command line".to_owned(),
        set_at: at(before),
    };
    let (one, two) = (cleanup(None, 1), cleanup(Some("gate"), 2));
    database.add_cleanup(two.clone()).await.expect("added");
    database.add_cleanup(one.clone()).await.expect("added");
    assert_eq!(database.cleanups().await.expect("listed"), [one, two]);
}

pub(in crate::adapters::database) async fn a_cleanup_is_done_by_each_node_for_itself(
    a: &dyn Database,
    b: &dyn Database,
) {
    let cleanup = |minute| Cleanup {
        id: Uuid::now_v7(),
        stream: None,
        before: DateTime::UNIX_EPOCH,
        set_by: "ann".to_owned(),
        set_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minute),
    };
    let (one, two) = (cleanup(1), cleanup(2));
    for new in [&one, &two] {
        a.add_cleanup(new.clone()).await.expect("added");
    }
    for _ in 0..2 {
        a.cleanup_done(one.id).await.expect("noted");
        assert_eq!(a.cleanups().await.expect("listed"), std::slice::from_ref(&two));
        assert_eq!(b.cleanups().await.expect("listed"), [one.clone(), two.clone()]);
    }
    b.cleanup_done(two.id).await.expect("noted");
    assert_eq!(b.cleanups().await.expect("listed"), [one]);
}
