//! A bot of Telegram: `sendMessage`. <https://core.telegram.org/bots/api#sendmessage>

use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::http_delivery::{HttpSender, brief};
use super::receiver::{DeliveryFault, Outgoing, Receiver};
use crate::base::Result;
use crate::config::settings::{ApiTrust, TelegramTarget};

/// A message has 4,096 UTF-16 units at most.
const LONGEST: usize = 4_000;

pub(super) struct Telegram {
    http: HttpSender,
    target: TelegramTarget,
}

impl Telegram {
    pub(super) fn new(target: TelegramTarget, trust: &ApiTrust) -> Result<Self> {
        Ok(Self { http: HttpSender::new(trust)?, target })
    }
}

#[async_trait]
impl Receiver for Telegram {
    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryFault> {
        let text = cut(&format!("{}\n\n{}", outgoing.title, outgoing.text));
        let body = json!({
            "chat_id": self.target.chat,
            "text": text,
            "link_preview_options": { "is_disabled": true },
        });
        self.call("sendMessage", &body).await
    }

    async fn try_out(&self) -> Result<(), DeliveryFault> {
        self.call("getChat", &json!({ "chat_id": self.target.chat })).await
    }
}

impl Telegram {
    /// Calls a method of the bot.
    async fn call(&self, method: &str, body: &Value) -> Result<(), DeliveryFault> {
        let token = self.target.token.expose_secret();
        let base = self.target.api_url.as_str().trim_end_matches('/');
        let mut answer = self.http.send(self.http.post(format!("{base}/bot{token}/{method}")).json(body)).await?;
        let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let detail = brief(&said["description"].as_str().unwrap_or_default().replace(token, "***"));
        let rest = said["parameters"]["retry_after"].as_u64().map(|seconds| Duration::from_secs(seconds.min(3_600)));
        answer.rest = answer.rest.or(rest);
        // Of an answer only the beginning is read: of a chat there may be more.
        let is_api = said["ok"] == true || answer.text.starts_with("{\"ok\":true");
        if answer.status.is_success() && !is_api {
            return Err(DeliveryFault::Receiver("what answers is no API of Telegram; check url".to_owned()));
        }
        // The token stands in the address: one that is wrong is not found, too.
        if matches!(answer.status.as_u16(), 401 | 404) {
            let why = format!("Telegram does not know the bot ({}); check its token", answer.status.as_u16());
            return Err(DeliveryFault::Receiver(why));
        }
        match answer.judged(&detail) {
            // Of the chat, and so of every message.
            Err(DeliveryFault::Message(why)) if detail.contains("chat") => Err(DeliveryFault::Receiver(why)),
            judged => judged,
        }
    }
}

fn cut(text: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= LONGEST
    };
    text.chars().take_while(fits).collect()
}
