//! The media server of a test, and ffmpegs that publish to it without us.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use streamwarden::demo::demo_server::{AnyServer, MediaServerChoice, start};
use streamwarden::demo::media_server::Options;
use url::Url;

use super::film::film;
use super::port::free_port;
use super::processes::send;

/// Whether `MEDIAMTX_BIN` names no server.
pub fn is_stand_in() -> bool {
    MediaServerChoice::named().expect("MEDIAMTX_BIN is a program or unset") == MediaServerChoice::StandIn
}

/// The stand-in, or the server that `MEDIAMTX_BIN` names.
pub async fn server(options: &Options) -> AnyServer {
    let choice = MediaServerChoice::named().expect("MEDIAMTX_BIN is a program or unset");
    // Ports that nobody takes while a server is stopped that is started again.
    let fixed = |address: SocketAddr| match address.port() {
        0 => SocketAddr::new(address.ip(), free_port()),
        _ => address,
    };
    let mut tries = 0;
    loop {
        let (rtsp_listen, api_listen) = (fixed(options.rtsp_listen), fixed(options.api_listen));
        match start(&choice, &Options { rtsp_listen, api_listen, ..options.clone() }).await {
            Ok(server) => return server,
            // Another test was given the same port at the same moment.
            Err(error) if tries < 3 && error.message().contains("in use") => tries += 1,
            Err(error) => panic!("the media server does not start: {error}"),
        }
    }
}

/// ffmpeg or ffprobe as the program under test runs it: the machine's own, or the one in the folder that `FFMPEG_DIR` names,
/// so that other versions can be tried. What plays cameras is always the machine's own.
pub fn program(name: &str) -> PathBuf {
    std::env::var_os("FFMPEG_DIR").map_or_else(|| name.into(), |folder| PathBuf::from(folder).join(name))
}

/// The same server on the addresses of one that was stopped.
pub async fn server_again((rtsp_listen, api_listen): (SocketAddr, SocketAddr), options: &Options) -> AnyServer {
    server(&Options { rtsp_listen, api_listen, ..options.clone() }).await
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
        let sources = "-re -f lavfi -i testsrc2=size=320x180:rate=25 -re -f lavfi -i sine=frequency=440";
        let encoders = "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -c:a aac";
        let args: Vec<&str> = sources.split(' ').chain(encoders.split(' ')).collect();
        Self::run(&args, &url)
    }

    /// The film, over and over, as it is.
    pub fn film(url: &Url) -> Self {
        Self::playing(film(), url)
    }

    /// A file, over and over, as it is.
    pub fn playing(film: &Path, url: &Url) -> Self {
        Self::run(&["-re", "-stream_loop", "-1", "-i", film.to_str().expect("text"), "-c", "copy"], url)
    }

    /// ffmpeg with these arguments before its output.
    pub fn run(args: &[&str], url: &Url) -> Self {
        let ffmpeg = Command::new("ffmpeg")
            .args(["-hide_banner", "-loglevel", "error", "-nostdin"])
            .args(args)
            .args(["-f", "rtsp", "-rtsp_transport", "tcp", url.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ffmpeg starts");
        Self { ffmpeg }
    }

    /// Stops it in its tracks; its connection stays.
    pub fn freeze(&self) {
        send(self.ffmpeg.id(), Signal::SIGSTOP);
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.ffmpeg.kill();
        let _ = self.ffmpeg.wait();
    }
}
