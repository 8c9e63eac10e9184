//! A webhook: POST of a JSON document. Its shape is described in the README.

use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use serde_json::json;

use super::hmac_signature::signature;
use super::http_delivery::HttpSender;
use super::receiver::{DeliveryFault, Outgoing, Receiver};
use crate::base::Result;
use crate::config::settings::{ApiTrust, WebhookTarget};

/// Signature of the body, where a secret is agreed on: `sha256=` and HMAC-SHA256 in hexadecimal digits.
const SIGNATURE: &str = "x-streamwarden-signature";
/// The same at each try of a message. Internet draft `draft-ietf-httpapi-idempotency-key-header`.
const KEY: &str = "idempotency-key";

pub(super) struct Webhook {
    http: HttpSender,
    target: WebhookTarget,
}

impl Webhook {
    pub(super) fn new(target: WebhookTarget, trust: &ApiTrust) -> Result<Self> {
        Ok(Self { http: HttpSender::new(trust)?, target })
    }
}

#[async_trait]
impl Receiver for Webhook {
    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryFault> {
        let body = body(outgoing).to_string();
        let request = self.http.post(self.target.url.expose_secret());
        let request = request.header(CONTENT_TYPE, "application/json").header(KEY, outgoing.message.id.to_string());
        let request = match &self.target.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let signed = self.target.signing_secret.as_ref();
        let signed = signed.and_then(|secret| signature(secret.expose_secret().as_bytes(), body.as_bytes()));
        let request = match signed {
            Some(signed) => request.header(SIGNATURE, format!("sha256={signed}")),
            None => request,
        };
        self.http.send(request.body(body)).await?.judged("")
    }

    async fn try_out(&self) -> Result<(), DeliveryFault> {
        self.http.answers(self.target.url.expose_secret()).await
    }
}

fn body(outgoing: &Outgoing) -> serde_json::Value {
    let Outgoing { message, title, text, node, page } = outgoing;
    json!({
        "version": 1,
        "id": message.id,
        "receiver": message.receiver,
        "node": node,
        "at": message.at,
        "test": message.test,
        "escalation": message.escalation,
        "severity": message.worst(),
        "title": title,
        "text": text,
        "page": page,
        "incidents": message.items,
        "more": message.more,
    })
}
