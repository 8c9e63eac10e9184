//! The whole program with a Redis: what a browser sees comes through it, and goes on without it.

use streamwarden::demo::media_server::Options;

use crate::support::media::{self, Publisher};
use crate::support::program::{Config, Program};
use crate::support::redis::RedisServer;
use crate::support::wait::eventually;

#[tokio::test]
async fn the_program_writes_what_it_sees_and_goes_on_while_redis_is_away() {
    let mut server = RedisServer::start();
    let media = media::server(&Options::default()).await;
    let _publisher = Publisher::to(&media.rtsp_url(), "cam");
    let more = format!("[live]\nredis_url = \"{}\"\n", server.url());
    let program = Program::start(&Config { more, ..Config::on(&media) }).await;
    program.live("cam").await;
    let redis = || async {
        program.api.get("/api/v1/status").await["services"].as_array()?.iter().find(|s| s["name"] == "redis").cloned()
    };
    let is = |ok: bool| move || async move { redis().await.filter(|service| service["ok"] == ok) };
    let list = || async {
        let text: Option<String> = server.ask("GET mediamtx:streams:latest");
        text.filter(|text| text.contains("\"name\":\"cam\"") && text.contains("\"state\":\"live\""))
    };
    eventually("the list in Redis", list).await;
    eventually("redis ok", is(true)).await;
    let entries: u64 = server.ask("XLEN mediamtx:history:cam");
    assert!(entries > 0);

    server.stop();
    let down = eventually("redis down", is(false)).await;
    assert!(down["detail"].as_str().expect("a sentence").contains(&server.url()), "{down}");
    let (status, _) = program.api.text("/ready").await.expect("an answer");
    assert_eq!(status, 200, "it does its work without");
    let incident = || async {
        let all = program.api.items("/api/v1/incidents").await;
        all.into_iter().find(|incident| incident["subject"]["name"] == "redis")
    };
    let raised = eventually("an incident", incident).await;
    assert_eq!((&raised["kind"], raised["closedAt"].is_null()), (&serde_json::json!("serviceDown"), true));
    let bytes = |stream: &serde_json::Value| stream["bytesReceived"].as_u64().unwrap_or(0);
    let before = bytes(&program.live("cam").await);
    let moved = || async {
        program.api.stream("cam").await.filter(|stream| stream["state"] == "live" && bytes(stream) > before)
    };
    eventually("the stream goes on", moved).await;

    server.run();
    eventually("redis back", is(true)).await;
    let list = || async {
        let text: Option<String> = server.ask("GET mediamtx:streams:latest");
        text.filter(|text| text.contains("\"name\":\"cam\""))
    };
    eventually("the list in an empty Redis", list).await;
    eventually("the incident closed", || async { incident().await.filter(|incident| !incident["closedAt"].is_null()) })
        .await;
    program.stop().await;
    media.stop().await;
}
