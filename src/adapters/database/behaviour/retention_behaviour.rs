//! Locks and cleanups.

use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use crate::adapters::database::Database;
use crate::base::error::ErrorKind;
use crate::domain::retention::{Cleanup, RecordingLock};

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
