//! Locks of recordings over HTTP.

use actix_web::http::Method;
use serde_json::json;

use super::world::{World, at};

#[actix_web::test]
async fn a_stretch_is_locked_with_a_reason_listed_and_set_free_again() {
    let world = World::new().await;
    let uri = "/api/v1/recordings/locks";
    let order =
        json!({ "stream": "yard/1", "from": "2026-03-01T10:00:00Z", "to": "2026-03-01T11:00:00Z", "reason": "case 7" });
    for (field, value) in [("stream", "../x"), ("to", "2026-03-01T10:00:00Z"), ("reason", "  ")] {
        let mut wrong = order.clone();
        wrong[field] = json!(value);
        let reply = world.send(Method::POST, uri, &wrong.to_string()).await;
        let named = if field == "to" { "from" } else { field };
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!(named)), "{field}");
    }
    // Nothing of it is recorded, no camera has this name, and it is not live: one letter off would protect nothing.
    world.record("yard/1", at(0), b"x").await;
    let mut typed = order.clone();
    typed["stream"] = json!("yarrd/1");
    let reply = world.send(Method::POST, uri, &typed.to_string()).await;
    assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("stream")));
    assert!(reply.json()["detail"].as_str().is_some_and(|why| why.contains("\"yard/1\"")), "{}", reply.json());
    assert_eq!(world.get(uri).await.json()["items"], json!([]), "nothing was locked");
    let locked = world.send(Method::POST, uri, &order.to_string()).await;
    assert_eq!(locked.status, 200, "{}", locked.json());
    let lock = locked.json();
    assert!(lock["reason"] == "case 7" && lock["setBy"].is_string(), "{lock}");
    assert_eq!(world.get(uri).await.json()["items"], json!([lock]));
    let one = format!("{uri}/{}", lock["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Method::DELETE, &one, &[], None).await.status, 204);
    assert_eq!(world.ask(Method::DELETE, &one, &[], None).await.status, 404);
    assert_eq!(world.ask(Method::DELETE, &format!("{uri}/no-id"), &[], None).await.status, 404);
    assert_eq!(world.get(uri).await.json()["items"], json!([]));
}
