//! Every actor of the tree panics, exits and hangs on demand, in a program that works: each is built again and does
//! its job again, and nobody beside it notices.

mod harness;
mod incidents;
mod leaves;
mod managers;
