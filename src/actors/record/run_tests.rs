//! What a run makes of ffmpeg's reports and closed files.

use super::*;
use crate::domain::sample;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

fn begun(started_at: &str) -> RecordingRun {
    let session = RecordingSession { id: Uuid::from_u128(1), started_at: time(started_at), ..sample::session("a") };
    let begun = session.started_at;
    RecordingRun::new(Note { session, key_prefix: String::new(), continues: None }, begun)
}

fn closed(number: u32, start: u64, end: u64) -> ClosedFile {
    ClosedFile { number, start: Duration::from_secs(start), end: Duration::from_secs(end) }
}

/// Files to which nothing has been written for so many seconds.
fn left<const N: usize>(files: [(u32, u64); N]) -> [LeftFile; N] {
    files.map(|(number, quiet)| LeftFile { number, quiet_for: Some(Duration::from_secs(quiet)) })
}

/// One word per operation.
fn words(operations: &[CatalogOperation]) -> Vec<String> {
    let put = |segment: &Segment| format!("{} {}", segment.state.as_str(), segment.object_key);
    operations
        .iter()
        .map(|operation| match operation {
            CatalogOperation::Begin(note) => format!("begin {}", note.session.started_at.format("%dT%H:%M:%S")),
            CatalogOperation::Note { note, .. } => {
                format!("note {}", note.session.started_at.format("%dT%H:%M:%S"))
            }
            CatalogOperation::Open(session) => format!("open {}", session.started_at.format("%dT%H:%M:%S")),
            CatalogOperation::Put(segment) => put(segment),
            CatalogOperation::Seal(order) => {
                format!("seal {} as {} {:?}", order.from.1, put(&order.draft), order.why)
            }
            CatalogOperation::Close { at, reason, .. } => format!("close {} {reason}", at.format("%dT%H:%M:%S")),
            CatalogOperation::Discard(_) => "discard".to_owned(),
            CatalogOperation::Finish(_) => "finish".to_owned(),
        })
        .collect()
}

#[test]
fn a_session_opens_with_its_first_media_and_seals_what_was_closed() {
    let mut run = begun("2026-11-21T08:00:00Z");
    assert!(words(&run.progressed(Duration::ZERO, time("2026-11-21T08:00:01Z"), &SessionStarts::default())).is_empty());
    let first = run.progressed(Duration::from_millis(500), time("2026-11-21T08:00:03.500Z"), &SessionStarts::default());
    let key = "a/2026-11-21/20261121_080003/segment_000.mp4";
    assert_eq!(words(&first), ["note 21T08:00:03", "open 21T08:00:03", &format!("writing {key}")]);
    assert!(run.progressed(Duration::from_secs(1), time("2026-11-21T08:00:04Z"), &SessionStarts::default()).is_empty());

    let sealed = run.closed(closed(0, 0, 10), time("2026-11-21T08:00:13Z"), &SessionStarts::default());
    assert_eq!(words(&sealed), [format!("seal 0 as writing {key} None")]);
    let next = run.progressed(Duration::from_secs(11), time("2026-11-21T08:00:14Z"), &SessionStarts::default());
    assert_eq!(words(&next), ["writing a/2026-11-21/20261121_080003/segment_001.mp4"]);
    let CatalogOperation::Put(row) = &next[0] else { panic!("{next:?}") };
    assert_eq!(row.started_at, time("2026-11-21T08:00:13Z"));

    let over = run.over(&left([(0, 2), (1, 0)]), time("2026-11-21T08:00:15Z"), "killed");
    let seal = "seal 1 as writing a/2026-11-21/20261121_080003/segment_001.mp4 Some(\"cut short: killed\")";
    assert_eq!(words(&over), [seal, "close 21T08:00:14 killed", "finish"]);
}

#[test]
fn a_session_planned_before_midnight_begins_on_the_day_of_its_first_media() {
    let mut run = begun("2026-12-31T23:59:59Z");
    let first = run.progressed(Duration::from_millis(300), time("2027-01-01T00:00:00.400Z"), &SessionStarts::default());
    let key = "writing a/2027-01-01/20270101_000000/segment_000.mp4";
    assert_eq!(words(&first), ["note 01T00:00:00", "open 01T00:00:00", key]);
}

#[test]
fn a_first_file_begins_no_sooner_than_its_run_which_begins_within_a_second() {
    let session = RecordingSession { started_at: time("2026-11-21T08:00:00Z"), ..sample::session("a") };
    let note = Note { session, key_prefix: String::new(), continues: None };
    let begun = time("2026-11-21T08:00:00.800Z");
    let mut run = RecordingRun::new(note, begun);
    run.progressed(Duration::from_millis(600), time("2026-11-21T08:00:01.300Z"), &SessionStarts::default());
    // The sound that an encoder puts before the first: the file is longer than the run.
    let sealed = run.closed(closed(0, 0, 2), time("2026-11-21T08:00:02.700Z"), &SessionStarts::default());
    let CatalogOperation::Seal(order) = &sealed[0] else { panic!("{sealed:?}") };
    let (start, length) = order.arrival.place(order.draft.started_at, Duration::from_secs(2));
    assert_eq!((start, length), (begun, Duration::from_millis(1_900)));
}

#[test]
fn first_reports_that_come_late_are_corrected_at_the_end_of_the_file() {
    let mut run = begun("2026-11-21T08:00:00Z");
    run.progressed(Duration::from_millis(20), time("2026-11-21T08:00:00.900Z"), &SessionStarts::default());
    let sealed = run.closed(closed(0, 0, 2), time("2026-11-21T08:00:02.150Z"), &SessionStarts::default());
    let CatalogOperation::Seal(order) = &sealed[0] else { panic!("{sealed:?}") };
    assert_eq!(order.draft.started_at, time("2026-11-21T08:00:00.150Z"));
}

#[test]
fn a_run_without_media_leaves_nothing() {
    let mut run = begun("2026-11-21T08:00:00Z");
    assert_eq!(words(&run.over(&left([(0, 0)]), time("2026-11-21T08:00:01Z"), "404")), ["discard"]);
}

#[test]
fn a_run_that_is_faster_than_its_progress_loses_nothing() {
    let mut run = begun("2026-11-21T08:00:00Z");
    let none = SessionStarts::default();
    assert!(run.closed(closed(0, 0, 2), time("2026-11-21T08:00:02Z"), &none).is_empty());
    assert!(run.closed(closed(1, 2, 4), time("2026-11-21T08:00:04Z"), &none).is_empty());
    assert!(run.has_media());
    let operations = words(&run.over(&[], time("2026-11-21T08:00:04Z"), "done"));
    let key = |number: u32| format!("writing a/2026-11-21/20261121_080000/segment_00{number}.mp4");
    let seal = |number: u32| format!("seal {number} as {} None", key(number));
    let (first, second) = ([key(0), seal(0)], [key(1), seal(1)]);
    let ends = ["close 21T08:00:04 done".to_owned(), "finish".to_owned()];
    assert_eq!(operations, [&["open 21T08:00:00".to_owned()][..], &first, &second, &ends].concat());
}

/// Where segments of two seconds that are sealed lie in time, and how long.
fn places_of_seals(operations: &[CatalogOperation]) -> Vec<(DateTime<Utc>, Duration)> {
    let sealed = operations.iter().filter_map(|operation| match operation {
        CatalogOperation::Seal(order) => Some(order.arrival.place(order.draft.started_at, Duration::from_secs(2))),
        _ => None,
    });
    sealed.collect()
}

#[test]
fn files_whose_lines_were_lost_follow_one_another() {
    let (mut run, none) = (begun("2026-11-21T08:00:00Z"), SessionStarts::default());
    run.progressed(Duration::from_millis(500), time("2026-11-21T08:00:01.500Z"), &none);
    let over = run.over(&left([(0, 4), (1, 2), (2, 1)]), time("2026-11-21T08:00:07Z"), "its lines were lost");
    let two = Duration::from_secs(2);
    let starts = ["2026-11-21T08:00:01Z", "2026-11-21T08:00:03Z", "2026-11-21T08:00:05Z"].map(time);
    let wanted = [(starts[0], two), (starts[1], two), (starts[2], Duration::from_secs(1))];
    assert_eq!(places_of_seals(&over), wanted);
}

#[test]
fn what_was_kept_back_is_dated_when_it_came() {
    // ffmpeg looked for the format of a sound that never came, five seconds long.
    let (mut run, none) = (begun("2026-11-21T08:00:00Z"), SessionStarts::default());
    assert!(run.closed(closed(0, 0, 2), time("2026-11-21T08:00:06.300Z"), &none).is_empty());
    assert!(run.closed(closed(1, 2, 4), time("2026-11-21T08:00:06.310Z"), &none).is_empty());
    let placed = run.progressed(Duration::from_millis(5_800), time("2026-11-21T08:00:06.800Z"), &none);
    let two = Duration::from_secs(2);
    let wanted = [(time("2026-11-21T08:00:01Z"), two), (time("2026-11-21T08:00:03Z"), two)];
    assert_eq!(places_of_seals(&placed), wanted);
}

#[test]
fn a_report_amid_what_was_kept_back_dates_nothing_late() {
    let (mut run, none) = (begun("2026-11-21T08:00:00Z"), SessionStarts::default());
    assert!(run.progressed(Duration::from_millis(40), time("2026-11-21T08:00:06.300Z"), &none).is_empty());
    assert!(run.has_media());
    assert!(run.closed(closed(0, 0, 2), time("2026-11-21T08:00:06.305Z"), &none).is_empty());
    assert!(run.closed(closed(1, 2, 4), time("2026-11-21T08:00:06.310Z"), &none).is_empty());
    let placed = run.progressed(Duration::from_millis(5_800), time("2026-11-21T08:00:06.800Z"), &none);
    let two = Duration::from_secs(2);
    let wanted = [(time("2026-11-21T08:00:01Z"), two), (time("2026-11-21T08:00:03Z"), two)];
    assert_eq!(places_of_seals(&placed), wanted);
    assert!(run.session().started_at <= wanted[0].0, "a session begins with its first segment");
    // One that ends before its reports have told is a recording all the same.
    let mut short = begun("2026-11-21T08:00:00Z");
    assert!(short.progressed(Duration::from_millis(40), time("2026-11-21T08:00:06.300Z"), &none).is_empty());
    let over = words(&short.over(&left([(0, 0)]), time("2026-11-21T08:00:06.900Z"), "killed"));
    assert!(over.iter().any(|word| word.starts_with("seal 0")) && !over.contains(&"discard".to_owned()), "{over:?}");
}

/// At one picture a second ffmpeg keeps back the first seven, and reports once a second: as 5.1.9 did.
#[test]
fn what_was_kept_back_of_few_pictures_is_dated_by_the_second_report() {
    let (mut run, none) = (begun("2026-11-21T08:00:20Z"), SessionStarts::default());
    let file = |number: u32| ClosedFile {
        number,
        start: Duration::from_secs(2 * u64::from(number)),
        end: Duration::from_millis(2_000 * u64::from(number) + 1_040),
    };
    assert!(run.progressed(Duration::from_micros(78), time("2026-11-21T08:00:27.7Z"), &none).is_empty());
    for number in 0..3 {
        assert!(run.closed(file(number), time("2026-11-21T08:00:27.72Z"), &none).is_empty());
    }
    assert!(run.closed(file(3), time("2026-11-21T08:00:29.7Z"), &none).is_empty(), "one report tells nothing");
    let placed = run.progressed(Duration::from_secs(8), time("2026-11-21T08:00:29.71Z"), &none);
    let starts: Vec<_> = places_of_seals(&placed).iter().map(|(start, _)| start.format("%S%.3f").to_string()).collect();
    // Of the last it is not known how long its last picture is shown.
    assert_eq!(starts, ["21.710", "23.710", "25.710", "27.710"]);
    let sealed = words(&placed).iter().filter(|word| word.starts_with("seal")).count();
    let over = words(&run.over(&left([(4, 0)]), time("2026-11-21T08:00:30Z"), "done"));
    assert_eq!((sealed, over.iter().filter(|word| word.starts_with("seal 4")).count()), (4, 1), "{over:?}");
}

#[test]
fn a_file_that_is_closed_before_those_kept_back_are_placed_comes_after_them() {
    let (mut run, none) = (begun("2026-11-21T08:00:00Z"), SessionStarts::default());
    run.progressed(Duration::from_millis(40), time("2026-11-21T08:00:06Z"), &none);
    run.closed(closed(0, 0, 2), time("2026-11-21T08:00:06.1Z"), &none);
    let mut operations = run.closed(closed(1, 2, 4), time("2026-11-21T08:00:07.1Z"), &none);
    operations.extend(run.progressed(Duration::from_secs(7), time("2026-11-21T08:00:07.2Z"), &none));
    let rows = operations.iter().filter_map(|operation| match operation {
        CatalogOperation::Put(segment) => Some((segment.number, "begun")),
        CatalogOperation::Seal(order) => Some((order.draft.number, "sealed")),
        _ => None,
    });
    let wanted = [(0, "begun"), (0, "sealed"), (1, "begun"), (1, "sealed"), (2, "begun")];
    assert_eq!(rows.collect::<Vec<_>>(), wanted);
}

#[test]
fn midnight_begins_a_session_while_ffmpeg_goes_on() {
    let mut run = begun("2026-12-31T23:59:50Z");
    run.progressed(Duration::from_secs(1), time("2026-12-31T23:59:51Z"), &SessionStarts::default());
    run.closed(closed(0, 0, 12), time("2027-01-01T00:00:02Z"), &SessionStarts::default());
    let turn = run.progressed(Duration::from_secs(13), time("2027-01-01T00:00:03Z"), &SessionStarts::default());
    assert_eq!(
        words(&turn),
        [
            "begin 01T00:00:02",
            "open 01T00:00:02",
            "close 01T00:00:02 a new day began (UTC); the recording goes on in the next session",
            "writing a/2027-01-01/20270101_000002/segment_000.mp4",
        ]
    );
    let sealed = run.closed(closed(1, 12, 22), time("2027-01-01T00:00:12Z"), &SessionStarts::default());
    let CatalogOperation::Seal(order) = &sealed[0] else { panic!("{sealed:?}") };
    assert_eq!((order.from.1, order.to.1), (1, 0));
    assert_ne!(order.from.0, order.to.0);
    let over = run.over(&[], time("2027-01-01T00:00:12Z"), "done");
    assert_eq!(words(&over), ["close 01T00:00:12 done", "finish", "finish"]);
}
