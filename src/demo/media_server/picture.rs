//! What a sequence parameter set says about the picture: size, profile, level, in the words of MediaMTX's API.
//!
//! Owns the bit reading of H.264 (ITU-T H.264 7.3.2.1.1) and H.265 (ITU-T H.265 7.3.2.2) parameter sets, as far as the
//! size. Never touches slices or packets. Talked to by `tracks`.

/// Size, profile and level of a video track; zeros and empty texts mean "not told".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Pixels after cropping.
    pub width: u32,
    /// Pixels after cropping.
    pub height: u32,
    /// Name of the profile as MediaMTX spells it, or its number.
    pub profile: String,
    /// Level as people write it: `3`, `4.1`.
    pub level: String,
}

/// Reads an H.264 sequence parameter set (NAL unit with its header byte). `None` when it is cut off or not one.
pub fn h264(nal: &[u8]) -> Option<Picture> {
    if nal.first()? & 0x1f != 7 {
        return None;
    }
    let rbsp = without_emulation(&nal[1..]);
    let mut bits = Bits::new(&rbsp);
    let profile = bits.take(8)?;
    bits.take(8)?; // constraint flags
    let level = bits.take(8)?;
    bits.unsigned()?; // seq_parameter_set_id
    let mut chroma = 1;
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        chroma = bits.unsigned()?;
        skip_high_profile_fields(&mut bits, chroma)?;
    }
    bits.unsigned()?; // log2_max_frame_num_minus4
    skip_picture_order(&mut bits)?;
    bits.unsigned()?; // max_num_ref_frames
    bits.take(1)?; // gaps_in_frame_num_value_allowed_flag
    let columns = bits.unsigned()? + 1;
    let rows = bits.unsigned()? + 1;
    let frames_only = bits.take(1)?;
    if frames_only == 0 {
        bits.take(1)?; // mb_adaptive_frame_field_flag
    }
    bits.take(1)?; // direct_8x8_inference_flag
    let field_factor = 2 - frames_only;
    let unit = (if chroma == 1 || chroma == 2 { 2 } else { 1 }, if chroma == 1 { 2 } else { 1 } * field_factor);
    let (cut_x, cut_y) = cropping(&mut bits, unit)?;
    Some(Picture {
        width: (columns.checked_mul(16)?).checked_sub(cut_x)?,
        height: (rows.checked_mul(16)?.checked_mul(field_factor)?).checked_sub(cut_y)?,
        profile: h264_profile(profile),
        level: if level % 10 == 0 { (level / 10).to_string() } else { format!("{}.{}", level / 10, level % 10) },
    })
}

/// Reads an H.265 sequence parameter set (NAL unit with its two header bytes).
pub fn h265(nal: &[u8]) -> Option<Picture> {
    if nal.len() < 2 || (nal[0] >> 1) & 0x3f != 33 {
        return None;
    }
    let rbsp = without_emulation(&nal[2..]);
    let mut bits = Bits::new(&rbsp);
    bits.take(4)?; // sps_video_parameter_set_id
    let sub_layers = bits.take(3)?; // sps_max_sub_layers_minus1
    bits.take(1)?; // sps_temporal_id_nesting_flag
    bits.take(3)?; // general_profile_space, general_tier_flag
    let profile = bits.take(5)?;
    bits.skip(32 + 48)?; // compatibility and constraint flags
    let level = bits.take(8)?;
    skip_sub_layers(&mut bits, sub_layers)?;
    bits.unsigned()?; // sps_seq_parameter_set_id
    let chroma = bits.unsigned()?;
    if chroma == 3 {
        bits.take(1)?; // separate_colour_plane_flag
    }
    let (width, height) = (bits.unsigned()?, bits.unsigned()?);
    let unit = (if chroma == 1 || chroma == 2 { 2 } else { 1 }, if chroma == 1 { 2 } else { 1 });
    let (cut_x, cut_y) = cropping(&mut bits, unit)?;
    let level = f64::from(level) / 30.0;
    Some(Picture {
        width: width.checked_sub(cut_x)?,
        height: height.checked_sub(cut_y)?,
        profile: h265_profile(profile),
        level: if level.fract() == 0.0 { format!("{level:.0}") } else { format!("{level:.1}") },
    })
}

fn h264_profile(number: u32) -> String {
    let name = match number {
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 => "High",
        110 => "High 10",
        122 => "High 4:2:2",
        244 => "High 4:4:4 Predictive",
        _ => return number.to_string(),
    };
    name.to_owned()
}

fn h265_profile(number: u32) -> String {
    let name = match number {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Range Extensions",
        5 => "High Throughput",
        _ => return number.to_string(),
    };
    name.to_owned()
}

fn skip_high_profile_fields(bits: &mut Bits<'_>, chroma: u32) -> Option<()> {
    if chroma == 3 {
        bits.take(1)?; // separate_colour_plane_flag
    }
    bits.unsigned()?; // bit_depth_luma_minus8
    bits.unsigned()?; // bit_depth_chroma_minus8
    bits.take(1)?; // qpprime_y_zero_transform_bypass_flag
    if bits.take(1)? == 1 {
        for list in 0..(if chroma == 3 { 12 } else { 8 }) {
            if bits.take(1)? == 1 {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(())
}

fn skip_scaling_list(bits: &mut Bits<'_>, size: usize) -> Option<()> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed()?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

fn skip_picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.take(1)?; // delta_pic_order_always_zero_flag
            bits.signed()?; // offset_for_non_ref_pic
            bits.signed()?; // offset_for_top_to_bottom_field
            for _ in 0..bits.unsigned()? {
                bits.signed()?; // offset_for_ref_frame
            }
        }
        _ => {}
    }
    Some(())
}

fn skip_sub_layers(bits: &mut Bits<'_>, count: u32) -> Option<()> {
    let mut present = Vec::new();
    for _ in 0..count {
        present.push((bits.take(1)?, bits.take(1)?));
    }
    if count > 0 {
        bits.skip(2 * (8 - count))?; // reserved_zero_2bits
    }
    for (profile, level) in present {
        bits.skip(88 * profile + 8 * level)?;
    }
    Some(())
}

/// How many pixels are cut off in x and y.
fn cropping(bits: &mut Bits<'_>, (unit_x, unit_y): (u32, u32)) -> Option<(u32, u32)> {
    if bits.take(1)? == 0 {
        return Some((0, 0));
    }
    let (left, right, top, bottom) = (bits.unsigned()?, bits.unsigned()?, bits.unsigned()?, bits.unsigned()?);
    Some((left.checked_add(right)?.checked_mul(unit_x)?, top.checked_add(bottom)?.checked_mul(unit_y)?))
}

/// Takes out the `03` of every `00 00 03`.
fn without_emulation(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for &byte in bytes {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Reads bits, most significant first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = (value << 1) | u32::from((byte >> (7 - self.at % 8)) & 1);
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        self.at = self.at.checked_add(count as usize)?;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    /// `ue(v)`, an Exp-Golomb number.
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > 30 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }

    /// `se(v)`, a signed Exp-Golomb number.
    fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.unsigned()?);
        Some(if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
    }

    #[test]
    fn parameter_sets_of_real_encoders() {
        // x264 and x265 as ffmpeg 5.1 writes them into `sprop-*`; the comments say what they were asked for.
        let table = [
            ("640x360 yuv420p", "Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==", (640, 360, "Baseline", "3")),
            ("1920x1080 high", "Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY", (1920, 1080, "High", "4")),
            ("1280x720 high422", "Z3oAH7zZQFAFuwEQAAADABAAAAMDIPGDGWA=", (1280, 720, "High 4:2:2", "3.1")),
        ];
        for (asked, text, (width, height, profile, level)) in table {
            let wanted = Picture { width, height, profile: profile.to_owned(), level: level.to_owned() };
            assert_eq!(h264(&decoded(text)), Some(wanted), "{asked}");
        }
        let hevc = h265(&decoded("QgEBAWAAAAMAkAAAAwAAAwBdoAKAgC0feWVmkkyvAWgIAAADAAgAAAMAyEA="));
        let wanted = Picture { width: 1280, height: 716, profile: "Main".to_owned(), level: "3.1".to_owned() };
        assert_eq!(hevc, Some(wanted));
    }

    #[test]
    fn anything_else_is_not_a_picture() {
        let whole = decoded("Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==");
        for length in 0..8 {
            assert_eq!(h264(&whole[..length]), None, "cut after {length} bytes");
        }
        assert_eq!(h264(&decoded("aM4PyA==")), None, "a picture parameter set");
        assert_eq!(h265(&whole), None, "H.264 is not H.265");
        assert_eq!(h265(&[]), None);
        assert_eq!(h264(&[0x67, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None, "a run of zeros");
    }
}
