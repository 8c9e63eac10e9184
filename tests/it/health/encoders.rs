//! Encoders by both protocols: what they say, orders, restarts, and what only looks like one.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use streamwarden::adapters::webpresenter::{EncoderAddress, ProtocolChoice, WebPresenter};
use streamwarden::demo::media_server::Options;
use streamwarden::domain::encoder::{EncoderClaim, EncoderFaultKind, EncoderOrder, EncoderProtocol};

use super::network::certificate;
use crate::support::encrypted::encrypted;
use crate::support::media;
use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;
use crate::support::web_presenter::{Manner, WebPresenterStandIn};

const HERE: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];

/// A device at these ports.
fn device(rest_port: u16, text_port: u16) -> WebPresenter {
    let (host, protocol) = ("127.0.0.1".to_owned(), ProtocolChoice::Automatic);
    WebPresenter::new(EncoderAddress { host, rest_port, text_port, protocol, tls: None })
}

#[tokio::test]
async fn either_protocol_is_found_and_what_only_looks_like_an_encoder_is_named() {
    let (rest, text, closed) = (WebPresenterStandIn::rest().await, WebPresenterStandIn::text().await, free_port());
    for (manner, of_rest, of_text) in [
        (Manner::Page, EncoderFaultKind::NotEncoder, EncoderFaultKind::NotEncoder),
        (Manner::Half, EncoderFaultKind::Cut, EncoderFaultKind::Cut),
        (Manner::Endless, EncoderFaultKind::TooLong, EncoderFaultKind::TooLong),
        (Manner::Restarting, EncoderFaultKind::Failed, EncoderFaultKind::Cut),
    ] {
        for standin in [&rest, &text] {
            standin.change(|device| device.manner = manner);
        }
        let fault = device(rest.port(), closed).read(&HERE).await.expect_err("a fault");
        assert_eq!(fault.kind, of_rest, "REST, {manner:?}: {fault}");
        let fault = device(closed, text.port()).read(&HERE).await.expect_err("a fault");
        assert_eq!(fault.kind, of_text, "text, {manner:?}: {fault}");
    }
    let nobody = device(closed, closed).read(&HERE).await.expect_err("nobody listens");
    assert_eq!(nobody.kind, EncoderFaultKind::Refused);

    for standin in [&rest, &text] {
        standin.change(|device| device.manner = Manner::Well);
    }
    let (mut by_rest, mut by_text) = (device(rest.port(), closed), device(closed, text.port()));
    let reading = by_rest.read(&HERE).await.expect("an answer");
    assert_eq!((reading.protocol, reading.claim), (EncoderProtocol::Rest, EncoderClaim::Streaming));
    assert_eq!((reading.bits_per_second, reading.cache_percent), (Some(6e6), Some(3.0)));
    assert_eq!(reading.details.model.as_deref(), Some("Streaming Encoder HD"));
    assert_eq!(reading.details.platform.as_deref(), Some("Vimeo"));
    let reading = by_text.read(&HERE).await.expect("an answer");
    assert_eq!((reading.protocol, reading.claim), (EncoderProtocol::Text, EncoderClaim::Idle));
    assert_eq!(reading.details.audio_source.as_deref(), Some("SDI In"));
    by_text.order(&HERE, EncoderOrder::Start, Some(EncoderProtocol::Text)).await.expect("it is taken");
    let reading = by_text.read(&HERE).await.expect("over the connection that is kept");
    assert_eq!(reading.claim, EncoderClaim::Streaming);

    // It restarts with other firmware, and has REST in place of its text protocol; one without anything optional is no failure.
    rest.change(|device| device.manner = Manner::Bare);
    let mut newer = device(rest.port(), text.port());
    let reading = newer.read(&HERE).await.expect("an answer");
    assert_eq!((reading.details.model, reading.details.platform), (None, None), "501 is left out");
    rest.change(|device| device.manner = Manner::Page);
    assert_eq!(newer.read(&HERE).await.map(|reading| reading.protocol), Ok(EncoderProtocol::Text));
    let before = text.device().requests;
    assert_eq!(newer.read(&HERE).await.map(|reading| reading.protocol), Ok(EncoderProtocol::Text));
    assert_eq!(text.device().requests, before + 1, "what it speaks is asked first");
}

async fn encoder(program: &Program, name: &str) -> Value {
    program.api.named("/api/v1/encoders", name).await.unwrap_or_else(|| panic!("{name} is configured"))
}

async fn in_state(program: &Program, name: &str, state: &str) -> Value {
    let reached = || async { Some(encoder(program, name).await).filter(|one| one["state"] == state) };
    eventually(&format!("{name} is {state}"), reached).await
}

async fn incidents(program: &Program, query: &str) -> Vec<Value> {
    program.api.items(&format!("/api/v1/incidents?{query}")).await
}

async fn order(program: &Program, name: &str, order: &str) -> (StatusCode, Value) {
    program.api.send(Method::POST, &format!("/api/v1/encoders/{name}/{order}"), Vec::new()).await
}

#[tokio::test]
async fn encoders_are_watched_ordered_and_told_of() {
    let media = media::server(&Options::default()).await;
    let (rest, text, hanging) =
        (WebPresenterStandIn::rest().await, WebPresenterStandIn::text().await, WebPresenterStandIn::rest().await);
    hanging.change(|device| device.manner = Manner::Hangs);
    let closed = free_port();
    let section = |name: &str, rest: u16, text: u16| {
        format!(
            "[[health.encoders]]\nname = \"{name}\"\nhost = \"127.0.0.1\"\nrest_port = {rest}\ntext_port = {text}\ninterval = \"1s\"\n"
        )
    };
    let more = section("studio", rest.port(), closed)
        + &section("van", closed, text.port())
        + &section("hanging", hanging.port(), closed)
        + "[[health.encoders]]\nname = \"metadata\"\nhost = \"169.254.169.254\"\n";
    // No target of ffprobe among them.
    let program = Program::start(&Config { more, ..Config::on(&media) }).await;

    // One that hangs holds up no other.
    let studio = in_state(&program, "studio", "streaming").await;
    assert_eq!(
        (studio["reading"]["bitsPerSecond"].as_f64(), &studio["reading"]["protocol"]),
        (Some(6e6), &json!("rest"))
    );
    let van = in_state(&program, "van", "idle").await;
    assert_eq!((&van["reading"]["protocol"], &van["reading"]["firmware"]), (&json!("text"), &json!("3.4")));
    assert!(van["reading"]["bitsPerSecond"].is_null(), "it sends nothing: {van}");
    let refused = in_state(&program, "metadata", "silent").await;
    assert_eq!(refused["fault"]["kind"], "noRoute", "{refused}");

    // Orders: taken once, told in the audit log, and no incident.
    assert_eq!(order(&program, "van", "start").await.0, StatusCode::NO_CONTENT);
    in_state(&program, "van", "streaming").await;
    assert_eq!(order(&program, "studio", "stop").await.0, StatusCode::NO_CONTENT);
    in_state(&program, "studio", "idle").await;
    let (status, problem) = order(&program, "studio", "stop").await;
    assert_eq!((status, rest.device().orders), (StatusCode::CONFLICT, vec!["stop"]), "{problem}");
    assert_eq!(order(&program, "nobody", "stop").await.0, StatusCode::NOT_FOUND);
    let audit = program.api.items("/api/v1/audit").await;
    assert_eq!((&audit[0]["target"], audit.len()), (&json!("encoder studio"), 2), "{audit:?}");
    assert!(incidents(&program, "kind=encoderStopped").await.is_empty());

    // It restarts with other firmware.
    text.change(|device| (device.manner, device.firmware) = (Manner::Restarting, "3.5"));
    in_state(&program, "van", "silent").await;
    let down = || async {
        incidents(&program, "kind=encoderDown&open=true").await.into_iter().find(|one| one["subject"]["name"] == "van")
    };
    let told = eventually("an incident of van", down).await;
    assert_eq!(told["subject"]["type"], "encoder", "{told}");
    text.change(|device| device.manner = Manner::Well);
    in_state(&program, "van", "streaming").await;
    let over = || async { down().await.is_none().then_some(()) };
    eventually("its end", over).await;
    let changed = || async { incidents(&program, "kind=encoderChanged").await.into_iter().next() };
    let changed = eventually("what has changed", changed).await;
    assert!(changed["cause"].as_str().is_some_and(|cause| cause.contains("firmware 3.4 is 3.5 now")), "{changed}");

    // Ended at the device.
    text.change(|device| device.status = "Idle");
    let ended = || async { incidents(&program, "kind=encoderStopped").await.into_iter().next() };
    eventually("its end without an order", ended).await;

    let hangs = in_state(&program, "hanging", "silent").await;
    assert_eq!(hangs["fault"]["kind"], "timedOut", "{hangs}");
    let metrics = program.api.text("/metrics").await.expect("an answer").1;
    for sample in [
        "streamwarden_encoder_up{encoder=\"van\"} 1",
        "streamwarden_encoder_up{encoder=\"hanging\"} 0",
        "streamwarden_encoder_streaming{encoder=\"studio\"} 0",
        "streamwarden_encoder_state{encoder=\"studio\",state=\"idle\"} 1",
        "streamwarden_encoder_cache_used_ratio{encoder=\"van\"} 0.03",
    ] {
        assert!(metrics.contains(&format!("{sample}\n")), "{sample}: {metrics}");
    }
    assert!(!metrics.contains("encoder_streaming{encoder=\"hanging\"}"), "it is not known");

    // Stream keys are nowhere.
    let all = program.api.get("/api/v1/encoders").await.to_string() + &metrics + &program.log();
    let all = all + &json!(incidents(&program, "").await).to_string();
    assert!(!all.contains("canary"), "{all}");
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn an_encoder_that_tells_its_changes_is_asked_at_once_and_one_over_https_by_its_certificate() {
    let media = media::server(&Options::default()).await;
    let (telling, rest, closed) =
        (WebPresenterStandIn::telling().await, WebPresenterStandIn::rest().await, free_port());
    let room = Room::new();
    certificate(&room, 30);
    let folder = room.path().to_owned();
    let behind = url::Url::parse(&format!("http://127.0.0.1:{}", rest.port())).expect("a URL");
    let (secure, _serves) = encrypted(&folder, &behind).await;
    let section = |name: &str, rest: u16, lines: &str| {
        format!(
            "[[health.encoders]]\nname = \"{name}\"\nhost = \"127.0.0.1\"\nprotocol = \"rest\"\nrest_port = {rest}\ntext_port = {closed}\n{lines}\n"
        )
    };
    let secure_port = secure.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let trusted = format!("tls = true\ninterval = \"1s\"\nca_file = {:?}", folder.join("server.crt"));
    let more = section("telling", telling.port(), "interval = \"1h\"")
        + &section("secure", secure_port, &trusted)
        + &section("doubtful", secure_port, "tls = true\ninterval = \"1s\"");
    let program = Program::start_in(room, &Config { more, ..Config::on(&media) }).await;

    // It is asked once in an hour, and tells what has changed by itself.
    in_state(&program, "telling", "idle").await;
    telling.change(|device| (device.status, device.began) = ("Streaming", std::time::Instant::now()));
    let begun =
        || async { Some(encoder(&program, "telling").await).filter(|one| one["reading"]["claim"] == "streaming") };
    eventually("it has told that it streams", begun).await;
    telling.change(|device| device.status = "Idle");
    in_state(&program, "telling", "idle").await;
    assert!(telling.device().requests < 60, "its bit rate alone is no change: {}", telling.device().requests);

    let studio = in_state(&program, "secure", "streaming").await;
    assert_eq!(studio["reading"]["model"], "Streaming Encoder HD", "{studio}");
    let doubtful = in_state(&program, "doubtful", "silent").await;
    assert_eq!(doubtful["fault"]["kind"], "tls", "{doubtful}");
    assert!(doubtful["fault"]["message"].as_str().is_some_and(|words| words.contains("ca_file")), "{doubtful}");
    program.stop().await;
    media.stop().await;
}
