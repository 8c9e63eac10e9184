//! Where a stream may begin: MediaMTX passes nothing on of a picture before its first key frame or parameter set.
//!
//! It gives each packet a time, and begins to count at one whose times of decoding and of showing are the same (gortsplib
//! v5.6.4, `PTSEqualsDTS` of its formats), which of H.264 and H.265 are these alone.

/// IDR, SPS, PPS (ITU-T H.264, table 7-1).
const H264: [u8; 3] = [5, 7, 8];
/// IDR_W_RADL, IDR_N_LP, CRA, VPS, SPS, PPS (ITU-T H.265, table 7-1).
const H265: [u8; 6] = [19, 20, 21, 32, 33, 34];
/// Length of an RTP header without its list of sources.
const HEADER: usize = 12;

/// Whether a stream of this codec, by MediaMTX's label, may begin with this RTP packet.
pub fn is_entry_point(codec: &str, packet: &[u8]) -> bool {
    let Some(payload) = payload(packet) else { return false };
    match codec {
        "H264" => h264(payload).unwrap_or(false),
        "H265" => h265(payload).unwrap_or(false),
        _ => true,
    }
}

fn payload(packet: &[u8]) -> Option<&[u8]> {
    let sources = usize::from(packet.first()? & 0x0f) * 4;
    let rest = packet.get(HEADER + sources..)?;
    if packet[0] & 0x10 == 0 {
        return Some(rest);
    }
    let words = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
    rest.get(4 + words * 4..)
}

/// RFC 6184: single units, STAP-A, the first of a fragmented unit.
fn h264(payload: &[u8]) -> Option<bool> {
    let is_entry = |header: u8| H264.contains(&(header & 0x1f));
    Some(match payload.first()? & 0x1f {
        24 => any_unit(payload.get(1..)?, is_entry),
        28 => payload.get(1)? & 0x80 != 0 && is_entry(payload[1]),
        _ => is_entry(payload[0]),
    })
}

/// RFC 7798: single units, aggregation packets, the first of a fragmented unit.
fn h265(payload: &[u8]) -> Option<bool> {
    let is_entry = |header: u8| H265.contains(&((header >> 1) & 0x3f));
    Some(match (payload.first()? >> 1) & 0x3f {
        48 => any_unit(payload.get(2..)?, is_entry),
        49 => payload.get(2)? & 0x80 != 0 && H265.contains(&(payload[2] & 0x3f)),
        _ => is_entry(payload[0]),
    })
}

/// Units that each stand behind their length of 16 bits.
fn any_unit(mut units: &[u8], is_entry: impl Fn(u8) -> bool) -> bool {
    while let [high, low, rest @ ..] = units {
        let size = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(unit) = rest.get(..size) else { return false };
        if unit.first().is_some_and(|header| is_entry(*header)) {
            return true;
        }
        units = &rest[size..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_begin_with_a_key_frame_or_a_parameter_set() {
        let packet = |payload: &[u8]| [&[0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], payload].concat();
        for (codec, payload, wanted) in [
            ("H264", &[0x65, 1, 2][..], true),
            ("H264", &[0x67, 1], true),
            ("H264", &[0x68, 1], true),
            ("H264", &[0x41, 1], false),
            ("H264", &[0x7c, 0x85, 1], true),
            ("H264", &[0x7c, 0x05, 1], false),
            ("H264", &[0x7c, 0x81, 1], false),
            ("H264", &[0x78, 0, 1, 0x41, 0, 2, 0x65, 1], true),
            ("H264", &[0x78, 0, 1, 0x41], false),
            ("H264", &[0x78, 0, 9, 0x65], false),
            ("H264", &[], false),
            ("H265", &[0x26, 1, 1], true),
            ("H265", &[0x40, 1], true),
            ("H265", &[0x02, 1, 1], false),
            ("H265", &[0x62, 1, 0x93, 1], true),
            ("H265", &[0x62, 1, 0x13, 1], false),
            ("H265", &[0x60, 1, 0, 2, 0x02, 1, 0, 2, 0x26, 1], true),
            ("H265", &[0x60], false),
            ("VP9", &[0], true),
            ("MPEG-4 Audio", &[0], true),
        ] {
            assert_eq!(is_entry_point(codec, &packet(payload)), wanted, "{codec} {payload:x?}");
        }
        let extended =
            [&[0x91, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4][..], &[0x65]];
        assert!(is_entry_point("H264", &extended.concat()), "one source and an extension before it");
        assert!(!is_entry_point("H264", &[0x80]), "cut off");
    }
}
