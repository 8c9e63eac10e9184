//! TLS: whose certificate a server may show us (`certificate_trust`), and the one that we show (`server_certificate`).

pub mod certificate_trust;
pub mod certificate_words;
#[cfg(test)]
pub mod certificate_words_tests;
pub mod server_certificate;
