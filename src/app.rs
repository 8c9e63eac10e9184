//! Builds things. (stub)
