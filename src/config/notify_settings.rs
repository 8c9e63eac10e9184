//! Checked settings of the section `notify`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::base::upload_window::UploadWindow;

/// Who is told of incidents.
#[derive(Clone, Debug, Default)]
pub struct NotifySettings {
    /// Where people open the page.
    pub page_url: Option<Url>,
    /// The clock of quiet hours, and of times in messages.
    pub time_zone: TimeZone,
    /// Names are unique.
    pub receivers: Vec<ReceiverSettings>,
}

/// A clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeZone {
    /// So many minutes ahead of UTC.
    Fixed(i32),
    /// As this machine is set.
    Machine,
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

/// A receiver.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    /// Unique.
    pub name: String,
    /// Where its messages go.
    pub target: ReceiverTarget,
    /// A file with the certificate of its server or of that one's authority, where the machine does not know it.
    pub ca_file: Option<PathBuf>,
    /// It hears of what is at least so bad: one of [`SEVERITIES`](super::SEVERITIES).
    pub severity: String,
    /// Only of these kinds, of [`NOTIFIED_KINDS`](super::NOTIFIED_KINDS); all when empty.
    pub kinds: Vec<String>,
    /// Of cameras and streams only those whose names begin so; all when empty.
    pub streams: Vec<String>,
    /// The first trouble waits so long for others.
    pub group_wait: Duration,
    /// Least time between two messages.
    pub group_interval: Duration,
    /// An end is told.
    pub resolved: bool,
    /// It has to be well for so long before its end is told.
    pub resolve_after: Duration,
    /// What lasts is told again after so long.
    pub repeat: Option<Duration>,
    /// It hears only of what has lasted so long and nobody has acknowledged.
    pub escalate_after: Option<Duration>,
    /// Then it hears of less.
    pub quiet_hours: Option<UploadWindow>,
    /// In quiet hours it hears of what is at least so bad; `None`: of nothing.
    pub quiet_severity: Option<String>,
    /// Reasons stand in the messages too.
    pub length: MessageLength,
    /// A line of one's own for each incident. Its placeholders are checked by whoever fills them.
    pub line: Option<String>,
}

/// How much stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageLength {
    /// A line for each of the first few.
    Short,
    /// All of it, with reasons.
    Long,
}

/// Where messages go.
#[derive(Clone, Debug)]
pub enum ReceiverTarget {
    /// A program of one's own.
    Webhook(WebhookTarget),
    /// A mail server.
    Email(EmailTarget),
    /// An incoming webhook of Slack.
    Slack {
        /// It holds its own secret.
        url: SecretString,
    },
    /// A bot of Telegram.
    Telegram(TelegramTarget),
    /// A topic of ntfy.
    Ntfy(NtfyTarget),
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct WebhookTarget {
    /// May hold a secret.
    pub url: SecretString,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<SecretString>,
    /// Key of the signature.
    pub signing_secret: Option<SecretString>,
}

/// A mail server and its mails.
#[derive(Clone, Debug)]
pub struct EmailTarget {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How its connections are kept from others.
    pub security: MailSecurity,
    /// Username and password.
    pub login: Option<(String, SecretString)>,
    /// Who writes, as mail programs show it.
    pub from: String,
    /// Who reads.
    pub to: Vec<String>,
}

/// How a connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all: on this machine.
    Plain,
    /// The connection becomes TLS before anything is told.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A bot of Telegram and its chat.
#[derive(Clone, Debug)]
pub struct TelegramTarget {
    /// Of Telegram, or of a server of one's own.
    pub api_url: Url,
    /// The bot's.
    pub token: SecretString,
    /// Number of the chat, or `@channel`.
    pub chat: String,
}

/// A topic of ntfy.
#[derive(Clone, Debug)]
pub struct NtfyTarget {
    /// Its root.
    pub server: Url,
    /// Whoever knows it reads it.
    pub topic: SecretString,
    /// Access token.
    pub token: Option<SecretString>,
}

/// What two readings of the configuration are compared by. Never shown.
impl ReceiverTarget {
    /// Its word in the configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Email(_) => "email",
            Self::Slack { .. } => "slack",
            Self::Telegram(_) => "telegram",
            Self::Ntfy(_) => "ntfy",
        }
    }

    pub(super) fn address(&self) -> String {
        match self {
            Self::Webhook(WebhookTarget { url, .. }) | Self::Slack { url } => url.expose_secret().to_owned(),
            Self::Email(email) => format!("{:?} {} {}", email.security, email.host, email.port),
            Self::Telegram(target) => target.api_url.to_string(),
            Self::Ntfy(target) => format!("{} {}", target.server, target.topic.expose_secret()),
        }
    }

    pub(super) fn token(&self) -> Option<&str> {
        let token = match self {
            Self::Webhook(target) => target.token.as_ref(),
            Self::Telegram(target) => Some(&target.token),
            Self::Ntfy(target) => target.token.as_ref(),
            Self::Email(_) | Self::Slack { .. } => None,
        };
        token.map(ExposeSecret::expose_secret)
    }

    pub(super) fn signing_secret(&self) -> Option<&str> {
        match self {
            Self::Webhook(target) => target.signing_secret.as_ref().map(ExposeSecret::expose_secret),
            _ => None,
        }
    }

    fn email(&self) -> Option<&EmailTarget> {
        if let Self::Email(email) = self { Some(email) } else { None }
    }

    pub(super) fn username(&self) -> Option<&str> {
        self.email().and_then(|email| email.login.as_ref()).map(|(user, _)| user.as_str())
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.email().and_then(|email| email.login.as_ref()).map(|(_, password)| password.expose_secret())
    }

    pub(super) fn from(&self) -> Option<&str> {
        self.email().map(|email| email.from.as_str())
    }

    pub(super) fn to(&self) -> Vec<&str> {
        match self {
            Self::Email(email) => email.to.iter().map(String::as_str).collect(),
            Self::Telegram(target) => vec![&target.chat],
            _ => Vec::new(),
        }
    }

    /// Whether messages go to the same place in the same way.
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind() == other.kind()
            && self.address() == other.address()
            && self.token() == other.token()
            && self.signing_secret() == other.signing_secret()
            && (self.username(), self.password()) == (other.username(), other.password())
            && (self.from(), self.to()) == (other.from(), other.to())
    }
}

impl fmt::Display for ReceiverTarget {
    /// Where they go, without what is secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = |url: &str| Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        match self {
            Self::Webhook(WebhookTarget { url, .. }) | Self::Slack { url } => {
                write!(out, "{}", origin(url.expose_secret()))
            }
            Self::Email(email) => write!(out, "{} by {}:{}", email.to.join(", "), email.host, email.port),
            Self::Telegram(target) => write!(out, "chat {} of {}", target.chat, origin(target.api_url.as_str())),
            Self::Ntfy(target) => write!(out, "{}", origin(target.server.as_str())),
        }
    }
}
