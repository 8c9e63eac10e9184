//! One GET over HTTP/1.1, of which only the head of the answer is read. A redirect is an answer and is not followed.

use std::io;

use percent_encoding::{CONTROLS, utf8_percent_encode};
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::Connection;
use crate::base::endpoint_url::EndpointUrl;

/// A head that is longer is read no further: its first line is enough.
const LONGEST: usize = 16 * 1024;
/// More headers are not looked at.
const MOST_HEADERS: usize = 64;
/// An answer that more others go before is none.
const MOST_BEFORE: usize = 8;
/// No first line is longer.
const LONGEST_LINE: usize = 512;

/// Status of the answer; `None`: what answers is no HTTP.
pub(super) async fn get(connection: &mut Connection, url: &EndpointUrl) -> io::Result<Option<u16>> {
    let path = utf8_percent_encode(url.path.expose_secret(), CONTROLS);
    let host = url.authority();
    let question = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: streamwarden\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(question.as_bytes()).await?;
    connection.flush().await?;
    let mut read = Vec::with_capacity(1024);
    loop {
        let mut part = [0; 1024];
        let length = connection.read(&mut part).await?;
        if length == 0 {
            return if read.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(None) };
        }
        read.extend_from_slice(&part[..length]);
        match status(&read) {
            Head::Status(status) => return Ok(Some(status)),
            Head::Other => return Ok(None),
            Head::Unfinished if read.len() > LONGEST => return Ok(None),
            Head::Unfinished => {}
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Head {
    Status(u16),
    Other,
    Unfinished,
}

/// Of what has come so far. Answers that say only that another one follows (1xx) are passed over.
fn status(mut read: &[u8]) -> Head {
    for _ in 0..=MOST_BEFORE {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let parsed = head.parse(read);
        let unfinished = read.len() < LONGEST_LINE;
        match (parsed, head.code) {
            (Ok(httparse::Status::Complete(length)), Some(100..200)) => read = &read[length..],
            (_, Some(100..200)) | (Ok(httparse::Status::Partial), None) if unfinished => return Head::Unfinished,
            // Headers that are odd, or too many, are no matter: the line before them was read.
            (_, Some(status)) => return Head::Status(status),
            _ => return Head::Other,
        }
    }
    Head::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_enough_and_anything_else_is_no_http() {
        for (read, wanted) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Head::Status(200)),
            ("HTTP/1.1 200 OK\r\nContent-Len", Head::Status(200)),
            ("HTTP/1.0 404\r\n\r\n", Head::Status(404)),
            ("HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/\r\n\r\n", Head::Status(301)),
            ("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n", Head::Status(204)),
            ("HTTP/1.1 103 Early\r\n\r\n", Head::Unfinished),
            ("HTT", Head::Unfinished),
            ("", Head::Unfinished),
            ("RTSP/1.0 200 OK\r\n\r\n", Head::Other),
            ("220 mail.example.org ESMTP\r\n", Head::Other),
            ("\u{3}\u{0}\u{0}", Head::Other),
        ] {
            assert_eq!(status(read.as_bytes()), wanted, "{read:?}");
        }
        let before = "HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(status(before.repeat(1_300).as_bytes()), Head::Other);
        assert_eq!(status(format!("{}HTTP/1.1 200 OK\r\n\r\n", before.repeat(8)).as_bytes()), Head::Status(200));
    }
}
