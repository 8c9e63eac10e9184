//! One frame of the feed: made once, and shared by all sessions that get it, as text or compressed.

use std::io::Write;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use bytestring::ByteString;
use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Shorter texts fit into a packet or two as they are.
const WORTH_IT: usize = 1024;

/// A text, and its compressed form from the first time somebody wants it.
#[derive(Clone, Debug)]
pub struct FeedFrame(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: ByteString,
    deflated: OnceLock<Option<Bytes>>,
}

impl FeedFrame {
    /// The text.
    pub fn text(&self) -> &ByteString {
        &self.0.text
    }

    /// The text as a zlib stream (RFC 1950), which browsers call `deflate`; `None` where it is too short to gain by it.
    /// Compressed on the thread of whichever session asks first.
    pub fn deflated(&self) -> Option<&Bytes> {
        self.0.deflated.get_or_init(|| deflate(&self.0.text)).as_ref()
    }
}

fn deflate(text: &str) -> Option<Bytes> {
    if text.len() < WORTH_IT {
        return None;
    }
    // Names and words come again and again: the fastest level finds them, and the slowest saves a tenth more.
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

impl From<String> for FeedFrame {
    fn from(text: String) -> Self {
        Self(Arc::new(Inner { text: text.into(), deflated: OnceLock::new() }))
    }
}

impl PartialEq for FeedFrame {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Deref for FeedFrame {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;

    use super::*;

    #[test]
    fn what_is_long_is_compressed_once_and_comes_back_whole() {
        assert!(FeedFrame::from("{}".to_owned()).deflated().is_none(), "a packet holds it");
        let text = r#"{"server":"main","name":"cam1","bitrate":123456},"#.repeat(100);
        let frame = FeedFrame::from(text.clone());
        let other = frame.clone();
        let deflated = frame.deflated().expect("a long one");
        assert!(deflated.len() * 10 < text.len(), "{} of {}", deflated.len(), text.len());
        assert_eq!(deflated.as_ptr(), other.deflated().expect("the same").as_ptr(), "shared");
        let mut back = String::new();
        ZlibDecoder::new(deflated.as_ref()).read_to_string(&mut back).expect("a zlib stream");
        assert_eq!(back, text);
    }
}
