//! Two cameras die at once and come back: the shipped rules and routes of Prometheus and Alertmanager tell it by mail and webhook, once
//! for both, and tell their return.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use super::{dashboards, exposed};
use crate::support::api::Api;
use crate::support::camera::{Behaviour, Camera};
use crate::support::encrypted::{self, encrypted};
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::prometheus::{Alertmanager, Prometheus};
use crate::support::room::Room;
use crate::support::smtp_inbox::{Mail, SmtpInbox};
use crate::support::vimeo::{TOKEN, VimeoStandIn, account};
use crate::support::wait::eventually;
use crate::support::web_presenter::WebPresenterStandIn;
use crate::support::webhooks::Webhooks;

const NAMES: [&str; 2] = ["gate", "yard"];

/// A program that asks for a login, and the token of Prometheus.
async fn started(room: Room, config: &Config) -> (Program, String) {
    room.write("streamwarden.toml", &config.toml("data"));
    let token = |name: &str, role: &str| {
        let line = ["token", "add", name, "--role", role, "--json", "--config", "streamwarden.toml"];
        let made = room.run(&line, &[]);
        assert_eq!(made.code, Some(0), "{}", made.err);
        let made: Value = serde_json::from_str(&made.out).expect("JSON");
        made["token"].as_str().expect("a token").to_owned()
    };
    let (ours, prometheus) = (token("test", "operator"), token("prometheus", "viewer"));
    let mut program = Program::start_in(room, config).await;
    program.api = Api::with_token(&program.api.url(""), &ours);
    (program, prometheus)
}

/// An endpoint with a certificate, an encoder and a platform: what the dashboards show of them is looked at in the end.
fn beside(secure: &str, fingerprint: &str, encoder: &WebPresenterStandIn, vimeo: &VimeoStandIn) -> String {
    format!(
        "[[health.endpoints]]\nname = \"api\"\nurl = \"https://{secure}/v3/paths/list\"\ninterval = \"1s\"\n\
         fingerprint = \"{fingerprint}\"\n\
         [[health.encoders]]\nname = \"studio\"\nhost = \"127.0.0.1\"\nprotocol = \"rest\"\nrest_port = {}\n\
         [[health.platforms]]\nname = \"vimeo\"\ntoken = \"{TOKEN}\"\nurl = \"{}\"\n",
        encoder.port(),
        vimeo.url(),
    )
}

/// What a platform says of its limit.
fn limit() -> Vec<(&'static str, String)> {
    let reset = (Utc::now() + TimeDelta::minutes(1)).to_rfc3339();
    vec![
        ("x-ratelimit-limit", "500".to_owned()),
        ("x-ratelimit-remaining", "499".to_owned()),
        ("x-ratelimit-reset", reset),
    ]
}

async fn send(program: &Program, route: &str, body: &Value) {
    let (status, answer) = program.api.send(Method::POST, route, body.to_string().into_bytes()).await;
    assert!(status.is_success(), "{route}: {status} {answer}");
}

/// Whether something of each camera should have been recorded by now.
async fn judged(program: &Program) -> Option<()> {
    let at = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let now = Utc::now();
    let route = format!("/api/v1/completeness?from={}&to={}", at(now - TimeDelta::hours(1)), at(now));
    let streams = program.api.items(&route).await;
    let expected = streams.iter().filter(|stream| stream["expectedMs"].as_u64().is_some_and(|ms| ms > 0));
    (expected.count() == NAMES.len()).then_some(())
}

/// Whether this expression has samples by now.
async fn holds(prometheus: &Prometheus, expression: &str) {
    eventually(expression, || async {
        let found = prometheus.query(expression).await.unwrap_or_else(|why| panic!("{expression}: {why}"));
        (!found.is_empty()).then_some(())
    })
    .await;
}

/// Subjects of the mails about this alert to this address, in order.
fn subjects(mails: &[Mail], to: &str, alert: &str) -> Vec<String> {
    let of = mails.iter().filter(|mail| mail.to == [to]).filter_map(|mail| mail.header("subject"));
    of.filter(|subject| subject.contains(alert))
        .map(|subject| subject.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}

/// States of the calls about this alert, in order.
fn states(posts: &[Value], alert: &str) -> Vec<String> {
    let of = posts.iter().filter(|post| post["groupLabels"]["alertname"] == alert);
    of.map(|post| post["status"].as_str().unwrap_or_default().to_owned()).collect()
}

#[actix_web::test]
async fn cameras_that_die_are_told_once_by_mail_and_webhook_and_so_is_their_return() {
    let media = server(&Options::default()).await;
    let cameras = NAMES.map(|_| Camera::start(Behaviour::default()));
    let (room, encoder, vimeo) = (Room::new(), WebPresenterStandIn::rest().await, VimeoStandIn::start(account()).await);
    encrypted::certificate(room.path());
    let (secure, _serves) = encrypted(room.path(), &media.api_url()).await;
    vimeo.change(|account| account.headers = limit());
    let more = beside(&secure, &encrypted::fingerprint(room.path()), &encoder, &vimeo);
    let (program, token) = started(room, &Config { more, ..Config::on(&media) }).await;
    for (name, camera) in NAMES.iter().zip(&cameras) {
        send(&program, "/api/v1/cameras", &json!({ "name": name, "url": camera.url() })).await;
    }
    // Completeness is judged at the first scrape, and then for minutes not again.
    eventually("both are judged", || judged(&program)).await;
    let (inbox, webhooks) = (SmtpInbox::start().await, Webhooks::start(200).await);
    let alertmanager = Alertmanager::start(&inbox, &webhooks).await;
    let impatient = ["StreamwardenCamerasDown", "StreamwardenStreamSilent"];
    let prometheus = Prometheus::start(program.address(), &token, &alertmanager.address(), &impatient).await;
    for name in NAMES {
        program.live(name).await;
    }
    holds(&prometheus, "streamwarden:cameras_down == 0").await;
    holds(&prometheus, "count(streamwarden:stream_bitrate_bytes_per_second > 0) == 2").await;

    for camera in &cameras {
        camera.change(|now| now.refuses = Some(("DESCRIBE", "503 Service Unavailable")));
    }
    cameras.iter().for_each(Camera::cut);
    let (down, silent) = ("StreamwardenCamerasDown", "StreamwardenStreamSilent");
    eventually("a call", || async { states(&webhooks.at("/alerts"), down).first().cloned() }).await;
    eventually("a mail to those on call", || async { subjects(&inbox.mails(), "on-call@example.org", down).pop() })
        .await;
    eventually("a mail to the team", || async { subjects(&inbox.mails(), "video@example.org", silent).pop() }).await;

    for camera in &cameras {
        camera.change(|now| now.refuses = None);
    }
    for camera in program.api.items("/api/v1/cameras").await {
        send(&program, &format!("/api/v1/cameras/{}/restart", camera["id"]), &json!({})).await;
    }
    let is_resolved = |last: Option<&String>| last.is_some_and(|last| last.starts_with("[RESOLVED]")).then_some(());
    for (to, alert) in [("on-call@example.org", down), ("video@example.org", silent)] {
        eventually(alert, || async { is_resolved(subjects(&inbox.mails(), to, alert).last()) }).await;
    }
    eventually("a call that it is over", || async { states(&webhooks.at("/alerts"), down).get(1).cloned() }).await;

    let (mails, calls) = (inbox.mails(), webhooks.at("/alerts"));
    assert_eq!(states(&calls, down), ["firing", "resolved"], "{calls:#?}");
    assert_eq!(subjects(&mails, "on-call@example.org", down), ["[FIRING:1]", "[RESOLVED]"]);
    // Both streams in one mail; they come back one after the other.
    let told = subjects(&mails, "video@example.org", silent);
    assert_eq!(told.iter().filter(|subject| *subject == "[FIRING:2]").count(), 1, "{told:?}");
    assert_eq!(told.first().map(String::as_str), Some("[FIRING:2]"), "{told:?}");
    let mail = mails.iter().find(|mail| mail.to == ["video@example.org"]).expect("a mail");
    for name in NAMES {
        let sentence = format!("The stream {name} on main");
        assert!(mail.readable().contains(&sentence), "{}", mail.readable());
    }
    assert!(mails.iter().all(|mail| mail.tls && mail.login.as_deref() == Some("streamwarden@example.org:mail-secret")));
    assert_eq!(webhooks.at("/slack").len(), 2, "as often as the other call");
    eventually("the dead man's switch", || async { webhooks.at("/alive").pop() }).await;
    exposed::are_what_they_should_be(&program).await;
    dashboards::every_query_has_data(&prometheus).await;
    drop((prometheus, alertmanager));
    program.stop().await;
    media.stop().await;
}
