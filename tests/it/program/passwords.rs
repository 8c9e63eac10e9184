//! Stored passwords and hosts of a caller's choice: none of the ways that an API offers leads the one to the other.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::media::server;
use crate::support::program::{Config, Program};

/// What is stored, as it is and as a `Basic` login carries it (`viewer:Top-S3cret`).
const PASSWORD: &str = "Top-S3cret";
const LOGIN: &str = "dmlld2VyOlRvcC1TM2NyZXQ=";

/// An RTSP server that asks everybody for a `Basic` login and remembers what it heard.
struct Thief {
    port: u16,
    heard: Arc<Mutex<String>>,
    task: JoinHandle<()>,
}

impl Thief {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(String::new()));
        let note = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(ask_for_login(stream, Arc::clone(&note)));
            }
        });
        Self { port, heard, task }
    }

    fn heard(&self) -> String {
        self.heard.lock().expect("no panic").clone()
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn ask_for_login(mut stream: TcpStream, heard: Arc<Mutex<String>>) {
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut part).await {
        let text = String::from_utf8_lossy(&part[..length]).into_owned();
        let number = text.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("1").trim().to_owned();
        heard.lock().expect("no panic").push_str(&text);
        let answer =
            format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A program with one camera that is switched off: its host is nobody's, its password is stored.
async fn program_with_camera(config: &Config) -> (Program, Value) {
    let program = Program::start(config).await;
    let camera =
        json!({"name": "gate", "host": "192.0.2.1", "username": "viewer", "password": PASSWORD, "enabled": false});
    let (status, camera) = program.api.send(Method::POST, "/api/v1/cameras", camera.to_string().into_bytes()).await;
    assert_eq!(status, 201, "{camera}");
    (program, camera)
}

#[tokio::test]
async fn a_stored_password_reaches_no_host_that_a_caller_names() {
    let media = server(&Options::default()).await;
    let (program, camera) = program_with_camera(&Config::on(&media)).await;
    let thief = Thief::start().await;
    let (one, probe) =
        (format!("/api/v1/cameras/{}", camera["id"]), format!("/api/v1/cameras/probe?id={}", camera["id"]));
    let refused = async |method: Method, route: &str, body: Value, status: u16, field: &str| {
        let (got, problem) = program.api.send(method, route, body.to_string().into_bytes()).await;
        assert_eq!((got.as_u16(), problem["field"].as_str()), (status, Some(field)), "{route} {body}: {problem}");
        assert!(!problem.to_string().contains(PASSWORD), "{problem}");
        problem["detail"].as_str().expect("a detail").to_owned()
    };
    let there = json!({"host": "127.0.0.1", "port": thief.port});
    let words = refused(Method::POST, &probe, there.clone(), 422, "password").await;
    assert!(words.contains("enter it again") && words.contains("rtsp://192.0.2.1:554"), "{words}");
    refused(Method::PATCH, &one, there.clone(), 422, "password").await;
    let url = json!({"url": format!("rtsp://127.0.0.1:{}/x", thief.port)});
    refused(Method::POST, &probe, url.clone(), 422, "password").await;
    refused(Method::PATCH, &one, url, 422, "password").await;
    let generic = "/api/v1/camera-kinds/generic";
    let template = |place: &str| json!({"urlTemplate": format!("rtsp://{{username}}:{{password}}@{place}/")});
    refused(Method::PUT, generic, template(&format!("127.0.0.1:{}", thief.port)), 422, "urlTemplate").await;
    refused(Method::PUT, generic, template(&format!("{{host}}:{{port={}}}", thief.port)), 409, "urlTemplate").await;

    let sheet = format!("name,kind,host,port,username,password\ngate,generic,127.0.0.1,{},viewer,\n", thief.port);
    program.room().write("cameras.csv", &sheet);
    let ended = program.room().run(&["cameras", "--config", "streamwarden.toml", "import", "cameras.csv"], &[]);
    assert!(ended.code == Some(1) && ended.out.contains("line 2, password"), "{} {}", ended.out, ended.err);
    let edit = ["cameras", "--config", "streamwarden.toml", "edit", "gate", "--host", "127.0.0.1"];
    let ended = program.room().run(&edit, &[]);
    assert!(ended.code == Some(2) && ended.err.contains("--password-file"), "{:?} {}", ended.code, ended.err);
    // The template of the kind, changed behind our back by somebody with a database client.
    let literal = format!("rtsp://{{username}}:{{password}}@127.0.0.1:{}/", thief.port);
    program.sql(&format!("UPDATE camera_kinds SET url_template = '{literal}' WHERE kind = 'generic'"));
    refused(Method::POST, &format!("{one}/probe"), json!({}), 422, "kind").await;
    assert_eq!(thief.heard(), "", "nobody has called it");

    // Entered again it goes there: the thief would have heard it.
    program.sql("UPDATE camera_kinds SET url_template = 'rtsp://{username}:{password}@{host}:{port=554}/' WHERE kind = 'generic'");
    let mut again = there;
    again["password"] = json!(PASSWORD);
    let (status, view) = program.api.send(Method::POST, &probe, again.to_string().into_bytes()).await;
    assert_eq!((status.as_u16(), &view["fault"]["kind"]), (200, &json!("unauthorized")), "{view}");
    assert!(thief.heard().contains(LOGIN), "{}", thief.heard());
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn nobody_is_called_at_addresses_that_only_this_machine_reaches() {
    let media = server(&Options::default()).await;
    let config = Config::on(&media);
    let (mut program, _) = program_with_camera(&config).await;
    let thief = Thief::start().await;
    let own: u16 = program.address().rsplit_once(':').expect("a port").1.parse().expect("a number");
    let api = reqwest::Url::parse(&config.api_url).expect("a URL").port().expect("a port");
    let places = [
        json!({"url": "http://169.254.169.254/latest/meta-data/"}),
        json!({"url": "http://2852039166/latest/meta-data/"}),
        json!({"host": "fe80::1"}),
        json!({"url": format!("http://127.0.0.1:{own}/health")}),
        json!({"url": format!("http://localhost:{api}/v3/paths/list")}),
        json!({"url": format!("http://0x7f.1:{api}/v3/paths/list")}),
    ];
    for place in &places {
        let (status, view) =
            program.api.send(Method::POST, "/api/v1/cameras/probe", place.to_string().into_bytes()).await;
        assert_eq!((status.as_u16(), &view["fault"]["kind"]), (200, &json!("noRoute")), "{place}: {view}");
        assert!(view.to_string().contains("restream.allowed_networks"), "{view}");
        let mut camera = place.clone();
        camera["name"] = json!("forbidden");
        let (status, problem) =
            program.api.send(Method::POST, "/api/v1/cameras", camera.to_string().into_bytes()).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("host")), "{place}: {problem}");
    }
    assert_eq!(program.api.items("/api/v1/cameras").await.len(), 1);
    // Loopback is where cameras may be, and what the configuration names is called.
    let there = json!({"url": format!("rtsp://127.0.0.1:{}/x", thief.port)});
    let (_, view) = program.api.send(Method::POST, "/api/v1/cameras/probe", there.to_string().into_bytes()).await;
    assert_eq!(view["fault"]["kind"], "unauthorized", "{view}");
    let restream = "allowed_networks = [\"127.0.0.0/8\"]".to_owned();
    program.configure(&Config { restream, ..config });
    program.signal(nix::sys::signal::Signal::SIGTERM);
    program.end().await;
    program.start_again().await;
    let own = program.address();
    let health = json!({"url": format!("http://{own}/health")});
    let (_, view) = program.api.send(Method::POST, "/api/v1/cameras/probe", health.to_string().into_bytes()).await;
    assert_ne!(view["fault"]["kind"], "noRoute", "{view}");
    program.stop().await;
    media.stop().await;
}
