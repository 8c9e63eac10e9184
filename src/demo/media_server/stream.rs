//! One live stream: packets come in from its publisher and go out to its readers.
//!
//! Owns the readers' bounded queues and what happens when one is full. Never waits for anybody: a slow reader loses
//! packets, the publisher and the other readers notice nothing. Fed by the publisher's `connection`; the readers'
//! connections drain their queues.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::clock::{TrackClock, first_reports};
use super::connection_table::{Count, SessionEntry, locked};
use super::entry_point::is_entry_point;
use super::session::Part;
use super::tracks::Description;

/// Packets a reader may lag behind, MediaMTX's `writeQueueSize`. When it is full the newest packet is not queued:
/// the reader gets a hole, which RTP sequence numbers show it.
pub const QUEUE: usize = 512;

/// A packet on its way to a reader.
#[derive(Debug)]
pub struct Outgoing {
    /// Channel of that reader.
    pub channel: u8,
    /// RTP or RTCP.
    pub part: Part,
    /// The packet itself, shared by all readers.
    pub payload: Bytes,
}

/// A live stream.
#[derive(Debug)]
pub struct Stream {
    /// Path it is published at.
    pub path: String,
    /// Its tracks.
    pub description: Arc<Description>,
    /// Session that publishes it.
    pub publisher: Uuid,
    /// Since when it is live.
    pub since: DateTime<Utc>,
    /// Bytes of RTP received.
    pub inbound: Count,
    /// Bytes sent to readers, also to those that left.
    pub outbound: Count,
    /// Packets that were not RTP.
    pub errors: Count,
    /// Cancelled when the stream ends: its publisher has to go.
    pub ended: CancellationToken,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    clocks: Vec<TrackClock>,
    /// Whether a track has begun: before its first entry point nothing of it is passed on, nor counted for the path.
    begun: Vec<bool>,
    readers: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    session: Arc<SessionEntry>,
    channels: Vec<Option<u8>>,
    queue: Sender<Outgoing>,
    discarded: u64,
    told: Option<Instant>,
}

impl Stream {
    /// A stream that begins now.
    pub fn new(path: String, description: Arc<Description>, publisher: Uuid) -> Self {
        let clocks: Vec<_> = description.tracks.iter().map(|track| TrackClock::new(track.clock_rate)).collect();
        Self {
            path,
            description,
            publisher,
            since: Utc::now(),
            inbound: Count::default(),
            outbound: Count::default(),
            errors: Count::default(),
            ended: CancellationToken::new(),
            inner: Mutex::new(Inner { begun: vec![false; clocks.len()], clocks, readers: Vec::new() }),
        }
    }

    /// Hands a packet of the publisher to every reader that set up its track.
    pub fn relay(&self, track: usize, part: Part, payload: &Bytes, publisher: &SessionEntry) {
        let now = Instant::now();
        let traffic = &publisher.traffic;
        traffic.inbound_bytes.add(payload.len() as u64);
        let mut inner = locked(&self.inner);
        let Inner { clocks, begun, readers } = &mut *inner;
        let Some(clock) = clocks.get_mut(track) else { return };
        let lost = clock.lost;
        let whole = match part {
            Part::Rtp => clock.packet(payload, now),
            Part::Rtcp => clock.control(payload),
        };
        match (part, whole) {
            (Part::Rtp, true) => {
                traffic.inbound_rtp.add(1);
                traffic.inbound_lost.add(clock.lost - lost);
                traffic.jitter.set(clock.jitter.to_bits());
            }
            (Part::Rtcp, true) => traffic.inbound_rtcp.add(1),
            (Part::Rtp, false) => {
                self.errors.add(1);
                traffic.inbound_rtp_errors.add(1);
                return;
            }
            (Part::Rtcp, false) => {
                traffic.inbound_rtcp_errors.add(1);
                return;
            }
        }
        let codec = self.description.tracks[track].codec;
        begun[track] |= part == Part::Rtp && is_entry_point(codec, payload);
        if !begun[track] {
            return;
        }
        if part == Part::Rtp {
            self.inbound.add(payload.len() as u64);
        }
        for reader in readers {
            reader.offer(track, part, payload, now);
        }
    }

    /// Adds a reader with these channels per track. Its queue begins with a report per track; it ends when the stream does.
    /// `None` when the stream has ended already.
    pub fn attach(&self, session: Arc<SessionEntry>, channels: &[Option<u8>]) -> Option<Receiver<Outgoing>> {
        let mut inner = locked(&self.inner);
        // Under the lock, as `end` cancels before it takes the lock: no reader is added after the others were let go.
        if self.ended.is_cancelled() {
            return None;
        }
        let (queue, receiver) = channel(QUEUE);
        let mut reader = Reader { session, channels: channels.to_vec(), queue, discarded: 0, told: None };
        for (track, report) in first_reports(&inner.clocks).into_iter().enumerate() {
            reader.offer(track, Part::Rtcp, &Bytes::copy_from_slice(&report), Instant::now());
        }
        inner.readers.push(reader);
        Some(receiver)
    }

    /// Takes a reader out.
    pub fn detach(&self, session: Uuid) {
        locked(&self.inner).readers.retain(|reader| reader.session.id != session);
    }

    /// Synchronisation source of a track, once a packet has come.
    pub fn source(&self, track: usize) -> Option<u32> {
        locked(&self.inner).clocks.get(track).and_then(TrackClock::source)
    }

    /// Sessions that read, in the order of their ids as MediaMTX lists them since 1.18.
    pub fn readers(&self) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = locked(&self.inner).readers.iter().map(|reader| reader.session.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Ends it: the readers get what is queued and are closed, the publisher is closed.
    pub fn end(&self) {
        self.ended.cancel();
        locked(&self.inner).readers.clear();
    }
}

impl Reader {
    fn offer(&mut self, track: usize, part: Part, payload: &Bytes, now: Instant) {
        let Some(channel) = self.channels.get(track).copied().flatten() else { return };
        let channel = match part {
            Part::Rtp => channel,
            Part::Rtcp => channel + 1,
        };
        // Closed: its connection is on its way out and will detach itself.
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Outgoing { channel, part, payload: payload.clone() })
            && part == Part::Rtp
        {
            self.session.traffic.outbound_discarded.add(1);
            self.discarded += 1;
            self.tell(now);
        }
    }

    /// Logs discarded packets, at most once a second.
    fn tell(&mut self, now: Instant) {
        const PAUSE: Duration = Duration::from_secs(1);
        if self.told.is_none_or(|told| now.duration_since(told) >= PAUSE) {
            log::warn!(
                stream = self.session.path.as_str(), session = self.session.id.to_string().as_str();
                "reader is too slow, {} packets discarded", self.discarded
            );
            self.told = Some(now);
            self.discarded = 0;
        }
    }
}
