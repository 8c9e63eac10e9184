//! Logging. (stub)
