//! A media server that goes is an incident, whoever runs here and however many servers there are.

use serde_json::Value;
use streamwarden::demo::media_server::Options;

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
    let (rtsp_listen, api_listen) = spare.addresses();
    spare.stop().await;
    eventually("the second server is down", || async { (down(&program).await == ["spare"]).then_some(()) }).await;
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
