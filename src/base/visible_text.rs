//! Whether there is anything to see in a text that a person wrote.

/// Whether a reader would see nothing: only blanks, control characters and characters without width.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|one| one.is_whitespace() || one.is_control() || is_invisible(one))
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
