//! Peers that are no good cameras.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Something that listens; its thread ends with the test program.
pub struct Peer {
    pub address: SocketAddr,
    /// What was counted.
    count: Arc<AtomicUsize>,
}

impl Peer {
    fn listen(serve: impl Fn(TcpStream, &AtomicUsize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let count = Arc::new(AtomicUsize::new(0));
        let (counter, serve) = (Arc::clone(&count), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counter, serve) = (Arc::clone(&counter), Arc::clone(&serve));
                std::thread::spawn(move || serve(stream, &counter));
            }
        });
        Self { address, count }
    }

    /// Takes connections and never says a word.
    pub fn silent() -> Self {
        Self::listen(|stream, _| say_nothing(stream))
    }

    /// Refuses every login; counts how many were tried.
    pub fn refusing() -> Self {
        Self::listen(refuse)
    }

    /// The same with a login that sends no password.
    pub fn digesting() -> Self {
        let challenge = "Digest realm=\"cam\", nonce=\"0123456789abcdef\"";
        Self::listen(move |stream, logins| refuse_from("DESCRIBE", stream, logins, challenge))
    }

    /// Shows anybody what it has, and refuses whoever wants it; counts logins.
    pub fn refusing_late() -> Self {
        Self::listen(|stream, logins| refuse_from("SETUP", stream, logins, BASIC))
    }

    /// How many were counted.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

const BASIC: &str = "Basic realm=\"cam\"";

/// One video.
const DESCRIPTION: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n";

/// Until the other one hangs up.
pub fn say_nothing(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    while matches!(stream.read(&mut buffer), Ok(1..)) {}
}

/// An RTSP or HTTP server that nobody may enter.
pub fn refuse(stream: TcpStream, logins: &AtomicUsize) {
    refuse_from("DESCRIBE", stream, logins, BASIC);
}

/// Refuses this request and whatever comes after it.
fn refuse_from(first: &str, mut stream: TcpStream, logins: &AtomicUsize, challenge: &str) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let sequence = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("0").trim();
        let answer = if request.starts_with("OPTIONS") {
            format!("RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nPublic: DESCRIBE\r\n\r\n")
        } else if request.starts_with("DESCRIBE") && first != "DESCRIBE" {
            let length = DESCRIPTION.len();
            format!(
                "RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n\
                 {DESCRIPTION}"
            )
        } else {
            if request.contains("Authorization: ") {
                logins.fetch_add(1, Ordering::SeqCst);
            }
            let protocol = if request.lines().next().is_some_and(|line| line.contains("HTTP/1")) {
                "HTTP/1.1"
            } else {
                "RTSP/1.0"
            };
            format!(
                "{protocol} 401 Unauthorized\r\nCSeq: {sequence}\r\nContent-Length: 0\r\nWWW-Authenticate: {challenge}\r\n\r\n"
            )
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
