//! Connections: how many there may be of one address and in all, and the end of those that keep us waiting.
//!
//! actix bounds connections in all and the first request's head. It knows no addresses, and who trickles a body or a
//! second head, or does not read an answer, may stay for ever. So every connection is in a table with what it is doing:
//! * beyond the bounds it gets one of a few reserved places, where `/health`, `/ready` and `/metrics` are answered and
//!   nothing else; when those are taken, the one that has waited longest without a request makes room;
//! * one that owes us a request, or does not take its answer, is cut off after a while.

use std::any::Any;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream as Stream;

use super::connection_limits::ConnectionLimits;

/// An answer has been given and the rest of the request is not wanted any more.
const CLOSING: Duration = Duration::from_secs(2);

/// A second descriptor of a connection's socket, to end it from outside of actix.
pub(super) struct Socket(TcpStream);

impl Socket {
    /// Of this stream.
    #[cfg(test)]
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(stream)
    }

    /// Ends the connection in both directions.
    pub(super) fn cut(&self) {
        // Already closed is as good.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionPhase {
    /// It owes us a request.
    Waiting,
    /// It has its answer, and owes us its end.
    Closing,
    /// A handler is at work, which has limits of its own.
    Handling,
    /// The answer is on its way, since it was last taken from.
    Sending,
    /// A WebSocket, which has a watchdog of its own.
    Upgraded,
}

struct ConnectionEntry {
    /// Whom it counts for: the peer, or the client whose request a proxy has passed on.
    address: IpAddr,
    is_reserved: bool,
    socket: Arc<Socket>,
    phase: ConnectionPhase,
    since: Instant,
}

#[derive(Default)]
struct Table {
    next: u64,
    /// By age.
    open: BTreeMap<u64, ConnectionEntry>,
    /// Those that are not reserved, by address.
    counted: HashMap<IpAddr, usize>,
    reserved: usize,
}

impl Table {
    fn remove(&mut self, id: u64) -> Option<ConnectionEntry> {
        let entry = self.open.remove(&id)?;
        if entry.is_reserved {
            self.reserved -= 1;
        } else {
            self.discount(entry.address);
        }
        Some(entry)
    }

    fn discount(&mut self, address: IpAddr) {
        if let Some(count) = self.counted.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.counted.remove(&address);
            }
        }
    }

    fn cut(&mut self, id: u64) {
        if let Some(entry) = self.remove(id) {
            entry.socket.cut();
        }
    }
}

/// The table of all connections of the server.
pub(super) struct Connections {
    limits: ConnectionLimits,
    table: Mutex<Table>,
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, table: Mutex::default() })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in; `None` when there is no place of any kind.
    fn admit(&self, address: IpAddr, socket: &Arc<Socket>) -> Option<(u64, bool)> {
        let mut table = self.table();
        let regular = table.open.len() - table.reserved;
        let own = table.counted.get(&address).copied().unwrap_or(0);
        let is_reserved = regular >= self.limits.total || own >= self.limits.per_address;
        if is_reserved {
            if table.reserved >= self.limits.reserve {
                let waits = |entry: &ConnectionEntry| {
                    entry.is_reserved && matches!(entry.phase, ConnectionPhase::Waiting | ConnectionPhase::Closing)
                };
                let oldest = table.open.iter().find(|(_, entry)| waits(entry)).map(|(id, _)| *id)?;
                table.cut(oldest);
            }
            table.reserved += 1;
        } else {
            *table.counted.entry(address).or_default() += 1;
        }
        let id = table.next;
        table.next += 1;
        let (socket, since) = (Arc::clone(socket), Instant::now());
        table.open.insert(id, ConnectionEntry { address, is_reserved, socket, phase: ConnectionPhase::Waiting, since });
        Some((id, is_reserved))
    }

    /// Counts a connection for another address from now on; `false` when that one has enough.
    fn count_for(&self, id: u64, address: IpAddr, most: usize) -> bool {
        let mut table = self.table();
        let own = table.counted.get(&address).copied().unwrap_or(0);
        let Some(entry) = table.open.get_mut(&id).filter(|entry| !entry.is_reserved && entry.address != address) else {
            return true;
        };
        if own >= most {
            return false;
        }
        let before = std::mem::replace(&mut entry.address, address);
        table.discount(before);
        *table.counted.entry(address).or_default() += 1;
        true
    }

    fn set(&self, id: u64, phase: ConnectionPhase) {
        if let Some(entry) = self.table().open.get_mut(&id) {
            (entry.phase, entry.since) = (phase, Instant::now());
        }
    }

    /// Cuts off whoever keeps us waiting for too long.
    fn sweep(&self, now: Instant) {
        let mut table = self.table();
        let late = |entry: &ConnectionEntry| {
            let limit = match entry.phase {
                ConnectionPhase::Waiting => self.limits.request,
                ConnectionPhase::Closing => CLOSING,
                ConnectionPhase::Sending => self.limits.answer,
                ConnectionPhase::Handling | ConnectionPhase::Upgraded => return false,
            };
            now.saturating_duration_since(entry.since) > limit
        };
        let late: Vec<u64> = table.open.iter().filter(|(_, entry)| late(entry)).map(|(id, _)| *id).collect();
        late.into_iter().for_each(|id| table.cut(id));
    }

    /// Sweeps until dropped.
    pub(super) async fn keep_sweeping(self: Arc<Self>) {
        // Often enough for the shortest limit.
        let every = self.limits.request.min(self.limits.answer).min(CLOSING) / 2;
        loop {
            tokio::time::sleep(every).await;
            self.sweep(Instant::now());
        }
    }
}

/// For `HttpServer::on_connect`: takes the connection in, and puts it where its requests find it.
pub(super) fn on_connect(connections: &Arc<Connections>, connection: &dyn Any, data: &mut Extensions) {
    let over_tls = || connection.downcast_ref::<TlsStream<Stream>>().map(|stream| stream.get_ref().0);
    let Some(stream) = connection.downcast_ref::<Stream>().or_else(over_tls) else { return };
    let Ok(descriptor) = stream.as_fd().try_clone_to_owned() else { return };
    let socket = Arc::new(Socket(TcpStream::from(descriptor)));
    let address = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    match connections.admit(address, &socket) {
        Some((id, is_reserved)) => {
            let (table, is_closing) = (Arc::clone(connections), Cell::new(false));
            let peer = address;
            data.insert(Rc::new(HttpConnection { id, is_reserved, peer, socket, table, is_closing }));
        }
        None => socket.cut(),
    }
}

/// A connection as its requests find it (`conn_data::<Rc<Connection>>`). Goes with it.
pub(super) struct HttpConnection {
    id: u64,
    /// It has one of the reserved places.
    pub(super) is_reserved: bool,
    peer: IpAddr,
    socket: Arc<Socket>,
    table: Arc<Connections>,
    is_closing: Cell<bool>,
}

impl HttpConnection {
    pub(super) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Whether the answer under way is the last one.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    /// The answer under way is the last one.
    pub(super) fn close(&self) {
        self.is_closing.set(true);
    }

    /// What goes on over it now.
    pub(super) fn set(&self, phase: ConnectionPhase) {
        self.table.set(self.id, phase);
    }

    /// A request of this client has come over it: it counts for the client until the answer is given, so that a proxy is not
    /// taken for one client. `false` when that one has too many.
    pub(super) fn begin(&self, client: IpAddr) -> bool {
        self.set(ConnectionPhase::Handling);
        self.table.count_for(self.id, client, self.table.limits.per_address)
    }

    /// The answer is over.
    pub(super) fn done(&self) {
        // It has come from there, so it may go back there.
        self.table.count_for(self.id, self.peer, usize::MAX);
        self.set(if self.is_closing.get() { ConnectionPhase::Closing } else { ConnectionPhase::Waiting });
    }
}

impl Drop for HttpConnection {
    fn drop(&mut self) {
        self.table.table().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn limits() -> ConnectionLimits {
        ConnectionLimits { total: 4, per_address: 2, reserve: 2, ..ConnectionLimits::for_descriptors(1024) }
    }

    fn socket() -> Arc<Socket> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        Arc::new(Socket(stream))
    }

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn one_address_leaves_room_for_others_and_all_leave_room_for_health() {
        let (connections, socket) = (Connections::new(limits()), socket());
        let is_reserved = |last| connections.admit(address(last), &socket).map(|(_, reserved)| reserved);
        let table = [(1, false), (1, false), (1, true), (2, false), (2, false), (3, true), (3, true), (4, true)];
        for (last, reserved) in table {
            assert_eq!(is_reserved(last), Some(reserved), "address {last}");
        }
        assert_eq!(connections.table().reserved, 2, "the oldest have made room");
        let all: Vec<u64> = connections.table().open.keys().copied().collect();
        all.into_iter().for_each(|id| connections.set(id, ConnectionPhase::Handling));
        assert_eq!(is_reserved(5), None, "nobody waits, so nobody makes room");
        let all: Vec<u64> = connections.table().open.keys().copied().collect();
        all.into_iter().for_each(|id| _ = connections.table().remove(id));
        assert_eq!(connections.table().reserved, 0);
        assert_eq!(connections.table().counted.len(), 0);
        assert_eq!(is_reserved(1), Some(false));
    }

    #[test]
    fn a_proxy_s_connections_count_for_its_clients_while_they_serve_them() {
        let (connections, socket) = (Connections::new(ConnectionLimits { total: 9, ..limits() }), socket());
        let (proxy, most) = (address(9), limits().per_address);
        let open: Vec<u64> = (0..2).map(|_| connections.admit(proxy, &socket).expect("a place").0).collect();
        assert!(connections.count_for(open[0], address(1), most) && connections.count_for(open[1], address(1), most));
        let more: Vec<u64> = (0..2).map(|_| connections.admit(proxy, &socket).expect("a place").0).collect();
        assert!(connections.table().open.values().all(|entry| !entry.is_reserved), "the proxy has places again");
        assert!(!connections.count_for(more[0], address(1), most), "one client has its share");
        assert!(connections.count_for(more[0], address(2), most), "and another one its own");
        assert!(connections.count_for(open[0], proxy, usize::MAX));
        assert!(connections.count_for(more[1], address(1), most), "a place is free again");
        let all: Vec<u64> = connections.table().open.keys().copied().collect();
        all.into_iter().for_each(|id| _ = connections.table().remove(id));
        assert_eq!(connections.table().counted.len(), 0);
    }

    #[test]
    fn whoever_keeps_us_waiting_is_cut_off() {
        let (connections, socket) =
            (Connections::new(ConnectionLimits { total: 9, per_address: 9, ..limits() }), socket());
        let phases = [
            ConnectionPhase::Waiting,
            ConnectionPhase::Closing,
            ConnectionPhase::Sending,
            ConnectionPhase::Handling,
            ConnectionPhase::Upgraded,
        ];
        for phase in phases {
            let (id, _) = connections.admit(address(1), &socket).expect("a place");
            connections.set(id, phase);
        }
        let (now, limits) = (Instant::now(), limits());
        for (after, left) in
            [(CLOSING / 2, 5), (CLOSING, 4), (limits.request, 3), (limits.answer, 2), (limits.answer * 100, 2)]
        {
            connections.sweep(now + after);
            assert_eq!(connections.table().open.len(), left, "after {after:?}");
        }
    }
}
