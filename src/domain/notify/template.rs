//! Messages in words: plain text that a person reads at night on a telephone.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};

use super::message::{ItemEvent, Message, MessageItem};
use super::severity::Severity;
use crate::base::placeholders::fill;
use crate::domain::incident::IncidentKind;

/// How much stands in a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// A line for each, at most five of them.
    Short,
    /// A line for each, and its reason.
    #[default]
    Long,
}

/// Lines of a short message.
const SHORT: usize = 5;
/// Longest line in characters: causes come from elsewhere.
const LONGEST_LINE: usize = 600;

/// How a receiver wants its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// How much.
    pub length: Length,
    /// A line of one's own for each incident, with the names of [`placeholders`](crate::base::placeholders).
    pub line: Option<String>,
}

/// Where the message comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Who tells it.
    pub node: String,
    /// Address of the page.
    pub page: Option<String>,
    /// What the configured time zone is ahead of UTC.
    pub offset: TimeDelta,
}

impl Words {
    /// One line that says what it is about.
    pub fn title(&self, message: &Message) -> String {
        if message.test {
            return format!("Test message of Streamwarden on {}", self.node);
        }
        let (wrong, over): (Vec<_>, Vec<_>) =
            message.items.iter().partition(|item| matches!(item.event, ItemEvent::Opened | ItemEvent::Reminder));
        let count = wrong.len() + message.more;
        let prefix = if message.escalation { "Not acknowledged: " } else { "" };
        let text = match (wrong.as_slice(), over.as_slice()) {
            ([one], rest) if message.more == 0 => {
                let more = if rest.is_empty() { String::new() } else { format!("; over: {}", rest.len()) };
                format!("{} {}{more}", one.subject.title(), describe(one.kind))
            }
            // Its row was damaged: that nothing can be said of it does not mean that all is well.
            ([], []) => "A message could not be read: look at the incidents".to_owned(),
            ([], [one]) => format!("{} {}: over", one.subject.title(), describe(one.kind)),
            ([], all) => format!("{} troubles are over", all.len() + message.more),
            ([first, ..], rest) => {
                let more = if rest.is_empty() { String::new() } else { format!("; over: {}", rest.len()) };
                format!(
                    "{count} troubles: {} {} and {} more{more}",
                    first.subject.title(),
                    describe(first.kind),
                    count - 1
                )
            }
        };
        cut(&format!("{prefix}{text}"), 200)
    }

    /// The whole message.
    pub fn text(&self, message: &Message, template: &Template) -> String {
        let mut out = String::new();
        if message.test {
            out.push_str("Somebody has asked for this message. Messages about incidents arrive here.\n");
        }
        if message.escalation {
            out.push_str("Nobody has acknowledged this:\n");
        }
        let most = if template.length == Length::Short { SHORT } else { message.items.len() };
        for item in message.items.iter().take(most) {
            // Writing into a String cannot fail.
            let _ = writeln!(out, "{}", cut(&self.line(item, template), LONGEST_LINE));
        }
        let more = message.items.len().saturating_sub(most) + message.more;
        if more > 0 {
            let _ = writeln!(out, "... and {more} more.");
        }
        if template.length == Length::Long {
            let _ = writeln!(out, "\nTold by Streamwarden on {}.", self.node);
        }
        if let Some(page) = &self.page {
            let _ = writeln!(out, "{page}");
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn line(&self, item: &MessageItem, template: &Template) -> String {
        if let Some(line) = &template.line {
            return fill(line, |name| self.value(name, item));
        }
        let value = |name| self.value(name, item);
        let time = match (item.event, item.until) {
            (ItemEvent::Opened, _) => format!("since {}", value("since")),
            (ItemEvent::Reminder, _) => format!("still, since {}", value("since")),
            (_, Some(_)) if item.until == Some(item.since) => format!("at {}", value("since")),
            (_, Some(_)) => format!("over: from {} to {} ({})", value("since"), value("until"), value("duration")),
            (_, None) => format!("over: since {}", value("since")),
        };
        let times = if item.times > 1 { format!(", {} times", item.times) } else { String::new() };
        let head = format!("{} {}, {time}{times}", value("subject"), value("what"));
        let is_over = item.event == ItemEvent::Resolved;
        if template.length == Length::Short || is_over || item.cause.is_empty() {
            head
        } else {
            format!("{head}: {}", item.cause)
        }
    }

    fn value(&self, name: &str, item: &MessageItem) -> String {
        match name {
            "event" => match item.event {
                ItemEvent::Opened => "wrong",
                ItemEvent::Past => "was wrong",
                ItemEvent::Reminder => "still wrong",
                ItemEvent::Resolved => "over",
            }
            .to_owned(),
            "what" => describe(item.kind).to_owned(),
            "subject" => item.subject.title(),
            "since" => self.time(item.since),
            "until" => item.until.map_or_else(|| "now".to_owned(), |until| self.time(until)),
            "duration" => item.until.map_or_else(|| "lasts".to_owned(), |until| lasting(until - item.since)),
            "cause" => item.cause.clone(),
            "severity" => item.severity.as_str().to_owned(),
            "times" => item.times.to_string(),
            "node" => self.node.clone(),
            _ => String::new(),
        }
    }

    fn time(&self, time: DateTime<Utc>) -> String {
        let local = time.checked_add_signed(self.offset).unwrap_or(time);
        let zone = match self.offset.num_minutes() {
            0 => "UTC".to_owned(),
            minutes => {
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        };
        format!("{} {zone}", local.format("%Y-%m-%d %H:%M:%S"))
    }
}

/// What a kind of incident is called behind the name of its subject.
pub fn describe(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::CameraDown => "is down",
        IncidentKind::CameraStalled => "has stalled",
        IncidentKind::CameraDegraded => "fails again and again",
        IncidentKind::OtherPublisher => "has its path taken by another publisher",
        IncidentKind::ChangeBlocked => "has a change that waits for a person",
        IncidentKind::ServerDown => "does not answer",
        IncidentKind::ServerRestarted => "was restarted",
        IncidentKind::ServiceDown => "does not work",
        IncidentKind::RecordingPaused => "is not recorded",
        IncidentKind::StreamFlapping => "comes and goes",
        IncidentKind::SourceReplaced => "has another source",
        IncidentKind::TracksChanged => "has other tracks",
        IncidentKind::ReadersGone => "has lost all its readers",
        IncidentKind::CounterReset => "has had its counters reset",
        IncidentKind::HostSilent => "is silent",
        IncidentKind::DiskNearlyFull => "is nearly full",
        IncidentKind::ObjectConflict => "has other bytes in the object store",
        IncidentKind::ProbeFailed => "fails when it is probed",
        IncidentKind::ReceiverFailing => "does not take messages",
        IncidentKind::EndpointDown => "does not answer over the network",
        IncidentKind::EndpointDegraded => "answers badly over the network",
        IncidentKind::EncoderDown => "does not answer",
        IncidentKind::EncoderStalled => "sends nothing",
        IncidentKind::EncoderStopped => "has stopped streaming",
        IncidentKind::EncoderCacheFull => "sends less than it makes",
        IncidentKind::EncoderChanged => "has other settings",
        IncidentKind::PlatformDown => "cannot be asked",
        IncidentKind::IngestDown => "gets no stream",
        IncidentKind::IngestLinkExpires => "has an address that expires",
        IncidentKind::StreamUnusual => "is not as usual",
        IncidentKind::EndpointUnusual => "takes longer to answer than usual",
    }
}

/// How a worst severity is told to services that know priorities: 1 to 5.
impl Severity {
    /// Priority of ntfy: 5 is the loudest, 3 the usual one.
    pub fn priority(worst: Option<Self>) -> u8 {
        match worst {
            Some(Self::Critical) => 5,
            Some(Self::Warning) => 4,
            Some(Self::Info) | None => 3,
        }
    }
}

fn lasting(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// One line of at most so many characters.
fn cut(text: &str, longest: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut out: String = text.chars().take(longest).map(plain).collect();
    if text.chars().nth(longest).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::incident::Subject;

    fn item(event: ItemEvent, name: &str, until: Option<i64>) -> MessageItem {
        let at = |second| DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time");
        MessageItem {
            event,
            incident: None,
            kind: IncidentKind::CameraDown,
            severity: Severity::Critical,
            subject: Subject::camera_of(1, name),
            cause: "it does\nnot answer".to_owned(),
            since: at(0),
            until: until.map(at),
            times: if until.is_some() { 3 } else { 1 },
        }
    }

    fn message(items: Vec<MessageItem>) -> Message {
        Message::of(Uuid::nil(), "ops", DateTime::from_timestamp(1_800_000_100, 0).expect("a time"), false, items)
    }

    #[test]
    fn a_message_says_what_where_since_when_and_why() {
        let words = Words {
            node: "n1".to_owned(),
            page: Some("https://v.example/".to_owned()),
            offset: TimeDelta::minutes(-210),
        };
        let long = Template::default();
        let one = message(vec![item(ItemEvent::Opened, "gate", None)]);
        assert_eq!(words.title(&one), "gate is down");
        assert_eq!(
            words.text(&one, &long),
            "gate is down, since 2027-01-15 04:30:00 UTC-03:30: it does not answer\n\nTold by Streamwarden on n1.\nhttps://v.example/"
        );
        let over = message(vec![item(ItemEvent::Resolved, "gate", Some(3_725))]);
        assert_eq!(words.title(&over), "gate is down: over");
        let utc = Words { offset: TimeDelta::zero(), page: None, ..words.clone() };
        let short = Template { length: Length::Short, line: None };
        assert_eq!(
            utc.text(&over, &short),
            "gate is down, over: from 2027-01-15 08:00:00 UTC to 2027-01-15 09:02:05 UTC (1 h 2 min), 3 times"
        );
        let many = message((0..70).map(|n| item(ItemEvent::Opened, &format!("c{n}"), None)).collect());
        assert_eq!(words.title(&many), "70 troubles: c0 is down and 69 more");
        assert!(utc.text(&many, &short).ends_with("c4 is down, since 2027-01-15 08:00:00 UTC\n... and 65 more."));
        let own = Template { length: Length::Short, line: Some("[{severity}] {subject}: {event} {times}x".to_owned()) };
        assert_eq!(utc.text(&over, &own), "[critical] gate: over 3x");
        assert!(words.title(&message(Vec::new())).starts_with("A message could not be read"));
        let test = words.text(&Message::test("ops", one.at), &long);
        assert!(test.starts_with("Somebody has asked for this message."), "{test}");
    }
}
