//! Cameras and streams that are excused.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use crate::adapters::database::Database;
use crate::base::error::ErrorKind;
use crate::domain::incident::Subject;
use crate::domain::maintenance::Maintenance;

fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("a time") + TimeDelta::minutes(minute)
}

fn excused(subject: Subject, set: i64, until: i64) -> Maintenance {
    Maintenance::checked(subject, at(until), "lens ' is cleaned", "eve".to_owned(), at(set)).expect("good")
}

pub(in crate::adapters::database) async fn what_is_excused_is_kept_until_it_is_over(database: &dyn Database) {
    let listed = async |minute| database.maintenance(at(minute)).await.expect("listed");
    assert_eq!(listed(0).await, []);
    let gate = excused(Subject::camera_of(7, "gate"), 0, 30);
    let stream = Subject::Stream { server: "ma'in".to_owned(), name: "cam/front".to_owned() };
    let front = excused(stream.clone(), 1, 10);
    database.put_maintenance(gate.clone()).await.expect("written");
    database.put_maintenance(front.clone()).await.expect("written");
    assert_eq!(listed(2).await, [front.clone(), gate.clone()], "what ends first first");
    assert_eq!(listed(10).await, std::slice::from_ref(&gate), "it is over by itself");
    let longer = excused(Subject::camera_of(7, "renamed"), 3, 60);
    database.put_maintenance(longer.clone()).await.expect("another time");
    assert_eq!(listed(3).await, [front, longer.clone()]);
    database.end_maintenance(stream.clone(), at(3)).await.expect("ended");
    assert_eq!(listed(3).await, std::slice::from_ref(&longer));
    let twice = database.end_maintenance(stream, at(3)).await.expect_err("it is not excused any more");
    assert_eq!(twice.kind(), ErrorKind::NotFound);
    let over = database.end_maintenance(longer.subject.clone(), at(60)).await.expect_err("it is over");
    assert_eq!(over.kind(), ErrorKind::NotFound);
    // Who writes forgets what is over.
    database.put_maintenance(excused(Subject::camera_of(8, "yard"), 60, 70)).await.expect("written");
    let over = database.end_maintenance(longer.subject, at(3)).await.expect_err("forgotten");
    assert_eq!(over.kind(), ErrorKind::NotFound);
}
