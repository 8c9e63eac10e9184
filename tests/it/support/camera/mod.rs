//! A simulated RTSP camera: what it says, asks for, sends and breaks is one [`Behaviour`], which may change while it runs.
//!
//! It serves real H.264 and real sound, made once by ffmpeg ([`film`]), over RTSP/TCP; every picture carries the moment at
//! which it was sent ([`stamp`]), so that a [`Viewer`](super::viewer::Viewer) of the media server's path knows how late it is.
//! Threads and blocking sockets of its own: nothing a test does in its runtime slows a camera down. Dropped, it is gone.

mod connection;
mod film;
mod login;
mod packet;
mod sender;
pub mod stamp;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

pub use film::Picture;
pub use login::Login;

/// The sound that the session description names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sound {
    None,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// AAC-LC, 16 kHz, one channel.
    Aac,
    /// G.726 at 32 kbit/s, 8 kHz.
    G726,
}

/// What a camera does. Every field may be changed while it runs ([`Camera::change`]); what the session description says
/// counts from the next DESCRIBE on.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// The video track of the session description; none at all when absent.
    pub picture: Option<Picture>,
    pub sound: Sound,
    /// Picture and sound (AAC) as one MPEG-TS in RTP, and no other track.
    pub transport_stream: bool,
    pub login: Login,
    pub user: &'static str,
    pub password: &'static str,
    /// More sessions at once are answered with 453.
    pub sessions: usize,
    /// A session that has ended still counts for so long.
    pub released_after: Duration,
    /// DESCRIBE is answered with 302 and this address.
    pub redirect: Option<String>,
    /// This method is answered with this status and its words, as `("SETUP", "503 Service Unavailable")`.
    pub refuses: Option<(&'static str, &'static str)>,
    /// Whether video packets are sent.
    pub sends_picture: bool,
    /// Whether audio packets are sent.
    pub sends_sound: bool,
    /// The sound begins so long after PLAY.
    pub sound_after: Duration,
    /// PLAY begins in the film here, be it between two key frames.
    pub joins_at: Duration,
    /// RTP time at PLAY, in units of the track's clock: near `u32::MAX` it wraps.
    pub clock_start: u32,
    /// Added to the RTP time of the video, in seconds: a change is a jump.
    pub picture_shift: f64,
    /// Added to the RTP time of the sound, in seconds.
    pub sound_shift: f64,
    /// RTP seconds for each second.
    pub clock_rate: f64,
    /// Whether sender reports are sent, one a second and track.
    pub reports: bool,
    /// Added to the wall clock in sender reports, in seconds.
    pub ntp_shift: f64,
}

impl Default for Behaviour {
    /// A camera as they should be: H.264 alone, no login, a key frame a second, an honest clock.
    fn default() -> Self {
        Self {
            picture: Some(Picture::default()),
            sound: Sound::None,
            transport_stream: false,
            login: Login::None,
            user: "admin",
            password: "s3cret",
            sessions: usize::MAX,
            released_after: Duration::ZERO,
            redirect: None,
            refuses: None,
            sends_picture: true,
            sends_sound: true,
            sound_after: Duration::ZERO,
            joins_at: Duration::ZERO,
            clock_start: 1_000_000,
            picture_shift: 0.0,
            sound_shift: 0.0,
            clock_rate: 1.0,
            reports: true,
            ntp_shift: 0.0,
        }
    }
}

/// What all connections of one camera share.
struct Shared {
    behaviour: Mutex<Behaviour>,
    /// Requests so far, by method.
    requests: Mutex<BTreeMap<String, usize>>,
    /// Sessions: when each stops to count; `None` = it goes on.
    sessions: Mutex<Vec<Option<Instant>>>,
    stopped: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn behaviour(&self) -> Behaviour {
        locked(&self.behaviour).clone()
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn note_request(&self, method: &str) {
        *locked(&self.requests).entry(method.to_owned()).or_default() += 1;
    }

    /// The number of a new session; `None` when there are too many.
    fn begin_session(&self, most: usize) -> Option<usize> {
        let mut sessions = locked(&self.sessions);
        let now = Instant::now();
        let held = sessions.iter().filter(|until| until.is_none_or(|until| until > now)).count();
        (held < most).then(|| {
            sessions.push(None);
            sessions.len() - 1
        })
    }

    fn end_session(&self, number: usize) {
        let released_after = locked(&self.behaviour).released_after;
        locked(&self.sessions)[number] = Some(Instant::now() + released_after);
    }
}

/// A running camera.
pub struct Camera {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Camera {
    /// Starts one on a free port of the loopback interface.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        // The film is ready before anybody asks.
        drop(film::tracks(&behaviour));
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            requests: Mutex::default(),
            sessions: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let of_listener = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_listener.is_stopped() {
                    return;
                }
                let shared = Arc::clone(&of_listener);
                // An error is a client that has gone.
                std::thread::spawn(move || drop(connection::serve(&stream, &shared)));
            }
        });
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL without a login.
    pub fn url(&self) -> Url {
        Url::parse(&format!("rtsp://{}/live", self.address)).expect("a url")
    }

    /// Its URL with the login that it asks for.
    pub fn url_with_login(&self) -> Url {
        let behaviour = self.shared.behaviour();
        let mut url = self.url();
        url.set_username(behaviour.user).expect("a host");
        url.set_password(Some(behaviour.password)).expect("a host");
        url
    }

    /// Changes what it does from now on.
    pub fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut locked(&self.shared.behaviour));
    }

    /// How often it was asked for this method.
    pub fn asked(&self, method: &str) -> usize {
        locked(&self.shared.requests).get(method).copied().unwrap_or_default()
    }

    /// Sessions that have ended count no longer.
    pub fn release(&self) {
        let now = Instant::now();
        locked(&self.shared.sessions).iter_mut().flatten().for_each(|until| *until = now);
    }

    /// Cuts every connection, as a reboot does.
    pub fn cut(&self) {
        // Senders and connections look at their session's end between two packets.
        let mut sessions = locked(&self.shared.sessions);
        let released = Instant::now() + locked(&self.shared.behaviour).released_after;
        sessions.iter_mut().filter(|until| until.is_none()).for_each(|until| *until = Some(released));
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = std::net::TcpStream::connect(self.address);
    }
}
