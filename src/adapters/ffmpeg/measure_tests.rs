//! Programs that call themselves ffprobe and are none, and the real one against what is no stream.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;
use tokio::net::TcpListener;

use super::*;
use crate::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use crate::domain::camera::{CameraEdit, Kinds, draft};

fn source(url: &str) -> CameraSource {
    let edit = CameraEdit { url: Some(Some(SecretString::from(url))), ..CameraEdit::default() };
    draft(None, &edit, &Kinds::new()).expect(url)
}

async fn measured(ffprobe: &Path, url: &str, limit: Duration) -> Result<StreamReport, ProbeFault> {
    let version = FfmpegVersion { major: 5, libavformat: (59, 27), text: "5.1".to_owned() };
    let prober = Prober { ffprobe, version: &version, mark: "measure-test", limit };
    measure(&prober, &source(url), Duration::from_secs(1)).await
}

/// What a script in the place of ffprobe comes to.
async fn of_script(script: &str, limit: Duration) -> Result<StreamReport, ProbeFault> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ffprobe");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("executable");
    measured(&file, "rtsp://127.0.0.1:9/x", limit).await
}

const PACKET: &str = "packet|codec_type=video|stream_index=0|pts_time=1.0|dts_time=1.0|size=9|flags=K_";

#[tokio::test]
async fn whatever_ffprobe_does_it_is_survived_and_named() {
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(300));
    let picture = |seconds: &str| PACKET.replace("=1.0", &format!("={seconds}"));
    let cut = format!("echo '{}'; echo '{}'; sleep 60", picture("1.0"), picture("1.2"));
    let good = format!(
        "for i in 0 2 4 6 8; do echo '{}'; done; echo '{}'",
        picture("1.$i").replace("1.$i", "1.'$i'"),
        picture("2.0")
    );
    for (script, limit, wanted) in [
        ("sleep 60", short, Some(FaultKind::TimedOut)),
        ("trap '' INT TERM; sleep 60 & wait", short, Some(FaultKind::TimedOut)),
        (cut.as_str(), Duration::from_secs(1), Some(FaultKind::Stalled)),
        ("kill -SEGV $$", long, Some(FaultKind::Program)),
        ("exit 1", long, Some(FaultKind::Other)),
        ("true", long, Some(FaultKind::NoVideo)),
        // 100 MB without a line end.
        ("head -c 100000000 /dev/zero", long, Some(FaultKind::NoVideo)),
        (&format!("yes '{PACKET}'"), long, Some(FaultKind::Program)),
        ("yes noise >&2 & sleep 0.2; exit 1", long, Some(FaultKind::Other)),
        (
            "echo 'packet|codec_type=video|stream_index=99999999999|size=-1'; echo 'stream|'; echo '|||'",
            long,
            Some(FaultKind::NoVideo),
        ),
        (good.as_str(), long, None),
    ] {
        let found = of_script(script, limit).await;
        assert_eq!(found.as_ref().err().map(|fault| fault.kind), wanted, "{script}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_no_stream_has_its_kind() {
    // Accepts connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let limit = Duration::from_secs(4);
    let probe = Path::new("ffprobe");
    let table = [
        (format!("rtmp://127.0.0.1:{port}/live/x"), [FaultKind::TimedOut, FaultKind::Silent]),
        ("http://no-such-host.invalid/x.m3u8".to_owned(), [FaultKind::NameNotResolved; 2]),
        ("rtsp://127.0.0.1:9/x".to_owned(), [FaultKind::Refused; 2]),
    ];
    for (url, wanted) in table {
        let fault = measured(probe, &url, limit).await.expect_err(&url);
        assert!(wanted.contains(&fault.kind), "{url}: {fault:?}");
    }
}
