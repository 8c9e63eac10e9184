//! Tests of the routes, through the same app that production serves.

mod document;
