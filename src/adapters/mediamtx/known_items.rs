//! Reads a list of paths by what was read last: between two polls most of its text is the same but for the counters.
//!
//! An item whose text equals the known one outside of its counters is not parsed: the known reading is taken with the new
//! counters. Everything else, one odd character included, is parsed as ever. What this saves is time only: the outcome is that
//! of [`WirePage`](super::mediamtx_wire::WirePage) and [`WirePath::reading`].

use serde::de::{DeserializeOwned, IgnoredAny};

use super::lenient::LenientObject;
use super::mediamtx_wire::{Items, PathItem, WirePath, path_name};

/// Longer items (dozens of readers) are parsed each time.
const LONGEST: usize = 4 << 10;
/// An item that is not where it was is looked for among so many that follow.
const LOOK_AHEAD: usize = 64;
/// Items that are put between known ones in one page; with more of them the rest of the page is learnt anew.
const MOST_INSERTED: usize = 64;
/// Numbers of an item that may differ. MediaMTX 1.20 has five.
const MOST_NUMBERS: usize = 8;
/// Digits of a counter that surely fits.
const MOST_DIGITS: usize = 19;

/// The items of the last page that was read, in its order.
#[derive(Debug, Default)]
pub(super) struct KnownItems {
    items: Vec<KnownItem>,
    /// Something else than numbers has changed since it was last asked.
    has_changed: bool,
}

/// An item's text without its numbers, and what it means.
#[derive(Debug)]
struct KnownItem {
    /// The text before, between and behind the numbers.
    pieces: Vec<Box<[u8]>>,
    /// Which of the numbers is how many bytes were received.
    received: Option<usize>,
    /// Which of them is how many were sent.
    sent: Option<usize>,
    meaning: PathItem,
}

impl KnownItems {
    /// Whether anything but numbers has changed since this was last asked: a path came or went, or got another source.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Reads the first page of the list. `None`: it is not as MediaMTX writes it; [`WirePage`](super::mediamtx_wire::WirePage) judges it then.
    pub(super) fn read(&mut self, body: &[u8]) -> Option<Items<PathItem>> {
        let mut rest = Rest(std::str::from_utf8(body).ok()?);
        let (mut page_count, mut items) = (None, None);
        rest.take(b'{')?;
        loop {
            match rest.key()? {
                "items" if items.is_none() => items = Some(self.read_items(&mut rest)?),
                "pageCount" if page_count.is_none() => page_count = Some(rest.number()?),
                "itemCount" => drop(rest.number()?),
                _ => return None,
            }
            if rest.take(b',').is_none() {
                break;
            }
        }
        rest.take(b'}')?;
        let (count, items) = items.filter(|_| rest.is_empty())?;
        Some(Items { page_count, count, items: Some(items) })
    }

    /// The array: how many items there are, and those that are objects.
    fn read_items(&mut self, rest: &mut Rest<'_>) -> Option<(usize, Vec<PathItem>)> {
        let mut items = Vec::with_capacity(self.items.len() + 1);
        let (mut count, mut at, mut inserted) = (0, 0, 0);
        rest.take(b'[')?;
        if rest.take(b']').is_some() {
            self.has_changed |= !self.items.is_empty();
            self.items.clear();
            return Some((0, items));
        }
        loop {
            count += 1;
            rest.skip_space();
            if let Some((item, length)) = self.items.get(at).and_then(|known| known.again(rest.0.as_bytes())) {
                rest.0 = &rest.0[length..];
                items.push(item);
                at += 1;
            } else if let Some(known) = rest.item()? {
                items.push(known.meaning.clone());
                inserted += usize::from(at < self.items.len());
                if inserted > MOST_INSERTED {
                    self.items.truncate(at);
                }
                at += usize::from(self.learn(at, known));
            }
            if rest.take(b',').is_none() {
                break;
            }
        }
        rest.take(b']')?;
        self.has_changed |= at < self.items.len();
        self.items.truncate(at);
        Some((count, items))
    }

    /// Puts an item in its place; what stood between is gone. True when it is known from now on.
    fn learn(&mut self, at: usize, item: KnownItem) -> bool {
        self.has_changed = true;
        let ahead = self.items.iter().skip(at).take(LOOK_AHEAD);
        let found = ahead.into_iter().position(|known| path_name(&known.meaning) == path_name(&item.meaning));
        if let Some(before) = found {
            self.items.drain(at..=at + before);
        }
        let worth_it = !item.pieces.is_empty();
        if worth_it {
            self.items.insert(at, item);
        }
        worth_it
    }
}

impl KnownItem {
    /// Learns an item from its text, which is an object.
    fn new(text: &str, path: WirePath) -> Self {
        let (received, sent) = path.counters();
        let mut item = Self { pieces: Vec::new(), received: None, sent: None, meaning: path.reading() };
        let numbers = top_numbers(text.as_bytes());
        if text.len() > LONGEST || numbers.len() > MOST_NUMBERS {
            return item;
        }
        let mut begin = 0;
        for (index, number) in numbers.iter().enumerate() {
            item.pieces.push(text.as_bytes()[begin..number.begin].into());
            begin = number.end;
            item.received = item.received.or((number.key == received.as_bytes()).then_some(index));
            item.sent = item.sent.or((number.key == sent.as_bytes()).then_some(index));
        }
        item.pieces.push(text.as_bytes()[begin..].into());
        item
    }

    /// The item at the beginning of `text` and its length, when it is this one with other numbers.
    fn again(&self, text: &[u8]) -> Option<(PathItem, usize)> {
        let mut numbers = [0; MOST_NUMBERS];
        let (first, others) = self.pieces.split_first()?;
        let mut rest = text.strip_prefix(first.as_ref())?;
        for (piece, number) in others.iter().zip(&mut numbers) {
            let digits = rest.iter().take(MOST_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
            // A number does not begin with 0, unless it is 0.
            if digits == 0 || digits > MOST_DIGITS || (digits > 1 && rest[0] == b'0') {
                return None;
            }
            *number = rest[..digits].iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
            rest = rest[digits..].strip_prefix(piece.as_ref())?;
        }
        let mut item = self.meaning.clone();
        if let Ok(reading) = &mut item {
            reading.bytes_received = self.received.map_or(reading.bytes_received, |index| numbers[index]);
            reading.bytes_sent = self.sent.map_or(reading.bytes_sent, |index| numbers[index]);
        }
        Some((item, text.len() - rest.len()))
    }
}

/// A whole number that is the value of a key of the outermost object.
struct Number<'a> {
    key: &'a [u8],
    begin: usize,
    end: usize,
}

/// Those of an object, which is correct JSON, in order.
fn top_numbers(text: &[u8]) -> Vec<Number<'_>> {
    let (mut numbers, mut depth, mut at) = (Vec::new(), 0_usize, 0);
    let mut string: &[u8] = &[];
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let begin = at + 1;
                at = begin;
                while text.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                string = text.get(begin..at).unwrap_or_default();
            }
            b':' if depth == 1 => {
                let spaces = text[at + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let begin = at + 1 + spaces;
                let digits = text[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let end = begin + digits;
                let ends =
                    matches!(text.get(end), Some(b',' | b'}')) || text.get(end).is_some_and(u8::is_ascii_whitespace);
                if (1..=MOST_DIGITS).contains(&digits) && ends {
                    numbers.push(Number { key: string, begin, end });
                }
                at = end.max(at + 1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    numbers
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\n', '\t', '\r']);
    }

    fn is_empty(&mut self) -> bool {
        self.skip_space();
        self.0.is_empty()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        self.0 = self.0.strip_prefix(char::from(byte))?;
        Some(())
    }

    /// A key without odd characters, and its colon.
    fn key(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let (key, rest) = self.0.split_once('"')?;
        self.0 = rest;
        self.take(b':')?;
        (!key.contains('\\')).then_some(key)
    }

    fn number(&mut self) -> Option<u64> {
        self.skip_space();
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        number.parse().ok()
    }

    /// An item of the list, parsed. `None` inside: it is no object, or none that could be one of ours.
    fn item(&mut self) -> Option<Option<KnownItem>> {
        let text = self.0;
        let (path, length) = match value::<LenientObject<WirePath>>(text) {
            Some((object, length)) => (object.0, length),
            // Correct JSON, and an item that contradicts itself.
            None => (None, value::<IgnoredAny>(text)?.1),
        };
        self.0 = &text[length..];
        Some(path.map(|path| KnownItem::new(&text[..length], path)))
    }
}

/// The value at the beginning of `text`, and its length.
fn value<T: DeserializeOwned>(text: &str) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, values.byte_offset()))
}
