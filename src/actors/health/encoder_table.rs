//! What is known of every encoder: shared by the tasks that ask, by HTTP and by who gives orders.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::known_devices::KnownDevices;
use crate::actors::incidents::now;
use crate::adapters::resolve;
use crate::adapters::webpresenter::{EncoderAddress, WebPresenter};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::Reach;
use crate::domain::encoder::{
    EncoderEvent, EncoderFault, EncoderFaultKind, EncoderFeeds, EncoderMemory, EncoderOrder, EncoderProtocol,
    EncoderReading, EncoderStatus,
};
use crate::domain::moment::Moment;

/// An order takes no longer, all its requests together.
const ORDER_LIMIT: Duration = Duration::from_secs(10);

/// An encoder of the configuration.
#[derive(Clone, Debug)]
pub struct EncoderSetup {
    /// Unique.
    pub name: String,
    /// Where it is.
    pub address: EncoderAddress,
    /// Addresses that may be called.
    pub reach: Reach,
    /// Time between two questions.
    pub interval: Duration,
    /// It should always stream.
    pub always_on: bool,
    /// What it feeds.
    pub feeds: EncoderFeeds,
}

impl EncoderSetup {
    /// Its addresses, each of which may be called.
    ///
    /// # Errors
    /// `NameNotResolved`; `NoRoute` for one that may not be called.
    pub async fn addresses(&self) -> Result<Vec<IpAddr>, EncoderFault> {
        let found = resolve::check_host(&self.reach, &self.address.host, &self.address.ports()).await;
        found.map_err(|error| {
            let kind = match error.kind() {
                ErrorKind::Timeout | ErrorKind::NotFound => EncoderFaultKind::NameNotResolved,
                _ => EncoderFaultKind::NoRoute,
            };
            EncoderFault::new(kind, error.message().to_owned())
        })
    }
}

/// Clones are the same table. It outlives the actors.
#[derive(Clone, Default)]
pub struct EncoderTable(Arc<KnownDevices<KnownEncoder>>);

/// One of them.
pub(super) struct KnownEncoder {
    pub(super) setup: EncoderSetup,
    // Held for moments only, and never across an await.
    memory: Mutex<EncoderMemory>,
    /// Held while an order is given.
    order: tokio::sync::Mutex<()>,
    /// It is to be asked now.
    pub(super) due: Arc<Notify>,
}

impl KnownEncoder {
    fn lock(&self) -> MutexGuard<'_, EncoderMemory> {
        // Whoever panicked in there has left a whole state behind.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which protocol it answered by the last time, while it answers.
    pub(super) fn speaks(&self) -> Option<EncoderProtocol> {
        self.lock().status().reading.map(|reading| reading.protocol)
    }

    /// Takes up an answer, or its absence.
    pub(super) fn take(&self, found: Result<EncoderReading, EncoderFault>, at: Moment) -> Vec<EncoderEvent> {
        let mut memory = self.lock();
        match found {
            Ok(reading) => memory.answered(reading, at),
            Err(fault) => memory.failed(fault, at),
        }
    }
}

/// One that nobody has asked yet.
fn unknown(setup: &EncoderSetup) -> EncoderMemory {
    EncoderMemory::new(setup.name.clone(), setup.address.host.clone(), setup.always_on, setup.interval)
        .feeding(setup.feeds.clone())
}

impl EncoderTable {
    /// One that knows nothing yet of these.
    pub fn new(setups: Vec<EncoderSetup>) -> Self {
        let known = setups.into_iter().map(|setup| {
            let name = setup.name.clone();
            let memory = Mutex::new(unknown(&setup));
            let (order, due) = (tokio::sync::Mutex::new(()), Arc::new(Notify::new()));
            (name, KnownEncoder { setup, memory, order, due })
        });
        Self(Arc::new(known.collect()))
    }

    /// All of them, by name; none while another process asks them. Cheap enough for every scrape.
    pub fn statuses(&self) -> Vec<EncoderStatus> {
        self.0.asked().map(|known| known.lock().status()).collect()
    }

    /// Another process asks them, or this one does again: nothing is known of them yet.
    pub(super) fn rest(&self, rests: bool) {
        self.0.rest(rests, |known| *known.lock() = unknown(&known.setup));
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The encoder of this name.
    pub(super) fn get(&self, name: &str) -> Option<&KnownEncoder> {
        self.0.get(name)
    }

    /// Tells an encoder to start or to stop; it has taken the order when this returns, and is asked at once what came of it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it does not take the order or another one is being given; `Unavailable` and `Timeout` when it does
    /// not answer.
    pub async fn order(&self, name: &str, order: EncoderOrder) -> Result<()> {
        let known = self.get(name).ok_or_else(|| {
            Error::not_found(format!("no encoder of the name {name} is in the configuration of this process"))
        })?;
        let Ok(_alone) = known.order.try_lock() else {
            let words = format!("the encoder {name} is being given an order; wait until it has taken it");
            return Err(Error::new(ErrorKind::Conflict, words));
        };
        let speaks = known.speaks();
        let giving = async {
            let at = known.setup.addresses().await?;
            WebPresenter::new(known.setup.address.clone()).order(&at, order, speaks).await
        };
        let late = || EncoderFault::new(EncoderFaultKind::TimedOut, "it did not take the order in time");
        let given = timeout(ORDER_LIMIT, giving).await.unwrap_or_else(|_| Err(late()));
        given.map_err(|fault| {
            let kind = match fault.kind {
                EncoderFaultKind::Declined => ErrorKind::Conflict,
                EncoderFaultKind::TimedOut => ErrorKind::Timeout,
                _ => ErrorKind::Unavailable,
            };
            Error::new(kind, format!("the encoder {name} did not take the order: {fault}"))
        })?;
        known.lock().ordered(order, now());
        known.due.notify_one();
        Ok(())
    }
}
