//! The whole program with logins: who is let in where, by the page's cookie, by tokens, and by the command line.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;

use crate::support::media;
use crate::support::program::{Config, Program};
use crate::support::room::{Ended, Room};
use crate::support::wait::{TIMEOUT, true_within};

const PASSWORD: &str = "correct horse battery";

/// A configuration whose program other machines reach.
fn open(media: &AnyServer) -> Config {
    let environment = vec![("STREAMWARDEN_HTTP__LISTEN".to_owned(), "0.0.0.0:0".to_owned())];
    Config { environment, ..Config::on(media) }
}

/// Runs a command of the room, with the password in a file.
fn run(room: &Room, arguments: &[&str]) -> Ended {
    let mut all = arguments.to_vec();
    all.extend(["--config", "streamwarden.toml"]);
    room.run(&all, &[])
}

#[actix_web::test]
async fn an_address_that_others_reach_is_served_once_somebody_can_log_in() {
    let media = media::server(&Options::default()).await;
    let (config, room) = (open(&media), Room::new());
    room.write("streamwarden.toml", &config.toml("data"));
    room.write("password", &format!("{PASSWORD}\n"));
    let listen = [("STREAMWARDEN_HTTP__LISTEN", "0.0.0.0:0")];
    let refused = room.run(&["run", "--config", "streamwarden.toml"], &listen);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("no login yet") && refused.err.contains("streamwarden user add"), "{}", refused.err);

    let checked = room.run(&["check", "--json", "--config", "streamwarden.toml"], &listen);
    let logins = |checked: &Ended| {
        let report: Value = serde_json::from_str(&checked.out).expect("JSON");
        let found = report["findings"].as_array().expect("a list").iter().find(|one| one["what"] == "logins").cloned();
        found.expect("it is looked at")
    };
    let missing = logins(&checked);
    assert_eq!((checked.code, &missing["verdict"]), (Some(1), &json!("fault")), "{missing}");
    assert!(missing["found"].to_string().contains("0.0.0.0:0 can be reached from other machines"), "{missing}");
    assert!(missing["remedy"].to_string().contains("streamwarden user add NAME --role operator"), "{missing}");
    let local = logins(&room.run(&["check", "--json", "--config", "streamwarden.toml"], &[]));
    assert_eq!(local["verdict"], "ok", "{local}");

    let added = run(&room, &["user", "add", "anna", "--role", "operator", "--password-file", "password"]);
    assert_eq!((added.code, added.out.as_str()), (Some(0), "added user anna (operator)\n"), "{}", added.err);
    let checked = logins(&room.run(&["check", "--json", "--config", "streamwarden.toml"], &listen));
    assert_eq!(checked["verdict"], "ok", "{checked}");
    let program = Program::start_in(room, &config).await;
    let client = Client::builder().no_proxy().build().expect("a client");
    let url = |route: &str| program.api.url(route);
    let get = async |route: &str| client.get(url(route)).send().await.expect("an answer").status();
    assert_eq!((get("/health").await, get("/api/v1/cameras").await), (StatusCode::OK, StatusCode::UNAUTHORIZED));
    assert_eq!(get("/metrics").await, StatusCode::UNAUTHORIZED);
    let ready: Value = client.get(url("/ready")).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(ready["services"], json!([]), "no detail for nobody");

    let body = json!({ "name": "anna", "password": PASSWORD });
    let login = client.post(url("/api/v1/login")).json(&body).send().await.expect("an answer");
    assert_eq!(login.status(), StatusCode::OK);
    let cookie = login.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
    let with_cookie = async |cookie: &str| {
        let answer = client.get(url("/api/v1/cameras")).header("cookie", cookie).send().await.expect("an answer");
        answer.status()
    };
    assert_eq!(with_cookie(&cookie).await, StatusCode::OK);

    // Commands of this machine go on, by the token that the program leaves for its own user.
    let listed = run(program.room(), &["cameras", "list", "--json"]);
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(program.data_dir().join("local.token")).expect("the token").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    // From elsewhere with a token, which no output but its own repeats.
    let made = run(program.room(), &["token", "add", "scrape", "--json"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let token = serde_json::from_str::<Value>(&made.out).expect("JSON")["token"].as_str().expect("a token").to_owned();
    let base = url("");
    let status = |environment: &[(&str, &str)]| program.room().run(&["status", "--json", "--api", &base], environment);
    let nobody = status(&[]);
    assert!(nobody.code == Some(1) && nobody.err.contains("--token-file"), "{}", nobody.err);
    // The running program reads it within seconds.
    true_within("the token counts", TIMEOUT, async || {
        let known = status(&[("STREAMWARDEN_TOKEN", &token)]);
        serde_json::from_str::<Value>(&known.out).is_ok_and(|told| told.is_object())
    })
    .await;
    let tokens = run(program.room(), &["token", "list"]);
    assert!(tokens.out.contains("scrape") && !tokens.out.contains(&token), "{}", tokens.out);

    // Somebody has to stay who may change things.
    for change in [&["user", "remove", "anna"][..], &["user", "role", "anna", "viewer"]] {
        let refused = run(program.room(), change);
        let is_told =
            refused.err.contains("the last operator") && refused.err.contains("user add NAME --role operator");
        assert!(refused.code == Some(1) && is_told, "{change:?}: {:?} {}", refused.code, refused.err);
    }
    assert_eq!(with_cookie(&cookie).await, StatusCode::OK);

    // Another password ends the session.
    room_password(&program, "another long password");
    let changed = run(program.room(), &["user", "passwd", "anna", "--password-file", "password"]);
    assert_eq!(changed.code, Some(0), "{}", changed.err);
    true_within("the session ends", TIMEOUT, async || with_cookie(&cookie).await == StatusCode::UNAUTHORIZED).await;
    let audit = run(program.room(), &["audit", "list"]);
    for wanted in ["user add", "token add", "user edit", "login", "command line"] {
        assert!(audit.out.contains(wanted), "{wanted}: {}", audit.out);
    }
    let log = program.log();
    for secret in [PASSWORD, "another long password", &token, cookie.split_once('=').expect("a value").1] {
        assert!(!log.contains(secret) && !audit.out.contains(secret), "a secret is told");
    }
}

fn room_password(program: &Program, password: &str) {
    program.room().write("password", password);
}
