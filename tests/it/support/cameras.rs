//! Cameras that cost next to nothing: one small clip, encoded once, played over and over by copying ffmpegs.

use std::path::Path;
use std::process::{Command, Stdio};

use streamwarden::demo::media_server::{MediaServer, Options, Presence};
use tempfile::TempDir;
use url::Url;

use super::media::Publisher;
use super::wait::eventually;

/// Running cameras on a server of their own.
pub struct Cameras {
    publishers: Vec<Publisher>,
    server: MediaServer,
    clip: TempDir,
}

impl Cameras {
    /// So many cameras, all of them on air.
    pub async fn start(count: usize) -> Self {
        let server = MediaServer::start(Options::default()).expect("free ports");
        let clip = tempfile::tempdir().expect("a folder");
        encode(&clip.path().join("clip.mkv"));
        let mut cameras = Self { publishers: Vec::new(), server, clip };
        for index in 0..count {
            cameras.plug_in(index);
        }
        for index in 0..count {
            cameras.on_air(index).await;
        }
        cameras
    }

    /// Where a camera can be read.
    pub fn url(&self, index: usize) -> Url {
        let mut url = self.server.rtsp_url();
        url.set_path(&path(index));
        url
    }

    /// The same with a user name and a password, which it does not ask for.
    pub fn url_with_login(&self, index: usize, user: &str, password: &str) -> Url {
        let mut url = self.url(index);
        url.set_username(user).expect("a host");
        url.set_password(Some(password)).expect("a host");
        url
    }

    fn plug_in(&mut self, index: usize) {
        self.publishers.push(self.publish(&self.url(index)));
    }

    /// The same clip, published elsewhere.
    pub fn publish(&self, url: &Url) -> Publisher {
        let clip = self.clip.path().join("clip.mkv");
        let args = ["-re", "-stream_loop", "-1", "-i", clip.to_str().expect("text"), "-c", "copy"];
        Publisher::run(&args, url)
    }

    async fn on_air(&self, index: usize) {
        let presence: Presence = self.server.presence();
        let path = path(index);
        eventually("a camera on air", || async { presence.is_live(&path).then_some(()) }).await;
    }

    /// Ends all of them.
    pub async fn stop(self) {
        drop(self.publishers);
        self.server.stop().await;
    }
}

fn path(index: usize) -> String {
    format!("source/{index}")
}

/// A minute of 320x180 at 25 frames/s with a keyframe every second, and sound.
fn encode(to: &Path) {
    let words = "-hide_banner -loglevel error -nostdin -f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi \
        -i sine=frequency=440 -t 60 -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -c:a aac";
    let done = Command::new("ffmpeg").args(words.split_whitespace()).arg(to).stdin(Stdio::null()).status();
    assert!(done.expect("ffmpeg").success(), "the clip is encoded");
}
