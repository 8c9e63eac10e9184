//! Where the messages of a receiver go: what each kind needs, and what it does not take.

use std::net::IpAddr;

use lettre::message::Mailbox;
use secrecy::SecretString;
use url::Url;

use super::checker::Checker;
use super::values::{list, one_of, text};
use crate::config::complaint::ConfigFault;
use crate::config::notify_settings::{
    EmailTarget, MailSecurity, NtfyTarget, ReceiverTarget, TelegramTarget, WebhookTarget,
};
use crate::config::raw::RawEntry;

/// Nobody names more receivers, prefixes or addresses.
pub(super) const MOST: usize = 100;

const KINDS: [&str; 5] = ["webhook", "email", "slack", "telegram", "ntfy"];

/// Which of the keys that belong to a target each kind takes.
const TAKEN: [(&str, &[&str]); 5] = [
    ("webhook", &["url", "token", "signing_secret", "ca_file"]),
    ("email", &["url", "username", "password", "from", "to", "ca_file"]),
    ("slack", &["url"]),
    ("telegram", &["url", "token", "to", "ca_file"]),
    ("ntfy", &["url", "token", "ca_file"]),
];

const ALL: [&str; 8] = ["url", "token", "signing_secret", "username", "password", "from", "to", "ca_file"];

const TELEGRAM: &str = "https://api.telegram.org";

/// `None` when something is wrong, which has been complained of.
pub(super) fn target(check: &mut Checker<'_>, section: &str) -> Option<ReceiverTarget> {
    let key = |name: &str| format!("{section}.{name}");
    let kind = check.read(&key("kind"), |entry| one_of(&text(entry)?, &KINDS, "a kind of receiver"));
    if kind.is_none() && !check.is_given(&key("kind")) {
        let fault = ConfigFault::new("is missing", format!("write one of {}", KINDS.join(", ")));
        check.complain(&key("kind"), fault);
    }
    let kind = kind?;
    let taken = TAKEN.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, taken)| taken);
    for name in ALL.iter().filter(|name| !taken.contains(name)) {
        if check.is_given(&key(name)) {
            let fault = ConfigFault::new(format!("is given to a receiver of the kind {kind}"), "leave it out");
            check.complain(&key(name), fault);
        }
    }
    let secret = |check: &mut Checker<'_>, name: &str| check.read(&key(name), header_text);
    match kind.as_str() {
        "webhook" => {
            let url = required(check, &key("url"), "the address that takes the POST", |entry| hook(entry, false));
            let (token, signing_secret) = (secret(check, "token"), check.read(&key("signing_secret"), signing_secret));
            Some(ReceiverTarget::Webhook(WebhookTarget { url: url?, token, signing_secret }))
        }
        "slack" => {
            let what = "the address of the incoming webhook, from Slack's settings of your app";
            required(check, &key("url"), what, |entry| hook(entry, true)).map(|url| ReceiverTarget::Slack { url })
        }
        "telegram" => telegram(check, &key),
        "ntfy" => {
            let what = "server and topic, as in https://ntfy.sh/topic";
            let at = required(check, &key("url"), what, topic);
            let token = secret(check, "token");
            let (server, topic) = at?;
            Some(ReceiverTarget::Ntfy(NtfyTarget { server, topic, token }))
        }
        _ => email(check, &key).map(ReceiverTarget::Email),
    }
}

fn required<T>(
    check: &mut Checker<'_>,
    key: &str,
    what: &str,
    parse: impl FnOnce(&RawEntry) -> Result<T, ConfigFault>,
) -> Option<T> {
    let value = check.read(key, parse);
    if value.is_none() && !check.is_given(key) {
        check.complain(key, ConfigFault::new("is missing", format!("write {what}")));
    }
    value
}

/// What goes into a header.
fn header_text(entry: &RawEntry) -> Result<SecretString, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    if typed.len() > 4_096 || !typed.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigFault::new("is not a token", "write letters, digits and punctuation without spaces"));
    }
    Ok(SecretString::from(typed.to_owned()))
}

fn signing_secret(entry: &RawEntry) -> Result<SecretString, ConfigFault> {
    let typed = text(entry)?;
    if typed.len() < 16 {
        return Err(ConfigFault::new("has less than 16 characters", "make one with: openssl rand -hex 32"));
    }
    Ok(SecretString::from(typed))
}

/// The value is never repeated: it is a secret.
fn url(entry: &RawEntry, schemes: &[&str], example: &str) -> Result<Url, ConfigFault> {
    let typed = text(entry)?;
    let remedy = || format!("write it like {example}");
    let url = Url::parse(typed.trim()).map_err(|error| ConfigFault::new(format!("is not a URL: {error}"), remedy()))?;
    if !schemes.contains(&url.scheme()) {
        return Err(ConfigFault::new(format!("does not begin with {}://", schemes.join(":// or ")), remedy()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(ConfigFault::new("names no host", remedy()));
    }
    if url.port() == Some(0) {
        return Err(ConfigFault::new("names port 0, which nothing listens on", remedy()));
    }
    if url.fragment().is_some() {
        return Err(ConfigFault::new("goes on with #, which is sent to nobody", remedy()));
    }
    Ok(url)
}

/// An address of a scheme that the web does not know (`smtp`) is kept as a name.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address that takes a POST. Whoever asks for TLS gets by without it on this machine.
fn hook(entry: &RawEntry, needs_tls: bool) -> Result<SecretString, ConfigFault> {
    let url = url(entry, &["http", "https"], "https://hooks.example.org/streamwarden")?;
    only_tls(&url, needs_tls)?;
    Ok(SecretString::from(url.to_string()))
}

fn only_tls(url: &Url, needs_tls: bool) -> Result<(), ConfigFault> {
    if needs_tls && url.scheme() == "http" && !is_here(url) {
        return Err(ConfigFault::new("goes to another machine without TLS", "write https://"));
    }
    Ok(())
}

fn telegram(check: &mut Checker<'_>, key: &dyn Fn(&str) -> String) -> Option<ReceiverTarget> {
    let api_url = check.read(&key("url"), |entry| {
        let url = url(entry, &["http", "https"], TELEGRAM)?;
        only_tls(&url, true)?;
        Ok(url)
    });
    let given = check.is_given(&key("url"));
    let token = required(check, &key("token"), "the token of the bot, from @BotFather", |entry| {
        let typed = text(entry)?;
        let typed = typed.trim();
        // It becomes a part of an address.
        let is_plain = typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte));
        if !is_plain || !typed.contains(':') || typed.len() > 200 {
            return Err(ConfigFault::new(
                "is not the token of a bot",
                "write what @BotFather gave you: digits, ':' and letters",
            ));
        }
        Ok(SecretString::from(typed.to_owned()))
    });
    let chat = required(check, &key("to"), "the number of the chat in a list: [\"-1001234567890\"]", |entry| {
        let remedy = "write the number of the chat, or @ and the name of a public channel: [\"-1001234567890\"]";
        let chats = list(entry)?;
        let [chat] = chats.as_slice() else {
            return Err(ConfigFault::new(format!("names {} chats, expected one", chats.len()), remedy));
        };
        let is_chat = chat.parse::<i64>().is_ok()
            || chat.strip_prefix('@').is_some_and(|name| {
                !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            });
        if is_chat { Ok(chat.clone()) } else { Err(ConfigFault::new("is not a chat", remedy)) }
    });
    let api_url = match (api_url, given) {
        (None, true) => return None,
        (url, _) => url.or_else(|| Url::parse(TELEGRAM).ok()),
    };
    Some(ReceiverTarget::Telegram(TelegramTarget { api_url: api_url?, token: token?, chat: chat? }))
}

/// The last part of the path is the topic.
fn topic(entry: &RawEntry) -> Result<(Url, SecretString), ConfigFault> {
    let example = "https://ntfy.sh/topic";
    let mut server = url(entry, &["http", "https"], example)?;
    let path = server.path().to_owned();
    let (base, topic) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_topic = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if topic.is_empty() || topic.len() > 64 || !topic.bytes().all(is_topic) || server.query().is_some() {
        let remedy =
            format!("write server and topic, like {example}; a topic has letters, digits, '_' and '-', at most 64");
        return Err(ConfigFault::new("does not end in a topic", remedy));
    }
    let topic = SecretString::from(topic.to_owned());
    server.set_path(&format!("{base}/"));
    Ok((server, topic))
}

fn email(check: &mut Checker<'_>, key: &dyn Fn(&str) -> String) -> Option<EmailTarget> {
    let what = "the mail server: smtp://mail.example.org:587 (STARTTLS), or smtps://mail.example.org";
    let server = required(check, &key("url"), what, |entry| {
        let url = url(entry, &["smtp", "smtps"], "smtp://mail.example.org:587 or smtps://mail.example.org")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigFault::new("holds a username or password", "use the keys username and password"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(ConfigFault::new("goes on after host and port", "leave only scheme, host and port"));
        }
        Ok(url)
    });
    let from = required(check, &key("from"), "who writes: \"Streamwarden <video@example.org>\"", |entry| {
        mailbox(&text(entry)?)
    });
    let to = required(check, &key("to"), "who reads: [\"ops@example.org\"]", |entry| {
        let all = list(entry)?;
        if all.is_empty() || all.len() > MOST {
            let fault = format!("names {} addresses", all.len());
            return Err(ConfigFault::new(fault, format!("name one to {MOST}: [\"ops@example.org\"]")));
        }
        all.iter().map(|address| mailbox(address)).collect::<Result<Vec<_>, _>>()
    });
    let user = check.read(&key("username"), text);
    let password = check.read(&key("password"), text).map(SecretString::from);
    for (given, missing) in [("username", "password"), ("password", "username")] {
        if check.is_given(&key(given)) && !check.is_given(&key(missing)) {
            let fault = ConfigFault::new(format!("is given without {missing}"), "give both, or neither");
            check.complain(&key(given), fault);
        }
    }
    let server = server?;
    // Who names a certificate wants TLS.
    let is_plain = is_here(&server) && !check.is_given(&key("ca_file"));
    let (security, port) = match (server.scheme(), is_plain) {
        ("smtps", _) => (MailSecurity::Tls, 465),
        (_, true) => (MailSecurity::Plain, 25),
        (_, false) => (MailSecurity::StartTls, 587),
    };
    Some(EmailTarget {
        host: server.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        port: server.port().unwrap_or(port),
        security,
        login: user.zip(password),
        from: from?,
        to: to?,
    })
}

fn mailbox(typed: &str) -> Result<String, ConfigFault> {
    let shown: String = typed.chars().take(60).collect();
    let wrong = || {
        ConfigFault::new(
            format!("{shown:?} is not a mail address"),
            "write ops@example.org or \"Name <ops@example.org>\"",
        )
    };
    if typed.chars().any(char::is_control) || typed.len() > 320 {
        return Err(wrong());
    }
    typed.parse::<Mailbox>().map(|_| typed.to_owned()).map_err(|_| wrong())
}
