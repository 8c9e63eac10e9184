//! The whole program as its users see it: a configuration file, a database, HTTP, signals, processes.

mod cameras;
mod canary;
mod clock_steps;
mod command_line;
mod crash;
mod databases;
mod hosts;
mod kinds;
mod limits;
mod log_reader;
mod logins;
mod maintenance;
pub(crate) mod nodes;
mod nonsense;
mod outages;
mod passwords;
mod pauses;
mod proxy;
mod recordings;
mod refusals;
mod refused_addresses;
mod restore;
mod secrets;
mod standby;
mod stop;
mod terminal;
mod tls;
