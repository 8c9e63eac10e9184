//! Two processes of a site that both have the role health: one does the work, the other stands by and takes over.

use std::net::TcpListener;

use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use crate::support::media::server;
use crate::support::port::free_port;
use crate::support::postgres::shared;
use crate::support::program::{Config, Program};
use crate::support::redis::RedisServer;
use crate::support::wait::eventually;
use crate::support::web_presenter::WebPresenterStandIn;

/// Incidents of the endpoint, of all nodes, as this one shows them.
async fn incidents(program: &Program) -> Vec<Value> {
    program.api.items("/api/v1/incidents?kind=endpointDown").await
}

/// Whether this process itself has something to say of the endpoint.
async fn tells_of_it(program: &Program) -> bool {
    let (_, metrics) = program.api.text("/metrics").await.expect("an answer");
    metrics.contains("streamwarden_network_success{endpoint=\"uplink\"")
}

#[tokio::test]
async fn one_of_two_does_the_work_of_health_and_the_other_goes_on_with_its_incidents() {
    let (database, redis, media) = (shared(), RedisServer::start(), server(&Options::default()).await);
    let url = database.database().expose_secret().to_owned();
    let (encoder, uplink) = (WebPresenterStandIn::text().await, free_port());
    let more = format!(
        "[[health.endpoints]]\nname = \"uplink\"\nurl = \"tcp://127.0.0.1:{uplink}\"\ndown_after = 2\nup_after = 1\ninterval = \"1s\"\n\
         [[health.encoders]]\nname = \"van\"\nhost = \"127.0.0.1\"\nprotocol = \"text\"\ntext_port = {}\ninterval = \"1s\"\n",
        encoder.port()
    );
    let more = format!("{more}[http.status_page]\nenabled = true\nendpoints = [\"*\"]\n");
    // Nobody's, for days: it ends as one of ours would.
    let _: () = redis.ask("SET mediamtx:streamwarden:worker:health-network strayed PX 864000000");
    let on =
        |node| Config { more: more.clone(), ..Config::on(&media) }.of_site(&redis.url(), &url, node, "health", &[]);
    let mut a = Program::start(&on("a")).await;
    let down = || async { incidents(&a).await.into_iter().find(|one| one["closedAt"].is_null()) };
    let opened = eventually("an incident", down).await;
    let b = Program::start(&on("b")).await;
    for part in ["network", "encoders"] {
        b.log_with(0, &[&format!("health, {part}: the node a does it")]).await;
    }

    // What a has found is told by b too, and counted once; an order given to b is a's, to whom it is no news that the stream begins.
    let found = b.api.items("/api/v1/probes/network").await;
    assert_eq!((&found[0]["endpoint"], &found[0]["state"]), (&json!("uplink"), &json!("down")), "{found:?}");
    assert!(tells_of_it(&a).await && !tells_of_it(&b).await);
    // Viewers are told the same by both.
    for program in [&a, &b] {
        let shown = program.api.get("/api/v1/status-page").await;
        assert_eq!((&shown["state"], &shown["items"][0]["name"]), (&json!("down"), &json!("uplink")), "{shown}");
    }
    let (status, problem) = b.api.send(Method::POST, "/api/v1/encoders/van/start", Vec::new()).await;
    assert_eq!((status, encoder.device().orders), (StatusCode::NO_CONTENT, vec!["start"]), "{problem}");
    let streams = || async { b.api.named("/api/v1/encoders", "van").await.filter(|one| one["state"] == "streaming") };
    eventually("van streams", streams).await;

    // a is gone, and the endpoint answers: b ends the incident that a has opened.
    a.kill().await;
    let _listens = TcpListener::bind(("127.0.0.1", uplink)).expect("the port is free");
    let ended = eventually("its end", || async {
        incidents(&b).await.into_iter().find(|one| one["id"] == opened["id"] && one["closedAt"].is_string())
    });
    ended.await;
    assert!(tells_of_it(&b).await, "it is b's work now");
    assert_eq!(incidents(&b).await.len(), 1, "one trouble is one incident");
    b.stop().await;
    drop(a);
    media.stop().await;
}
