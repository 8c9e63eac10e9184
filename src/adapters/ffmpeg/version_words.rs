//! What ffmpeg says on stderr, in the words of 4 to 7, which the rules of this folder look for. Pure.

/// The lines without what newer versions say otherwise or besides.
///
/// 8.0 puts no blank behind a status, `method SETUP failed: 453Not Enough Bandwidth`, and 8.1 puts its words in brackets, `453 (Not
/// Enough Bandwidth)`. 8.1 says `Failed reading RTSP data: Connection timed out` of a peer that took the connection and said nothing
/// (libavformat/rtsp.c).
pub fn in_older_words(stderr: &[String]) -> Vec<String> {
    let lines = stderr.iter().filter(|line| !line.contains("Failed reading RTSP data: "));
    lines.map(|line| with_plain_status(line).unwrap_or_else(|| line.clone())).collect()
}

/// `... failed: 453 Not Enough Bandwidth`, however that is written; `None` for lines without a status.
fn with_plain_status(line: &str) -> Option<String> {
    let (before, status) = line.rsplit_once(" failed: ")?;
    let (code, words) = status.split_at_checked(3)?;
    let words = words.trim_start();
    let words = words.strip_prefix('(').and_then(|words| words.strip_suffix(')')).unwrap_or(words);
    code.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{before} failed: {code} {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_as_ever_and_the_rest_as_it_is() {
        let table = [
            ("[in#0 @ 0x5] [error] method SETUP failed: 453 (Not Enough Bandwidth)", ": 453 Not Enough Bandwidth"),
            ("[rtsp @ 0x5] [error] method SETUP failed: 453 Not Enough Bandwidth", ": 453 Not Enough Bandwidth"),
            ("[rtsp @ 0x5] [error] method SETUP failed: 453Not Enough Bandwidth", ": 453 Not Enough Bandwidth"),
            (
                "[error] method PLAY failed: 454 (Session Not Found)",
                "[error] method PLAY failed: 454 Session Not Found",
            ),
            (
                "Connection to tcp://h:1 failed: Connection refused",
                "Connection to tcp://h:1 failed: Connection refused",
            ),
            ("opening failed: ab1 (c)", "opening failed: ab1 (c)"),
            ("opening failed: äöü", "opening failed: äöü"),
            ("", ""),
        ];
        for (line, end) in table {
            let lines = in_older_words(&[line.to_owned()]);
            assert!(lines.len() == 1 && lines[0].ends_with(end), "{line}: {lines:?}");
        }
        let silent = "[in#0 @ 0x5] [warning] Failed reading RTSP data: Connection timed out".to_owned();
        assert!(in_older_words(&[silent]).is_empty());
    }
}
