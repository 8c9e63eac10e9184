//! Cameras that cost next to nothing: one small film, encoded once, played over and over by copying ffmpegs.

use streamwarden::demo::media_server::{MediaServer, Options, Presence};
use url::Url;

use super::media::Publisher;
use super::wait::eventually;

/// Running cameras on a server of their own.
pub struct Cameras {
    publishers: Vec<Publisher>,
    server: MediaServer,
}

impl Cameras {
    /// So many cameras, all of them on air.
    pub async fn start(count: usize) -> Self {
        let server = MediaServer::start(Options::default()).expect("free ports");
        let mut cameras = Self { publishers: Vec::new(), server };
        cameras.publishers.extend((0..count).map(|index| Publisher::film(&cameras.url(index))).collect::<Vec<_>>());
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
