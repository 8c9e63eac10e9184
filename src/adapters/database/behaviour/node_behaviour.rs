//! Nodes beside one another: whose rows are whose, and who may join.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::recording_behaviour::{segment, session};
use crate::adapters::database::{Database, IncidentQuery, NodeFolder, SegmentQuery, Skip};
use crate::base::error::ErrorKind;
use crate::domain::incident::{Incident, IncidentKind, Remark, Subject};
use crate::domain::node::NodeClaim;
use crate::domain::probe::{KeptProbe, ProbeOutcome, Tracks};
use crate::domain::recording::{RecordingSession, Segment, SegmentState};

fn claim(name: &str, instance: u128, run: u128) -> NodeClaim {
    let (instance, run) = (Uuid::from_u128(instance), Uuid::from_u128(run));
    let ended = (1..99).map(Uuid::from_u128).collect();
    NodeClaim { name: name.to_owned(), instance, run, relays: false, records: true, starts: true, ended }
}

async fn recorded(database: &dyn Database, stream: &str, state: SegmentState) -> (RecordingSession, Segment) {
    let session = session(stream);
    database.open_session(session.clone()).await.expect("opened");
    let segment = segment(&session, 0, state);
    database.put_segment(segment.clone()).await.expect("put");
    (session, segment)
}

pub(in crate::adapters::database) async fn recordings_are_their_nodes_own(a: &dyn Database, b: &dyn Database) {
    use SegmentState::{Lost, Missing, Sealed, Uploading};
    let (session_a, of_a) = recorded(a, "cam1", Sealed).await;
    let (session_b, of_b) = recorded(b, "cam2", Sealed).await;
    assert_eq!(a.open_sessions().await.expect("listed"), std::slice::from_ref(&session_a));
    assert_eq!(b.open_sessions().await.expect("listed"), std::slice::from_ref(&session_b));
    let end = session_a.started_at + TimeDelta::seconds(10);
    let refused = b.close_session(session_a.id, end, "not mine".to_owned()).await.expect_err("another's");
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert!(!b.move_segment(of_a.id, vec![Sealed], Lost, None).await.expect("asked"), "it is another's");
    let stolen = Segment { state: Lost, ..of_a.clone() };
    assert_eq!(b.put_segment(stolen).await.expect_err("another's").kind(), ErrorKind::Conflict);
    // Each takes its own, and gives back its own.
    assert_eq!(b.claim_upload(Skip::default()).await.expect("claimed").map(|one| one.id), Some(of_b.id));
    assert_eq!(b.claim_upload(Skip::default()).await.expect("asked"), None, "what is left is another's");
    assert_eq!(a.claim_upload(Skip::default()).await.expect("claimed").map(|one| one.id), Some(of_a.id));
    assert_eq!(a.release_uploads().await.expect("released"), 1);
    let uploading = SegmentQuery { states: vec![Uploading], limit: 9, ..SegmentQuery::default() };
    let left: Vec<Uuid> = a.segments(uploading).await.expect("listed").iter().map(|one| one.id).collect();
    assert_eq!(left, [of_b.id]);
    assert!(a.move_segment(of_a.id, vec![Sealed], Missing, Some("not there".into())).await.expect("moved"));
    // The catalogue is everybody's; what is asked for as one's own is not.
    let all = SegmentQuery { limit: 9, ..SegmentQuery::default() };
    assert_eq!(b.segments(all.clone()).await.expect("listed").len(), 2);
    let own = b.segments(SegmentQuery { own: true, ..all }).await.expect("listed");
    assert_eq!(own.iter().map(|one| one.id).collect::<Vec<_>>(), [of_b.id]);
}

pub(in crate::adapters::database) async fn incidents_and_probes_are_their_nodes_own(
    a: &dyn Database,
    b: &dyn Database,
) {
    let at: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().expect("a time");
    let subject = Subject::camera_of(7, "gate");
    let incident =
        |cause: &str| Incident::open(Uuid::now_v7(), IncidentKind::CameraDown, subject.clone(), cause.to_owned(), at);
    let (of_a, of_b) = (incident("seen by a"), incident("seen by b"));
    assert_eq!(a.open_incident(of_a.clone()).await.expect("opened"), of_a.id);
    assert_eq!(b.open_incident(of_b.clone()).await.expect("opened"), of_b.id, "a's does not stand for b's");
    assert_eq!(b.close_incident(of_a.id, at).await.expect_err("another's").kind(), ErrorKind::NotFound);
    let own = IncidentQuery { open: true, own: true, limit: 9, ..IncidentQuery::default() };
    assert_eq!(a.incidents(own.clone()).await.expect("listed"), std::slice::from_ref(&of_a));
    let all = IncidentQuery { own: false, ..own };
    assert_eq!(a.incidents(all).await.expect("listed").len(), 2);

    let tracks =
        Tracks { format: "rtsp".into(), video: Some("h264".into()), audio: None, flows: true, ..Tracks::default() };
    let look = |fingerprint: &str| KeptProbe {
        camera: 7,
        fingerprint: fingerprint.to_owned(),
        at,
        outcome: ProbeOutcome::Tracks(tracks.clone()),
    };
    a.put_camera_probe(look("a")).await.expect("kept");
    b.put_camera_probe(look("b")).await.expect("kept");
    assert_eq!(a.camera_probe(7).await.expect("asked"), Some(look("a")));
    assert_eq!(b.camera_probes().await.expect("listed"), [look("b")]);
}

pub(in crate::adapters::database) async fn open_incidents_are_taken_over_with_the_work(
    a: &dyn Database,
    b: &dyn Database,
) {
    use IncidentKind::{EndpointDown, ProbeFailed, ServerDown};
    let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    let incident = |kind, name: &str, of: &str| {
        let subject = Subject::Target { name: name.to_owned() };
        Incident::open(Uuid::now_v7(), kind, subject, format!("seen by {of}"), at)
    };
    let [lasts, twice, over, other] = [
        incident(EndpointDown, "uplink", "a"),
        incident(EndpointDown, "twice", "a"),
        incident(ProbeFailed, "over", "a"),
        incident(ServerDown, "other", "a"),
    ];
    for one in [&lasts, &twice, &over, &other] {
        a.open_incident(one.clone()).await.expect("opened");
    }
    let younger = |one: Incident| Incident { opened_at: at + TimeDelta::seconds(30), ..one };
    let ours = younger(incident(EndpointDown, "twice", "b"));
    b.open_incident(ours.clone()).await.expect("opened");
    let said = |who: &str, acknowledges| Remark {
        id: Uuid::now_v7(),
        at: at + TimeDelta::seconds(40),
        who: who.to_owned(),
        acknowledges,
        note: Some(format!("{who} drives there")),
    };
    b.remark(ours.id, said("anna", true)).await.expect("said");
    let later = at + TimeDelta::seconds(60);
    a.close_incident(over.id, at).await.expect("closed");
    let kinds = vec![EndpointDown, ProbeFailed];
    let mut taken = b.take_over_incidents(kinds.clone(), None, later).await.expect("taken over");
    taken.sort_by_key(|one| one.id);
    assert_eq!(taken, [lasts.clone(), twice.clone()], "of two of a subject the older");
    assert_eq!(b.take_over_incidents(kinds.clone(), None, later).await.expect("nothing is left"), []);
    let own = IncidentQuery { open: true, own: true, limit: 9, ..IncidentQuery::default() };
    let of = async |node: &dyn Database| {
        let ids = node.incidents(own.clone()).await.expect("listed").into_iter().map(|one| one.id);
        ids.collect::<BTreeSet<Uuid>>()
    };
    assert_eq!(of(a).await, BTreeSet::from([other.id]), "what is of another kind stays");
    assert_eq!(of(b).await, BTreeSet::from([lasts.id, twice.id]));
    assert_eq!(a.close_incident(lasts.id, later).await.expect_err("it is b's").kind(), ErrorKind::NotFound);
    b.close_incident(lasts.id, later).await.expect("closed");
    let all = async |id: Uuid| {
        let all = b.incidents(IncidentQuery { limit: 9, ..IncidentQuery::default() }).await.expect("listed");
        all.into_iter().find(|one| one.id == id).expect("it is there")
    };
    assert_eq!(all(ours.id).await.closed_at, Some(later), "the younger one has ended");
    let kept = all(twice.id).await;
    assert_eq!(
        kept.acknowledged.map(|one| one.who),
        Some("anna".to_owned()),
        "what was said of it is said of the older"
    );

    // Both were seen by somebody: each keeps that, and what else was said goes on.
    let again = younger(incident(EndpointDown, "twice", "a"));
    a.open_incident(again.clone()).await.expect("opened");
    a.remark(again.id, said("boris", true)).await.expect("said");
    a.remark(again.id, said("clara", false)).await.expect("said");
    assert_eq!(b.take_over_incidents(kinds, None, later).await.expect("none of another's"), []);
    let kept = all(twice.id).await;
    assert_eq!(kept.acknowledged.map(|one| one.who), Some("anna".to_owned()));
    assert!(kept.notes.iter().any(|one| one.who == "clara"), "{:?}", kept.notes);
    assert_eq!(all(again.id).await.acknowledged.map(|one| one.who), Some("boris".to_owned()));
}

pub(in crate::adapters::database) async fn open_incidents_of_one_server_are_taken_over(
    a: &dyn Database,
    b: &dyn Database,
) {
    use IncidentKind::{ServerDown, StreamFlapping};
    let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    let open = |kind, subject| Incident::open(Uuid::now_v7(), kind, subject, "why".to_owned(), at);
    let server = |name: &str| open(ServerDown, Subject::Server { name: name.to_owned() });
    let stream =
        |server: &str| open(StreamFlapping, Subject::Stream { server: server.to_owned(), name: "gate".to_owned() });
    let [main, main2, of_main, of_main2] = [server("main"), server("main2"), stream("main"), stream("main2")];
    for one in [&main, &main2, &of_main, &of_main2] {
        a.open_incident(one.clone()).await.expect("opened");
    }
    let kinds = vec![ServerDown, StreamFlapping];
    let taken = b.take_over_incidents(kinds.clone(), Some("main".to_owned()), at).await.expect("taken over");
    let ids = |all: Vec<Incident>| all.into_iter().map(|one| one.id).collect::<BTreeSet<Uuid>>();
    assert_eq!(ids(taken), BTreeSet::from([main.id, of_main.id]));
    let own = IncidentQuery { open: true, own: true, limit: 9, ..IncidentQuery::default() };
    assert_eq!(ids(a.incidents(own.clone()).await.expect("listed")), BTreeSet::from([main2.id, of_main2.id]));
    // Its own of the other server is not ended for it, either.
    b.open_incident(Incident { id: Uuid::now_v7(), ..main2.clone() }).await.expect("opened");
    assert_eq!(b.take_over_incidents(kinds, Some("main".to_owned()), at).await.expect("none"), []);
    assert_eq!(b.incidents(own).await.expect("listed").len(), 3);
}

pub(in crate::adapters::database) async fn a_second_relay_and_a_second_of_the_name_are_refused(
    a: &dyn Database,
    b: &dyn Database,
) {
    let relay = |claim: NodeClaim| NodeClaim { relays: true, ..claim };
    let first = a.join(relay(claim("a", 1, 11))).await.expect("the first");
    assert_eq!((first.node.owner.as_str(), first.others.len()), ("a", 0));
    let refused = b.join(relay(claim("b", 2, 21))).await.expect_err("two relays");
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("roles")));
    assert!(refused.to_string().contains("\"a\""), "{refused}");
    assert_eq!(b.nodes().await.expect("listed").len(), 1, "nothing is half done");
    let refused = b.join(claim("a", 2, 21)).await.expect_err("the same name");
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("node")));
    // Who was refused writes nothing that belongs to a node.
    let unwritten = b.open_session(session("cam1")).await.expect_err("not admitted");
    assert!(unwritten.kind() == ErrorKind::Unavailable && unwritten.to_string().contains("\"a\""), "{unwritten}");
    assert!(b.admitted().is_err() && b.cameras().await.is_ok(), "cameras can be read by anybody");

    // Beside one that relays, others may record; a killed node's successor starts at once; so does another relay after
    // an ordered stop.
    b.join(claim("b", 2, 22)).await.expect("it only records");
    b.open_session(session("cam1")).await.expect("admitted");
    a.join(relay(claim("a", 1, 12))).await.expect("killed, and back on its data folder");
    a.leave(Uuid::from_u128(11)).await.expect("an earlier process says nothing of this one");
    b.join(relay(claim("b", 2, 23))).await.expect_err("it runs");
    a.leave(Uuid::from_u128(12)).await.expect("stopped");
    b.join(relay(claim("b", 2, 24))).await.expect("it has stopped");
    // A process on a copy of the data folder is refused as long as the node lives.
    let copy = NodeClaim { ended: Vec::new(), ..claim("x", 2, 25) };
    let refused = a.join(copy).await.expect_err("a copy");
    assert!(refused.kind() == ErrorKind::Conflict && refused.to_string().contains("\"b\""), "{refused}");
    // Should one have taken the place all the same, the one before finds out at its next sign of life.
    b.join(claim("b", 2, 25)).await.expect("as a successor would");
    let ousted = a.join(NodeClaim { starts: false, ..claim("b", 2, 24) }).await.expect_err("ousted");
    assert_eq!((ousted.kind(), a.admitted().is_err()), (ErrorKind::Conflict, true));
}

pub(in crate::adapters::database) async fn a_node_keeps_its_rows_when_it_is_renamed(
    a: &dyn Database,
    b: &dyn Database,
) {
    a.join(claim("old", 1, 11)).await.expect("joined");
    let (open, _) = recorded(a, "cam1", SegmentState::Sealed).await;
    let renamed = a.join(claim("new", 1, 12)).await.expect("joined");
    assert_eq!((renamed.node.owner.as_str(), renamed.node.name.as_str()), ("old", "new"));
    assert_eq!(a.open_sessions().await.expect("listed"), std::slice::from_ref(&open));
    let other = b.join(claim("old", 2, 21)).await.expect("the name is free");
    assert_ne!(other.node.owner, "old", "the rows of that name are not its own");
    assert_eq!(b.open_sessions().await.expect("listed"), []);
    // The identities of their folders: a spool is one node's only.
    let (spool, objects) = (Uuid::from_u128(5), Uuid::from_u128(6));
    a.set_folder(NodeFolder::Spool, spool).await.expect("kept");
    assert_eq!(b.set_folder(NodeFolder::Spool, spool).await.expect_err("taken").kind(), ErrorKind::Conflict);
    for node in [a, b] {
        node.set_folder(NodeFolder::Objects, objects).await.expect("shared");
    }
    let again = a.join(NodeClaim { starts: false, ..claim("new", 1, 12) }).await.expect("a sign of life");
    assert_eq!((again.node.spool, again.node.objects), (Some(spool), Some(objects)));
}

/// `make_ownerless` does what an earlier version did: rows without an owner.
pub(in crate::adapters::database) async fn rows_of_an_earlier_version_are_adopted_once(
    a: &dyn Database,
    b: &dyn Database,
    make_ownerless: impl AsyncFn(),
) {
    let (old, segment) = recorded(a, "cam1", SegmentState::Uploading).await;
    make_ownerless().await;
    for (node, claim) in [(a, claim("a", 1, 11)), (b, claim("b", 2, 21))] {
        node.join(claim).await.expect("joined");
        assert_eq!(node.open_sessions().await.expect("listed"), [], "nobody's");
    }
    assert_eq!(a.release_uploads().await.expect("asked"), 0);
    assert_eq!(a.ownerless().await.expect("asked"), Some(vec![segment.spool_path.clone()]));
    a.adopt().await.expect("adopted");
    b.adopt().await.expect("too late");
    assert_eq!(b.ownerless().await.expect("asked"), None);
    assert_eq!(a.open_sessions().await.expect("listed"), std::slice::from_ref(&old));
    assert_eq!(b.open_sessions().await.expect("listed"), []);
    assert_eq!((b.release_uploads().await.expect("asked"), a.release_uploads().await.expect("released")), (0, 1));
    assert_eq!(b.claim_upload(Skip::default()).await.expect("asked"), None);
    assert_eq!(a.claim_upload(Skip::default()).await.expect("claimed").map(|one| one.id), Some(segment.id));
    assert!(
        a.move_segment(segment.id, vec![SegmentState::Uploading], SegmentState::Uploaded, None).await.expect("moved")
    );
    a.close_session(old.id, old.started_at, "done".to_owned()).await.expect("closed");
}
