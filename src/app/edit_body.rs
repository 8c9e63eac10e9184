//! A change of a camera as the API takes it.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::domain::camera::CameraEdit;

/// With its secrets.
pub(super) fn body(edit: &CameraEdit) -> Value {
    let CameraEdit {
        name,
        kind,
        host,
        port,
        username,
        password,
        channel,
        substream,
        url,
        transport,
        audio,
        enabled,
        record,
        label,
    } = edit;
    let open = |secret: &Option<Option<SecretString>>| {
        secret.as_ref().map(|secret| json!(secret.as_ref().map(ExposeSecret::expose_secret)))
    };
    let fields = [
        ("name", name.as_ref().map(|value| json!(value))),
        ("kind", kind.as_ref().map(|value| json!(value))),
        ("host", host.as_ref().map(|value| json!(value))),
        ("port", port.as_ref().map(|value| json!(value))),
        ("username", username.as_ref().map(|value| json!(value))),
        ("password", open(password)),
        ("channel", channel.as_ref().map(|value| json!(value))),
        ("substream", substream.as_ref().map(|value| json!(value))),
        ("url", open(url)),
        ("transport", transport.as_ref().map(|value| json!(value))),
        ("audio", audio.as_ref().map(|value| json!(value))),
        ("enabled", enabled.map(|value| json!(value))),
        ("record", record.map(|value| json!(value))),
        ("label", label.as_ref().map(|value| json!(value))),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_goes_over_the_wire_as_it_is() {
        for text in [
            r#"{"name":"gate","label":"Eingang","host":"10.0.0.9","password":"hunter2","enabled":false}"#,
            r#"{"host":null,"url":"rtsp://u:p@h/x","password":null,"port":8554,"record":true}"#,
            "{}",
        ] {
            let edit: CameraEdit = serde_json::from_str(text).expect(text);
            assert_eq!(body(&edit), serde_json::from_str::<Value>(text).expect(text));
        }
    }
}
