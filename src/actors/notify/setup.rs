//! The receivers as the configuration has them, ready for use.

use std::sync::Arc;

use chrono::{Local, Offset, TimeDelta, Utc};

use crate::adapters::notify::{self, Outgoing, Receiver};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::{MessageLength, ReceiverSettings, TimeZone};
use crate::domain::incident::IncidentKind;
use crate::domain::notify::{Length, Message, QuietHours, ReceiverRule, Severity, Template, Words};

/// All of it.
pub struct NotifySetup {
    /// Receivers, in the order of the configuration.
    pub receivers: Vec<ReceiverSetup>,
    node: String,
    page: Option<String>,
    time_zone: TimeZone,
}

/// One receiver.
pub struct ReceiverSetup {
    /// What it hears of.
    pub rule: ReceiverRule,
    /// As configured.
    pub settings: ReceiverSettings,
    template: Template,
    receiver: Arc<dyn Receiver>,
}

impl NotifySetup {
    /// Of these settings; asks nobody yet.
    ///
    /// # Errors
    /// `Invalid` when a file with certificates cannot be used.
    pub fn from_settings(settings: &Settings) -> Result<Arc<Self>> {
        let receivers = settings.notify.receivers.iter().map(ReceiverSetup::new).collect::<Result<_>>()?;
        Ok(Arc::new(Self {
            receivers,
            node: settings.node.clone(),
            page: settings.notify.page_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            time_zone: settings.notify.time_zone,
        }))
    }

    /// The receiver of this name.
    pub fn receiver(&self, name: &str) -> Option<&ReceiverSetup> {
        self.receivers.iter().find(|one| one.rule.name == name)
    }

    /// What the configured time zone is ahead of UTC now.
    pub fn offset(&self) -> TimeDelta {
        match self.time_zone {
            TimeZone::Fixed(minutes) => TimeDelta::minutes(i64::from(minutes)),
            TimeZone::Machine => TimeDelta::seconds(i64::from(Local::now().offset().fix().local_minus_utc())),
        }
    }

    /// Whether it is the same for whoever uses it.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&ReceiverSetup, &ReceiverSetup)| one.is_same(other);
        self.node == other.node
            && self.page == other.page
            && self.time_zone == other.time_zone
            && self.receivers.len() == other.receivers.len()
            && self.receivers.iter().zip(&other.receivers).all(same)
    }

    /// A message in the words of its receiver, and the way there; `None` when there is no such receiver any more.
    pub fn outgoing(&self, message: Message) -> Option<(Arc<dyn Receiver>, Outgoing)> {
        let setup = self.receiver(&message.receiver)?;
        let words = Words { node: self.node.clone(), page: self.page.clone(), offset: self.offset() };
        let (title, text) = (words.title(&message), words.text(&message, &setup.template));
        Some((Arc::clone(&setup.receiver), Outgoing { message, title, text, node: words.node, page: words.page }))
    }

    /// A message that tries this receiver.
    pub fn test_message(&self, name: &str) -> Option<(Arc<dyn Receiver>, Outgoing)> {
        self.outgoing(Message::test(name, Utc::now()))
    }
}

impl ReceiverSetup {
    fn new(settings: &ReceiverSettings) -> Result<Self> {
        let length = match settings.length {
            MessageLength::Short => Length::Short,
            MessageLength::Long => Length::Long,
        };
        Ok(Self {
            rule: rule(settings)?,
            template: Template { length, line: settings.line.clone() },
            receiver: notify::open(settings)?,
            settings: settings.clone(),
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.rule == other.rule
            && self.template == other.template
            && self.settings.ca_file == other.settings.ca_file
            && self.settings.target.is_same(&other.settings.target)
    }
}

fn rule(settings: &ReceiverSettings) -> Result<ReceiverRule> {
    let delta = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(365));
    // The configuration has looked at these words already.
    let severity = |word: &String| Severity::parse(word).ok_or_else(|| Error::invalid("severity", "is not known"));
    let kind =
        |word: &String| IncidentKind::parse(word).ok_or_else(|| Error::invalid("kinds", "has one that is not known"));
    let quiet = match settings.quiet_hours {
        Some(hours) => {
            Some(QuietHours { hours, severity: settings.quiet_severity.as_ref().map(severity).transpose()? })
        }
        None => None,
    };
    Ok(ReceiverRule {
        name: settings.name.clone(),
        severity: severity(&settings.severity)?,
        kinds: settings.kinds.iter().map(kind).collect::<Result<_>>()?,
        streams: settings.streams.clone(),
        group_wait: delta(settings.group_wait),
        group_interval: delta(settings.group_interval),
        resolved: settings.resolved,
        resolve_after: delta(settings.resolve_after),
        repeat: settings.repeat.map(delta),
        escalate_after: settings.escalate_after.map(delta),
        quiet,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{NOTIFIED_KINDS, SEVERITIES};

    #[test]
    fn the_words_of_the_configuration_are_those_of_the_rules() {
        assert_eq!(SEVERITIES, Severity::ALL.map(Severity::as_str));
        assert_eq!(NOTIFIED_KINDS, IncidentKind::ALL.map(IncidentKind::as_str));
    }
}
