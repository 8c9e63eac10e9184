//! Behind a reverse proxy: real nginx and Caddy with the examples of `etc/`, whose host and origin are let in or refused with the remedy.

use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::caddy;
use crate::support::media::server;
use crate::support::nginx;
use crate::support::program::{Config, Program};
use crate::support::proxy_client::{NAME, ProxyClient};
use crate::support::room::Room;
use crate::support::wait::eventually;

fn allowing(config: &Config, origins: &str) -> Config {
    // `more` ends up behind `[record]`: a variable says the same without a second `[http]`.
    Config {
        environment: vec![("STREAMWARDEN_HTTP__ALLOWED_ORIGINS".to_owned(), origins.to_owned())],
        ..config.clone()
    }
}

#[tokio::test]
async fn a_page_behind_nginx_is_told_what_to_set_and_let_in_by_a_reload() {
    let media = server(&Options::default()).await;
    let config = Config::on(&media);
    let program = Program::start(&config).await;
    let nginx = nginx::start(program.address(), |site| site).await;

    let (status, problem) = nginx.ask(Method::GET, "/api/v1/status").await;
    assert_eq!(status, 403);
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("http.allowed_origins")), "{problem}");
    for _ in 0..5 {
        assert_eq!(nginx.connect().await.expect_err("refused"), 403);
    }
    let host = format!("{NAME}:{}", nginx.port);
    let log = program.log_with(0, &["request refused", &host]).await;
    let lines = log.lines().filter(|line| line.contains("request refused") && line.contains(&host)).count();
    assert_eq!(lines, 1, "one line, however often: {log}");

    program.room().write("streamwarden.toml", &with_origins(&config, &nginx.origin()));
    program.signal(Signal::SIGHUP);
    let let_in = || async { nginx.connect().await.ok() };
    let first = eventually("the page is let in", let_in).await;
    assert_eq!(first["type"], "snapshot");
    assert_eq!(nginx.ask(Method::GET, "/api/v1/status").await.0, 200);
    assert_eq!(nginx.ask(Method::POST, "/api/v1/ws").await.0, 204);
    program.log_with(0, &["taken over", "http.allowed_origins"]).await;
    drop(nginx);
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn the_often_copied_host_line_without_a_port_works_and_a_foreign_origin_is_named() {
    let media = server(&Options::default()).await;
    let port_of_another = "http://video.example.org:1";
    let program = Program::start(&allowing(&Config::on(&media), port_of_another)).await;
    let nginx = nginx::start(program.address(), |site| {
        let edited = site.replace("Host $http_host", "Host $host");
        assert_ne!(edited, site, "the example has another form by now");
        edited
    })
    .await;
    // The host is known; the origin differs by its port.
    assert_eq!(nginx.ask(Method::GET, "/api/v1/status").await.0, 200);
    let (status, problem) = nginx.ask(Method::POST, "/api/v1/ws").await;
    assert_eq!(status, 403);
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains(&nginx.origin()) && detail.contains("http.allowed_origins"), "{detail}");
    assert_eq!(nginx.connect().await.expect_err("refused"), 403);
    let log = program.log_with(0, &["page refused"]).await;
    assert_eq!(log.lines().filter(|line| line.contains("page refused")).count(), 1, "one line for it: {log}");
    drop(nginx);
    program.stop().await;
    media.stop().await;
}

/// The configuration file with this origin in it.
fn with_origins(config: &Config, origin: &str) -> String {
    let text = config.toml("data");
    text.replace("[http]\n", &format!("[http]\nallowed_origins = [\"{origin}\"]\n"))
}

#[tokio::test]
async fn a_proxy_s_clients_are_told_apart() {
    let media = server(&Options::default()).await;
    let program = Program::start(&Config::on(&media)).await;
    // By what the example's X-Forwarded-For says, one client takes its share of the WebSockets and no more.
    let connect = async |client: &str| {
        let mut request = format!("ws://{}/api/v1/ws", program.address()).into_client_request().expect("a request");
        request.headers_mut().insert("x-forwarded-for", client.parse().expect("a header"));
        let stream = TcpStream::connect(program.address()).await.expect("a connection");
        client_async(request, stream).await
    };
    let mut open = Vec::new();
    let refused = loop {
        match connect("203.0.113.7").await {
            Ok((socket, _)) => open.push(socket),
            Err(refused) => break refused,
        }
        assert!(open.len() < 200, "one client takes all");
    };
    assert!(
        matches!(&refused, tokio_tungstenite::tungstenite::Error::Http(answer) if answer.status() == 503),
        "{refused}"
    );
    assert!(open.len() >= 10, "a few tabs are no attack: {}", open.len());
    open.push(connect("10.0.0.1, 203.0.113.8").await.expect("another client is let in").0);
    drop(open);
    tokio::time::timeout(Duration::from_secs(60), program.stop()).await.expect("it stops");
    media.stop().await;
}

/// As a client that lies about itself, through the proxy: whom the audit log names for it, and its cookie.
async fn log_in_lying(nginx: &ProxyClient) -> (String, String) {
    let body = json!({ "name": "anna", "password": "correct horse battery" });
    let login = nginx.request(Method::POST, "/api/v1/login").json(&body);
    let lies = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.2;proto=https")];
    let login = lies.iter().fold(login, |login, (name, value)| login.header(*name, *value));
    let answer = login.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let set = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    let cookie = set.split(';').next().expect("a cookie").to_owned();
    let audit = nginx.request(Method::GET, "/api/v1/audit").header("cookie", cookie).send().await.expect("an answer");
    let audit: Value = audit.json().await.expect("JSON");
    (audit["items"][0]["address"].as_str().expect("an address").to_owned(), set)
}

#[tokio::test]
async fn only_trusted_proxies_say_who_their_clients_are_and_whether_they_came_over_https() {
    let media = server(&Options::default()).await;
    let (config, room) = (Config::on(&media), Room::new());
    room.write("streamwarden.toml", &config.toml("data"));
    room.write("password", "correct horse battery\n");
    let add = ["user", "add", "anna", "--role", "operator", "--password-file", "password"];
    let added = room.run(&[&add[..], &["--config", "streamwarden.toml"]].concat(), &[]);
    assert_eq!(added.code, Some(0), "{}", added.err);
    let program = Program::start_in(room, &config).await;
    // The proxy of a site whose TLS ends before it, where clients are at 203.0.113.7.
    let nginx = nginx::start(program.address(), |site| {
        let edited = site
            .replace("X-Forwarded-Proto $scheme", "X-Forwarded-Proto https")
            .replace("$proxy_add_x_forwarded_for", "\"$http_x_forwarded_for, 203.0.113.7\"");
        assert!(
            edited.contains("203.0.113.7") && edited.contains("Proto https"),
            "the example has another form by now"
        );
        edited
    })
    .await;
    let reload = async |lines: &str, from: usize| {
        let text = config.toml("data").replace("[http]\n", &format!("[http]\n{lines}\n"));
        program.room().write("streamwarden.toml", &text);
        program.signal(Signal::SIGHUP);
        program.log_with(from, &["configuration read again"]).await;
    };
    let origins = format!("allowed_origins = [\"{}\"]", nginx.origin());
    reload(&origins, 0).await;
    let (address, cookie) = log_in_lying(&nginx).await;
    assert_eq!(address, "203.0.113.7", "what the proxy has seen, whatever the client says");
    assert!(cookie.contains("Secure"), "{cookie}");

    let seen = program.log().len();
    reload(&format!("{origins}\ntrusted_proxies = [\"192.0.2.1\"]"), seen).await;
    program.log_with(seen, &["taken over", "http.trusted_proxies"]).await;
    let (address, cookie) = log_in_lying(&nginx).await;
    assert_eq!(address, "127.0.0.1", "nobody is believed but 192.0.2.1");
    assert!(!cookie.contains("Secure"), "{cookie}");
    drop(nginx);
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn below_a_path_it_works_with_proxies_that_strip_the_prefix_and_with_those_that_do_not() {
    let media = server(&Options::default()).await;
    let mut config = Config::on(&media);
    config.environment.push(("STREAMWARDEN_HTTP__BASE_PATH".to_owned(), "/cams".to_owned()));
    let program = Program::start(&config).await;
    let below = async |pass: &'static str| {
        nginx::start(program.address(), move |site| {
            let edited = site
                .replace("    location / {", "    location /cams/ {")
                .replace("        proxy_pass http://streamwarden;", &format!("        proxy_pass {pass}"));
            assert!(edited.contains("/cams/") && edited.contains(pass), "the example has another form by now");
            edited
        })
        .await
    };
    let proxies = [below("http://streamwarden;").await, below("http://streamwarden/;").await];
    let origins = proxies.each_ref().map(|nginx| nginx.origin()).join("\", \"");
    program.room().write("streamwarden.toml", &with_origins(&config, &origins));
    program.signal(Signal::SIGHUP);
    program.log_with(0, &["taken over", "http.allowed_origins"]).await;
    for (number, nginx) in proxies.iter().enumerate() {
        let page = nginx.request(Method::GET, "/cams/").send().await.expect("an answer");
        let kind = page.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(page.status() == 200 && kind.starts_with("text/html"), "{} {kind}", page.status());
        assert_eq!(nginx.ask(Method::GET, "/cams/api/v1/status").await.0, 200);
        assert_eq!(nginx.ask(Method::POST, "/cams/api/v1/ws").await.0, 204);
        assert_eq!(nginx.connect_at("/cams/api/v1/ws").await.expect("let in")["type"], "snapshot");
        assert_eq!(nginx.ask(Method::GET, "/cams/api/openapi.json").await.1["servers"][0]["url"], "/cams");
        // To the slash by nginx's own redirect.
        assert_eq!(nginx.request(Method::GET, "/cams").send().await.expect("an answer").url().path(), "/cams/");
        let camera = json!({ "name": format!("gate{number}"), "url": "rtsp://127.0.0.1:9/x", "enabled": false });
        let added = nginx.request(Method::POST, "/cams/api/v1/cameras").json(&camera).send().await.expect("an answer");
        assert_eq!(added.status(), 201);
        let place = added.headers()["location"].to_str().expect("text").to_owned();
        assert_eq!(nginx.ask(Method::GET, &place).await.1["name"], camera["name"]);
    }
    drop(proxies);
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn behind_caddy_it_works_as_the_example_says_also_below_a_path() {
    let media = server(&Options::default()).await;
    let config = Config::on(&media);
    let mut in_cams = config.clone();
    in_cams.environment.push(("STREAMWARDEN_HTTP__BASE_PATH".to_owned(), "/cams".to_owned()));
    let programs = [Program::start(&config).await, Program::start(&in_cams).await];
    let caddy = caddy::start(programs[0].address(), |site| site).await;
    // As the comment of the example says.
    let below = caddy::start(programs[1].address(), |site| {
        let (before, _) = site.split_once("\treverse_proxy").expect("a proxy");
        let (how, lines) = site.split_once("instead:\n").expect("how to do it");
        assert!(how.contains("base_path = \"/cams\" in [http]"), "{how}");
        format!("{before}{}", lines.replace("\t#", "\t"))
    })
    .await;
    let (status, problem) = caddy.ask(Method::GET, "/api/v1/status").await;
    assert_eq!(status, 403);
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("http.allowed_origins")), "{problem}");
    for (program, proxy, config, path) in
        [(&programs[0], &caddy, &config, ""), (&programs[1], &below, &in_cams, "/cams")]
    {
        program.room().write("streamwarden.toml", &with_origins(config, &proxy.origin()));
        program.signal(Signal::SIGHUP);
        program.log_with(0, &["taken over", "http.allowed_origins"]).await;
        let page = proxy.request(Method::GET, &format!("{path}/")).send().await.expect("an answer");
        let kind = page.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(page.status() == 200 && kind.starts_with("text/html"), "{} {kind}", page.status());
        assert_eq!(proxy.ask(Method::GET, &format!("{path}/api/v1/status")).await.0, 200);
        assert_eq!(proxy.ask(Method::POST, &format!("{path}/api/v1/ws")).await.0, 204);
        assert_eq!(proxy.connect_at(&format!("{path}/api/v1/ws")).await.expect("let in")["type"], "snapshot");
    }
    assert_eq!(below.request(Method::GET, "/cams").send().await.expect("an answer").url().path(), "/cams/");
    drop((caddy, below));
    for program in programs {
        program.stop().await;
    }
    media.stop().await;
}
