//! Messages that wait: for a receiver that is away, over a kill, each once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::wait::{eventually, stays};
use crate::support::webhooks::Webhooks;

/// A program whose media servers answer nobody: each is an incident.
fn config(sections: &str) -> Config {
    let dead = || format!("127.0.0.1:{}", free_port());
    let (api, rtsp) = (format!("http://{}", dead()), format!("rtsp://{}", dead()));
    let second =
        format!("[[servers]]\nname = \"second\"\napi_url = \"http://{}\"\nrtsp_url = \"rtsp://{}\"\n", dead(), dead());
    Config {
        api_url: api,
        rtsp_url: rtsp,
        server: second,
        segment_duration: "2s",
        stall_timeout: "3s",
        restream: String::new(),
        more: sections.to_owned(),
        environment: vec![("STREAMWARDEN_ROLES".to_owned(), "monitor".to_owned())],
    }
}

fn receiver(name: &str, url: &str) -> String {
    format!(
        "[[notify.receivers]]\nname = \"{name}\"\nkind = \"webhook\"\nurl = \"{url}\"\ngroup_wait = \"1s\"\ngroup_interval = \"0s\"\n"
    )
}

fn of_servers(messages: &[Value]) -> Vec<String> {
    let items = messages.iter().flat_map(|one| one["incidents"].as_array().expect("a list"));
    let down = items.filter(|item| item["kind"] == "serverDown" && item["event"] == "opened");
    let mut names: Vec<String> =
        down.map(|item| item["subject"]["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_message_outlives_a_receiver_that_is_away_and_a_kill_and_arrives_once() {
    let (well, away) = (Webhooks::start(204).await, Webhooks::start(503).await);
    let refused = Webhooks::start(401).await;
    let sections = receiver("away", &away.url("/a"))
        + &receiver("well", &well.url("/w"))
        + &receiver("refused", &refused.url("/r"));
    let config = config(&sections);
    let mut program = Program::start(&config).await;
    eventually("the one that is well hears of both", || async { (of_servers(&well.taken()).len() == 2).then_some(()) })
        .await;
    eventually("the one that is away was tried", || async { (!away.posted().is_empty()).then_some(()) }).await;
    // That one does not take messages is an incident, which the others hear of.
    eventually("the others hear of the one that refuses", || async {
        let all = well.taken();
        let items = all.iter().flat_map(|one| one["incidents"].as_array().expect("a list"));
        let mut failing = items.filter(|item| item["kind"] == "receiverFailing");
        failing.any(|item| item["subject"]["name"] == "receiver refused").then_some(())
    })
    .await;
    let states = program.api.items("/api/v1/receivers").await;
    let of = |name: &str| states.iter().find(|one| one["name"] == name).cloned().expect("listed");
    assert!(of("away")["failingSince"].is_string() && of("away")["waiting"].as_u64() >= Some(1), "{states:?}");
    assert!(of("refused")["fault"].as_str().is_some_and(|fault| fault.contains("401")), "{states:?}");
    assert!(!format!("{states:?}").contains("/r"), "an address is a secret: {states:?}");
    program.kill().await;
    away.answer(204);
    let calls = well.posted().len();
    program.start_again().await;
    eventually("what waited arrives", || async { (of_servers(&away.taken()).len() == 2).then_some(()) }).await;
    stays("and only once", Duration::from_secs(2), async || of_servers(&away.taken()).len() == 2).await;
    assert_eq!(
        of_servers(&well.taken()),
        ["main", "second"],
        "told before the kill, and not again: {:?}",
        &well.posted()[calls..]
    );
    for hook in [&well, &away] {
        let taken = hook.taken();
        let ids: BTreeSet<&str> = taken.iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(ids.len(), taken.len(), "no message twice");
    }
    // The same message at each try.
    let first = away.posted();
    let id = first[0].headers["idempotency-key"].clone();
    assert!(first.iter().filter(|one| one.headers["idempotency-key"] == id).count() > 1, "{first:?}");
    program.stop().await;
}
