//! Whether the RTSP side of a server answers, whatever its API does.
//!
//! A server may have its API switched off, or guarded by a password nobody gave us, and serve media all the same. Owns
//! one short connection; publishes and reads nothing. Talked to by the watch of the media server.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

/// True when something at this address answers `OPTIONS` in RTSP within `limit`. An `rtsps` port only has to accept the
/// connection: what it says would be TLS.
pub async fn probe_rtsp(rtsp: &Url, limit: Duration) -> bool {
    timeout(limit, answer(rtsp)).await.unwrap_or(false)
}

async fn answer(rtsp: &Url) -> bool {
    let Some(host) = rtsp.host_str() else { return false };
    let tls = rtsp.scheme() == "rtsps";
    let port = rtsp.port().unwrap_or(if tls { 322 } else { 554 });
    // Brackets of an IPv6 address belong to URLs only.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let Ok(mut stream) = TcpStream::connect((bare, port)).await else { return false };
    if tls {
        return true;
    }
    let request = format!("OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    let mut start = [0; 5];
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_exact(&mut start).await.is_ok()
        && start == *b"RTSP/"
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn only_an_answer_in_rtsp_counts() {
        for (answer, wanted) in
            [(Some("RTSP/1.0 200 OK\r\n\r\n"), true), (Some("HTTP/1.1 400\r\n\r\n"), false), (None, false)]
        {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = Url::parse(&format!("rtsp://{}", listener.local_addr().expect("its address"))).expect("a url");
            let serve = async {
                let (mut stream, _) = listener.accept().await.expect("a guest");
                let mut request = [0; 256];
                let length = stream.read(&mut request).await.expect("a request");
                assert!(request[..length].starts_with(b"OPTIONS rtsp://"));
                if let Some(answer) = answer {
                    stream.write_all(answer.as_bytes()).await.expect("an answer");
                }
                stream
            };
            let (answered, _stream) = tokio::join!(probe_rtsp(&url, Duration::from_millis(300)), serve);
            assert_eq!(answered, wanted, "{answer:?}");
        }
        assert!(!probe_rtsp(&Url::parse("rtsp://127.0.0.1:1").expect("a url"), Duration::from_secs(1)).await);
    }
}
