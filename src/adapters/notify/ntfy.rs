//! ntfy: a message published as JSON at the root of the server. <https://docs.ntfy.sh/publish/#publish-as-json>

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::json;

use super::http_delivery::HttpSender;
use super::receiver::{DeliveryFault, Outgoing, Receiver};
use crate::base::Result;
use crate::config::settings::{ApiTrust, NtfyTarget};
use crate::domain::notify::Severity;

/// A longer message becomes an attachment (4,096 bytes).
const LONGEST: usize = 3_900;

pub(super) struct Ntfy {
    http: HttpSender,
    target: NtfyTarget,
}

impl Ntfy {
    pub(super) fn new(target: NtfyTarget, trust: &ApiTrust) -> Result<Self> {
        Ok(Self { http: HttpSender::new(trust)?, target })
    }
}

#[async_trait]
impl Receiver for Ntfy {
    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryFault> {
        let worst = outgoing.message.worst();
        let mut end = outgoing.text.len().min(LONGEST);
        while !outgoing.text.is_char_boundary(end) {
            end -= 1;
        }
        let mut body = json!({
            "topic": self.target.topic.expose_secret(),
            "title": outgoing.title,
            "message": &outgoing.text[..end],
            "priority": Severity::priority(worst),
            "tags": [if worst.is_some() { "rotating_light" } else { "white_check_mark" }],
        });
        if let Some(page) = &outgoing.page {
            body["click"] = json!(page);
        }
        let request = self.http.post(self.target.server.clone()).json(&body);
        let request = match &self.target.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        self.http.send(request).await?.judged("")
    }

    async fn try_out(&self) -> Result<(), DeliveryFault> {
        self.http.answers(self.target.server.as_str()).await
    }
}
