//! A real MediaMTX in the stand-in's place.
//!
//! Owns the process, its configuration file and the thread that spawned it (a parent-death signal follows the thread).
//! Never restarts it: a server that ends by itself is logged, and everybody else has to cope. Talked to by
//! `demo::server`.

mod real_server_settings;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::media_server::{self, Options};
use super::own_thread::OwnThread;
use crate::adapters::ffmpeg::child::{ChildProcess, ProcessEvent, ProcessEvents, ProcessLaunch};
use crate::base::{Error, Result};
use real_server_settings::{Addresses, MediaServerVersion};

/// How long the server may take until its API answers.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take to print its version.
const VERSION_LIMIT: Duration = Duration::from_secs(5);
/// How long each step of ending it may take.
const GRACE: Duration = Duration::from_secs(3);
/// Lines of its log kept for an error text.
const TAIL: usize = 5;
/// Ports chosen here may be taken by somebody else before the server has them: then other ones are tried.
const TRIES: usize = 3;

/// A running MediaMTX. Dropped, it is ended and waited for.
pub struct RealServer {
    binary: PathBuf,
    addresses: Addresses,
    /// `rtsp`, or `rtsps` where it speaks TLS alone.
    scheme: &'static str,
    // Before the folder: the server has ended when its files are removed.
    thread: OwnThread,
    _folder: TempDir,
}

impl RealServer {
    /// Starts `binary` and waits until its API answers.
    pub async fn start(binary: &Path, options: &Options) -> Result<Self> {
        let mut tries = TRIES;
        loop {
            match Self::start_once(binary, options).await {
                Err(error) if tries > 1 && error.kind() == crate::base::ErrorKind::Conflict => tries -= 1,
                result => return result,
            }
        }
    }

    async fn start_once(binary: &Path, options: &Options) -> Result<Self> {
        let addresses = free_addresses(options)?;
        let folder = TempDir::with_prefix("streamwarden-mediamtx-")
            .map_err(|error| Error::internal("a temporary folder cannot be made").with_source(error))?;
        let (ready, is_ready) = oneshot::channel();
        let job =
            Job { binary: binary.to_owned(), options: options.clone(), addresses, folder: folder.path().to_owned() };
        let thread = OwnThread::spawn("mediamtx", move |stop| job.run(ready, stop))?;
        let gone = |_| Error::internal("the thread of MediaMTX ended before it began");
        is_ready.await.map_err(gone)??;
        log::info!("MediaMTX at {}: RTSP on {}, API on {}", binary.display(), addresses.rtsp, addresses.api);
        let scheme = if options.rtsps.is_some() { "rtsps" } else { "rtsp" };
        Ok(Self { binary: binary.to_owned(), addresses, scheme, thread, _folder: folder })
    }

    /// The program.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Where to publish to and to read from, without a path.
    pub fn rtsp_url(&self) -> Url {
        media_server::url(self.scheme, self.addresses.rtsp)
    }

    /// Where the API is, without `/v3`.
    pub fn api_url(&self) -> Url {
        media_server::url("http", self.addresses.api)
    }

    /// Address of RTSP with its real port.
    pub fn rtsp_address(&self) -> SocketAddr {
        self.addresses.rtsp
    }

    /// Address of the API with its real port.
    pub fn api_address(&self) -> SocketAddr {
        self.addresses.api
    }

    /// Where to publish to by SRT, without a stream id.
    pub fn srt_url(&self) -> Url {
        media_server::url("srt", self.addresses.srt)
    }

    /// Ends it and waits for its exit.
    pub async fn stop(self) {
        self.thread.stop().await;
    }
}

/// What the server's thread does.
struct Job {
    binary: PathBuf,
    options: Options,
    addresses: Addresses,
    folder: PathBuf,
}

impl Job {
    async fn run(self, ready: oneshot::Sender<Result<()>>, stop: CancellationToken) {
        let (child, mut events) = match self.begin(&stop).await {
            Ok(running) => running,
            Err(error) => {
                // The receiver is only gone when nobody wants to know any more.
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    child.stop(GRACE).await;
                    return;
                }
                event = events.recv() => match event {
                    Some(ProcessEvent::Line(line)) => log::debug!("mediamtx: {line}"),
                    Some(ProcessEvent::Exited(exit)) => {
                        log::error!("MediaMTX ended by itself: {:?}", exit.ending);
                        return;
                    }
                    None => return,
                }
            }
        }
    }

    /// Starts the server and waits until it answers.
    async fn begin(&self, stop: &CancellationToken) -> Result<(ChildProcess, ProcessEvents)> {
        let version = version(&self.binary).await?;
        let file = self.folder.join("mediamtx.yml");
        write_private(&file, &real_server_settings::file(version, &self.options, self.addresses))?;
        let (child, mut events) =
            ChildProcess::spawn(ProcessLaunch { cwd: Some(self.folder.clone()), ..launch(&self.binary, &file) })?;
        let mut tail = Vec::new();
        let answers = async {
            tokio::select! {
                () = self.answers() => Ok(()),
                () = ended(&mut events, &mut tail) => Err(()),
                () = stop.cancelled() => Err(()),
            }
        };
        match timeout(START_LIMIT, answers).await {
            Ok(Ok(())) => Ok((child, events)),
            outcome => {
                child.stop(GRACE).await;
                let log = tail.join(" | ");
                let binary = self.binary.display();
                // Go's words for EADDRINUSE.
                if log.contains("address already in use") {
                    return Err(Error::new(
                        crate::base::ErrorKind::Conflict,
                        format!("{binary}: a port is taken: {log}"),
                    ));
                }
                let what = if outcome.is_err() { "does not answer" } else { "ended at once" };
                Err(Error::unavailable(format!("{binary} {what}: {log}")))
            }
        }
    }

    /// Returns once the API gives the list of paths.
    async fn answers(&self) {
        const PAUSE: Duration = Duration::from_millis(20);
        let Ok(client) = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(1)).build() else {
            return std::future::pending().await;
        };
        let url = format!("http://{}/v3/paths/list", self.addresses.api);
        loop {
            let mut request = client.get(&url);
            if let Some(credentials) = &self.options.api {
                request = request.basic_auth(&credentials.username, Some(credentials.password.expose_secret()));
            }
            if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            sleep(PAUSE).await;
        }
    }
}

fn launch(binary: &Path, argument: impl Into<std::ffi::OsString>) -> ProcessLaunch {
    ProcessLaunch {
        program: binary.to_owned(),
        args: vec![argument.into().into()],
        label: "mediamtx".to_owned(),
        mark: "demo".to_owned(),
        ..ProcessLaunch::default()
    }
}

/// Asks the program for its version.
async fn version(binary: &Path) -> Result<MediaServerVersion> {
    let (_child, mut events) = ChildProcess::spawn(launch(binary, "--version"))?;
    let mut printed = Vec::new();
    if timeout(VERSION_LIMIT, ended(&mut events, &mut printed)).await.is_err() {
        return Err(Error::unavailable(format!("{} --version does not end", binary.display())));
    }
    MediaServerVersion::read(&printed.join("\n"))
}

/// Keeps the last lines until the process has ended.
async fn ended(events: &mut ProcessEvents, tail: &mut Vec<String>) {
    while let Some(ProcessEvent::Line(line)) = events.recv().await {
        if tail.len() == TAIL {
            tail.remove(0);
        }
        tail.push(line);
    }
}

/// Writes a file that only we may read: it may hold passwords.
fn write_private(path: &Path, text: &str) -> Result<()> {
    let write = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes());
    write().map_err(|error| Error::internal(format!("cannot write {}: {error}", path.display())).with_source(error))
}

/// The asked addresses, with free ports in place of zeros. All are held until all are known, so they differ.
fn free_addresses(options: &Options) -> Result<Addresses> {
    let find = |address: SocketAddr| -> std::io::Result<(SocketAddr, Option<TcpListener>)> {
        if address.port() != 0 {
            return Ok((address, None));
        }
        let listener = TcpListener::bind(address)?;
        Ok((listener.local_addr()?, Some(listener)))
    };
    let failed = |error: std::io::Error| Error::internal(format!("no free port: {error}")).with_source(error);
    let (rtsp, _held) = find(options.rtsp_listen).map_err(failed)?;
    let (api, _held_too) = find(options.api_listen).map_err(failed)?;
    let udp = UdpSocket::bind("127.0.0.1:0").map_err(failed)?;
    Ok(Addresses { rtsp, api, srt: udp.local_addr().map_err(failed)? })
}
