//! The text protocol: lines into blocks, blocks into what is known of a device. Pure.
//!
//! A block is a line that ends in `:`, lines `Key: value`, and an empty line. `ACK` and `NACK` answer requests. A device sends all it
//! knows when somebody connects, and after that what has changed, so blocks are merged and never replace one another.

use std::collections::VecDeque;

use super::{LONGEST_ANSWER, shown};
use crate::domain::encoder::{EncoderClaim, EncoderDetails, EncoderProtocol, EncoderReading};

/// A block has some thirty lines; more are not kept.
const MOST_PAIRS: usize = 200;

/// What the values of these keys are is nobody's business. `Current URL` may have a key in it.
const SECRET_KEYS: [&str; 3] = ["Stream Key", "Password", "Current URL"];

/// One thing that a device has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextItem {
    /// It has understood a request.
    Ack,
    /// It has not.
    Nack,
    /// A block, without its secrets.
    Block {
        /// Its header: `STREAM STATE`.
        name: String,
        /// Keys and values.
        pairs: Vec<(String, String)>,
    },
}

/// Bytes as they come into items.
#[derive(Debug, Default)]
pub(super) struct TextParser {
    line: Vec<u8>,
    block: Option<(String, Vec<(String, String)>)>,
    items: VecDeque<TextItem>,
}

/// It sends more in a line than a device says in all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineTooLong;

impl TextParser {
    /// Takes what has come.
    ///
    /// # Errors
    /// When a line has no end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), LineTooLong> {
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.end_of_line(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            } else if self.line.len() >= LONGEST_ANSWER {
                return Err(LineTooLong);
            } else {
                self.line.push(*byte);
            }
        }
        Ok(())
    }

    /// The next item that is complete.
    pub(super) fn next(&mut self) -> Option<TextItem> {
        self.items.pop_front()
    }

    fn end_of_line(&mut self, line: &str) {
        match &mut self.block {
            Some(_) if line.trim().is_empty() => {
                let ended = self.block.take().map(|(name, pairs)| TextItem::Block { name, pairs });
                self.items.extend(ended);
            }
            Some((_, pairs)) => {
                // A block may hold one text of several lines, which has no keys.
                if let Some((key, value)) = line.split_once(':')
                    && pairs.len() < MOST_PAIRS
                {
                    let key = key.trim();
                    let value = if SECRET_KEYS.contains(&key) { "" } else { value.trim() };
                    pairs.push((key.to_owned(), value.to_owned()));
                }
            }
            None => match line.trim() {
                "ACK" => self.items.push_back(TextItem::Ack),
                "NACK" => self.items.push_back(TextItem::Nack),
                other => self.block = other.strip_suffix(':').map(|name| (name.trim().to_owned(), Vec::new())),
            },
        }
    }
}

/// What a device has said of itself so far.
#[derive(Clone, Debug, Default)]
pub(super) struct TextState {
    claim: Option<EncoderClaim>,
    bits_per_second: Option<f64>,
    duration_seconds: Option<f64>,
    cache_percent: Option<f64>,
    details: EncoderDetails,
}

impl TextState {
    /// Adds a block; of what it does not name nothing changes. A value that cannot be read is not known.
    pub(super) fn merge(&mut self, name: &str, pairs: &[(String, String)]) {
        for (key, value) in pairs {
            let details = &mut self.details;
            match (name, key.as_str()) {
                ("IDENTITY", "Model") => details.model = shown(value),
                ("IDENTITY", "Label") => details.label = shown(value),
                ("IDENTITY", "Unique ID") => details.unique_id = shown(value),
                ("VERSION", "Software Release") => details.firmware = shown(value),
                ("STREAM SETTINGS", "Video Mode") => details.video_format = shown(value),
                ("STREAM SETTINGS", "Current Platform") => details.platform = shown(value),
                ("STREAM SETTINGS", "Current Server") => details.server = shown(value),
                ("STREAM SETTINGS", "Current Quality Level") => details.quality = shown(value),
                ("AUDIO SETTINGS", "Current Monitor Out Audio Source") => details.audio_source = shown(value),
                ("STREAM STATE", "Status") => self.claim = Some(EncoderClaim::of_word(value)),
                ("STREAM STATE", "Bitrate") => self.bits_per_second = number(value),
                ("STREAM STATE", "Duration") => self.duration_seconds = duration(value),
                ("STREAM STATE", "Cache Used") => self.cache_percent = number(value),
                _ => {}
            }
        }
    }

    /// As one answer; `None` before it has said what it does.
    pub(super) fn reading(&self) -> Option<EncoderReading> {
        let claim = self.claim?;
        // Its bit rate while it does nothing is that of its encoder, which sends nothing.
        let sends = claim != EncoderClaim::Idle;
        Some(EncoderReading {
            protocol: EncoderProtocol::Text,
            claim,
            bits_per_second: self.bits_per_second.filter(|_| sends),
            duration_seconds: self.duration_seconds.filter(|_| sends),
            cache_percent: self.cache_percent,
            details: self.details.clone(),
        })
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
}

/// `DD:HH:MM:SS`, and fewer parts of it.
fn duration(text: &str) -> Option<f64> {
    let parts: Vec<u64> = text.trim().split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let units = [1.0, 60.0, 3_600.0, 86_400.0];
    (parts.len() <= units.len()).then(|| parts.iter().rev().zip(units).map(|(part, unit)| *part as f64 * unit).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a Streaming Encoder sends to who connects, as the protocol's document has it.
    const DUMP: &str = "PROTOCOL PREAMBLE:\nVersion: 1.2\n\n\
        IDENTITY:\nModel: Blackmagic Streaming Encoder HD\nLabel: Studio A\nUnique ID: 0011\n\n\
        VERSION:\nProduct ID: BE73\nSoftware Release: 3.5\n\n\
        STREAM SETTINGS:\nAvailable Video Modes: Auto, 1080p25\nVideo Mode: 1080p25\nCurrent Platform: Twitch\n\
        Current Server: US West: Los Angeles, CA\nCurrent Quality Level: Streaming Medium\n\
        Stream Key: live_canary\nPassword: canary-pass\nCurrent URL: srt://h?streamid=canary\n\n\
        STREAM XML:\nFiles:\n\n\
        STREAM STATE:\nStatus: Idle\nBitrate: 161672\nDuration: 00:00:00:00\nCache Used: 0\n\n\
        AUDIO SETTINGS:\nCurrent Monitor Out Audio Source: SDI In\nAvailable Monitor Out Audio Sources: Auto, SDI In\n\n\
        END PRELUDE:\n\n";

    fn items(pieces: &[&[u8]]) -> Vec<TextItem> {
        let mut parser = TextParser::default();
        pieces.iter().for_each(|piece| parser.push(piece).expect("short lines"));
        std::iter::from_fn(|| parser.next()).collect()
    }

    fn state(text: &str) -> TextState {
        let mut state = TextState::default();
        for item in items(&[text.as_bytes()]) {
            if let TextItem::Block { name, pairs } = item {
                state.merge(&name, &pairs);
            }
        }
        state
    }

    #[test]
    fn a_dump_is_the_same_in_whatever_pieces_it_comes() {
        let whole = items(&[DUMP.as_bytes()]);
        assert_eq!(whole.len(), 8);
        let bytes: Vec<&[u8]> = DUMP.as_bytes().chunks(1).collect();
        assert_eq!(items(&bytes), whole);
        for size in [2, 3, 7, 64, 1000] {
            assert_eq!(items(&DUMP.as_bytes().chunks(size).collect::<Vec<_>>()), whole, "{size}");
        }
        let with_cr = DUMP.replace('\n', "\r\n");
        assert_eq!(items(&[with_cr.as_bytes()]), whole);
    }

    #[test]
    fn secrets_never_leave_the_parser() {
        assert!(!format!("{:?}", items(&[DUMP.as_bytes()])).contains("canary"));
    }

    #[test]
    fn a_dump_is_read() {
        let reading = state(DUMP).reading().expect("it says what it does");
        assert_eq!((reading.claim, reading.protocol), (EncoderClaim::Idle, EncoderProtocol::Text));
        assert_eq!((reading.bits_per_second, reading.duration_seconds), (None, None), "it sends nothing");
        let details = reading.details;
        for (found, wanted) in [
            (&details.model, "Blackmagic Streaming Encoder HD"),
            (&details.label, "Studio A"),
            (&details.firmware, "3.5"),
            (&details.platform, "Twitch"),
            (&details.server, "US West: Los Angeles, CA"),
            (&details.quality, "Streaming Medium"),
            (&details.video_format, "1080p25"),
            (&details.audio_source, "SDI In"),
        ] {
            assert_eq!(found.as_deref(), Some(wanted));
        }
    }

    #[test]
    fn what_has_changed_is_merged() {
        let mut state = state(DUMP);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        state.merge("STREAM STATE", &[pair("Status", "Streaming")]);
        state.merge("STREAM STATE", &[pair("Bitrate", "6000000"), pair("Duration", "01:02:03:04")]);
        state.merge("SOMETHING NEW", &[pair("Status", "Idle")]);
        let reading = state.reading().expect("a reading");
        assert_eq!((reading.claim, reading.bits_per_second), (EncoderClaim::Streaming, Some(6e6)));
        assert_eq!(reading.duration_seconds, Some(93_784.0));
        assert_eq!((reading.cache_percent, reading.details.platform.as_deref()), (Some(0.0), Some("Twitch")));
        // What cannot be read is not known, and never 0.
        state.merge("STREAM STATE", &[pair("Bitrate", "many"), pair("Duration", "soon"), pair("Cache Used", "-1")]);
        let reading = state.reading().expect("a reading");
        assert_eq!((reading.bits_per_second, reading.duration_seconds, reading.cache_percent), (None, None, None));
    }

    #[test]
    fn half_answers_and_noise_give_nothing_wrong() {
        for (text, wanted) in [
            ("STREAM STATE:\nStatus: Streaming\n", vec![]),
            ("ACK\n\n", vec![TextItem::Ack]),
            ("NACK\n\n", vec![TextItem::Nack]),
            ("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", vec![]),
            ("\n\n\nnoise\nACK\n", vec![TextItem::Ack]),
            (
                "STREAM XML a.xml:\n<?xml?>\n<a>\n\nACK\n\n",
                vec![TextItem::Block { name: "STREAM XML a.xml".to_owned(), pairs: vec![] }, TextItem::Ack],
            ),
        ] {
            assert_eq!(items(&[text.as_bytes()]), wanted, "{text:?}");
        }
        assert!(state("STREAM SETTINGS:\nVideo Mode: Auto\n\n").reading().is_none(), "it has not said what it does");
        assert_eq!(TextParser::default().push(&vec![b'x'; LONGEST_ANSWER + 1]), Err(LineTooLong));
        let many = format!("A:\n{}\n", "k: v\n".repeat(10_000));
        assert!(matches!(&items(&[many.as_bytes()])[..], [TextItem::Block { pairs, .. }] if pairs.len() == MOST_PAIRS));
    }

    #[test]
    fn durations_have_days() {
        for (text, wanted) in [
            ("00:00:00:00", Some(0.0)),
            ("00:00:01:05", Some(65.0)),
            ("10:00:00:00", Some(864_000.0)),
            ("00:02:05", Some(125.0)),
            ("1:2:3:4:5", None),
            ("", None),
            ("a:b", None),
        ] {
            assert_eq!(duration(text), wanted, "{text}");
        }
    }
}
