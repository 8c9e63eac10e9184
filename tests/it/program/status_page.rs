//! The page for viewers of a whole program that asks for logins: not there until it is switched on, then for everybody, and without
//! anything of the inside.

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use streamwarden::demo::media_server::Options;

use crate::support::api::Api;
use crate::support::camera::{Behaviour, Camera};
use crate::support::media;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::eventually;

const PLACES: [&str; 3] = ["/status", "/status/style.css", "/api/v1/status-page"];

#[actix_web::test]
async fn a_page_for_viewers_is_switched_on_and_tells_nothing_of_the_inside() {
    let media = media::server(&Options::default()).await;
    let camera = Camera::start(Behaviour::default());
    let (mut config, room) = (Config::on(&media), Room::new());
    room.write("streamwarden.toml", &config.toml("data"));
    let made =
        room.run(&["token", "add", "test", "--role", "operator", "--json", "--config", "streamwarden.toml"], &[]);
    let made: serde_json::Value = serde_json::from_str(&made.out).expect("JSON");
    let token = made["token"].as_str().expect("a token").to_owned();
    let mut program = Program::start_in(room, &config).await;
    for place in PLACES {
        let (status, text) = program.api.text(place).await.expect("an answer");
        assert_eq!(status, StatusCode::NOT_FOUND, "{place}: {text}");
        assert!(text.contains("there is nothing at this address"), "{place}: {text}");
    }
    program.signal(Signal::SIGTERM);
    assert!(program.end().await.0.success(), "{}", program.log());

    config.more =
        "[http.status_page]\nenabled = true\nstreams = [\"gate\", \"nobody/*\"]\nservers = [\"main\"]".to_owned();
    program.configure(&config);
    let checked = program.room().run(&["check", "--config", "streamwarden.toml"], &[]);
    assert!(checked.out.contains("\"nobody/*\" shows nothing"), "{}", checked.out);
    program.start_again().await;
    program.insert_camera("gate", &camera.url_with_login());
    let (public, api) = (program.api.clone(), Api::with_token(&program.api.url(""), &token));
    program.api = api;
    program.live("gate").await;
    let refused = public.text("/api/v1/streams").await.expect("an answer");
    assert_eq!(refused.0, StatusCode::UNAUTHORIZED, "everything else asks for a login");
    // What is told is some seconds old at most.
    let told = eventually("the stream is up", || async {
        let told = public.get("/api/v1/status-page").await;
        told["items"].as_array()?.iter().all(|item| item["state"] == "up").then_some(told)
    })
    .await;
    let names: Vec<_> = told["items"].as_array().expect("items").iter().map(|item| item["name"].as_str()).collect();
    assert_eq!(names, [Some("gate"), Some("main")], "{told}");
    for item in told["items"].as_array().expect("items") {
        let days = item["days"].as_array().expect("days");
        let seconds = |day: &serde_json::Value, key: &str| day[key].as_u64().expect("a number");
        let up: u64 = days.iter().map(|day| seconds(day, "upSeconds")).sum();
        assert!(up < 600, "what was before it ran is not known, and not up: {item}");
        assert!(days[..88].iter().all(|day| seconds(day, "unknownSeconds") == 86_400), "{item}");
    }
    let mut all = told.to_string();
    for place in PLACES {
        let (status, text) = public.text(place).await.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{place}");
        all += &text;
    }
    let login = camera.url_with_login();
    let (user, password) = (login.username(), login.password().expect("a password"));
    for secret in [user, password, token.as_str(), "127.0.0.1", "rtsp:", "http:", camera.address().to_string().as_str()]
    {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    program.stop().await;
    media.stop().await;
}
