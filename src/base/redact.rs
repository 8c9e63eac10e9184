//! Takes credentials out of URLs and of text that quotes them, before anything is printed, logged or answered.

/// `scheme://user:pass@host/...` becomes `scheme://***@host/...`, wherever it stands in `text`; query values whose
/// key looks like a credential become `***` as well, and so do parts of the path that look like a token.
///
/// Without a scheme, `user:pass@host` becomes `***@host`, and what stands right behind `password=` becomes `***`.
///
/// Works on text rather than on a parsed URL because ffmpeg quotes URLs, whole and cut, inside its own sentences.
pub fn text(text: &str) -> String {
    words(&urls(text))
}

fn urls(text: &str) -> String {
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

/// The same for words that are no URL.
fn words(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>' | ',');
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends) {
        let word = piece.trim_end_matches(ends);
        match hidden(word) {
            Some(shown) => {
                out.push_str(&shown);
                out.push_str(&piece[word.len()..]);
            }
            None => out.push_str(piece),
        }
    }
    out
}

/// What a word becomes that holds credentials.
fn hidden(word: &str) -> Option<String> {
    if word.contains("://") {
        return None;
    }
    if let Some((login, place)) = word.rsplit_once('@')
        && login.contains(':')
        && !place.is_empty()
    {
        return Some(format!("***@{place}"));
    }
    let at = word.find(['=', ':'])?;
    let is_credential = is_password_word(&word[..at]) && word.len() > at + 1;
    is_credential.then(|| format!("{}***", &word[..=at]))
}

/// Whether a word in a sentence says that its value is a password. Narrower than [`names_credential`], which is for URLs.
fn is_password_word(word: &str) -> bool {
    let word = word.trim_start_matches(['(', '[', '{', '-', '&', '?', ';']).to_ascii_lowercase();
    ["password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "apikey"]
        .iter()
        .any(|end| word.ends_with(end))
}

/// Absolute paths of this machine become their last part: `/var/lib/streamwarden/x.db` -> `.../x.db`.
pub fn paths(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>' | ',' | '(' | ')' | ':' | ';');
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends) {
        let word = piece.trim_end_matches(ends);
        let is_path = word.starts_with('/') && !word.starts_with("//") && !word.starts_with("/api/");
        match word.trim_end_matches('/').rsplit_once('/') {
            Some((folder, name)) if is_path && !folder.is_empty() => {
                out.push_str(".../");
                out.push_str(name);
                out.push_str(&piece[word.len()..]);
            }
            _ => out.push_str(piece),
        }
    }
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

/// Some cameras take them in the path: `/user=admin_password=x_channel=1`, or a token. Such a part of it becomes `***`.
fn path(place: &str) -> String {
    let named =
        |part: &str| part.split_once('=').is_some_and(|(key, _)| names_credential(key) || names_credential(part));
    // What comes first is the host.
    let (host, parts) = place.split_once('/').map_or((place, None), |(host, parts)| (host, Some(parts)));
    let Some(place) = parts else { return if named(host) { "***".to_owned() } else { host.to_owned() } };
    let host = if named(host) { "***" } else { host };
    let shown = |part: &str| match part.trim_end_matches([':', ',', ';', '.']) {
        _ if named(part) => "***".to_owned(),
        // A sentence goes on behind the URL.
        token if looks_like_token(token) => format!("***{}", &part[token.len()..]),
        _ => part.to_owned(),
    };
    format!("{host}/{}", place.split('/').map(shown).collect::<Vec<_>>().join("/"))
}

/// Whether a part of a URL's path looks like a secret that somebody has rolled with dice, as UniFi's RTSP tokens and stream
/// keys of RTMP do, and not like a word of a camera's maker (`h264Preview_01_main`): a run of 12 or more letters and digits
/// that change their kind all the time, a hexadecimal number as long, or four and more short groups with dashes between.
pub fn looks_like_token(part: &str) -> bool {
    const SHORTEST: usize = 12;
    let mixed = |text: &str| text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic());
    let rolled = |run: &str| {
        let kind = |b: u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
        let changes = run.as_bytes().windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
        let hex = run.bytes().all(|b| b.is_ascii_hexdigit()) && mixed(run);
        run.len() >= SHORTEST && (hex || changes * 5 >= run.len() * 2)
    };
    let groups: Vec<&str> = part.split('-').collect();
    let keyed = groups.len() >= 4
        && groups.iter().filter(|group| mixed(group)).count() >= 2
        && groups
            .iter()
            .all(|group| (4..=5).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric()));
    keyed || part.split(|c: char| !c.is_ascii_alphanumeric()).any(rolled)
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
    fn words_of_makers_are_no_tokens() {
        for word in [
            "h264Preview_01_main",
            "Streaming",
            "realmonitor",
            "axis-media",
            "media.amp",
            "channel01MainStream",
            "videoinput_1:0",
            "onvif-media",
            "20260131_120000",
            "stream0_1080p_h264",
            "cam-1-2-3-4",
            "front-door-main-2024",
            "LiveMediaStreamChannel1",
            "profile1.sdp",
            "",
        ] {
            assert!(!looks_like_token(word), "{word}");
        }
    }

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
            ("rtsp://nvr:7447/Xk2nQ8vB3mZr7LpT: 401", "rtsp://nvr:7447/***: 401"),
            ("rtsps://nvr:7441/5d3f0b1c8e7a4f2b?enableSrtp", "rtsps://nvr:7441/***?enableSrtp"),
            ("rtmp://h/live2/x7k2-9qwe-m3p8-zz1r-4tyu", "rtmp://h/live2/***"),
            ("rtmp://h/app/live_123456789_Zq3Xw9Lk2Pv8Rt5Yb7", "rtmp://h/app/***"),
            ("rtsp://h/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "rtsp://h/***"),
            ("no url here", "no url here"),
            ("cannot open admin:s3cret@10.0.0.9/x", "cannot open ***@10.0.0.9/x"),
            ("'admin:s3:c@ret@cam', again", "'***@cam', again"),
            ("Option password=s3cret not found", "Option password=*** not found"),
            ("{db_password:s3cret, host:h}", "{db_password:***, host:h}"),
            ("the token = abc", "the token = abc"),
            ("(secret=abc def", "(secret=*** def"),
            ("password: is too long", "password: is too long"),
            ("username: is too long", "username: is too long"),
            ("mail me@example.org at 10:30", "mail me@example.org at 10:30"),
            ("[rtsp @ 0x1] method DESCRIBE failed: 401", "[rtsp @ 0x1] method DESCRIBE failed: 401"),
        ];
        for (text_in, wanted) in table {
            assert_eq!(text(text_in), wanted);
        }
    }

    #[test]
    fn paths_of_this_machine_keep_their_last_part() {
        let table = [
            (
                "the disk of the spool is full (/mnt/video/spool); free some",
                "the disk of the spool is full (.../spool); free some",
            ),
            ("cannot open /var/lib/sw/x.db: denied", "cannot open .../x.db: denied"),
            ("src/http/mod.rs:7", "src/http/mod.rs:7"),
            ("look at /api/v1/cameras/7 or rtsp://h/a/b", "look at /api/v1/cameras/7 or rtsp://h/a/b"),
            ("a/b and / and /tmp", "a/b and / and /tmp"),
        ];
        for (text, wanted) in table {
            assert_eq!(paths(text), wanted);
        }
    }
}
