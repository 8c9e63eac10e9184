//! Receivers of notifications: each is asked whether it can be reached, and is sent nothing.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::report::{CheckOutcome, Finding};
use crate::adapters::notify::{self, DeliveryFault};
use crate::config::Settings;
use crate::config::settings::ReceiverSettings;

/// All are asked at once, and have answered by then: a little more than one alone may take.
const ALL_WITHIN: Duration = notify::LIMIT.saturating_add(Duration::from_secs(2));

/// What each of them answers.
pub(super) async fn findings(settings: &Settings) -> Vec<Finding> {
    let end = Instant::now() + ALL_WITHIN;
    join_all(settings.notify.receivers.iter().map(|one| receiver(one, end))).await
}

async fn receiver(settings: &ReceiverSettings, end: Instant) -> Finding {
    let (what, kind) = (format!("receiver {}", settings.name), settings.target.kind());
    let receiver = match notify::open(settings) {
        Ok(receiver) => receiver,
        Err(error) => return Finding::error(what, &error),
    };
    let late = |_| Err(DeliveryFault::passing(format!("no answer within {} s", ALL_WITHIN.as_secs())));
    let fault = match timeout_at(end, notify::try_out(receiver.as_ref())).await.unwrap_or_else(late) {
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::config::{self, Sources};

    #[tokio::test(start_paused = true)]
    async fn many_that_do_not_answer_cost_no_more_than_one() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = silent.local_addr().expect("its address").port();
        let one = |number| {
            format!(
                "[[notify.receivers]]\nname = \"r{number}\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n"
            )
        };
        let all: String = (0..100).map(one).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("streamwarden.toml");
        std::fs::write(&file, all).expect("written");
        let settings = config::load(&Sources { file: Some(file), ..Sources::default() }).expect("a configuration");
        let begun = Instant::now();
        let found = findings(&settings).await;
        assert_eq!(found.len(), 100);
        assert!(begun.elapsed() <= ALL_WITHIN, "{:?}", begun.elapsed());
    }
}
