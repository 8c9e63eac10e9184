//! Names and passwords that were right a moment ago, so that a program that sends them with each request costs one argon2 a
//! minute and not one a request.
//!
//! Kept are keyed hashes, never a password. The hash that is stored for the user is part of them, so another password, or a user
//! who is gone, ends them at once; so is the address they came from: from elsewhere nothing is known.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::domain::login::User;

/// So long a password need not be verified again.
const LASTS: Duration = Duration::from_secs(60);

/// So many are known at most; the oldest is forgotten.
const MOST: usize = 256;

type Fingerprint = [u8; 32];

/// Those that were right.
pub(super) struct VerifiedPasswords {
    key: Fingerprint,
    known: Mutex<HashMap<Fingerprint, Instant>>,
}

impl VerifiedPasswords {
    pub(super) fn new() -> Self {
        Self { key: rand::random(), known: Mutex::default() }
    }

    /// What is remembered of them.
    pub(super) fn fingerprint(&self, user: &User, password: &SecretString, address: IpAddr) -> Fingerprint {
        let mut hash = Sha256::new_with_prefix(self.key);
        // With its length in front no part can be taken for the beginning of the next.
        for part in [&*user.name, &*user.password_hash.0, &address.to_string(), password.expose_secret()] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        // Twice: nothing can be added to what is hashed.
        let first = hash.finalize();
        Sha256::new_with_prefix(self.key).chain_update(first).finalize().into()
    }

    /// Whether they were right within the last minute.
    pub(super) fn has(&self, fingerprint: &Fingerprint, now: Instant) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(fingerprint).is_some_and(|verified| now.saturating_duration_since(*verified) < LASTS)
    }

    /// They are right.
    pub(super) fn add(&self, fingerprint: Fingerprint, now: Instant) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, verified| now.saturating_duration_since(*verified) < LASTS);
        if known.len() >= MOST
            && let Some(oldest) = known.iter().min_by_key(|(_, verified)| **verified).map(|(one, _)| *one)
        {
            known.remove(&oldest);
        }
        known.insert(fingerprint, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::login::{SecretHash, UserRole};

    fn user(name: &str, hash: &str) -> User {
        let password_hash = SecretHash(hash.to_owned());
        User { name: name.to_owned(), role: UserRole::Viewer, password_hash, created_at: None }
    }

    #[test]
    fn only_the_same_of_everything_is_known_and_only_for_a_while() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let (verified, now) = (VerifiedPasswords::new(), Instant::now());
        let of = |name, hash, password: &str, address| {
            verified.fingerprint(&user(name, hash), &password.into(), ip(address))
        };
        let anna = of("anna", "h1", "correct horse", "10.0.0.1");
        assert!(!verified.has(&anna, now));
        verified.add(anna, now);
        assert!(verified.has(&of("anna", "h1", "correct horse", "10.0.0.1"), now));
        for (what, other) in [
            ("another user", of("bert", "h1", "correct horse", "10.0.0.1")),
            ("another password is stored", of("anna", "h2", "correct horse", "10.0.0.1")),
            ("another password is sent", of("anna", "h1", "correct hors", "10.0.0.1")),
            ("from another address", of("anna", "h1", "correct horse", "10.0.0.2")),
            ("parts put together otherwise", of("annah", "1", "correct horse", "10.0.0.1")),
        ] {
            assert!(!verified.has(&other, now), "{what}");
        }
        let other = VerifiedPasswords::new().fingerprint(&user("anna", "h1"), &"correct horse".into(), ip("10.0.0.1"));
        assert_ne!(other, anna, "each process has a key of its own");
        assert!(verified.has(&anna, now + LASTS - Duration::from_millis(1)) && !verified.has(&anna, now + LASTS));
    }

    #[test]
    fn the_oldest_is_forgotten_when_there_are_many() {
        let (verified, begun) = (VerifiedPasswords::new(), Instant::now());
        let at = |number: usize| begun + Duration::from_millis(number as u64);
        let one = |number: usize| {
            let mut fingerprint = [0; 32];
            fingerprint[..8].copy_from_slice(&number.to_le_bytes());
            fingerprint
        };
        (0..=MOST).for_each(|number| verified.add(one(number), at(number)));
        assert!(
            !verified.has(&one(0), at(MOST)) && verified.has(&one(1), at(MOST)) && verified.has(&one(MOST), at(MOST))
        );
        verified.add(one(MOST + 1), at(MOST) + LASTS);
        assert_eq!(verified.known.lock().expect("no panic").len(), 1, "those of before are over");
    }
}
