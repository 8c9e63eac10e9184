//! Incidents over HTTP.

use std::sync::Arc;

use actix_web::http::Method;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{World, at, camera, stream};
use crate::adapters::live::Change;
use crate::domain::camera::{CameraState, CameraStatus};
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::stream::{StreamState, StreamStatus};

async fn opened(world: &World, camera: i64, second: i64) -> Uuid {
    let subject = Subject::camera_of(camera, format!("cam{camera}"));
    let cause = "the camera refuses connections; is it on?".to_owned();
    let (id, kind) = (Uuid::now_v7(), IncidentKind::CameraDown);
    let incident = Incident::open(id, kind, subject, cause, at(second));
    world.state.stores.incidents.open_incident(incident).await.expect("opened")
}

#[actix_web::test]
async fn incidents_are_listed_paged_and_filtered() {
    let world = World::new().await;
    let (first, second) = (opened(&world, 1, 0).await, opened(&world, 2, 10).await);
    world.publish(vec![Change::Camera(camera(1, "site/gate"))]).await;
    world.state.stores.incidents.close_incident(first, at(5)).await.expect("closed");

    let page = world.get("/api/v1/incidents?limit=1").await;
    assert_eq!(page.status, 200);
    let wanted = json!({
        "id": second, "kind": "cameraDown", "subject": {"type": "camera", "id": 2, "name": "cam2"},
        "cause": "the camera refuses connections; is it on?", "openedAt": "2027-01-15T08:00:10Z", "closedAt": null,
        "acknowledged": null, "notes": [], "verdict": null,
    });
    assert_eq!(page.json(), json!({"items": [wanted], "next": second}));
    let labelled = CameraStatus { label: Some("Tür Süd".to_owned()), ..camera(2, "cam2") };
    world.publish(vec![Change::Camera(labelled)]).await;
    let subject = world.get("/api/v1/incidents?limit=1").await.json()["items"][0]["subject"].clone();
    assert_eq!(subject, json!({"type": "camera", "id": 2, "name": "cam2", "label": "Tür Süd"}));
    let rest = world.get(&format!("/api/v1/incidents?limit=1&after={second}")).await.json();
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(first), &Value::Null));
    assert_eq!(rest["items"][0]["closedAt"], "2027-01-15T08:00:05Z");

    for (query, wanted) in [
        ("open=true", vec![second]),
        ("open=false", vec![second, first]),
        ("camera=1", vec![first]),
        ("camera=site/gate", vec![first]),
        // Gone long ago; its incidents stay.
        ("camera=77", vec![]),
        ("kind=serverDown", vec![]),
        ("to=2027-01-15T08:00:09Z", vec![first]),
        ("from=2027-01-15T08:00:06Z", vec![second]),
    ] {
        let list = world.get(&format!("/api/v1/incidents?{query}")).await.json();
        let items = list["items"].as_array().expect("items");
        let ids: Vec<Value> = items.iter().map(|item| item["id"].clone()).collect();
        assert_eq!(json!(ids), json!(wanted), "{query}");
    }
    for (query, field) in [
        ("open=maybe", "open"),
        ("camera=gate", "camera"),
        ("camera=", "camera"),
        ("kind=x", "kind"),
        ("from=now", "from"),
        ("after=x", "after"),
        ("after=00000000-0000-0000-0000-000000000007", "after"),
        ("limit=0", "limit"),
        ("page=2", "page"),
    ] {
        let reply = world.get(&format!("/api/v1/incidents?{query}")).await;
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!(field)), "{query}");
    }
}

#[actix_web::test]
async fn an_incident_is_acknowledged_and_noted_and_the_audit_log_says_by_whom() {
    let world = World::new().await;
    let (first, second) = (opened(&world, 1, 0).await, opened(&world, 2, 10).await);
    let say = async |id: &str, what: &str, body: Value| {
        world.send(Method::POST, &format!("/api/v1/incidents/{id}/{what}"), &body.to_string()).await
    };
    let seen = say(&first.to_string(), "acknowledge", json!({ "note": " I am on it " })).await;
    assert_eq!(seen.status, 200, "{}", seen.json());
    let seen = seen.json();
    assert_eq!((&seen["acknowledged"]["who"], &seen["notes"][0]["text"]), (&json!("anonymous"), &json!("I am on it")));
    let noted = say(&first.to_string(), "notes", json!({ "note": "cable" })).await.json();
    assert_eq!(noted["notes"][1]["text"], "cable");
    let again = say(&first.to_string(), "acknowledge", json!({})).await.json();
    assert_eq!(again, noted, "the first one counts");
    for (query, wanted) in [("acknowledged=true", first), ("acknowledged=false", second)] {
        let list = world.get(&format!("/api/v1/incidents?{query}")).await.json();
        assert_eq!((list["items"].as_array().map(Vec::len), &list["items"][0]["id"]), (Some(1), &json!(wanted)));
    }
    let long = "x".repeat(2001);
    for (id, what, body, status, field) in [
        (Uuid::from_u128(7).to_string(), "acknowledge", json!({}), 404, None),
        ("nonsense".to_owned(), "notes", json!({ "note": "x" }), 404, None),
        (first.to_string(), "notes", json!({}), 422, Some("note")),
        (first.to_string(), "notes", json!({ "note": " " }), 422, Some("note")),
        (first.to_string(), "acknowledge", json!({ "note": long }), 422, Some("note")),
        (first.to_string(), "acknowledge", json!({ "text": "x" }), 422, Some("text")),
    ] {
        let refused = say(&id, what, body.clone()).await;
        assert_eq!((refused.status, refused.json()["field"].as_str()), (status, field), "{id} {what} {body}");
    }
    let audit = world.get("/api/v1/audit").await.json();
    let actions: Vec<&Value> = audit["items"].as_array().expect("items").iter().map(|one| &one["action"]).collect();
    let (noted, seen) = ("POST /api/v1/incidents/{id}/notes", "POST /api/v1/incidents/{id}/acknowledge");
    assert_eq!(actions, [seen, noted, seen]);
    assert_eq!(audit["items"][1]["after"], json!({ "acknowledges": false, "note": "cable" }));
}

#[actix_web::test]
async fn what_is_excused_counts_as_no_trouble_and_opens_no_incident() {
    let world = World::new().await;
    let down = |id, name: &str| CameraStatus { state: CameraState::Backoff, ..camera(id, name) };
    let offline = |name: &str| StreamStatus { state: StreamState::Offline, ..stream("main", name) };
    let stream = |name: &str| Change::Stream(Arc::new(offline(name)));
    world.publish(vec![Change::Camera(down(1, "site/gate")), Change::Camera(down(2, "yard"))]).await;
    world.publish(vec![stream("site/gate"), stream("yard"), stream("other")]).await;
    let ready = async || {
        let answer = world.get("/ready").await.json();
        let services = answer["services"].as_array().expect("services").clone();
        services.into_iter().find(|one| one["name"] == "cameras").expect("cameras")
    };
    assert!(ready().await["detail"].as_str().expect("words").starts_with("2 of 2 deliver nothing"));

    let order = json!({ "forSeconds": 3600, "reason": "lens is cleaned" }).to_string();
    let set = world.send(Method::PUT, "/api/v1/cameras/site%2Fgate/maintenance", &order).await;
    assert_eq!(set.status, 200, "{}", set.json());
    let set = set.json();
    assert_eq!(
        (&set["key"], &set["setBy"], &set["reason"]),
        (&json!("camera:1"), &json!("anonymous"), &json!("lens is cleaned"))
    );
    assert_eq!(world.get("/api/v1/maintenance").await.json()["items"], json!([set]));
    let told = ready().await["detail"].as_str().expect("words").to_owned();
    assert!(told.starts_with("1 of 1 deliver nothing: yard") && told.ends_with("; 1 in maintenance"), "{told}");
    let order = json!({ "until": "2030-01-01T00:00:00Z", "reason": "moved" }).to_string();
    let set = world.send(Method::PUT, "/api/v1/streams/yard/maintenance", &order).await;
    assert_eq!(set.status, 422, "{}", set.json());
    let order = json!({ "until": Utc::now() + TimeDelta::hours(1), "reason": "moved" }).to_string();
    let set = world.send(Method::PUT, "/api/v1/streams/yard/maintenance", &order).await;
    assert_eq!((set.status, &set.json()["key"]), (200, &json!("stream:main/yard")));
    let ready = ready().await;
    assert_eq!((&ready["ok"], &ready["detail"]), (&json!(true), &json!("0 of 0 deliver; 2 in maintenance")));
    let counts = world.get("/api/v1/status").await.json()["counts"].clone();
    assert_eq!((&counts["streams"]["offline"], &counts["streams"]["maintenance"]), (&json!(1), &json!(2)));
    assert_eq!((&counts["cameras"]["backoff"], &counts["cameras"]["maintenance"]), (&json!(0), &json!(2)));

    for (what, wanted) in [("streams/yard", 204), ("streams/yard", 404), ("cameras/1", 204), ("cameras/77", 404)] {
        let ended = world.ask(Method::DELETE, &format!("/api/v1/{what}/maintenance"), &[], None).await;
        assert_eq!(ended.status, wanted, "{what}");
    }
    let counts = world.get("/api/v1/status").await.json()["counts"].clone();
    assert_eq!((&counts["streams"]["offline"], &counts["streams"]["maintenance"]), (&json!(3), &json!(0)));
    for (what, body, status, field) in [
        ("cameras/77", json!({ "forSeconds": 60, "reason": "x" }), 404, None),
        ("streams/nowhere", json!({ "forSeconds": 60, "reason": "x" }), 404, None),
        ("cameras/1", json!({ "reason": "x" }), 422, Some("until")),
        ("cameras/1", json!({ "forSeconds": 60, "until": at(0), "reason": "x" }), 422, Some("until")),
        ("cameras/1", json!({ "forSeconds": 0, "reason": "x" }), 422, Some("until")),
        ("cameras/1", json!({ "forSeconds": 4_000_000_000_u32, "reason": "x" }), 422, Some("forSeconds")),
        ("cameras/1", json!({ "forSeconds": 60, "reason": "" }), 422, Some("reason")),
        ("cameras/1", json!({ "forSeconds": 60 }), 422, Some("reason")),
    ] {
        let refused = world.send(Method::PUT, &format!("/api/v1/{what}/maintenance"), &body.to_string()).await;
        assert_eq!((refused.status, refused.json()["field"].as_str()), (status, field), "{what} {body}");
    }
}
