//! What systemd sees of the program, and what it does to it: notifications, watchdog, reload. systemd itself is played
//! by a socket and by signals; `.ci/units` checks the units.

mod listener;
mod notify;
mod reload;
mod start;
mod watchdog;
