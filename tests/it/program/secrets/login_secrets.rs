//! Passwords of users, session cookies and tokens: looked for wherever somebody could see them.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use super::places::{NEEDLES, files, filled, logging, print};
use super::tables_hold_none;
use crate::program::canary::Watch;
use crate::support::media;
use crate::support::program::{Config, Program};
use crate::support::room::Room;

const PASSWORD: &str = "canary-login-password";

/// Asks, and looks at the whole answer but at the place that is meant to hold the secret.
async fn ask(client: &Client, program: &Program, watch: &Watch, question: (Method, &str, &str, &str)) -> u16 {
    let (method, route, credentials, body) = question;
    let mut request = client.request(method, program.api.url(route)).header("content-type", "application/json");
    if let Some((name, value)) = credentials.split_once(": ") {
        request = request.header(name, value);
    }
    let answer = request.body(body.to_owned()).send().await.expect("an answer");
    let (status, head) = (answer.status().as_u16(), format!("{:?}", answer.headers()));
    let text = answer.text().await.expect("text");
    assert_ne!(status, 500, "{route}: {text}");
    watch.look_at(route, format!("{head}\n{text}").as_bytes());
    status
}

/// A session's cookie and a token, as they are given out once.
async fn given_out(client: &Client, program: &Program) -> (String, String) {
    let body = json!({ "name": "anna", "password": PASSWORD });
    let login = client.post(program.api.url("/api/v1/login")).json(&body).send().await.expect("an answer");
    let set = login.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(!login.text().await.expect("text").contains("canary"), "the answer holds no password");
    let cookie = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie").1.to_owned();
    let body = json!({ "name": "scrape", "role": "operator" });
    let made =
        client.post(program.api.url("/api/v1/tokens")).header("cookie", format!("streamwarden_session={cookie}"));
    let made: Value = made.json(&body).send().await.expect("an answer").json().await.expect("JSON");
    (cookie, made["token"].as_str().expect("a token").to_owned())
}

#[actix::test]
async fn no_password_cookie_or_token_of_a_login_is_seen() {
    let media = media::server(&Options::default()).await;
    let room = Room::new();
    logging(&room, "line");
    let config = Config::on(&media);
    room.write("streamwarden.toml", &config.toml("data"));
    room.write("password", PASSWORD);
    let added = room.run(
        &["user", "add", "anna", "--role", "operator", "--password-file", "password", "--config", "streamwarden.toml"],
        &[],
    );
    assert_eq!(added.code, Some(0), "{}", added.err);
    let program = Program::start_in(room, &config).await;
    let client = Client::builder().no_proxy().build().expect("a client");
    let (cookie, token) = given_out(&client, &program).await;
    let needles: Vec<&str> = NEEDLES.iter().copied().chain([&*cookie, &*token]).collect();
    let watch = Watch::over(&program.data_dir(), program.pid(), &needles);

    let (session, bearer) =
        (format!("cookie: streamwarden_session={cookie}"), format!("authorization: Bearer {token}"));
    for (method, route, credentials, body, wanted) in [
        (Method::POST, "/api/v1/login", "", r#"{"name":"anna","password":"canary-wrong"}"#, 401),
        // The password in the place of the name.
        (Method::POST, "/api/v1/login", "", r#"{"name":"canary-login-password","password":"x"}"#, 401),
        (Method::POST, "/api/v1/login", "", r#"{"name":"anna","password":"canary-broken"#, 400),
        (Method::POST, "/api/v1/login", "", r#"{"name":"anna","password":["canary-list"]}"#, 422),
        (Method::POST, "/api/v1/login", "", r#"{"name":"anna","passwort":"canary-unknown"}"#, 422),
        (Method::GET, "/api/v1/cameras", "cookie: streamwarden_session=canary-cookie", "", 401),
        (Method::GET, "/api/v1/cameras", "authorization: Bearer canary-token", "", 401),
        // anna:canary-basic
        (Method::GET, "/api/v1/cameras", "authorization: Basic YW5uYTpjYW5hcnktYmFzaWM=", "", 401),
        // anna:canary-login-password
        (Method::GET, "/api/v1/cameras", "authorization: Basic YW5uYTpjYW5hcnktbG9naW4tcGFzc3dvcmQ=", "", 200),
        (Method::GET, "/api/v1/cameras", "authorization: Basic canary-no-base64!", "", 401),
        (Method::POST, "/api/v1/users", &bearer, r#"{"name":"b","role":"viewer","password":"canary"}"#, 422),
        (
            Method::POST,
            "/api/v1/users",
            &bearer,
            r#"{"name":"b","role":"canary-role","password":"canary-new-one"}"#,
            422,
        ),
        (Method::POST, "/api/v1/users", &bearer, r#"{"name":"bert","role":"viewer","password":"canary-of-bert"}"#, 201),
        (Method::POST, "/api/v1/users", &bearer, r#"{"name":"bert","role":"viewer","password":"canary-of-bert"}"#, 409),
        (Method::PATCH, "/api/v1/users/bert", &bearer, r#"{"password":"canary-another"}"#, 200),
        (Method::POST, "/api/v1/password", &session, r#"{"current":"canary-not","new":"canary-next-one"}"#, 422),
    ] {
        let status = ask(&client, &program, &watch, (method, route, credentials, body)).await;
        assert_eq!(status, wanted, "{route} {credentials}");
    }
    let document: Value =
        serde_json::from_str(&program.api.text("/api/openapi.json").await.expect("an answer").1).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    for path in paths.iter().filter(|(_, methods)| !methods["get"].is_null()).map(|(path, _)| filled(path)) {
        for credentials in [&session, &bearer] {
            ask(&client, &program, &watch, (Method::GET, &path, credentials, "")).await;
        }
    }
    for line in [
        "user list",
        "user list --json",
        "token list",
        "token list --json",
        "audit list",
        "audit list --json",
        "check",
        "status",
        "config",
    ] {
        print(&program, &watch, line);
    }
    program.room().write("password", "canary");
    print(&program, &watch, "user passwd anna --password-file password");
    std::fs::remove_file(program.room().path().join("password")).expect("ours");
    tables_hold_none(&program, &watch);
    program
        .stop_and(|program| {
            watch.end();
            files(program, &watch);
        })
        .await;
    media.stop().await;
}
