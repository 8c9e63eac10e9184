//! A reverse proxy: real nginx with the example of `etc/`.

use std::fs;
use std::process::{Child, Command, Stdio};

use futures_util::StreamExt;
use nix::sys::signal::Signal;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::port::free_port;
use super::processes;
use super::wait::{TIMEOUT, eventually};

/// The name that browsers know.
pub const NAME: &str = "video.example.org";

/// A running nginx in a folder of its own.
pub struct Nginx {
    pub port: u16,
    child: Child,
    folder: TempDir,
}

impl Nginx {
    /// With the example of `etc/`, edited by `edit`.
    pub async fn start(upstream: &str, edit: impl Fn(String) -> String) -> Self {
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

    pub fn origin(&self) -> String {
        format!("http://{NAME}:{}", self.port)
    }

    /// A request, not sent yet.
    pub fn request(&self, method: Method, route: &str) -> RequestBuilder {
        let place = ([127, 0, 0, 1], self.port).into();
        let client = Client::builder().no_proxy().resolve(NAME, place).timeout(TIMEOUT).build().expect("a client");
        client.request(method, format!("{}{route}", self.origin()))
    }

    /// A browser's request.
    pub async fn ask(&self, method: Method, route: &str) -> (StatusCode, Value) {
        let mut request = self.request(method.clone(), route);
        if method != Method::GET {
            request = request.header("origin", self.origin());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{route}: {error}: {}", self.console()));
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    /// A page opens the WebSocket: its first message, or the status that it was refused with.
    pub async fn connect(&self) -> Result<Value, u16> {
        self.connect_at("/api/v1/ws").await
    }

    /// The same at another address.
    pub async fn connect_at(&self, route: &str) -> Result<Value, u16> {
        let mut request = format!("ws://{NAME}:{}{route}", self.port).into_client_request().expect("a request");
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

fn main_file() -> String {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|what| format!("{what}_temp_path t-{what};"));
    format!(
        "daemon off;\nmaster_process on;\nworker_processes 1;\npid nginx.pid;\nevents {{}}\n\
         http {{\naccess_log off;\n{}\ninclude site.conf;\n}}\n",
        temporary.join("\n")
    )
}
