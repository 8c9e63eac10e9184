//! One RTSP connection of a camera: requests in, answers out, packets in between.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::film;
use super::login::Login;
use super::sender::{self, Sent};
use super::{Behaviour, Shared, locked};

/// A client that takes nothing for so long is given up.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The next request; `None` at the end. What clients send in between (receiver reports) is dropped.
fn next(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    loop {
        match reader.fill_buf()?.first() {
            None => return Ok(None),
            Some(b'$') => {
                let mut head = [0; 4];
                reader.read_exact(&mut head)?;
                let length = u64::from(u16::from_be_bytes([head[2], head[3]]));
                io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
            }
            Some(_) => break,
        }
    }
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(Some(Request { method, target, headers }));
        }
        if let Some((key, value)) = line.split_once(':') {
            headers.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

/// What a connection has come to.
struct Dialogue<'a> {
    shared: &'a Arc<Shared>,
    stream: Arc<Mutex<TcpStream>>,
    set_up: Vec<Sent>,
    session: Option<usize>,
    ended: Arc<AtomicBool>,
}

/// Serves a client to its end.
pub(super) fn serve(stream: &TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let mut dialogue = Dialogue {
        shared,
        stream: Arc::new(Mutex::new(stream.try_clone()?)),
        set_up: Vec::new(),
        session: None,
        ended: Arc::default(),
    };
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = next(&mut reader)? {
        if !dialogue.answer(&request)? {
            break;
        }
    }
    Ok(())
}

impl Drop for Dialogue<'_> {
    /// However the connection came to its end, so does its session.
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(session) = self.session.take() {
            self.shared.end_session(session);
        }
    }
}

impl Dialogue<'_> {
    /// False when the connection is over.
    fn answer(&mut self, request: &Request) -> io::Result<bool> {
        let behaviour = self.shared.behaviour();
        let method = request.method.as_str();
        self.shared.note_request(method);
        if behaviour.login != Login::None && method != "OPTIONS" {
            let given = request.header("Authorization");
            if !behaviour.login.admits(given, method, behaviour.user, behaviour.password) {
                let challenge = format!("WWW-Authenticate: {}\r\n", behaviour.login.challenge());
                return self.write(request, "401 Unauthorized", &challenge, "");
            }
        }
        if let Some((_, status)) = behaviour.refuses.filter(|(refused, _)| *refused == method) {
            return self.write(request, status, "", "");
        }
        match method {
            "OPTIONS" => {
                self.write(request, "200 OK", "Public: DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n", "")
            }
            "DESCRIBE" => self.describe(request, &behaviour),
            "SETUP" => self.set_up(request, &behaviour),
            "PLAY" => {
                self.write(request, "200 OK", "Session: 1\r\n", "")?;
                self.play();
                Ok(true)
            }
            "TEARDOWN" => {
                self.write(request, "200 OK", "", "")?;
                Ok(false)
            }
            _ => self.write(request, "200 OK", "Session: 1\r\n", ""),
        }
    }

    fn describe(&mut self, request: &Request, behaviour: &Behaviour) -> io::Result<bool> {
        if let Some(elsewhere) = &behaviour.redirect {
            return self.write(request, "302 Found", &format!("Location: {elsewhere}\r\n"), "");
        }
        let mut body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n".to_owned();
        for (number, track) in film::tracks(behaviour).iter().enumerate() {
            body += &format!("{}a=control:track{number}\r\n", track.lines);
        }
        let base = format!("Content-Base: {}/\r\nContent-Type: application/sdp\r\n", request.target);
        self.write(request, "200 OK", &base, &body)
    }

    fn set_up(&mut self, request: &Request, behaviour: &Behaviour) -> io::Result<bool> {
        let transport = request.header("Transport").unwrap_or_default().to_owned();
        if !transport.contains("TCP") {
            return self.write(request, "461 Unsupported Transport", "", "");
        }
        if self.session.is_none() {
            self.session = self.shared.begin_session(behaviour.sessions);
        }
        let Some(_) = self.session else { return self.write(request, "453 Not Enough Bandwidth", "", "") };
        let number = request.target.rsplit_once("track").and_then(|(_, number)| number.parse::<usize>().ok());
        let tracks = film::tracks(behaviour);
        let Some(track) = number.and_then(|number| tracks.into_iter().nth(number)) else {
            return self.write(request, "404 Not Found", "", "");
        };
        let channel = transport.split_once("interleaved=").and_then(|(_, pair)| pair.split('-').next()?.parse().ok());
        let channel = channel.unwrap_or(self.set_up.len() as u8 * 2);
        self.set_up.push(Sent::new(track, channel));
        let header = format!(
            "Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved={channel}-{}\r\n",
            u32::from(channel) + 1
        );
        self.write(request, "200 OK", &header, "")
    }

    fn play(&mut self) {
        let (stream, shared, ended) = (Arc::clone(&self.stream), Arc::clone(self.shared), Arc::clone(&self.ended));
        let (tracks, session) = (std::mem::take(&mut self.set_up), self.session);
        std::thread::spawn(move || {
            let cut = || session.is_some_and(|number| locked(&shared.sessions)[number].is_some());
            sender::play(&stream, &shared, tracks, || ended.load(Ordering::SeqCst) || shared.is_stopped() || cut());
            // Also ends the reading of requests; fails when the client has gone.
            let _ = locked(&stream).shutdown(Shutdown::Both);
        });
    }

    fn write(&self, request: &Request, status: &str, headers: &str, body: &str) -> io::Result<bool> {
        let sequence = request.header("CSeq").unwrap_or("0");
        let length = body.len();
        let text = format!("RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        locked(&self.stream).write_all(text.as_bytes()).map(|()| true)
    }
}
