//! A mail server: SMTP with STARTTLS, TLS from the first byte, or plain on this machine.

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError};
use lettre::{AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;

use super::http_delivery::brief;
use super::receiver::{DeliveryFault, LIMIT, Outgoing, Receiver};
use crate::base::{Error, Result, redact};
use crate::config::settings::{ApiTrust, EmailTarget, MailSecurity};
use crate::config::small_file;

pub(super) struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    pub(super) fn new(target: &EmailTarget, trust: &ApiTrust) -> Result<Self> {
        let address = |text: &String| {
            text.parse::<Mailbox>().map_err(|error| Error::invalid("notify.receivers[].to", error.to_string()))
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(target.host.as_str());
        let tls = || tls(&target.host, trust);
        let builder = builder.port(target.port).timeout(Some(LIMIT)).tls(match target.security {
            MailSecurity::Plain => Tls::None,
            MailSecurity::StartTls => Tls::Required(tls()?),
            MailSecurity::Tls => Tls::Wrapper(tls()?),
        });
        let builder = match &target.login {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()))
            }
            None => builder,
        };
        Ok(Self {
            transport: builder.build(),
            from: address(&target.from)?,
            to: target.to.iter().map(address).collect::<Result<_>>()?,
        })
    }
}

fn tls(host: &str, trust: &ApiTrust) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let ApiTrust::File(file) = trust {
        let wrong = |why: String| {
            let text = format!("{} {why}; name a readable file with certificates in PEM", file.display());
            Error::invalid("notify.receivers[].ca_file", text)
        };
        let read = small_file::read(file).map_err(|error| wrong(format!("cannot be read ({error})")))?;
        let certificate = Certificate::from_pem(&read).map_err(|_| wrong("holds no certificate".to_owned()))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build().map_err(|error| Error::internal("TLS to the mail server cannot be set up").with_source(error))
}

#[async_trait]
impl Receiver for Email {
    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryFault> {
        let id = format!("<{}@{}>", outgoing.message.id, self.from.email.domain());
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .subject(&outgoing.title)
            .date(outgoing.message.at.into())
            // The same at each try: mail programs know it again.
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        let mail = mail.body(outgoing.text.clone());
        let mail = mail.map_err(|error| DeliveryFault::Message(format!("no mail can be made of it: {error}")))?;
        self.transport.send(mail).await.map(drop).map_err(|error| judged(&error))
    }

    async fn try_out(&self) -> Result<(), DeliveryFault> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeliveryFault::passing("the mail server ends the connection after the login")),
            Err(error) => Err(judged(&error)),
        }
    }
}

/// What an answer of the mail server means (RFC 5321, 4.2.3; RFC 4954, 6).
fn judged(error: &SmtpError) -> DeliveryFault {
    let why = brief(&redact::text(&error.to_string()));
    let code = error.status().map(u16::from);
    match code {
        // Too large, or its content is refused.
        Some(552 | 554 | 555) => DeliveryFault::Message(format!("the mail server refuses the mail: {why}")),
        Some(code @ 500..=599) => DeliveryFault::Receiver(format!("the mail server refuses with {code}: {why}")),
        Some(_) => DeliveryFault::passing(format!("the mail server puts it off: {why}")),
        None if error.is_tls() => DeliveryFault::Receiver(format!("no TLS with the mail server: {why}")),
        None if error.is_timeout() => DeliveryFault::passing("the mail server does not answer in time"),
        None if error.is_client() => {
            DeliveryFault::Receiver(format!("the mail server cannot do what is asked of it: {why}"))
        }
        None => DeliveryFault::passing(format!("the mail server cannot be reached: {why}")),
    }
}
