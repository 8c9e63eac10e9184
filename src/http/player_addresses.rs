//! Where the streams of the media servers are read, by browsers and others, and what our page may fetch for that.

use actix_web::http::header::HeaderValue;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use crate::config::settings::ServerSettings;

/// Our page loads nothing from elsewhere and sits in nobody's frame. `blob:` is what a player feeds media through.
const REST: &str =
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Where the streams of a server are read and published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlayerAddress {
    /// Name of the server.
    server: String,
    /// Its RTSP as this program reaches it; the name of a stream follows.
    #[schema(example = "rtsp://media.example.org:8554")]
    rtsp_url: String,
    /// Its HLS; the name of a stream and `/index.m3u8` follow. Absent when none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://media.example.org:8888")]
    hls_url: Option<String>,
    /// Its WebRTC; the name of a stream and `/whep` follow. Absent when none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://media.example.org:8889")]
    webrtc_url: Option<String>,
}

/// The addresses of all servers, with the policy that lets the page use them and nothing else.
#[derive(Clone, Debug)]
pub struct PlayerAddresses {
    addresses: Vec<PlayerAddress>,
    policy: HeaderValue,
}

impl PlayerAddresses {
    /// Of these servers.
    pub fn of(servers: &[ServerSettings]) -> Self {
        let text = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        let addresses = servers.iter().map(|server| PlayerAddress {
            server: server.name.clone(),
            rtsp_url: text(&server.rtsp_url),
            hls_url: server.hls_url.as_ref().map(text),
            webrtc_url: server.webrtc_url.as_ref().map(text),
        });
        Self { addresses: addresses.collect(), policy: policy(servers) }
    }

    pub(super) fn addresses(&self) -> Vec<PlayerAddress> {
        self.addresses.clone()
    }

    pub(super) fn policy(&self) -> HeaderValue {
        self.policy.clone()
    }
}

/// The Content-Security-Policy: the origins of HLS are for requests and, in browsers that play it by themselves, for media;
/// those of WebRTC for requests alone.
fn policy(servers: &[ServerSettings]) -> HeaderValue {
    let origins = |urls: Vec<&Url>| {
        let mut origins: Vec<String> = urls.iter().map(|url| url.origin().ascii_serialization()).collect();
        origins.sort_unstable();
        origins.dedup();
        origins.iter().map(|origin| format!(" {origin}")).collect::<String>()
    };
    let hls: Vec<&Url> = servers.iter().filter_map(|server| server.hls_url.as_ref()).collect();
    let webrtc = servers.iter().filter_map(|server| server.webrtc_url.as_ref());
    let all = origins(hls.iter().copied().chain(webrtc).collect());
    let media = origins(hls);
    let text = format!("default-src 'self'; connect-src 'self'{all}; media-src 'self' blob:{media}; {REST}");
    // An origin is ASCII without control characters.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("default-src 'self'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    #[test]
    fn the_page_may_use_exactly_what_is_configured() {
        let servers = |toml: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("s.toml");
            std::fs::write(&file, toml).expect("written");
            load(&Sources { file: Some(file), ..Sources::default() }).expect(toml).servers
        };
        let of = |toml: &str| {
            let found = PlayerAddresses::of(&servers(toml));
            (found.addresses(), found.policy().to_str().expect("ASCII").to_owned())
        };
        let (none, policy) = of("");
        let text = |text: &str| Some(text.to_owned());
        let local = "rtsp://127.0.0.1:8554";
        let wanted = |all: &[(&str, &str, Option<&str>, Option<&str>)]| -> Vec<PlayerAddress> {
            let one = |(server, rtsp, hls, webrtc): &(&str, &str, Option<&str>, Option<&str>)| PlayerAddress {
                server: (*server).to_owned(),
                rtsp_url: (*rtsp).to_owned(),
                hls_url: hls.and_then(text),
                webrtc_url: webrtc.and_then(text),
            };
            all.iter().map(one).collect()
        };
        assert_eq!(none, wanted(&[("main", local, None, None)]));
        assert!(policy.contains("connect-src 'self'; media-src 'self' blob:; "), "{policy}");
        let (some, policy) = of("[[servers]]\nhls_url = \"https://m.example:8888/live/\"\n\
             webrtc_url = \"https://m.example:8889\"\n[[servers]]\nname = \"b\"\napi_url = \"http://b\"\n\
             webrtc_url = \"https://m.example:8889/b\"\n[[servers]]\nname = \"c\"\napi_url = \"http://c\"\nrtsp_url = \"rtsps://c:8322\"\n");
        let rows = [
            ("main", local, Some("https://m.example:8888/live"), Some("https://m.example:8889")),
            ("b", "rtsp://b:8554", None, Some("https://m.example:8889/b")),
            ("c", "rtsps://c:8322", None, None),
        ];
        assert_eq!(some, wanted(&rows));
        let expected = "default-src 'self'; connect-src 'self' https://m.example:8888 https://m.example:8889; \
                        media-src 'self' blob: https://m.example:8888; ";
        assert!(policy.starts_with(expected) && policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }
}
