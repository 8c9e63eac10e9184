//! A server that takes POSTs: what came, and what it answers, in the hands of a test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    /// Names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// What it was answered.
    pub status: u16,
}

impl Posted {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }
}

/// What requests are answered.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// Whole header lines.
    pub headers: &'static str,
    pub body: &'static str,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: "", body: "" }
    }
}

/// The server.
pub struct Hook {
    pub port: u16,
    held: Arc<Mutex<(Vec<Posted>, Reply)>>,
    _serving: AbortOnDropHandle<()>,
}

impl Hook {
    pub async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let held = Arc::new(Mutex::new((Vec::new(), reply)));
        let shared = Arc::clone(&held);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One after the other: a client that says nothing holds up nobody, as every answer closes its connection.
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { drop(answer(stream, &shared).await) });
            }
        });
        Self { port, held, _serving: AbortOnDropHandle::new(serving) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on.
    pub fn reply(&self, reply: Reply) {
        self.held.lock().expect("no panic").1 = reply;
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.held.lock().expect("no panic").0.clone()
    }

    /// Bodies of those that were taken.
    pub fn taken(&self) -> Vec<Value> {
        self.posted().iter().filter(|one| (200..300).contains(&one.status)).map(Posted::json).collect()
    }
}

async fn answer(mut stream: TcpStream, held: &Mutex<(Vec<Posted>, Reply)>) -> std::io::Result<()> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).into_owned();
    let mut lines = text.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while read.len() < head + length {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    let reply = {
        let mut held = held.lock().expect("no panic");
        let reply = held.1.clone();
        held.0.push(Posted { path, headers, body: read[head..head + length].to_vec(), status: reply.status });
        reply
    };
    let Reply { status, headers, body } = reply;
    let length = body.len();
    let text = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
