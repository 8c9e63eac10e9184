//! The whole program as its users see it: a configuration file, a database, HTTP, signals, processes.

mod cameras;
mod canary;
mod crash;
mod nodes;
mod nonsense;
mod outages;
mod recordings;
mod refusals;
mod secrets;
mod stop;
