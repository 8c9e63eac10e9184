//! LISTEN on a connection of its own: triggers tell of every change of the cameras, whoever made it.
//!
//! Only that something changed is passed on; the rows are read again. After every reconnect a change is announced,
//! because notifications are not kept for a listener that was away.

use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client};
use tokio_util::task::AbortOnDropHandle;

use super::address::Address;
use super::fault;
use crate::base::backoff::Backoff;
use crate::base::{Error, Result};

/// The channel of `sql/postgres/V1__cameras.sql`.
const LISTEN: &str = "LISTEN streamwarden_cameras";

/// A connection that may be dead without saying so is asked this often...
const CHECK: Duration = Duration::from_secs(10);

/// ...and has so long to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shorter than elsewhere: it is one connection, and until it is back changes are seen only with the next refresh.
pub(super) const RECONNECT: Backoff = Backoff { min: Duration::from_millis(500), max: Duration::from_secs(5) };

/// A connection that listens; its messages are read by the task, which ends when the connection does.
pub(super) struct Listening {
    client: Client,
    messages: AbortOnDropHandle<()>,
}

/// Begins to listen: what changes after this returned is announced.
pub(super) async fn begin(address: Address) -> Result<(AbortOnDropHandle<()>, watch::Receiver<u64>)> {
    let (sender, receiver) = watch::channel(0);
    let first = connect(&address, &sender).await?;
    Ok((AbortOnDropHandle::new(tokio::spawn(stay(address, sender, Some(first)))), receiver))
}

/// Listens for ever, on this connection first if there is one.
pub(super) async fn stay(address: Address, sender: watch::Sender<u64>, first: Option<Listening>) {
    let mut listening = first;
    loop {
        if let Some(mut connection) = listening.take() {
            until_lost(&mut connection).await;
            log::warn!(database = address.place.as_str(); "listening for changes of the cameras was cut off");
        }
        let mut failures = 0;
        while listening.is_none() {
            failures += 1;
            tokio::time::sleep(RECONNECT.delay(failures, rand::random())).await;
            match connect(&address, &sender).await {
                Ok(again) => listening = Some(again),
                Err(error) => log::debug!(error = error.to_string(); "cannot listen for changes of the cameras yet"),
            }
        }
        log::info!(database = address.place.as_str(); "listening for changes of the cameras again");
        announce(&sender);
    }
}

async fn connect(address: &Address, sender: &watch::Sender<u64>) -> Result<Listening> {
    let sentence = |error| fault::sentence(&address.place, &error);
    let late = |_| Error::unavailable(format!("the database {} does not answer", address.place));
    let connected = timeout(PATIENCE, address.config.connect(address.tls.clone())).await;
    let (client, mut connection) = connected.map_err(late)?.map_err(sentence)?;
    let sender = sender.clone();
    let messages = AbortOnDropHandle::new(tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if matches!(message, AsyncMessage::Notification(_)) {
                announce(&sender);
            }
        }
    }));
    timeout(PATIENCE, client.batch_execute(LISTEN)).await.map_err(late)?.map_err(sentence)?;
    Ok(Listening { client, messages })
}

/// Returns when the connection has ended, or does not answer any more.
async fn until_lost(listening: &mut Listening) {
    loop {
        if timeout(CHECK, &mut listening.messages).await.is_ok() {
            return;
        }
        if !matches!(timeout(PATIENCE, listening.client.simple_query("")).await, Ok(Ok(_))) {
            return;
        }
    }
}

fn announce(sender: &watch::Sender<u64>) {
    sender.send_modify(|changes| *changes += 1);
}
