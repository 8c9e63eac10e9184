//! OPTIONS of RTSP (RFC 2326), which needs no login and no path. Any status is an answer.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::Connection;
use crate::base::endpoint_url::EndpointUrl;

const BEGINS: &[u8] = b"RTSP/1.0 ";

/// `false`: what answers is no RTSP.
pub(super) async fn options(connection: &mut Connection, url: &EndpointUrl) -> io::Result<bool> {
    let question = format!("OPTIONS {}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: streamwarden\r\n\r\n", url.origin());
    connection.write_all(question.as_bytes()).await?;
    connection.flush().await?;
    let mut begins = [0; BEGINS.len()];
    connection.read_exact(&mut begins).await?;
    Ok(begins == BEGINS)
}
