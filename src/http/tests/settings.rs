//! Editing over HTTP: what is shown, and lost updates.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::Reply;
use super::world::World;

const CAMERA: &str = r#"{"name":"gate","url":"rtsp://viewer:s3cret@10.0.0.9/a?token=abc","password":"hunter2"}"#;

async fn conditional(world: &World, method: Method, uri: &str, tag: &str, body: Option<&str>) -> Reply {
    world.ask(method, uri, &[("content-type", "application/json"), ("if-match", tag)], body).await
}

#[actix_web::test]
async fn settings_show_everything_but_secrets() {
    let world = World::new().await;
    let added = world.send(Method::POST, "/api/v1/cameras", CAMERA).await;
    let uri = format!("{}/settings", added.header("location"));
    let shown = world.get(&uri).await;
    assert_eq!((shown.status, shown.header("etag")), (200, added.header("etag")));
    let settings = shown.json();
    assert_eq!(
        (&settings["name"], &settings["kind"], &settings["host"]),
        (&json!("gate"), &json!("generic"), &Value::Null)
    );
    assert_eq!((&settings["hasPassword"], &settings["enabled"]), (&json!(true), &json!(true)));
    assert_eq!(settings["url"], "rtsp://***@10.0.0.9/a?token=***");
    let text = String::from_utf8_lossy(&shown.body).into_owned();
    assert!(!text.contains("hunter2") && !text.contains("s3cret") && !text.contains("abc"), "{text}");
    for missing in ["/api/v1/cameras/99/settings", "/api/v1/cameras/x/settings"] {
        assert_eq!(world.get(missing).await.status, 404);
    }
}

#[actix_web::test]
async fn an_edit_of_what_somebody_else_has_changed_is_refused() {
    let world = World::new().await;
    let added = world.send(Method::POST, "/api/v1/cameras", CAMERA).await;
    let address = added.header("location").to_owned();
    let seen = added.header("etag").to_owned();
    assert!(seen.starts_with('"') && seen.ends_with('"') && seen.len() == 34, "{seen}");

    let first = conditional(&world, Method::PATCH, &address, &seen, Some(r#"{"password":"other"}"#)).await;
    assert_eq!(first.status, 200);
    let now = first.header("etag").to_owned();
    assert_ne!(now, seen, "a change of the password alone is a change");
    let second = conditional(&world, Method::PATCH, &address, &seen, Some(r#"{"host":"h"}"#)).await;
    assert_eq!((second.status, second.header("content-type")), (412, "application/problem+json"));
    assert!(
        second.json()["detail"].as_str().is_some_and(|detail| detail.contains("load it again")),
        "{}",
        second.json()
    );
    assert_eq!(conditional(&world, Method::DELETE, &address, &seen, None).await.status, 412);
    let settings = world.get(&format!("{address}/settings")).await;
    assert_eq!((settings.header("etag"), &settings.json()["host"]), (now.as_str(), &Value::Null));

    let same = conditional(&world, Method::PATCH, &address, &now, Some("{}")).await;
    assert_eq!((same.status, same.header("etag")), (200, now.as_str()), "nothing changed");
    let weak = format!("W/{now}");
    for (tag, status) in [(weak.as_str(), 412), ("\"x\"", 412), ("nonsense", 412), ("", 412), ("*", 200)] {
        let answer = conditional(&world, Method::PATCH, &address, tag, Some(r#"{"record":true}"#)).await;
        assert_eq!(answer.status, status, "{tag:?}");
    }
    let listed = format!("\"x\", {now}");
    assert_eq!(conditional(&world, Method::PATCH, &address, &listed, Some("{}")).await.status, 200);
    assert_eq!(world.send(Method::PATCH, &address, r#"{"host":"h"}"#).await.status, 200, "without If-Match");
    let last = world.get(&format!("{address}/settings")).await.header("etag").to_owned();
    assert_eq!(conditional(&world, Method::DELETE, &address, &last, None).await.status, 204);
    assert_eq!(conditional(&world, Method::DELETE, &address, &last, None).await.status, 404);
}
