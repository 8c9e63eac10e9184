//! RTP and RTCP bytes, framed for an RTSP connection.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longest RTP payload.
const MTU: usize = 1_300;
/// Seconds from 1900 to 1970.
const NTP_EPOCH: f64 = 2_208_988_800.0;

/// One RTP packet of a track.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub payload_type: u8,
    pub sequence: u16,
    pub time: u32,
    pub source: u32,
}

/// Payloads of one access unit (RFC 6184), with the stamp in front of its first slice.
pub fn h264(nals: &[Vec<u8>], stamp: &[u8]) -> Vec<Vec<u8>> {
    let slice = nals.iter().position(|nal| matches!(nal[0] & 0x1f, 1 | 5)).unwrap_or(nals.len());
    let all = nals[..slice].iter().map(Vec::as_slice).chain([stamp]).chain(nals[slice..].iter().map(Vec::as_slice));
    all.flat_map(fragments).collect()
}

/// One NAL unit as it is, or as FU-A.
fn fragments(nal: &[u8]) -> Vec<Vec<u8>> {
    if nal.len() <= MTU {
        return vec![nal.to_vec()];
    }
    let (indicator, kind) = ((nal[0] & 0xe0) | 28, nal[0] & 0x1f);
    let chunks: Vec<&[u8]> = nal[1..].chunks(MTU - 2).collect();
    let last = chunks.len() - 1;
    let mark = |at: usize| {
        if at == 0 {
            0x80
        } else if at == last {
            0x40
        } else {
            0
        }
    };
    chunks.iter().enumerate().map(|(at, chunk)| [&[indicator, mark(at) | kind], *chunk].concat()).collect()
}

/// One AAC frame (RFC 3640, AAC-hbr).
pub fn aac(frame: &[u8]) -> Vec<u8> {
    let size = u16::try_from(frame.len() << 3).expect("a frame of AAC");
    [&[0, 16], size.to_be_bytes().as_slice(), frame].concat()
}

/// A whole interleaved RTP packet.
pub fn rtp(channel: u8, header: Header, marker: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, header.payload_type | if marker { 0x80 } else { 0 }];
    packet.extend(header.sequence.to_be_bytes());
    packet.extend(header.time.to_be_bytes());
    packet.extend(header.source.to_be_bytes());
    packet.extend(payload);
    interleaved(channel, &packet)
}

/// A whole interleaved sender report: at `wall`, plus so many seconds, the track's clock showed this time.
pub fn sender_report(channel: u8, header: Header, wall: SystemTime, shift: f64) -> Vec<u8> {
    let unix = wall.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
    let ntp = NTP_EPOCH + unix + shift;
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend(header.source.to_be_bytes());
    packet.extend((ntp as u32).to_be_bytes());
    packet.extend(((ntp.fract() * f64::from(u32::MAX)) as u32).to_be_bytes());
    packet.extend(header.time.to_be_bytes());
    // Counts of packets and bytes, which nobody checks.
    packet.extend([0; 8]);
    interleaved(channel + 1, &packet)
}

fn interleaved(channel: u8, packet: &[u8]) -> Vec<u8> {
    let length = u16::try_from(packet.len()).expect("a packet");
    [&[b'$', channel], length.to_be_bytes().as_slice(), packet].concat()
}
