//! A Slack incoming webhook: POST of `{"text": ...}`. <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::http_delivery::HttpSender;
use super::receiver::{DeliveryFault, Outgoing, Receiver};
use crate::base::Result;
use crate::config::settings::ApiTrust;

/// Slack cuts what is longer than 40,000 characters, and asks for less than 4,000.
const LONGEST: usize = 3_900;

pub(super) struct Slack {
    http: HttpSender,
    url: SecretString,
}

impl Slack {
    pub(super) fn new(url: SecretString, trust: &ApiTrust) -> Result<Self> {
        Ok(Self { http: HttpSender::new(trust)?, url })
    }
}

#[async_trait]
impl Receiver for Slack {
    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryFault> {
        let text = format!("*{}*\n{}", escaped(&outgoing.title), escaped(&outgoing.text));
        let text: String = text.chars().take(LONGEST).collect();
        let answer = self.http.send(self.http.post(self.url.expose_secret()).json(&json!({ "text": text }))).await?;
        // One word, such as `no_service` or `channel_is_archived`.
        let word = answer.text.trim();
        let is_word = !word.is_empty() && word.len() < 60 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        answer.judged(if is_word { word } else { "" })
    }

    async fn try_out(&self) -> Result<(), DeliveryFault> {
        self.http.answers(self.url.expose_secret()).await
    }
}

/// These three are Slack's own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
