//! Lives of incidents, second by second, and the messages that a receiver gets.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::base::upload_window::UploadWindow;
use crate::domain::incident::{Acknowledgement, Incident, IncidentKind, Subject};

fn at(second: i64) -> DateTime<Utc> {
    // Midnight.
    DateTime::from_timestamp(1_799_971_200 + second, 0).expect("a time")
}

fn rule() -> ReceiverRule {
    ReceiverRule {
        name: "ops".to_owned(),
        severity: Severity::Warning,
        kinds: Vec::new(),
        streams: Vec::new(),
        group_wait: TimeDelta::seconds(10),
        group_interval: TimeDelta::seconds(60),
        resolved: true,
        resolve_after: TimeDelta::seconds(30),
        repeat: None,
        escalate_after: None,
        quiet: None,
    }
}

fn camera(name: &str) -> Subject {
    Subject::camera_of(name.bytes().map(i64::from).sum(), name)
}

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// An incident of this kind of this camera begins.
    Down(&'static str),
    Of(IncidentKind, &'static str),
    /// Every incident of the camera ends.
    Up(&'static str),
    Seen(&'static str),
    Excused(&'static str),
    /// The clock is set by so many seconds.
    Clock(i64),
}

/// What a receiver hears in a life of so many seconds: `second: event subject xTIMES, ...`.
fn heard(rule: &ReceiverRule, life: &[(i64, Step)], until: i64) -> Vec<String> {
    let (mut incidents, mut episodes, mut excused) = (Vec::<Incident>::new(), Vec::<Episode>::new(), BTreeSet::new());
    let mut times = ReceiverTimes { known_since: at(-1), told_at: None };
    let (mut said, mut shift) = (Vec::new(), 0);
    for second in 0..=until {
        for (_, step) in life.iter().filter(|(when, _)| *when == second) {
            let now = at(second + shift);
            let mut open = |kind, name: &str| {
                incidents.push(Incident::open(Uuid::now_v7(), kind, camera(name), "why".to_owned(), now));
            };
            match *step {
                Step::Down(name) => open(IncidentKind::CameraDown, name),
                Step::Of(kind, name) => open(kind, name),
                Step::Up(name) | Step::Excused(name) => {
                    let of = incidents.iter_mut().filter(|one| one.subject == camera(name) && one.closed_at.is_none());
                    of.for_each(|one| one.closed_at = Some(now));
                    if matches!(step, Step::Excused(_)) {
                        excused.insert(camera(name).key());
                    }
                }
                Step::Seen(name) => {
                    let of = incidents.iter_mut().filter(|one| one.subject == camera(name));
                    of.for_each(|one| one.acknowledged = Some(Acknowledgement { at: now, who: "eve".to_owned() }));
                }
                Step::Clock(by) => shift += by,
            }
        }
        let now = at(second + shift);
        let recent: Vec<Incident> =
            incidents.iter().filter(|one| one.closed_at.is_none_or(|at| now - at < LOOKBACK)).cloned().collect();
        let known = Known {
            incidents: &recent,
            complete: true,
            excused: &excused,
            episodes: &episodes,
            now,
            offset: TimeDelta::zero(),
        };
        let planned = plan(rule, times, &known);
        if let Some(wake_at) = planned.wake_at {
            assert!(wake_at >= now - TimeDelta::seconds(1), "{second}: woken in the past, again and again: {wake_at}");
        }
        for episode in planned.episodes {
            episodes.retain(|one| one.kind != episode.kind || one.subject.key() != episode.subject.key());
            episodes.push(episode);
        }
        episodes.retain(|one| one.ended_at.is_none_or(|ended| now - ended < KEPT_AFTER_END));
        if !planned.items.is_empty() {
            times.told_at = Some(now);
            let message = Message::of(Uuid::nil(), &rule.name, now, false, planned.items);
            let word = |item: &MessageItem| {
                let times = if item.times > 1 { format!(" x{}", item.times) } else { String::new() };
                format!("{:?} {}{times}", item.event, item.subject.name())
            };
            let items: Vec<String> = message.items.iter().map(word).collect();
            said.push(format!("{second}: {}", items.join(", ")));
        }
    }
    said
}

use Step::{Clock, Down, Excused, Of, Seen, Up};

#[test]
fn a_trouble_is_one_message_and_its_end_another() {
    type Case = (&'static str, &'static [(i64, Step)], i64, &'static [&'static str]);
    let table: [Case; 13] = [
        ("nothing", &[], 100, &[]),
        (
            "told after the wait, and its end once it is well",
            &[(0, Down("a")), (100, Up("a"))],
            300,
            &["10: Opened a", "130: Resolved a"],
        ),
        ("over before it was told", &[(0, Down("a")), (9, Up("a"))], 300, &[]),
        (
            "a switch dies",
            &[(0, Down("a")), (3, Down("b")), (9, Down("c")), (200, Up("a")), (201, Up("b")), (201, Up("c"))],
            400,
            &["10: Opened a, Opened b, Opened c", "230: Resolved a", "290: Resolved b, Resolved c"],
        ),
        (
            "what follows waits for the interval",
            &[(0, Down("a")), (20, Down("b")), (30, Down("c"))],
            300,
            &["10: Opened a", "70: Opened b, Opened c"],
        ),
        ("over with the moment", &[(0, Of(IncidentKind::ServerRestarted, "a")), (0, Up("a"))], 300, &["10: Past a"]),
        ("not bad enough", &[(0, Of(IncidentKind::TracksChanged, "a")), (0, Up("a"))], 300, &[]),
        (
            "it flaps every twenty seconds: one message, one end",
            &[(0, Down("a")), (15, Up("a")), (20, Down("a")), (35, Up("a")), (40, Down("a")), (55, Up("a"))],
            600,
            &["10: Opened a", "175: Resolved a x3"],
        ),
        (
            "it comes back after its end was told: longer calm then",
            &[(0, Down("a")), (20, Up("a")), (100, Down("a")), (120, Up("a")), (300, Down("a")), (320, Up("a"))],
            900,
            &["10: Opened a", "70: Resolved a", "130: Past a x2", "310: Opened a x3", "440: Resolved a x3"],
        ),
        ("excused: not even its end", &[(0, Down("a")), (50, Excused("a")), (60, Down("a"))], 300, &["10: Opened a"]),
        ("excused before", &[(0, Excused("a")), (5, Down("a"))], 300, &[]),
        (
            "the clock is set back: not late by an hour",
            &[(0, Down("a")), (5, Clock(-3_600)), (20, Down("b")), (100, Up("a"))],
            300,
            &["5: Opened a", "65: Opened b", "130: Resolved a"],
        ),
        (
            "the clock went ahead and is set back: what begins then is news, each time",
            &[(0, Down("a")), (20, Up("a")), (200, Clock(-3_600)), (210, Down("a")), (300, Up("a")), (500, Down("a"))],
            600,
            &["10: Opened a", "70: Resolved a", "220: Opened a x2", "360: Resolved a x2", "510: Opened a x3"],
        ),
    ];
    for (what, life, until, wanted) in table {
        assert_eq!(heard(&rule(), life, until), wanted, "{what}");
    }
}

#[test]
fn reminders_escalations_and_quiet_hours() {
    let repeat = ReceiverRule { repeat: Some(TimeDelta::seconds(100)), ..rule() };
    let life = [(0, Down("a")), (250, Seen("a"))];
    assert_eq!(heard(&repeat, &life, 600), ["10: Opened a", "110: Reminder a", "210: Reminder a"], "until it is seen");

    let boss = ReceiverRule { escalate_after: Some(TimeDelta::seconds(300)), ..rule() };
    let life = [(0, Down("a")), (5, Down("b")), (100, Seen("b")), (200, Down("c")), (400, Up("a")), (401, Up("c"))];
    assert_eq!(heard(&boss, &life, 900), ["300: Opened a", "430: Resolved a"], "b is seen, c was short");

    let night =
        QuietHours { hours: UploadWindow::parse("00:00-00:05").expect("a window"), severity: Some(Severity::Critical) };
    let quiet = ReceiverRule { quiet: Some(night.clone()), ..rule() };
    let warning = |name| Of(IncidentKind::DiskNearlyFull, name);
    let life =
        [(0, Down("a")), (20, warning("b")), (30, warning("c")), (35, Up("c")), (50, warning("d")), (90, Up("d"))];
    assert_eq!(heard(&quiet, &life, 600), ["10: Opened a", "300: Opened b, Past d"], "c was too short to be told");
    let deaf = ReceiverRule { quiet: Some(QuietHours { severity: None, ..night }), ..rule() };
    assert_eq!(heard(&deaf, &life[..1], 600), ["300: Opened a"]);
    let silent = ReceiverRule { resolved: false, ..rule() };
    let life = [(0, Down("a")), (50, Up("a")), (200, Down("a"))];
    assert_eq!(heard(&silent, &life, 400), ["10: Opened a", "210: Opened a x2"]);
}

#[test]
fn a_receiver_hears_of_what_it_wants() {
    let stream = |name: &str| Subject::Stream { server: "main".to_owned(), name: name.to_owned() };
    let server = Subject::Server { name: "main".to_owned() };
    let studio = ReceiverRule { streams: vec!["studio/".to_owned()], ..rule() };
    let kinds = ReceiverRule { kinds: vec![IncidentKind::ServerDown], ..rule() };
    let critical = ReceiverRule { severity: Severity::Critical, ..rule() };
    for (who, kind, subject, wanted) in [
        (&studio, IncidentKind::StreamFlapping, stream("studio/1"), true),
        (&studio, IncidentKind::StreamFlapping, stream("yard"), false),
        (&studio, IncidentKind::CameraDown, camera("studio/2"), true),
        (&studio, IncidentKind::ServerDown, server.clone(), true),
        (&kinds, IncidentKind::ServerDown, server.clone(), true),
        (&kinds, IncidentKind::CameraDown, camera("a"), false),
        (&critical, IncidentKind::ServerDown, server, true),
        (&critical, IncidentKind::StreamFlapping, stream("a"), false),
        (&rule(), IncidentKind::ReceiverFailing, own_subject("mail"), true),
        (&rule(), IncidentKind::ReceiverFailing, own_subject("ops"), false),
    ] {
        assert_eq!(who.wants(kind, &subject), wanted, "{kind:?} {subject:?}");
    }
    assert!(IncidentKind::ALL.into_iter().all(|kind| Severity::parse(Severity::of(kind).as_str()).is_some()));
}

#[test]
fn what_is_not_in_a_list_that_was_cut_has_not_ended() {
    let episode = Episode {
        receiver: "ops".to_owned(),
        kind: IncidentKind::CameraDown,
        subject: camera("a"),
        since: at(0),
        newest: at(0),
        times: 1,
        told_at: at(10),
        ended_at: None,
    };
    let times = ReceiverTimes { known_since: at(-1), told_at: Some(at(10)) };
    for (complete, told) in [(true, 1), (false, 0)] {
        let known = Known {
            incidents: &[],
            complete,
            excused: &BTreeSet::new(),
            episodes: std::slice::from_ref(&episode),
            now: at(500),
            offset: TimeDelta::zero(),
        };
        assert_eq!(plan(&rule(), times, &known).items.len(), told, "complete: {complete}");
    }
}

#[test]
fn a_message_is_bounded_and_names_the_worst() {
    let mut items = Vec::new();
    for number in 0..200 {
        let kind = if number == 150 { IncidentKind::ServerDown } else { IncidentKind::CameraDegraded };
        items.push(MessageItem {
            event: if number % 2 == 0 { ItemEvent::Opened } else { ItemEvent::Resolved },
            incident: None,
            kind,
            severity: Severity::of(kind),
            subject: camera("a"),
            cause: String::new(),
            since: at(number),
            until: None,
            times: 1,
        });
    }
    let message = Message::of(Uuid::nil(), "ops", at(0), false, items);
    assert_eq!((message.items.len(), message.more), (MOST_ITEMS, 150));
    assert_eq!((message.items[0].kind, message.worst()), (IncidentKind::ServerDown, Some(Severity::Critical)));
}
