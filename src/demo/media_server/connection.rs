//! One client's TCP connection: reads, writes, and gives up on silence.
//!
//! Owns the socket and its buffers. A connection is one task: while a slow client's socket takes nothing, its queue
//! fills (see `stream`) and its own requests wait, nobody else's. Talks to `dialogue` for what to answer.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use chrono::Utc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

use super::Credentials;
use super::connection_table::{ConnectionEntry, Count};
use super::dialogue::{Dialogue, Flow};
use super::hub::Hub;
use super::session::Part;
use super::stream::Outgoing;
use super::wire::{self, Incoming};

/// Free room that a read finds; many packets come in one read when the machine is busy.
const READ: usize = 32 * 1024;
/// Bytes of packets that are sent in one write.
const WRITE: usize = 64 * 1024;

/// What every connection needs to know.
pub struct Terms {
    /// Streams and who is connected.
    pub hub: Arc<Hub>,
    /// What publishers have to show.
    pub publishers: Option<Credentials>,
    /// A client that should send something and does not for so long is closed.
    pub read_timeout: Duration,
    /// A client that takes nothing for so long is closed.
    pub write_timeout: Duration,
}

/// Serves one connection to its end.
pub async fn serve(mut socket: TcpStream, remote: SocketAddr, terms: Arc<Terms>) {
    // A frame's last packet must not wait for the next frame. Without it everything still works.
    let _ = socket.set_nodelay(true);
    let entry = Arc::new(ConnectionEntry {
        id: Uuid::new_v4(),
        created: Utc::now(),
        remote,
        kicked: tokio::sync::Notify::new(),
        session: Mutex::new(None),
        inbound: Count::default(),
        outbound: Count::default(),
    });
    let _listed = terms.hub.table.connection(entry.clone());
    let (reader, writer) = socket.split();
    let mut connection = Connection {
        dialogue: Dialogue::new(terms.hub.clone(), terms.publishers.clone(), entry.clone()),
        entry,
        terms,
        reader,
        writer,
        input: BytesMut::new(),
        output: Vec::new(),
        batch: Batch::default(),
    };
    let reason = connection.run().await;
    log::debug!(session = connection.entry.id.to_string().as_str(); "connection of {remote} closed: {reason}");
}

struct Connection<'a> {
    terms: Arc<Terms>,
    entry: Arc<ConnectionEntry>,
    dialogue: Dialogue,
    reader: ReadHalf<'a>,
    writer: WriteHalf<'a>,
    input: BytesMut,
    output: Vec<u8>,
    batch: Batch,
}

/// Packets in the output buffer, counted once they are written.
#[derive(Default)]
struct Batch {
    bytes: u64,
    rtp: u64,
    rtcp: u64,
}

impl Connection<'_> {
    /// Runs until the connection is to be closed; says why.
    async fn run(&mut self) -> &'static str {
        let mut heard = Instant::now();
        let mut silence = pin!(sleep_until(heard + self.terms.read_timeout));
        loop {
            if self.input.capacity() - self.input.len() < READ / 8 {
                self.input.reserve(READ);
            }
            let mut full = false;
            tokio::select! {
                outgoing = self.dialogue.flow.next() => match outgoing {
                    Some(outgoing) => self.gather(outgoing),
                    None => return "the stream has ended",
                },
                read = self.reader.read_buf(&mut self.input) => match read {
                    Ok(0) => return "end of file",
                    Err(_) => return "connection lost",
                    Ok(length) => {
                        self.entry.inbound.add(length as u64);
                        heard = Instant::now();
                        full = length >= READ / 2;
                        self.handle();
                    }
                },
                () = self.entry.kicked.notified() => return "kicked",
                () = &mut silence => {
                    // A reader has nothing to say: a dead one is found when nothing can be sent to it.
                    let limited = !matches!(self.dialogue.flow, Flow::Reading(_));
                    if limited && heard.elapsed() >= self.terms.read_timeout {
                        return "nothing received for too long";
                    }
                    let from = if limited { heard } else { Instant::now() };
                    silence.as_mut().reset(from + self.terms.read_timeout);
                }
            }
            if let Err(reason) = self.flush().await {
                return reason;
            }
            if let Some(reason) = self.dialogue.closing {
                return reason;
            }
            if full {
                // More is waiting: let the readers send what this read gave them, or their queues would overflow.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Handles everything that is whole in the input buffer.
    fn handle(&mut self) {
        while self.dialogue.closing.is_none() {
            match wire::next(&mut self.input) {
                Ok(None) => return,
                Ok(Some(Incoming::Packet { channel, payload })) => self.dialogue.packet(channel, &payload),
                Ok(Some(Incoming::Answer)) => {}
                Ok(Some(Incoming::Request(request, target))) => {
                    let answer = self.dialogue.request(&request, &target);
                    let sequence = request.header(&rtsp_types::headers::CSEQ);
                    answer.write(sequence, &mut self.output);
                }
                Err(wire::Malformed) => {
                    wire::Answer::new(rtsp_types::StatusCode::BadRequest).write(None, &mut self.output);
                    self.dialogue.closing = Some("not RTSP");
                }
            }
        }
    }

    /// Puts a packet, and those queued behind it, into the output buffer.
    fn gather(&mut self, first: Outgoing) {
        let mut next = Some(first);
        while let Some(Outgoing { channel, part, payload }) = next {
            wire::write_packet(channel, &payload, &mut self.output);
            self.batch.bytes += payload.len() as u64;
            match part {
                Part::Rtp => self.batch.rtp += 1,
                Part::Rtcp => self.batch.rtcp += 1,
            }
            next = if self.output.len() < WRITE { self.dialogue.flow.queued() } else { None };
        }
    }

    /// Writes the output buffer.
    async fn flush(&mut self) -> Result<(), &'static str> {
        if self.output.is_empty() {
            return Ok(());
        }
        match within(self.terms.write_timeout, self.writer.write_all(&self.output)).await {
            None => {
                log::warn!(session = self.entry.id.to_string().as_str(); "client write timeout, closing");
                return Err("nothing could be sent for too long");
            }
            Some(Err(_)) => return Err("connection lost"),
            Some(Ok(())) => {}
        }
        self.entry.outbound.add(self.output.len() as u64);
        self.output.clear();
        let Batch { bytes, rtp, rtcp } = std::mem::take(&mut self.batch);
        if let Flow::Reading(reading) = &self.dialogue.flow {
            reading.stream.outbound.add(bytes);
        }
        if let Some(session) = self.dialogue.entry() {
            session.traffic.outbound_bytes.add(bytes);
            session.traffic.outbound_rtp.add(rtp);
            session.traffic.outbound_rtcp.add(rtcp);
        }
        Ok(())
    }
}

/// The output of a future, when it comes in time. Most writes are done at once and need no timer.
async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let at_once = std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context))).await;
    match at_once {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => timeout(limit, future).await.ok(),
    }
}
