//! Own TLS: certificates made by openssl, exchanged by a reload, refused when they are no good, and the command line over https.

use std::process::Command;
use std::sync::Arc;

use futures_util::StreamExt;
use nix::sys::signal::Signal;
use reqwest::Client;
use serde_json::Value;
use streamwarden::adapters::tls::certificate_trust;
use streamwarden::base::fingerprint;
use streamwarden::config::settings::ApiTrust;
use streamwarden::demo::media_server::Options;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;

use super::hosts::{Agent, said};
use crate::support::media::server;
use crate::support::program::{Config, Program};
use crate::support::room::{Ended, Room};
use crate::support::wait::{TIMEOUT, eventually};

fn openssl(arguments: &[&str]) -> String {
    let ended = Command::new("openssl").args(arguments).output().expect("openssl starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// A certificate for 127.0.0.1 as `NAME.crt` and `NAME.key`; returns its fingerprint.
fn make(room: &Room, name: &str, days: &str) -> String {
    let path = |end: &str| room.path().join(format!("{name}.{end}")).display().to_string();
    let (crt, key) = (path("crt"), path("key"));
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        days,
        "-subj",
        "/CN=cams.test",
        "-addext",
        "subjectAltName=DNS:cams.test,IP:127.0.0.1",
        "-keyout",
        &key,
        "-out",
        &crt,
    ]);
    let shown = openssl(&["x509", "-in", &crt, "-noout", "-fingerprint", "-sha256"]);
    shown.trim().rsplit('=').next().expect("a fingerprint").to_owned()
}

/// What is shown from the next reading on.
fn show(room: &Room, crt: &str, key: &str) {
    for (from, to) in [(crt, "shown.crt"), (key, "shown.key")] {
        std::fs::copy(room.path().join(from), room.path().join(to)).expect("copied");
    }
}

fn over_tls(config: &Config, room: &Room) -> Config {
    let file = |name: &str| room.path().join(name).display().to_string();
    let keys = [("TLS_CERT", file("shown.crt")), ("TLS_KEY", file("shown.key"))];
    let environment = keys.map(|(key, value)| (format!("STREAMWARDEN_HTTP__{key}"), value)).to_vec();
    Config { environment, ..config.clone() }
}

fn list(program: &Program, more: &[&str]) -> Ended {
    let all = [&["cameras", "list", "--config", "streamwarden.toml"], more].concat();
    program.room().run(&all, &[])
}

#[tokio::test]
async fn it_serves_over_tls_and_takes_a_new_certificate_and_no_bad_one() {
    let media = server(&Options::default()).await;
    let (room, plain) = (Room::new(), Config::on(&media));
    let (first, second) = (make(&room, "first", "90"), make(&room, "second", "5"));
    show(&room, "first.crt", "first.key");
    let config = over_tls(&plain, &room);
    let program = Program::start_in(room, &config).await;
    let base = program.api.url("");
    let place = base.trim_start_matches("https://").to_owned();
    assert!(base.starts_with("https://"), "{base}");
    program.log_with(0, &["listening on https://"]).await;

    let client = Client::builder().no_proxy().danger_accept_invalid_certs(true).timeout(TIMEOUT);
    let client = client.pool_max_idle_per_host(0).build().expect("a client");
    let get = async |route: &str| client.get(format!("{base}{route}")).send().await.expect("an answer");
    let health = get("/health").await;
    assert!(health.headers().contains_key("strict-transport-security"), "{:?}", health.headers());
    let plain_http = client.get(format!("http://{place}/health")).send().await;
    assert!(plain_http.is_err(), "nothing is said in the clear");
    let certificate = async || -> Value {
        let ready: Value = get("/ready").await.json().await.expect("JSON");
        let services = ready["services"].as_array().expect("services").clone();
        services.into_iter().find(|service| service["name"] == "certificate").expect("it is told")
    };
    let told = certificate().await;
    assert!(told["ok"] == true && told["detail"].as_str().is_some_and(|text| text.contains(&first)), "{told}");
    let trust = ApiTrust::Fingerprint(fingerprint::parse(&first).expect("a fingerprint"));
    let tls = certificate_trust::configuration("it", &trust).expect("a file").expect("pinned");
    let stream = TcpStream::connect(&place).await.expect("a connection");
    let name = "127.0.0.1".try_into().expect("a name");
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await.expect("the certificate");
    let (mut socket, _) = client_async(format!("wss://{place}/api/v1/ws"), stream).await.expect("let in");
    let message = socket.next().await.expect("a message").expect("no end").into_text().expect("text");
    assert!(message.contains("snapshot"), "{message}");

    // Commands of this machine know the program; others have to be told whom to trust.
    let here = list(&program, &[]);
    assert_eq!(here.code, Some(0), "{}", here.err);
    let stranger = list(&program, &["--api", &base]);
    assert!(stranger.code == Some(1) && stranger.err.contains("--api-fingerprint"), "{}", stranger.err);
    for more in [["--api-fingerprint", first.as_str()], ["--api-ca-file", "first.crt"]] {
        let trusting = list(&program, &[&["--api", &base][..], &more].concat());
        assert_eq!(trusting.code, Some(0), "{more:?}: {}", trusting.err);
    }
    let other = list(&program, &["--api", &base, "--api-fingerprint", &second]);
    assert!(other.code == Some(1) && other.err.contains(&first), "{}", other.err);

    // So have agents of other hosts.
    let posts = |node: &'static str, key: &'static str, value: &str| {
        let environment = [("STREAMWARDEN_AGENT__POST_URL", base.as_str()), ("STREAMWARDEN_NODE", node), (key, value)];
        Agent::start(program.room(), &environment)
    };
    let agents = [
        posts("by-fingerprint", "STREAMWARDEN_AGENT__POST_FINGERPRINT", &first),
        posts("by-file", "STREAMWARDEN_AGENT__POST_CA_FILE", "first.crt"),
        posts("by-another", "STREAMWARDEN_AGENT__POST_FINGERPRINT", &second),
    ];
    eventually("two of three agents are heard", || async {
        let hosts: Value = get("/api/v1/hosts").await.json().await.ok()?;
        let names: Vec<_> = hosts["items"].as_array()?.iter().filter_map(|host| host["name"].as_str()).collect();
        assert!(!names.contains(&"by-another"), "{hosts}");
        ["by-fingerprint", "by-file"].iter().all(|name| names.contains(name)).then_some(())
    })
    .await;
    eventually("the third one says why", || async {
        let said = said(program.room());
        (said.contains("agent.post_fingerprint") && said.contains(&first)).then_some(())
    })
    .await;
    for agent in agents {
        agent.stop().await;
    }

    let reload = async |words: &[&str]| {
        let seen = program.log().len();
        program.signal(Signal::SIGHUP);
        program.log_with(seen, words).await
    };
    show(program.room(), "first.crt", "second.key");
    reload(&["configuration unchanged", "http.tls_key", "does not fit"]).await;
    program.room().write("shown.key", "nothing of the kind");
    reload(&["configuration unchanged", "http.tls_key", "no private key"]).await;
    std::fs::remove_file(program.room().path().join("shown.crt")).expect("removed");
    reload(&["configuration unchanged", "http.tls_cert", "cannot be read"]).await;
    let told = certificate().await;
    assert!(told["detail"].as_str().is_some_and(|text| text.contains(&first)), "the one before stays: {told}");

    show(program.room(), "second.crt", "second.key");
    reload(&["new certificate", &second]).await;
    program.log_with(0, &["the certificate expires in 4 days"]).await;
    let told = certificate().await;
    assert!(told["ok"] == false && told["detail"].as_str().is_some_and(|text| text.contains("expires in")), "{told}");
    assert_eq!(get("/ready").await.status(), 200, "a warning");
    let (here, known) = (list(&program, &[]), list(&program, &["--api", &base, "--api-fingerprint", &second]));
    assert_eq!((here.code, known.code), (Some(0), Some(0)), "{} {}", here.err, known.err);
    drop(socket);
    program.stop().await;
    media.stop().await;
}

#[test]
fn a_certificate_that_cannot_be_used_is_found_by_check_and_refuses_the_start() {
    let room = Room::new();
    make(&room, "first", "90");
    make(&room, "second", "5");
    let text =
        "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\ntls_cert = \"shown.crt\"\ntls_key = \"shown.key\"\n";
    room.write("streamwarden.toml", text);
    let check = |words: &[&str]| {
        let told = room.run(&["check", "--config", "streamwarden.toml"], &[]).out;
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.iter().all(|word| told.contains(word)), "{words:?}: {told}");
    };
    check(&["certificate", "shown.crt cannot be read", "may read"]);
    show(&room, "first.crt", "second.key");
    check(&["shown.key does not fit", "has to stand first"]);
    let refused = room.run(&["run", "--config", "streamwarden.toml"], &[]);
    assert!(refused.code == Some(2) && refused.err.contains("does not fit"), "{:?} {}", refused.code, refused.err);
    show(&room, "second.crt", "second.key");
    check(&["expires in 4 days", "reload (SIGHUP)"]);
    show(&room, "first.crt", "first.key");
    check(&["shown.crt valid until", "SHA-256"]);
    let locked = room.path().join("locked.key").display().to_string();
    openssl(&[
        "pkey",
        "-in",
        &room.path().join("first.key").display().to_string(),
        "-aes256",
        "-passout",
        "pass:x",
        "-out",
        &locked,
    ]);
    show(&room, "first.crt", "locked.key");
    check(&["shown.key is locked by a passphrase", "openssl pkey"]);

    // A key that nobody may read; root may, unless it gives that right up.
    show(&room, "first.crt", "first.key");
    let key = room.path().join("shown.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("its rights");
    let mut command = room.command(&["check", "--config", "streamwarden.toml"], &[]);
    if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("a process")) == 0 {
        let program = command.get_program().to_owned();
        command = Command::new("setpriv");
        command.args([
            "--bounding-set",
            "-dac_override,-dac_read_search",
            "--inh-caps",
            "-dac_override,-dac_read_search",
        ]);
        command.arg(program).args(["check", "--config", "streamwarden.toml"]).current_dir(room.path());
    }
    let told = String::from_utf8(command.output().expect("it starts").stdout).expect("text");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("shown.key cannot be read: Permission denied") && told.contains("may read"), "{told}");
}
