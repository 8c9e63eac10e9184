//! The `/v3` API: forms, errors, login, restart.

use std::time::Duration;

use serde_json::{Value, json};
use streamwarden::demo::demo_server::{AnyServer, MediaServerChoice};
use streamwarden::demo::media_server::{ApiFault, Credentials, MediaServer, Options};

use super::client::Client;
use super::ffmpeg::Ffmpeg;
use super::harness::Harness;
use crate::support::rights::skip_real_server;
use crate::support::wait::TIMEOUT;

const JSON: &str = "application/json";

#[tokio::test]
async fn empty_lists_and_errors_have_mediamtx_forms() {
    let harness = Harness::start().await;
    let empty = json!({"itemCount": 0, "pageCount": 0, "items": []});
    for route in ["paths", "rtspconns", "rtspsessions", "srtconns"] {
        let (status, kind, body) = harness.get(&format!("/v3/{route}/list")).await;
        assert!(status == 200 && kind.starts_with(JSON), "{route}: {status} {kind}");
        assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), empty, "{route}");
    }
    let (status, _, body) = harness.get("/v3/info").await;
    let info: Value = serde_json::from_str(&body).expect("JSON");
    assert!(status == 200 && info["version"].is_string() && info["started"].is_string(), "{body}");
    for (route, status, error) in [
        ("/v3/paths/get/nope", 404, "path not found"),
        ("/v3/paths/get/", 400, "invalid name"),
        ("/v3/paths/list?itemsPerPage=0", 400, "invalid items per page"),
        ("/v3/paths/list?page=abc", 400, "strconv.ParseUint: parsing \"abc\": invalid syntax"),
        (
            "/v3/paths/list?itemsPerPage=2147483648",
            400,
            "strconv.ParseUint: parsing \"2147483648\": value out of range",
        ),
    ] {
        let (given, kind, body) = harness.get(route).await;
        assert!(given == status && kind.starts_with(JSON), "{route}: {given} {kind}");
        assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), json!({"status": "error", "error": error}));
    }
    for route in ["/", "/v3/nope", "/v3/rtmpconns/list", "/v2/paths/list"] {
        let (status, kind, body) = harness.get(route).await;
        assert_eq!((status, body.as_str()), (404, "404 page not found"), "{route}");
        assert!(kind.starts_with("text/plain"), "{route}: {kind}");
    }
}

#[tokio::test]
async fn paths_are_ordered_and_paged() {
    let harness = Harness::start().await;
    let mut publishers = Vec::new();
    for name in ["c", "a/2", "b", "a/1"] {
        let mut publisher = Client::connect(&harness).await;
        publisher.publish(name).await;
        publishers.push(publisher);
    }
    let page = |route: &'static str| {
        let harness = &harness;
        async move {
            let list: Value = serde_json::from_str(&harness.get(route).await.2).expect("JSON");
            let items = list["items"].as_array().expect("items");
            let names = items.iter().map(|path| path["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>();
            (list["itemCount"].as_u64(), list["pageCount"].as_u64(), names.join(" "))
        }
    };
    assert_eq!(page("/v3/paths/list").await, (Some(4), Some(1), "a/1 a/2 b c".to_owned()));
    assert_eq!(page("/v3/paths/list?itemsPerPage=3").await, (Some(4), Some(2), "a/1 a/2 b".to_owned()));
    assert_eq!(page("/v3/paths/list?itemsPerPage=3&page=1").await, (Some(4), Some(2), "c".to_owned()));
    assert_eq!(page("/v3/paths/list?itemsPerPage=3&page=9").await, (Some(4), Some(2), String::new()));
    let (status, _, one) = harness.get("/v3/paths/get/a/2").await;
    assert!(status == 200 && one.contains(r#""name":"a/2""#), "{one}");
    drop(publishers);
    harness.path_gone("c").await;
}

#[tokio::test]
async fn objects_have_exactly_the_fields_of_mediamtx() {
    let harness = Harness::start().await;
    let _publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
    let mut reader = Client::connect(&harness).await;
    reader.play("cam").await;
    let path = harness.path_where("cam", |path| path["readers"] != json!([])).await;
    let fields = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let recorded = |answer: &str, item: usize| {
        let list: Value = serde_json::from_str(answer).expect("JSON");
        fields(&list["items"][item])
    };
    // The second path of that answer is a live one of an RTSP publisher.
    assert_eq!(fields(&path), recorded(include_str!("../../fixtures/mediamtx-1.20.1/paths_list.json"), 1));
    assert_eq!(fields(&path["readers"][0]), ["id", "type"]);
    let connection = &harness.list("/v3/rtspconns/list").await[0];
    assert_eq!(fields(connection), recorded(include_str!("../../fixtures/mediamtx-1.20.1/rtspconns_list.json"), 0));
    let session = &harness.list("/v3/rtspsessions/list").await[1];
    assert_eq!(fields(session), recorded(include_str!("../../fixtures/mediamtx-1.20.1/rtspsessions_list.json"), 0));
    assert_eq!(session["id"], path["readers"][0]["id"]);
    assert_eq!((&session["transport"], &session["profile"]), (&json!("TCP"), &json!("AVP")));
}

#[tokio::test]
async fn the_api_asks_for_its_login() {
    let harness = Harness::with(Options { api: Some(Credentials::new("root", "s3cret")), ..Options::default() }).await;
    let refused = json!({"status": "error", "error": "authentication error"});
    for login in [None, Some(("root", "wrong")), Some(("other", "s3cret"))] {
        for route in ["/v3/paths/list", "/nope"] {
            let (status, _, body) = harness.get_as(route, login).await;
            assert_eq!(status, 401, "{login:?} {route}");
            assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), refused);
        }
    }
    assert_eq!(harness.get_as("/v3/paths/list", Some(("root", "s3cret"))).await.0, 200);
}

#[tokio::test]
async fn a_server_may_be_started_again_on_its_ports() {
    let harness = Harness::start().await;
    let (rtsp_listen, api_listen) = harness.server.addresses();
    let publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
    harness.server.stop().await;
    publisher.end().await;
    let harness = Harness::with(Options { rtsp_listen, api_listen, ..Options::default() }).await;
    assert_eq!(harness.server.addresses(), (rtsp_listen, api_listen));
    assert!(harness.path("cam").await.is_none());
    let _publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let first = MediaServer::start(Options::default()).expect("a server");
    let taken = first.rtsp_address();
    let error = MediaServer::start(Options { rtsp_listen: taken, ..Options::default() }).err().expect("an error");
    assert_eq!(error.field(), Some("rtsp_listen"));
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
    first.stop().await;
    // Stopped means free.
    std::net::TcpListener::bind(taken).expect("the port");
}

#[tokio::test]
async fn the_stand_in_misbehaves_on_demand() {
    let harness = Harness::start().await;
    let AnyServer::StandIn(server) = &harness.server else { return skip_real_server() };
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build().expect("a client");
    let list = || client.get(format!("{}v3/paths/list", server.api_url()));
    let ask = || list().send();
    server.set_api_fault(Some(ApiFault::Slow(Duration::from_secs(5))));
    assert!(list().timeout(Duration::from_millis(300)).send().await.expect_err("late").is_timeout());
    server.set_api_fault(Some(ApiFault::Garbage));
    assert!(ask().await.expect("an answer").json::<Value>().await.is_err());
    server.set_api_fault(Some(ApiFault::Failing));
    assert_eq!(ask().await.expect("an answer").status(), 500);
    server.set_api_fault(Some(ApiFault::Cut));
    let cut = match ask().await {
        Ok(beginning) => beginning.text().await.err(),
        Err(error) => Some(error),
    };
    assert!(cut.is_some_and(|error| !error.is_timeout()), "the answer breaks off");
    server.set_api_fault(None);
    assert_eq!(ask().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_publisher_is_told_as_an_srt_connection_where_that_was_asked_for() {
    let options = Options { srt: vec!["van".to_owned()], ..Options::default() };
    let harness = Harness::of(&MediaServerChoice::StandIn, &options).await;
    let (_van, _cam) = (Ffmpeg::publish(&harness.url("van")), Ffmpeg::publish(&harness.url("cam")));
    harness.path_where("cam", |_| true).await;
    let van = harness.path_where("van", |path| path["bytesReceived"].as_u64() > Some(0)).await;
    let mut reader = Client::connect(&harness).await;
    reader.play("van").await;
    let [connection] = &harness.list("/v3/srtconns/list").await[..] else { panic!("one connection") };
    assert_eq!((&connection["path"], &connection["state"]), (&json!("van"), &json!("publish")));
    assert_eq!(van["source"], json!({"type": "srtConn", "id": connection["id"]}));
    for number in ["msRTT", "mbpsReceiveRate", "mbpsLinkCapacity"] {
        assert!(connection[number].as_f64() > Some(0.0), "{number}: {connection}");
    }
    // Every name is one of MediaMTX.
    let real: Value =
        serde_json::from_str(include_str!("../../fixtures/mediamtx-1.20.1/srtconns_list.json")).expect("JSON");
    for name in connection.as_object().expect("an object").keys() {
        assert!(real["items"][0].get(name).is_some(), "{name}");
    }
    let others = harness.list("/v3/rtspsessions/list").await;
    let mut others: Vec<_> = others.iter().map(|one| (one["path"].as_str(), one["state"].as_str())).collect();
    others.sort_unstable();
    assert_eq!(others, [(Some("cam"), Some("publish")), (Some("van"), Some("read"))], "who reads it reads by RTSP");
    let (status, body) =
        harness.post(&format!("/v3/srtconns/kick/{}", connection["id"].as_str().expect("an id"))).await;
    assert_eq!(status, 200, "{body}");
    harness.path_gone("van").await;
}
