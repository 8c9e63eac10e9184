//! Text with names in braces that something is put in for: lines of notifications. The configuration checks it, `domain::notify` fills it.

/// What may stand in braces in a line about an incident.
pub const NAMES: [&str; 10] =
    ["event", "what", "subject", "since", "until", "duration", "cause", "severity", "times", "node"];

/// Whether every brace belongs to one of [`NAMES`].
///
/// # Errors
/// What is wrong with it.
pub fn check(line: &str) -> Result<(), String> {
    let mut rest = line;
    while let Some(at) = rest.find(['{', '}']) {
        let Some(inner) = rest[at..].strip_prefix('{') else { return Err("has a } without a {".to_owned()) };
        let Some(end) = inner.find('}') else { return Err("has a { without a }".to_owned()) };
        if !NAMES.contains(&&inner[..end]) {
            let shown: String = inner[..end].chars().take(30).collect();
            return Err(format!("names {{{shown}}}, which there is not"));
        }
        rest = &inner[end + 1..];
    }
    Ok(())
}

/// The line with values in place of the names.
pub fn fill(line: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, inner)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = inner.split_once('}') else { break };
        out.push_str(&value(name));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_checked_and_filled() {
        for (line, wrong) in [
            ("{what}: {subject} {since}", None),
            ("plain", None),
            ("{whom}", Some("{whom}")),
            ("{what", Some("without a }")),
            ("what}", Some("without a {")),
        ] {
            let checked = check(line);
            assert_eq!(checked.is_err(), wrong.is_some(), "{line}");
            assert!(checked.err().is_none_or(|error| error.contains(wrong.unwrap_or_default())), "{line}");
        }
        assert_eq!(fill("a {x}{y}!", str::to_uppercase), "a XY!");
    }
}
