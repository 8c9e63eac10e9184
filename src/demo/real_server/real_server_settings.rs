//! The configuration of a real MediaMTX that behaves like the stand-in: RTSP over TCP and the API, nothing else.
//!
//! Pure. Knows which keys which version understands: an unknown key makes MediaMTX refuse to start.

use std::net::SocketAddr;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::base::{Error, ErrorKind, Result};
use crate::demo::media_server::{Credentials, Options};

/// Major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MediaServerVersion(u32, u32);

impl MediaServerVersion {
    /// The first one whose keys we write (`rtspTransports` came with 1.11).
    const OLDEST: Self = Self(1, 11);
    /// Since 1.19 there is a MoQ server, and it is on by default.
    const WITH_MOQ: Self = Self(1, 19);

    /// Reads what `mediamtx --version` prints: `v1.20.1`.
    pub fn read(printed: &str) -> Result<Self> {
        let mut parts = printed.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok());
        let (Some(Some(major)), Some(Some(minor))) = (parts.next(), parts.next()) else {
            let shown: String = printed.chars().take(60).collect();
            return Err(Error::new(ErrorKind::Unsupported, format!("{shown:?} is not a version of MediaMTX")));
        };
        let version = Self(major, minor);
        if version < Self::OLDEST {
            let text = format!("MediaMTX {} is too old for the demo; use 1.11 or later", printed.trim());
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(version)
    }
}

/// What it listens on.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// RTSP over TCP.
    pub rtsp: SocketAddr,
    /// The API.
    pub api: SocketAddr,
    /// SRT, over UDP.
    pub srt: SocketAddr,
}

/// The configuration file: JSON, which is YAML.
pub fn file(version: MediaServerVersion, options: &Options, addresses: Addresses) -> String {
    let Addresses { rtsp, api, srt } = addresses;
    let mut settings = json!({
        "logLevel": "info",
        "logDestinations": ["stdout"],
        "readTimeout": duration(options.read_timeout),
        "writeTimeout": duration(options.write_timeout),
        "authMethod": "internal",
        "authInternalUsers": users(options),
        "api": true,
        "apiAddress": api.to_string(),
        "rtsp": true,
        "rtspTransports": ["tcp"],
        "rtspAddress": rtsp.to_string(),
        "rtmp": false,
        "hls": false,
        "webrtc": false,
        "srt": true,
        "srtAddress": srt.to_string(),
        "paths": {"all_others": {}},
    });
    for path in &options.on_demand {
        settings["paths"][path.as_str()] = json!({"runOnDemand": "true"});
    }
    if let Some(folder) = &options.rtsps {
        settings["rtspEncryption"] = json!("strict");
        settings["rtspsAddress"] = json!(rtsp.to_string());
        settings["rtspServerKey"] = json!(folder.join("server.key"));
        settings["rtspServerCert"] = json!(folder.join("server.crt"));
    }
    if version >= MediaServerVersion::WITH_MOQ {
        settings["moq"] = Value::Bool(false);
    }
    settings.to_string()
}

fn duration(duration: std::time::Duration) -> String {
    format!("{}ms", duration.as_millis())
}

/// Everybody may do what no credentials guard.
fn users(options: &Options) -> Value {
    let mut open = vec![json!({"action": "read"})];
    let mut users = Vec::new();
    for (action, credentials) in [("publish", &options.publish), ("api", &options.api)] {
        match credentials {
            None => open.push(json!({"action": action})),
            Some(Credentials { username, password }) => users.push(json!({
                "user": username,
                "pass": password.expose_secret(),
                "permissions": [{"action": action}],
            })),
        }
    }
    users.push(json!({"user": "any", "permissions": open}));
    Value::Array(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(MediaServerVersion::read("v1.20.1\n").expect("a version"), MediaServerVersion(1, 20));
        assert_eq!(MediaServerVersion::read("1.11.0").expect("a version"), MediaServerVersion(1, 11));
        for (printed, reason) in
            [("v1.9.3", "too old"), ("v0.23", "too old"), ("hello", "not a version"), ("", "not a version")]
        {
            let error = MediaServerVersion::read(printed).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn credentials_guard_what_they_are_for_and_passwords_are_escaped() {
        let options = Options { api: Some(Credentials::new("root", "p\"w: #x")), publish: None, ..Options::default() };
        let address = SocketAddr::from(([127, 0, 0, 1], 5));
        let addresses = Addresses { rtsp: address, api: address, srt: address };
        let text = file(MediaServerVersion(1, 18), &options, addresses);
        let settings: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(settings["authInternalUsers"][0]["pass"], "p\"w: #x");
        let open = &settings["authInternalUsers"][1]["permissions"];
        assert_eq!(*open, json!([{"action": "read"}, {"action": "publish"}]));
        assert_eq!(settings.get("moq"), None, "1.18 does not know the key");
        let newer: Value = serde_json::from_str(&file(MediaServerVersion(1, 20), &options, addresses)).expect("JSON");
        assert_eq!(newer["moq"], false);
    }
}
