//! Ports for servers that want to be told one.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;

/// Below what the kernel gives to whoever asks for any port, as every connection and most listeners of the other tests do: a
/// port of its own choice that is free now may be somebody else's before a server has it, or while it is stopped.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A TCP port that is free.
pub fn free_port() -> u16 {
    let from = RandomState::new();
    let chosen = |n: u64| PORTS.start + u16::try_from(from.hash_one(n) % PORTS.len() as u64).expect("within");
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..1_000).map(chosen).find(is_free).expect("a free port")
}
