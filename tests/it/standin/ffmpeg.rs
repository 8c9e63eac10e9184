//! Real ffmpeg processes, as publishers and readers.

use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::harness::LIMIT;

/// A running ffmpeg; killed when dropped.
pub struct Ffmpeg(Child);

impl Ffmpeg {
    /// Publishes H.264 640x360 25 fps with a keyframe every second, and AAC 48 kHz mono, at natural speed.
    pub fn publish(url: &str) -> Self {
        Self::publish_with(url, &["-c:a", "aac"])
    }

    pub fn publish_with(url: &str, audio: &[&str]) -> Self {
        let video = "-re -f lavfi -i testsrc2=size=640x360:rate=25 -re -f lavfi -i sine=frequency=440:sample_rate=48000 \
            -c:v libx264 -preset ultrafast -tune zerolatency -g 25 -pix_fmt yuv420p";
        let mut args: Vec<&str> = video.split_whitespace().collect();
        args.extend(audio);
        args.extend(["-f", "rtsp", "-rtsp_transport", "tcp", url]);
        Self::spawn(&args)
    }

    /// Reads one stream of the source (`v:0`, `a:0`) without decoding; its packets come out as lines of `framecrc`.
    pub fn read(url: &str, stream: &str, packets: u32) -> Self {
        let (map, count) = (format!("0:{stream}"), packets.to_string());
        let args = ["-rtsp_transport", "tcp", "-i", url, "-map", &map, "-c", "copy", "-frames", &count];
        // ffmpeg counts frames per kind of stream.
        let frames = format!("-frames:{}", &stream[..1]);
        let mut args = args.map(|arg| if arg == "-frames" { frames.as_str() } else { arg }).to_vec();
        args.extend(["-f", "framecrc", "-"]);
        Self::spawn(&args)
    }

    /// Reads picture and sound for so many seconds without decoding, both into one `framecrc`.
    pub fn watch_both(url: &str, seconds: u32) -> Self {
        let seconds = seconds.to_string();
        Self::spawn(&["-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-t", &seconds, "-f", "framecrc", "-"])
    }

    /// Reads and decodes everything until the stream ends.
    pub fn watch(url: &str) -> Self {
        Self::spawn(&["-rtsp_transport", "tcp", "-i", url, "-f", "null", "-"])
    }

    fn spawn(args: &[&str]) -> Self {
        let child = Command::new("ffmpeg")
            .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        Self(child.expect("ffmpeg"))
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = self.0.id().expect("running").try_into().expect("a pid");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).expect("a signal");
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().expect("its state").is_none()
    }

    /// Waits for its end: exit status, stdout, stderr.
    pub async fn end(self) -> (ExitStatus, String, String) {
        let output = timeout(LIMIT, self.0.wait_with_output()).await.expect("ffmpeg ends").expect("its output");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status, text(output.stdout), text(output.stderr))
    }
}

/// `(pts, size)` of every packet in the output of `framecrc`.
pub fn packets(framecrc: &str) -> Vec<(i64, usize)> {
    let lines = framecrc.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            (fields[2].parse().expect("a pts"), fields[4].parse().expect("a size"))
        })
        .collect()
}
