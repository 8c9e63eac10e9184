//! Receivers of notifications: each is asked whether it can be reached, and is sent nothing.

use futures_util::{StreamExt, stream};

use super::report::{CheckOutcome, Finding};
use crate::adapters::notify::{self, DeliveryFault};
use crate::config::Settings;
use crate::config::settings::ReceiverSettings;

/// So many are asked at once.
const AT_ONCE: usize = 16;

/// What each of them answers.
pub(super) async fn findings(settings: &Settings) -> Vec<Finding> {
    stream::iter(settings.notify.receivers.iter().map(receiver)).buffered(AT_ONCE).collect().await
}

async fn receiver(settings: &ReceiverSettings) -> Finding {
    let (what, kind) = (format!("receiver {}", settings.name), settings.target.kind());
    let receiver = match notify::open(settings) {
        Ok(receiver) => receiver,
        Err(error) => return Finding::error(what, &error),
    };
    let fault = match notify::try_out(receiver.as_ref()).await {
        Ok(()) => {
            let test = format!("`streamwarden notify test {}` sends a message", settings.name);
            return Finding::ok(what, format!("{kind}: it answers; {test}"));
        }
        Err(fault) => fault,
    };
    let outcome = match fault {
        DeliveryFault::Message(_) | DeliveryFault::Receiver(_) => CheckOutcome::Fault,
        // Messages wait for it.
        DeliveryFault::Passing { .. } => CheckOutcome::Note,
    };
    let words = format!("{kind}: {}", fault.why());
    Finding::in_words(what, outcome, &words, "check its address, its login and the network")
}
