//! The handshake of RTMP (Adobe's specification, section 5.2): C0 and C1, then S0, S1 and S2. No command follows, so that nothing is
//! published or played.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::Connection;

/// The version of C0 and S0.
const VERSION: u8 = 3;
/// Bytes of C1, S1, C2 and S2.
const PART: usize = 1536;

/// `false`: what answers is no RTMP.
pub(super) async fn shake_hands(connection: &mut Connection) -> io::Result<bool> {
    let mut hello = [0; 1 + PART];
    hello[0] = VERSION;
    // Time and version zero, then any bytes.
    hello[9..].iter_mut().for_each(|byte| *byte = rand::random());
    connection.write_all(&hello).await?;
    connection.flush().await?;
    // A server of something else says a few words and waits, or ends.
    if connection.read_u8().await? != VERSION {
        return Ok(false);
    }
    let (mut theirs, mut echo) = ([0; PART], [0; PART]);
    connection.read_exact(&mut theirs).await?;
    connection.read_exact(&mut echo).await?;
    // It is told that we heard it. One that does not listen any more has still answered.
    let _ = connection.write_all(&theirs).await;
    let _ = connection.flush().await;
    Ok(true)
}
