//! HTTP. (stub)
