//! What is blocked, what passes, and what lifts it.

use std::time::Duration;

use super::*;
use crate::domain::camera::{CameraRow, CameraSource, Kinds};
use crate::domain::fleet;
use crate::domain::sample;

fn row(id: i64, name: &str) -> CameraRow {
    CameraRow { url: Some(format!("rtsp://10.0.0.9/{id}").into()), ..sample::camera_row(id, name) }
}

fn rows(ids: &[i64]) -> Vec<CameraRow> {
    ids.iter().map(|id| row(*id, &format!("cam{id}"))).collect()
}

fn read(rows: &[CameraRow]) -> Fleet {
    fleet::read(rows, &Kinds::new())
}

/// One change by itself.
fn evaluate(
    before: &Fleet,
    after: Fleet,
    most: f64,
    blocked: Option<&BlockedChange>,
) -> (Fleet, Option<BlockedChange>) {
    ChangeGuard::default().evaluate(before, after, most, blocked, &|_| true, Duration::ZERO)
}

fn names(fleet: &Fleet) -> impl Iterator<Item = (i64, &CameraSource)> {
    fleet.iter().filter_map(|(id, planned)| Some((*id, planned.source()?)))
}

/// `name host` of every relay, by name.
fn sources(fleet: &Fleet) -> Vec<String> {
    let mut all: Vec<String> = names(fleet).map(|(_, source)| format!("{} {}", source.name, source.host)).collect();
    all.sort();
    all
}

fn ids(fleet: &Fleet) -> Vec<i64> {
    names(fleet).map(|(id, _)| id).collect()
}

#[test]
fn too_many_stops_at_once_are_blocked() {
    let five = rows(&[1, 2, 3, 4, 5]);
    let off = |which: &[i64]| -> Vec<CameraRow> {
        five.iter().map(|row| CameraRow { enabled: !which.contains(&row.id), ..row.clone() }).collect()
    };
    let wrong: Vec<CameraRow> = five.iter().map(|row| CameraRow { url: None, ..row.clone() }).collect();
    let renamed: Vec<CameraRow> =
        five.iter().map(|row| CameraRow { name: format!("x{}", row.id), ..row.clone() }).collect();
    let reinserted: Vec<CameraRow> = five.iter().map(|row| CameraRow { id: row.id + 10, ..row.clone() }).collect();
    let with = |which: &[i64], url: &dyn Fn(i64) -> String| -> Vec<CameraRow> {
        let row = |row: &CameraRow| match which.contains(&row.id) {
            true => CameraRow { url: Some(url(row.id).into()), ..row.clone() },
            false => row.clone(),
        };
        five.iter().map(row).collect()
    };
    let all = [1, 2, 3, 4, 5];
    let moved = |which: &[i64]| with(which, &|id| format!("rtsp://10.0.7.7/{id}"));
    let elsewhere: Vec<CameraRow> = moved(&all).into_iter().map(|row| CameraRow { id: row.id + 10, ..row }).collect();
    let rotated = with(&all, &|id| format!("rtsp://viewer:secret@10.0.0.9/{id}"));
    let again = with(&all, &|id| format!("rtsp://viewer:other@10.0.0.9/{id}"));
    let over_udp: Vec<CameraRow> =
        five.iter().map(|row| CameraRow { transport: Some("udp".into()), ..row.clone() }).collect();
    type Case<'a> = (&'a str, &'a [CameraRow], &'a [CameraRow], f64, usize);
    let table: [Case<'_>; 21] = [
        ("emptied", &five, &[], 0.5, 5),
        ("more than half gone", &five, &rows(&[1, 2]), 0.5, 3),
        ("less than half gone", &five, &rows(&[1, 2, 3]), 0.5, 0),
        ("exactly half gone", &rows(&[1, 2, 3, 4]), &rows(&[1, 2]), 0.5, 0),
        ("three may go", &rows(&[1, 2, 3]), &[], 0.5, 0),
        ("four may not", &rows(&[1, 2, 3, 4]), &[], 0.5, 4),
        ("switched off", &five, &off(&[1, 2, 3]), 0.5, 3),
        ("refused", &five, &wrong, 0.5, 5),
        ("another database", &five, &renamed, 0.5, 5),
        ("the same under new ids", &five, &reinserted, 0.5, 0),
        ("the same names, other cameras", &five, &moved(&all), 0.5, 5),
        ("the same under new ids, other cameras", &five, &elsewhere, 0.5, 5),
        ("other paths of the same host", &five, &with(&all, &|id| format!("rtsp://10.0.0.9/s{id}")), 0.5, 5),
        ("two of five moved", &five, &moved(&[1, 2]), 0.5, 0),
        ("credentials put in", &five, &rotated, 0.5, 0),
        ("passwords changed", &rotated, &again, 0.5, 0),
        ("restarted is not stopped", &five, &over_udp, 0.5, 0),
        ("one moved, two gone", &five, &moved(&[3])[2..], 0.5, 3),
        ("rule off", &five, &[], 1.0, 0),
        ("none may stop", &five, &rows(&[1, 2, 3, 4]), 0.0, 1),
        ("what did not run may go", &off(&[1, 2, 3]), &[], 0.5, 0),
    ];
    for (what, before, after, most, stops) in table {
        let (now, blocked) = evaluate(&read(before), read(after), most, None);
        assert_eq!(blocked.as_ref().map_or(0, |blocked| blocked.would_stop.len()), stops, "{what}");
        let wanted = if blocked.is_some() { ids(&read(before)) } else { ids(&read(after)) };
        assert!(wanted.iter().all(|id| ids(&now).contains(id)), "{what}: {:?}", ids(&now));
        let of = if blocked.is_some() { before } else { after };
        assert_eq!(sources(&now), sources(&read(of)), "{what}: each name once, and its own source");
    }
}

#[test]
fn what_is_added_meanwhile_starts_and_lifts_nothing() {
    let before = read(&rows(&[1, 2, 3, 4, 5]));
    let (now, blocked) = evaluate(&before, Fleet::new(), 0.5, None);
    let blocked = blocked.expect("blocked");
    assert!(blocked.summary().contains("5 of 5") && blocked.summary().contains("cam1, cam2"), "{}", blocked.summary());
    assert_eq!(blocked.would_stop[0].reason, "its row is gone");

    let many: Vec<i64> = (10..40).collect();
    let (now, added) = evaluate(&now, read(&rows(&many)), 0.5, Some(&blocked));
    let added = added.expect("still blocked");
    assert_eq!((ids(&now).len(), added.running), (35, 5));
    assert_eq!(added.id, blocked.id, "the same stops are the same plan");
    let (_, other) = evaluate(&now, read(&rows(&[1, 10])), 0.5, Some(&added));
    assert_ne!(other.expect("blocked").id, blocked.id);

    let (now, back) = evaluate(&now, read(&rows(&[1, 2, 3, 5])), 0.5, None);
    assert!(back.is_some() && ids(&now).len() == 35, "judged afresh, thirty would stop");
    let back: Vec<i64> = [1, 2, 3, 5].into_iter().chain(10..40).collect();
    let (now, less) = evaluate(&now, read(&rows(&back)), 0.5, Some(&added));
    let less = less.expect("what is missing from the repaired table stays blocked");
    assert_eq!((less.would_stop.len(), less.would_stop[0].name.as_str(), ids(&now).len()), (1, "cam4", 35));
    let back: Vec<i64> = (1..=5).chain(10..40).collect();
    let (now, lifted) = evaluate(&now, read(&rows(&back)), 0.5, Some(&less));
    assert!(lifted.is_none());
    assert_eq!(ids(&now), back);
}

#[test]
fn commands_are_not_undone_by_the_plan() {
    let before = read(&rows(&[1, 2, 3, 4, 5]));
    let (_, blocked) = evaluate(&before, Fleet::new(), 0.5, None);
    let mut blocked = blocked.expect("blocked");
    let added = read(&rows(&[9]));
    blocked.note_row(9, added.get(&9));
    assert_eq!(ids(&blocked.after), [9]);
    blocked.note_row(9, None);
    assert!(blocked.after.is_empty());
    let off = read(&[CameraRow { enabled: false, ..row(9, "cam9") }]);
    let nine = |fleet: &Fleet| fleet.get(&9).cloned();
    let (added, off) = (nine(&added), nine(&off));
    assert!(would_end(added.as_deref(), None) && would_end(added.as_deref(), off.as_deref()));
    assert!(!would_end(None, None) && !would_end(off.as_deref(), None));
    assert!(!would_end(added.as_deref(), added.as_deref()));
}

#[test]
fn labels_count_for_nothing() {
    let before = read(&rows(&[1, 2, 3, 4, 5]));
    let labelled = |row: CameraRow| CameraRow { label: Some(format!("Tor {}", row.id)), ..row };
    let after = read(&rows(&[1, 2, 3, 4, 5]).into_iter().map(labelled).collect::<Vec<_>>());
    let (fleet, blocked) = evaluate(&before, after, 0.5, None);
    assert!(blocked.is_none(), "{blocked:?}");
    assert_eq!(fleet[&5].facts.label.as_deref(), Some("Tor 5"));
    assert!(!would_end(Some(&*before[&1]), Some(&*fleet[&1])));
}

#[test]
fn another_source_is_named_without_its_secrets() {
    let before: Vec<CameraRow> = (1..=4)
        .map(|id| CameraRow {
            url: Some(format!("rtsp://a:hunter2@10.0.0.9/{id}?token=s3cret").into()),
            ..row(id, &format!("c{id}"))
        })
        .collect();
    for (url, words) in [
        ("rtsp://b:hunter3@10.0.7.7/x", "host 10.0.7.7 instead of 10.0.0.9"),
        ("rtsp://b:hunter3@10.0.0.9/x", "rtsp://10.0.0.9/x instead of rtsp://10.0.0.9/1?token=***"),
    ] {
        let after: Vec<CameraRow> =
            before.iter().map(|row| CameraRow { url: Some(url.into()), ..row.clone() }).collect();
        let blocked = evaluate(&read(&before), read(&after), 0.5, None).1.expect("blocked");
        let reason = &blocked.would_stop[0].reason;
        assert!(reason.starts_with("its source is another one: ") && reason.contains(words), "{reason}");
        assert!(!reason.contains("hunter") && !reason.contains("s3cret"), "{reason}");
    }
}

#[test]
fn a_name_that_a_blocked_row_gave_to_another_is_kept_too() {
    // Row 1 takes the name of row 5 with its source, and the other four get new cameras.
    let before = rows(&[1, 2, 3, 4, 5]);
    let mut after: Vec<CameraRow> = before[1..4]
        .iter()
        .map(|row| CameraRow { url: Some(format!("rtsp://h/{}", row.id).into()), ..row.clone() })
        .collect();
    after.push(CameraRow { id: 1, ..before[4].clone() });
    let (now, blocked) = evaluate(&read(&before), read(&after), 0.5, None);
    assert_eq!(blocked.expect("blocked").would_stop.len(), 4);
    assert_eq!((ids(&now), sources(&now)), (vec![1, 2, 3, 4, 5], sources(&read(&before))));
}

/// Takes the table through these lists of ids, at these seconds; says for each how many stops are blocked.
fn through(steps: &[(u64, &[i64])]) -> Vec<usize> {
    let (mut guard, mut now, mut blocked) = (ChangeGuard::default(), Fleet::new(), None);
    let mut stops = Vec::new();
    for (second, table) in steps {
        let after = read(&rows(table));
        (now, blocked) = guard.evaluate(&now, after, 0.5, blocked.as_ref(), &|_| true, Duration::from_secs(*second));
        stops.push(blocked.as_ref().map_or(0, |blocked: &BlockedChange| blocked.would_stop.len()));
    }
    stops
}

#[test]
fn rows_that_go_one_by_one_count_together_for_a_while() {
    type Case<'a> = (&'a str, &'a [(u64, &'a [i64])], &'a [usize]);
    let table: [Case<'_>; 8] = [
        (
            "deleted one by one",
            &[(0, &[1, 2, 3, 4, 5]), (1, &[2, 3, 4, 5]), (2, &[3, 4, 5]), (3, &[4, 5]), (4, &[5]), (5, &[])],
            &[0, 0, 0, 1, 2, 3],
        ),
        (
            "slowly is on purpose",
            &[(0, &[1, 2, 3, 4, 5]), (60, &[2, 3, 4, 5]), (120, &[3, 4, 5]), (180, &[4, 5]), (240, &[5])],
            &[0, 0, 0, 0, 0],
        ),
        (
            "waiting is no consent",
            &[(0, &[1, 2, 3, 4, 5]), (1, &[2, 3, 4, 5]), (2, &[3, 4, 5]), (3, &[4, 5]), (500, &[4, 5]), (900, &[4])],
            &[0, 0, 0, 1, 1, 2],
        ),
        (
            "what comes back counts no more",
            &[(0, &[1, 2, 3, 4, 5]), (1, &[3, 4, 5]), (2, &[1, 2, 3, 4, 5]), (3, &[1, 2, 3]), (4, &[1, 2, 3, 4, 5])],
            &[0, 0, 0, 0, 0],
        ),
        (
            "another one comes back, what was blocked stays so, and it comes back",
            &[(0, &[1, 2, 3, 4, 5]), (1, &[3, 4, 5]), (2, &[4, 5]), (3, &[1, 4, 5]), (4, &[1, 3, 4, 5])],
            &[0, 0, 1, 1, 0],
        ),
        (
            "replaced one by one by others",
            &[(0, &[1, 2, 3, 4]), (1, &[2, 3, 4, 11]), (2, &[3, 4, 11, 12]), (3, &[4, 11, 12, 13])],
            &[0, 0, 0, 1],
        ),
        (
            "many more may lose more",
            &[(0, &[1, 2, 3, 4]), (1, &[2, 3, 4]), (2, &[2, 3, 4, 5, 6, 7, 8]), (3, &[4, 5, 6, 7, 8])],
            &[0, 0, 0, 0],
        ),
        ("three may go", &[(0, &[1, 2, 3]), (1, &[2, 3]), (2, &[3]), (3, &[])], &[0, 0, 0, 0]),
    ];
    for (what, steps, stops) in table {
        assert_eq!(through(steps), stops, "{what}");
    }
}

#[test]
fn a_summary_tells_what_went_before_and_a_confirmation_ends_it() {
    let mut guard = ChangeGuard::default();
    let mut step = |before: &Fleet, table: &[i64], blocked: Option<&BlockedChange>| {
        guard.evaluate(before, read(&rows(table)), 0.5, blocked, &|_| true, Duration::from_secs(9))
    };
    let (now, _) = step(&Fleet::new(), &[1, 2, 3, 4, 5, 6], None);
    let (now, none) = step(&now, &[4, 5, 6], None);
    assert!(none.is_none());
    let (now, blocked) = step(&now, &[5, 6], None);
    let blocked = blocked.expect("blocked");
    assert!(blocked.summary().contains("1 of 6, after 3 within the last 60 s,"), "{}", blocked.summary());
    assert_eq!(ids(&now), [4, 5, 6]);
    guard.confirmed();
    let (now, none) = guard.evaluate(&blocked.after, read(&rows(&[6])), 0.5, None, &|_| true, Duration::from_secs(10));
    assert!(none.is_none() && ids(&now) == [6], "two of a fleet of two may go");
}

#[test]
fn cameras_that_are_moved_one_by_one_count_together_too() {
    let table = |moved: i64| -> Vec<CameraRow> {
        let row = |row: CameraRow| match row.id <= moved {
            true => CameraRow { url: Some("rtsp://h/x".into()), ..row },
            false => row,
        };
        rows(&[1, 2, 3, 4]).into_iter().map(row).collect()
    };
    let (mut guard, mut now, mut stops) = (ChangeGuard::default(), Fleet::new(), Vec::new());
    let mut blocked = None;
    for moved in 0..=3 {
        (now, blocked) = guard.evaluate(&now, read(&table(moved)), 0.5, blocked.as_ref(), &|_| true, Duration::ZERO);
        stops.push(blocked.as_ref().map_or(0, |blocked: &BlockedChange| blocked.would_stop.len()));
    }
    assert_eq!(stops, [0, 0, 0, 1]);
    let (now, blocked) = guard.evaluate(&now, read(&table(0)), 0.5, blocked.as_ref(), &|_| true, Duration::ZERO);
    assert!(blocked.is_none() && sources(&now) == sources(&read(&table(0))), "put back");
}

#[test]
fn only_cameras_that_really_ran_count() {
    let (before, some) = (read(&rows(&[1, 2, 3, 4, 5, 6, 7])), |ids: &'static [i64]| move |id: i64| ids.contains(&id));
    type Case<'a> = (&'a str, &'static [i64], &'a [i64], usize, &'a [i64]);
    let table: [Case<'_>; 5] = [
        ("none ran, all go", &[], &[], 0, &[]),
        ("three that ran may go", &[1, 2, 3], &[], 0, &[]),
        ("what did not run goes, what ran is blocked", &[1, 2, 3, 4], &[], 4, &[1, 2, 3, 4]),
        ("five broken ones are removed", &[1, 2], &[1, 2], 0, &[1, 2]),
        ("broken ones do not thin out the rest", &[1, 2, 3, 4], &[1], 3, &[1, 2, 3, 4]),
    ];
    for (what, ran, left, stops, now) in table {
        let (after, blocked) =
            ChangeGuard::default().evaluate(&before, read(&rows(left)), 0.5, None, &some(ran), Duration::ZERO);
        let wanted: Vec<i64> =
            now.iter().chain(left).copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        assert_eq!(
            (blocked.as_ref().map_or(0, |blocked| blocked.would_stop.len()), ids(&after)),
            (stops, wanted),
            "{what}"
        );
        assert!(blocked.is_none_or(|blocked| blocked.running == ran.len()), "{what}");
    }
    let (now, blocked) =
        ChangeGuard::default().evaluate(&before, Fleet::new(), 0.5, None, &some(&[1, 2, 3, 4]), Duration::ZERO);
    let (later, blocked) =
        ChangeGuard::default().evaluate(&now, Fleet::new(), 0.5, blocked.as_ref(), &|_| false, Duration::ZERO);
    assert_eq!(
        (blocked.expect("blocked").would_stop.len(), ids(&later).len()),
        (4, 4),
        "blocked while its cameras are away"
    );
}

#[test]
fn what_a_command_ends_of_a_blocked_plan_releases_nothing_else() {
    let before = read(&rows(&[1, 2, 3, 4, 5]));
    let mut guard = ChangeGuard::default();
    let table = || read(&rows(&[4, 5]));
    let (mut now, mut blocked) = guard.evaluate(&before, table(), 0.5, None, &|_| true, Duration::ZERO);
    for (id, left) in [(1, 2), (2, 1), (3, 0)] {
        let source = now[&id].source().expect("a source").clone();
        guard.ended_by_command(blocked.as_ref().expect("blocked"), &source, Duration::ZERO);
        now.remove(&id);
        (now, blocked) = guard.evaluate(&now, table(), 0.5, blocked.as_ref(), &|_| true, Duration::from_secs(600));
        assert_eq!(blocked.as_ref().map_or(0, |blocked| blocked.would_stop.len()), left, "{id}");
    }
    assert_eq!(ids(&now), [4, 5]);
}

#[test]
fn a_repaired_table_keeps_what_it_lacks_and_goes_on_under_its_new_ids() {
    let before = read(&rows(&[1, 2, 3, 4, 5, 6, 7, 8]));
    let mut guard = ChangeGuard::default();
    let mut step = |before: &Fleet, after: Fleet, blocked: Option<&BlockedChange>, second| {
        guard.evaluate(before, after, 0.5, blocked, &|_| true, Duration::from_secs(second))
    };
    let (now, blocked) = step(&before, Fleet::new(), None, 0);
    assert_eq!(blocked.as_ref().expect("blocked").would_stop.len(), 8);
    let repaired: Vec<CameraRow> = (2..=8).map(|id| CameraRow { id: id + 20, ..rows(&[id]).remove(0) }).collect();
    let (now, blocked) = step(&now, read(&repaired), blocked.as_ref(), 9);
    let blocked = blocked.expect("cam1 is missing");
    assert_eq!(blocked.would_stop.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["cam1"]);
    assert_eq!((sources(&now), ids(&now)[0]), (sources(&before), 1));
    // Another one may go meanwhile: it is one of eight.
    let (now, blocked) = step(&now, read(&repaired[1..]), Some(&blocked), 20);
    let blocked = blocked.expect("cam1 is missing still");
    assert_eq!((blocked.would_stop.len(), ids(&now)), (1, vec![1, 23, 24, 25, 26, 27, 28]));
    let (now, off) = guard.evaluate(&now, read(&repaired[1..]), 1.0, Some(&blocked), &|_| true, Duration::ZERO);
    assert!(off.is_none() && ids(&now).len() == 6, "the rule was switched off");
}
