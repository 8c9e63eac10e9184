//! `check` logs in where cameras are published, and believes the certificate that it was told of.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use streamwarden::demo::media_server::{Credentials, Options};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

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

/// A certificate as mediamtx.yml says how to make one.
fn certificate(folder: &Path) {
    let run = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(&["genrsa", "-out", "server.key", "2048"]);
    let self_signed = "req -new -x509 -sha256 -key server.key -out server.crt -days 3650 -subj /CN=mediamtx";
    run(&self_signed.split(' ').collect::<Vec<_>>());
}

fn fingerprint(folder: &Path) -> String {
    let arguments = ["x509", "-in", "server.crt", "-noout", "-fingerprint", "-sha256"];
    let done = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl");
    let text = String::from_utf8(done.stdout).expect("text");
    text.trim().rsplit_once('=').expect("a fingerprint").1.to_owned()
}

/// TLS with the certificate in this folder in front of a plain API; returns `https://...`.
async fn encrypted(folder: &Path, api: &Url) -> (String, AbortOnDropHandle<()>) {
    let certificates = CertificateDer::pem_file_iter(folder.join("server.crt")).expect("a file");
    let certificates = certificates.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let config = config.with_no_client_auth().with_single_cert(certificates, key).expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let behind = format!("127.0.0.1:{}", api.port().expect("a port"));
    let serve = async move {
        while let Ok((guest, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                // A guest who does not like the certificate hangs up.
                let Ok(mut guest) = acceptor.accept(guest).await else { return };
                let mut server = TcpStream::connect(behind).await.expect("the API");
                let _ = tokio::io::copy_bidirectional(&mut guest, &mut server).await;
            });
        }
    };
    (format!("https://{address}"), AbortOnDropHandle::new(tokio::spawn(serve)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_behind_a_certificate_of_its_own_is_believed_by_fingerprint_or_file() {
    let media = server(&Options::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let (api, _serving) = encrypted(folder.path(), &media.api_url()).await;
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
