//! Command line. (stub)
