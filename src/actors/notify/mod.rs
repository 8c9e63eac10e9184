//! Notifications: incidents told to people and programs.
//!
//! ```text
//! Notifier            keeps a worker for each receiver of the configuration
//!  |- plan            reads incidents, plans messages (domain::notify), writes them to the queue of the database
//!  `- receiver NAME   takes messages out of the queue and delivers them
//! ```
//!
//! Of all nodes of a database one leads (`NotificationStore::lead_notifications`): it plans for the incidents of all of them, so that
//! what several nodes see is told once, and it delivers. When it is gone another one takes over within [`LEASE`] and goes on with what
//! the database has, the open incidents of receivers among it. A message and what was told by it are written in one transaction; a message leaves the queue when its receiver
//! has taken it. So a message is lost by no kill, and told twice only where the receiver's answer was lost.
//!
//! One receiver that is away holds up its own messages alone. When that lasts, it is an incident, which the others hear of.
//!
//! Never here: what is told when and in which words (`domain::notify`), SMTP and HTTP (`adapters::notify`).

mod delivery;
mod notifications;
mod notifier;
mod parts;
mod planning;
mod setup;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use notifications::{Notifications, ReceiverState};
pub use notifier::Notifier;
pub use parts::{NotifyParts, QueueSignals};
pub use setup::NotifySetup;

/// Who leads and gives no sign of life for so long leads no more.
const LEASE: Duration = Duration::from_secs(20);
