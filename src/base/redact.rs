//! Takes credentials out of URLs and of text that quotes them, before anything is printed, logged or answered.

/// `scheme://user:pass@host/...` becomes `scheme://***@host/...`, wherever it stands in `text`; query values whose
/// key looks like a credential become `***` as well.
///
/// Works on text rather than on a parsed URL because ffmpeg quotes URLs, whole and cut, inside its own sentences.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>')).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        out.push_str(&authority_and_query(url));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn authority_and_query(url: &str) -> String {
    // An '@' behind "?key=value" may belong to a password before it or to a value after it. Then nothing is shown.
    if let (Some(query), Some(at)) = (url.find('?'), url.rfind('@'))
        && url[query.min(at)..at].contains('=')
    {
        return "***".to_owned();
    }
    // A password may itself hold '/', '?' or '#' when nobody encoded it, so the last '@' of the URL decides.
    let (hidden, visible) = match url.rfind('@') {
        Some(at) => ("***@", &url[at + 1..]),
        None => ("", url),
    };
    match visible.split_once('?') {
        None => format!("{hidden}{}", path(visible)),
        Some((before, pairs)) => format!("{hidden}{}?{}", path(before), query(pairs)),
    }
}

/// Some cameras take them in the path: `/user=admin_password=x_channel=1`. Such a part of it becomes `***`.
fn path(place: &str) -> String {
    let hide =
        |part: &str| part.split_once('=').is_some_and(|(key, _)| names_credential(key) || names_credential(part));
    place.split('/').map(|part| if hide(part) { "***" } else { part }).collect::<Vec<_>>().join("/")
}

/// The part of a URL behind `?`: values whose key looks like a credential become `***`.
pub fn query(pairs: &str) -> String {
    pairs.split('&').map(query_pair).collect::<Vec<_>>().join("&")
}

fn query_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, _)) if names_credential(key) => format!("{key}=***"),
        _ => pair.to_owned(),
    }
}

/// Whether a key of a URL's query looks like that of a credential.
pub fn names_credential(key: &str) -> bool {
    const WORDS: [&str; 8] = ["pass", "pwd", "user", "token", "secret", "key", "auth", "streamid"];
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_disappear_and_the_rest_stays() {
        let table = [
            ("rtsp://admin:s3cret@10.0.0.9:554/h264", "rtsp://***@10.0.0.9:554/h264"),
            ("rtsp://10.0.0.9/h264", "rtsp://10.0.0.9/h264"),
            ("rtsp://a:p@ss/wo?rd@host/x", "rtsp://***@host/x"),
            ("http://h/x?channel=1&password=abc&n=2", "http://h/x?channel=1&password=***&n=2"),
            ("srt://h:9000?streamid=publish:cam:u:p&latency=20", "srt://h:9000?streamid=***&latency=20"),
            ("[rtsp @ 0x1] 'rtsp://u:p@h/x': 401 Unauthorized", "[rtsp @ 0x1] 'rtsp://***@h/x': 401 Unauthorized"),
            ("srt://h:9000?streamid=read:x:u:p@ss#w", "srt://***"),
            ("one rtsp://a:b@c two rtmp://d:e@f/g", "one rtsp://***@c two rtmp://***@f/g"),
            ("rtsp://h/user=a_password=b_channel=1/x?y=1", "rtsp://h/***/x?y=1"),
            ("rtsp://h/channel=1;password=b", "rtsp://h/***"),
            ("http://h/reset-password/x=1", "http://h/reset-password/x=1"),
            ("no url here", "no url here"),
        ];
        for (text_in, wanted) in table {
            assert_eq!(text(text_in), wanted);
        }
    }
}
