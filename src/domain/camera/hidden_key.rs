//! What else of an address is hidden where it was typed as a whole.

use secrecy::{ExposeSecret, SecretString};

use super::CameraSource;
use crate::base::source_url::Scheme;

/// A shorter text of a query hides nothing and is found everywhere, in bytes.
const SHORT: usize = 4;

impl CameraSource {
    /// The same with less to be seen of it: the last part of an RTMP path may be a stream key, and the query of an SRT URL names user
    /// and password in many ways.
    pub fn with_hidden_key(mut self) -> Self {
        let url = self.url.expose_secret();
        let rest = url.split_once("://").map_or("", |(_, rest)| rest).to_owned();
        let (path, query) = rest.split_once('?').unwrap_or((&rest, ""));
        let (place, shown_query) = match self.shown.split_once('?') {
            Some((place, query)) => (place.to_owned(), format!("?{query}")),
            None => (self.shown.clone(), String::new()),
        };
        match self.scheme {
            Scheme::Rtmp | Scheme::Rtmps => {
                let key = path.split_once('/').and_then(|(_, path)| path.rsplit_once('/')).map(|(_, key)| key);
                let Some(key) = key.filter(|key| !key.is_empty()) else { return self };
                let before = place.rsplit_once('/').map_or(place.as_str(), |(before, _)| before);
                self.shown = format!("{before}/***{shown_query}");
                self.secrets.push(key.to_owned().into());
            }
            Scheme::Srt if !query.is_empty() => {
                let values = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
                self.secrets.extend(
                    values.filter(|value| value.len() > SHORT).map(|value| SecretString::from(value.to_owned())),
                );
                self.shown = place + "?***";
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CameraEdit, Kinds, draft};
    use super::*;

    #[test]
    fn keys_are_neither_shown_nor_said() {
        for (url, shown, secret) in [
            ("rtmp://live.h/app/live", "rtmp://live.h/app/***", Some("live")),
            ("rtmps://viewer:hunter2@h/app/s3cret?x=1", "rtmps://***@h/app/***?x=1", Some("s3cret")),
            ("rtmp://h/app", "rtmp://h/app", None),
            ("srt://h:9000?streamid=read:x:u:s3cret", "srt://h:9000?***", Some("read:x:u:s3cret")),
            ("srt://h:9000", "srt://h:9000", None),
            ("rtsp://h/app/x", "rtsp://h/app/x", None),
        ] {
            let edit = CameraEdit { url: Some(Some(SecretString::from(url))), ..CameraEdit::default() };
            let source = draft(None, &edit, &Kinds::new()).expect(url).with_hidden_key();
            assert_eq!(source.shown, shown);
            let hides = |secret: &str| source.secrets.iter().any(|one| one.expose_secret() == secret);
            assert!(secret.is_none_or(hides), "{url}");
        }
    }
}
