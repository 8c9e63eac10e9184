//! A hardware encoder: what a Web Presenter says by REST and by its text protocol, as both are documented, and what real ones do beside
//! that (every connection closed, 501 for what a model lacks), and worse.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::task::AbortOnDropHandle;

/// The stream key of every device; nobody may see it.
pub const KEY: &str = "canary-stream-key";

/// What a device does with whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It answers.
    Well,
    /// It answers, and has nothing optional.
    Bare,
    /// It answers with a web page.
    Page,
    /// It ends the connection in the middle of an answer.
    Half,
    /// It takes the connection and says nothing.
    Hangs,
    /// It never stops.
    Endless,
    /// It is restarting: it answers 503, or ends the connection at once.
    Restarting,
}

/// What a device is and does.
#[derive(Clone, Debug)]
pub struct Device {
    pub manner: Manner,
    pub status: &'static str,
    pub began: Instant,
    pub bitrate: u64,
    pub cache: u64,
    pub firmware: &'static str,
    /// Orders that it has taken: `start`, `stop`.
    pub orders: Vec<&'static str>,
    /// Requests that it was sent.
    pub requests: usize,
    /// It tells its changes by itself.
    pub tells: bool,
}

/// Gone with this value.
pub struct WebPresenterStandIn {
    device: Arc<Mutex<Device>>,
    changes: watch::Sender<()>,
    port: u16,
    _serve: AbortOnDropHandle<()>,
}

impl WebPresenterStandIn {
    /// One that speaks REST, and streams.
    pub async fn rest() -> Self {
        Self::serve(|device, _, guest| async move { rest(&device, guest).await }).await
    }

    /// One that speaks REST, is idle, and tells its changes by itself.
    pub async fn telling() -> Self {
        let standin = Self::serve(|device, changes, guest| async move {
            if is_upgrade(&guest).await { tell(&device, changes, guest).await } else { rest(&device, guest).await }
        });
        let standin = standin.await;
        standin.change(|device| (device.status, device.tells) = ("Idle", true));
        standin
    }

    /// One that speaks the text protocol, and is idle.
    pub async fn text() -> Self {
        let standin = Self::serve(|device, _, guest| async move { text(&device, guest).await }).await;
        standin.change(|device| device.status = "Idle");
        standin
    }

    async fn serve<F, W>(answer: F) -> Self
    where
        F: Fn(Arc<Mutex<Device>>, watch::Receiver<()>, TcpStream) -> W + Send + 'static,
        W: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let (manner, status, began) = (Manner::Well, "Streaming", Instant::now());
        let (bitrate, cache, firmware) = (6_000_000, 3, "3.4");
        let device =
            Device { manner, status, began, bitrate, cache, firmware, orders: Vec::new(), requests: 0, tells: false };
        let device = Arc::new(Mutex::new(device));
        let kept = Arc::clone(&device);
        let changes = watch::Sender::new(());
        let told = changes.clone();
        let serve = async move {
            while let Ok((guest, _)) = listener.accept().await {
                // Whoever goes away is no fault.
                let answering = answer(Arc::clone(&kept), told.subscribe(), guest);
                tokio::spawn(async move { drop(answering.await) });
            }
        };
        Self { device, changes, port, _serve: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// It is another way from now on.
    pub fn change(&self, change: impl FnOnce(&mut Device)) {
        change(&mut self.device.lock().expect("the device"));
        self.changes.send_replace(());
    }

    /// What it is now.
    pub fn device(&self) -> Device {
        self.device.lock().expect("the device").clone()
    }
}

impl Device {
    fn take(&mut self, order: &'static str) {
        self.orders.push(order);
        self.status = if order == "start" { "Streaming" } else { "Idle" };
        self.began = Instant::now();
    }

    fn seconds(&self) -> u64 {
        // A second that is not whole yet counts, so that no test waits for it.
        self.began.elapsed().as_millis() as u64 / 100
    }
}

/// Whether this is the request for the WebSocket.
async fn is_upgrade(guest: &TcpStream) -> bool {
    let mut begin = [0; 64];
    loop {
        let Ok(count) = guest.peek(&mut begin).await else { return false };
        let begun = String::from_utf8_lossy(&begin[..count]);
        match begun.split_once('\r') {
            Some((line, _)) => return line.contains("/event/websocket"),
            None if count == 0 || count == begin.len() => return begun.contains("/event/websocket"),
            None => tokio::task::yield_now().await,
        }
    }
}

/// What a device tells by itself: what it is asked to, at once and at each change, and its bit rate beside that.
async fn tell(device: &Mutex<Device>, mut changes: watch::Receiver<()>, guest: TcpStream) -> std::io::Result<()> {
    if !device.lock().expect("the device").tells {
        return Ok(());
    }
    let other = std::io::Error::other;
    let mut socket = tokio_tungstenite::accept_async(guest).await.map_err(other)?;
    let send = |value: serde_json::Value| Message::text(value.to_string());
    let opened = json!({ "type": "event", "data": { "action": "websocketOpened" } });
    socket.send(send(opened)).await.map_err(other)?;
    let asked = socket.next().await.transpose().map_err(other)?.unwrap_or(Message::text(""));
    let asked: serde_json::Value = serde_json::from_str(&asked.into_text().map_err(other)?).unwrap_or_default();
    assert_eq!(asked["data"]["properties"], json!(["/livestreams/0"]), "{asked}");
    let status = || device.lock().expect("the device").status;
    let values = json!({ "/livestreams/0": { "status": status(), "bitrate": 0 } });
    let data = json!({ "action": "subscribe", "properties": ["/livestreams/0"], "values": values });
    socket.send(send(json!({ "type": "response", "id": asked["id"], "data": data }))).await.map_err(other)?;
    changes.mark_changed();
    while changes.changed().await.is_ok() {
        let value = json!({ "status": status(), "bitrate": 1_000 });
        let data = json!({ "action": "propertyValueChanged", "property": "/livestreams/0", "value": value });
        socket.send(send(json!({ "type": "event", "data": data }))).await.map_err(other)?;
    }
    Ok(())
}

/// One request, one answer: every connection is closed.
async fn rest(device: &Mutex<Device>, mut guest: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(&mut guest).lines();
    let request = lines.next_line().await?.unwrap_or_default();
    while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
    let known = {
        let mut device = device.lock().expect("the device");
        device.requests += 1;
        device.clone()
    };
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.strip_prefix("/control/api/v1/").unwrap_or_default();
    let has_more = known.manner != Manner::Bare;
    let json = |status: &'static str, text: String| (status, "application/json", text);
    let (status, kind, text) = match (known.manner, method, path) {
        (Manner::Hangs, ..) => return std::future::pending().await,
        (Manner::Page, ..) => ("200 OK", "text/html", "<!doctype html><title>Welcome</title>".to_owned()),
        (Manner::Restarting, ..) => ("503 Service Unavailable", "text/plain", String::new()),
        (Manner::Half, ..) => {
            let half =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"status\":\"Str";
            return guest.write_all(half.as_bytes()).await;
        }
        (Manner::Endless, ..) => {
            guest
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")
                .await?;
            loop {
                guest.write_all(&[b' '; 64 * 1024]).await?;
            }
        }
        (_, "GET", "livestreams/0") if known.status == "Idle" => json(
            "200 OK",
            "{\"status\":\"Idle\",\"bitrate\":161672,\"effectiveVideoFormat\":\"1920x1080p25\"}".to_owned(),
        ),
        (_, "GET", "livestreams/0") => json(
            "200 OK",
            format!(
                "{{\"status\":\"{}\",\"bitrate\":{},\"effectiveVideoFormat\":\"1920x1080p25\",\"duration\":{},\"cache\":{}}}",
                known.status,
                known.bitrate,
                known.seconds(),
                known.cache
            ),
        ),
        (_, "GET", "livestreams/0/activePlatform") if has_more => json(
            "200 OK",
            format!(
                "{{\"platform\":\"Vimeo\",\"server\":\"Primary\",\"key\":\"{KEY}\",\"passphrase\":\"{KEY}\",\
                 \"quality\":\"Streaming High\",\"url\":\"rtmps://h/{KEY}\"}}"
            ),
        ),
        (_, "GET", "system/product") if has_more => json(
            "200 OK",
            format!(
                "{{\"deviceName\":\"Studio\",\"productName\":\"Streaming Encoder HD\",\"softwareVersion\":\"{}\"}}",
                known.firmware
            ),
        ),
        (_, "GET", "livestreams/0/activePlatform" | "system/product") => json("501 Not Implemented", String::new()),
        (_, "PUT", "livestreams/0/start" | "livestreams/0/stop") => {
            let order = if path.ends_with("start") { "start" } else { "stop" };
            let is_so = (order == "start") == (known.status == "Streaming");
            if !is_so {
                device.lock().expect("the device").take(order);
            }
            json(if is_so { "409 Conflict" } else { "204 No Content" }, String::new())
        }
        _ => json("404 Not Found", String::new()),
    };
    let length = if status.starts_with("204") { String::new() } else { format!("Content-Length: {}\r\n", text.len()) };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{length}Connection: close\r\n\r\n{text}");
    guest.write_all(answer.as_bytes()).await?;
    guest.shutdown().await
}

/// All it knows to whoever connects, then an answer to each block.
async fn text(device: &Mutex<Device>, guest: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = guest.into_split();
    let known = device.lock().expect("the device").clone();
    match known.manner {
        Manner::Restarting => return Ok(()),
        Manner::Hangs => return std::future::pending().await,
        Manner::Endless => loop {
            write.write_all(&[b'x'; 64 * 1024]).await?;
        },
        Manner::Page => return write.write_all(b"220 mail.example ESMTP\r\n").await,
        Manner::Half => {
            return write.write_all(b"PROTOCOL PREAMBLE:\nVersion: 1.2\n\nSTREAM STATE:\nStatus: Str").await;
        }
        Manner::Well | Manner::Bare => {}
    }
    let dump = format!(
        "PROTOCOL PREAMBLE:\nVersion: 1.2\n\n\
         IDENTITY:\nModel: Blackmagic Web Presenter HD\nLabel: Van\nUnique ID: 0011\n\n\
         VERSION:\nProduct ID: BE73\nSoftware Release: {}\n\n\
         STREAM SETTINGS:\nVideo Mode: 1080p25\nCurrent Platform: YouTube\nCurrent Server: Primary\n\
         Current Quality Level: Streaming Medium\nStream Key: {KEY}\nPassword: {KEY}\nCurrent URL: srt://h/{KEY}\n\n\
         {}AUDIO SETTINGS:\nCurrent Monitor Out Audio Source: SDI In\n\nEND PRELUDE:\n\n",
        known.firmware,
        stream_state(&known)
    );
    // In pieces, as it may come.
    for piece in dump.as_bytes().chunks(97) {
        write.write_all(piece).await?;
    }
    let mut lines = BufReader::new(read).lines();
    let mut block = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if !line.trim().is_empty() {
            block.push(line);
            continue;
        }
        let asked = std::mem::take(&mut block);
        let answer = {
            let mut device = device.lock().expect("the device");
            device.requests += 1;
            if device.manner != Manner::Well {
                return Ok(());
            }
            match asked.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["STREAM STATE:"] => format!("ACK\n\n{}", stream_state(&device)),
                ["STREAM STATE:", "Action: Start"] => {
                    device.take("start");
                    format!("ACK\n\nSTREAM STATE:\nStatus: {}\n\n", device.status)
                }
                ["STREAM STATE:", "Action: Stop"] => {
                    device.take("stop");
                    format!("ACK\n\nSTREAM STATE:\nStatus: {}\n\n", device.status)
                }
                _ => "NACK\n\n".to_owned(),
            }
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

fn stream_state(device: &Device) -> String {
    let seconds = if device.status == "Idle" { 0 } else { device.seconds() };
    let duration =
        format!("{:02}:{:02}:{:02}:{:02}", seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let Device { status, bitrate, cache, .. } = device;
    format!("STREAM STATE:\nStatus: {status}\nBitrate: {bitrate}\nDuration: {duration}\nCache Used: {cache}\n\n")
}
