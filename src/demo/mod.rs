//! Demo. (stub)
