//! Signals. (stub)
