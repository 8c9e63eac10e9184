//! A camera that would read what it publishes: it runs in a circle, and no picture ever comes.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;

use super::CameraSource;
use crate::base::{Error, Result};

/// Where cameras are published, and where that is read again.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnOutput {
    /// Host of the media server, lower case, without brackets.
    pub host: String,
    /// Ports of the media server's protocols.
    pub ports: Vec<u16>,
}

impl OwnOutput {
    /// Refuses a source that is the camera's own path at the media server, by whichever protocol. `addresses` are those of the
    /// source's host, as far as they are known.
    ///
    /// # Errors
    /// `Invalid` for `url`.
    pub fn check(&self, source: &CameraSource, addresses: &[IpAddr]) -> Result<()> {
        let has_port = source.port().is_some_and(|port| self.ports.contains(&port));
        if !has_port || !self.is_at(&source.host, addresses) || !names_itself(source) {
            return Ok(());
        }
        let name = &source.name;
        let text = format!(
            "is the path {name} of the media server, to which this camera is published itself: it would read its own picture; \
             give it the camera's own address, or another name"
        );
        Err(Error::invalid("url", text))
    }

    fn is_at(&self, host: &str, addresses: &[IpAddr]) -> bool {
        let plain = |host: &str| host.trim_matches(['[', ']']).to_ascii_lowercase();
        let (ours, theirs) = (plain(&self.host), plain(host));
        if ours == theirs {
            return true;
        }
        let literal = |host: &str| host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let is_here = |address: IpAddr| address.is_loopback() || address.is_unspecified();
        let here = ours == "localhost" || literal(&ours).is_some_and(is_here);
        let known = addresses.iter().map(IpAddr::to_canonical).chain(literal(&theirs));
        let by_name = theirs == "localhost" && here;
        by_name || known.into_iter().any(|address| literal(&ours) == Some(address) || here && is_here(address))
    }
}

/// Whether the path, or the stream id of SRT, is the camera's own.
fn names_itself(source: &CameraSource) -> bool {
    // With what is shown of nobody, as the stream ids of SRT: it is compared and goes nowhere.
    let Some((_, after)) = source.url.expose_secret().split_once("://") else { return false };
    let rest = &after[after.find(['/', '?']).unwrap_or(after.len())..];
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (path, name) = (decoded(path), source.name.as_str());
    let path = path.trim_matches('/');
    let hls = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('/'));
    let id = query.split('&').find_map(|pair| pair.strip_prefix("streamid=")).map(decoded).unwrap_or_default();
    path == name || hls.is_some_and(|file| file.ends_with(".m3u8")) || id.split(':').nth(1) == Some(name)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::domain::camera::{CameraEdit, Kinds, draft};

    #[test]
    fn a_camera_does_not_read_what_it_publishes() {
        let at = |host: &str| OwnOutput { host: host.to_owned(), ports: vec![8554, 1935, 8888, 8890] };
        let local: [IpAddr; 1] = ["127.0.0.1".parse().expect("an address")];
        let table: [(&str, &str, &[IpAddr], bool); 14] = [
            ("127.0.0.1", "rtsp://127.0.0.1:8554/yard/gate", &[], false),
            ("127.0.0.1", "rtsp://u:p@127.0.0.1:8554/yard%2Fgate/", &[], false),
            ("127.0.0.1", "rtsp://localhost:8554/yard/gate", &[], false),
            ("localhost", "rtsp://[::1]:8554/yard/gate?x=1", &[], false),
            ("127.0.0.1", "rtsp://this.host:8554/yard/gate", &local, false),
            ("media.example.org", "rtsp://MEDIA.example.org:8554/yard/gate", &[], false),
            ("127.0.0.1", "rtmp://127.0.0.1/yard/gate", &[], false),
            ("127.0.0.1", "http://127.0.0.1:8888/yard/gate/index.m3u8", &[], false),
            ("127.0.0.1", "srt://127.0.0.1:8890?streamid=read:yard/gate:u:p", &[], false),
            ("127.0.0.1", "rtsp://127.0.0.1:8554/yard/other", &[], true),
            ("127.0.0.1", "rtsp://127.0.0.1:8555/yard/gate", &local, true),
            ("127.0.0.1", "rtsp://10.0.0.9:8554/yard/gate", &[], true),
            ("media.example.org", "rtsp://127.0.0.1:8554/yard/gate", &local, true),
            ("127.0.0.1", "srt://127.0.0.1:8890?streamid=read:yard", &[], true),
        ];
        for (host, url, addresses, good) in table {
            let edit = CameraEdit {
                name: Some("yard/gate".to_owned()),
                url: Some(Some(SecretString::from(url))),
                ..CameraEdit::default()
            };
            let source = draft(None, &edit, &Kinds::new()).expect(url);
            let checked = at(host).check(&source, addresses);
            assert_eq!(checked.is_ok(), good, "{host} {url}: {checked:?}");
            if let Err(error) = checked {
                assert_eq!(error.field(), Some("url"));
                assert!(!error.to_string().contains("u:p"), "{error}");
            }
        }
    }
}
