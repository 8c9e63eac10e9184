//! A hardware encoder: what a Web Presenter says by REST and by its text protocol, as both are documented, and what real ones do beside
//! that (every connection closed, 501 for what a model lacks), and worse.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
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
}

/// Gone with this value.
pub struct WebPresenterStandIn {
    device: Arc<Mutex<Device>>,
    port: u16,
    _serve: AbortOnDropHandle<()>,
}

impl WebPresenterStandIn {
    /// One that speaks REST, and streams.
    pub async fn rest() -> Self {
        Self::serve(|device, guest| async move { rest(&device, guest).await }).await
    }

    /// One that speaks the text protocol, and is idle.
    pub async fn text() -> Self {
        let standin = Self::serve(|device, guest| async move { text(&device, guest).await }).await;
        standin.change(|device| device.status = "Idle");
        standin
    }

    async fn serve<F, W>(answer: F) -> Self
    where
        F: Fn(Arc<Mutex<Device>>, TcpStream) -> W + Send + 'static,
        W: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let (manner, status, began) = (Manner::Well, "Streaming", Instant::now());
        let (bitrate, cache, firmware) = (6_000_000, 3, "3.4");
        let device = Device { manner, status, began, bitrate, cache, firmware, orders: Vec::new(), requests: 0 };
        let device = Arc::new(Mutex::new(device));
        let kept = Arc::clone(&device);
        let serve = async move {
            while let Ok((guest, _)) = listener.accept().await {
                // Whoever goes away is no fault.
                let answering = answer(Arc::clone(&kept), guest);
                tokio::spawn(async move { drop(answering.await) });
            }
        };
        Self { device, port, _serve: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// It is another way from now on.
    pub fn change(&self, change: impl FnOnce(&mut Device)) {
        change(&mut self.device.lock().expect("the device"));
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
