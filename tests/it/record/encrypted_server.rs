//! A real MediaMTX that speaks RTSP over TLS alone (`rtspEncryption: strict`). It describes streams as encrypted once more
//! (RTP/SAVP with MIKEY), and sends them as plain RTP within TLS to readers that set them up like that: so ffmpeg reads them
//! (1.20.1, ffmpeg 5.1.9).

use std::sync::Arc;
use std::time::Duration;

use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::config::settings::ApiTrust;
use streamwarden::demo::media_server::Options;

use super::harness::Harness;
use super::source::{Publisher, assert_unbroken, codecs, objects};
use crate::support::encrypted::{certificate, digest};
use crate::support::media::is_stand_in;
use crate::support::rights::skip_stand_in;

#[actix::test]
async fn a_server_that_speaks_tls_alone_is_recorded() {
    if is_stand_in() {
        return skip_stand_in();
    }
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let options = Options { rtsps: Some(folder.path().to_owned()), ..Options::default() };
    let mut harness = Harness::set_on(Arc::new(MemoryLiveStore::new(Duration::from_secs(600))), &options).await;
    let url = harness.media.rtsp_url();
    assert_eq!(url.scheme(), "rtsps");
    harness.secure = Some((url, ApiTrust::Fingerprint(digest(folder.path()))));
    harness.record().await;
    harness.upload();
    let _publisher = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    let segments = harness.uploaded(2).await;
    assert_unbroken(&objects(&harness, &segments));
    assert_eq!(codecs(&harness.object(&segments[0])), ["h264", "aac"]);
    harness.end().await;
}
