//! Incidents as messages: who is told of what, when, and in which words.
//!
//! A *receiver* is a person or a program that is told. What it hears of is an *episode*: one kind of trouble of one subject, from
//! its first incident until it has been well for a while. An incident that comes back within that time goes on with the episode
//! instead of being news, and the more often it came back, the longer it has to be well: what flaps is one message and its end.
//! Incidents of several nodes for the same kind and subject are one episode.
//!
//! [`plan()`] decides for one receiver, from what is known now, whether a message is due and what stands in it. It remembers
//! nothing: what was told is in the episodes, which the database keeps together with the message.

mod deliveries;
mod episode;
mod message;
mod plan;
#[cfg(test)]
mod plan_tests;
mod receiver_rule;
mod severity;
mod template;

pub use deliveries::Deliveries;
pub use episode::{Episode, KEPT_AFTER_END};
pub use message::{ItemEvent, MOST_ITEMS, Message, MessageItem};
pub use plan::{Known, LOOKBACK, ReceiverPlan, ReceiverTimes, plan};
pub use receiver_rule::{QuietHours, ReceiverRule, own_subject};
pub use severity::Severity;
pub use template::{Length, Template, Words, describe};
