//! A mail server: SMTP with STARTTLS, TLS from the first byte, or plain on this machine.

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use secrecy::ExposeSecret;

use super::http_delivery::brief;
use super::receiver::{DeliveryFault, Outgoing, Receiver};
use super::smtp_session::{MailServer, SmtpFault, SmtpSecurity, hand_over, part};
use crate::adapters::request_thread::{Peer, apart};
use crate::adapters::tls::certificate_trust;
use crate::base::{Error, Result, redact};
use crate::config::settings::{ApiTrust, EmailTarget, MailSecurity};
use crate::config::small_file;

pub(super) struct Email {
    server: MailServer,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    pub(super) fn new(target: &EmailTarget, trust: &ApiTrust) -> Result<Self> {
        let address = |text: &String| {
            text.parse::<Mailbox>().map_err(|error| Error::invalid("notify.receivers[].to", error.to_string()))
        };
        let security = match target.security {
            MailSecurity::Plain => SmtpSecurity::Plain,
            MailSecurity::StartTls => SmtpSecurity::StartTls(tls(&target.host, trust)?),
            MailSecurity::Tls => SmtpSecurity::Tls(certificate_trust::client("notify.receivers[].ca_file", trust)?),
        };
        let login =
            target.login.as_ref().map(|(user, password)| (user.clone(), password.expose_secret().to_owned()).into());
        Ok(Self {
            server: MailServer { host: target.host.clone(), port: target.port, security, login },
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
        let server = self.server.clone();
        let sent = apart(Peer::Receiver, async move {
            let mut connection = server.connect().await?;
            let taken = hand_over(&mut connection, &mail).await;
            part(connection).await;
            Ok(taken?)
        });
        sent.await.map_err(|fault| judged(&fault))
    }

    async fn try_out(&self) -> Result<(), DeliveryFault> {
        let server = self.server.clone();
        let tried = apart(Peer::Receiver, async move {
            let mut connection = server.connect().await?;
            let lasts = connection.test_connected().await;
            part(connection).await;
            Ok(lasts)
        });
        match tried.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeliveryFault::passing("the mail server ends the connection after the login")),
            Err(fault) => Err(judged(&fault)),
        }
    }
}

fn judged(fault: &SmtpFault) -> DeliveryFault {
    let error = match fault {
        SmtpFault::Answer(error) => return judged_answer(error),
        SmtpFault::Connection(error) => error,
    };
    let why = brief(&redact::text(&error.to_string()));
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(_) => DeliveryFault::Receiver(format!("no TLS with the mail server: {why}")),
        None => DeliveryFault::passing(format!("the mail server cannot be reached: {why}")),
    }
}

/// What an answer of the mail server means (RFC 5321, 4.2.3; RFC 4954, 6).
fn judged_answer(error: &SmtpError) -> DeliveryFault {
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{JoinHandle, spawn};

    use chrono::Utc;
    use futures_util::future::join_all;

    use super::*;
    use crate::adapters::notify::{deliver, try_out};
    use crate::domain::notify::Message;

    /// Speaks with one guest.
    fn server<T: Send + 'static>(speak: impl FnOnce(TcpStream) -> T + Send + 'static) -> (Email, JoinHandle<T>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let target = EmailTarget {
            host: "127.0.0.1".to_owned(),
            port,
            security: MailSecurity::Plain,
            login: None,
            from: "video@example.org".to_owned(),
            to: vec!["ops@example.org".to_owned()],
        };
        let email = Email::new(&target, &ApiTrust::Machine).expect("a receiver");
        (email, spawn(move || speak(listener.accept().expect("a guest").0)))
    }

    #[tokio::test]
    async fn an_answer_without_an_end_costs_neither_memory_nor_time() {
        // Of the short ones each is looked at with all before it.
        for text in [format!("220-{}\r\n", "a".repeat(200)), "220-\r\n".to_owned(), "2".to_owned()] {
            let block = text.repeat(65_536 / text.len());
            let (email, told) = server(move |mut guest| {
                let mut sent = 0;
                while guest.write_all(block.as_bytes()).is_ok() {
                    sent += block.len();
                }
                sent
            });
            let fault = try_out(&email).await.expect_err("no mail server");
            assert!(fault.why().contains("has no end"), "{text:?}: {fault:?}");
            // What the buffers of both ends hold, at most.
            assert!(told.join().expect("its count") < 64 << 20, "{text:?}");
        }
    }

    /// Says what `answer` says to each line, and nothing more once it says nothing.
    fn answering(answer: impl Fn(&str) -> Option<&'static str> + Send + 'static) -> Email {
        let speak = move |guest: TcpStream| {
            let mut answers = guest.try_clone().expect("both ways");
            let lines = BufReader::new(guest).lines().map_while(std::result::Result::ok);
            for line in std::iter::once("greeting".to_owned()).chain(lines) {
                let Some(text) = answer(&line) else { continue };
                answers.write_all(text.as_bytes()).expect("heard");
            }
        };
        server(speak).0
    }

    #[tokio::test]
    async fn a_refusal_is_told_though_nobody_answers_the_good_bye() {
        let well = |line: &str| match line {
            "greeting" => Some("220 mail\r\n"),
            line if ["EHLO", "MAIL", "RCPT"].iter().any(|known| line.starts_with(known)) => Some("250 well\r\n"),
            _ => None,
        };
        let greets = answering(|line| (line == "greeting").then_some("554 not you\r\n"));
        let sender = answering(move |line| match line.starts_with("MAIL") {
            true => Some("550 no such sender\r\n"),
            false => well(line),
        });
        let text = answering(move |line| match line {
            "DATA" => Some("354 go on\r\n"),
            "." => Some("554 looks like spam\r\n"),
            line => well(line),
        });
        let message = Message::test("mail", Utc::now());
        let (title, words) = ("A test".to_owned(), "Messages arrive.".to_owned());
        let outgoing = Outgoing { message, title, text: words, node: "here".to_owned(), page: None };
        let told = join_all([&greets, &sender, &text].map(|email| deliver(email, &outgoing))).await;
        let told: Vec<String> = told.into_iter().map(|told| told.expect_err("refused").why().to_owned()).collect();
        for (told, wanted) in told.iter().zip(["not you", "refuses with 550", "looks like spam"]) {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
    }

    #[tokio::test]
    async fn a_refused_login_is_told_though_nobody_answers_the_good_bye() {
        let mut email = answering(|line| match line {
            "greeting" => Some("220 mail\r\n"),
            line if line.starts_with("EHLO") => Some("250-mail\r\n250 AUTH PLAIN\r\n"),
            line if line.starts_with("AUTH") => Some("535 wrong password\r\n"),
            _ => None,
        });
        email.server.login = Some(("ops".to_owned(), "secret".to_owned()).into());
        let fault = try_out(&email).await.expect_err("refused");
        assert!(fault.why().contains("refuses with 535"), "{fault:?}");
    }

    #[tokio::test]
    async fn a_mail_that_was_taken_is_delivered_though_nobody_answers_the_good_bye() {
        let (email, told) = server(|guest| {
            let mut answers = guest.try_clone().expect("both ways");
            let mut say = |text: &str| answers.write_all(text.as_bytes()).expect("heard");
            say("220 mail\r\n");
            let (mut mails, mut is_text) = (0, false);
            for line in BufReader::new(guest).lines().map_while(std::result::Result::ok) {
                match line.as_str() {
                    "." => {
                        (mails, is_text) = (mails + 1, false);
                        say("250 taken\r\n");
                    }
                    _ if is_text => {}
                    "DATA" => {
                        is_text = true;
                        say("354 go on\r\n");
                    }
                    "QUIT" => {}
                    _ => say("250 well\r\n"),
                }
            }
            mails
        });
        let message = Message::test("mail", Utc::now());
        let (title, text) = ("A test".to_owned(), "Messages arrive.".to_owned());
        let outgoing = Outgoing { message, title, text, node: "here".to_owned(), page: None };
        assert_eq!(deliver(&email, &outgoing).await, Ok(()));
        assert_eq!(told.join().expect("its count"), 1);
    }
}
