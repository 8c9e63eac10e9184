//! A mail server that keeps what it is sent: SMTP with STARTTLS and logins (PLAIN and LOGIN), on a port of its own.
//!
//! It offers TLS and refuses a login without it, as real ones do; whoever wants neither sends in clear. It believes every
//! login and every recipient. A test may let it refuse mails, as a server that is full or does not like the sender.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use super::encrypted::acceptor;

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Of the envelope, as the recipients.
    pub from: String,
    pub to: Vec<String>,
    /// `user:password` of who sent it.
    pub login: Option<String>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Header and body as they came, without the dots of the protocol.
    pub text: String,
}

impl Mail {
    /// A line of the header, unfolded; words in another encoding stay as they are.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The text with quoted-printable undone, wherever it stands.
    pub fn readable(&self) -> String {
        let joined = self.text.replace("=\r\n", "");
        let (mut bytes, mut rest) = (Vec::new(), joined.as_bytes());
        while let [first, tail @ ..] = rest {
            let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            match digits.filter(|_| *first == b'=').and_then(|two| u8::from_str_radix(two, 16).ok()) {
                Some(byte) => (bytes.push(byte), rest = &tail[2..]).1,
                None => (bytes.push(*first), rest = tail).1,
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What came, and what is answered.
#[derive(Default)]
struct Kept {
    mails: Vec<Mail>,
    /// The answer to every mail, in place of taking it: `451 4.3.0 not now`.
    refusal: Option<String>,
}

/// Gone with this value.
pub struct SmtpInbox {
    folder: TempDir,
    address: String,
    kept: Arc<Mutex<Kept>>,
    _serve: AbortOnDropHandle<()>,
}

impl SmtpInbox {
    /// An empty one.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        make_certificate(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (acceptor, kept) = (acceptor(folder.path()), Arc::<Mutex<Kept>>::default());
        let shared = Arc::clone(&kept);
        let serve = async move {
            while let Ok((guest, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), Arc::clone(&shared));
                // A guest that hangs up in the middle is no fault.
                tokio::spawn(async move { conversation(guest, acceptor, &kept).await.unwrap_or_default() });
            }
        };
        Self { folder, address, kept, _serve: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The certificate that its clients have to believe.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.crt")
    }

    /// From now on every mail is answered with this (`451 4.3.0 not now`), or taken again.
    pub fn refuse(&self, answer: Option<&str>) {
        self.kept.lock().expect("mails").refusal = answer.map(str::to_owned);
    }

    /// Everything that it has taken, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.kept.lock().expect("mails").mails.clone()
    }
}

fn make_certificate(folder: &Path) {
    let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.crt -days 30 \
                     -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost -addext basicConstraints=critical,CA:FALSE";
    let done =
        Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().expect("openssl");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// From the greeting to the end, over TLS once that was asked for.
async fn conversation(
    guest: TcpStream,
    acceptor: tokio_rustls::TlsAcceptor,
    kept: &Mutex<Kept>,
) -> std::io::Result<()> {
    let mut plain = BufStream::new(guest);
    say(&mut plain, "220 inbox ESMTP").await?;
    if session(&mut plain, false, kept).await? {
        let encrypted = acceptor.accept(plain.into_inner()).await?;
        session(&mut BufStream::new(encrypted), true, kept).await?;
    }
    Ok(())
}

/// Until `QUIT`, or until TLS is asked for: true.
async fn session<S>(guest: &mut S, tls: bool, kept: &Mutex<Kept>) -> std::io::Result<bool>
where
    S: AsyncBufReadExt + AsyncRead + AsyncWrite + Unpin,
{
    let offers = if tls { "250-inbox\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN" } else { "250-inbox\r\n250 STARTTLS" };
    let (mut login, mut from, mut to) = (None, String::new(), Vec::new());
    loop {
        let Some(line) = heard(guest).await? else { return Ok(false) };
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match command.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => say(guest, offers).await?,
            "STARTTLS" if !tls => {
                say(guest, "220 go on").await?;
                return Ok(true);
            }
            "AUTH" if !tls => say(guest, "538 5.7.11 Encryption required").await?,
            "AUTH" => {
                login = Some(logged_in(guest, rest).await?);
                say(guest, "235 2.7.0 welcome").await?;
            }
            "MAIL" => {
                from = address(rest);
                say(guest, "250 ok").await?;
            }
            "RCPT" => {
                to.push(address(rest));
                say(guest, "250 ok").await?;
            }
            "DATA" => {
                say(guest, "354 go on").await?;
                let text = body(guest).await?;
                let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                let answer = kept.lock().expect("mails").take(Mail { from, to, login: login.clone(), tls, text });
                say(guest, &answer).await?;
            }
            "RSET" | "NOOP" => say(guest, "250 ok").await?,
            "QUIT" => {
                say(guest, "221 bye").await?;
                return Ok(false);
            }
            _ => say(guest, "502 5.5.2 not known here").await?,
        }
    }
}

impl Kept {
    /// The answer to a mail.
    fn take(&mut self, mail: Mail) -> String {
        self.refusal.clone().unwrap_or_else(|| {
            self.mails.push(mail);
            "250 2.0.0 kept".to_owned()
        })
    }
}

/// `user:password` of the rest of an `AUTH`.
async fn logged_in<S>(guest: &mut S, rest: &str) -> std::io::Result<String>
where
    S: AsyncBufReadExt + AsyncRead + AsyncWrite + Unpin,
{
    let (way, first) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut words = Vec::new();
    let prompts: &[&str] = if way.eq_ignore_ascii_case("LOGIN") { &["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] } else { &[""] };
    for (at, prompt) in prompts.iter().enumerate() {
        let word = if at == 0 && !first.is_empty() {
            first.to_owned()
        } else {
            say(guest, &format!("334 {prompt}")).await?;
            heard(guest).await?.unwrap_or_default()
        };
        let word = BASE64_STANDARD.decode(word).unwrap_or_default();
        words.push(String::from_utf8_lossy(&word).into_owned());
    }
    // PLAIN has all of it in one word: for whom, who, password.
    let joined = words.join("\0");
    Ok(joined.trim_start_matches('\0').replace('\0', ":"))
}

/// `FROM:<a@b> SIZE=3`: `a@b`.
fn address(rest: &str) -> String {
    let begin = rest.split_once('<').map_or("", |(_, rest)| rest);
    begin.split_once('>').map_or("", |(address, _)| address).to_owned()
}

/// Lines up to the single dot.
async fn body<S: AsyncBufReadExt + Unpin>(guest: &mut S) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let line = heard(guest).await?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        match line.strip_prefix('.') {
            Some("") => return Ok(text),
            Some(stuffed) => text.push_str(stuffed),
            None => text.push_str(&line),
        }
        text.push_str("\r\n");
    }
}

async fn heard<S: AsyncBufReadExt + Unpin>(guest: &mut S) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = guest.read_until(b'\n', &mut line).await?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

async fn say<S: AsyncWrite + Unpin>(guest: &mut S, line: &str) -> std::io::Result<()> {
    guest.write_all(format!("{line}\r\n").as_bytes()).await?;
    guest.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// curl as somebody who sends mails; true when the mail was taken.
    async fn sent(inbox: &SmtpInbox, more: &[&str]) -> bool {
        let mail = inbox.folder.path().join("mail");
        let text = "Subject: a\r\n line\r\n\r\nTwenty =E2=82=AC a =\r\nday\r\n..\r\n.dot\r\n";
        std::fs::write(&mail, text).expect("a file");
        let certificate = inbox.certificate();
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-sS", "--noproxy", "*", "--mail-from", "a@example.org", "--mail-rcpt", "b@example.org"]);
        curl.args(["--mail-rcpt", "c@example.org", "--upload-file"]).arg(mail).arg("--cacert").arg(certificate);
        let done = curl.args(more).arg(format!("smtp://{}", inbox.address())).output().await.expect("curl");
        done.status.success()
    }

    #[tokio::test]
    async fn an_inbox_keeps_what_curl_sends_with_and_without_tls() {
        let inbox = SmtpInbox::start().await;
        assert!(sent(&inbox, &[]).await);
        assert!(sent(&inbox, &["--ssl-reqd", "--user", "me:secret", "--login-options", "AUTH=PLAIN"]).await);
        assert!(sent(&inbox, &["--ssl-reqd", "--user", "me:secret", "--login-options", "AUTH=LOGIN"]).await);
        inbox.refuse(Some("451 4.3.0 not now"));
        assert!(!sent(&inbox, &[]).await);
        inbox.refuse(None);
        let mails = inbox.mails();
        let seen: Vec<_> = mails.iter().map(|mail| (mail.tls, mail.login.as_deref())).collect();
        assert_eq!(seen, [(false, None), (true, Some("me:secret")), (true, Some("me:secret"))]);
        for mail in mails {
            assert_eq!(
                (mail.from.as_str(), mail.to.join(" ")),
                ("a@example.org", "b@example.org c@example.org".into())
            );
            assert_eq!(mail.header("subject").as_deref(), Some("a line"));
            assert!(mail.readable().ends_with("\r\n\r\nTwenty € a day\r\n..\r\n.dot\r\n"), "{}", mail.text);
        }
    }
}
