//! Where messages go: a webhook, a mail server, Slack, Telegram, ntfy. One file each behind [`Receiver`].
//!
//! A receiver is asked to take a message once per call and says what came of it: it has it, it will never take it
//! ([`DeliveryFault::Message`]), it is set up wrongly ([`DeliveryFault::Receiver`]), or it could not now
//! ([`DeliveryFault::Passing`]). Every call ends within [`LIMIT`].
//!
//! An answer that is lost on its way back cannot be told from a message that is: the message is sent again then, with the same id
//! (`Idempotency-Key` of a webhook, `Message-ID` of a mail). Slack, Telegram and ntfy take no such key.
//!
//! Never here: when something is told, and in which words (`domain::notify`), what waits (`database`). Addresses and tokens are
//! secrets: they stand in no sentence of this folder.

mod email;
mod hmac_signature;
mod http_delivery;
mod ntfy;
mod receiver;
mod slack;
mod smtp_session;
mod telegram;
mod webhook;

use std::future::Future;
use std::sync::Arc;

use crate::base::Result;
use crate::config::settings::{ApiTrust, ReceiverSettings, ReceiverTarget};
pub use receiver::{DeliveryFault, LIMIT, Outgoing, Receiver};

/// The receiver of these settings; asks nobody yet.
///
/// # Errors
/// `Invalid` when a file with certificates cannot be used, `Internal` when no client can be made.
pub fn open(settings: &ReceiverSettings) -> Result<Arc<dyn Receiver>> {
    let trust = &settings.ca_file.clone().map_or(ApiTrust::Machine, ApiTrust::File);
    Ok(match &settings.target {
        ReceiverTarget::Webhook(target) => Arc::new(webhook::Webhook::new(target.clone(), trust)?),
        ReceiverTarget::Email(target) => Arc::new(email::Email::new(target, trust)?),
        ReceiverTarget::Slack { url } => Arc::new(slack::Slack::new(url.clone(), trust)?),
        ReceiverTarget::Telegram(target) => Arc::new(telegram::Telegram::new(target.clone(), trust)?),
        ReceiverTarget::Ntfy(target) => Arc::new(ntfy::Ntfy::new(target.clone(), trust)?),
    })
}

/// Hands over a message within [`LIMIT`].
pub async fn deliver(receiver: &dyn Receiver, outgoing: &Outgoing) -> Result<(), DeliveryFault> {
    within_limit(receiver.deliver(outgoing)).await
}

/// Asks whether a receiver can be reached, within [`LIMIT`]. Sends no message.
pub async fn try_out(receiver: &dyn Receiver) -> Result<(), DeliveryFault> {
    within_limit(receiver.try_out()).await
}

async fn within_limit(asked: impl Future<Output = Result<(), DeliveryFault>>) -> Result<(), DeliveryFault> {
    let late = || DeliveryFault::passing(format!("no answer within {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(|_| Err(late()))
}
