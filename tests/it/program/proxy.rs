//! Behind a reverse proxy: real nginx with the example of `etc/`, whose host and origin are let in or refused with the remedy.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;
use nix::sys::signal::Signal;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use streamwarden::demo::media_server::Options;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::media::server;
use crate::support::processes;
use crate::support::program::{Config, Program};
use crate::support::wait::{TIMEOUT, eventually};

/// The name that browsers know.
const NAME: &str = "video.example.org";

/// A running nginx in a folder of its own.
struct Nginx {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl Nginx {
    /// With the example of `etc/`, edited by `edit`.
    async fn start(upstream: &str, edit: impl Fn(String) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let example = include_str!("../../../etc/nginx.conf.example");
        let here = example
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
            .replace("server 127.0.0.1:8080;", &format!("server {upstream};"));
        assert_eq!(here.matches(&port.to_string()).count(), 1, "the example has another form by now");
        assert!(here.contains(upstream), "the example has another form by now");
        // Without TLS and logins, which are the site's.
        let lines =
            here.lines().filter(|line| !["ssl_", "auth_basic"].iter().any(|word| line.trim().starts_with(word)));
        fs::write(folder.path().join("site.conf"), edit(lines.collect::<Vec<_>>().join("\n"))).expect("a file");
        fs::write(folder.path().join("nginx.conf"), main_file()).expect("a file");
        let child = Command::new(nginx())
            .arg("-p")
            .arg(folder.path())
            .args(["-e", "stderr", "-c", "nginx.conf"])
            .stdin(Stdio::null())
            .stderr(fs::File::create(folder.path().join("console")).expect("a file"))
            .spawn()
            .expect("nginx starts");
        let nginx = Self { port, child, folder };
        eventually("nginx listens", || async { TcpStream::connect(("127.0.0.1", nginx.port)).await.ok() }).await;
        nginx
    }

    fn origin(&self) -> String {
        format!("http://{NAME}:{}", self.port)
    }

    /// A browser's request.
    async fn ask(&self, method: Method, route: &str) -> (StatusCode, Value) {
        let place = ([127, 0, 0, 1], self.port).into();
        let client = Client::builder().no_proxy().resolve(NAME, place).timeout(TIMEOUT).build().expect("a client");
        let mut request = client.request(method.clone(), format!("{}{route}", self.origin()));
        if method != Method::GET {
            request = request.header("origin", self.origin());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{route}: {error}: {}", self.console()));
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    /// A page opens the WebSocket: its first message, or the status that it was refused with.
    async fn connect(&self) -> Result<Value, u16> {
        let mut request = format!("ws://{NAME}:{}/api/v1/ws", self.port).into_client_request().expect("a request");
        request.headers_mut().insert("origin", self.origin().parse().expect("a header"));
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        match client_async(request, stream).await {
            Ok((mut socket, _)) => {
                let first = tokio::time::timeout(TIMEOUT, socket.next()).await.expect("in time");
                let text = first.expect("a message").expect("no end").into_text().expect("text");
                Ok(serde_json::from_str(&text).expect("JSON"))
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}: {}", self.console()),
        }
    }

    fn console(&self) -> String {
        fs::read_to_string(self.folder.path().join("console")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its master takes the workers with it.
        processes::send(self.child.id(), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn nginx() -> &'static str {
    // Debian has it where only root looks.
    if std::path::Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn main_file() -> String {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|what| format!("{what}_temp_path t-{what};"));
    format!(
        "daemon off;\nmaster_process on;\nworker_processes 1;\npid nginx.pid;\nevents {{}}\n\
         http {{\naccess_log off;\n{}\ninclude site.conf;\n}}\n",
        temporary.join("\n")
    )
}

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
    let nginx = Nginx::start(program.address(), |site| site).await;

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
    let nginx = Nginx::start(program.address(), |site| {
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
