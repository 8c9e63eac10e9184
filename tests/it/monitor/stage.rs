//! A monitor with its store over one media server, and publishers that can be held and ended.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::SecretString;
use streamwarden::actors::monitor::{Monitor, Watched};
use streamwarden::actors::supervision::Stop;
use streamwarden::adapters::live::memory::Memory;
use streamwarden::adapters::live::{Change, SharedLive};
use streamwarden::adapters::mediamtx::MediaMtx;
use streamwarden::config::settings::Server;
use streamwarden::demo::media_server::Options;
use streamwarden::demo::server::{AnyServer, MediaServerChoice, start};
use streamwarden::domain::stream::{ServerStatus, StreamStatus};
use tokio::sync::broadcast;
use tokio::time::timeout;
use url::Url;

/// Shorter than the default of 2 s: a stall takes 3.5 s whatever the interval.
pub const INTERVAL: Duration = Duration::from_millis(500);
/// Nothing here takes so long, unless it is broken.
const PATIENCE: Duration = Duration::from_secs(45);

/// The stand-in, or the server that `MEDIAMTX_BIN` names.
pub async fn server(options: &Options) -> AnyServer {
    let choice = MediaServerChoice::named().expect("MEDIAMTX_BIN is a program or unset");
    start(&choice, options).await.expect("the media server starts")
}

/// A server on the addresses of one that was stopped.
pub async fn server_again(addresses: (std::net::SocketAddr, std::net::SocketAddr)) -> AnyServer {
    let (rtsp_listen, api_listen) = addresses;
    server(&Options { rtsp_listen, api_listen, ..Options::default() }).await
}

/// A running monitor and what it tells.
pub struct Stage {
    monitor: Addr<Monitor>,
    live: SharedLive,
    told: broadcast::Receiver<Arc<Vec<Change>>>,
}

impl Stage {
    /// Watches the API at `api_url`, as server `main`.
    pub fn watching(api_url: Url, login: Option<(&str, &str)>) -> Self {
        let live: SharedLive = Arc::new(Memory::new(Duration::from_secs(600)));
        let told = live.subscribe();
        let settings = Server {
            name: "main".into(),
            api_url,
            rtsp_url: Url::parse("rtsp://127.0.0.1:8554").expect("a url"),
            api_username: login.map(|(user, _)| user.to_owned()),
            api_password: login.map(|(_, password)| SecretString::from(password)),
            publish_username: None,
            publish_password: None,
        };
        let client = Arc::new(MediaMtx::new(&settings).expect("a client"));
        let watched = Watched { name: settings.name, client };
        let monitor = Monitor::new(vec![watched], Arc::clone(&live), INTERVAL).start();
        Self { monitor, live, told }
    }

    /// Waits for a stream to be as wanted, and tells how it then is.
    pub async fn stream(&mut self, name: &str, wanted: impl Fn(&StreamStatus) -> bool) -> StreamStatus {
        let mut last = None;
        let found = timeout(PATIENCE, async {
            loop {
                let streams = self.live.latest().await.expect("the store lives").streams;
                last = streams.into_iter().find(|status| status.name.as_str() == name);
                if let Some(status) = last.clone().filter(&wanted) {
                    return status;
                }
                self.told.recv().await.expect("the store lives");
            }
        });
        match found.await {
            Ok(status) => status,
            Err(_) => panic!("{name} never became as wanted: {last:?}"),
        }
    }

    /// Waits for the server to be as wanted.
    pub async fn server(&mut self, wanted: impl Fn(&ServerStatus) -> bool) -> ServerStatus {
        let mut last = None;
        let found = timeout(PATIENCE, async {
            loop {
                let servers = self.live.latest().await.expect("the store lives").servers;
                last = servers.into_iter().find(|status| status.name == "main");
                if let Some(status) = last.clone().filter(&wanted) {
                    return status;
                }
                self.told.recv().await.expect("the store lives");
            }
        });
        match found.await {
            Ok(status) => status,
            Err(_) => panic!("the server never became as wanted: {last:?}"),
        }
    }

    pub async fn stop(self) {
        let report = self.monitor.send(Stop::within(Duration::from_secs(5))).await.expect("an answer");
        assert!(report.late.is_empty(), "{report:?}");
    }
}

/// An ffmpeg that publishes picture and sound.
pub struct Publisher {
    ffmpeg: Child,
}

impl Publisher {
    /// 320x180 at 25 frames/s, H.264 and AAC, over RTSP/TCP.
    pub fn to(rtsp_url: &Url, name: &str) -> Self {
        let mut url = rtsp_url.clone();
        url.set_path(name);
        let ffmpeg = Command::new("ffmpeg")
            .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-re"])
            .args([
                "-f",
                "lavfi",
                "-i",
                "testsrc2=size=320x180:rate=25",
                "-re",
                "-f",
                "lavfi",
                "-i",
                "sine=frequency=440",
            ])
            .args([
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-tune",
                "zerolatency",
                "-pix_fmt",
                "yuv420p",
                "-g",
                "25",
            ])
            .args(["-c:a", "aac", "-f", "rtsp", "-rtsp_transport", "tcp", url.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ffmpeg starts");
        Self { ffmpeg }
    }

    /// Stops it in its tracks; its connection stays.
    pub fn freeze(&self) {
        let pid = Pid::from_raw(i32::try_from(self.ffmpeg.id()).expect("a pid"));
        kill(pid, Signal::SIGSTOP).expect("ffmpeg is ours and runs");
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.ffmpeg.kill();
        let _ = self.ffmpeg.wait();
    }
}

/// How long it took until now.
pub fn within(begun: Instant, limit: Duration, what: &str) {
    assert!(begun.elapsed() < limit, "{what} took {:?}, not under {limit:?}", begun.elapsed());
}
