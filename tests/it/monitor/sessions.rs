//! Who publishes and who reads, by path; an operator ends a session.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use crate::support::media::{Publisher, server};
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

const ROUTE: &str = "/api/v1/streams/site%2Fcam-1/sessions";

#[tokio::test]
async fn sessions_are_listed_by_their_path_and_an_operator_ends_one() {
    let media = server(&Options::default()).await;
    let variable = |name: &str, value: &str| (format!("STREAMWARDEN_{name}"), value.to_owned());
    let environment = vec![variable("ROLES", "monitor"), variable("MONITOR__LABELS", "127.0.0.0/8=this machine")];
    let program = Program::start(&Config { environment, ..Config::on(&media) }).await;
    let _publisher = Publisher::to(&media.rtsp_url(), "site/cam-1");
    let _neighbour = Publisher::to(&media.rtsp_url(), "neighbour");
    program.live("site/cam-1").await;
    program.live("neighbour").await;
    let publisher = async || {
        let found = program.api.items(ROUTE).await;
        found.into_iter().find(|one| one["state"] == "publish" && one["bytesReceived"].as_u64().is_some_and(|n| n > 0))
    };
    let one = eventually("a publisher", &publisher).await;
    let told = (&one["protocol"], &one["label"], &one["canBeKicked"], &one["packetsRetransmitted"]);
    assert_eq!(told, (&json!("rtsp"), &json!("this machine"), &json!(true), &Value::Null));
    assert!(one["address"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")), "{one}");
    assert!(one["packetsLost"].is_u64() && one["since"].is_string(), "{one}");
    let answer = program.api.get(ROUTE).await;
    assert_eq!((&answer["server"], &answer["fault"]), (&json!("main"), &Value::Null));
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(1), "its own only: {answer}");
    // No server of ours has a certificate.
    assert!(answer["notKnown"].as_array().is_some_and(|all| all.contains(&json!("rtsps"))), "{answer}");

    let kick = async |id: &str| program.api.send(Method::POST, &format!("{ROUTE}/{id}/kick"), Vec::new()).await.0;
    assert_eq!(kick("0e929439-d8c2-4a91-a0aa-5d1caa2bf101").await, StatusCode::NOT_FOUND);
    let id = one["id"].as_str().expect("an id").to_owned();
    assert_eq!(kick(&id).await, StatusCode::NO_CONTENT);
    eventually("it has gone", || async {
        let left = program.api.items("/api/v1/streams").await;
        let of = left.into_iter().find(|stream| stream["name"] == "site/cam-1");
        of.is_none_or(|stream| stream["state"] == "offline").then_some(())
    })
    .await;
    eventually("it is not listed", || async {
        let left = program.api.text(ROUTE).await.map(|(_, text)| text).unwrap_or_default();
        (!left.contains(&id)).then_some(())
    })
    .await;
    assert_eq!(program.live("neighbour").await["state"], "live", "nobody else was ended");
    let audit = program.api.items("/api/v1/audit").await;
    let (before, target) = (&audit[0]["before"], audit[0]["target"].as_str().unwrap_or_default());
    assert!(before["protocol"] == "rtsp" && target.contains("site/cam-1"), "{}", audit[0]);
    program.stop().await;
    media.stop().await;
}
