//! Where somebody could see a secret: answers, messages, prints, tables, files, limits of processes.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;

use crate::program::canary::Watch;
use crate::support::processes::marked;
use crate::support::program::Program;
use crate::support::room::{Room, files_below};

/// Whatever is secret holds the word `canary`, and nothing else does: as it is, as base64 (which is how HTTP and RTSP
/// carry logins; it looks different at each of three offsets), and in hexadecimal.
pub const NEEDLES: [&str; 5] = ["canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn", "63616e617279"];

/// Our logging with every detail, for people or as JSON.
pub fn logging(room: &Room, kind: &str) {
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/log4rs.yaml")).expect("our own file");
    let loud = yaml.replace("level: info", "level: trace").replace("limit: 20M", "limit: 2M");
    let edited = loud.replace("kind: line # kind: json", &format!("kind: {kind} #"));
    assert!(loud != yaml && edited != loud, "the file has another form by now");
    room.write("etc/log4rs.yaml", &edited);
}

/// Whatever can be seen while it runs, but the tables.
pub async fn everywhere(program: &Program, watch: &Watch) {
    pushed(program, watch).await;
    all_answers(program, watch).await;
    printed(program, watch);
    no_cores(program);
}

/// Every route that answers to GET, for every camera; the API's own document says which there are.
async fn all_answers(program: &Program, watch: &Watch) {
    let (_, document) = program.api.text("/api/openapi.json").await.expect("an answer");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let gets: Vec<&String> =
        paths.iter().filter(|(_, methods)| !methods["get"].is_null()).map(|(path, _)| path).collect();
    assert!(gets.len() >= 20, "{gets:?}");
    let mut routes = vec!["/".to_owned()];
    for path in gets {
        match path.strip_prefix("/api/v1/cameras/{id}") {
            Some(rest) => {
                let cameras = program.api.items("/api/v1/cameras").await;
                routes.extend(cameras.iter().map(|camera| format!("/api/v1/cameras/{}{rest}", camera["id"])));
            }
            None => routes.push(filled(path)),
        }
    }
    for route in routes {
        let (status, text) = program.api.text(&route).await.expect("an answer");
        assert_ne!(status.as_u16(), 500, "{route}: {text}");
        assert!(route.contains("/ws") || !text.is_empty(), "{route}");
        watch.look_at(&route, text.as_bytes());
    }
}

/// The path with a stream's name in every place for something.
pub fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "good" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Questions that hold a secret and that are refused, most of them.
pub async fn asked(program: &Program, watch: &Watch) {
    let cameras = program.api.items("/api/v1/cameras").await;
    let at = |name: &str, rest: &str| {
        let camera = cameras.iter().find(|one| one["name"] == name).expect("it is there");
        format!("/api/v1/cameras/{}{rest}", camera["id"])
    };
    let (all, sheet) = ("/api/v1/cameras".to_owned(), "/api/v1/cameras/import".to_owned());
    let bad_rows = "name,url,password\n../x,rtsp://a:canary-10@h/x,canary-11\n";
    let good_row = "name,url,password,enabled\nfrom-a-file,rtsp://h/x,canary-12,no\n";
    let questions = [
        (Method::POST, all.clone(), r#"{"name":"../x","url":"rtsp://a:canary-1@h/x"}"#),
        (Method::POST, all.clone(), r#"{"name":"n","url":"file://a:canary-2@h/x"}"#),
        (Method::POST, all.clone(), r#"{"name":"n","password":"canary-3"#),
        (Method::POST, all.clone(), r#"{"name":"n","passwort":"canary-4"}"#),
        (Method::POST, all.clone(), r#"{"name":"good","url":"rtsp://a:canary-5@h/x"}"#),
        (
            Method::POST,
            all.clone(),
            r#"{"name":"asked","host":"h","username":"u","password":"canary-6","enabled":false}"#,
        ),
        (Method::PATCH, at("refused", ""), r#"{"url":"canary-7@h"}"#),
        (Method::PATCH, at("refused", ""), r#"{"password":"canary\n8"}"#),
        (Method::PATCH, at("refused", ""), r#"{"password":["canary-9"]}"#),
        (Method::PATCH, at("encoded", ""), r#"{"name":"good","password":"canary-13"}"#),
        (Method::PATCH, at("path", ""), r#"{"password":"canary-14"}"#),
        (
            Method::PUT,
            "/api/v1/camera-kinds/acme".to_owned(),
            r#"{"urlTemplate":"rtsp://admin:canary-16@{host}/","url_template":"canary-17"}"#,
        ),
        (Method::PUT, "/api/v1/camera-kinds/acme".to_owned(), r#"{"urlTemplate":"rtsp://admin:canary-18@{host}/"}"#),
        (Method::POST, format!("{all}/probe"), r#"{"name":"n","url":"rtsp://a:canary-15@127.0.0.1:9/x"}"#),
        (Method::POST, at("refused", "/probe"), ""),
        (Method::POST, at("path", "/probe"), ""),
        (Method::POST, at("port", "/probe"), ""),
        (Method::POST, at("path", "/restart"), ""),
        (Method::POST, format!("{sheet}?dryRun=true"), bad_rows),
        (Method::POST, sheet.clone(), bad_rows),
        (Method::POST, sheet, good_row),
    ];
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for (method, route, body) in questions {
        let kind = if route.contains("import") { "text/csv" } else { "application/json" };
        let request = client.request(method, program.api.url(&route)).header("content-type", kind);
        let answer = request.body(body).send().await.expect("an answer");
        let head = format!("{} {:?}", answer.status(), answer.headers());
        let text = answer.text().await.expect("text");
        assert!(!head.starts_with("500"), "{route} {body}: {text}");
        watch.look_at(&route, format!("{head}\n{text}").as_bytes());
    }
}

/// What browsers are told over some seconds.
async fn pushed(program: &Program, watch: &Watch) {
    let address = format!("ws://{}/api/v1/ws", program.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("a WebSocket");
    let mut messages = 0;
    let listening = async {
        while let Some(Ok(message)) = socket.next().await {
            watch.look_at("a message to browsers", &message.into_data());
            messages += 1;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(3), listening).await;
    assert!(messages >= 2, "a snapshot and what follows it");
}

/// What the command line prints.
fn printed(program: &Program, watch: &Watch) {
    program.room().write("rows.csv", "name,url\n../x,rtsp://a:canary-21@h/x\n");
    program.room().write("new-password", "canary-22\nand more");
    let lines = "check|doctor|doctor --json|cameras list|cameras list --json|cameras log refused|cameras log path --json|\
        cameras log raw|cameras probe encoded|cameras probe path --json|cameras export|cameras export --json|\
        cameras plan|cameras plan --json|cameras edit in-host --port 0|cameras kinds list|cameras import rows.csv|\
        cameras import rows.csv --json|cameras edit refused --url rtsp://a:canary-23@h/x|\
        cameras edit refused --password-file new-password|cameras add n --url rtsp://a:canary-24@h/x --json";
    for line in lines.split('|') {
        print(program, watch, line);
    }
    std::fs::remove_file(program.room().path().join("rows.csv")).expect("ours");
    std::fs::remove_file(program.room().path().join("new-password")).expect("ours");
}

/// What it prints with these arguments. Returns its exit code.
pub fn print(program: &Program, watch: &Watch, line: &str) -> Option<i32> {
    let words: Vec<&str> = line.split_whitespace().chain(["--config", "streamwarden.toml"]).collect();
    let ended = program.room().run(&words, &[]);
    let text = ended.out + &ended.err;
    assert!(!text.is_empty() && !text.contains("Usage:"), "{line}: {text}");
    watch.look_at(line, text.as_bytes());
    ended.code
}

/// Neither the program nor a child of it may leave a core file.
fn no_cores(program: &Program) {
    let pids = marked(&program.data_dir()).into_iter().map(|process| process.pid).chain([program.pid()]);
    for pid in pids {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        let Some(line) = limits.lines().find(|line| line.starts_with("Max core file size")) else { continue };
        let most = line.split_whitespace().filter_map(|word| word.parse::<u64>().ok()).max();
        assert!(most.is_some_and(|most| most <= 1) && !line.contains("unlimited"), "{pid}: {line}");
    }
}

/// Every file but those whose business it is to keep passwords, which only we may read.
pub fn files(program: &Program, watch: &Watch) {
    let mut seen = 0;
    for file in files_below(program.room().path()) {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        if name == "cameras.last.json" || name.starts_with("streamwarden.db") {
            let mode = file.metadata().expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        } else if name != "streamwarden.toml" {
            let bytes = std::fs::read(&file).unwrap_or_default();
            seen += 1;
            match name.ends_with(".gz") {
                true => watch.look_at(&file.display().to_string(), &unpacked(&bytes)),
                false => watch.look_at(&file.display().to_string(), &bytes),
            }
        }
    }
    assert!(seen > 2, "there are files");
    assert!(program.log().contains("TRACE"), "the log was talkative");
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = std::process::Command::new("gzip");
    gzip.arg("-dc").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = gzip.spawn().expect("gzip");
    let mut pipe = child.stdin.take().expect("piped");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut pipe, &bytes));
    let output = child.wait_with_output().expect("its end");
    writer.join().expect("the writer").expect("written");
    // The end of the program may cut the packing short; then the log is still there as it was, and is looked at too.
    output.stdout
}
