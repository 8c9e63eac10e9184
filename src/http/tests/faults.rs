//! Bad input: every answer is a problem that says what is wrong, and nothing is changed.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::Reply;
use super::world::World;
use crate::http::routes::TABLE;
use crate::http::table::path_of;

/// A problem of this status; gives its `field` and `detail`.
fn problem(reply: &Reply, status: u16) -> (String, String) {
    let text = String::from_utf8_lossy(&reply.body);
    assert_eq!((reply.status, reply.header("content-type")), (status, "application/problem+json"), "{text}");
    let json = reply.json();
    assert_eq!((&json["status"], &json["type"]), (&json!(status), &json!("about:blank")));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert!(!text(&json["title"]).is_empty() && !text(&json["detail"]).is_empty(), "{json}");
    (text(&json["field"]), text(&json["detail"]))
}

#[actix_web::test]
async fn what_does_not_exist_is_404() {
    let world = World::new().await;
    let id = uuid::Uuid::nil();
    for uri in [
        "/api/v1/streams/nobody",
        "/api/v1/streams/nobody/history",
        "/api/v1/streams/..%2F..%2Fetc%2Fpasswd",
        "/api/v1/streams/%00",
        "/api/v1/streams/%FF%FE",
        "/api/v1/cameras/99",
        "/api/v1/cameras/x",
        "/api/v1/cameras/99999999999999999999",
        "/api/v1/recordings/nobody/playlist.m3u8",
        "/api/v1/recordings/segments/x",
        &format!("/api/v1/recordings/segments/{id}"),
        "/api/v1/none",
        "/api/v2/streams",
        "/api",
        "/assets/none.js",
    ] {
        problem(&world.get(uri).await, 404);
    }
    problem(&world.send(Method::PATCH, "/api/v1/cameras/99", "{}").await, 404);
    problem(&world.ask(Method::DELETE, "/api/v1/cameras/99", &[], None).await, 404);
    problem(&world.ask(Method::POST, "/api/v1/cameras/99/restart", &[], None).await, 404);
    problem(&world.send(Method::POST, "/nowhere", "{}").await, 404);
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = World::new().await;
    let reply = world.ask(Method::PUT, "/api/v1/cameras/1", &[], None).await;
    problem(&reply, 405);
    assert_eq!(reply.header("allow"), "GET, PATCH, DELETE");
    assert_eq!(world.ask(Method::DELETE, "/api/v1/streams", &[], None).await.header("allow"), "GET");
}

#[actix_web::test]
async fn a_wrong_body_names_the_place_or_the_field_and_changes_nothing() {
    let world = World::new().await;
    let table = [
        (r#"{"name":"a",}"#, 400, "", "line 1 column 13"),
        ("", 400, "", "ends too early"),
        (r#"{"name":"a","colour":"red"}"#, 422, "colour", "there is no field"),
        (r#"{"name":7}"#, 422, "name", "expected a string"),
        (r#"{"name":"a","port":"554"}"#, 422, "port", "expected a whole number"),
        (r#"{"host":"10.0.0.9"}"#, 422, "name", "name: a camera needs a name"),
    ];
    for (body, status, field, detail) in table {
        let found = problem(&world.send(Method::POST, "/api/v1/cameras", body).await, status);
        assert_eq!(found.0, field, "{body}");
        assert!(found.1.contains(detail), "{body}: {}", found.1);
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    problem(&world.ask(Method::POST, "/api/v1/cameras", &form, Some("name=a")).await, 415);
    assert_eq!(world.state.stores.cameras.cameras().await.expect("cameras").len(), 0);
}

#[actix_web::test]
async fn ten_megabytes_are_refused_however_they_come() {
    let world = World::new().await;
    let body = format!(r#"{{"name":"{}"}}"#, "x".repeat(10_000_000));
    let (_, detail) = problem(&world.send(Method::POST, "/api/v1/cameras", &body).await, 413);
    assert!(detail.contains("1 MB"), "{detail}");
    let length = [("content-type", "application/json"), ("content-length", "10000000")];
    problem(&world.ask(Method::POST, "/api/v1/cameras", &length, Some(&body)).await, 413);
}

#[actix_web::test]
async fn a_wrong_parameter_is_named() {
    let world = World::new().await;
    let table = [
        ("/api/v1/streams/a/history?from=yesterday", "from", "2027-01-31T12:00:00Z"),
        ("/api/v1/streams/a/history?points=0", "points", "from 1 to 5000"),
        ("/api/v1/streams/a/history?points=many", "points", "from 1 to 5000"),
        ("/api/v1/streams/a/history?from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "from", "before to"),
        ("/api/v1/streams/a?sever=main", "sever", "known ones: server"),
        ("/api/v1/streams?state=live", "state", "known ones: none"),
        ("/api/v1/cameras?limit=1", "limit", "known ones: none"),
        ("/api/openapi.json?v=2", "v", "known ones: none"),
        ("/api/v1/recordings/a/segments?after=", "after", "is empty"),
        ("/api/v1/incidents?open=", "open", "is empty"),
        ("/api/v1/streams/a?server=a&server=b", "server", "once"),
        ("/api/v1/recordings/a/segments?limit=1001", "limit", "from 1 to 1000"),
        ("/api/v1/recordings/a/segments?after=x", "after", "`next`"),
        ("/api/v1/recordings/a/playlist.m3u8?to=2027", "to", "2027-01-31T12:00:00Z"),
    ];
    for (uri, field, detail) in table {
        let found = problem(&world.get(uri).await, 422);
        assert_eq!(found.0, field, "{uri}");
        assert!(found.1.contains(detail), "{uri}: {}", found.1);
    }
}

#[actix_web::test]
async fn a_parameter_that_an_address_does_not_know_is_refused_by_every_address_of_the_api() {
    let world = World::new().await;
    for (path, methods) in TABLE.iter().filter(|(path, _)| path.starts_with("/api/")) {
        let part = if path.contains("{id:") { "019b0000-0000-7000-8000-000000000000" } else { "1" };
        let address = path_of(path).split('{').map(|text| text.split_once('}').map_or(text, |(_, rest)| rest)).fold(
            String::new(),
            |address, text| {
                if address.is_empty() { text.to_owned() } else { format!("{address}{part}{text}") }
            },
        );
        for method in methods.iter().copied().chain(["HEAD"]).filter(|one| *one != "HEAD" || methods.contains(&"GET")) {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let reply = world.ask(method.clone(), &format!("{address}?nobody=1"), &[], None).await;
            assert_eq!(reply.status, 422, "{method} {address}");
            if method != Method::HEAD {
                let (field, detail) = problem(&reply, 422);
                assert!(field == "nobody" && detail.contains("known ones:"), "{method} {address}: {detail}");
            }
        }
    }
    // Probes of others may put something of their own there.
    assert_eq!(world.get("/health?at=1").await.status, 200);
}

#[actix_web::test]
async fn a_database_that_is_away_is_told_without_where_it_lies_and_counts_as_down() {
    let world = World::new().await;
    let up = async || {
        let text = world.get("/metrics").await;
        assert_eq!(text.status, 200, "a scrape has everything else");
        let text = String::from_utf8(text.body).expect("text");
        let line = text.lines().find(|line| line.starts_with("streamwarden_database_up "));
        line.and_then(|line| line.split(' ').nth(1)).expect("a value").to_owned()
    };
    assert_eq!(up().await, "1");
    let (file, away) = (world.folder.path().join("test.db"), world.folder.path().join("away"));
    std::fs::rename(&file, &away).expect("moved");
    for uri in ["/api/v1/recordings", "/api/v1/incidents"] {
        let reply = world.get(uri).await;
        let (_, detail) = problem(&reply, 503);
        assert!(detail.contains("test.db") && detail.contains("put it back"), "{uri}: {detail}");
        let whole = String::from_utf8_lossy(&reply.body).into_owned();
        let folder = world.folder.path().display().to_string();
        assert!(!whole.contains(&folder) && !whole.contains("/tmp"), "{uri}: {whole}");
    }
    problem(&world.send(Method::POST, "/api/v1/cameras", r#"{"name":"a","url":"rtsp://10.0.0.9/x"}"#).await, 503);
    assert_eq!(up().await, "0");
    std::fs::rename(&away, &file).expect("put back");
    assert_eq!(up().await, "1");
    assert_eq!(world.get("/api/v1/recordings").await.status, 200);
}

#[actix_web::test]
async fn incidents_of_which_nobody_knows_are_not_counted_as_none() {
    let world = World::new().await;
    let told = async || {
        let text = String::from_utf8(world.get("/metrics").await.body).expect("text");
        text.contains("streamwarden_incidents_open")
    };
    assert!(told().await);
    world.incidents_read.send_replace(false);
    assert!(!told().await, "the database has not answered yet");
}

#[actix_web::test]
async fn other_sites_may_neither_read_nor_write() {
    let world = World::new().await;
    problem(&world.ask(Method::GET, "/api/v1/streams", &[("host", "evil.example:8080")], None).await, 403);
    problem(&world.ask(Method::GET, "/", &[("host", "evil.example")], None).await, 403);
    let json = ("content-type", "application/json");
    let foreign = [("origin", "http://evil.example"), json];
    problem(&world.ask(Method::POST, "/api/v1/cameras", &foreign, Some(r#"{"name":"a"}"#)).await, 403);
    let cross = [("sec-fetch-site", "cross-site")];
    problem(&world.ask(Method::POST, "/api/v1/cameras/1/restart", &cross, None).await, 403);
    for own in ["http://127.0.0.1:8080", "https://cams.example.org"] {
        let body = format!(r#"{{"name":"cam-{}"}}"#, own.len());
        let reply = world.ask(Method::POST, "/api/v1/cameras", &[("origin", own), json], Some(&body)).await;
        assert_eq!(reply.status, 201, "{own}");
    }
    problem(&world.ask(Method::GET, "/api/v1/ws", &[("origin", "http://evil.example")], None).await, 403);
    problem(&world.get("/api/v1/ws").await, 400);
}
