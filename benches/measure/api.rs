//! An API that lists live paths, each with new bytes at every request. On threads of its own, in plain HTTP/1.1.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::usage;

/// Whatever takes longer is broken.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The server; ends with the process.
pub struct FakeApi {
    address: SocketAddr,
    polls: Arc<AtomicU64>,
    answered: Arc<Mutex<Vec<Instant>>>,
}

impl FakeApi {
    /// Lists so many paths.
    pub fn start(paths: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, polls) = (listener.local_addr().expect("an address"), Arc::new(AtomicU64::new(0)));
        let answered = Arc::new(Mutex::new(Vec::new()));
        let (counted, times) = (Arc::clone(&polls), Arc::clone(&answered));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counted, times) = (Arc::clone(&counted), Arc::clone(&times));
                std::thread::spawn(move || _ = serve(stream, paths, &counted, &times));
            }
        });
        Self { address, polls, answered }
    }

    /// When the listing of this number (from 0) had been sent.
    pub fn answered(&self, poll: u64) -> Option<Instant> {
        let times = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(poll).ok().and_then(|poll| times.get(poll).copied())
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Listings that were asked for.
    pub fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// Waits until so many listings were asked for.
    pub async fn reaches(&self, polls: u64) {
        let begun = Instant::now();
        while self.polls() < polls {
            assert!(begun.elapsed() < TIMEOUT, "{} of {polls} polls", self.polls());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// CPU of this thread for one request and its JSON, on average.
    pub fn read_bare(&self, times: u32) -> Duration {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let begun = usage::cpu_of_this_thread();
        for _ in 0..times {
            stream.write_all(b"GET /v3/paths/list HTTP/1.1\r\nhost: bench\r\n\r\n").expect("sent");
            let mut answer = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                answer.read_line(&mut line).expect("a head");
                match line.trim_end().split_once(": ") {
                    Some(("content-length", value)) => length = value.parse().expect("a length"),
                    Some(_) => {}
                    None if line.trim_end().is_empty() => break,
                    None => {}
                }
            }
            let mut body = vec![0; length];
            answer.read_exact(&mut body).expect("a body");
            let value: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert!(value["items"].is_array());
        }
        (usage::cpu_of_this_thread() - begun) / times
    }
}

fn serve(stream: TcpStream, paths: usize, polls: &AtomicU64, answered: &Mutex<Vec<Instant>>) -> std::io::Result<()> {
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut answers = stream;
    loop {
        let mut first = String::new();
        if requests.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while requests.read_line(&mut line)? > 0 && !line.trim_end().is_empty() {
            line.clear();
        }
        let route = first.split(' ').nth(1).unwrap_or_default();
        let is_listing = route.starts_with("/v3/paths/list");
        let (status, body) = match route.split('?').next() {
            Some("/v3/paths/list") => ("200 OK", listing(paths, polls.fetch_add(1, Ordering::Relaxed))),
            Some("/v3/info") => ("200 OK", r#"{"version":"v1.20.1"}"#.to_owned()),
            _ => ("404 Not Found", "{}".to_owned()),
        };
        let length = body.len();
        write!(
            answers,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        if is_listing {
            answered.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        }
    }
}

/// Bytes that each path has received at this listing, without its own number.
pub fn received(poll: u64) -> u64 {
    1_000_000 + poll * 250_000
}

/// As MediaMTX 1.20 writes it.
fn listing(paths: usize, poll: u64) -> String {
    let mut out = format!(r#"{{"itemCount":{paths},"pageCount":{},"items":["#, usize::from(paths > 0));
    for n in 0..paths {
        let comma = if n == 0 { "" } else { "," };
        let (received, sent) = (received(poll) + n as u64, poll * 125_000);
        let _ = write!(
            out,
            r#"{comma}{{"name":"site/cam{n:04}","confName":"all_others","source":{{"type":"rtspSession","id":"3f2a8c1e-0000-4000-8000-{n:012}"}},"ready":true,"readyTime":"2026-01-02T03:04:05.678901234Z","available":true,"availableTime":"2026-01-02T03:04:05.678901234Z","online":true,"onlineTime":"2026-01-02T03:04:05.678901234Z","tracks":["H264","MPEG-4 Audio"],"tracks2":[{{"codec":"H264","codecProps":{{"width":1920,"height":1080,"profile":"High","level":"4"}}}},{{"codec":"MPEG-4 Audio","codecProps":{{"sampleRate":48000,"channelCount":2}}}}],"inboundBytes":{received},"inboundFramesInError":0,"outboundBytes":{sent},"bytesReceived":{received},"bytesSent":{sent},"readers":[{{"type":"rtspSession","id":"9b1d0f22-0000-4000-8000-{n:012}"}}]}}"#
        );
    }
    out.push_str("]}");
    out
}
