//! A stretch of network that misbehaves on demand, between somebody who connects and the one that is meant.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use url::Url;

use crate::restream::peers::{refuse, say_nothing};

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// It reaches who is meant.
    Honest,
    /// It is taken, and nobody says anything.
    Silent,
    /// Somebody says 401.
    Refusing,
    /// Somebody sends what makes no sense.
    Garbage,
    /// It reaches who is meant, and breaks after this time.
    Breaking(Duration),
    /// It is hung up at once.
    Closed,
}

/// Listens until it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    target: SocketAddr,
    manner: Mutex<Manner>,
    /// Both ends of every connection, the ended ones included until the next cut.
    open: Mutex<Vec<TcpStream>>,
    /// What arrives is kept back: a cable that was pulled.
    stuck: AtomicBool,
    logins: AtomicUsize,
    connections: AtomicUsize,
    ended: AtomicBool,
}

impl Proxy {
    /// Leads there.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            target,
            manner: Mutex::new(Manner::Honest),
            open: Mutex::default(),
            stuck: AtomicBool::new(false),
            logins: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.ended.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { shared, address, thread: Some(thread) }
    }

    /// The same address by way of here.
    pub fn on_the_way_to(&self, url: &Url) -> Url {
        let mut url = url.clone();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(self.address.port())).expect("a port");
        url
    }

    /// From now on new connections are treated so; those that are open are cut.
    pub fn turn(&self, manner: Manner) {
        *lock(&self.shared.manner) = manner;
        self.cut();
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        for stream in lock(&self.shared.open).drain(..) {
            // One that has ended is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Nothing passes any more though every connection stays, or everything passes again.
    pub fn stick(&self, stuck: bool) {
        self.shared.stuck.store(stuck, Ordering::SeqCst);
    }

    /// How often somebody has named a password to one that refuses all.
    pub fn logins(&self) -> usize {
        self.shared.logins.load(Ordering::SeqCst)
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let (Ok(ours), Ok(end)) = (stream.try_clone(), stream.try_clone()) else { return };
        lock(&self.open).push(ours);
        self.connections.fetch_add(1, Ordering::SeqCst);
        let manner = *lock(&self.manner);
        match manner {
            Manner::Honest => self.pass_on(&stream),
            Manner::Silent => say_nothing(stream),
            Manner::Refusing => refuse(stream, &self.logins),
            Manner::Garbage => {
                let nonsense: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
                // Until the other one has had enough of it.
                while stream.write_all(&nonsense).is_ok() {}
            }
            Manner::Breaking(after) => std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(after);
                    let _ = stream.shutdown(Shutdown::Both);
                });
                self.pass_on(&stream);
            }),
            Manner::Closed => {}
        }
        // `open` still holds it.
        let _ = end.shutdown(Shutdown::Both);
    }

    fn pass_on(&self, near: &TcpStream) {
        let Ok(far) = TcpStream::connect(self.target) else { return };
        if let Ok(ours) = far.try_clone() {
            lock(&self.open).push(ours);
        }
        std::thread::scope(|scope| {
            scope.spawn(|| self.copy(near, &far));
            self.copy(&far, near);
        });
    }

    /// One direction; both end together.
    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            while self.stuck.load(Ordering::SeqCst) && !self.ended.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the one who accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
