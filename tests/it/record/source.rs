//! Sources whose every frame is known, and what ffmpeg finds in what was recorded of them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use streamwarden::domain::recording::Segment;
use url::Url;

use super::harness::Harness;
use crate::support::film::{film, places};

/// An ffmpeg that publishes the film at natural speed.
pub struct Publisher(Child);

impl Publisher {
    /// As it is: H.264 and AAC.
    pub fn film(harness: &Harness, name: &str) -> Self {
        Self::start(harness, name, "0", "-c copy")
    }

    /// With these codecs, again and again.
    pub fn with(harness: &Harness, name: &str, codecs: &str) -> Self {
        Self::start(harness, name, "-1", codecs)
    }

    fn start(harness: &Harness, name: &str, times: &str, codecs: &str) -> Self {
        let mut url: Url = harness.media.rtsp_url();
        url.set_path(name);
        let child = Command::new("ffmpeg")
            .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-re"])
            .args(["-stream_loop", times, "-i"])
            .arg(film())
            .args(codecs.split_whitespace())
            .args(["-f", "rtsp", "-rtsp_transport", "tcp", url.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("ffmpeg is installed"))
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asserts that these files, one after the other, hold an unbroken run of the film's frames; returns its length.
pub fn assert_unbroken(files: &[PathBuf]) -> usize {
    let recorded = places(files);
    let first = recorded.first().copied().flatten().expect("the first frame is one of the film");
    for (count, place) in recorded.iter().enumerate() {
        assert_eq!(*place, Some(first + count), "frame {count} of {} is not the film's next", recorded.len());
    }
    recorded.len()
}

/// `codec_name` of each track.
pub fn codecs(file: &Path) -> Vec<String> {
    probe(&["-show_entries", "stream=codec_name"], file)
}

/// `codec_tag_string` of each track.
pub fn tags(file: &Path) -> Vec<String> {
    probe(&["-show_entries", "stream=codec_tag_string"], file)
}

/// Video packets of a file or playlist.
pub fn video_packets(file: &Path) -> u64 {
    let entries = ["-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets"];
    probe(&entries, file).first().and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Packets of a file's tracks of this kind (`v`, `a`), and how many of them are key frames.
pub fn packets(file: &Path, kind: &str) -> (u64, u64) {
    let flags = probe(&["-select_streams", kind, "-show_entries", "packet=flags"], file);
    (flags.len() as u64, flags.iter().filter(|flags| flags.starts_with('K')).count() as u64)
}

fn probe(args: &[&str], file: &Path) -> Vec<String> {
    let done = Command::new("ffprobe")
        .args(["-v", "error", "-of", "default=nw=1:nk=1"])
        .args(args)
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .expect("ffprobe is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// Paths of objects.
pub fn objects(harness: &Harness, segments: &[Segment]) -> Vec<PathBuf> {
    segments.iter().map(|segment| harness.object(segment)).collect()
}
