//! The client against servers that are right, wrong, slow or no MediaMTX at all: a listener that says what it is told.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{Listing, MediaMtx, MediaServer, ServerIdentity};
use crate::base::{Error, ErrorKind};
use crate::config::settings::{ApiTrust, ServerSettings};

/// What came in: one line per request (target, then the Authorization header), and how many connections.
#[derive(Default)]
struct Seen {
    requests: Vec<(String, Option<String>)>,
    connections: usize,
}

/// The whole bytes of an answer to a request target; empty = say nothing and keep the connection.
type Script = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

async fn serve(script: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (Url, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = Url::parse(&format!("http://{}", listener.local_addr().expect("address"))).expect("url");
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (script, log): (Script, _) = (Arc::new(script), Arc::clone(&seen));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            log.lock().expect("lock").connections += 1;
            tokio::spawn(converse(stream, Arc::clone(&script), Arc::clone(&log)));
        }
    });
    (url, seen)
}

async fn converse(mut stream: TcpStream, script: Script, seen: Arc<Mutex<Seen>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read_exact(&mut byte).await.is_ok() {
        head.push(byte[0]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut head)).expect("text");
        let target = text.split(' ').nth(1).expect("target").to_owned();
        let login = text.lines().find_map(|line| line.strip_prefix("authorization: ")).map(str::to_owned);
        seen.lock().expect("lock").requests.push((target.clone(), login));
        let answer = script(&target);
        // In the head; the body may be long.
        let closes = answer[..answer.len().min(300)].windows(17).any(|part| part == b"connection: close");
        if stream.write_all(&answer).await.is_err() || closes {
            break;
        }
    }
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn absent() -> Vec<u8> {
    http("404 Not Found", "404 page not found")
}

fn fixture(file: &str) -> String {
    let path = format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

pub(super) fn settings(api_url: Url) -> ServerSettings {
    ServerSettings {
        name: "main".into(),
        api_url,
        rtsp_url: Url::parse("rtsp://127.0.0.1:8554").expect("url"),
        hls_url: None,
        webrtc_url: None,
        api_username: None,
        api_password: None,
        api_trust: ApiTrust::Machine,
        rtsp_trust: ApiTrust::Machine,
        publish_username: None,
        publish_password: None,
    }
}

fn client(api_url: Url) -> MediaMtx {
    MediaMtx::new(&settings(api_url)).expect("a client")
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.paths.iter().map(|path| path.name.as_str()).collect()
}

fn count(seen: &Mutex<Seen>, part: &str) -> usize {
    seen.lock().expect("lock").requests.iter().filter(|(target, _)| target.contains(part)).count()
}

/// The error of a poll that is answered with these bytes.
async fn error_of(answer: Vec<u8>) -> Error {
    let (url, _) = serve(move |_| answer.clone()).await;
    client(url).list().await.expect_err("an error")
}

#[tokio::test]
async fn all_pages_on_one_connection() {
    let pages: Vec<String> =
        [0, 1, 9].map(|page| fixture(&format!("mediamtx-1.20.1/paths_list_itemsPerPage_3_page_{page}.json"))).into();
    let srt = fixture("mediamtx-1.20.1/srtconns_list.json");
    let (url, seen) = serve(move |target| match target {
        _ if target.starts_with("/v3/srtconns/list?") => http("200 OK", &srt),
        _ if target.starts_with("/v3/paths/list?page=0&itemsPerPage=") => http("200 OK", &pages[0]),
        _ if target.starts_with("/v3/paths/list?page=1&") => http("200 OK", &pages[1]),
        _ if target.starts_with("/v3/paths/list?page=2&") => http("200 OK", &pages[2]),
        _ => absent(),
    })
    .await;
    let client = client(url);
    for _ in 0..3 {
        let listing = client.list().await.expect("a listing");
        let wanted = ["always", "cam/front", "contrib/rtmp", "contrib/srt", "g711", "idle-publisher"];
        assert_eq!(names(&listing), wanted);
        assert!(listing.paths[3].srt.is_some());
        assert_eq!(client.identity().await.expect("not told"), ServerIdentity::default());
    }
    assert_eq!(count(&seen, "/v3/paths/list"), 9);
    assert_eq!(count(&seen, "/v3/info"), 1, "absence is remembered");
    assert_eq!(seen.lock().expect("lock").connections, 1);
}

#[tokio::test]
async fn a_list_that_repeats_itself_ends() {
    let body = r#"{"itemCount":1,"pageCount":1000000,"items":[{"name":"only"}]}"#;
    let (url, seen) = serve(move |_| http("200 OK", body)).await;
    assert_eq!(names(&client(url).list().await.expect("a listing")), ["only"]);
    assert_eq!(count(&seen, "/v3/paths/list"), 2);
}

#[tokio::test]
async fn refused_names_are_reported_and_shortened() {
    let body = format!(r#"{{"items":[{{"name":"../x\u0000"}},{{"name":"ok"}},{{"name":"{} "}}]}}"#, "y".repeat(5000));
    let (url, _) = serve(move |_| http("200 OK", &body)).await;
    let listing = client(url).list().await.expect("a listing");
    assert_eq!(names(&listing), ["ok"]);
    assert_eq!(listing.refused, [r"../x\0".to_owned(), "y".repeat(60)]);
}

#[tokio::test]
async fn srt_that_is_absent_is_not_asked_for_every_time() {
    let paths = fixture("mediamtx-1.9.3/paths_list.json");
    let (url, seen) =
        serve(move |target| if target.contains("paths") { http("200 OK", &paths) } else { absent() }).await;
    let client = client(url);
    for _ in 0..3 {
        let listing = client.list().await.expect("a listing");
        assert!(listing.paths.iter().all(|path| path.srt.is_none()));
    }
    assert_eq!(count(&seen, "/v3/srtconns/list"), 1);
}

#[tokio::test]
async fn srt_that_hangs_makes_no_poll_late() {
    let paths = fixture("mediamtx-1.9.3/paths_list.json");
    let (url, _) = serve(move |target| if target.contains("paths") { http("200 OK", &paths) } else { vec![] }).await;
    let client = client(url);
    let listing = client.list().await.expect("a listing");
    assert_eq!(listing.paths.len(), 5);
    assert!(listing.age >= Duration::from_secs(2), "the counters are as old as the wait for srt: {:?}", listing.age);
    let again = client.list().await.expect("a listing");
    assert!(again.age < Duration::from_secs(1), "asked again at once: {:?}", again.age);
}

#[tokio::test]
async fn the_login_is_sent_and_its_refusal_names_the_keys() {
    let denied = || http("401 Unauthorized", &fixture("mediamtx-1.20.1/unauthorized.json"));
    let (url, seen) = serve(move |_| denied()).await;
    let error = client(url.clone()).list().await.expect_err("no login");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error.to_string().contains("wants a login (401): set api_username and api_password of server main"),
        "{error}"
    );

    let mut with_login = settings(url.clone());
    with_login.api_username = Some("me".into());
    with_login.api_password = Some(SecretString::from("s3cret"));
    let error = MediaMtx::new(&with_login).expect("a client").list().await.expect_err("wrong login");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("refuses our login (401): correct api_username"), "{error}");

    let mut in_url = url;
    in_url.set_username("me").expect("username");
    in_url.set_password(Some("s3cret")).expect("password");
    let error = client(in_url).list().await.expect_err("wrong login");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");

    let logins: Vec<_> = seen.lock().expect("lock").requests.iter().map(|(_, login)| login.clone()).collect();
    let sent = Some("Basic bWU6czNjcmV0".to_owned());
    assert_eq!(logins, [None, sent.clone(), sent]);
}

#[tokio::test]
async fn every_wrong_answer_has_its_sentence() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\nconnection: close\r\n\r\n{\"items\":[".to_vec();
    let huge = format!("{{\"items\":[],\"x\":\"{}\"}}", "z".repeat(64_000_000));
    let until_its_end = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{huge}").into_bytes();
    let table = [
        (absent(), ErrorKind::Unsupported, "has no /v3/paths/list: not the API of MediaMTX 1.2 or later"),
        (cut, ErrorKind::Unavailable, "was cut off"),
        (http("200 OK", "{\"items\":[{\"na"), ErrorKind::Unavailable, "was cut off"),
        (http("200 OK", ""), ErrorKind::Unavailable, "was cut off"),
        (http("200 OK", "<html>hello"), ErrorKind::Unavailable, "something else than JSON"),
        (http("200 OK", "{\"status\":\"ok\"}"), ErrorKind::Unavailable, "without a list of items"),
        (http("200 OK", &huge), ErrorKind::Unavailable, "longer than 64 MB"),
        (until_its_end, ErrorKind::Unavailable, "longer than 64 MB"),
        (
            http("500 Internal Server Error", "{\"error\":\"terminated\"}"),
            ErrorKind::Unavailable,
            "status 500: terminated",
        ),
        (http("502 Bad Gateway", "<html>nginx</html>"), ErrorKind::Unavailable, "with status 502"),
        (
            http("301 Moved\r\nlocation: https://x/", ""),
            ErrorKind::Unavailable,
            "another address (301), as MediaMTX's HLS",
        ),
        (b"RTSP/1.0 400 Bad Request\r\n\r\nconnection: close".to_vec(), ErrorKind::Unavailable, "does not speak HTTP"),
    ];
    for (answer, kind, words) in table {
        let error = error_of(answer).await;
        assert!(error.to_string().contains(words), "{error} lacks {words:?}");
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn nobody_there_says_what_to_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = Url::parse(&format!("http://{}", listener.local_addr().expect("address"))).expect("url");
    drop(listener);
    let error = client(url).list().await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("connection refused): start MediaMTX with `api: yes`"), "{error}");
}

#[tokio::test]
async fn the_version_is_asked_for_again_after_an_outage() {
    let up = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let works = Arc::clone(&up);
    let info = fixture("mediamtx-1.20.1/info.json");
    let (url, seen) = serve(move |target| match target {
        _ if !works.load(std::sync::atomic::Ordering::SeqCst) => http("503 Service Unavailable", ""),
        "/v3/info" => http("200 OK", &info),
        _ => http("200 OK", "{\"items\":[]}"),
    })
    .await;
    let client = client(url);
    for (answers, asked) in [(true, 1), (true, 1), (false, 1), (true, 2)] {
        up.store(answers, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(client.list().await.is_ok(), answers);
        if answers {
            assert_eq!(client.identity().await.expect("told").version.as_deref(), Some("v1.20.1"));
        }
        assert_eq!(count(&seen, "/v3/info"), asked);
    }
}

#[tokio::test]
async fn another_run_of_the_server_is_noticed_without_an_outage_and_one_that_goes_on_is_not_asked() {
    let path = |name: &str, since: u8, bytes: u64| {
        format!(
            "{{\"name\":\"{name}\",\"ready\":true,\"readyTime\":\"2026-01-01T00:00:0{since}Z\",\"source\":{{\"type\":\"rtspSession\",\"id\":\"{since}\"}},\"bytesReceived\":{bytes}}}"
        )
    };
    let list = |paths: &[String]| {
        format!("{{\"itemCount\":{0},\"pageCount\":1,\"items\":[{1}]}}", paths.len(), paths.join(","))
    };
    let answers = [
        (list(&[path("a", 1, 5), path("b", 1, 5)]), 1, "2026-01-01T00:00:00Z"),
        (list(&[path("a", 1, 900), path("b", 1, 77)]), 1, "2026-01-01T00:00:00Z"),
        (list(&[path("a", 3, 5), path("b", 1, 99)]), 2, "2026-01-01T00:00:00Z"),
        (list(&[path("a", 3, 6), path("b", 1, 100)]), 2, "2026-01-01T00:00:00Z"),
        (list(&[]), 3, "2026-01-01T00:00:05Z"),
        (list(&[]), 3, "2026-01-01T00:00:05Z"),
    ];
    let now = Arc::new(Mutex::new((String::new(), "")));
    let told = Arc::clone(&now);
    let (url, seen) = serve(move |target| {
        let (list, started) = told.lock().expect("lock").clone();
        match target {
            "/v3/info" => http("200 OK", &format!("{{\"version\":\"v1.20.1\",\"started\":\"{started}\"}}")),
            _ => http("200 OK", &list),
        }
    })
    .await;
    let client = client(url);
    for (number, (list, asked, started)) in answers.into_iter().enumerate() {
        *now.lock().expect("lock") = (list, started);
        client.list().await.expect("a listing");
        let identity = client.identity().await.expect("told");
        assert_eq!(identity.started_at, Some(started.parse().expect("a time")), "poll {number}");
        assert_eq!(count(&seen, "/v3/info"), asked, "poll {number}");
    }
}

#[test]
fn a_version_is_one_short_line() {
    for (told, wanted) in [("v1.20.1", "v1.20.1"), ("v1.20.1\n", "v1.20.1"), (" v1\r\n2\t\u{1b}[1m", "v1 2 [1m")] {
        assert_eq!(crate::adapters::mediamtx::mediamtx_wire::version_text(told), wanted);
    }
    assert_eq!(crate::adapters::mediamtx::mediamtx_wire::version_text(&"v".repeat(1000)).len(), 60);
}
