//! What may go wrong in years, within minutes: each fault on real processes (PostgreSQL, ffmpeg, the stand-in or the
//! MediaMTX that `MEDIAMTX_BIN` names), and after each everything is as it was.
//!
//! `make test` runs the short forms; `make chaos` (`STREAMWARDEN_CHAOS=1`) the long ones, one after the other.

mod clock;
mod database;
mod edits;
mod harness;
mod kills;
mod life;
mod order;
mod peers;
mod proxy;
mod refused;
mod server;
mod site;
mod table;
mod writes;

/// True when the long forms are wanted.
fn long() -> bool {
    std::env::var_os("STREAMWARDEN_CHAOS").is_some_and(|value| value == "1")
}
