//! Vimeo: what is found, what is asked for no more often than needed, and what each refusal means.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use streamwarden::adapters::platforms::{Platform, TokenFacts, open};
use streamwarden::config::settings::PlatformSettings;
use streamwarden::demo::media_server::Options;
use streamwarden::domain::platform::{EventPhase, IngestPhase, PlatformFaultKind};

use crate::support::media;
use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::vimeo::{TOKEN, VimeoStandIn, account, session};
use crate::support::wait::eventually;

fn platform(url: &str, token: &str, events: &[&str]) -> Box<dyn Platform> {
    let settings = PlatformSettings {
        name: "vimeo".to_owned(),
        kind: "vimeo".to_owned(),
        url: url.parse().expect("an address"),
        token: SecretString::from(token.to_owned()),
        events: events.iter().map(|id| (*id).to_owned()).collect(),
        interval: Duration::from_secs(60),
    };
    open(&settings).expect("a client")
}

#[tokio::test]
async fn events_are_found_and_asked_for_no_more_often_than_needed() {
    let standin = VimeoStandIn::start(account()).await;
    let mut vimeo = platform(&standin.url(), TOKEN, &[]);
    let token = vimeo.identify().await.expect("an answer");
    assert_eq!(token, TokenFacts { account: Some("Studio".to_owned()), missing: Vec::new() });
    standin.asked();
    let report = vimeo.look().await.expect("an answer");
    let [sunday, monday] = report.events.as_slice() else { panic!("what is over is left out: {report:?}") };
    assert_eq!((sunday.title.as_str(), sunday.phase, sunday.viewers), ("Sunday", EventPhase::Live, Some(42)));
    let ingest = sunday.ingest.as_ref().expect("a session");
    assert_eq!((ingest.phase, ingest.width), (IngestPhase::Streaming, Some(1920)));
    assert_eq!((monday.phase, monday.viewers), (EventPhase::Planned, None));
    assert!(!format!("{report:?}").contains("canary"));
    let all = ["/me/live_events", "/videos/21/sessions/status", "/videos/21", "/videos/22/sessions/status"];
    assert_eq!(standin.asked(), all);

    // The account gives no viewers: they are not asked for again.
    standin.change(|account| _ = account.answers.remove("/videos/21"));
    assert_eq!(vimeo.look().await.expect("an answer").events[0].viewers, None);
    standin.asked();
    vimeo.look().await.expect("an answer");
    assert!(!standin.asked().contains(&"/videos/21".to_owned()));

    // The video of an event that waits for its next one has ended: it is not asked for again.
    standin.change(|account| _ = account.answers.insert("/videos/22/sessions/status", session("5", Some("ended"))));
    vimeo.look().await.expect("an answer");
    standin.asked();
    vimeo.look().await.expect("an answer");
    assert_eq!(standin.asked(), ["/me/live_events", "/videos/21/sessions/status"]);

    // Only what is named; one that is not there holds up no other.
    let mut named = platform(&standin.url(), TOKEN, &["99", "11"]);
    let report = named.look().await.expect("an answer");
    let faults: Vec<_> = report.events.iter().map(|event| event.fault.as_ref().map(|fault| fault.kind)).collect();
    assert_eq!(faults, [Some(PlatformFaultKind::NotFound), None]);
}

#[tokio::test]
async fn each_refusal_says_what_it_means() {
    let standin = VimeoStandIn::start(account()).await;
    let wrong = platform(&standin.url(), "wrong", &[]).look().await.expect_err("a refusal");
    assert_eq!(wrong.kind, PlatformFaultKind::Unauthorized);
    let mut vimeo = platform(&standin.url(), TOKEN, &[]);
    let error = |code: i64| json!({ "error": TOKEN, "error_code": code });
    for (status, body, kind, words) in [
        (403, error(5000), PlatformFaultKind::NotEntitled, "not entitled"),
        (429, error(9000), PlatformFaultKind::RateLimited, "no more requests"),
        (500, json!("<html>"), PlatformFaultKind::Failed, "500"),
        (302, json!(""), PlatformFaultKind::NotPlatform, "leads elsewhere"),
        (200, json!("<html>"), PlatformFaultKind::NotPlatform, "else than JSON"),
        (200, json!({ "hello": 1 }), PlatformFaultKind::NotPlatform, "not the interface"),
        (200, Value::from("x".repeat(3 << 20)), PlatformFaultKind::NotPlatform, "far more"),
    ] {
        standin.change(|account| account.refuses = Some((status, body)));
        let fault = vimeo.look().await.expect_err("a refusal");
        assert_eq!(fault.kind, kind, "{status}: {fault}");
        assert!(fault.message.contains(words) && !fault.message.contains("canary"), "{fault}");
    }
    // Limits, in both forms.
    for reset in [
        (chrono::Utc::now() + chrono::TimeDelta::seconds(50)).to_rfc3339(),
        (chrono::Utc::now().timestamp() + 50).to_string(),
    ] {
        let headers = vec![
            ("x-ratelimit-limit", "100".to_owned()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", reset),
        ];
        standin.change(|account| (account.refuses, account.headers) = (None, headers.clone()));
        let limit = vimeo.look().await.expect("an answer").limit.expect("a limit");
        let rest = limit.rest(1, chrono::Utc::now()).as_secs();
        assert!((40..=50).contains(&rest), "{limit:?}");
        standin.change(|account| account.refuses = Some((429, json!({}))));
        let until = vimeo.look().await.expect_err("a refusal").until.expect("a time");
        assert!((30..=51).contains(&(until - chrono::Utc::now()).num_seconds()), "{until}");
    }
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let silent = platform(&nobody, TOKEN, &[]).look().await.expect_err("nobody listens");
    assert_eq!(silent.kind, PlatformFaultKind::Unreachable);
}

#[tokio::test]
async fn events_are_shown_and_a_token_that_is_refused_is_told() {
    let media = media::server(&Options::default()).await;
    let (good, expired) = (VimeoStandIn::start(account()).await, VimeoStandIn::start(account()).await);
    let more = format!(
        "[[health.platforms]]\nname = \"good\"\ntoken = \"{TOKEN}\"\nurl = \"{}\"\n\
         [[health.platforms]]\nname = \"expired\"\ntoken = \"canary-expired\"\nurl = \"{}\"\n",
        good.url(),
        expired.url()
    );
    let program = Program::start(&Config { more: more.clone(), ..Config::on(&media) }).await;
    let in_state = async |name: &str, state: &str| {
        let found = || async { program.api.named("/api/v1/platforms", name).await.filter(|one| one["state"] == state) };
        eventually(&format!("{name} is {state}"), found).await
    };
    let well = in_state("good", "well").await;
    assert_eq!((&well["events"][0]["title"], &well["events"][0]["viewers"]), (&json!("Sunday"), &json!(42)), "{well}");
    let refused = in_state("expired", "refused").await;
    assert_eq!(refused["fault"]["kind"], "unauthorized", "{refused}");
    let told = || async { program.api.items("/api/v1/incidents?kind=platformDown&open=true").await.into_iter().next() };
    let told = eventually("an incident of the token", told).await;
    assert_eq!((&told["subject"]["type"], &told["subject"]["name"]), (&json!("platform"), &json!("expired")), "{told}");
    let metrics = program.api.text("/metrics").await.expect("an answer").1;
    for sample in [
        "streamwarden_platform_up{platform=\"good\"} 1",
        "streamwarden_platform_up{platform=\"expired\"} 0",
        "streamwarden_platform_event_viewers{platform=\"good\",event=\"11\"} 42",
        "streamwarden_platform_event_without_stream{platform=\"good\",event=\"11\"} 0",
    ] {
        assert!(metrics.contains(&format!("{sample}\n")), "{sample}: {metrics}");
    }
    let settings = program.api.get("/api/v1/settings").await.to_string();
    let all = program.api.get("/api/v1/platforms").await.to_string()
        + &metrics
        + &settings
        + &program.log()
        + &told.to_string();
    assert!(!all.contains("canary"), "{all}");
    program.stop().await;
    media.stop().await;

    // `check` tries the token, and says which scopes it lacks.
    good.change(|account| _ = account.answers.insert("/oauth/verify", json!({ "scope": "public" })));
    let room = Room::new();
    room.write("etc/streamwarden.toml", &more);
    let ended = tokio::task::spawn_blocking(move || room.run(&["check", "--json"], &[])).await.expect("its end");
    assert!(!ended.out.contains("canary") && !ended.err.contains("canary"), "{} {}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    for (what, part) in [("platform good", "lacks the scope private, stats"), ("platform expired", "401")] {
        let is_it = |one: &&Value| one["what"] == what && one["verdict"] == "fault";
        let finding = findings.iter().find(is_it).unwrap_or_else(|| panic!("{what}: {report}"));
        assert!(finding["found"].as_str().is_some_and(|found| found.contains(part)), "{finding}");
    }
}
