//! Who may log in now: users, tokens and sessions of the database and of the configuration, kept in memory so that each
//! request is answered without asking the database, and also while that is away.
//!
//! The child of the tree reads the database again every [`READ_EVERY`]: changes by the command line and by other processes
//! count from then on; a session or token that is not known is looked for at once (`fresh_read`). Talked to by `http`, which asks about each request, and by `app`. Never here: cookies and headers.

mod attempts;
mod fresh_read;
mod local_token;
mod login_end;
mod verified_passwords;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use uuid::Uuid;

use super::supervision::{Child, Restart};
use crate::adapters::database::LoginStore;
use crate::adapters::secrets::{hash_password, random_secret, sha256, verify_password};
use crate::base::{Error, Result};
use crate::domain::login::{
    LastOperator, LoginSession, LoginTable, Refusal, SESSION_LIFETIME, SecretHash, TokenGrant, User, UserRole,
};
use attempts::Attempts;
use fresh_read::FreshRead;
pub use local_token::LOCAL_TOKEN;
use verified_passwords::VerifiedPasswords;

/// The database is read again so often.
const READ_EVERY: Duration = Duration::from_secs(2);

/// A use is written when the last one that was written is so old.
const USED_RESOLUTION: TimeDelta = TimeDelta::minutes(1);

/// In `data_dir` while anybody may log in, so that a start without the database lets nobody in without a login.
const REQUIRED: &str = "logins.required";

/// What the token of [`LOCAL_TOKEN`] is called.
const LOCAL: &str = "of this machine";

/// Everybody, as last read.
struct KnownLogins {
    table: LoginTable,
    /// The database has been read since the start.
    is_read: bool,
}

/// A session that has just begun.
pub struct NewSession {
    /// For the cookie; kept nowhere.
    pub secret: SecretString,
    /// Its row.
    pub session: LoginSession,
    /// What its user may do.
    pub role: UserRole,
}

/// Who may log in.
pub struct Logins {
    store: Arc<dyn LoginStore>,
    configured: watch::Receiver<LoginTable>,
    known: watch::Sender<Arc<KnownLogins>>,
    always_required: bool,
    data_dir: PathBuf,
    local: SecretHash,
    attempts: Attempts,
    verified: VerifiedPasswords,
    fresh: FreshRead,
    reading: tokio::sync::Mutex<()>,
    /// How often argon2 has verified a password.
    argon2_runs: AtomicU64,
    used: Mutex<HashMap<Uuid, DateTime<Utc>>>,
}

impl Logins {
    /// Reads the database once; one that is away is read later. `configured`: users and tokens of the configuration;
    /// `always_required`: nobody is let in without a login, even when there is none.
    ///
    /// # Errors
    /// `Internal` when `data_dir` cannot be written.
    pub async fn open(
        store: Arc<dyn LoginStore>,
        configured: watch::Receiver<LoginTable>,
        always_required: bool,
        data_dir: PathBuf,
    ) -> Result<Arc<Self>> {
        let secret = random_secret();
        let failed = |error: std::io::Error| {
            Error::internal(format!("data_dir: {LOCAL_TOKEN} cannot be written: {error}")).with_source(error)
        };
        local_token::write(&data_dir, &secret).map_err(failed)?;
        let table = configured.borrow().clone();
        let logins = Self {
            store,
            configured,
            known: watch::Sender::new(Arc::new(KnownLogins { table, is_read: false })),
            always_required,
            data_dir,
            local: sha256(secret.expose_secret()),
            attempts: Attempts::new(),
            verified: VerifiedPasswords::new(),
            fresh: FreshRead::new(),
            reading: tokio::sync::Mutex::default(),
            argon2_runs: AtomicU64::new(0),
            used: Mutex::default(),
        };
        if let Err(error) = logins.refresh().await {
            log::warn!("users and tokens of the database are not known yet: {error}");
        }
        Ok(Arc::new(logins))
    }

    /// The child that reads the database again and again.
    pub fn child(self: &Arc<Self>) -> Child {
        let logins = Arc::clone(self);
        Child::task("logins", Restart::Always, move || {
            let logins = Arc::clone(&logins);
            async move {
                let mut configured = logins.configured.clone();
                loop {
                    tokio::select! {
                        () = tokio::time::sleep(READ_EVERY) => {}
                        Ok(()) = configured.changed() => {}
                    }
                    // The health of the database is told elsewhere.
                    if let Err(error) = logins.refresh().await {
                        log::debug!("users and tokens not read: {error}");
                    }
                    logins.flush_used().await;
                }
            }
        })
    }

    /// The store, for changes; call [`Self::refresh`] afterwards.
    pub fn store(&self) -> &Arc<dyn LoginStore> {
        &self.store
    }

    /// Reads the database now.
    ///
    /// # Errors
    /// Why it cannot be read; what was known stays, with the configuration as it is now.
    pub async fn refresh(&self) -> Result<()> {
        // In turn: what was read earlier never takes the place of what was read later.
        let _turn = self.reading.lock().await;
        let read = self.store.logins().await;
        let before = Arc::clone(&self.known.borrow());
        let configured = self.configured.borrow().clone();
        let is_read = before.is_read || read.is_ok();
        let (stored, error) = match read {
            Ok(table) => (table, None),
            Err(error) => (before.table.clone(), Some(error)),
        };
        let table = merged(configured, stored);
        if is_read {
            self.remember(table.has_logins());
        }
        self.known.send_if_modified(|known| {
            let differs = known.table != table || known.is_read != is_read;
            if differs {
                *known = Arc::new(KnownLogins { table, is_read });
            }
            differs
        });
        error.map_or(Ok(()), Err)
    }

    /// Leaves a note for a start without the database.
    fn remember(&self, has_logins: bool) {
        let note = self.data_dir.join(REQUIRED);
        let done = match (has_logins, note.exists()) {
            (true, false) => std::fs::write(&note, ""),
            (false, true) => std::fs::remove_file(&note),
            _ => Ok(()),
        };
        if let Err(error) = done {
            log::warn!("data_dir: {REQUIRED} cannot be written: {error}");
        }
    }

    /// Whether anybody could log in; `None` while the database has not been read and the configuration names nobody.
    pub fn has_logins(&self) -> Option<bool> {
        let known = self.known.borrow();
        (known.is_read || known.table.has_logins()).then(|| known.table.has_logins())
    }

    /// Whether a login is asked for.
    pub fn required(&self) -> bool {
        self.always_required || self.has_logins().unwrap_or_else(|| self.data_dir.join(REQUIRED).exists())
    }

    /// Whether nobody is known who could log in, as the database has not been read since the start, though an earlier run knew somebody.
    pub fn is_unknown(&self) -> bool {
        self.has_logins().is_none() && self.required()
    }

    /// Everybody, for lists.
    pub fn table(&self) -> LoginTable {
        self.known.borrow().table.clone()
    }

    /// Whether this user is one of the configuration, which is only read.
    pub fn is_configured(&self, user: &str) -> bool {
        self.configured.borrow().user(user).is_some()
    }

    /// Whether the last operator of the database may go.
    pub fn last_operator(&self) -> LastOperator {
        self.configured.borrow().last_operator()
    }

    /// Whose session this cookie is.
    ///
    /// # Errors
    /// Why it is worth nothing.
    pub async fn by_cookie(&self, secret: &str) -> Result<(LoginSession, UserRole), Refusal> {
        match self.by_known_cookie(secret) {
            Err(Refusal::SessionUnknown) => {
                let find = || self.by_known_cookie(secret);
                self.fresh.find(&sha256(secret).0, || self.refresh(), find).await
            }
            found => found,
        }
    }

    fn by_known_cookie(&self, secret: &str) -> Result<(LoginSession, UserRole), Refusal> {
        let known = Arc::clone(&self.known.borrow());
        let now = Utc::now();
        let found = known.table.session(&sha256(secret).0, now);
        let (session, role) = found.map_err(|refusal| known.refusal(refusal))?;
        self.note_used(session.id, Some(session.used_at), now);
        Ok((session.clone(), role))
    }

    /// What this token may do.
    ///
    /// # Errors
    /// Why it is worth nothing.
    pub async fn by_token(&self, secret: &str) -> Result<TokenGrant, Refusal> {
        match self.by_known_token(secret) {
            Err(Refusal::TokenUnknown) => {
                let find = || self.by_known_token(secret);
                self.fresh.find(&sha256(secret).0, || self.refresh(), find).await
            }
            found => found,
        }
    }

    fn by_known_token(&self, secret: &str) -> Result<TokenGrant, Refusal> {
        let hash = sha256(secret);
        if hash == self.local {
            let name = LOCAL.to_owned();
            return Ok(TokenGrant { id: Uuid::nil(), name, role: UserRole::Operator, stream_prefix: None });
        }
        let known = Arc::clone(&self.known.borrow());
        let now = Utc::now();
        let grant = known.table.token(&hash.0, now).map_err(|refusal| known.refusal(refusal))?;
        let used_at = known.table.tokens.iter().find(|token| token.id == grant.id).and_then(|token| token.used_at);
        self.note_used(grant.id, used_at, now);
        Ok(grant)
    }

    /// Whose name and password these are. Takes the same time for a name that nobody has.
    ///
    /// # Errors
    /// Why not; `Timeout` when too many log in at once.
    pub async fn by_password(
        &self,
        name: &str,
        password: SecretString,
        address: IpAddr,
    ) -> Result<std::result::Result<User, Refusal>> {
        if let Err(wait) = self.attempts.try_now(address, name) {
            // Whole seconds, and never too soon.
            return Ok(Err(Refusal::TooMany {
                seconds: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1),
            }));
        }
        let known = Arc::clone(&self.known.borrow());
        let user = known.table.user(name);
        let check = verify_password(password, user.map(|user| user.password_hash.clone())).await?;
        self.argon2_runs.fetch_add(check.runs, Ordering::Relaxed);
        Ok(match user {
            Some(user) if check.is_right => Ok(user.clone()),
            _ => Err(known.refusal(Refusal::WrongPassword)),
        })
    }

    /// As [`Self::by_password`], for name and password that come with each request: those that were right within the last minute
    /// are believed.
    ///
    /// # Errors
    /// As there.
    pub async fn by_known_password(
        &self,
        name: &str,
        password: SecretString,
        address: IpAddr,
    ) -> Result<std::result::Result<User, Refusal>> {
        let user = self.known.borrow().table.user(name).cloned();
        let fingerprint = user.as_ref().map(|user| self.verified.fingerprint(user, &password, address));
        if let (Some(user), Some(fingerprint)) = (user, &fingerprint)
            && self.verified.has(fingerprint, Instant::now())
            && !self.attempts.has_to_wait(address)
        {
            return Ok(Ok(user));
        }
        let found = self.by_password(name, password, address).await?;
        if let (Ok(_), Some(fingerprint)) = (&found, fingerprint) {
            self.verified.add(fingerprint, Instant::now());
        }
        Ok(found)
    }

    /// How often argon2 has verified a password since the start.
    pub fn argon2_runs(&self) -> u64 {
        self.argon2_runs.load(Ordering::Relaxed)
    }

    /// Begins a session of this user.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn begin_session(&self, user: &User, address: IpAddr) -> Result<NewSession> {
        let (secret, now) = (random_secret(), Utc::now());
        let session = LoginSession {
            id: Uuid::now_v7(),
            user: user.name.clone(),
            hash: sha256(secret.expose_secret()),
            address: address.to_string(),
            created_at: now,
            expires_at: now + SESSION_LIFETIME,
            used_at: now,
        };
        self.store.add_session(session.clone()).await?;
        self.refresh().await?;
        Ok(NewSession { secret, session, role: user.role })
    }

    /// Ends a session, and with it its WebSockets.
    ///
    /// # Errors
    /// `NotFound`; when the database does not take it.
    pub async fn end_session(&self, id: Uuid) -> Result<()> {
        self.store.remove_session(id).await?;
        self.refresh().await
    }

    /// Gives a user another password, which ends all sessions of that user.
    ///
    /// # Errors
    /// `NotFound`; when the database does not take it.
    pub async fn set_password(&self, user: String, password: SecretString) -> Result<()> {
        let hash = hash_password(password).await?;
        self.store.edit_user(user, None, Some(hash), LastOperator::Stays).await?;
        self.refresh().await
    }

    fn note_used(&self, id: Uuid, before: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        if before.is_none_or(|before| now - before >= USED_RESOLUTION) {
            self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
        }
    }

    async fn flush_used(&self) {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        if !used.is_empty()
            && let Err(error) = self.store.note_used(used.into_iter().collect()).await
        {
            log::debug!("the last use of sessions and tokens not written: {error}");
        }
    }
}

impl KnownLogins {
    /// What is unknown may only not have been read.
    fn refusal(&self, refusal: Refusal) -> Refusal {
        if self.is_read { refusal } else { Refusal::NotRead }
    }
}

/// What is configured wins over what has its name.
fn merged(configured: LoginTable, stored: LoginTable) -> LoginTable {
    let LoginTable { mut users, mut tokens, sessions: _ } = configured;
    // Of what was merged before, the configured part is that of now.
    let users_of_store = stored.users.into_iter().filter(|user| user.created_at.is_some());
    let fresh: Vec<_> = users_of_store.filter(|user| users.iter().all(|one| one.name != user.name)).collect();
    users.extend(fresh);
    tokens.extend(stored.tokens.into_iter().filter(|token| token.created_at.is_some()));
    LoginTable { users, tokens, sessions: stored.sessions }
}
