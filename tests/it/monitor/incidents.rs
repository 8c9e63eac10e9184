//! A media server that goes is an incident, whoever runs here and however many servers there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;
use streamwarden::demo::media_server::{ApiFault, Options};
use tokio_util::task::AbortOnDropHandle;

use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// Open incidents of the kind, by the server's name.
async fn down(program: &Program) -> Vec<String> {
    let open = program.api.items("/api/v1/incidents?kind=serverDown&open=true").await;
    let name = |one: &Value| one["subject"]["name"].as_str().map(str::to_owned);
    let mut names: Vec<String> = open.iter().filter_map(name).collect();
    names.sort();
    names
}

/// Incidents as a browser knows them: by their ids, from the change feed.
type Heard = Arc<Mutex<BTreeMap<String, Value>>>;

async fn listen(program: &Program) -> (Heard, AbortOnDropHandle<()>) {
    let url = format!("ws://{}/api/v1/ws", program.api.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("let in");
    let told = Heard::default();
    let known = Arc::clone(&told);
    let listening = tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let Ok(text) = message.into_text() else { return };
            let message: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            let mut known = known.lock().expect("whole");
            let entries = |list: &str| message[list].as_array().cloned().unwrap_or_default();
            let incidents = |list: &str| entries(list).into_iter().filter(|entry| entry["kind"] == "incident");
            for entry in ["items", "upsert", "update"].into_iter().flat_map(incidents) {
                let id = entry["item"]["id"].as_str().expect("an id").to_owned();
                let item = known.entry(id).or_insert_with(|| Value::Object(Default::default()));
                let fields = entry["item"].as_object().expect("an item").clone();
                item.as_object_mut().expect("an item").extend(fields);
            }
            for entry in incidents("remove") {
                known.remove(entry["item"]["id"].as_str().expect("an id"));
            }
        }
    });
    (told, AbortOnDropHandle::new(listening))
}

/// Waits until the feed tells of an incident of this kind and server.
async fn feed(told: &Heard, kind: &str, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("{kind} of {name} in the feed"), || async {
        let told = told.lock().expect("whole");
        let is_it = |one: &&Value| one["kind"] == kind && one["subject"]["name"] == name && wanted(one);
        told.values().find(is_it).cloned()
    })
    .await
}

#[tokio::test]
async fn every_server_has_its_own_incident_without_a_relay_in_the_house() {
    let (main, spare) = (server(&Options::default()).await, server(&Options::default()).await);
    let (api, rtsp) = (spare.api_url(), spare.rtsp_url());
    let second = format!("[[servers]]\nname = \"spare\"\napi_url = \"{api}\"\nrtsp_url = \"{rtsp}\"\n");
    let environment = vec![("STREAMWARDEN_ROLES".to_owned(), "monitor".to_owned())];
    let program = Program::start(&Config { more: second, environment, ..Config::on(&main) }).await;
    let answers = async |name: &str, answers: bool| {
        eventually(&format!("{name} answers: {answers}"), || async {
            let services = program.api.get("/ready").await;
            let name = format!("server {name}");
            let of = services["services"].as_array()?.iter().find(|one| one["name"] == name.as_str())?.clone();
            (of["ok"] == answers).then_some(())
        })
        .await;
    };
    answers("main", true).await;
    answers("spare", true).await;
    assert_eq!(down(&program).await, Vec::<String>::new());
    let (told, _listening) = listen(&program).await;
    // Out of reach and not restarted: only the stand-in does that when asked to.
    if main.set_api_fault(Some(ApiFault::Failing)).is_ok() {
        answers("main", false).await;
        main.set_api_fault(None).expect("the stand-in");
        answers("main", true).await;
    }
    let (rtsp_listen, api_listen) = spare.addresses();
    spare.stop().await;
    eventually("the second server is down", || async { (down(&program).await == ["spare"]).then_some(()) }).await;
    let lasting = feed(&told, "serverDown", "spare", |one| one["closedAt"].is_null()).await;
    let route = format!("/api/v1/incidents/{}/notes", lasting["id"].as_str().expect("an id"));
    let (status, answer) = program.api.send(Method::POST, &route, br#"{"note": "on my way"}"#.to_vec()).await;
    assert_eq!(status, 200, "{answer}");
    feed(&told, "serverDown", "spare", |one| one["notes"][0]["text"] == "on my way").await;
    let main_at = main.addresses();
    main.stop().await;
    eventually("both are down", || async { (down(&program).await == ["main", "spare"]).then_some(()) }).await;
    let causes = program.api.items("/api/v1/incidents?kind=serverDown").await;
    for one in &causes {
        let (name, cause) = (one["subject"]["name"].as_str().expect("a name"), one["cause"].as_str().expect("words"));
        assert!(cause.starts_with(&format!("the media server {name}: ")), "{cause}");
    }
    let spare = server(&Options { rtsp_listen, api_listen, ..Options::default() }).await;
    let main = server(&Options { rtsp_listen: main_at.0, api_listen: main_at.1, ..Options::default() }).await;
    eventually("both are back", || async { down(&program).await.is_empty().then_some(()) }).await;
    assert_eq!(program.api.items("/api/v1/incidents?kind=serverDown").await.len(), 2, "one each");
    let over = feed(&told, "serverDown", "spare", |one| one["closedAt"].is_string()).await;
    assert_eq!(over["id"], lasting["id"], "the end is told, too");
    feed(&told, "serverRestarted", "spare", |one| one["closedAt"].is_string()).await;
    let restarts = eventually("both were restarted", || async {
        let found = program.api.items("/api/v1/incidents?kind=serverRestarted").await;
        (found.len() >= 2).then_some(found)
    })
    .await;
    let mut names: Vec<_> = restarts.iter().filter_map(|one| one["subject"]["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["main", "spare"], "each once, and not for an API that was out of reach");
    for one in &restarts {
        assert!(one["cause"].as_str().is_some_and(|cause| cause.contains("it was restarted at ")), "{one}");
        assert!(one["closedAt"].is_string(), "over with the moment: {one}");
    }
    program.stop().await;
    main.stop().await;
    spare.stop().await;
}

#[tokio::test]
async fn an_outage_that_an_earlier_run_left_open_ends_when_the_server_answers() {
    let media = server(&Options::default()).await;
    let environment = vec![("STREAMWARDEN_ROLES".to_owned(), "monitor".to_owned())];
    let mut program = Program::start(&Config { environment, ..Config::on(&media) }).await;
    let (rtsp_listen, api_listen) = media.addresses();
    media.stop().await;
    eventually("it is down", || async { (down(&program).await == ["main"]).then_some(()) }).await;
    program.kill().await;
    let media = server(&Options { rtsp_listen, api_listen, ..Options::default() }).await;
    program.start_again().await;
    eventually("it is over", || async { down(&program).await.is_empty().then_some(()) }).await;
    program.stop().await;
    media.stop().await;
}
