//! Kinds of cameras over HTTP.

use actix_web::http::Method;
use serde_json::json;

use super::world::World;
use crate::domain::camera::CameraEdit;

async fn known(world: &World, kind: &str) -> Option<String> {
    let list = world.get("/api/v1/camera-kinds").await.json();
    let items = list["items"].as_array().expect("items");
    let found = items.iter().find(|item| item["kind"] == kind)?;
    found["urlTemplate"].as_str().map(str::to_owned)
}

#[actix_web::test]
async fn a_kind_is_checked_when_it_is_saved_and_kept_while_it_is_used() {
    let world = World::new().await;
    let uri = "/api/v1/camera-kinds/acme";
    for (template, words) in [
        ("file:///etc/passwd", "rtsp://"),
        ("rtsp://{host}/{token}", "{substream} and no other"),
        ("rtsp://{host", "without its '}'"),
        ("{host}", ""),
    ] {
        let reply = world.send(Method::PUT, uri, &json!({"urlTemplate": template}).to_string()).await;
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("urlTemplate")), "{template}");
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{}", reply.json());
    }
    assert_eq!(known(&world, "acme").await, None, "nothing was saved");
    let wrong = world.send(Method::PUT, "/api/v1/camera-kinds/A%2Fb", r#"{"urlTemplate":"rtsp://{host}/x"}"#).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (422, &json!("kind")));

    for template in ["rtsp://{host}/x", "rtsp://{host}/y"] {
        let reply = world.send(Method::PUT, uri, &json!({"urlTemplate": template}).to_string()).await;
        assert_eq!(reply.status, 204);
        assert_eq!(known(&world, "acme").await.as_deref(), Some(template));
    }
    let text = |text: &str| Some(text.to_owned());
    let edit = CameraEdit { name: text("gate"), kind: text("acme"), host: Some(text("h")), ..CameraEdit::default() };
    let camera = world.state.stores.cameras.add_camera(edit).await.expect("added");
    let used = world.ask(Method::DELETE, uri, &[], None).await;
    assert_eq!(used.status, 409, "{}", used.json());
    world.state.stores.cameras.delete_camera(camera.id).await.expect("deleted");
    assert_eq!(world.ask(Method::DELETE, uri, &[], None).await.status, 204);
    assert_eq!(world.ask(Method::DELETE, uri, &[], None).await.status, 404);
    assert_eq!(known(&world, "acme").await, None);
}
