//! JSON of the REST protocol. Only what is named here is read: stream keys and passphrases stand in the same answers. Pure.

use serde_json::Value;

use super::shown;
use crate::domain::encoder::{EncoderClaim, EncoderDetails, EncoderProtocol, EncoderReading};

/// `GET /livestreams/0`; `None` when it is no such answer.
pub(super) fn livestream(answer: &Value) -> Option<EncoderReading> {
    let claim = EncoderClaim::of_word(answer.get("status")?.as_str()?);
    let sends = claim != EncoderClaim::Idle;
    Some(EncoderReading {
        protocol: EncoderProtocol::Rest,
        claim,
        bits_per_second: number(answer, "bitrate").filter(|_| sends),
        duration_seconds: number(answer, "duration").filter(|_| sends),
        cache_percent: number(answer, "cache"),
        details: EncoderDetails { video_format: word(answer, "effectiveVideoFormat"), ..EncoderDetails::default() },
    })
}

/// `GET /livestreams/0/activePlatform`.
pub(super) fn active_platform(answer: &Value, details: &mut EncoderDetails) {
    details.platform = word(answer, "platform");
    details.server = word(answer, "server");
    details.quality = word(answer, "quality");
}

/// `GET /system/product`.
pub(super) fn product(answer: &Value, details: &mut EncoderDetails) {
    details.model = word(answer, "productName");
    details.label = word(answer, "deviceName");
    details.firmware = word(answer, "softwareVersion");
}

fn word(answer: &Value, key: &str) -> Option<String> {
    answer.get(key)?.as_str().and_then(shown)
}

/// A number, or text of one.
fn number(answer: &Value, key: &str) -> Option<f64> {
    let value = answer.get(key)?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_read_in_whatever_shape_devices_give_them() {
        let streaming = json!({ "status": "Streaming", "bitrate": 6_000_000, "effectiveVideoFormat": "1920x1080p30", "duration": 125, "cache": 12 });
        let reading = livestream(&streaming).expect("an answer");
        assert_eq!((reading.claim, reading.bits_per_second), (EncoderClaim::Streaming, Some(6e6)));
        assert_eq!((reading.duration_seconds, reading.cache_percent), (Some(125.0), Some(12.0)));
        assert_eq!(reading.details.video_format.as_deref(), Some("1920x1080p30"));
        for (answer, wanted) in [
            (json!({ "status": "Idle", "bitrate": 161_672 }), Some((EncoderClaim::Idle, None, None))),
            (json!({ "status": "Flushing", "cache": 12.5 }), Some((EncoderClaim::Flushing, None, Some(12.5)))),
            (json!({ "status": "Streaming", "bitrate": "5e6" }), Some((EncoderClaim::Streaming, Some(5e6), None))),
            (
                json!({ "status": "Streaming", "bitrate": null, "cache": -1 }),
                Some((EncoderClaim::Streaming, None, None)),
            ),
            (json!({ "status": "Rebooting" }), Some((EncoderClaim::Other, None, None))),
            (json!({ "status": 7 }), None),
            (json!({}), None),
            (json!([]), None),
            (json!("Streaming"), None),
        ] {
            let found = livestream(&answer).map(|one| (one.claim, one.bits_per_second, one.cache_percent));
            assert_eq!(found, wanted, "{answer}");
        }
    }

    #[test]
    fn the_platform_is_told_and_its_key_is_not() {
        let answer = json!({ "platform": "YouTube", "server": "Primary", "key": "canary-key", "passphrase": "canary",
            "quality": "Streaming High", "url": "rtmp://h/canary" });
        let mut details = EncoderDetails::default();
        active_platform(&answer, &mut details);
        product(
            &json!({ "deviceName": "Studio A", "productName": "Web Presenter HD", "softwareVersion": "3.4" }),
            &mut details,
        );
        assert_eq!(details.platform.as_deref(), Some("YouTube"));
        assert_eq!((details.model.as_deref(), details.firmware.as_deref()), (Some("Web Presenter HD"), Some("3.4")));
        assert!(!format!("{details:?}").contains("canary"));
        active_platform(&json!({ "platform": 3 }), &mut details);
        assert_eq!(details.platform, None);
    }
}
