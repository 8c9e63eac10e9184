//! What HTTP asks: how the receivers are, and that one is tried.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::setup::NotifySetup;
use crate::actors::supervision::Setting;
use crate::adapters::database::{NotificationStore, ReceiverRecord, with_timeout};
use crate::adapters::notify;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::notify::Deliveries;

/// A receiver of notifications. Without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverState {
    /// Its name.
    pub name: String,
    /// `webhook`, `email`, `slack`, `telegram` or `ntfy`.
    pub kind: String,
    /// Where its messages go: an address without path, mail addresses, a chat.
    pub to: String,
    /// It hears of what is at least so bad: `info`, `warning` or `critical`.
    pub severity: String,
    /// What has become of its messages.
    #[serde(flatten)]
    pub deliveries: Deliveries,
}

/// The way to the receivers, for HTTP. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    setup: Setting<Arc<NotifySetup>>,
    store: Arc<dyn NotificationStore>,
    /// Receivers that are being tried.
    trying: Arc<Mutex<Vec<String>>>,
}

impl Notifications {
    /// Of these receivers.
    pub fn new(setup: Setting<Arc<NotifySetup>>, store: Arc<dyn NotificationStore>) -> Self {
        Self { setup, store, trying: Arc::default() }
    }

    /// What the database knows of every receiver.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn records(&self) -> Result<Vec<ReceiverRecord>> {
        let setup = self.setup.get();
        if setup.receivers.is_empty() {
            return Ok(Vec::new());
        }
        let mut records = with_timeout(self.store.notification_receivers()).await?;
        records.retain(|record| setup.receiver(&record.receiver).is_some());
        Ok(records)
    }

    /// Every receiver of the configuration, in its order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self) -> Result<Vec<ReceiverState>> {
        Ok(self.kept().await?.into_iter().map(|(state, _)| state).collect())
    }

    /// Every receiver of the configuration, and whether the database knows anything of it: a program that runs makes a record of each at
    /// once.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn kept(&self) -> Result<Vec<(ReceiverState, bool)>> {
        let records = self.records().await?;
        let setup = self.setup.get();
        let of = |name: &str| records.iter().find(|record| record.receiver == name);
        let all = setup.receivers.iter().map(|one| (one, of(&one.rule.name)));
        Ok(all.map(|(one, record)| (state(one, record), record.is_some())).collect())
    }

    /// Sends a message that says only that messages arrive, and waits for what comes of it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the receiver refuses it or is being tried; `Unavailable` when it does not answer.
    pub async fn test(&self, name: &str) -> Result<()> {
        let setup = self.setup.get();
        let no_receiver = || {
            let known: Vec<&str> = setup.receivers.iter().map(|one| one.rule.name.as_str()).collect();
            let known =
                if known.is_empty() { "there is none in the configuration".to_owned() } else { known.join(", ") };
            Error::not_found(format!("there is no receiver of this name; known: {known}"))
        };
        let (receiver, outgoing) = setup.test_message(name).ok_or_else(no_receiver)?;
        let _permit = TestPermit::take(&self.trying, name)?;
        notify::deliver(&*receiver, &outgoing).await.map_err(|fault| fault.into_error(name))
    }
}

/// One try of a receiver at a time.
struct TestPermit {
    trying: Arc<Mutex<Vec<String>>>,
    name: String,
}

impl TestPermit {
    fn take(trying: &Arc<Mutex<Vec<String>>>, name: &str) -> Result<Self> {
        let mut held = trying.lock().unwrap_or_else(PoisonError::into_inner);
        if held.iter().any(|one| one == name) {
            return Err(Error::new(ErrorKind::Conflict, "this receiver is being tried already; wait for the answer"));
        }
        held.push(name.to_owned());
        Ok(Self { trying: Arc::clone(trying), name: name.to_owned() })
    }
}

impl Drop for TestPermit {
    fn drop(&mut self) {
        self.trying.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| *one != self.name);
    }
}

fn state(setup: &super::setup::ReceiverSetup, record: Option<&ReceiverRecord>) -> ReceiverState {
    ReceiverState {
        name: setup.rule.name.clone(),
        kind: setup.settings.target.kind().to_owned(),
        to: setup.settings.target.to_string(),
        severity: setup.rule.severity.as_str().to_owned(),
        deliveries: record.map(|record| record.deliveries.clone()).unwrap_or_default(),
    }
}
