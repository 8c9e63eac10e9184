//! Incidents over HTTP.

use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{World, at, camera};
use crate::adapters::live::Change;
use crate::domain::camera::CameraStatus;
use crate::domain::incident::{Incident, IncidentKind, Subject};

async fn opened(world: &World, camera: i64, second: i64) -> Uuid {
    let subject = Subject::camera_of(camera, format!("cam{camera}"));
    let cause = "the camera refuses connections; is it on?".to_owned();
    let (id, kind) = (Uuid::now_v7(), IncidentKind::CameraDown);
    let incident = Incident { id, kind, subject, cause, opened_at: at(second), closed_at: None };
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
