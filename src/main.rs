//! Reads arguments, runs, exits: nothing else.

fn main() {}
