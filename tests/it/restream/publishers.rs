//! Another publisher on a camera's path: recognised, shown, told as an incident and not fought.

use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::config::settings::ApiTrust;
use streamwarden::domain::camera::{CameraState, CameraStatus};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use super::harness::{Harness, Source, TIMEOUT};
use super::program::until;
use crate::support::encrypted::{certificate, digest, fingerprint};
use crate::support::film::pictures;
use crate::support::media::is_stand_in;
use crate::support::rights::skip_stand_in;
use crate::support::wait::stays;

/// An ffmpeg of somebody else's that publishes to the harness's server until it is pushed aside.
struct Other(Child);

impl Other {
    async fn on(harness: &Harness, source: &Source, path: &str) -> Self {
        let target = harness.server.as_ref().expect("a server").rtsp_url().join(path).expect("a url");
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", source.url("b").as_str()]);
        command.args(["-c", "copy", "-an", "-f", "rtsp", "-rtsp_transport", "tcp", target.as_str()]);
        Self(command.stdin(Stdio::null()).spawn().expect("ffmpeg"))
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("its state").is_some()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Incidents of another publisher: `open` or `over`, and the cause.
fn told(harness: &Harness) -> Vec<String> {
    harness.ask(
        "SELECT iif(closed_at IS NULL, 'open ', 'over ') || cause FROM incidents WHERE kind = 'otherPublisher' \
         ORDER BY opened_at, id",
    )
}

fn never_blocked(camera: Option<&CameraStatus>) -> &CameraStatus {
    let camera = camera.expect("a camera");
    assert_ne!(camera.state, CameraState::Held, "nobody else publishes: {:?}", camera.last_error);
    camera
}

#[actix::test]
async fn another_publisher_is_shown_and_not_fought() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let restreams = harness.restream.clone();
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (1, 'gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Running).await;

    // What is left of a killed ffmpeg of ours is no other publisher.
    for _ in 0..2 {
        let pid = i32::try_from(harness.pid("gate").await).expect("a pid");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("our child");
        harness.camera("gate", |camera| never_blocked(camera).state != CameraState::Running).await;
        harness.camera("gate", |camera| never_blocked(camera).state == CameraState::Running).await;
    }

    let mut other = Other::on(&harness, &source, "gate").await;
    let held = harness.state("gate", CameraState::Held).await;
    let words = held.last_error.expect("a reason");
    assert!(words.contains("rtspSession from 127.0.0.1:"), "{words}");
    assert!(held.next_start.is_none());
    until("it is told", TIMEOUT, async || told(&harness) == [format!("open {words}")]).await;
    // Longer than any wait of ours: its poller has told of the path, and it was asked about again.
    stays("the other is left alone", std::time::Duration::from_secs(12), async || !other.has_ended()).await;
    assert_eq!(harness.relay("gate").await.expect("a relay")["state"], "held");
    assert_eq!(harness.processes(), Vec::<u32>::new());

    restreams.restart_camera(1).await.expect("a restart");
    harness.state("gate", CameraState::Running).await;
    until("the other was pushed aside, as somebody wanted", TIMEOUT, async || other.has_ended()).await;
    until("that is over", TIMEOUT, async || told(&harness) == [format!("over {words}")]).await;

    let other = Other::on(&harness, &source, "gate").await;
    harness.state("gate", CameraState::Held).await;
    drop(other);
    harness.state("gate", CameraState::Running).await;
    let both_over = async || told(&harness).iter().filter(|one| one.starts_with("over ")).count() == 2;
    until("the second one is over", TIMEOUT, both_over).await;
    assert_eq!(told(&harness).len(), 2);
    harness.stop().await;
}

#[actix::test]
async fn a_path_that_is_taken_from_the_start_is_left_to_its_publisher() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let mut other = Other::on(&harness, &source, "gate").await;
    let live = harness.live.clone();
    until("the other publishes", TIMEOUT, async || !live.latest().await.expect("a store").streams.is_empty()).await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (1, 'gate', '{}')", source.url("a")));
    harness.state("gate", CameraState::Held).await;
    assert!(!other.has_ended());
    harness.sql("UPDATE cameras SET name = 'yard'");
    harness.state("yard", CameraState::Running).await;
    assert!(!other.has_ended());
    drop(other);
    harness.stop().await;
}

/// Takes connections for a source and passes nothing on until it is told to.
async fn frozen(source: &Source) -> (Url, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut url = source.url("a");
    let target = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a host");
    let (thaw, thawed) = watch::channel(false);
    actix::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (mut thawed, target) = (thawed.clone(), target.clone());
            actix::spawn(async move {
                if thawed.wait_for(|thawed| *thawed).await.is_ok()
                    && let Ok(mut server) = TcpStream::connect(target).await
                {
                    // Until either has gone.
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    (url, thaw)
}

#[actix::test]
async fn a_path_that_is_taken_while_the_source_is_probed_is_left_to_its_publisher() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let (url, thaw) = frozen(&source).await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (1, 'gate', '{url}')"));
    harness.state("gate", CameraState::Probing).await;
    let mut other = Other::on(&harness, &source, "gate").await;
    let live = harness.live.clone();
    until("the other publishes", TIMEOUT, async || !live.latest().await.expect("a store").streams.is_empty()).await;
    thaw.send_replace(true);
    let held = harness.state("gate", CameraState::Held).await;
    assert!(held.last_error.is_some_and(|words| words.contains("rtspSession from 127.0.0.1:")));
    assert!(!other.has_ended(), "nobody was pushed aside");
    drop(other);
    harness.state("gate", CameraState::Running).await;
    harness.stop().await;
}

#[actix::test]
async fn a_path_that_is_free_in_a_moment_was_not_taken() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let other = Other::on(&harness, &source, "gate").await;
    let live = harness.live.clone();
    until("the other publishes", TIMEOUT, async || !live.latest().await.expect("a store").streams.is_empty()).await;
    harness.sql(&format!("INSERT INTO cameras(id, name, url) VALUES (1, 'gate', '{}')", source.url("a")));
    harness.camera("gate", |camera| camera.is_some()).await;
    drop(other);
    harness.camera("gate", |camera| never_blocked(camera).state == CameraState::Running).await;
    assert_eq!(told(&harness), Vec::<String>::new());
    harness.stop().await;
}

#[actix::test]
async fn over_tls_only_the_server_with_the_right_certificate_gets_the_picture() {
    let (source, folder) = (Source::start().await, tempfile::tempdir().expect("a folder"));
    certificate(folder.path());
    let row = format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a"));

    let (mut harness, _serving) = Harness::over_tls(folder.path(), ApiTrust::Fingerprint([10; 32])).await;
    harness.sql(&row);
    let shown = format!("its SHA-256 fingerprint is {}", fingerprint(folder.path()));
    let says = |camera: &CameraStatus| camera.last_error.as_ref().is_some_and(|why| why.contains(&shown));
    harness.camera("gate", |camera| camera.is_some_and(says)).await;
    assert_eq!(harness.processes(), Vec::<u32>::new(), "nothing is sent to it");
    harness.stop().await;

    for right in [ApiTrust::File(folder.path().join("server.crt")), ApiTrust::Fingerprint(digest(folder.path()))] {
        let (mut harness, _serving) = Harness::over_tls(folder.path(), right).await;
        is_published(&mut harness, &row).await;
        harness.stop().await;
    }
}

/// The camera of this row reaches the server, where a reader gets its picture.
async fn is_published(harness: &mut Harness, row: &str) {
    harness.sql(row);
    harness.state("gate", CameraState::Running).await;
    let path = harness.server.as_ref().expect("a server").rtsp_url().join("gate").expect("a URL");
    let read = tokio::task::spawn_blocking(move || pictures(&path, 20)).await.expect("a reader");
    assert_eq!(read, 20, "pictures of a reader");
}

#[actix::test]
async fn a_server_that_speaks_tls_alone_gets_the_picture() {
    if is_stand_in() {
        return skip_stand_in();
    }
    let (source, folder) = (Source::start().await, tempfile::tempdir().expect("a folder"));
    certificate(folder.path());
    let row = format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a"));
    let mut harness = Harness::over_own_tls(folder.path(), ApiTrust::Fingerprint(digest(folder.path()))).await;
    is_published(&mut harness, &row).await;
    harness.stop().await;
}
