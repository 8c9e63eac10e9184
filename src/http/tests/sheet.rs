//! CSV in and out over HTTP.

use actix_web::http::Method;
use serde_json::json;

use super::Reply;
use super::world::World;

const FILE: &str = "name;host;password\r\ngate;10.0.0.9;hunter2\r\ndoor;10.0.0.10;\r\n";

async fn import(world: &World, uri: &str, file: &str) -> Reply {
    world.ask(Method::POST, uri, &[("content-type", "text/csv; charset=utf-8")], Some(file)).await
}

#[actix_web::test]
async fn a_file_is_evaluated_written_and_comes_out_again() {
    let world = World::new().await;
    let uri = "/api/v1/cameras/import";
    let dry = import(&world, &format!("{uri}?dryRun=true"), FILE).await;
    let two = json!({"added": 2, "changed": 0, "unchanged": 0, "faults": []});
    assert_eq!((dry.status, dry.json()), (200, two.clone()));
    assert!(world.state.stores.cameras.cameras().await.expect("read").is_empty(), "only looked at");
    let written = import(&world, uri, FILE).await;
    assert_eq!((written.status, written.json()), (200, two));
    assert_eq!(import(&world, uri, FILE).await.json()["unchanged"], 2);

    let out = world.get("/api/v1/cameras/export").await;
    assert_eq!((out.status, out.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert!(out.header("content-disposition").contains("cameras.csv"));
    let text = String::from_utf8(out.body).expect("text");
    assert!(text.starts_with("name,kind,host,") && !text.contains("hunter2"), "{text}");
    let again = import(&world, uri, &text.replace("10.0.0.10", "10.0.0.11")).await;
    assert_eq!(again.json(), json!({"added": 0, "changed": 1, "unchanged": 1, "faults": []}));
    let audit = world.get("/api/v1/audit").await.json();
    let told: Vec<_> = audit["items"].as_array().expect("items").iter().map(|entry| &entry["after"]).collect();
    let counts = |added, changed, unchanged| json!({"added": added, "changed": changed, "unchanged": unchanged});
    // The newest first; the dry run is none.
    assert_eq!(told, [&counts(0, 1, 1), &counts(0, 0, 2), &counts(2, 0, 0)]);
    let rows = world.state.stores.cameras.cameras().await.expect("read");
    assert_eq!((rows[1].host.as_deref(), rows[0].password.is_some()), (Some("10.0.0.11"), true));
}

#[actix_web::test]
async fn a_faulty_file_changes_nothing_and_a_wrong_body_is_refused() {
    let world = World::new().await;
    let uri = "/api/v1/cameras/import";
    let wrong = import(&world, uri, "name,host,port\ngate,10.0.0.9,554\ndoor,10.0.0.9,x\n").await;
    assert_eq!((wrong.status, wrong.header("content-type")), (422, "application/json"));
    let fault = &wrong.json()["faults"][0];
    assert_eq!((&fault["line"], &fault["field"]), (&json!(3), &json!("port")));
    assert!(world.state.stores.cameras.cameras().await.expect("read").is_empty());
    assert_eq!(world.send(Method::POST, uri, "{}").await.status, 415, "a form or JSON of another page");
    let parameter = import(&world, &format!("{uri}?dry=1"), FILE).await;
    assert_eq!((parameter.status, parameter.header("content-type")), (422, "application/problem+json"));
    let large = import(&world, uri, &"x".repeat(8_000_001)).await;
    assert_eq!((large.status, large.header("content-type")), (413, "application/problem+json"));
    assert!(large.json()["detail"].as_str().is_some_and(|detail| detail.contains("8 MB")), "{}", large.json());
}
