//! Hashes of passwords (argon2id) and of random secrets (SHA-256), and the random secrets themselves.
//!
//! A password is hashed off the actors' threads, and only a few at once: each takes 19 MiB and a good part of a second of a
//! small machine. Talked to by `actors/logins` and the command line.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, oneshot};

use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::login::SecretHash;

/// So many passwords are hashed at once; the others wait for so long.
static TURNS: Semaphore = Semaphore::const_new(2);
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// Verified where there is no user of a name, so that the answer takes as long as for a wrong password. Of no password; with the
/// costs of those that we make.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A new random secret: 256 bits in letters that every header takes.
pub fn random_secret() -> SecretString {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()).into()
}

/// The hash of a random secret. Fit for those only: it is quick.
pub fn sha256(secret: &str) -> SecretHash {
    SecretHash(Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The hash of a password, with a salt of its own.
///
/// # Errors
/// `Timeout` when too many are being hashed.
pub async fn hash_password(password: SecretString) -> Result<SecretHash> {
    in_turn(move || hash_now(&password)).await?
}

/// What verifying a password has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCheck {
    /// It is the password of the hash.
    pub is_right: bool,
    /// How often argon2 ran for it: once, whoever asks.
    pub runs: u64,
}

/// Whether it is the password of this hash; `None`, and a hash that was damaged, take as long and are never right.
///
/// # Errors
/// As [`hash_password`].
pub async fn verify_password(password: SecretString, hash: Option<SecretHash>) -> Result<PasswordCheck> {
    in_turn(move || verify_now(&password, hash)).await
}

fn verify_now(password: &SecretString, hash: Option<SecretHash>) -> PasswordCheck {
    let text = hash.map(|hash| hash.0).filter(|text| PasswordHash::new(text).is_ok());
    let mut check = PasswordCheck { is_right: false, runs: 0 };
    if let Ok(hash) = PasswordHash::new(text.as_deref().unwrap_or(NOBODY)) {
        let verified = Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash);
        check = PasswordCheck { is_right: text.is_some() && verified.is_ok(), runs: 1 };
    }
    check
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let turn = tokio::time::timeout(TURN_TIMEOUT, TURNS.acquire()).await;
    let turn = turn.map_err(|_| Error::new(ErrorKind::Timeout, "too many people log in at once; try again"))?;
    let turn = turn.map_err(|_| Error::internal("nobody hashes passwords any more"))?;
    let (tell, done) = oneshot::channel();
    // A thread of its own, and not one of the pool: the allocator keeps the 19 MiB of each for the next work of that thread, and
    // the pool has hundreds, while of these no more than the turns are there at once. The turn goes on when whoever asked has gone:
    // the work does too.
    let thread = std::thread::Builder::new().name("passwords".to_owned()).spawn(move || {
        let _turn = turn;
        // Nobody waits any more: then nobody hears.
        let _ = tell.send(work());
    });
    thread.map_err(|error| Error::internal("no thread for hashing a password").with_source(error))?;
    done.await.map_err(|_| Error::internal("hashing a password panicked"))
}

fn hash_now(password: &SecretString) -> Result<SecretHash> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.map(|hash| SecretHash(hash.to_string())).map_err(|_| Error::internal("the password cannot be hashed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::login::is_argon2id;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_nobody_has_none() {
        let password = || SecretString::from("correct horse");
        let hash = hash_password(password()).await.expect("hashed");
        assert!(is_argon2id(&hash.0) && !hash.0.contains("horse"), "argon2id");
        assert_ne!(hash_password(password()).await.expect("hashed"), hash, "a salt of its own");
        let costs = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(costs(NOBODY), costs(&hash.0), "nobody costs as much as somebody");
        assert!(is_argon2id(NOBODY));
        let damaged = SecretHash("damaged".to_owned());
        for (password, hash, is_right) in [
            (password(), Some(hash.clone()), true),
            ("wrong".into(), Some(hash), false),
            (password(), None, false),
            (password(), Some(damaged), false),
        ] {
            let check = verify_password(password, hash).await.expect("verified");
            assert_eq!(check, PasswordCheck { is_right, runs: 1 }, "the same work for everybody");
        }
        assert_ne!(random_secret().expose_secret(), random_secret().expose_secret());
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc").0, known);
    }
}
