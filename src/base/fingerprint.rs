//! SHA-256 fingerprints of certificates, as `openssl x509 -fingerprint -sha256` writes them.

/// The fingerprint in this text, with or without colons; `None` when it is none.
pub fn parse(text: &str) -> Option<[u8; 32]> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    if digits.len() != 64 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// `33:6D:8B:...`
pub fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let bytes: Vec<u8> = (0..32).map(|byte| byte * 8).collect();
        let text = shown(&bytes);
        assert!(text.starts_with("00:08:10") && text.ends_with(":F8"), "{text}");
        assert_eq!(parse(&text).expect("32 bytes")[..], bytes[..]);
        assert_eq!(parse(&text.replace(':', "").to_lowercase()).expect("32 bytes")[..], bytes[..]);
        for bad in ["", "00:01", &text[1..], &format!("{text}00"), &text.replace("F8", "+8"), &"\u{e4}".repeat(32)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
