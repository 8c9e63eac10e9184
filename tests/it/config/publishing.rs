//! `check` logs in where cameras are published, and believes the certificates that it was told of.

use serde_json::Value;
use streamwarden::demo::media_server::{Credentials, Options};
use url::Url;

use crate::support::encrypted::{certificate, encrypted, fingerprint};
use crate::support::media::server;
use crate::support::room::Room;

/// What `check` says of one thing: verdict, and everything it has to say.
fn told(room: &Room, what: &str) -> (String, String) {
    let ended = room.run(&["check", "--json"], &[]);
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err));
    let findings = report["findings"].as_array().expect("a list");
    let one = findings.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("{what} in {report}"));
    let text = format!("{} {}", one["found"].as_str().expect("text"), one["remedy"].as_str().unwrap_or_default());
    (one["verdict"].as_str().expect("a verdict").to_owned(), text)
}

fn room(api: &str, rtsp: &Url, more: &str) -> Room {
    let room = Room::new();
    let toml =
        format!("[http]\nlisten = \"127.0.0.1:0\"\n[[servers]]\napi_url = \"{api}\"\nrtsp_url = \"{rtsp}\"\n{more}\n");
    room.write("etc/streamwarden.toml", &toml);
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_for_publishing_is_tried() {
    let publish = Some(Credentials::new("relay", "hunter2"));
    let guarded = server(&Options { publish, ..Options::default() }).await;
    let open = server(&Options::default()).await;
    let login =
        |user: &str, password: &str| format!("publish_username = \"{user}\"\npublish_password = \"{password}\"");
    for (media, login, outcome, wanted) in [
        (&guarded, login("relay", "hunter2"), "ok", "accepts the login for publishing"),
        (&guarded, login("relay", "Wr0ngOne"), "fault", "correct publish_username and publish_password of server main"),
        (&guarded, String::new(), "fault", "set publish_username and publish_password of server main"),
        (&open, String::new(), "ok", "without a login"),
        (&open, login("relay", "Wr0ngOne"), "ok", "the login is not asked for"),
    ] {
        let room = room(media.api_url().as_str(), &media.rtsp_url(), &login);
        let (seen, text) = told(&room, "server main publish");
        assert!(seen == outcome && text.contains(wanted), "{login}: {seen} {text}");
        assert!(!text.contains("Wr0ngOne") && !text.contains("hunter2"), "{text}");
    }
    guarded.stop().await;
    open.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_behind_a_certificate_of_its_own_is_believed_by_fingerprint_or_file() {
    let media = server(&Options::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let (api, _serving) = encrypted(folder.path(), &media.api_url()).await;
    let api = format!("https://{api}");
    let right = fingerprint(folder.path());
    let file = folder.path().join("server.crt");
    let other = tempfile::tempdir().expect("a folder");
    certificate(other.path());
    for (more, outcome, wanted) in [
        (format!("api_fingerprint = \"{right}\""), "ok", "0 paths".to_owned()),
        (format!("api_ca_file = {file:?}"), "ok", "0 paths".to_owned()),
        (String::new(), "fault", "set api_fingerprint of server main".to_owned()),
        (format!("api_fingerprint = \"{}\"", "0A".repeat(32)), "fault", format!("its SHA-256 fingerprint is {right}")),
        (
            format!("api_ca_file = {:?}", other.path().join("server.crt")),
            "fault",
            "no authority of api_ca_file".to_owned(),
        ),
        ("api_ca_file = \"/nowhere/x.crt\"".to_owned(), "fault", "/nowhere/x.crt cannot be read".to_owned()),
    ] {
        let (seen, text) = told(&room(&api, &media.rtsp_url(), &more), "server main");
        assert!(seen == outcome && text.contains(&wanted), "{more}: {seen} {text}");
        assert!(!text.contains("start MediaMTX with"), "the wrong remedy: {text}");
    }
    // The other way round: https:// where nothing is encrypted.
    let plain = media.api_url().as_str().replace("http://", "https://");
    let (seen, text) = told(&room(&plain, &media.rtsp_url(), ""), "server main");
    assert!(seen == "fault" && text.contains("write http:// in api_url of server main"), "{text}");
    media.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rtsp_behind_a_certificate_of_its_own_is_believed_by_fingerprint_or_file() {
    let publish = Some(Credentials::new("relay", "hunter2"));
    let media = server(&Options { publish, ..Options::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let (rtsp, _serving) = encrypted(folder.path(), &media.rtsp_url()).await;
    let secure: Url = format!("rtsps://{rtsp}").parse().expect("a URL");
    let (right, file) = (fingerprint(folder.path()), folder.path().join("server.crt"));
    let wrong = format!("rtsp_fingerprint = \"{}\"", "0A".repeat(32));
    for (more, outcome, wanted) in [
        (format!("rtsp_fingerprint = \"{right}\""), "ok", "accepts the login for publishing".to_owned()),
        (format!("rtsp_ca_file = {file:?}"), "ok", "accepts the login for publishing".to_owned()),
        (String::new(), "fault", "set rtsp_fingerprint of server main".to_owned()),
        (wrong, "fault", format!("its SHA-256 fingerprint is {right}")),
    ] {
        let login = format!("{more}\npublish_username = \"relay\"\npublish_password = \"hunter2\"");
        let (seen, text) = told(&room(media.api_url().as_str(), &secure, &login), "server main publish");
        assert!(seen == outcome && text.contains(&wanted), "{more}: {seen} {text}");
    }
    media.stop().await;
}
