//! What every receiver is: somebody who takes a message, or says why not.

use std::time::Duration;

use async_trait::async_trait;

use crate::base::{Error, ErrorKind, Result};
use crate::domain::notify::Message;

/// Longest time for one try, all its parts together.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A message, ready to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What it tells.
    pub message: Message,
    /// One line.
    pub title: String,
    /// All of it, in words.
    pub text: String,
    /// Who tells it.
    pub node: String,
    /// Address of the page.
    pub page: Option<String>,
}

/// Why a message was not delivered. In words, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryFault {
    /// This message is refused; others may be taken.
    Message(String),
    /// Every message is refused until somebody changes something.
    Receiver(String),
    /// Not now.
    Passing {
        /// Why.
        why: String,
        /// The receiver asks to be left alone for so long.
        rest: Option<Duration>,
    },
}

impl DeliveryFault {
    /// It could not now, and does not say for how long.
    pub fn passing(why: impl Into<String>) -> Self {
        Self::Passing { why: why.into(), rest: None }
    }

    /// In words.
    pub fn why(&self) -> &str {
        match self {
            Self::Message(why) | Self::Receiver(why) | Self::Passing { why, .. } => why,
        }
    }

    /// For whoever has asked for the message: `Conflict` where trying again helps nothing, else `Unavailable`.
    pub fn into_error(self, receiver: &str) -> Error {
        let kind = match self {
            Self::Message(_) | Self::Receiver(_) => ErrorKind::Conflict,
            Self::Passing { .. } => ErrorKind::Unavailable,
        };
        Error::new(kind, format!("the receiver {receiver} did not take the message: {}", self.why()))
    }
}

/// Somebody who takes messages.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Hands over a message.
    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryFault>;

    /// Whether somebody answers there and, where that can be asked, whether they take the login. Sends no message.
    async fn try_out(&self) -> Result<(), DeliveryFault>;
}
