//! Incidents, and what looks at cameras have found.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use crate::adapters::database::{Database, IncidentQuery};
use crate::base::error::ErrorKind;
use crate::domain::incident::{
    Acknowledgement, Confidence, FaultCause, Incident, IncidentKind, IncidentNote, KEPT, MOST_NOTES, Remark, Subject,
    Verdict,
};
use crate::domain::probe::{FaultKind, KeptProbe, ProbeFault, ProbeOutcome, Tracks};

fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("a time") + TimeDelta::minutes(minute)
}

fn camera(id: i64) -> Subject {
    Subject::camera_of(id, format!("cam{id}"))
}

fn incident(kind: IncidentKind, subject: Subject, minute: i64) -> Incident {
    let cause = "the camera refuses connections; is it on?".to_owned();
    Incident::open(Uuid::now_v7(), kind, subject, cause, at(minute))
}

fn all() -> IncidentQuery {
    IncidentQuery { limit: 100, ..IncidentQuery::default() }
}

async fn opened(database: &dyn Database, incident: Incident) -> Incident {
    assert_eq!(database.open_incident(incident.clone()).await.expect("opened"), incident.id);
    incident
}

pub(in crate::adapters::database) async fn one_incident_of_a_kind_is_open_per_subject(database: &dyn Database) {
    use IncidentKind::{CameraDown, CameraStalled};
    let first = opened(database, incident(CameraDown, camera(7), 0)).await;
    let again = incident(CameraDown, Subject::camera_of(7, "renamed"), 1);
    assert_eq!(database.open_incident(again.clone()).await.expect("asked"), first.id, "that one is open");
    assert_eq!(database.open_incident(first.clone()).await.expect("asked"), first.id, "the answer was lost");
    assert_eq!(database.incidents(all()).await.expect("listed"), std::slice::from_ref(&first));
    opened(database, incident(CameraStalled, camera(7), 1)).await;
    opened(database, incident(CameraDown, camera(8), 1)).await;

    database.close_incident(first.id, at(2)).await.expect("closed");
    database.close_incident(first.id, at(9)).await.expect("closed already");
    let closed = database.incidents(IncidentQuery { to: Some(at(1)), ..all() }).await.expect("listed");
    assert_eq!(closed, [Incident { closed_at: Some(at(2)), ..first }]);
    opened(database, again).await;
    let missing = database.close_incident(Uuid::from_u128(7), at(2)).await.expect_err("none");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

pub(in crate::adapters::database) async fn an_incident_that_ended_before_the_answer_to_its_opening_is_over(
    database: &dyn Database,
) {
    let first = opened(database, incident(IncidentKind::CameraDown, camera(7), 0)).await;
    let over = |minute| Incident { closed_at: Some(at(minute)), ..first.clone() };
    for minute in [2, 9] {
        assert_eq!(database.open_incident(over(minute)).await.expect("asked"), first.id, "the answer was lost");
        assert_eq!(database.incidents(all()).await.expect("listed"), [over(2)], "its first end stays");
    }
}

pub(in crate::adapters::database) async fn incidents_are_asked_for_by_every_field(database: &dyn Database) {
    use IncidentKind::{CameraDown, ServerDown, ServiceDown};
    let over = opened(database, incident(CameraDown, camera(7), 0)).await;
    database.close_incident(over.id, at(5)).await.expect("closed");
    let down = opened(database, incident(CameraDown, camera(8), 10)).await;
    let server = opened(database, incident(ServerDown, Subject::Server { name: "ma'in".to_owned() }, 20)).await;
    let service = opened(database, incident(ServiceDown, Subject::Service { name: "database".to_owned() }, 30)).await;
    let table = [
        (all(), vec![service.id, server.id, down.id, over.id]),
        (IncidentQuery { open: true, ..all() }, vec![service.id, server.id, down.id]),
        (IncidentQuery { camera: Some(7), ..all() }, vec![over.id]),
        (IncidentQuery { camera: Some(7), open: true, ..all() }, vec![]),
        (IncidentQuery { kind: Some(CameraDown), ..all() }, vec![down.id, over.id]),
        (IncidentQuery { from: Some(at(4)), to: Some(at(20)), ..all() }, vec![down.id, over.id]),
        (IncidentQuery { from: Some(at(5)), to: Some(at(21)), ..all() }, vec![server.id, down.id]),
        (IncidentQuery { limit: 2, ..all() }, vec![service.id, server.id]),
    ];
    for (query, wanted) in table {
        let found = database.incidents(query.clone()).await.expect("listed");
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), wanted, "{query:?}");
    }
    let found = database.incidents(IncidentQuery { kind: Some(ServerDown), ..all() }).await.expect("listed");
    assert_eq!(found, [server]);
}

pub(in crate::adapters::database) async fn incidents_are_paged_from_the_newest(database: &dyn Database) {
    let mut wanted = Vec::new();
    for id in 0..7 {
        // Several at the same moment: the id decides.
        wanted.push(opened(database, incident(IncidentKind::CameraDown, camera(id), id / 3)).await.id);
    }
    wanted.reverse();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = database.incidents(IncidentQuery { after, limit: 2, ..all() }).await.expect("a page");
        found.extend(page.iter().map(|one| one.id));
        after = found.last().copied();
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(found, wanted);
    let lost = IncidentQuery { after: Some(Uuid::from_u128(7)), ..all() };
    let error = database.incidents(lost).await.expect_err("a cursor that names none");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Invalid, Some("after")));
}

pub(in crate::adapters::database) async fn old_incidents_are_forgotten(database: &dyn Database) {
    let kept = KEPT.num_minutes();
    let old = opened(database, incident(IncidentKind::CameraDown, camera(1), 0)).await;
    database.close_incident(old.id, at(1)).await.expect("closed");
    let lasting = opened(database, incident(IncidentKind::CameraDown, camera(2), 0)).await;
    let young = opened(database, incident(IncidentKind::CameraDown, camera(3), 0)).await;
    database.close_incident(young.id, at(3)).await.expect("closed");
    let new = opened(database, incident(IncidentKind::CameraDown, camera(4), kept + 2)).await;
    let found: Vec<Uuid> = database.incidents(all()).await.expect("listed").iter().map(|one| one.id).collect();
    assert_eq!(found, [new.id, young.id, lasting.id]);
}

pub(in crate::adapters::database) async fn an_incident_keeps_its_last_verdict(database: &dyn Database) {
    let first = opened(database, incident(IncidentKind::CameraDown, camera(1), 0)).await;
    let other = opened(database, incident(IncidentKind::CameraDown, camera(2), 0)).await;
    let verdict = |cause, root| Verdict {
        cause,
        confidence: Confidence::High,
        summary: "camera: stopped sending at 03:12:07 UTC; relay, server fine".to_owned(),
        evidence: Vec::new(),
        try_next: Vec::new(),
        root,
    };
    let [early, late] = [FaultCause::CameraStopped, FaultCause::NetworkSegment].map(|cause| verdict(cause, None));
    let consequence = verdict(FaultCause::NetworkSegment, Some(first.id));
    database.put_verdicts(vec![(first.id, early)]).await.expect("kept");
    database.close_incident(first.id, at(2)).await.expect("closed");
    let all_at_once =
        vec![(first.id, late.clone()), (Uuid::from_u128(7), late.clone()), (other.id, consequence.clone())];
    database.put_verdicts(all_at_once).await.expect("what is not there is passed over");
    database.put_verdicts(Vec::new()).await.expect("nothing");
    let found = database.incidents(all()).await.expect("listed");
    let found: Vec<_> = found.into_iter().map(|one| (one.id, one.verdict.map(|verdict| *verdict))).collect();
    assert_eq!(found, [(other.id, Some(consequence)), (first.id, Some(late))]);
}

pub(in crate::adapters::database) async fn an_incident_is_acknowledged_once_and_noted_often(database: &dyn Database) {
    let kept = KEPT.num_minutes();
    let first = opened(database, incident(IncidentKind::CameraDown, camera(1), 0)).await;
    let other = opened(database, incident(IncidentKind::CameraDown, camera(2), 0)).await;
    let remark = |minute, who: &str, acknowledges, note: Option<&str>| Remark {
        id: Uuid::now_v7(),
        at: at(minute),
        who: who.to_owned(),
        acknowledges,
        note: note.map(str::to_owned),
    };
    let note = |minute, who: &str, text: &str| IncidentNote { at: at(minute), who: who.into(), text: text.into() };
    database.remark(first.id, remark(1, "eve", false, Some("I look at it"))).await.expect("noted");
    database.remark(first.id, remark(2, "eve", true, None)).await.expect("acknowledged");
    let told = database.remark(first.id, remark(3, "bob", true, Some("me too"))).await.expect("a note");
    let wanted = Incident {
        acknowledged: Some(Acknowledgement { at: at(2), who: "eve".to_owned() }),
        notes: vec![note(1, "eve", "I look at it"), note(3, "bob", "me too")],
        ..first.clone()
    };
    assert_eq!(told, wanted, "the first has acknowledged it");
    assert_eq!(database.remark(first.id, remark(4, "bob", true, None)).await.expect("nothing new"), wanted);
    for (acknowledged, found) in [(Some(true), vec![wanted.clone()]), (Some(false), vec![other.clone()])] {
        let query = IncidentQuery { acknowledged, ..all() };
        assert_eq!(database.incidents(query).await.expect("listed"), found);
    }
    let missing = database.remark(Uuid::from_u128(7), remark(5, "eve", true, None)).await.expect_err("none");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    for minute in 2..MOST_NOTES as i64 {
        database.remark(first.id, remark(minute, "eve", false, Some("more"))).await.expect("noted");
    }
    let full = database.remark(first.id, remark(5, "eve", false, Some("more"))).await.expect_err("full");
    assert_eq!(full.kind(), ErrorKind::Conflict);
    // What was said is forgotten with the incident.
    database.close_incident(first.id, at(5)).await.expect("closed");
    opened(database, incident(IncidentKind::CameraDown, camera(3), kept + 9)).await;
    let again = Incident { opened_at: at(kept + 9), ..first };
    opened(database, again.clone()).await;
    let found = database.incidents(IncidentQuery { camera: Some(1), ..all() }).await.expect("listed");
    assert_eq!(found, [again]);
}

pub(in crate::adapters::database) async fn a_probe_of_a_camera_is_kept_until_the_next(database: &dyn Database) {
    assert_eq!(database.camera_probe(7).await.expect("asked"), None);
    let tracks =
        Tracks { format: "rtsp".into(), video: Some("h264".into()), audio: None, flows: true, ..Tracks::default() };
    let first = KeptProbe { camera: 7, fingerprint: "a".into(), at: at(0), outcome: ProbeOutcome::Tracks(tracks) };
    database.put_camera_probe(first.clone()).await.expect("kept");
    assert_eq!(database.camera_probe(7).await.expect("asked"), Some(first.clone()));
    let fault = ProbeFault::new(FaultKind::Unauthorized, "the camera refuses user name or password; correct them");
    let second = KeptProbe { fingerprint: "b".into(), at: at(1), outcome: ProbeOutcome::Fault(fault), ..first.clone() };
    database.put_camera_probe(second.clone()).await.expect("replaced");
    let other = KeptProbe { camera: 3, ..first };
    database.put_camera_probe(other.clone()).await.expect("kept");
    assert_eq!(database.camera_probes().await.expect("listed"), [other, second]);
    let much_later =
        KeptProbe { camera: 9, at: at(1) + KEPT, ..database.camera_probes().await.expect("listed").remove(0) };
    database.put_camera_probe(much_later).await.expect("kept");
    let left: Vec<i64> = database.camera_probes().await.expect("listed").iter().map(|one| one.camera).collect();
    assert_eq!(left, [7, 9], "a look of three months ago tells nothing");
}
