//! What browsers wait: from the answer of the media server to the message that tells of it, at many WebSocket clients. `make
//! bench`, or `cargo bench --bench updates -- 100` for that many clients alone. Prints figures beside their goals; judges nothing.
//!
//! Every path changes at every poll. Clients and fake API share the machine with the program, so at a thousand clients the
//! figures are those of all three.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a bench prints is its result")]

#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod support;

#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "shared with the other benches, which use the rest")]
mod measure;

use std::io::Read;
use std::rc::Rc;
use std::time::{Duration, Instant};

use flate2::read::ZlibDecoder;
use futures_util::StreamExt;
use measure::api::{FakeApi, received};
use measure::figures::ms;
use support::program::{Config, Program};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

/// Live paths.
const PATHS: usize = 1_000;
/// Polls that are measured, two seconds apart.
const POLLS: u64 = 10;
/// Polls before, until every path has been seen and rated.
const BEFORE: u64 = 4;
/// Clients, whether they take compressed frames (as browsers do), and the goal of their 99th percentile in milliseconds.
const ROUNDS: [(usize, bool, f64); 3] = [(100, false, 50.0), (100, true, 50.0), (1_000, true, 250.0)];

/// Bytes at the beginning of a frame that tell what it is.
const BEGINNING: usize = 2_000;
/// Questions whether a stream is on air.
const QUESTIONS: usize = 1_000;

/// What one client has got.
#[derive(Default)]
struct Heard {
    waited: Vec<Duration>,
    /// Bytes of the deltas.
    bytes: usize,
    /// Of the snapshot.
    snapshot: usize,
    /// Why it was closed, if it was.
    closed: Option<String>,
}

fn main() {
    let asked: Option<usize> = std::env::args().skip(1).find_map(|word| word.parse().ok());
    actix::System::new().block_on(async {
        for (clients, compressed, goal) in ROUNDS {
            if asked.is_none_or(|asked| asked == clients) {
                measure(clients, compressed, goal).await;
            }
        }
    });
}

async fn measure(clients: usize, compressed: bool, goal: f64) {
    let api = Rc::new(FakeApi::start(PATHS));
    let variable = |key: &str, value: String| (format!("STREAMWARDEN_{key}"), value);
    let config = Config {
        api_url: api.url(),
        rtsp_url: "rtsp://127.0.0.1:9".to_owned(),
        server: String::new(),
        segment_duration: "60s",
        stall_timeout: "10s",
        restream: String::new(),
        more: "exclude = [\"*\"]".to_owned(),
        environment: vec![
            variable("MONITOR__INTERVAL", "2s".to_owned()),
            variable("HTTP__WEBSOCKET_CLIENTS", clients.to_string()),
            variable("HTTP__WEBSOCKET_CLIENTS_PER_ADDRESS", clients.to_string()),
        ],
    };
    let program = Program::start(&config).await;
    api.reaches(BEFORE).await;
    let (alone, cpu) = (measure::usage::pss(program.pid()), || measure::usage::cpu(program.pid()));
    let query = if compressed { "?compress=deflate" } else { "" };
    let url = format!("ws://{}/api/v1/ws{query}", program.address());
    let end = api.polls() + 2 + POLLS;
    let mut listening = Vec::with_capacity(clients);
    for _ in 0..clients {
        listening.push(listen(url.clone(), Rc::clone(&api), end).await);
    }
    let (from, before) = (api.polls(), cpu());
    api.reaches(end + 1).await;
    let (spent, polls) = (cpu() - before, api.polls() - from);
    let with = measure::usage::pss(program.pid());
    let mut heard = Vec::with_capacity(clients);
    for client in listening {
        heard.push(client.await.expect("a client"));
    }
    print(
        if compressed { "compressed" } else { "plain" },
        &heard,
        goal,
        spent / polls as f64,
        (with - alone) / clients as f64,
    );
    ask_whether_live(&program).await;
    program.stop().await;
}

/// How long a program waits that asks whether one stream is on air, over a connection that it keeps.
async fn ask_whether_live(program: &Program) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let streams = program.api.items("/api/v1/streams").await;
    let name = streams.last().and_then(|stream| stream["name"].as_str()).expect("a stream").replace('/', "%2F");
    let url = program.api.url(&format!("/api/v1/streams/{name}/live"));
    let mut waited = Vec::with_capacity(QUESTIONS);
    for _ in 0..QUESTIONS {
        let asked = Instant::now();
        let answer = client.get(&url).send().await.expect("an answer");
        assert!(answer.status().is_success() && answer.bytes().await.is_ok(), "{url}");
        waited.push(asked.elapsed());
    }
    waited.sort();
    let at = |part: usize| ms(waited[QUESTIONS * part / 100]);
    println!("  GET .../live, {} paths: median {:.2} ms, p99 {:.2} ms (goal 1)", streams.len(), at(50), at(99));
}

/// A client that listens until the poll of this number.
async fn listen(url: String, api: Rc<FakeApi>, end: u64) -> JoinHandle<Heard> {
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a session");
    tokio::task::spawn_local(async move {
        let mut heard = Heard::default();
        while let Some(message) = socket.next().await {
            let arrived = Instant::now();
            match message {
                Ok(frame @ (Message::Text(_) | Message::Binary(_))) => {
                    let beginning = beginning(&frame);
                    if beginning.starts_with(r#"{"type":"snapshot""#) {
                        heard.snapshot += frame.len();
                    }
                    let Some(poll) = poll_of(&beginning).filter(|_| beginning.starts_with(r#"{"type":"delta""#)) else {
                        continue;
                    };
                    heard.bytes += frame.len();
                    heard.waited.extend(api.answered(poll).map(|answered| arrived.saturating_duration_since(answered)));
                    if poll >= end {
                        break;
                    }
                }
                Ok(Message::Close(why)) => heard.closed = Some(format!("{why:?}")),
                Ok(_) => {}
                Err(error) => heard.closed = Some(error.to_string()),
            }
        }
        heard
    })
}

/// Enough of a frame's text to know what it is; a thousand clients that inflate all of it would measure themselves.
fn beginning(frame: &Message) -> String {
    let mut text = Vec::with_capacity(BEGINNING);
    match frame {
        Message::Binary(deflated) => {
            let inflated = ZlibDecoder::new(deflated.as_ref()).take(BEGINNING as u64).read_to_end(&mut text);
            inflated.expect("a zlib stream");
        }
        other => text.extend(other.to_text().expect("a text").bytes().take(BEGINNING)),
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The poll of which a delta tells, by the bytes of its first path.
fn poll_of(delta: &str) -> Option<u64> {
    let (_, rest) = delta.split_once(r#""bytesReceived":"#)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let bytes: u64 = digits.parse().ok()?;
    Some((bytes - received(0)) / (received(1) - received(0)))
}

fn print(what: &str, heard: &[Heard], goal: f64, cpu: f64, memory: f64) {
    let mut waited: Vec<Duration> = heard.iter().flat_map(|client| client.waited.iter().copied()).collect();
    waited.sort();
    let at = |part: f64| waited.get(((waited.len() as f64 * part) as usize).min(waited.len() - 1)).copied();
    let (median, late, most) = (at(0.5), at(0.99), at(1.0));
    let closed: Vec<&String> = heard.iter().filter_map(|client| client.closed.as_ref()).collect();
    let frames: usize = heard.iter().map(|client| client.waited.len()).sum();
    let bytes = heard.iter().map(|client| client.bytes).sum::<usize>() / frames.max(1);
    let whole = heard.iter().map(|client| client.snapshot).sum::<usize>() / heard.len();
    let time = |reading: Option<Duration>| reading.map_or(f64::NAN, ms);
    println!(
        "{} clients, {what}, {PATHS} paths that all change every 2 s: answer of the media server -> message: median {:.1} ms, p99 {:.1} \
         ms (goal {goal} ms), longest {:.1} ms of {frames}; {} closed {:?}; {bytes} bytes a client and poll beside {whole} of \
         whole items, {:.2}; our CPU {:.1} ms a poll; {:.1} KiB a client (goal 64); {}",
        heard.len(),
        time(median),
        time(late),
        time(most),
        closed.len(),
        closed.first(),
        bytes as f64 / whole.max(1) as f64,
        cpu * 1e3,
        memory * 1024.0,
        measure::usage::load()
    );
}
