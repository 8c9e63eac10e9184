//! What is between us and browsers: a path of a proxy, https, caches.

use std::sync::Arc;

use actix_web::http::Method;
use serde_json::json;

use super::world::World;
use super::{Reply, skips_without_page};

async fn below(base: &str) -> World {
    let mut world = World::new().await;
    Arc::get_mut(&mut world.state).expect("nobody else has it").base_path = base.to_owned();
    world
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

#[actix_web::test]
async fn below_a_path_everything_is_there_with_the_prefix_and_without_it() {
    let world = below("/cams").await;
    for uri in ["/cams/api/v1/session", "/api/v1/session", "/cams/health", "/health", "/cams/", "/"] {
        assert_eq!(world.get(uri).await.status, 200, "{uri}");
    }
    for uri in ["/cams/api/v1/none", "/camsx/api/v1/session", "/cams/cams/api/v1/none.js"] {
        assert_eq!(world.get(uri).await.status, 404, "{uri}");
    }
    let bare = world.get("/cams").await;
    assert_eq!((bare.status, bare.header("location")), (308, "cams/"));
    let page = world.get("/cams/").await;
    for name in ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"] {
        assert!(!page.header(name).is_empty(), "{name}");
        assert_eq!(bare.header(name), page.header(name), "{name}");
    }

    let body = json!({ "name": "gate", "url": "rtsp://10.0.0.9/1" }).to_string();
    let added = world.send(Method::POST, "/cams/api/v1/cameras", &body).await;
    let address = added.header("location").to_owned();
    assert!(address.starts_with("/cams/api/v1/cameras/"), "{address}");
    assert_eq!(world.get(&format!("{address}/settings")).await.status, 200);
    let cookie = world.send(Method::POST, "/cams/api/v1/logout", "{}").await.header("set-cookie").to_owned();
    assert!(cookie.contains("Path=/cams;") || cookie.ends_with("Path=/cams"), "{cookie}");
    let document = world.get("/cams/api/openapi.json").await.json();
    assert_eq!(document["servers"], json!([{ "url": "/cams" }]));
    assert_eq!(World::new().await.get("/api/openapi.json").await.json()["servers"], json!(null));
}

#[actix_web::test]
async fn the_page_knows_what_its_addresses_are_relative_to() {
    if skips_without_page() {
        return;
    }
    let (root, below) = (World::new().await, below("/cams").await);
    let base = |reply: &Reply| {
        text(reply).split("<base href=\"").nth(1).and_then(|rest| rest.split('"').next().map(str::to_owned))
    };
    for (uri, wanted) in [("/", None), ("/nope", Some("./")), ("/nope/a", Some("../")), ("/a/b/c", Some("../../"))] {
        assert_eq!(base(&root.get(uri).await).as_deref(), wanted, "{uri}");
    }
    for uri in ["/cams/", "/", "/cams/nope/a", "/cams/index.html"] {
        assert_eq!(base(&below.get(uri).await).as_deref(), Some("/cams/"), "{uri}");
    }
}

#[actix_web::test]
async fn caches_keep_no_states() {
    let data = World::new().await.get("/api/v1/streams").await;
    assert_eq!((data.header("cache-control"), data.header("etag")), ("no-store", ""));
}

#[actix_web::test]
async fn caches_keep_what_never_changes_and_ask_about_the_page() {
    if skips_without_page() {
        return;
    }
    let world = World::new().await;
    let gzip = [("accept-encoding", "gzip")];
    let page = world.ask(Method::GET, "/", &gzip, None).await;
    assert_eq!((page.header("cache-control"), page.header("content-encoding")), ("no-cache", "gzip"));
    assert!(page.header("vary").to_lowercase().contains("accept-encoding"), "{}", page.header("vary"));
    let etag = page.header("etag").to_owned();
    let again = world.ask(Method::GET, "/", &[("if-none-match", &etag)], None).await;
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, etag.as_str()));
    let other = below("/cams").await.ask(Method::GET, "/", &[("if-none-match", &etag)], None).await;
    assert_eq!(other.status, 200, "another base is another page");

    let html = text(&world.get("/").await);
    let script = html.split("src=\"./").nth(1).and_then(|rest| rest.split('"').next()).expect("a script");
    let script = world.ask(Method::GET, &format!("/{script}"), &gzip, None).await;
    assert_eq!((script.status, script.header("content-encoding")), (200, "gzip"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
}

#[actix_web::test]
async fn nothing_inline_may_run_and_https_stays_https() {
    let world = World::new().await;
    let plain = world.get("/").await;
    let policy = plain.header("content-security-policy");
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(plain.header("strict-transport-security"), "");
    for uri in ["/", "/api/v1/streams", "/api/v1/none"] {
        let over = world.ask(Method::GET, uri, &[("x-forwarded-proto", "https")], None).await;
        assert!(over.header("strict-transport-security").starts_with("max-age="), "{uri}");
    }
}

#[actix_web::test]
async fn the_page_has_nothing_inline() {
    if skips_without_page() {
        return;
    }
    let html = text(&World::new().await.get("/").await);
    let scripts = html.matches("<script").count();
    assert!(scripts > 0 && html.matches("<script type=\"module\" crossorigin src=").count() == scripts, "{html}");
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onload="), "{html}");
}
