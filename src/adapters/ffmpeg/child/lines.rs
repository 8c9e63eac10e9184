//! Bytes of a pipe become bounded lines of text. Pure: no I/O here.
//!
//! ffmpeg ends its statistics with `\r`, quotes file names in whatever encoding they have, and prints URLs with their
//! passwords. So: `\r` and `\n` both end a line, invalid UTF-8 becomes U+FFFD, lines have a longest length, and the
//! [`Tail`] of stderr takes credentials out before it keeps anything.

use std::collections::VecDeque;

use secrecy::{ExposeSecret, SecretString};

use crate::adapters::ffmpeg::ffmpeg_progress::Complaints;
use crate::base::redact;

/// Longest line that is kept while splitting, in bytes; the rest of it is dropped.
const LONGEST_LINE: usize = 8192;
/// Lines that a [`Tail`] keeps.
const TAIL_LINES: usize = 50;
/// Longest line of a [`Tail`], in characters.
const TAIL_WIDTH: usize = 500;
/// Shorter secrets are not searched for in text: they would blank ordinary words.
const SHORTEST_SECRET: usize = 4;

/// Cuts a byte stream into lines.
#[derive(Debug, Default)]
pub struct Splitter {
    open: Vec<u8>,
    /// The open line has lost bytes.
    cut: bool,
}

/// One line; blank ones are never made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// Without its end.
    pub text: String,
    /// The line was longer than we keep.
    pub cut: bool,
}

impl Splitter {
    /// Takes the next bytes and returns the lines that they completed.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<OutputLine> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let ends = matches!(piece.last(), Some(b'\n' | b'\r'));
            let body = if ends { &piece[..piece.len() - 1] } else { piece };
            let room = LONGEST_LINE - self.open.len();
            self.cut |= body.len() > room;
            self.open.extend_from_slice(&body[..body.len().min(room)]);
            if ends {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// The line that is still open, as at the end of the stream.
    pub fn finish(&mut self) -> Option<OutputLine> {
        let cut = std::mem::take(&mut self.cut);
        let open = std::mem::take(&mut self.open);
        let text = String::from_utf8_lossy(&open).trim_end().to_owned();
        (!text.is_empty()).then_some(OutputLine { text, cut })
    }
}

/// The last lines of a stream, without credentials.
#[derive(Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
    complaints: Complaints,
    secrets: Vec<SecretString>,
}

impl Tail {
    /// A tail that also hides these values wherever they stand, as written and percent-encoded.
    pub fn hiding(secrets: Vec<SecretString>) -> Self {
        Self { lines: VecDeque::new(), complaints: Complaints::default(), secrets }
    }

    /// Keeps a line, and forgets the oldest when there are too many.
    pub fn push(&mut self, line: &OutputLine) {
        if self.lines.len() == TAIL_LINES {
            self.lines.pop_front();
        }
        self.complaints.count(&line.text);
        let line = self.clean(line);
        self.lines.push_back(line);
    }

    /// What was complained of in the lines so far, kept or forgotten.
    pub fn complaints(&self) -> Complaints {
        self.complaints
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }

    fn clean(&self, line: &OutputLine) -> String {
        let mut text = line.text.clone();
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret).filter(|s| s.len() >= SHORTEST_SECRET) {
            text = text.replace(secret, "***");
        }
        // A URL that runs into the cut may have lost the '@' by which its credentials are known.
        if line.cut && text.rfind("://").is_some_and(|at| !text[at..].contains(char::is_whitespace)) {
            text.truncate(text.rfind("://").map_or(0, |at| at + 3));
            text.push_str("***");
        }
        let text = redact::text(&text).replace(|c: char| c.is_control() && c != '\t', "\u{fffd}");
        match text.char_indices().nth(TAIL_WIDTH) {
            Some((at, _)) => format!("{}...", &text[..at]),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines: Vec<OutputLine> = chunks.iter().flat_map(|chunk| splitter.feed(chunk)).collect();
        lines.extend(splitter.finish());
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn every_kind_of_line_end_and_encoding() {
        let table: [(&[&[u8]], &[&str]); 6] = [
            (&[b"a\nb\n"], &["a", "b"]),
            (&[b"fra", b"me=1\rframe=2\r\nend"], &["frame=1", "frame=2", "end"]),
            (&[b"\n\n\r\n  \n"], &[]),
            (&[b"caf\xe9\n"], &["caf\u{fffd}"]),
            (&[b"caf\xc3", b"\xa9\n"], &["café"]),
            (&[], &[]),
        ];
        for (chunks, wanted) in table {
            assert_eq!(split(chunks), wanted, "{chunks:?}");
        }
    }

    #[test]
    fn a_line_without_end_stays_bounded() {
        let mut splitter = Splitter::default();
        for _ in 0..1000 {
            assert!(splitter.feed(&[b'x'; 4096]).is_empty());
        }
        let lines = splitter.feed(b"\nnext\n");
        assert_eq!((lines[0].text.len(), lines[0].cut), (LONGEST_LINE, true));
        assert_eq!(lines[1], OutputLine { text: "next".into(), cut: false });
    }

    #[test]
    fn the_tail_keeps_the_last_lines_without_credentials() {
        let mut tail = Tail::hiding(vec!["s3cret".to_owned().into(), "no".to_owned().into()]);
        for n in 0..120 {
            tail.push(&OutputLine { text: format!("line {n}"), cut: false });
        }
        for (text, cut) in [
            ("nothing: rtsp://u:p@h/x failed".to_owned(), false),
            ("Line 3: unknown keyword 's3cret'".to_owned(), false),
            ("open rtsp://admin:half-a-passw".to_owned(), true),
            ("\u{1b}[31mred".to_owned(), false),
            ("ü".repeat(600), false),
        ] {
            tail.push(&OutputLine { text, cut });
        }
        let lines = tail.lines();
        assert_eq!(lines.len(), TAIL_LINES);
        assert_eq!(lines[45], "nothing: rtsp://***@h/x failed");
        assert_eq!(lines[46], "Line 3: unknown keyword '***'");
        assert_eq!(lines[47], "open rtsp://***");
        assert_eq!(lines[48], "\u{fffd}[31mred");
        assert_eq!(lines[49].chars().count(), TAIL_WIDTH + 3);
    }
}
