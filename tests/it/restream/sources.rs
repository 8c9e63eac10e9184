//! Sources of every protocol but RTSP: ffmpegs that serve the film, and the little HTTP and TLS that takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;
use tokio::net::TcpStream as AsyncStream;
use tokio_rustls::TlsAcceptor;

use crate::support::film::film;

/// An ffmpeg that ends with its owner.
struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// ffmpeg that plays the film over and over at its own speed, with these arguments behind it.
fn play(args: &str, stdout: Stdio) -> Playing {
    let ffmpeg = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i"])
        .arg(film())
        .args(args.split_whitespace())
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn();
    Playing(ffmpeg.expect("ffmpeg starts"))
}

/// An ffmpeg that serves one reader and ends with it, and is started again each time: ffmpeg's own servers are like that.
pub struct Player {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    pub fn serve(args: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                let mut ffmpeg = play(&args, Stdio::null());
                while !told.load(Ordering::SeqCst) && matches!(ffmpeg.0.try_wait(), Ok(None)) {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What an HTTP source answers with.
#[derive(Clone)]
pub enum Body {
    /// What ffmpeg writes with these arguments, without end, or cut off after so many bytes.
    Endless { args: &'static str, kind: &'static str, cut_after: Option<usize> },
    /// Files of a folder.
    Folder(PathBuf),
    /// Somewhere else.
    Moved(String),
}

/// HTTP/1.1 as cameras speak it: no length, no chunks, the end of the connection is the end.
pub struct Http {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Http {
    pub fn serve(body: Body) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let begun = Instant::now();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let body = body.clone();
                // An error is a reader that has gone.
                std::thread::spawn(move || drop(answer(stream, &body, begun)));
            }
        });
        Self { address, asked }
    }

    /// How many requests there were.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream, body: &Body, begun: Instant) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    lines.find(|line| line.as_ref().is_ok_and(String::is_empty));
    match body {
        Body::Endless { args, kind, cut_after } => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n")?;
            // A camera's clock goes on while nobody reads.
            let args = format!("-output_ts_offset {} {args}", begun.elapsed().as_secs_f64());
            let mut ffmpeg = play(&args, Stdio::piped());
            let pipe = ffmpeg.0.stdout.take().expect("piped");
            let most = cut_after.map_or(u64::MAX, |bytes| bytes as u64);
            std::io::copy(&mut pipe.take(most), &mut stream).map(|_| ())
        }
        Body::Moved(to) => {
            write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Body::Folder(folder) => {
            let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            let name = name.split('?').next().unwrap_or_default();
            match std::fs::read(folder.join(name)) {
                Ok(file) => {
                    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                    stream.write_all(&file)
                }
                Err(_) => write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            }
        }
    }
}

/// The film as a playlist and its segments.
pub struct Hls {
    pub folder: TempDir,
    _ffmpeg: Playing,
}

impl Hls {
    pub fn write() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let playlist = folder.path().join("live.m3u8");
        let args =
            format!("-c copy -f hls -hls_time 1 -hls_list_size 5 -hls_flags delete_segments {}", playlist.display());
        let ffmpeg = play(&args, Stdio::null());
        Self { folder, _ffmpeg: ffmpeg }
    }

    pub fn has_begun(&self) -> bool {
        self.folder.path().join("live.m3u8").exists()
    }
}

/// TLS in front of a server that has none. Ends with the runtime of the test.
pub async fn behind_tls(server: SocketAddr) -> SocketAddr {
    let folder = tempfile::tempdir().expect("a folder");
    let (key, cert) = (folder.path().join("key.pem"), folder.path().join("cert.pem"));
    let made = Command::new("openssl")
        .args("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=camera -keyout".split(' '))
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let chain = vec![rustls::pki_types::CertificateDer::from_pem_file(&cert).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(&key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth().with_single_cert(chain, key).expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    actix::spawn(async move {
        while let Ok((outer, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            actix::spawn(async move {
                let (Ok(mut outer), Ok(mut inner)) = (acceptor.accept(outer).await, AsyncStream::connect(server).await)
                else {
                    return;
                };
                // Ends when either side does; how is of no interest.
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    address
}
