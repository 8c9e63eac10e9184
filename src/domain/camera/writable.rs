//! What people send of a camera.

use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// The writable part of a camera, as the API and the CLI send it: absent fields keep their value (edit) or get the
/// default (add); explicit nulls clear.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CameraEdit {
    /// Path name the camera is published under.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = r"^(\.*[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.{3,})(/(\.*[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.{3,}))*$"
    )]
    pub name: Option<String>,
    /// Key into `camera_kinds`.
    #[serde(default)]
    #[schema(max_length = 64, pattern = "^[a-z0-9-]+$", example = "generic")]
    pub kind: Option<String>,
    /// Host name or address; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub host: Option<Option<String>>,
    /// Port; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 65535)]
    pub port: Option<Option<i64>>,
    /// User name; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub username: Option<Option<String>>,
    /// Password; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Option<SecretString>>,
    /// Channel; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub channel: Option<Option<String>>,
    /// Sub stream; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub substream: Option<Option<String>>,
    /// Source URL; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub url: Option<Option<SecretString>>,
    /// `tcp` or `udp`; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^(tcp|udp)$")]
    pub transport: Option<Option<String>>,
    /// `auto`, `copy`, `aac` or `none`; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^(auto|copy|aac|none)$")]
    pub audio: Option<Option<String>>,
    /// Whether the camera should be restreamed.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whether its stream should be recorded.
    #[serde(default)]
    pub record: Option<bool>,
    /// Display name, at most 200 characters; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$")]
    pub label: Option<Option<String>>,
}

/// Tells an explicit null (`Some(None)`) from an absent field (`None`).
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
