//! Reads from H.264 and H.265 parameter sets whether pictures are sent in the order in which they are shown. Pure.
//!
//! RTP carries only the time at which a picture is shown. Where pictures are reordered (B-frames), ffmpeg must see several of
//! them before it can tell when to decode each; where the encoder promises that none is, one picture is enough.
//! ffprobe's `has_b_frames` says nothing here: it is 0 until the parser has seen a picture.

/// Whether the parameter sets in front of a stream (`extradata`, Annex B) promise that no picture is sent before one that is
/// shown earlier. False where they do not say so, and for what cannot be read.
pub fn is_shown_as_sent(codec: &str, extradata: &[u8]) -> bool {
    let promise: fn(&[u8]) -> Option<bool> = match codec {
        "h264" => |unit| (unit.first()? & 0x1f == 7).then(|| h264(unit).unwrap_or(false)),
        "hevc" => |unit| ((unit.first()? >> 1) & 0x3f == 33).then(|| h265(unit).unwrap_or(false)),
        _ => return false,
    };
    let promises: Vec<bool> = units(extradata).into_iter().filter_map(promise).collect();
    !promises.is_empty() && promises.into_iter().all(|one| one)
}

/// NAL units between the start codes of Annex B.
fn units(bytes: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    let mut begin = None;
    let mut at = 0;
    while at + 3 <= bytes.len() {
        if bytes[at..at + 3] == [0, 0, 1] {
            units.extend(begin.map(|begin| &bytes[begin..at]));
            begin = Some(at + 3);
            at += 3;
        } else {
            at += 1;
        }
    }
    units.extend(begin.map(|begin| &bytes[begin..]));
    units
}

/// A sequence parameter set of H.264 (7.3.2.1.1, Annex E). `None` when it ends too early.
fn h264(unit: &[u8]) -> Option<bool> {
    let mut bits = Bits::of_unit(unit, 1);
    let profile = bits.read(8)?;
    bits.skip(16)?;
    bits.golomb()?;
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        let chroma = bits.golomb()?;
        bits.skip(usize::from(chroma == 3))?;
        bits.golomb()?;
        bits.golomb()?;
        bits.skip(1)?;
        if bits.flag()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.flag()? {
                    bits.scaling_list(if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.golomb()?;
    let order_type = bits.golomb()?;
    match order_type {
        0 => {
            bits.golomb()?;
        }
        1 => {
            bits.skip(1)?;
            bits.golomb()?;
            bits.golomb()?;
            for _ in 0..bits.golomb()? {
                bits.golomb()?;
            }
        }
        _ => {}
    }
    // Reference frames, gaps, width, height.
    bits.golomb()?;
    bits.skip(1)?;
    bits.golomb()?;
    bits.golomb()?;
    let frames_only = bits.flag()?;
    bits.skip(usize::from(!frames_only) + 1)?;
    if bits.flag()? {
        for _ in 0..4 {
            bits.golomb()?;
        }
    }
    let stated = if bits.flag()? { h264_reordered(&mut bits)? } else { None };
    // Baseline has no B slices; order type 2 is defined as the order in which pictures are sent.
    Some(stated.map_or(profile == 66 || order_type == 2, |reordered| reordered == 0))
}

/// `max_num_reorder_frames` of H.264's usability information, where it has it.
fn h264_reordered(bits: &mut Bits) -> Option<Option<u32>> {
    if bits.flag()? && bits.read(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.flag()? {
        bits.skip(1)?;
    }
    if bits.flag()? {
        bits.skip(4)?;
        if bits.flag()? {
            bits.skip(24)?;
        }
    }
    if bits.flag()? {
        bits.golomb()?;
        bits.golomb()?;
    }
    if bits.flag()? {
        bits.skip(65)?;
    }
    let mut buffers = false;
    for _ in 0..2 {
        if bits.flag()? {
            buffers = true;
            let count = bits.golomb()?;
            bits.skip(8)?;
            for _ in 0..=count {
                bits.golomb()?;
                bits.golomb()?;
                bits.skip(1)?;
            }
            bits.skip(20)?;
        }
    }
    bits.skip(usize::from(buffers) + 1)?;
    if !bits.flag()? {
        return Some(None);
    }
    bits.skip(1)?;
    for _ in 0..4 {
        bits.golomb()?;
    }
    Some(Some(bits.golomb()?))
}

/// A sequence parameter set of H.265 (7.3.2.2.1): `sps_max_num_reorder_pics` of the highest layer is 0.
fn h265(unit: &[u8]) -> Option<bool> {
    let mut bits = Bits::of_unit(unit, 2);
    bits.skip(4)?;
    let layers = bits.read(3)?;
    bits.skip(1)?;
    // Profile and level, for the whole and for each layer below the highest.
    bits.skip(96)?;
    if layers > 0 {
        let present: Vec<(bool, bool)> =
            (0..layers).map(|_| Some((bits.flag()?, bits.flag()?))).collect::<Option<_>>()?;
        bits.skip(2 * (8 - layers as usize))?;
        for (profile, level) in present {
            bits.skip(88 * usize::from(profile) + 8 * usize::from(level))?;
        }
    }
    bits.golomb()?;
    let chroma = bits.golomb()?;
    bits.skip(usize::from(chroma == 3))?;
    bits.golomb()?;
    bits.golomb()?;
    if bits.flag()? {
        for _ in 0..4 {
            bits.golomb()?;
        }
    }
    for _ in 0..3 {
        bits.golomb()?;
    }
    let stated = if bits.flag()? { layers + 1 } else { 1 };
    let mut reordered = 0;
    for _ in 0..stated {
        bits.golomb()?;
        reordered = bits.golomb()?;
        bits.golomb()?;
    }
    Some(reordered == 0)
}

/// Bits of a NAL unit without its emulation prevention bytes.
struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    /// The payload behind a header of so many bytes.
    fn of_unit(unit: &[u8], header: usize) -> Self {
        let mut bytes = Vec::with_capacity(unit.len());
        let mut zeros = 0;
        for byte in unit.iter().skip(header).copied() {
            if zeros >= 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            bytes.push(byte);
        }
        Self { bytes, at: 0 }
    }

    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = (byte >> (7 - self.at % 8)) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Up to 32 bits.
    fn read(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some((value << 1) | u32::from(self.flag()?)))
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.at += count;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    /// An exponential Golomb code as it is written; of a signed one too.
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some(self.read(zeros)? + (1 << zeros) - 1)
    }

    fn scaling_list(&mut self, size: usize) -> Option<()> {
        let (mut last, mut next) = (8_i64, 8_i64);
        for _ in 0..size {
            if next != 0 {
                let code = i64::from(self.golomb()?);
                let delta = if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) };
                next = (last + delta + 256).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect()
    }

    #[test]
    fn what_encoders_promise() {
        let table = [
            // x264, zerolatency: Baseline, nothing reordered.
            ("h264", "00000001 6742c01eda0280bfe5c04400000300040000 0300ca3c58ba80 00000001 68ce0fc8", true),
            // x264, 3 B-frames.
            ("h264", "00000001 6764001eacd940a02ff970110000030001000003003 20f162d96 00000001 68ef8fcb", false),
            // x265, zerolatency, and with 3 B-frames.
            (
                "hevc",
                "00000001 42010101600000030090000003000003003fa005020171f2e5ba4a4c2f0168080000030008000003 00c840",
                true,
            ),
            (
                "hevc",
                "00000001 42010101600000030090000003000003003fa00502016965959649 32bc05a0200000030020000003 0321",
                false,
            ),
            // Two sets, of which one reorders.
            (
                "h264",
                "000001 6742c01eda0280bfe5c044000003000400000300ca3c58ba80 000001 6764001eacd940a02ff97011000003000100000300320f162d96",
                false,
            ),
            // No set, half a set, another codec, nothing.
            ("h264", "00000001 68ce0fc8", false),
            ("h264", "00000001 6742c0", false),
            ("h264", "00000001 67", false),
            ("vp8", "00000001 6742c01eda0280bfe5c044000003000400000300ca3c58ba80", false),
            ("h264", "", false),
        ];
        for (codec, extradata, promised) in table {
            assert_eq!(is_shown_as_sent(codec, &bytes(extradata)), promised, "{codec} {extradata}");
        }
    }

    /// Parameter sets written bit by bit, for what encoders at hand do not write.
    #[test]
    fn what_counts_where_the_reordered_pictures_are_not_counted() {
        // Level, set 0, [High: 4:2:0, 8 bit, no lists], frame numbers of 4 bits, order type.
        let set = |profile: &str, high: &str, order: &str, usability: &str| {
            let text = format!("{profile} 00000000 00011110 1 {high} 1 {order} 010 0 1 1 1 1 0 {usability} 1");
            let mut bits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
            bits.resize(bits.len().next_multiple_of(8), 0);
            let mut unit: Vec<u8> = vec![0, 0, 1, 0x67];
            for byte in bits.chunks(8).map(|byte| byte.iter().fold(0, |all, bit| (all << 1) | bit)) {
                if byte <= 3 && unit.ends_with(&[0, 0]) {
                    unit.push(3);
                }
                unit.push(byte);
            }
            unit
        };
        let (baseline, main, high) = ("01000010", "01001101", "01100100");
        let (type_0, type_1, type_2) = ("1 1", "010 0 1 1 010 1", "011");
        let plain = "010 1 1 0 0";
        // A list that ends at once, one of which every step is 0, and six that are not there.
        let lists = "010 1 1 0 1 1 000010001 1 1111111111111111 000000";
        // Aspect, overscan, signal with colours, chroma, timing, both buffers, structure; then the restriction.
        let buffers = format!("1 010 0000 0000 {} {}", "1 1 0 1 1 0", "0".repeat(20));
        let all = format!(
            "1 1 11111111 {} 1 0 1 0000 1 {} 1 1 1 1 {} 0 {buffers} {buffers} 0 0",
            "0".repeat(32),
            "0".repeat(24),
            "0".repeat(64)
        );
        let table = [
            (baseline, "", type_0, "0".to_owned(), true),
            (main, "", type_0, "0".to_owned(), false),
            (main, "", type_1, "0".to_owned(), false),
            (main, "", type_2, "0".to_owned(), true),
            (high, plain, type_0, "0".to_owned(), false),
            (high, plain, type_2, "0".to_owned(), true),
            (high, lists, type_2, "0".to_owned(), true),
            (high, plain, type_0, format!("{all} 1 0 1 1 1 1 1"), true),
            (high, plain, type_0, format!("{all} 1 0 1 1 1 1 010"), false),
            (baseline, "", type_0, format!("{all} 1 0 1 1 1 1 010"), false),
            (high, plain, type_0, format!("{all} 0"), false),
        ];
        for (profile, high, order, usability, promised) in table {
            let extradata = set(profile, high, order, &usability);
            assert_eq!(is_shown_as_sent("h264", &extradata), promised, "{profile} {high} {order} {usability}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(codec in "h264|hevc", start in 0..64_u8, bytes: Vec<u8>) {
            let unit: Vec<u8> = [0, 0, 1, if codec == "h264" { 0x67 } else { 0x42 }, start].into_iter().chain(bytes).collect();
            let _ = is_shown_as_sent(&codec, &unit);
        }
    }
}
