//! Which bytes a request wants: `Range` of RFC 9110, section 14, as far as players use it.

/// The answer to a `Range` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole file: no range, or one we do not serve (several at once, other units, nonsense).
    Whole,
    /// `length` bytes from `start`; both lie within the file and `length` is not 0.
    Part {
        /// First byte.
        start: u64,
        /// How many.
        length: u64,
    },
    /// Nothing of it lies within the file.
    Nowhere,
}

/// Reads a `Range` header for a file of `size` bytes.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((first, last)) = header.and_then(|header| header.strip_prefix("bytes=")?.trim().split_once('-')) else {
        return Wanted::Whole;
    };
    let number = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| saturating(text));
    match (first.is_empty(), last.is_empty()) {
        // The last so many bytes.
        (true, false) => match number(last) {
            None => Wanted::Whole,
            Some(0) => Wanted::Nowhere,
            Some(_) if size == 0 => Wanted::Nowhere,
            Some(count) => Wanted::Part { start: size.saturating_sub(count), length: count.min(size) },
        },
        (false, _) => {
            let end = if last.is_empty() { Some(u64::MAX) } else { number(last) };
            match (number(first), end) {
                (Some(start), Some(end)) if end < start => Wanted::Whole,
                (Some(start), Some(_)) if start >= size => Wanted::Nowhere,
                (Some(start), Some(end)) => Wanted::Part { start, length: end.min(size - 1) - start + 1 },
                _ => Wanted::Whole,
            }
        }
        (true, true) => Wanted::Whole,
    }
}

/// Digits that do not fit mean "beyond any file".
fn saturating(digits: &str) -> u64 {
    digits.parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Wanted::{Nowhere, Whole};
    use super::*;

    #[test]
    fn ranges_become_bytes_within_the_file() {
        let part = |start, length| Wanted::Part { start, length };
        let table = [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-", part(0, 100)),
            ("bytes=10-19", part(10, 10)),
            ("bytes=90-1000", part(90, 10)),
            ("bytes=90-99999999999999999999999", part(90, 10)),
            ("bytes=-10", part(90, 10)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=99-", part(99, 1)),
            ("bytes=100-", Nowhere),
            ("bytes=99999999999999999999999-", Nowhere),
            ("bytes=-0", Nowhere),
            ("bytes=5-4", Whole),
            ("bytes=-", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=0-1,5-6", Whole),
            ("items=0-1", Whole),
            ("", Whole),
        ];
        for (header, answer) in table {
            assert_eq!(wanted(Some(header), 100), answer, "{header}");
        }
        assert_eq!(wanted(None, 100), Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Nowhere);
        assert_eq!(wanted(Some("bytes=-5"), 0), Nowhere);
    }
}
