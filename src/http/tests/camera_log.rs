//! The last words of a camera's ffmpeg over HTTP.

use actix_web::http::Method;
use serde_json::json;

use super::world::World;

#[actix_web::test]
async fn runs_are_listed_for_cameras_that_exist() {
    let world = World::new().await;
    let added = world.send(Method::POST, "/api/v1/cameras", r#"{"name":"gate","host":"10.0.0.9"}"#).await.json();
    let log = world.get(&format!("/api/v1/cameras/{}/log", added["id"])).await;
    let run = json!({
        "program": "ffmpeg", "pid": 7, "startedAt": "2027-01-15T08:00:00Z", "endedAt": null, "ending": null,
        "fault": null, "lines": ["[rtsp @ 0x5] late"],
    });
    assert_eq!((log.status, log.json()), (200, json!({"items": [run], "next": null})));
    for unknown in ["/api/v1/cameras/99/log", "/api/v1/cameras/nobody/log"] {
        assert_eq!(world.get(unknown).await.status, 404, "{unknown}");
    }
}
