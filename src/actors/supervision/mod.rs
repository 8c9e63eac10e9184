//! Supervision. (stub)
