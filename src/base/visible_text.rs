//! What there is to see in a text from elsewhere: one that a person wrote, or that a device says.

use super::redact;

/// Whether a reader would see nothing: only blanks, control characters and characters without width.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|one| one.is_whitespace() || one.is_control() || is_invisible(one))
}

/// Text from elsewhere as it may be shown: one line of so many letters at most, without what nobody sees or what turns the direction of
/// a line, and without what looks like a credential. `None` when nothing is left.
pub fn line(text: &str, longest: usize) -> Option<String> {
    let one = |one: char| if one.is_control() || matches!(one, '\u{2028}' | '\u{2029}') { ' ' } else { one };
    let line: String = text.chars().filter(|one| !is_invisible(*one)).map(one).collect();
    let line: String = redact::text(line.trim()).chars().take(longest).collect();
    (!line.trim().is_empty()).then(|| line.trim_end().to_owned())
}

/// Whether it turns the direction of all that follows it (embedding, override, isolate: Unicode Bidirectional Algorithm, 2), be that
/// the text of somebody else. The marks U+200E and U+200F turn nothing but what is beside them.
pub fn turns_line(one: char) -> bool {
    matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The property `Default_Ignorable_Code_Point` of Unicode 16 (DerivedCoreProperties.txt) and the empty Braille cell, up to U+FFFF:
/// as the patterns of the API's document say it.
fn is_invisible(one: char) -> bool {
    matches!(
        one,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_from_elsewhere_is_short_visible_and_without_secrets() {
        for (text, wanted) in [
            ("Studio A", Some("Studio A")),
            (" a\r\nb\u{2028}c\u{1b}[31m ", Some("a  b c [31m")),
            ("a\u{202e}b\u{200b}c", Some("abc")),
            ("\u{200b}\n", None),
            ("see rtmp://user:canary@h/live", Some("see rtmp://***@h/live")),
            ("0123456789012345678901234567890123456789", Some("012345678901234567890123456789")),
        ] {
            assert_eq!(line(text, 30).as_deref(), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        for (text, blank) in [
            ("", true),
            (" \t\n\u{a0}\u{3000}", true),
            ("\u{200b}", true),
            ("\u{200b} \u{feff}\u{2060}\u{ad}\u{202e}", true),
            ("\u{2800}\u{3164}\u{ffa0}", true),
            ("a\u{200b}", false),
            (".", false),
            ("ü", false),
            ("👍\u{fe0f}", false),
        ] {
            assert_eq!(is_blank(text), blank, "{text:?}");
        }
    }
}
