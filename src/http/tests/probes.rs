//! Looks at cameras over HTTP: the kept one, one that is asked for, one of a camera that is not saved.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::world::{World, at};
use crate::domain::probe::{KeptProbe, ProbeOutcome, Tracks};

#[actix_web::test]
async fn looks_are_kept_asked_for_and_tried() {
    let world = World::new().await;
    let body = r#"{"name":"gate","url":"rtsp://viewer:hunter2@10.0.0.9/a"}"#;
    let camera = world.send(Method::POST, "/api/v1/cameras", body).await.header("location").to_owned();
    let uri = format!("{camera}/probe");
    let none = world.get(&uri).await;
    assert_eq!(none.status, 404);
    assert!(none.json()["detail"].as_str().is_some_and(|detail| detail.contains("POST")), "{}", none.json());

    let id: i64 = camera.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    let tracks =
        Tracks { format: "rtsp".into(), video: Some("h264".into()), audio: None, flows: true, ..Tracks::default() };
    let outcome = ProbeOutcome::Tracks(tracks);
    let look = KeptProbe { camera: id, fingerprint: "f".into(), at: at(5), outcome };
    world.state.stores.probes.put_camera_probe(look).await.expect("kept");
    let kept = world.get(&uri).await.json();
    let tracks = json!({"format": "rtsp", "video": "h264", "audio": null, "flows": true, "shownAsSent": false});
    assert_eq!((&kept["ok"], &kept["ms"], &kept["fault"]), (&json!(true), &Value::Null, &Value::Null));
    assert_eq!((&kept["tracks"], kept["at"].is_string()), (&tracks, true));

    let asked = world.send(Method::POST, &uri, "").await;
    assert_eq!(asked.status, 200, "also when the camera fails");
    assert_eq!((&asked.json()["fault"]["kind"], &asked.json()["ms"]), (&json!("refused"), &json!(7)));

    for (query, status) in [("", 200), ("?id=1", 200), ("?id=x", 422), ("?name=x", 422)] {
        let tried = world.send(Method::POST, &format!("/api/v1/cameras/probe{query}"), body).await;
        assert_eq!(tried.status, status, "{query}: {}", tried.json());
    }
    let wrong = world.send(Method::POST, "/api/v1/cameras/probe", r#"{"prot":1}"#).await;
    assert_eq!(wrong.status, 422);
    for missing in ["/api/v1/cameras/99/probe", "/api/v1/cameras/x/probe"] {
        assert_eq!(world.get(missing).await.status, 404);
        assert_eq!(world.send(Method::POST, missing, "").await.status, 404);
    }
}
