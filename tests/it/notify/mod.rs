//! Incidents told to people and programs: the whole program, cameras that fail, a webhook and a mail server.

mod check;
mod messages;
mod queue;
